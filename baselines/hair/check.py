"""Whether hair removal left the face as it was: what fails is shown to a person, and not published."""

import cv2
import numpy as np

from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.hair.removal import Bald, Picture

MOVED = 0.06  # of the distance from the brows to the chin: farther, and it is another face
COVERED = 0.25  # of the area within brows, nose and mouth that may be painted over


def why_failed(before: Picture, bald: Bald) -> str:
    """Say how hair removal spoilt a portrait; nothing where the face stayed.

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
    return f"{covered:.0%} of the face is painted over" if covered > COVERED else ""
