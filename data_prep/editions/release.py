"""Release one scan or one photo: read it, keep what the challenge needs and nothing else, write it.

Each function takes one item of a plan and an output folder and depends on nothing else, so items may be
released in any order and on any number of workers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.cohorts.cohort_files import PHOTO_FORMATS
from mriprivacy.data_prep.cohorts.face_table import Box
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.formats.nifti import write_nifti
from mriprivacy.scans.scan_file import ScanError, open_scan

_STORED = ("uint8", "int16", "uint16", "int32", "float32")


@dataclass(frozen=True)
class ScanItem:
    """A scan to release.

    Attributes
    ----------
    subject, split, probe : str
        Its subject, its target, its id.
    source, target : Path
        The cohort's file; the released one, relative to the edition.
    truth : tuple of (source, target)
        The same for what is sealed: masks and labels on the grid of the scan, landmarks.
    centred : bool
        Whether world coordinates begin in the middle of the grid instead of where the scanner put them. Two
        scans of one session lie at one place; where both are released, that place would link them.
    """

    subject: str
    split: str
    probe: str
    source: Path
    target: Path
    truth: tuple[tuple[Path, Path], ...]
    centred: bool = False


@dataclass(frozen=True)
class PhotoItem:
    """A photo, in one condition, to release or, as truth, to seal; fields as in `ScanItem`.

    Attributes
    ----------
    cut : (left, top, right, bottom) or None
        What of the upright picture is released, pixels; None until its faces were checked.
    """

    subject: str
    split: str
    reference: str
    condition: str
    source: Path
    target: Path
    cut: Box | None = None


def release_scan(item: ScanItem, folder: Path) -> None:
    """Write the released scan and, where the cohort has it, its sealed truth.

    Parameters
    ----------
    item : ScanItem
        From `Plan.scans`.
    folder : Path
        The edition being built.

    Raises
    ------
    CohortError
        If the scan cannot be read, is not finite, or has a type that cannot be stored without loss.
    ScanError
        If its header is refused (`scans.scan_file.open_scan`).
    """
    data, affine = _read(item.source)
    released = centred(affine, data.shape) if item.centred else affine
    write_nifti(folder / item.target, data, released)
    for source, target in item.truth:
        if source.suffix == ".tsv":
            with whole_file(folder / target) as temporary:
                temporary.write_bytes(source.read_bytes())
            continue
        truth, truth_affine = _read(source)
        if truth.shape != data.shape or not np.allclose(truth_affine, affine, atol=1e-3):
            raise CohortError(f"{source}: not on the grid of {item.source.name}")
        if target.parent.name.endswith("masks"):
            truth = (truth > 0).astype(np.uint8)
        write_nifti(folder / target, truth, released)


def centred(affine: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Move the origin of world coordinates to the middle of the grid; directions and voxels stay.

    Examples
    --------
    >>> centred(np.diag([2.0, 1, 1, 1]) + np.eye(4, k=3) * 90, (5, 3, 3))[:3, 3].tolist()
    [-4.0, -1.0, -1.0]
    """
    moved = affine.copy()
    moved[:3, 3] = -affine[:3, :3] @ ((np.array(shape[:3]) - 1) / 2)
    return moved


def _read(path: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    try:
        data, affine = canonical_scan(nib.squeeze_image(open_scan(path).image))
    except (CohortError, ScanError):
        raise
    except Exception as error:  # nibabel, gzip, zlib and numpy each raise their own on broken files
        raise CohortError(f"{path}: cannot be released ({type(error).__name__}: {error})") from error
    return data, affine


def canonical_scan(image: nib.Nifti1Image) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Turn a scan to the nearest RAS+ orientation, voxels otherwise as they are.

    Unscaled integers and float32 keep their type; a scaled or float64 scan becomes float32, a wider integer
    int32.

    Returns
    -------
    data : ndarray, shape (i, j, k)
        uint8, int16, uint16, int32 or float32, little endian.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm.

    Raises
    ------
    ValueError
        If the scan is not real and 3-D, has values that are not finite, or all one value.

    Examples
    --------
    >>> left = nib.Nifti1Image(np.arange(8, dtype=np.int16).reshape(2, 2, 2), np.diag([-1.0, 1, 1, 1]))
    >>> data, affine = canonical_scan(left)
    >>> data[:, 0, 0].tolist(), affine[0].tolist(), data.dtype.name
    ([4, 0], [1.0, 0.0, 0.0, -1.0], 'int16')
    """
    if image.ndim != 3:
        raise ValueError(f"shape is {image.shape}; expected one 3-D volume")
    image = nib.as_closest_canonical(image)
    data = np.asanyarray(image.dataobj)
    if data.dtype.kind not in "iuf":
        raise ValueError(f"voxels are {data.dtype}; expected real numbers")
    if data.dtype.kind == "f":
        data = data.astype(np.float32)
    elif data.dtype.name in _STORED:
        data = data.astype(data.dtype.newbyteorder("<"))
    elif np.abs(data.astype(np.float64)).max() < 2**31:
        data = data.astype(np.int32)
    else:
        raise ValueError(f"voxels of type {data.dtype} do not fit 32 bits")
    if not np.isfinite(data).all():
        raise ValueError("some voxels are not finite numbers")
    if data.min() == data.max():
        raise ValueError(f"every voxel is {data.min()}")
    return data, np.asarray(image.affine, dtype=np.float64) + 0.0


def release_photo(
    item: PhotoItem, folder: Path, edit: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None = None
) -> None:
    """Write the released photo, cut if that is so decided: 8-bit RGB, fixed compression, no metadata.

    Parameters
    ----------
    item : PhotoItem
        From `Plan.photos`.
    folder : Path
        The edition being built.
    edit : callable, optional
        What is done to the picture, shape (height, width, 3), after the cut and before it is released, such
        as hair removal.

    Raises
    ------
    CohortError
        If the photo cannot be read.
    """
    try:
        with Image.open(item.source, formats=PHOTO_FORMATS) as image:
            image.load()  # first, so that what fails next is EXIF
            pixels = canonical_photo(image)
    except CohortError as error:
        raise CohortError(f"{item.source}: {error}") from error
    except Exception as error:  # Pillow raises OSError, SyntaxError, struct.error and others on broken files
        raise CohortError(f"{item.source}: cannot be released ({type(error).__name__}: {error})") from error
    if item.cut is not None:
        left, top, right, bottom = item.cut
        pixels = np.ascontiguousarray(pixels[top:bottom, left:right])
    if edit is not None:
        try:
            pixels = edit(pixels)
        except ValueError as error:
            raise CohortError(f"{item.source}: {error}") from error
    with whole_file(folder / item.target) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG", compress_level=6)


def canonical_photo(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels of a photo, upright, shape (height, width, 3), as `read_photo` sees them.

    Transparency is put on white; grey of 8 or 16 bits, palettes and CMYK become RGB.

    Raises
    ------
    CohortError
        If the EXIF block is damaged.

    Examples
    --------
    >>> canonical_photo(Image.new("L", (4, 3), 7)).shape
    (3, 4, 3)
    >>> canonical_photo(Image.new("RGBA", (4, 3), (0, 0, 0, 0)))[0, 0].tolist()
    [255, 255, 255]
    """
    image = _turned(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    if image.mode.startswith("I"):  # 16 bits of grey, which convert() would cut off, not scale
        image = Image.fromarray((np.asarray(image, np.uint32) >> 8).astype(np.uint8))
    return np.array(image.convert("RGB"))


def _turned(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation; where it cannot be read, the upright direction is not known."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # struct.error, TypeError, SyntaxError and others
        raise CohortError(
            f"its EXIF block is damaged ({error}), so which way is up is not known; save the picture anew, "
            "upright and without metadata"
        ) from error
