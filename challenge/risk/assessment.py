"""The whole assessment of a release: one value, from scans before and after defacing."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, on_networks
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, extract
from mriprivacy.challenge.compute.parallel import Compute, some
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.challenge.risk.inference import Inferred, infer_attribute
from mriprivacy.challenge.risk.recipients import (
    NOTHING,
    PHOTOGRAPH,
    Held,
    Linkage,
    LinkQuestion,
    held_by_recipients,
    link_recipient,
    one_scan_each,
)
from mriprivacy.challenge.risk.scan_checks import CheckedScan, check_scans
from mriprivacy.challenge.risk.scan_pairs import Pairing, Photos, ScanPair, pair_photos, pair_scans
from mriprivacy.data_prep.cohorts.people_table import PeopleTable, read_people
from mriprivacy.data_prep.cohorts.people_values import OLDEST
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE

ATTACKS = on_networks(["geo", "deepface", "volume"], list(DEFAULT_NETWORKS))

Images = Mapping[str, ImageFeatures]


@dataclass(frozen=True)
class Terms:
    """What the hospital states of the release; empty where it states nothing.

    Attributes
    ----------
    release, defaced_with, recipients : str
        Name of the release, program and version that defaced it, and who receives it under which terms.
    """

    release: str = ""
    defaced_with: str = ""
    recipients: str = ""


@dataclass(frozen=True)
class Assessment:
    """Everything that was found out about a release.

    Attributes
    ----------
    terms : Terms
        What the hospital states.
    people, scans, photographs : int
        Counts; photographs of people of the release.
    kinds : mapping from str to int
        Released scans by kind, such as `T1w`.
    withheld : int
        Originals that were not released.
    passed_over : int
        NIfTI files of the release that were not looked at.
    linkage : tuple of Linkage
        By recipient.
    inferred : tuple of Inferred
        By attribute.
    checked : tuple of CheckedScan
        By scan.
    remarks : tuple of str
        What was guessed or left out of the input.
    kit, date : str
        Version, and the day of the assessment.
    """

    terms: Terms
    people: int
    scans: int
    photographs: int
    kinds: Mapping[str, int]
    withheld: int
    passed_over: int
    linkage: tuple[Linkage, ...]
    inferred: tuple[Inferred, ...]
    checked: tuple[CheckedScan, ...]
    remarks: tuple[str, ...]
    kit: str
    date: str

    @property
    def tested(self) -> tuple[Linkage, ...]:
        """Recipients that were tested."""
        return tuple(one for one in self.linkage if one.after is not None)

    @property
    def highest(self) -> Linkage | None:
        """The recipient with the highest risk of singling out; of equal ones that of the highest interval."""
        risks = [(one, one.after.headline.risk.risk) for one in self.linkage if one.after is not None]
        return max(risks, key=lambda pair: (pair[1].value, pair[1].high))[0] if risks else None

    @property
    def failed(self) -> tuple[CheckedScan, ...]:
        """Scans to send back."""
        return tuple(one for one in self.checked if one.failures)


def assess(
    original: Path, released: Path, photos: Path | None, terms: Terms, cache: Path, compute: Compute
) -> Assessment:
    """Assess a release.

    Parameters
    ----------
    original, released : Path
        Folders of scans before and after defacing (`scan_pairs.pair_scans`); `participants.tsv` in the first,
        where it is, has sex, age and ethnicity.
    photos : Path or None
        Folder of photographs (`scan_pairs.pair_photos`).
    terms : Terms
        What the hospital states.
    cache : Path
        Folder for features and registrations.
    compute : Compute
        Who does the work.

    Raises
    ------
    UserError
        With all that is wrong with the folders.
    """
    pairing = pair_scans(original, released)
    given = Photos() if photos is None else pair_photos(photos, pairing.subjects)
    shots = given.of_people
    table = read_people(original / "participants.tsv")
    # First, for a photograph that cannot be read ends the run.
    photographs = extract(
        {name: path for name, (_, path) in shots.items()},
        "photo",
        Extraction(attacks=ATTACKS, cache=cache),
        "photographs",
        compute,
    )
    checked = check_scans(pairing.pairs, cache, compute)
    held = held_by_recipients(pairing.pairs, {name: who for name, (who, _) in shots.items()})
    seen = _look(pairing.pairs, photographs, held, cache, compute)
    linked = work(link_recipient, [_asked(one, seen) for one in held], "recipients", compute)
    main = one_scan_each(pairing.pairs)
    after, before = (
        {who: images[name] for name, who in main.items()} for images in (seen.released, seen.original)
    )
    values = _values(table)
    inferred = work(
        partial(_infer, values=values, after=after, before=before), list(values), "attributes", compute
    )
    return Assessment(
        terms=terms,
        people=len(pairing.subjects),
        scans=len(pairing.pairs),
        photographs=len(shots),
        kinds=dict(Counter(pair.kind or "scan" for pair in pairing.pairs)),
        withheld=len(pairing.withheld),
        passed_over=pairing.passed_over,
        linkage=tuple(one for found in linked for one in found),
        inferred=tuple(inferred),
        checked=tuple(checked),
        remarks=_remarks(pairing, given, table, seen),
        kit=version("mriprivacy"),
        date=date.today().isoformat(),
    )


def _infer(attribute: str, values: Mapping[str, dict[str, Any]], after: Images, before: Images) -> Inferred:
    return infer_attribute(attribute, values[attribute], after, before, ATTACKS)


@dataclass(frozen=True)
class _SeenImages:
    """Features of scans after and before defacing, and of photographs, by name."""

    released: Images
    original: Images
    photos: Images
    attacks: tuple[str, ...]


def _look(
    pairs: Sequence[ScanPair],
    photographs: Images,
    held: Sequence[Held],
    cache: Path,
    compute: Compute,
) -> _SeenImages:
    """Take features of every scan that a recipient compares; the brain's only where scans are compared."""
    wanted = {name for one in held for name in (*one.scans, *one.references)}
    used = [pair for pair in pairs if pair.name in wanted]
    two_scans = any(one.references for one in held if one.key == NOTHING)
    attacks = (*ATTACKS, "brain") if two_scans else ATTACKS
    extraction = Extraction(attacks=attacks, cache=cache)
    released = {pair.name: pair.released for pair in used}
    original = {pair.name: pair.original for pair in used}
    return _SeenImages(
        extract(released, "scan", extraction, "faces of released scans", compute, untrusted=True),
        extract(original, "scan", extraction, "faces of originals", compute),
        photographs,
        attacks,
    )


def _asked(held: Held, seen: _SeenImages) -> LinkQuestion:
    if held.key == PHOTOGRAPH:
        return LinkQuestion(held, (seen.released, seen.photos), (seen.original, seen.photos), ATTACKS)
    other = seen.released if held.key == NOTHING else seen.original
    return LinkQuestion(held, (seen.released, other), (seen.original, seen.original), seen.attacks)


def _values(table: PeopleTable) -> dict[str, dict[str, Any]]:
    """Return what is known of people by attribute: sex and ethnicity as words, age in years."""
    found: dict[str, dict[str, Any]] = {"sex": {}, "age": {}, "ethnicity": {}}
    for who, own in table.people.items():
        for what, raw in own.items():
            meant = table.meaning[what].get(raw, NOT_AVAILABLE)
            if meant == NOT_AVAILABLE:
                continue
            if what != "age":
                found[what][who] = meant
            elif re.fullmatch(r"[\d.]+", meant) and float(meant) < OLDEST:
                found[what][who] = float(meant)
    return found


def _remarks(pairing: Pairing, given: Photos, table: PeopleTable, seen: _SeenImages) -> tuple[str, ...]:
    remarks = [*table.remarks, *table.doubts] if table.people else []
    if pairing.loose:
        remarks.append(
            f"{len(pairing.loose)} scans are not named sub-... ({some(pairing.loose)}): each counts as a "
            "person of its own; two scans of a person need the names of BIDS"
        )
    if given.left_out:
        remarks.append(
            f"{len(given.left_out)} photographs were left out ({some(given.left_out)}): named after no "
            "person of the release, or neither PNG nor JPEG"
        )
    if faceless := [name for name, image in seen.photos.items() if not image.acquired]:
        remarks.append(
            f"{len(faceless)} photographs have no face ({some(faceless)}); their people count as not found"
        )
    if lost := [name for name, image in seen.released.items() if image.lost]:
        remarks.append(
            f"{len(lost)} released scans could not be opened ({some(lost)}); they count as not found"
        )
    return tuple(remarks)
