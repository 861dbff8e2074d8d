"""Folders of loose images, as people have them."""

from pathlib import Path

from mriprivacy.data_prep.cohorts.cohort_files import HEIC_ENDINGS, dicom_hint, is_dicom
from mriprivacy.scans.foreign_files import left_by_system, not_fetched, why_no_nifti
from mriprivacy.scoring.errors import UserError

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def find_images(folder: Path, key: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Find the images of a folder by name without suffix.

    Parameters
    ----------
    folder : Path
        Where; sub-folders and what systems leave are passed over.
    key : str
        The setting that named the folder, for messages.
    suffixes : tuple of str
        How the names may end, lower case.

    Raises
    ------
    UserError
        With every file of another kind and every name that two files share; or for a folder that is missing
        or has no image.
    """
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; {key}=DIR is a folder of files ending in {' '.join(suffixes)}"
        )
    found: dict[str, Path] = {}
    problems, slices, endings = [], 0, " ".join(suffixes)
    for path in sorted(folder.iterdir()):
        suffix = next(
            (s for s in sorted(suffixes, key=len, reverse=True) if path.name.lower().endswith(s)), None
        )
        if path.is_dir() or left_by_system(path.name):
            continue
        if suffix is None and path.is_file() and is_dicom(path):
            slices += 1
            continue
        if suffix is None and not _is_photo(path, suffixes):
            heic = path.suffix.lower() in HEIC_ENDINGS
            mend = "save it as JPEG first" if heic else "convert it or move it out of the folder"
            problems.append(f"{path}: {why_no_nifti(path) or f'not one of {endings}; {mend}'}")
            continue
        if reason := not_fetched(path):
            problems.append(f"{path}: {reason}")
            continue
        name = path.name[: -len(suffix)] if suffix else path.stem
        if name in found:
            problems.append(
                f"{path}: {found[name].name} has the same name without suffix; rename one of them"
            )
        found[name] = path
    if slices:
        problems.append(
            f"{folder}: {slices} DICOM files; convert the series to NIfTI: dcm2niix -z y -o OUT {folder}"
        )
    if problems:
        raise UserError(*problems)
    if not found:
        raise UserError(
            f"{folder}: no image in it; expected files ending in {' '.join(suffixes)}{dicom_hint(folder)}"
        )
    return found


def _is_photo(path: Path, suffixes: tuple[str, ...]) -> bool:
    """Say whether photographs are asked for and a file is one under another name, such as `.jfif`."""
    if ".jpg" not in suffixes or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(8).startswith(_PICTURES)
