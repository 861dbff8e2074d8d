"""A cohort on disk: its people, and where their images are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mriprivacy.data_prep.cohorts.cohort_files import (
    DOPPELGANGERS,
    TRUTH,
    CohortFiles,
    ScanFile,
    as_stored,
    check_photo,
    check_scan,
    dicom_hint,
    find_photos,
    find_scans,
    truth_paths,
)
from mriprivacy.data_prep.cohorts.people_table import VALUES, PeopleTable, read_people
from mriprivacy.data_prep.cohorts.people_values import OLDEST, group_of
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes
from mriprivacy.scoring.errors import UserError


class CohortError(UserError):
    """A cohort, or settings for it, from which no edition can be made."""


@dataclass(frozen=True)
class Participant:
    """One subject of a cohort.

    Attributes
    ----------
    subject : str
        BIDS name, `sub-<id>`.
    attributes : Attributes
        Sex `F`, `M` or `O`, age group, ethnicity; `n/a` where the cohort does not say.
    scans : tuple of ScanFile
        The head MRIs of one contrast, one a session.
    photos : mapping from photo number to mapping from condition to Path
        Every photo in every condition, `{"01": {"raw": ..., "bald": ...}}`.
    true_bald : mapping from photo number to Path
        The photos as they would be without hair, where the cohort knows; never published.
    reference_scans : tuple of ScanFile
        Scans of another contrast, where those are the references; there are no photos then.
    age : float or None
        In years, where the cohort says it exactly: `89+` is an age group and no age.
    doppelgangers : mapping from photo number to mapping from condition to Path
        As `photos`, of the subject's doppelganger; empty where the cohort has none. Never published.
    """

    subject: str
    attributes: Attributes
    scans: tuple[ScanFile, ...]
    photos: Mapping[str, Mapping[str, Path]]
    true_bald: Mapping[str, Path]
    reference_scans: tuple[ScanFile, ...] = ()
    age: float | None = None
    doppelgangers: Mapping[str, Mapping[str, Path]] = field(default_factory=dict)


def read_cohort(
    root: Path,
    contrast: str,
    age_edges: Sequence[int],
    files: CohortFiles | None = None,
    reference_contrast: str = "",
) -> tuple[Participant, ...]:
    """Find every subject of a BIDS cohort and look at what belongs to it.

    Expected are `participants.tsv` (participant_id; sex, age and ethnicity where they are known), scans
    `sub-<id>/[ses-<id>/]anat/sub-<id>_[ses-<id>_]<contrast>.nii.gz`, a folder of photographs, and, for all
    scans or none, the truth below `derivatives/truth` (docs/reference/files.md). Headers are read,
    voxels and pixels are not.

    Parameters
    ----------
    root : Path
        The dataset.
    contrast : str
        BIDS suffix of the scans to take.
    age_edges : sequence of int
        First year of every age group.
    files : CohortFiles, optional
        Where the photographs are, and which scan is meant where there are several.
    reference_contrast : str
        BIDS suffix of the scans to compare with, instead of photographs.

    Returns
    -------
    tuple of Participant
        Sorted by subject.

    Raises
    ------
    CohortError
        With everything that is missing, surplus or unreadable.

    Examples
    --------
    >>> read_cohort(Path("nowhere"), "T2w", [18])
    Traceback (most recent call last):
    mriprivacy.data_prep.cohorts.bids.CohortError: nowhere: no such folder; expected a BIDS dataset ...
    """
    files = files or CohortFiles()
    if not root.is_dir():
        raise CohortError(f"{root}: no such folder; expected a BIDS dataset with participants.tsv")
    if not (root / "participants.tsv").is_file():
        raise CohortError(
            f"{root / 'participants.tsv'}: no such file; expected a BIDS dataset{dicom_hint(root)}"
        )
    table = read_people(root / "participants.tsv")
    attributes, ages, problems = _attributes(table, age_edges, is_synthetic(root))
    found = Findings(str(root))
    for folder in sorted(root.glob("sub-*")):
        if folder.is_dir() and folder.name not in attributes:
            found.add("subject folders that participants.tsv does not name", folder.name)
    photos, true_bald, doppelgangers = {}, {}, {}
    if not reference_contrast:
        photos = _photos(root, files, attributes, found)
        true_bald = _true_bald(root, photos, found)
        doppelgangers = _doppelgangers(root, photos, found)
    scans = _scans(root, contrast, files.entities, attributes, found)
    reference_scans = (
        _scans(root, reference_contrast, files.entities, attributes, found) if reference_contrast else {}
    )
    people = []
    for subject in sorted(attributes):
        if subject not in photos and not reference_contrast:
            found.add("subjects without a photo", subject)
        own = Participant(
            subject,
            attributes[subject],
            scans[subject],
            photos.get(subject, {}),
            true_bald.get(subject, {}),
            reference_scans.get(subject, ()),
            ages.get(subject),
            doppelgangers.get(subject, {}),
        )
        for scan in (*own.scans, *own.reference_scans):
            check_scan(scan, root, found)
        shots = [*own.photos.values(), own.true_bald, *own.doppelgangers.values()]
        for path in (path for shot in shots for path in shot.values()):
            check_photo(path, root, found)
        people.append(own)
    problems += found.problems()
    if problems:
        raise CohortError(*problems)
    return tuple(people)


def is_synthetic(root: Path) -> bool:
    """Return whether a cohort declares all its people synthetic: `"Synthetic": true` in its description.

    Absent is false: people are real unless it is declared that they are not.

    Raises
    ------
    CohortError
        If the declaration is neither true nor false, or the description is no JSON object.

    Examples
    --------
    >>> is_synthetic(Path("nowhere"))
    False
    """
    path = root / "dataset_description.json"
    if not path.is_file():
        return False
    try:
        description = json.loads(path.read_bytes())
    except ValueError as error:
        raise CohortError(f"dataset_description.json: not JSON ({error})") from error
    declared = description.get("Synthetic", False) if isinstance(description, dict) else None
    if not isinstance(declared, bool):
        raise CohortError(
            f"dataset_description.json: Synthetic is {shown(str(declared))}; expected true or false"
        )
    return declared


def _scans(
    root: Path, contrast: str, entities: str, subjects: Mapping[str, Attributes], found: Findings
) -> dict[str, tuple[ScanFile, ...]]:
    """Find scans by subject; a kind of truth belongs to all scans as soon as one has it."""
    paths = {subject: find_scans(root, subject, contrast, entities, found) for subject in sorted(subjects)}
    truth = {
        (subject, session): {
            name: as_stored(path) for name, path in truth_paths(root, subject, session, contrast).items()
        }
        for subject, sessions in paths.items()
        for session, _ in sessions
    }
    known = [name for name in TRUTH if any(own[name].is_file() for own in truth.values())]
    return {
        subject: tuple(
            ScanFile(session, path, {name: truth[subject, session][name] for name in known})
            for session, path in sessions
        )
        for subject, sessions in paths.items()
    }


def _photos(
    root: Path, files: CohortFiles, subjects: Mapping[str, Attributes], found: Findings
) -> dict[str, dict[str, dict[str, Path]]]:
    """Find photos by subject, number and condition; without a folder `bald_photos` none are bald."""
    folders = {"raw": root / files.photos}
    if not folders["raw"].is_dir():
        found.add(f"no photos; expected {files.photos}/ (cohort.photos names another folder)")
    if files.bald_photos:
        folders["bald"] = root / files.bald_photos
        if not folders["bald"].is_dir():
            found.add(
                f"no photos without hair; expected {files.bald_photos}/ (cohort.bald_photos names another "
                "folder), or edition.hair_removal=builtin or none"
            )
    present = {
        condition: find_photos(folders[condition], condition, subjects, found)
        for condition in folders
        if folders[condition].is_dir()
    }
    photos: dict[str, dict[str, dict[str, Path]]] = {}
    for condition, paths in present.items():
        for (subject, number), path in paths.items():
            photos.setdefault(subject, {}).setdefault(number, {})[condition] = path
    for numbers in photos.values():
        for shots in numbers.values():
            for condition in present:
                if condition not in shots:
                    name = next(iter(shots.values())).name
                    found.add(f"photos missing in condition {condition}", name)
    return photos


def _true_bald(
    root: Path, photos: Mapping[str, Mapping[str, object]], found: Findings
) -> dict[str, dict[str, Path]]:
    folder = root / "derivatives" / "truth" / "photos" / "bald"
    if not folder.is_dir():
        return {}
    known: dict[str, dict[str, Path]] = {}
    for (subject, number), path in find_photos(folder, "truth/photos/bald", photos, found).items():
        known.setdefault(subject, {})[number] = path
    for subject, numbers in photos.items():
        if set(numbers) != set(known.get(subject, {})):
            found.add("photos and their true bald versions have different names", subject)
    return known


def _doppelgangers(
    root: Path, photos: Mapping[str, Mapping[str, Mapping[str, Path]]], found: Findings
) -> dict[str, dict[str, dict[str, Path]]]:
    """Find the photographs of doppelgangers: one for each of a person's, in the same conditions."""
    folder = root / DOPPELGANGERS
    if not folder.is_dir():
        return {}
    known: dict[str, dict[str, dict[str, Path]]] = {}
    for condition in dict.fromkeys(c for shots in photos.values() for one in shots.values() for c in one):
        own = folder / condition
        if not own.is_dir():
            found.add(
                "no photos of doppelgangers in a condition that the people have; expected a folder of them, "
                f"made alike, or no {DOPPELGANGERS}/ at all",
                f"{DOPPELGANGERS}/{condition}/",
            )
            continue
        for (subject, number), path in find_photos(own, f"doppelgangers/{condition}", photos, found).items():
            known.setdefault(subject, {}).setdefault(number, {})[condition] = path
        for subject, shots in photos.items():
            if {n for n, one in known.get(subject, {}).items() if condition in one} != set(shots):
                found.add(f"photos and those of doppelgangers have different names in {condition}", subject)
    return known


def _attributes(
    table: PeopleTable, age_edges: Sequence[int], synthetic: bool
) -> tuple[dict[str, Attributes], dict[str, float], tuple[str, ...]]:
    """Return the attributes of all people, the ages that are known in years, and what is wrong."""
    findings = Findings("participants.tsv")
    people: dict[str, Attributes] = {}
    ages: dict[str, float] = {}
    for subject, own in table.people.items():
        sex, age, ethnicity = (table.meaning[what].get(own[what], NOT_AVAILABLE) for what in VALUES)
        group = NOT_AVAILABLE
        try:
            group, years = group_of(age, age_edges, 121 if synthetic else OLDEST)
            if years is not None:
                ages[subject] = years
        except ValueError as error:
            findings.add(f"age {error}", f"{subject} {shown(age)}")
        people[subject] = Attributes(sex, group, ethnicity)
    if not people:
        findings.add("names no subject")
    return people, ages, (*table.doubts, *findings.problems())
