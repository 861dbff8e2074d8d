"""Folders of loose images, as people have them."""

from pathlib import Path

from mriprivacy.data_prep.cohorts.cohort_files import HEIC_ENDINGS, dicom_hint, is_dicom
from mriprivacy.scoring.errors import UserError


def find_images(folder: Path, key: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Find the images of a folder by name without suffix.

    Parameters
    ----------
    folder : Path
        Where; sub-folders and hidden files are left out.
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
    problems, slices = [], 0
    for path in sorted(folder.iterdir()):
        suffix = next(
            (s for s in sorted(suffixes, key=len, reverse=True) if path.name.lower().endswith(s)), None
        )
        if path.is_dir() or path.name.startswith("."):
            continue
        if suffix is None and is_dicom(path):
            slices += 1
            continue
        if suffix is None:
            heic = path.suffix.lower() in HEIC_ENDINGS
            mend = "save it as JPEG first" if heic else "convert it or move it out of the folder"
            problems.append(f"{path}: not one of {' '.join(suffixes)}; {mend}")
            continue
        name = path.name[: -len(suffix)]
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
