"""Photographs as people send them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

SUFFIXES = (".png", ".jpg", ".jpeg")
MAX_PIXELS = 50_000_000
LONG_EDGE = 1000  # pixels; a face that fills half of it is more than any network here looks at


class PhotoError(ValueError):
    """A file that cannot be used as a photograph."""


def read_photo(path: Path) -> NDArray[np.uint8]:
    """Read a photograph as RGB, upright, at most 1000 pixels along its longer edge.

    Parameters
    ----------
    path : Path
        PNG or JPEG. EXIF orientation is applied, transparency is put on white, gray becomes RGB.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB.

    Raises
    ------
    PhotoError
        If the file is missing, is no PNG or JPEG, is broken, or has more than 50 million pixels.

    Examples
    --------
    >>> read_photo(Path("nobody.jpg"))
    Traceback (most recent call last):
    baselines.photo.PhotoError: nobody.jpg: no such file
    """
    if not path.is_file():
        raise PhotoError(f"{path}: no such file")
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width} x {image.height}"
                raise PhotoError(f"{path}: {size} pixels; expected at most {MAX_PIXELS // 10**6} million")
            upright = ImageOps.exif_transpose(image)
            if upright.has_transparency_data:
                rgba = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
            rgb = upright.convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise PhotoError(
            f"{path}: not a readable photograph ({error}); expected PNG or JPEG (convert HEIC and "
            "others first)"
        ) from error
    rgb.thumbnail((LONG_EDGE, LONG_EDGE), Image.Resampling.LANCZOS)
    return np.asarray(rgb)
