"""The files of a BIDS dataset and of a folder of portraits, as they are: whose, which session, which run."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from mriprivacy.data_prep.cohorts.cohort_files import HEIC_ENDINGS
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import SCAN_CONTRASTS
from mriprivacy.scans.foreign_files import left_by_system, not_fetched

_SUBJECT = re.compile(r"sub-[A-Za-z0-9]+", re.ASCII)
_SCAN = re.compile(
    r"(?P<subject>sub-[A-Za-z0-9]+)(?:_(?P<session>ses-[A-Za-z0-9]+))?"
    r"(?P<entities>(?:_[a-z]+-[A-Za-z0-9+]+)*)_(?P<contrast>[A-Za-z0-9]+)\.nii(?:\.gz)?",
    re.ASCII,
)
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
PHOTO_FOLDERS = ("sourcedata/photos/raw", "sourcedata/photos", "photos", "sourcedata/portraits", "portraits")


@dataclass(frozen=True)
class Candidate:
    """A scan that may be taken.

    Attributes
    ----------
    subject, session, contrast : str
        From its name; no session is empty.
    entities : tuple of str
        What else its name says, such as `acq-mprage` and `run-2`.
    path : Path
        The file.
    """

    subject: str
    session: str
    contrast: str
    entities: tuple[str, ...]
    path: Path

    @property
    def order(self) -> tuple[bool, int, int, str]:
        """By this, ascending, one of several is chosen: not defaced, plain, the first run."""
        plain = [one for one in self.entities if not one.startswith("run-")]
        run = next((one.removeprefix("run-") for one in self.entities if one.startswith("run-")), "0")
        defaced = any("deface" in one.casefold() for one in self.entities)
        return defaced, len(plain), int(run) if run.isdigit() else 0, self.path.name


@dataclass(frozen=True)
class DatasetFiles:
    """What is in a dataset.

    Attributes
    ----------
    subjects : tuple of str
        Folders `sub-<label>`, sorted.
    scans : tuple of Candidate
        Heads in a contrast that the kit knows.
    remarks : tuple of str
        What was passed over, one line a cause.
    """

    subjects: tuple[str, ...]
    scans: tuple[Candidate, ...]
    remarks: tuple[str, ...]


def find_dataset(root: Path) -> DatasetFiles:
    """Look through a BIDS dataset; what `.bidsignore` names and what systems leave is passed over.

    Parameters
    ----------
    root : Path
        The dataset. Nothing in it is opened but `.bidsignore`.

    Examples
    --------
    >>> find_dataset(Path("nowhere")).subjects
    ()
    """
    ignored = _ignored(root / ".bidsignore")
    findings = Findings(str(root))
    subjects, scans = [], []
    for folder in sorted(root.glob("sub-*")):
        if not folder.is_dir() or _matches(folder.name + "/", ignored):
            continue
        if not _SUBJECT.fullmatch(folder.name):
            findings.add(
                "folders whose names are not sub- and letters or digits; left out", shown(folder.name)
            )
            continue
        subjects.append(folder.name)
        for path in _files(folder):
            where = path.relative_to(root).as_posix()
            match = _SCAN.fullmatch(path.name)
            if match is None or match["contrast"] not in SCAN_CONTRASTS:
                continue
            if _matches(where, ignored):
                findings.add("scans that .bidsignore names; left out", where)
                continue
            if match["subject"] != folder.name:
                findings.add("scans whose names are of another subject than their folders; left out", where)
                continue
            entities = tuple(one for one in match["entities"].split("_") if one)
            if "part-phase" in entities or "part-imag" in entities or "part-real" in entities:
                continue
            scans.append(Candidate(folder.name, match["session"] or "", match["contrast"], entities, path))
    return DatasetFiles(tuple(subjects), tuple(scans), findings.problems())


def _files(subject: Path) -> Iterator[Path]:
    for folder in (subject, *sorted(subject.glob("ses-*"))):
        for place in (folder / "anat", folder):
            if place.is_dir():
                yield from sorted(path for path in place.iterdir() if not left_by_system(path.name))


def _ignored(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    lines = path.read_bytes().decode("utf-8-sig", errors="replace").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith(("#", "!")))


def _matches(where: str, patterns: Collection[str]) -> bool:
    """Say whether a path is one that .bidsignore names: whole, by its last part, or by a folder above it."""
    parts = where.strip("/").split("/")
    above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    for pattern in patterns:
        plain = pattern.strip("/").removeprefix("**/")
        names = above if "/" in plain else [*above, *parts]
        if any(fnmatch(name, plain) for name in names):
            return True
    return False


@dataclass(frozen=True)
class Portraits:
    """What is in a folder of photographs.

    Attributes
    ----------
    of : dict from subject to tuple of Path
        Each person's, sorted; people without one are not in it.
    remarks : tuple of str
        What belongs to no person, or is no photograph, one line a cause.
    """

    of: dict[str, tuple[Path, ...]]
    remarks: tuple[str, ...]


def find_portraits(folder: Path, subjects: Collection[str]) -> Portraits:
    """Find each person's photographs, PNG or JPEG by content, by the name of the file or of its folder.

    `sub-01.jpg`, `01.jpeg`, `SUB-01_front.JPG`, `01/front.jfif` are all of `sub-01`.

    Parameters
    ----------
    folder : Path
        Looked through with the folders in it.
    subjects : collection of str
        The known people.
    """
    labels: dict[str, str] = {}
    for subject in subjects:
        label = subject.removeprefix("sub-").casefold()
        labels[label] = "" if label in labels else subject  # two that only case tells apart: neither
    findings = Findings(str(folder))
    photos: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or any(left_by_system(part) for part in inside.parts):
            continue
        kind = _kind(path)
        if kind:
            findings.add(kind, inside.as_posix())
            continue
        meant = _people(inside, labels)
        if len(meant) > 1:
            findings.add(
                "photographs whose name and folder are of several subjects; left out", inside.as_posix()
            )
            continue
        subject = next(iter(meant), "")
        if not subject:
            findings.add("photographs that belong to no subject of the dataset; left out", inside.as_posix())
            continue
        photos.setdefault(subject, []).append(path)
    return Portraits({one: tuple(own) for one, own in sorted(photos.items())}, findings.problems())


def _people(path: Path, labels: Mapping[str, str]) -> set[str]:
    """Return the subjects that a path means: those that a part names by `sub-`, else those of any part.

    `sub-02/01.jpg` is the first picture of sub-02, and none of sub-01.
    """
    named: set[str] = set()
    meant: set[str] = set()
    for part in (path.stem, *path.parts[:-1]):
        match = re.fullmatch(r"(sub[-_]?)?([A-Za-z0-9]+)(?:[-_. (].*)?", part, re.ASCII | re.I)
        if match and (subject := labels.get(match[2].casefold())):
            (named if match[1] else meant).add(subject)
    return named or meant


def _kind(path: Path) -> str:
    """Say why a file is no usable photograph; nothing for PNG and JPEG, whatever their names say."""
    if reason := not_fetched(path):
        return f"photographs not usable, {reason.replace(path.name, 'FILE')}"
    with path.open("rb") as stream:
        start = stream.read(12)
    if start.startswith((_PNG, _JPEG)):
        return ""
    if start[4:8] == b"ftyp" or path.suffix.lower() in HEIC_ENDINGS:
        return "photographs in HEIC or AVIF; save them as JPEG first"
    return "files that are no PNG or JPEG; passed over"
