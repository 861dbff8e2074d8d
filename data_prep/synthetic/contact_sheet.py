"""Pictures of a whole cohort, for people to look at: scans in three planes, photographs raw and bald."""

from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.scans.scan_file import open_scan

_GAP = 12
_TITLE = 18


def contact_sheets(folder: Path, per_page: int = 24, columns: int = 2, size: int = 160) -> list[Path]:
    """Draw every person's first scan (sagittal, coronal, axial) and photographs, page by page.

    Parameters
    ----------
    folder : Path
        Root of a cohort written by `data_prep.synthetic.dataset`.
    per_page, columns : int
        People on a page, and side by side.
    size : int
        Edge of one picture, pixels.

    Returns
    -------
    list of Path
        `sourcedata/contact_sheet.png`, or `contact_sheet_01.png` and so on for more than one page.
    """
    subjects = sorted(path.name for path in folder.glob("sub-*") if path.is_dir())
    pages = [subjects[first : first + per_page] for first in range(0, len(subjects), per_page)]
    paths = []
    for number, page in enumerate(pages, start=1):
        name = "contact_sheet.png" if len(pages) == 1 else f"contact_sheet_{number:02d}.png"
        paths.append(folder / "sourcedata" / name)
        sheet = draw_page([(subject, _pictures(folder, subject)) for subject in page], columns, size)
        with whole_file(paths[-1]) as temporary:
            sheet.save(temporary, format="PNG")
    return paths


def _pictures(folder: Path, subject: str) -> list[Image.Image]:
    scan = sorted(folder.glob(f"{subject}/**/anat/*.nii.gz"))[0]
    pictures = [Image.fromarray(plane) for plane in planes(scan)]
    for place in ("sourcedata/photos/raw", "derivatives/truth/photos/bald"):
        for path in sorted((folder / place).glob(f"{subject}_*.png"))[:2]:
            with Image.open(path) as photo:
                pictures.append(photo.convert("RGB"))
    return pictures


def draw_page(people: Sequence[tuple[str, list[Image.Image]]], columns: int, size: int) -> Image.Image:
    """Draw some people, each with a title and a row of pictures; `columns` people stand side by side."""
    width = max(2, *(len(pictures) for _, pictures in people)) * size + _GAP
    height = size + _TITLE + 4
    rows = -(-len(people) // columns)
    sheet = Image.new("RGB", (min(columns, len(people)) * width, rows * height), (24, 24, 26))
    draw = ImageDraw.Draw(sheet)
    for number, (subject, pictures) in enumerate(people):
        left, top = (number % columns) * width, (number // columns) * height
        draw.text((left + 4, top + 3), subject, fill=(200, 200, 200))
        for place, picture in enumerate(pictures):
            tile = ImageOps.pad(picture.convert("RGB"), (size, size), color=(0, 0, 0))
            sheet.paste(tile, (left + place * size, top + _TITLE))
    return sheet


def planes(path: Path) -> list[NDArray[np.uint8]]:
    """Return the middle sagittal, coronal and axial slice of a scan as pictures, in true proportion.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.nii.gz"
    >>> nib.save(nib.Nifti1Image(np.ones((4, 6, 8), np.int16), np.diag([2.0, 1, 1, 1])), path)
    >>> [plane.shape for plane in planes(path)]
    [(8, 6), (8, 8), (6, 8)]
    """
    image = nib.as_closest_canonical(nib.squeeze_image(open_scan(path).image))
    data = np.asarray(image.dataobj)
    spacing = np.sqrt((image.affine[:3, :3] ** 2).sum(axis=0))
    top = max(float(np.percentile(data, 99.5)), 1.0)
    slices = []
    for axis in range(3):
        middle = np.take(data, data.shape[axis] // 2, axis=axis)
        picture = np.rot90(np.clip(middle / top * 255, 0, 255)).astype(np.uint8)
        across, down = (step for place, step in enumerate(spacing) if place != axis)
        least = spacing.min()
        size = (round(picture.shape[1] * across / least), round(picture.shape[0] * down / least))
        slices.append(np.asarray(Image.fromarray(picture).resize(size)))
    return slices
