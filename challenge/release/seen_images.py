"""What is in the images of a dataset: scans that can be used, faces in scans, faces in photographs.

Scans are read and looked at by what `attack` uses, so that both say the same of a scan.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mriprivacy.baselines.alignment.presence import CANNOT_TELL, CUT, DEFACED, NO_HEAD, Presence, presence
from mriprivacy.baselines.face.all_faces import Box, find_faces
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.baselines.hair.check import why_failed
from mriprivacy.baselines.hair.removal import NoFaceError, Picture, remove_hair
from mriprivacy.challenge.attackers.features import Extraction, extract
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.data_prep.inspection.proposal import SeenImages
from mriprivacy.scans.scan_file import ScanError, check_head_size, open_scan
from mriprivacy.scoring.errors import UserError


@dataclass(frozen=True)
class ImageVerdict:
    """What is to be said of an image.

    Attributes
    ----------
    unusable : str
        Why it cannot be used; empty if it can.
    remarks : tuple of str
        What the reader settled.
    faces : tuple of (left, top, right, bottom)
        Of a photograph, from the left.
    """

    unusable: str = ""
    remarks: tuple[str, ...] = ()
    faces: tuple[Box, ...] = ()


def check_scan(path: Path) -> ImageVerdict:
    """Read a scan whole, and say why it cannot be used as a head.

    Examples
    --------
    >>> check_scan(Path("nowhere.nii.gz")).unusable
    'no such file'
    """
    try:
        check_head_size(open_scan(path))
        return ImageVerdict(remarks=read_scan(path).remarks)
    except (UserError, OSError) as error:
        return ImageVerdict(str(error).removeprefix(f"{path}: "))


def why_unusable(path: Path) -> str:
    """Say why `attack` would refuse a scan; nothing where it would not.

    Examples
    --------
    >>> why_unusable(Path("nowhere.nii.gz"))
    'nowhere.nii.gz: no such file'
    """
    try:
        read_scan(path)
    except (UserError, OSError) as error:
        return str(error)
    return ""


def check_photo(path: Path) -> ImageVerdict:
    """Find the faces of a photograph, and say why it cannot be used.

    Examples
    --------
    >>> check_photo(Path("nowhere.jpg")).unusable
    'no such file'
    """
    try:
        faces = find_faces(read_photo(path, whole=True))
    except (UserError, OSError) as error:
        return ImageVerdict(str(error).removeprefix(f"{path}: "))
    return ImageVerdict("" if faces else "no face found", faces=faces)


def face_in(cache: Path | None, path: Path) -> Presence:
    """Say whether a face is in a scan; it is unknown of one that cannot be read.

    Raises
    ------
    SetupError
        If niimath is missing: no image is the cause.

    Examples
    --------
    >>> print(face_in(Path("cache"), Path("nowhere.nii.gz")))
    cannot tell: no such file
    """
    try:
        return presence(read_scan(path), cache)
    except ScanError as error:
        return Presence(CANNOT_TELL, reason=str(error).removeprefix(f"{path}: "))


def why_no_original(seen: Presence) -> str:
    """Say why a scan is no original that a defacer could protect; empty if it is one, whole or cut.

    Examples
    --------
    >>> why_no_original(Presence(CUT, ("chin",))), why_no_original(Presence("defaced"))
    ('', 'defaced already')
    >>> why_no_original(Presence(CANNOT_TELL, reason="every voxel is the same"))
    'cannot tell whether a face is in it: every voxel is the same'
    """
    if not seen.readable:
        return f"cannot tell whether a face is in it: {seen.reason}"
    return {DEFACED: "defaced already", NO_HEAD: "a brain without a head"}.get(seen.verdict, "")


def without_hair(path: Path) -> tuple[Picture, str]:
    """Return a portrait without hair, smaller, and why that failed; empty where it did not.

    Parameters
    ----------
    path : Path
        A photograph of one person, as far as a detector found.
    """
    before = read_photo(path)
    try:
        bald = remove_hair(before)
    except NoFaceError:
        return before, "no face found from the front"
    return bald.picture, why_failed(before, bald)


def look_at_all(scans: Sequence[Path], photos: Sequence[Path], compute: Compute) -> SeenImages:
    """Read every scan and every photograph of a dataset, and look for faces in the photographs."""
    verdicts = _all(check_scan, scans, "read scans", compute)
    verdicts |= _all(check_photo, photos, "faces in photographs", compute)
    return SeenImages(
        {path: verdict.unusable for path, verdict in verdicts.items() if verdict.unusable},
        {path: "; ".join(verdict.remarks) for path, verdict in verdicts.items() if verdict.remarks},
        {path: verdict.faces for path, verdict in verdicts.items() if verdict.faces},
    )


def with_faces_of(
    scans: Sequence[Path], seen: SeenImages, extraction: Extraction, compute: Compute
) -> SeenImages:
    """Look for faces in those scans that can be used; one without a face cannot, for a reason that is given.

    Two things are asked: whether attackers find a face in its pictures, and whether surface of a face is
    there (`baselines.alignment.presence`). A scan that is cut or unknown, and in which attackers find a face,
    stays with a remark.

    Parameters
    ----------
    scans : sequence of Path
        Of the contrasts that are asked for.
    seen : SeenImages
        From `look_at_all`.
    extraction : Extraction
        How scans become pictures.
    compute : Compute
        The workers.
    """
    usable = {str(path): path for path in scans if path not in seen.unusable}
    if not usable:
        return seen
    images = extract(usable, "scan", extraction, "faces of scans", compute)
    found = work(partial(face_in, extraction.cache), list(usable.values()), "heads", compute)
    faces = dict(zip(usable, found, strict=True))
    # Where attackers find a face, "cannot tell" is a remark and excludes no scan.
    without = {
        usable[name]: why_no_original(face) if face.readable or not images[name].acquired else ""
        for name, face in faces.items()
    }
    without |= {
        usable[name]: f"{image.reason or 'no face found'} ({faces[name]})"
        for name, image in images.items()
        if not image.acquired and not without[usable[name]]
    }
    cut = {usable[name]: str(face) for name, face in faces.items() if face.verdict in (CUT, CANNOT_TELL)}
    return replace(
        seen,
        unusable={**seen.unusable, **{path: why for path, why in without.items() if why}},
        remarks=_joined(seen.remarks, {path: said for path, said in cut.items() if not without[path]}),
    )


def _joined(before: Mapping[Path, str], more: Mapping[Path, str]) -> dict[Path, str]:
    return {
        path: "; ".join(said for said in (before.get(path), more.get(path)) if said)
        for path in {**before, **more}
    }


def _all(
    look: Callable[[Path], ImageVerdict], paths: Sequence[Path], label: str, compute: Compute
) -> dict[Path, ImageVerdict]:
    return dict(zip(paths, work(look, list(paths), label, compute), strict=True)) if paths else {}
