"""Is a face there at all? What the field of view and the depth of the landmarks say.

A detector that fires proves nothing: dlib finds a face on heads whose face was cut off, and its predictor
returns 68 points for any box. So two things are measured on the surface itself and recorded for every scan.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.render import DISTANCE_MM, HEIGHT_MM, camera_of, face_centre
from mriprivacy.baselines.face.surface import HeadSurface
from mriprivacy.baselines.face.views import View

# A nose stands out of the plane of the eyes: on whole heads, real and synthetic, by 18 to 38 mm, by 8 and
# more on blurred and blocked ones, by at most 6 mm where the face was shaved or not scanned. A pasted nose
# stood out by 11 mm and more but once (5 mm; docs/results/real_heads.md).
FLAT_NOSE_MM = 7.0
# More is no nose: a landmark of an eye lies in a step of the surface, on what is far behind the face.
LARGEST_NOSE_MM = 60.0
NEAR_MM = 3.0
LAYER_MM = 10.0  # of the surface in front


def nose_depth(surface: HeadSurface, face: Face, view: View, size: int) -> float:
    """Return how far the nose tip stands out from the eyes, measured on the surface under the landmarks.

    Parameters
    ----------
    surface : HeadSurface
        The head.
    face : Face
        Found in its picture.
    view : View
        Under which it was drawn; measured along the direction of the camera.
    size : int
        Edge of the picture, pixels.

    Returns
    -------
    float
        Millimetres towards the camera; NaN where a landmark lies beside the head.
    """
    points = [face.landmarks[30], face.landmarks[36:42].mean(axis=0), face.landmarks[42:48].mean(axis=0)]
    nose, right, left = depths(surface, np.array(points), view, size)
    return float(nose - (right + left) / 2)


def depths(surface: HeadSurface, pixels: NDArray[np.float64], view: View, size: int) -> NDArray[np.float64]:
    """Return how near to the camera the surface is at pixels of a picture.

    Parameters
    ----------
    surface : HeadSurface
        The head.
    pixels : ndarray, shape (n, 2)
        x (to the right) and y (down).
    view : View
        Under which the picture was drawn.
    size : int
        Edge of the picture, pixels.

    Returns
    -------
    ndarray, shape (n,)
        Millimetres from the mid-face towards the camera; NaN beside the head.
    """
    reach = NEAR_MM * size / HEIGHT_MM
    camera = camera_of(face_centre(surface.mesh), view, size)
    x, y, inverse = camera.project(surface.mesh.points).T
    depth = DISTANCE_MM - 1 / inverse
    low, high = pixels.min(axis=0) - reach, pixels.max(axis=0) + reach
    between = (x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])
    flat, depth = np.stack([x[between], y[between]], axis=1), depth[between]
    found = np.full(len(pixels), np.nan)
    for number, pixel in enumerate(pixels):
        near = np.abs(flat - pixel).max(axis=1) < reach
        if near.any():  # what is in front hides what is behind, which a coarse surface has as many points of
            own = np.sort(depth[near])
            found[number] = np.median(own[own > own[-1] - LAYER_MM][-9:])
    return found


def nose_of(surface: HeadSurface, faces: Sequence[Face | None], views: Sequence[View], size: int) -> float:
    """Return the median nose depth over the views in which one can be measured; NaN without any."""
    found = [
        nose_depth(surface, face, view, size)
        for face, view in zip(faces, views, strict=True)
        if face is not None
    ]
    measured = [depth for depth in found if np.isfinite(depth)]
    return float(np.median(measured)) if measured else float("nan")


def why_no_face(nose_mm: float) -> str:
    """Say why what a detector took for the face of a scan can be none; nothing where it can.

    Examples
    --------
    >>> why_no_face(31.3)
    ''
    >>> why_no_face(-4.2)
    'a face was seen, but no nose stands out (-4 mm)'
    """
    if np.isnan(nose_mm):
        return "a face was seen, but its eyes or its nose lie beside the head in every view"
    if nose_mm < FLAT_NOSE_MM:
        return f"a face was seen, but no nose stands out ({nose_mm:.0f} mm)"
    if nose_mm > LARGEST_NOSE_MM:
        return f"a face was seen, but no nose stands out that far ({nose_mm:.0f} mm): its eyes lie behind it"
    return ""
