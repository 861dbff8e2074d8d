"""Photographs as people send them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mriprivacy.scoring.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_PIXELS = 50_000_000
MAX_BYTES = 100_000_000
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
LONG_EDGE = 1000  # pixels; a face that fills half of it is more than any network here looks at


class PhotoError(UserError):
    """A file that cannot be used as a photograph."""


def read_photo(path: Path, whole: bool = False) -> NDArray[np.uint8]:
    """Read a photograph as RGB, upright, at most 1000 pixels along its longer edge.

    Parameters
    ----------
    path : Path
        PNG or JPEG. EXIF orientation is applied, transparency is put on white, gray (8 or
        16 bits) and CMYK become RGB.
    whole : bool
        Whether to keep every pixel of a larger one.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB.

    Raises
    ------
    PhotoError
        If the file is missing, is no PNG or JPEG (HEIC is named), is broken, has a damaged EXIF block, or
        more than 50 million pixels or 100 MB.

    Examples
    --------
    >>> read_photo(Path("missing.jpg"))
    Traceback (most recent call last):
    mriprivacy.baselines.face.photo.PhotoError: missing.jpg: no such file
    """
    if not path.is_file():
        raise PhotoError(f"{path}: no such file")
    with path.open("rb") as stream:
        start = stream.read(12)
        size = stream.seek(0, 2)
    if size > MAX_BYTES:
        raise PhotoError(f"{path}: {size / 1e6:.0f} MB; expected at most {MAX_BYTES // 10**6} MB")
    if start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS:
        raise PhotoError(
            f"{path}: is a HEIC (or AVIF) photograph, whatever its name says; save it as JPEG first (a phone "
            "can be set to take JPEG: 'most compatible')"
        )
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                extent = f"{image.width} x {image.height}"
                raise PhotoError(f"{path}: {extent} pixels; expected at most {MAX_PIXELS // 10**6} million")
            image.load()  # first, so that what fails next is EXIF
            upright = _turned(path, image)
            if upright.has_transparency_data:
                rgba = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
            if upright.mode.startswith("I"):  # 16 bits of grey, which convert() would cut off, not scale
                upright = Image.fromarray((np.asarray(upright, np.uint32) >> 8).astype(np.uint8))
            rgb = upright.convert("RGB")
    except PhotoError:
        raise
    except Exception as error:  # Pillow raises OSError, SyntaxError, struct.error and others on broken files
        raise PhotoError(
            f"{path}: not a readable photograph ({error}); expected PNG or JPEG (convert others first)"
        ) from error
    return np.asarray(rgb) if whole else shrunk(np.asarray(rgb))


def shrunk(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make a picture at most 1000 pixels along its longer edge, as `read_photo` does.

    Examples
    --------
    >>> shrunk(np.zeros((500, 2000, 3), np.uint8)).shape
    (250, 1000, 3)
    """
    image = Image.fromarray(picture)
    image.thumbnail((LONG_EDGE, LONG_EDGE), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _turned(path: Path, image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation; where it cannot be read, the upright direction is not known."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # struct.error, TypeError, SyntaxError and others
        raise PhotoError(
            f"{path}: its EXIF block is damaged ({error}), so which way is up is not known; save the picture "
            "anew, upright and without metadata"
        ) from error
