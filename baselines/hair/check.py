"""Whether hair removal left the face as it was, and no hair: what fails is shown to a person.

The limits were chosen on 56 synthetic people beside their truly bald photographs, and tried on 56 others
(docs/results/hair_removal.md).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.head_outline import HeadOutline, outline_of
from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.hair.removal import Bald, Picture, cut_out

MOVED = 0.06  # of the distance from the brows to the chin: farther, and it is another face
COVERED = 0.25  # of the area within brows, nose and mouth that may be painted over
SIDES = 0.7  # of the strip beside either cheek, if painted over: hair hid ears and cheeks, and leaves a cone
FRINGE = 0.65  # of the strip above the brows, if painted over: what is left of a fringe looks like one brow
ROUGH = 0.65  # contrast of the skull's top to that of the cheeks: hair is left on it
AROUND = 0.025  # of the area of the head that the person still takes up around the skull: a halo of hair


def why_failed(before: Picture, bald: Bald) -> str:
    """Say how hair removal spoilt a portrait; nothing where it did not.

    Parameters
    ----------
    before : ndarray of uint8, shape (rows, columns, 3)
        The portrait.
    bald : Bald
        What `remove_hair` made of it.

    Returns
    -------
    str
        Empty, or why the result should not be used.

    Examples
    --------
    >>> flat = np.full((200, 200, 3), 90, np.uint8)
    >>> why_failed(flat, Bald(flat, np.zeros((200, 200)), 0))
    'no face is left in it'
    """
    own, left = find_face(before, thorough=True), find_face(bald.picture, thorough=True)
    if own is None or left is None:
        return "no face is left in it"
    inner = own.landmarks[17:]
    height = float(np.ptp(own.landmarks[:, 1]))
    moved = float(np.median(np.linalg.norm(left.landmarks[17:] - inner, axis=1))) / height
    if moved > MOVED:
        return f"the face moved by {moved:.0%} of its height"
    face = np.zeros(bald.mask.shape, np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(np.rint(inner).astype(np.int32)), 1)
    covered = float(bald.mask[face.astype(bool)].mean())
    if covered > COVERED:
        return f"{covered:.0%} of the face is painted over"
    outline = outline_of(own.landmarks, *before.shape[:2])
    outline = outline.below_crown_of(cut_out(before, outline))
    if _sides(bald, outline) > SIDES:
        return "hair hides both sides of the face"
    fringe = bald.mask[outline.above_brows]
    if fringe.size and fringe.mean() > FRINGE:
        return "a fringe reaches the brows"
    if _roughness(bald.picture, outline) > ROUGH:
        return "hair is left on the head"
    return "hair is left around the head" if _around(bald.picture, outline) > AROUND else ""


def _sides(bald: Bald, outline: HeadOutline) -> float:
    """Return how much of the strip beside the cheeks is painted over, on the side with less."""
    strip = (np.abs(np.abs(outline.across) - 1.15) < 0.15) & (outline.down > 0) & (outline.down < 0.5)
    sides = [bald.mask[strip & side] for side in (outline.across < 0, outline.across > 0)]
    return min(float(side.mean()) if side.size else 0.0 for side in sides)


def _roughness(picture: Picture, outline: HeadOutline) -> float:
    """Return the median contrast of the top of the skull over that of the cheeks."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(float)
    sigma = max(3.0, 0.03 * outline.unit)
    mean, square = (cv2.GaussianBlur(values, (0, 0), sigma) for values in (grey, grey**2))
    contrast: NDArray[np.float64] = np.sqrt(np.maximum(square - mean**2, 0))
    top = (outline.down < -0.45) & outline.head & (np.abs(outline.across) < 0.75)
    if not top.any() or not outline.cheeks.any():
        return 0.0
    return float(np.median(contrast[top])) / max(float(np.median(contrast[outline.cheeks])), 1.0)


def _around(picture: Picture, outline: HeadOutline) -> float:
    """Return the area that a new cut-out of the person takes up around the skull, in areas of the head."""
    edge = 2 * max(1, round(0.05 * outline.unit)) + 1
    head = cv2.dilate(outline.head.astype(np.uint8), np.ones((edge, edge), np.uint8)).astype(bool)
    ring = ~head & (outline.down < -0.25) & (np.abs(outline.across) < 2.2)
    return float((cut_out(picture, outline) & ring).sum() / outline.head.sum())
