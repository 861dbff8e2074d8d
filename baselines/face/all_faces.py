"""Every face of a photograph, and the cut that holds one of them and no other.

`baselines.face.landmarks` finds the largest face, which is enough for an attack. Before a photograph of real
people is published, every face in it counts.
"""

import dlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mriprivacy.baselines.face.landmarks import convolutional_boxes, hog_boxes
from mriprivacy.scoring.errors import UserError

# Left, top, right, bottom, pixels; right and bottom are the first column and row outside.
Box = tuple[int, int, int, int]
Margins = tuple[float, float, float, float]

# The convolutional detector takes ten seconds a megapixel, and sees faces of a tenth of this.
LONG_EDGE = 800
# Shares of a face's width and height, beside the box of the detector, which goes from brow to chin.
HEAD: Margins = (0.6, 0.8, 0.6, 0.5)  # what a cut has where no other face is near: hair, ears and chin
LEAST: Margins = (0.15, 0.3, 0.15, 0.15)  # what it has at least
OTHER: Margins = (0.3, 0.6, 0.3, 0.3)  # what of another face must lie outside, hair and ears included


class FacesOverlapError(UserError):
    """No cut holds the one face without a part of another."""


def find_faces(picture: NDArray[np.uint8]) -> tuple[Box, ...]:
    """Find every face of a photograph.

    Two detectors look: dlib's HOG detector on all pixels (seen from the front, 40 pixels and more), and its
    convolutional one on the picture made smaller (hats, beards, heads half turned). A head in profile or
    seen from behind, and a smaller face, may be found by neither.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns, 3)
        RGB.

    Returns
    -------
    tuple of (left, top, right, bottom)
        Pixels, within the picture, sorted from left to right by their middle.

    Examples
    --------
    >>> find_faces(np.zeros((200, 200, 3), np.uint8))
    ()
    """
    rows, columns = picture.shape[:2]
    small = Image.fromarray(picture)
    small.thumbnail((LONG_EDGE, LONG_EDGE), Image.Resampling.LANCZOS)
    scale = max(rows, columns) / max(small.size)
    boxes = [_box(one, 1.0, rows, columns) for one in hog_boxes(picture)[0]]
    boxes += [_box(one, scale, rows, columns) for one in convolutional_boxes(np.asarray(small))[0]]
    faces: list[Box] = []
    for box in boxes:
        if not any(_inside(_middle(box), face) or _inside(_middle(face), box) for face in faces):
            faces.append(box)
    return tuple(sorted(faces, key=_middle))


def cut_around(faces: tuple[Box, ...], chosen: int, rows: int, columns: int) -> Box:
    """Return what of a picture holds one face with its hair, and nothing of the others.

    Parameters
    ----------
    faces : tuple of Box
        From `find_faces`.
    chosen : int
        Which of them, from 0.
    rows, columns : int
        Size of the picture.

    Raises
    ------
    FacesOverlapError
        If another head reaches into the chosen face.

    Examples
    --------
    >>> cut_around(((100, 100, 200, 200), (300, 100, 400, 200)), 0, 400, 600)
    (40, 20, 260, 250)
    >>> cut_around(((100, 100, 200, 200), (270, 100, 370, 200)), 0, 400, 600)
    (40, 20, 240, 250)
    >>> cut_around(((100, 100, 200, 200), (220, 100, 320, 200)), 0, 400, 600)
    Traceback (most recent call last):
    mriprivacy.baselines.face.all_faces.FacesOverlapError: another head is too near
    """
    least = _grown(faces[chosen], LEAST, rows, columns)
    cut = _grown(faces[chosen], HEAD, rows, columns)
    for number, face in enumerate(faces):
        other = _grown(face, OTHER, rows, columns)
        if number == chosen or not _overlap(cut, other):
            continue
        ways = [
            (cut[0], cut[1], min(cut[2], other[0]), cut[3]),
            (cut[0], cut[1], cut[2], min(cut[3], other[1])),
            (max(cut[0], other[2]), cut[1], cut[2], cut[3]),
            (cut[0], max(cut[1], other[3]), cut[2], cut[3]),
        ]
        whole = [way for way in ways if _holds(way, least)]
        if not whole:
            raise FacesOverlapError("another head is too near")
        cut = max(whole, key=_area)
    return cut


def _box(found: "dlib.rectangle", scale: float, rows: int, columns: int) -> Box:
    """Return a detector's box in pixels of the picture; detectors also return what lies partly outside."""
    left, top = round(found.left() * scale), round(found.top() * scale)
    right, bottom = round((found.right() + 1) * scale), round((found.bottom() + 1) * scale)
    return max(left, 0), max(top, 0), min(right, columns), min(bottom, rows)


def _grown(box: Box, margins: Margins, rows: int, columns: int) -> Box:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return (
        max(left - round(margins[0] * width), 0),
        max(top - round(margins[1] * height), 0),
        min(right + round(margins[2] * width), columns),
        min(bottom + round(margins[3] * height), rows),
    )


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _inside(point: tuple[float, float], box: Box) -> bool:
    return box[0] <= point[0] < box[2] and box[1] <= point[1] < box[3]


def _overlap(one: Box, other: Box) -> bool:
    return max(one[0], other[0]) < min(one[2], other[2]) and max(one[1], other[1]) < min(one[3], other[3])


def _holds(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
