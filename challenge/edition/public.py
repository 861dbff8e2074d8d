"""An edition as the challenge sees it: what is public, what is sealed, whether both are as released."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mriprivacy.challenge.edition.defaced import Defaced
from mriprivacy.challenge.edition.description_rules import description_problems
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.manifest import MANIFEST, SUPERSEDED, file_sha256
from mriprivacy.data_prep.formats.schema import (
    ATTRIBUTE_COLUMNS,
    DISTRACTORS,
    KEY_COLUMNS,
    NOT_AVAILABLE,
    TRIAL_COLUMNS,
    Attributes,
    parse_id,
)
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.data_prep.formats.tables.tsv import Rule, TableError, one_of, read_table
from mriprivacy.scoring.errors import UserError

_IDS = {"probe": parse_id, "reference": parse_id}
_LABEL = one_of(["mated", "nonmated"])

Pair = tuple[str, str]


class EditionError(UserError):
    """An edition that cannot be used, or is not what was released."""


@dataclass(frozen=True)
class Split:
    """One split of an edition.

    Attributes
    ----------
    name : str
        `dev` or `eval`.
    folder : Path
        Where it lies.
    contrast : str
        BIDS suffix of the scans.
    probes, references : tuple of str
        Sorted ids.
    trials : tuple of (probe, reference)
        In the order of the list.
    key : mapping from (probe, reference) to bool
        Whether the trial is mated; empty where it is sealed.
    attributes : mapping from probe to Attributes
        Empty where they are sealed.
    reference_contrast : str
        BIDS suffix of references that are scans (an MRI-to-MRI edition); empty where they are photographs.
    distractor_trials : tuple of (probe, distractor)
        A list of its own, all nonmated: probes of `eval` and photographs of people from elsewhere.
    """

    name: str
    folder: Path
    contrast: str
    probes: tuple[str, ...]
    references: tuple[str, ...]
    trials: tuple[Pair, ...]
    key: Mapping[Pair, bool]
    attributes: Mapping[str, Attributes]
    reference_contrast: str = ""
    distractor_trials: tuple[Pair, ...] = ()

    @property
    def distractors(self) -> tuple[str, ...]:
        """Sorted ids of photographs of distractors."""
        return tuple(sorted({distractor for _, distractor in self.distractor_trials}))

    @property
    def scans(self) -> tuple[str, ...]:
        """Everything that a defacer defaces: the probes, and references that are scans."""
        return (*self.probes, *(self.references if self.reference_contrast else ()))

    @property
    def reference_kind(self) -> str:
        """What references are, `photo` or `scan`."""
        return "scan" if self.reference_contrast else "photo"

    @cached_property
    def _contrasts(self) -> Mapping[str, str]:
        return dict.fromkeys(self.scans, self.reference_contrast) | dict.fromkeys(self.probes, self.contrast)

    def scan_name(self, name: str) -> str:
        """Name of a scan below `<split>/mri`, the same in the edition and in a submission."""
        return f"{name}/anat/{name}_{self._contrasts[name]}.nii.gz"

    def scan(self, name: str) -> Path:
        """Return where a released scan is."""
        return self.folder / "mri" / self.scan_name(name)

    def reference(self, name: str, condition: str) -> Path:
        """Return where a released reference is: a scan, or a photo in a condition."""
        return self.scan(name) if self.reference_contrast else self.photo(name, condition)

    def photo(self, reference: str, condition: str) -> Path:
        """Return where the released photo of a reference is, in a condition."""
        return self.folder / "photos" / condition / f"{reference}.png"


@dataclass(frozen=True)
class Edition:
    """The public side of an edition.

    Attributes
    ----------
    root : Path
        The folder `public`.
    description : dict
        `edition.json`.
    dev, eval : Split
        Its two splits.
    """

    root: Path
    description: Mapping[str, Any]
    dev: Split
    eval: Split

    @property
    def name(self) -> str:
        """`<id>/<version>`, as submissions and signatures say it."""
        return f"{self.description['id']}/{self.description['version']}"

    @property
    def key_of(self) -> str:
        """Name of the edition whose key it has: of one of defaced scans the one that was defaced."""
        of = Defaced.of_edition(self.description)
        return of.edition if of else self.name

    @cached_property
    def hash(self) -> str:
        """SHA-256 of `MANIFEST.sha256`, hexadecimal."""
        return file_sha256(self.root / MANIFEST)

    @cached_property
    def superseded_by(self) -> str:
        """Name and hash of the edition that took this one's place; empty if none did.

        `SUPERSEDED.json` says so, beside what is listed: an edition never changes.

        Raises
        ------
        EditionError
            If that file says something else.
        """
        path = self.root / SUPERSEDED
        if not path.exists():
            return ""
        stored = read_json_object(path, name=SUPERSEDED)
        later = stored.get("superseded_by")
        if not isinstance(later, str) or fields.edition_reference(later) is not None:
            raise EditionError(f"{SUPERSEDED}: superseded_by is not '<id>/<version>@<edition hash>'")
        return later

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what a participant should know of the edition."""
        later, _, digest = self.superseded_by.partition("@")
        told = f"edition {self.name} is superseded by {later} (sha256 {digest[:16]}); send to that one"
        return (told,) if later else ()

    @property
    def splits(self) -> Mapping[str, Split]:
        """Both splits by name."""
        return {split.name: split for split in (self.dev, self.eval)}

    @property
    def tracks(self) -> tuple[str, ...]:
        """What may be submitted."""
        return tuple(self.description["tracks"])

    @property
    def conditions(self) -> tuple[str, ...]:
        """Conditions of the references, `raw` first; scans are only `raw`."""
        return tuple(self.description["conditions"])

    @property
    def attribute_values(self) -> Mapping[str, tuple[str, ...]]:
        """The allowed values of `sex`, `age_group` and `ethnicity`."""
        return {name: tuple(values) for name, values in self.description["attributes"].items()}


def open_edition(path: Path, images: bool = True) -> Edition:
    """Read the public side of an edition; nothing sealed is looked at.

    Parameters
    ----------
    path : Path
        `edition/public`, or the `edition` folder that holds it.
    images : bool
        Whether scans and photographs must be there; tables are enough to score tables.

    Raises
    ------
    EditionError
        With everything that is missing or does not fit together.

    Examples
    --------
    >>> open_edition(Path("nowhere"))
    Traceback (most recent call last):
    mriprivacy.challenge.edition.public.EditionError: nowhere: no edition here; expected ...
    """
    public = public_folder(path)
    description = read_json_object(public / "edition.json", name="edition.json", max_bytes=1_000_000)
    if problems := [f"edition.json: {problem}" for problem in description_problems(description)]:
        raise EditionError(*problems)
    if not (public / MANIFEST).is_file():
        raise EditionError(f"{MANIFEST}: no such file; the edition is not whole, fetch it again")
    (dev, wrong), (evaluation, wrong_too) = (
        _read_split(public / name, description, images) for name in ("dev", "eval")
    )
    if problems := [*wrong, *wrong_too]:
        raise EditionError(*problems)
    return Edition(public, description, dev, evaluation)


def public_folder(path: Path) -> Path:
    """Return the public folder of an edition, given it or the folder that holds it; EditionError if none."""
    for folder in (path / "public", path):
        if (folder / "edition.json").is_file():
            return folder
    raise EditionError(
        f"{path}: no edition here; expected a folder with edition.json, or one with public/edition.json "
        "('mriprivacy build' makes one)"
    )


def _read_split(folder: Path, description: dict[str, Any], images: bool) -> tuple[Split, list[str]]:
    """Return a split and what is wrong with it."""
    name = folder.name
    key: dict[Pair, bool] = {}
    attributes: dict[str, Attributes] = {}
    try:
        participants = read_table(
            folder / "mri" / "participants.tsv",
            ["participant_id"],
            {"participant_id": parse_id},
            name=f"{name}/mri/participants.tsv",
        )
        trials = read_table(folder / "trials.tsv", TRIAL_COLUMNS, _IDS, name=f"{name}/trials.tsv")
        with_distractors = name == "eval" and "distractors" in description
        distractor_trials = (
            read_table(folder / DISTRACTORS, TRIAL_COLUMNS, _IDS, name=f"{name}/{DISTRACTORS}").rows
            if with_distractors
            else ()
        )
        if name == "dev":
            rules = {**_IDS, "label": _LABEL}
            rows = read_table(folder / "key.tsv", KEY_COLUMNS, rules, name="dev/key.tsv").rows
            key = {(probe, reference): label == "mated" for probe, reference, label in rows}
            rows = read_table(
                folder / "attributes.tsv",
                ATTRIBUTE_COLUMNS,
                attribute_rules(description),
                name="dev/attributes.tsv",
            ).rows
            attributes = {probe: Attributes(*values) for probe, *values in rows}
    except TableError as error:
        return Split(name, folder, description["contrast"], (), (), (), {}, {}), list(error.problems)
    pairs = tuple((probe, reference) for probe, reference in trials.rows)
    references = tuple(sorted({reference for _, reference in pairs}))
    between_scans = description.get("references", "")
    others = set(references) if between_scans else set()
    probes = tuple(sorted(name for name in participants.column("participant_id") if name not in others))
    split = Split(
        name,
        folder,
        description["contrast"],
        probes,
        references,
        pairs,
        key,
        attributes,
        between_scans,
        tuple((probe, distractor) for probe, distractor in distractor_trials),
    )
    missing = sorted(others - set(participants.column("participant_id")))
    unnamed = f"{name}: references that mri/participants.tsv does not name: {', '.join(missing[:5])}"
    return split, [*([unnamed] if missing else []), *_check_split(split, description, images)]


def attribute_rules(description: Mapping[str, Any]) -> dict[str, Rule]:
    """Return the rules of a table of attributes: the values that `edition.json` names, or `n/a`."""
    values = description["attributes"]
    known = {name: one_of([*values[name], NOT_AVAILABLE]) for name in Attributes._fields}
    return {"probe": parse_id, **known}


def _check_split(split: Split, description: dict[str, Any], images: bool) -> list[str]:
    problems = []
    if len(set(split.trials)) < len(split.trials) or len(set(split.probes)) < len(split.probes):
        problems.append(f"{split.name}: a trial or a probe is listed twice")
    if {probe for probe, _ in split.trials} != set(split.probes):
        problems.append(f"{split.name}: trials.tsv and mri/participants.tsv name different probes")
    if split.name == "dev" and set(split.key) != set(split.trials):
        problems.append(f"{split.name}: key.tsv and trials.tsv name different trials")
    if split.name == "dev" and set(split.attributes) != set(split.probes):
        problems.append(f"{split.name}: attributes.tsv and mri/participants.tsv name different probes")
    here = {"probes": len(split.probes), "references": len(split.references), "trials": len(split.trials)}
    counted = {name: description["counts"][split.name][name] for name in here}
    if here != counted:
        problems.append(f"{split.name}: has {_told(here)}; edition.json counts {_told(counted)}")
    if not images:
        return problems
    files = [split.scan(probe) for probe in split.probes]
    files += [
        split.reference(ref, condition)
        for ref in (*split.references, *split.distractors)
        for condition in description["conditions"]
    ]
    if not {probe for probe, _ in split.distractor_trials} <= set(split.probes):
        problems.append(f"{split.name}: {DISTRACTORS} names probes that mri/participants.tsv does not")
    missing = [path.relative_to(split.folder).as_posix() for path in files if not path.is_file()]
    if missing:
        problems.append(f"{split.name}: {len(missing)} files missing: {', '.join(missing[:5])}")
    return problems


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
