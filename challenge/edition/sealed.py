"""The organizer's side of an edition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mriprivacy.challenge.edition.public import (
    Edition,
    EditionError,
    Pair,
    attribute_rules,
    open_edition,
    public_folder,
)
from mriprivacy.data_prep.formats.schema import (
    AGE_COLUMNS,
    ATTRIBUTE_COLUMNS,
    SEALED_DOPPELGANGERS,
    SEALED_KEY_COLUMNS,
    SUBJECT_COLUMNS,
    Attributes,
    parse_id,
    parse_score,
)
from mriprivacy.data_prep.formats.tables.tsv import Table, one_of, read_table

_OLDEST = 150
_RULES = {
    "probe": parse_id,
    "reference": parse_id,
    "label": one_of(["mated", "nonmated"]),
    "matched": one_of(["yes", "no"]),
}


class SealedTrial(NamedTuple):
    """What the sealed key says of a trial; `matched` as in `data_prep.editions.trials.Trial`."""

    mated: bool
    matched: bool


@dataclass(frozen=True)
class SealedKey:
    """The organizer's side of an edition.

    Attributes
    ----------
    root : Path
        The folder `sealed`.
    trials : mapping from (probe, reference) to SealedTrial
        Of `eval`.
    attributes : mapping from probe to Attributes
        Of `eval`.
    subjects : mapping from probe or reference id to subject
        Of both splits.
    ages : mapping from probe to float
        Of both splits, in years, of those whose age the cohort told; empty in editions that have no
        `ages.tsv`.
    """

    root: Path
    trials: Mapping[Pair, SealedTrial]
    attributes: Mapping[str, Attributes]
    subjects: Mapping[str, str]
    ages: Mapping[str, float] = field(default_factory=dict)

    def brain_mask(self, probe: str) -> Path | None:
        """Return where the true brain of a probe is, on the grid of its scan; None if the cohort had none."""
        return self._mask("brain_masks", probe)

    def face_mask(self, probe: str) -> Path | None:
        """Return where the true face of a probe is, as `brain_mask` does."""
        return self._mask("face_masks", probe)

    def _mask(self, kind: str, probe: str) -> Path | None:
        path = self.root / kind / f"{probe}.nii.gz"
        return path if path.is_file() else None

    def doppelgangers(self, condition: str) -> dict[str, Path]:
        """Return the photographs of doppelgangers by the person's own reference; empty if there are none.

        Of `eval`. There are none of real people, where references are scans, and in editions of before.
        """
        folder = self.root / SEALED_DOPPELGANGERS / condition
        return {path.stem: path for path in sorted(folder.glob("*.png"))}


def open_sealed(path: Path, images: bool = True) -> SealedKey:
    """Read the organizer's side of an edition, and the public side to see that they belong together.

    Parameters
    ----------
    path : Path
        The `edition` folder, or `edition/sealed`, or `edition/public` beside it.
    images : bool
        As in `open_edition`.

    Raises
    ------
    EditionError
        If it is not there or not whole.

    Examples
    --------
    >>> open_sealed(Path("nowhere"))
    Traceback (most recent call last):
    mriprivacy.challenge.edition.public.EditionError: nowhere: no sealed key here; ...
    """
    sealed = sealed_folder(path)
    if sealed is None:
        raise EditionError(
            f"{path}: no sealed key here; expected the organizer's folder, with sealed/ beside public/"
        )
    key = read_table(sealed / "key.tsv", SEALED_KEY_COLUMNS, _RULES, name="sealed/key.tsv")
    edition = open_edition(sealed.parent, images)
    attributes = read_table(
        sealed / "attributes.tsv",
        ATTRIBUTE_COLUMNS,
        attribute_rules(edition.description),
        name="sealed/attributes.tsv",
    )
    subjects = read_table(
        sealed / "subjects.tsv", SUBJECT_COLUMNS, {"id": parse_id}, name="sealed/subjects.tsv"
    )
    rules = {"probe": parse_id, "age": _parse_age}
    ages = (
        read_table(sealed / "ages.tsv", AGE_COLUMNS, rules, name="sealed/ages.tsv").rows
        if (sealed / "ages.tsv").is_file()
        else ()
    )
    problems = _check_against(edition, key, attributes, subjects)
    probes = {probe for split in edition.splits.values() for probe in split.probes}
    if strange := sorted({probe for probe, _ in ages} - probes):
        problems.append(f"sealed/ages.tsv: {', '.join(strange[:5])} is no probe of this edition")
    if (sealed / SEALED_DOPPELGANGERS).is_dir():
        problems += _check_doppelgangers(edition, sealed / SEALED_DOPPELGANGERS)
    if problems:
        raise EditionError(*problems)
    return SealedKey(
        root=sealed,
        trials={(p, r): SealedTrial(label == "mated", matched == "yes") for p, r, label, matched in key.rows},
        attributes={probe: Attributes(*values) for probe, *values in attributes.rows},
        subjects={name: subject for name, subject, _ in subjects.rows},
        ages={probe: float(age) for probe, age in ages},
    )


def _parse_age(cell: str) -> float:
    years = parse_score(cell)
    if not 0 <= years <= _OLDEST:
        raise ValueError(f"is no age in years; expected 0 to {_OLDEST}")
    return years


def _check_doppelgangers(edition: Edition, folder: Path) -> list[str]:
    """Say in which condition there is not one photograph for each reference of `eval`."""
    wanted, problems = set(edition.eval.references), []
    for condition in edition.conditions:
        there = {path.stem for path in (folder / condition).glob("*.png")}
        if odd := sorted(there ^ wanted):
            problems.append(
                f"sealed/{folder.name}/{condition}: {len(odd)} photographs missing or surplus, first "
                f"{odd[0]}; expected one for each reference of eval, under its name"
            )
    return problems


def _check_against(edition: Edition, key: Table, attributes: Table, subjects: Table) -> list[str]:
    """Say where the sealed tables do not name exactly what the public ones do."""
    problems = []
    pairs = [(probe, reference) for probe, reference, _, _ in key.rows]
    if sorted(pairs) != sorted(edition.eval.trials):
        problems.append("sealed/key.tsv and eval/trials.tsv name different trials")
    if sorted(attributes.column("probe")) != sorted(edition.eval.probes):
        problems.append("sealed/attributes.tsv and eval/mri/participants.tsv name different probes")
    released = [
        name
        for split in edition.splits.values()
        for name in (*split.probes, *split.references, *split.distractors)
    ]
    if sorted(subjects.column("id")) != sorted(released):
        problems.append("sealed/subjects.tsv does not name exactly the released probes and references")
        return problems
    who = dict(zip(subjects.column("id"), subjects.column("subject"), strict=True))
    wrong = [
        f"{probe} {reference}"
        for probe, reference, label, _ in key.rows
        if (label == "mated") != (who.get(probe) == who.get(reference))
    ]
    if wrong:
        problems.append(
            f"sealed/key.tsv: {len(wrong)} labels contradict sealed/subjects.tsv, first {wrong[0]}; expected "
            "mated exactly where both are of one subject"
        )
    # Attackers are trained on dev: a person in both splits would be linked by their own data.
    dev, evaluation = (
        {who[name] for name in (*split.probes, *split.references)} for split in edition.splits.values()
    )
    if both := sorted(dev & evaluation):
        problems.append(
            f"sealed/subjects.tsv: {', '.join(both[:5])} in dev and in eval ({len(both)} in all); expected "
            "no person of eval among those attackers are trained on"
        )
    return problems


def organizer_folder(path: Path) -> Path:
    """Return the folder in which `public/` and what is sealed stand side by side, given it or `public/`.

    Raises
    ------
    EditionError
        If there is no edition.
    """
    return path if public_folder(path) == path / "public" else path.absolute().parent


def sealed_folder(path: Path) -> Path | None:
    """Return the sealed folder of an edition, given it, the folder that holds it or the public one."""
    for folder in (path / "sealed", path, path.parent / "sealed"):
        if folder.name == "sealed" and (folder / "key.tsv").is_file():
            return folder
    return None
