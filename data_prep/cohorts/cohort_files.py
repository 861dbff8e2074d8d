"""Where the images of a cohort are: scans by session, photographs by subject, and the truth beside them."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from mriprivacy.data_prep.formats.problems import Findings
from mriprivacy.data_prep.formats.settings import setting
from mriprivacy.scans.foreign_files import left_by_system, not_fetched
from mriprivacy.scans.scan_file import open_scan

PHOTO_ENDINGS = (".png", ".jpg", ".jpeg")
# As a phone takes them, and as many pixels and bytes as the attacks will look at (`baselines.face.photo`).
HEIC_ENDINGS = (".heic", ".heif", ".avif")
MAX_PIXELS = 50_000_000
MAX_BYTES = 100_000_000
PHOTO_FORMATS = ("PNG", "JPEG")
FACES = "sourcedata/photos/faces.tsv"
# Photographs of the doppelgangers of synthetic people, by condition; names as those of the people's own.
DOPPELGANGERS = "derivatives/truth/doppelgangers"
# What may be known of a scan besides its voxels: name in an edition's sealed folder, and in the cohort.
TRUTH = {
    "brain_masks": "desc-brain_mask.nii.gz",
    "face_masks": "desc-face_mask.nii.gz",
    "labels": "dseg.nii.gz",
    "landmarks": "landmarks.tsv",
}


@dataclass
class CohortFiles:
    """Where a cohort keeps what BIDS has no fixed place for; paths are below the cohort, or absolute."""

    photos: str = setting(
        "sourcedata/photos/raw",
        "folder of photographs, <participant_id>*.png or .jpg, below root or not",
    )
    bald_photos: str = setting(
        "sourcedata/photos/bald", "the same without hair, for edition.hair_removal=given"
    )
    entities: str = setting(
        "", "entities that identify the scan where a session has several of one contrast, such as acq-mprage"
    )
    faces: str = setting(FACES, "table (columns photo, face) that names the face meant, where it exists")


@dataclass(frozen=True)
class ScanFile:
    """One head MRI of a subject.

    Attributes
    ----------
    session : str
        `ses-<id>`, or empty where the cohort has no sessions.
    path : Path
        The volume.
    truth : mapping from str to Path
        By names of `TRUTH`; what the cohort knows, volumes on the grid of the scan.
    """

    session: str
    path: Path
    truth: Mapping[str, Path]


def find_scans(
    root: Path, subject: str, contrast: str, entities: str, found: Findings
) -> tuple[tuple[str, Path], ...]:
    """Find the scans of one contrast of a subject: at most one a session, at least one in all.

    Parameters
    ----------
    root : Path
        The cohort.
    subject, contrast, entities : str
        `sub-<id>`, `T2w`, and what else the name must have (`CohortFiles.entities`).
    found : Findings
        Takes down what is missing, or is ambiguous.

    Returns
    -------
    tuple of (session, Path)
        Sorted by session.
    """
    name = re.compile(
        rf"{subject}(?:_(ses-[A-Za-z0-9]+))?((?:_[a-z]+-[A-Za-z0-9+]+)*)_{contrast}\.nii(\.gz)?"
    )
    wanted = {entity for entity in entities.split("_") if entity}
    sessions: dict[str, list[Path]] = {}
    folders = [root / subject / "anat", *sorted((root / subject).glob("ses-*/anat"))]
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            match = name.fullmatch(path.name)
            if match and wanted <= set(match[2].split("_")):
                sessions.setdefault(match[1] or "", []).append(path)
    if not sessions:
        middle = "" if len(folders) == 1 else "ses-*/"
        extra = f"_{entities}" if entities else ""
        stem = f"{subject}{'_ses-*' if middle else ''}{extra}_{contrast}.nii.gz"
        found.add("scans missing", f"{subject}/{middle}anat/{stem}")
        if dicom_hint(root / subject):
            found.add(
                "DICOM files where scans should be; convert them first (dcm2niix -z y -o OUT FOLDER)",
                subject,
            )
    several = {session: paths for session, paths in sessions.items() if len(paths) > 1}
    for paths in several.values():
        found.add(
            f"several {contrast} scans in one session; say which with cohort.entities=acq-...",
            " and ".join(path.name for path in paths),
        )
    return tuple((session, paths[0]) for session, paths in sorted(sessions.items()))


def truth_paths(root: Path, subject: str, session: str, contrast: str) -> dict[str, Path]:
    """Return where the truth of a scan would be, by names of `TRUTH`.

    Examples
    --------
    >>> truth_paths(Path("c"), "sub-01", "ses-1", "T2w")["labels"].as_posix()
    'c/derivatives/truth/sub-01/ses-1/anat/sub-01_ses-1_space-T2w_dseg.nii.gz'
    """
    folder = root / "derivatives" / "truth" / subject / session / "anat"
    stem = "_".join(part for part in (subject, session, f"space-{contrast}") if part)
    return {name: folder / f"{stem}_{ending}" for name, ending in TRUTH.items()}


def as_stored(path: Path) -> Path:
    """Return a truth file as the cohort stores it: `.nii.gz`, or `.nii` where there is only that.

    Examples
    --------
    >>> as_stored(Path("nowhere/sub-01_space-T2w_dseg.nii.gz")).name
    'sub-01_space-T2w_dseg.nii.gz'
    """
    plain = path.with_suffix("")
    return plain if plain.is_file() and not path.is_file() else path


def find_photos(
    folder: Path, label: str, subjects: Collection[str], found: Findings
) -> dict[tuple[str, str], Path]:
    """Find the photographs of a folder by subject and number, the part of the name that follows the subject.

    Parameters
    ----------
    folder : Path
        Files `<participant_id>*.png`, `.jpg` or `.jpeg`, and nothing else.
    label : str
        How messages call the folder.
    subjects : collection of str
        The known participants.
    found : Findings
        Takes down files that belong to no person, or two of one name.

    Returns
    -------
    dict from (subject, number) to Path
    """
    photos: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.iterdir()):
        if left_by_system(path.name):
            continue
        if path.suffix.lower() in HEIC_ENDINGS:
            found.add("photos in HEIC or AVIF; save them as JPEG first", f"{label}/{path.name}")
            continue
        match = re.fullmatch(r"(sub-[A-Za-z0-9]+)(?:[_-](?:photo-)?([A-Za-z0-9._+-]*))?", path.stem, re.ASCII)
        if not match or match[1] not in subjects or path.suffix.lower() not in PHOTO_ENDINGS:
            found.add(
                "photos that belong to no subject; expected <participant_id>*.png or .jpg",
                f"{label}/{path.name}",
            )
            continue
        key = (match[1], match[2] or "")
        if key in photos:
            found.add("photos of one name with two endings", f"{label}/{path.name}")
        photos[key] = path
    return photos


def check_scan(scan: ScanFile, root: Path, found: Findings) -> None:
    """Read the headers of a scan and of its truth; take down what is unreadable or on another grid."""
    grid = _readable("scans", scan.path, root, _grid, found)
    for name, path in scan.truth.items():
        what = name.replace("_", " ")
        if path.suffix == ".gz" and path.with_suffix("").is_file():
            found.add(f"{what} stored twice; keep .nii or .nii.gz", path.name)
        if path.suffix == ".tsv":
            _readable(what, path, root, Path.stat, found)
            continue
        other = _readable(what, path, root, _grid, found)
        if isinstance(grid, tuple) and isinstance(other, tuple) and not _same_grid(grid, other):
            found.add(f"{what} on another grid than the scan", scan.path.name.rpartition("_")[0])


def check_photo(path: Path, root: Path, found: Findings) -> None:
    """Read the header of a photograph; take down what is unreadable."""
    _readable("photos", path, root, _photo_size, found)


def _readable(what: str, path: Path, root: Path, read: Callable[[Path], object], found: Findings) -> object:
    where = (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
    if reason := not_fetched(path):
        found.add(f"{what} not usable", f"{where} {reason}")
        return None
    if not path.is_file():
        found.add(f"{what} missing", where)
        return None
    try:
        return read(path)
    except Exception as error:  # nibabel and Pillow each raise their own on broken files
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        detail = detail.removeprefix(f"{path}: ")
        found.add(f"{what} unreadable", f"{where} ({detail})")
        return None


def _grid(path: Path) -> tuple[tuple[int, ...], np.ndarray]:
    opened = open_scan(path)
    return tuple(int(extent) for extent in opened.image.shape[:3]), opened.affine


def _same_grid(one: tuple[tuple[int, ...], np.ndarray], other: tuple[tuple[int, ...], np.ndarray]) -> bool:
    return one[0] == other[0] and bool(np.allclose(one[1], other[1], atol=1e-3))


def _photo_size(path: Path) -> tuple[int, int]:
    with path.open("rb") as stream:
        start = stream.read(12)
    if start[4:8] == b"ftyp":
        raise ValueError("is HEIC or AVIF, whatever its name says; save it as JPEG first")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise ValueError(f"{size / 1e6:.0f} MB; expected at most {MAX_BYTES // 10**6} MB: make it smaller")
    with Image.open(path, formats=PHOTO_FORMATS) as image:
        width, height = image.size
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 10**6
        raise ValueError(f"{width} x {height} pixels; expected at most {limit} million: make it smaller")
    return width, height


def is_dicom(path: Path) -> bool:
    """Say whether a file is DICOM: by its name, or by the four letters that follow the preamble."""
    if path.suffix.lower() in (".dcm", ".ima", ".dicom"):
        return True
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def dicom_hint(root: Path) -> str:
    """Say how to convert what is below a folder, if DICOM files are among the first 200 there; else nothing.

    Returns
    -------
    str
        The end of a message, from its semicolon on, or empty.

    Examples
    --------
    >>> dicom_hint(Path("nowhere"))
    ''
    """
    files = islice((path for path in root.rglob("*") if path.is_file()), 200)
    if not any(is_dicom(path) for path in files):
        return ""
    return f"; there are DICOM files below it: convert them to NIfTI first, dcm2niix -z y -o OUT {root}"
