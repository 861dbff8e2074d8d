"""What is in the images of a dataset: scans that can be used, faces in scans, faces in photographs.

Scans are read and looked at by what `attack` uses, so that both say the same of a scan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mriprivacy.baselines.face.all_faces import Box, find_faces
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.baselines.hair.check import why_failed
from mriprivacy.baselines.hair.removal import NoFaceError, Picture, remove_hair
from mriprivacy.challenge.attackers.features import Extraction, extract
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.data_prep.inspection.proposal import SeenImages
from mriprivacy.scans.scan_file import check_head_size, open_scan
from mriprivacy.scoring.errors import UserError

DEFACED = "defaced already, cut, turned or no head"


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
    """Look for faces in those scans that can be used; one without a face cannot, and it is said why.

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
    without = {
        usable[name]: f"{image.reason or 'no face found'}: {DEFACED}"
        for name, image in images.items()
        if not image.acquired
    }
    return replace(seen, unusable={**seen.unusable, **without})


def _all(
    look: Callable[[Path], ImageVerdict], paths: Sequence[Path], label: str, compute: Compute
) -> dict[Path, ImageVerdict]:
    return dict(zip(paths, work(look, list(paths), label, compute), strict=True)) if paths else {}
