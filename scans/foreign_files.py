"""Files that are no NIfTI scan, known by their content: each with one line on what to do."""

import os
from pathlib import Path

_GZIP = b"\x1f\x8b"
_DICOM = (".dcm", ".ima", ".dicom")
# What systems and their programs leave in folders.
_LEFT = frozenset(("thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "__macosx", "lost+found", "@eadir"))


def left_by_system(name: str) -> bool:
    """Say whether a file or folder is none of a person's: `Thumbs.db`, `._x.jpg`, `.DS_Store`, `x~`.

    Examples
    --------
    >>> [left_by_system(name) for name in ("Thumbs.db", "._a.jpg", ".DS_Store", "a.jpg")]
    [True, True, True, False]
    """
    return name.startswith(".") or name.endswith("~") or name.casefold() in _LEFT


def not_fetched(path: Path) -> str:
    """Say how to fetch a file whose content stays elsewhere (git-annex, DataLad, Git LFS); else nothing.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.nii.gz"
    >>> path.symlink_to("../.git/annex/objects/x")
    >>> not_fetched(path).endswith("datalad get a.nii.gz (or git annex get a.nii.gz) there")
    True
    """
    get = f"its content was not fetched: run datalad get {path.name} (or git annex get {path.name}) there"
    if path.is_symlink() and not path.exists():
        target = os.readlink(path)  # noqa: PTH115
        return get if "annex" in target else f"is a link to {target}, which does not exist"
    if not path.is_file() or path.stat().st_size > 2000:
        return ""
    start = path.read_bytes()[:200]
    if start.startswith(b"version https://git-lfs"):
        return f"is a pointer of Git LFS, its content was not fetched: run git lfs pull -I {path.name} there"
    return get if b"annex/objects/" in start else ""


def why_no_nifti(path: Path) -> str:
    """Say what a file is that is no NIfTI scan, and what to do; nothing for one that may be one.

    Parameters
    ----------
    path : Path
        Any file; its first bytes are read.

    Returns
    -------
    str
        The end of a message, without the file's name.

    Examples
    --------
    >>> why_no_nifti(Path("nowhere.nii.gz"))
    'no such file'
    """
    if reason := not_fetched(path):
        return reason
    if not path.is_file():
        return "no such file"
    with path.open("rb") as stream:
        start = stream.read(352)
    suffix = path.suffix.lower()
    if start[128:132] == b"DICM" or suffix in _DICOM:
        return f"is DICOM; convert the series to NIfTI: dcm2niix -z y -o OUT {path.parent}"
    if start.startswith(b"NRRD"):
        return "is NRRD; convert it to NIfTI: open it in 3D Slicer and save it as .nii.gz"
    if suffix in (".mgz", ".mgh"):
        return f"is a volume of FreeSurfer; convert it to NIfTI: mri_convert {path.name} {path.stem}.nii.gz"
    if suffix == ".mnc":
        return f"is MINC; convert it to NIfTI: mnc2nii {path.name} {path.stem}.nii"
    if start.startswith(b"ObjectType"):
        return "is MetaImage; convert it to NIfTI: open it in 3D Slicer and save it as .nii.gz"
    if suffix in (".img", ".hdr") and start[344:348] not in (b"ni1\0", b"n+1\0"):
        return "is Analyze 7.5, which knows no left and right; convert the original DICOM with dcm2niix"
    if start[:2] == _GZIP and suffix == ".nii":
        return "is gzip-compressed; rename it to end in .nii.gz"
    if start[:2] != _GZIP and path.name.lower().endswith(".nii.gz"):
        plain = start[344:348] in (b"ni1\0", b"n+1\0")
        wrong = "not a readable NIfTI file (it is not gzip-compressed); expected a whole .nii or .nii.gz"
        return "is not compressed; rename it to end in .nii" if plain else wrong
    return ""
