"""A cohort on disk: who is in it, and where their images are."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image

from data_prep.problems import Findings, ProblemsError, shown
from data_prep.tables import Table, TableError, read_table
from data_prep.trials import NOT_AVAILABLE, Attributes

CONDITIONS = ("raw", "bald")

_SUBJECT = re.compile(r"sub-[A-Za-z0-9]+", re.ASCII)
_SEX = {"f": "F", "female": "F", "m": "M", "male": "M", "o": "O", "other": "O"}


class CohortError(ProblemsError):
    """A cohort, or what was asked of it, from which no edition can be made."""


@dataclass(frozen=True)
class Person:
    """One subject of a cohort.

    Attributes
    ----------
    subject : str
        BIDS name, `sub-<id>`.
    attributes : Attributes
        Sex `F`, `M` or `O`, age group, ethnicity; `n/a` where the cohort does not say.
    scan : Path
        The head MRI.
    brain_mask : Path or None
        The true brain on the grid of the scan, where the cohort has it.
    photos : mapping from photo number to mapping from condition to Path
        Every photo in every condition, `{"01": {"raw": ..., "bald": ...}}`.
    """

    subject: str
    attributes: Attributes
    scan: Path
    brain_mask: Path | None
    photos: Mapping[str, Mapping[str, Path]]


def age_group(age: str, edges: Sequence[int]) -> str:
    """Name the age group of an age: `[18, 30, 45]` gives 18-29, 30-44 and 45+.

    Parameters
    ----------
    age : str
        Years, `n/a`, or BIDS's `89+`.
    edges : sequence of int
        First year of every group, ascending.

    Raises
    ------
    ValueError
        If it is not an age, or below the first edge.

    Examples
    --------
    >>> age_group("44.9", [18, 30, 45]), age_group("89+", [18, 30, 45]), age_group("n/a", [18])
    ('30-44', '45+', 'n/a')
    """
    if age == NOT_AVAILABLE:
        return NOT_AVAILABLE
    try:
        years = float("89" if age == "89+" else age)
    except ValueError:
        years = math.nan
    if not edges[0] <= years <= 120:
        raise ValueError(f"is not an age of {edges[0]} to 120 years (edges begin at {edges[0]})")
    first = max(edge for edge in edges if edge <= years)
    later = [edge for edge in edges if edge > years]
    return f"{first}-{min(later) - 1}" if later else f"{first}+"


def read_cohort(root: Path, contrast: str, age_edges: Sequence[int]) -> tuple[Person, ...]:
    """Find every subject of a BIDS cohort and look at what belongs to it.

    Expected are `participants.tsv` (participant_id, sex, age, ethnicity, and any others),
    `sub-<id>/anat/sub-<id>_<contrast>.nii.gz`, `sourcedata/photos/{raw,bald}/sub-<id>_photo-<n>.png` and, for
    all subjects or none, `derivatives/truth/sub-<id>/anat/sub-<id>_space-<contrast>_desc-brain_mask.nii.gz`.
    Headers are read, voxels and pixels are not.

    Returns
    -------
    tuple of Person
        Sorted by subject.

    Raises
    ------
    CohortError
        With everything that is missing, surplus or unreadable.

    Examples
    --------
    >>> read_cohort(Path("nowhere"), "T2w", [18])
    Traceback (most recent call last):
    data_prep.cohort.CohortError: nowhere: no such folder; expected a BIDS dataset with participants.tsv
    """
    if not root.is_dir():
        raise CohortError(f"{root}: no such folder; expected a BIDS dataset with participants.tsv")
    try:
        table = read_table(root / "participants.tsv", None)
    except TableError as error:
        raise CohortError(*error.problems) from error
    attributes, problems = _attributes(table, age_edges)
    found = Findings(str(root))
    for folder in sorted(root.glob("sub-*")):
        if folder.is_dir() and folder.name not in attributes:
            found.add("subject folders that participants.tsv does not name", folder.name)
    photos = _find_photos(root, attributes, found)
    people = [
        Person(subject, attributes[subject], *_find_scans(root, subject, contrast), photos.get(subject, {}))
        for subject in sorted(attributes)
    ]
    with_mask = [person.brain_mask is not None and person.brain_mask.is_file() for person in people]
    if not any(with_mask):
        people = [replace(person, brain_mask=None) for person in people]
    for person in people:
        _check_files(person, root, found)
    problems += found.problems()
    if problems:
        raise CohortError(*problems)
    return tuple(people)


def _attributes(table: Table, age_edges: Sequence[int]) -> tuple[dict[str, Attributes], tuple[str, ...]]:
    needed = ("participant_id", "sex", "age", "ethnicity")
    missing = [column for column in needed if column not in table.columns]
    if missing:
        return {}, (f"participants.tsv: no column {', '.join(missing)}; expected {' '.join(needed)}",)
    findings = Findings("participants.tsv")
    people: dict[str, Attributes] = {}
    rows = zip(table.lines, *(table.column(column) for column in needed), strict=True)
    for line, subject, sex, age, ethnicity in rows:
        if not _SUBJECT.fullmatch(subject):
            findings.add("participant_id is not sub- and letters or digits", f"line {line} {shown(subject)}")
            continue
        if subject in people:
            findings.add("participant_id is given twice", f"line {line} {subject}")
        if sex != NOT_AVAILABLE and sex.lower() not in _SEX:
            findings.add("sex is not F, M, O or n/a", f"line {line} {shown(sex)}")
        try:
            group = age_group(age, age_edges)
        except ValueError as error:
            findings.add(f"age {error}", f"line {line} {shown(age)}")
            group = NOT_AVAILABLE
        people[subject] = Attributes(_SEX.get(sex.lower(), NOT_AVAILABLE), group, ethnicity)
    if not people:
        findings.add("names no subject")
    return people, findings.problems()


def _find_scans(root: Path, subject: str, contrast: str) -> tuple[Path, Path]:
    scan = root / subject / "anat" / f"{subject}_{contrast}.nii.gz"
    truth = root / "derivatives" / "truth" / subject / "anat"
    return scan, truth / f"{subject}_space-{contrast}_desc-brain_mask.nii.gz"


def _find_photos(
    root: Path, subjects: Mapping[str, Attributes], found: Findings
) -> dict[str, dict[str, dict[str, Path]]]:
    """Photos by subject, number and condition; a condition exists when its folder does."""
    photos: dict[str, dict[str, dict[str, Path]]] = {}
    folder = root / "sourcedata" / "photos"
    conditions = [condition for condition in CONDITIONS if (folder / condition).is_dir()]
    if not conditions:
        found.add("no photos; expected sourcedata/photos/raw/ and, optionally, sourcedata/photos/bald/")
    for condition in conditions:
        for path in sorted((folder / condition).iterdir()):
            match = re.fullmatch(r"(sub-[A-Za-z0-9]+)_photo-([A-Za-z0-9]+)\.png", path.name, re.ASCII)
            if not match or match[1] not in subjects:
                found.add(
                    "photos that belong to no subject; expected sub-<id>_photo-<n>.png",
                    f"{condition}/{path.name}",
                )
                continue
            photos.setdefault(match[1], {}).setdefault(match[2], {})[condition] = path
    for subject, numbers in photos.items():
        for number, files in numbers.items():
            for condition in conditions:
                if condition not in files:
                    found.add(f"photos missing in condition {condition}", f"{subject}_photo-{number}.png")
    return photos


def _check_files(person: Person, root: Path, found: Findings) -> None:
    def check(what: str, path: Path, read: Callable[[Path], object]) -> object:
        if not path.is_file():
            found.add(f"{what} missing", path.relative_to(root).as_posix())
            return None
        try:
            return read(path)
        except Exception as error:  # nibabel and Pillow each raise their own on broken files
            detail = str(error).splitlines()[0] if str(error) else type(error).__name__
            found.add(f"{what} unreadable", f"{path.relative_to(root).as_posix()} ({detail})")
            return None

    grid = check("scans", person.scan, _grid)
    if person.brain_mask is not None:
        mask = check("brain masks", person.brain_mask, _grid)
        if isinstance(grid, tuple) and isinstance(mask, tuple) and not _same_grid(grid, mask):
            found.add("brain masks on another grid than the scan", person.subject)
    if not person.photos:
        found.add("subjects without a photo", person.subject)
    for files in person.photos.values():
        for path in files.values():
            check("photos", path, _photo_size)


def _grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    image = nib.load(path)
    shape = tuple(int(extent) for extent in image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3:
        raise ValueError(f"shape is {shape}; expected one 3-D volume")
    affine = np.asarray(image.affine, dtype=np.float64)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-6:
        raise ValueError("the affine is degenerate")
    return shape, affine


def _same_grid(one: tuple[tuple[int, ...], np.ndarray], other: tuple[tuple[int, ...], np.ndarray]) -> bool:
    return one[0] == other[0] and bool(np.allclose(one[1], other[1], atol=1e-3))


def _photo_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size
