"""Plan an edition: the split, the ids and the trials of each person."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mriprivacy.data_prep.cohorts.bids import CohortError, Participant, is_synthetic, read_cohort
from mriprivacy.data_prep.cohorts.cohort_files import TRUTH, CohortFiles, ScanFile
from mriprivacy.data_prep.cohorts.people_table import read_people
from mriprivacy.data_prep.editions.doppelgangers import check_doppelgangers, doppelganger_photos
from mriprivacy.data_prep.editions.edition_config import (
    EditionConfig,
    check_config,
    design_of,
    with_defaults,
)
from mriprivacy.data_prep.editions.people_checks import (
    check_people,
    how_ages_match,
    known_ages,
    unknown_attributes,
)
from mriprivacy.data_prep.editions.public_list import PublicList, read_public_list
from mriprivacy.data_prep.editions.release import PhotoItem, ScanItem
from mriprivacy.data_prep.editions.trials import Trial, make_listed_trials, make_trials
from mriprivacy.data_prep.formats.fields import TRACKS
from mriprivacy.data_prep.formats.schema import CONDITIONS, NOT_AVAILABLE, Attributes
from mriprivacy.data_prep.formats.secrets import generator, opaque_ids, secret_bytes

FORMAT = 1
SPLITS = ("dev", "eval")
TRUE_BALD = "true_bald"  # condition of photographs that are sealed, beside the public ones


@dataclass(frozen=True)
class SplitPlan:
    """One split: its lists, ready to be written.

    Attributes
    ----------
    name : str
        `dev` or `eval`.
    trials : tuple of Trial
        In the order of the public list.
    attributes : dict from probe to Attributes
        Sorted by probe; ids are random, so their order holds nothing.
    references : tuple of str
        Sorted.
    """

    name: str
    trials: tuple[Trial, ...]
    attributes: dict[str, Attributes]
    references: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """An edition decided upon, with nothing written yet.

    Attributes
    ----------
    description : dict
        The content of `edition.json`.
    splits : tuple of SplitPlan
        `dev`, then `eval`.
    scans, photos : tuple of ScanItem, tuple of PhotoItem
        Everything to release, in the order of the released ids; references that are scans are scans.
    subjects : tuple of (id, subject, split)
        Rows of the sealed `subjects.tsv`.
    nonce : str
        64 hexadecimal digits.
    distractors : tuple of str
        Ids of photographs of distractors, in `eval` alone, sorted; among `photos`, in no trial of `splits`.
    remarks : tuple of str
        Warnings for the organizer: people with missing attributes.
    ages : dict from probe to float
        Of both splits, in years, sorted by probe; people without a known age are not in it. Never published.
    doppelgangers : tuple of PhotoItem
        Photographs to seal, of the doppelgangers of the people of `eval`; `reference` is that of the
        person's own photograph. In no trial list.
    """

    description: dict[str, Any]
    splits: tuple[SplitPlan, ...]
    scans: tuple[ScanItem, ...]
    photos: tuple[PhotoItem, ...]
    subjects: tuple[tuple[str, str, str], ...]
    nonce: str
    distractors: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    ages: Mapping[str, float] = field(default_factory=dict)
    doppelgangers: tuple[PhotoItem, ...] = ()


def plan_edition(
    cohort_root: Path,
    config: EditionConfig,
    files: CohortFiles | None = None,
    distractors: Mapping[str, Path] | None = None,
    splits: Mapping[str, str] = MappingProxyType({}),
    people: Sequence[Participant] = (),
) -> Plan:
    """Read a cohort's tables and headers, draw splits, ids and trials; write nothing.

    Parameters
    ----------
    cohort_root : Path
        A BIDS dataset as `read_cohort` expects it.
    config : EditionConfig
        The organizer's decisions.
    files : CohortFiles, optional
        Where the cohort keeps its photographs.
    distractors : mapping from str to Path, optional
        Photographs of distractors by name, `data_prep.cohorts.distractors.find_distractors`.
    splits : mapping from str to str
        Split of every scan, by its released id, of an edition that this one supersedes.
    people : sequence of Participant
        Who is in it, where that is decided (`data_prep.inspection`); all of the cohort by default.

    Returns
    -------
    Plan
        The same for the same cohort, config and seed.

    Raises
    ------
    CohortError
        With every problem of the config, or else every problem of the cohort, or else what must be given for
        real people.

    Examples
    --------
    >>> plan_edition(Path("nowhere"), EditionConfig(dev_share=2))
    Traceback (most recent call last):
    mriprivacy.data_prep.cohorts.bids.CohortError: edition.dev_share is 2; expected a number between 0 and 1
    """
    check_config(config)
    files = files or CohortFiles()
    if config.hair_removal != "given":
        files = replace(files, bald_photos="")
    remarks: tuple[str, ...] = ()
    if not people:
        people = read_cohort(cohort_root, config.contrast, config.age_edges, files, config.reference_contrast)
        remarks = read_people(cohort_root / "participants.tsv").remarks
    synthetic = is_synthetic(cohort_root)
    check_doppelgangers(people, synthetic)
    config = with_defaults(config, synthetic, bool(distractors))
    listed = read_public_list(config) if config.public_list else None
    if listed:
        remarks += listed.remarks(people)
        people = listed.present(people)
    plan = plan_people(people, config, synthetic, distractors or {}, splits, listed)
    return replace(plan, remarks=(*remarks, *plan.remarks))


def plan_people(
    people: Sequence[Participant],
    config: EditionConfig,
    synthetic: bool,
    distractors: Mapping[str, Path] = MappingProxyType({}),
    earlier: Mapping[str, str] = MappingProxyType({}),
    listed: PublicList | None = None,
) -> Plan:
    """Draw splits, ids and trials for people; no file is looked at.

    Every session's scan is a probe of its own, and a trial is mated when both images are of one subject,
    whatever the session.

    Parameters
    ----------
    people : sequence of Participant
        Names and attributes decide the lists; paths are passed on.
    config : EditionConfig
        The organizer's decisions, with nothing left open (`with_defaults`).
    synthetic : bool
        What `edition.json` says of the people.
    distractors : mapping from str to Path
        Photographs of distractors by name.
    earlier : mapping from str to str
        Split of every scan, by its released id, of an edition that this one supersedes: a person in it
        stays in the same split when others come or go. Labels of its `dev` are open for good.
    listed : PublicList, optional
        By which everything is drawn instead of by the seed; all people are on it.

    Raises
    ------
    CohortError
        If these people cannot make this edition.
    """
    check_people(people, config, bool(distractors))
    if listed:
        config = replace(config, seed=listed.seed)
        assigned = {p.subject: listed.split_of(p.subject, config.dev_share) for p in people}
    else:
        assigned = split_people(people, config.dev_share, config.seed, config.id)
    named = [_scan_name(p, scan) for p in people for scan in p.scans]
    if config.reference_contrast:
        named += [name for p in people for name in _references(p, config)]
    scan_ids = opaque_ids("sub-", named, config.seed, config.id)
    assigned |= {
        p.subject: earlier[own]
        for p in people
        for own in (scan_ids[_scan_name(p, scan)] for scan in p.scans)
        if own in earlier
    }
    names = {f"{p.subject}/{number}": (p, number) for p in people for number in p.photos}
    ids = scan_ids | opaque_ids("ph-", names, config.seed, config.id)
    splits = tuple(
        _plan_split(split, [p for p in people if assigned[p.subject] == split], ids, config, listed)
        for split in SPLITS
    )
    scans = [
        _scan_item(p, scan, assigned[p.subject], ids[_scan_name(p, scan)], config.contrast, config)
        for p in people
        for scan in p.scans
    ]
    scans += [
        _scan_item(p, scan, assigned[p.subject], ids[name], config.reference_contrast, config)
        for p in people
        for name, scan in zip(_references(p, config), p.reference_scans, strict=False)
    ]
    photos = []
    for name, (person, number) in names.items():
        split, file = assigned[person.subject], f"{ids[name]}.png"
        shots = {
            c: (path, Path("public", split, "photos", c, file)) for c, path in person.photos[number].items()
        }
        if config.hair_removal == "builtin":
            shots["bald"] = (shots["raw"][0], Path("public", split, "photos", "bald", file))
        if number in person.true_bald:
            shots[TRUE_BALD] = (person.true_bald[number], Path("sealed", "photos", "bald", file))
        photos += [
            PhotoItem(person.subject, split, ids[name], condition, source, target)
            for condition, (source, target) in shots.items()
        ]
    new_ids = opaque_ids("ds-", distractors, config.seed, config.id)
    shown = [c for c in CONDITIONS if any(photo.condition == c for photo in photos)]
    photos += [
        PhotoItem(name, "eval", own, c, distractors[name], Path("public", "eval", "photos", c, f"{own}.png"))
        for name, own in new_ids.items()
        for c in shown
    ]
    rows = [(item.probe, item.subject, item.split) for item in scans]
    rows += [(own, name, "eval") for name, own in new_ids.items()]
    rows += [(ids[name], person.subject, assigned[person.subject]) for name, (person, _) in names.items()]
    return Plan(
        description=_describe(
            people, splits, {photo.condition for photo in photos}, config, synthetic, len(new_ids)
        )
        | ({"list": listed.describe(people)} if listed else {}),
        splits=splits,
        scans=tuple(sorted(scans, key=lambda item: item.probe)),
        photos=tuple(sorted(photos, key=lambda item: (item.reference, item.condition))),
        subjects=tuple(sorted(rows)),
        nonce=secret_bytes(config.seed, "nonce", config.id, config.version).hex(),
        distractors=tuple(sorted(new_ids.values())),
        remarks=unknown_attributes(people) if "attributes" in config.tracks else (),
        ages={
            probe: age
            for probe, age in sorted((ids[_scan_name(p, s)], p.age) for p in people for s in p.scans)
            if age is not None
        },
        doppelgangers=tuple(
            item
            for name, (person, number) in sorted(names.items(), key=lambda own: ids[own[0]])
            if assigned[person.subject] == "eval" and number in person.doppelgangers
            for item in doppelganger_photos(person, number, ids[name], config.hair_removal)
        ),
    )


def photos_of_real_people(plan: Plan) -> tuple[PhotoItem, ...]:
    """Return the photographs of real people: all of a real cohort, and those of distractors."""
    distractors = set(plan.distractors)
    real = not plan.description["synthetic"]
    return tuple(photo for photo in plan.photos if real or photo.reference in distractors)


def _scan_name(person: Participant, scan: ScanFile) -> str:
    return f"{person.subject}/{scan.session}" if scan.session else person.subject


def _references(person: Participant, config: EditionConfig) -> list[str]:
    """Name a person's references: photographs, or scans of another contrast."""
    scans = [f"{_scan_name(person, scan)}/{config.reference_contrast}" for scan in person.reference_scans]
    return scans or [f"{person.subject}/{number}" for number in person.photos]


def split_people(people: Sequence[Participant], dev_share: float, seed: int, *purpose: str) -> dict[str, str]:
    """Assign every subject to `dev` or `eval` at random, people of like attributes in the same proportion.

    Sexes are divided to within one person, and inside a sex age groups and ethnicities as evenly as their
    numbers allow.

    Examples
    --------
    >>> split_people([], 0.5, seed=0)
    {}
    """
    order = sorted(people, key=lambda p: (p.attributes, secret_bytes(seed, "split", *purpose, p.subject)))
    # Counting along the shuffled groups puts every k-th one into dev; rounding keeps the total right.
    taken = [math.floor(i * dev_share + 0.5) for i in range(len(order) + 1)]
    return {p.subject: "dev" if taken[i + 1] > taken[i] else "eval" for i, p in enumerate(order)}


def _plan_split(
    name: str,
    people: Sequence[Participant],
    ids: dict[str, str],
    config: EditionConfig,
    listed: PublicList | None,
) -> SplitPlan:
    own_references = {ids[name]: p.subject for p in people for name in _references(p, config)}
    own_probes = {ids[_scan_name(p, scan)]: p.subject for p in people for scan in p.scans}
    known = {p.subject: p.attributes for p in people}
    images, alike = (own_probes, own_references, known), (known_ages(people), config.alike_years)
    try:
        if listed:
            sites = {p.subject: listed.sites[p.subject] for p in people}
            trials = make_listed_trials(*images, sites, listed.place_of, *alike)
        else:
            rng = generator(config.seed, "trials", name, config.id)
            trials = make_trials(*images, rng, config.nonmated_per_probe, *alike)
    except ValueError as error:
        raise CohortError(f"{name}: {error}") from error
    attributes = {probe: known[subject] for probe, subject in own_probes.items()}
    return SplitPlan(name, trials, dict(sorted(attributes.items())), tuple(sorted(own_references)))


def _scan_item(
    person: Participant, scan: ScanFile, split: str, probe: str, contrast: str, config: EditionConfig
) -> ScanItem:
    mri_to_mri = bool(config.reference_contrast)
    return ScanItem(
        subject=person.subject,
        split=split,
        probe=probe,
        source=scan.path,
        target=Path("public", split, "mri", probe, "anat", f"{probe}_{contrast}.nii.gz"),
        truth=tuple(
            (scan.truth[kind], Path("sealed", kind, probe + "".join(Path(ending).suffixes)))
            for kind, ending in TRUTH.items()
            if kind in scan.truth and not (mri_to_mri and ending.endswith(".tsv"))
        ),
        centred=mri_to_mri,
    )


def _describe(
    people: Sequence[Participant],
    splits: Sequence[SplitPlan],
    conditions: set[str],
    config: EditionConfig,
    synthetic: bool,
    distractors: int,
) -> dict[str, Any]:
    values = zip(*(person.attributes for person in people), strict=True)
    between_scans = {"references": config.reference_contrast} if config.reference_contrast else {}
    return {
        "format": FORMAT,
        "id": config.id,
        "version": config.version,
        "synthetic": synthetic,
        "tracks": [track for track in TRACKS if track in config.tracks],
        "contrast": config.contrast,
        **between_scans,
        "conditions": [condition for condition in CONDITIONS if condition in conditions] or ["raw"],
        "alike": how_ages_match(people, config.alike_years),
        "hair_removal": "none" if between_scans else config.hair_removal,
        "attributes": {
            name: sorted(set(found) - {NOT_AVAILABLE})
            for name, found in zip(Attributes._fields, values, strict=True)
        },
        "protocol": config.protocol,
        "counts": {
            split.name: {
                "probes": len(split.attributes),
                "references": len(split.references),
                "trials": len(split.trials),
            }
            for split in splits
        },
        **({"distractors": distractors} if distractors else {}),
        # For synthetic people it is left out, so that standard editions keep the hash that is cited.
        **({} if synthetic else {"design": design_of(config)}),
        "licence": config.licence,
        "citation": config.citation,
        **({"consent": config.consent} if config.consent else {}),
        "authors": list(config.authors),
        **({"orcids": list(config.orcids)} if any(config.orcids) else {}),
        **({"doi": config.doi} if config.doi else {}),
        **({"released": config.released} if config.released else {}),
        "superseded_by": None,
    }
