"""Is a face there at all? What the field of view and the depth of the landmarks say.

A detector that fires proves nothing: dlib finds a face on heads whose face was cut off, and its predictor
returns 68 points for any box. So two things are measured on the surface itself and recorded for every scan.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.render import HEIGHT_MM

# A nose stands out of the plane of the eyes: on whole heads, real and synthetic, by 18 to 38 mm, by 8 and
# more on blurred and blocked ones, by at most 6 mm where the face was shaved or not scanned. A pasted nose
# stood out by 11 mm and more but once (5 mm; docs/results/real_heads.md).
FLAT_NOSE_MM = 7.0
# More is no nose: a landmark of an eye lies in a step of the surface, on what is far behind the face.
LARGEST_NOSE_MM = 60.0
NEAR_MM = 3.0
LAYER_MM = 10.0  # of the surface in front


def nose_depth(depth: NDArray[np.float64], face: Face) -> float:
    """Return how far the nose tip stands out from the eyes, measured on the surface under the landmarks.

    Parameters
    ----------
    depth : ndarray, shape (rows, columns)
        Of the picture, from `render_with_depth`; measured along the direction of the camera.
    face : Face
        Found in that picture.

    Returns
    -------
    float
        Millimetres towards the camera; NaN where a landmark lies beside the head.
    """
    places = (face.landmarks[30], face.landmarks[36:42].mean(axis=0), face.landmarks[42:48].mean(axis=0))
    nose, right, left = (depth_at(depth, place) for place in places)
    return nose - (right + left) / 2


def depth_at(depth: NDArray[np.float64], pixel: NDArray[np.float64]) -> float:
    """Return how near to the camera the surface is about a pixel, x (to the right) and y (down).

    Examples
    --------
    >>> depth_at(np.full((400, 400), 7.0), np.array([20.0, 30.0]))
    7.0
    """
    reach = NEAR_MM * len(depth) / HEIGHT_MM
    (left, top), (right, bottom) = np.floor(pixel - reach).astype(int), np.ceil(pixel + reach).astype(int)
    near = depth[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)].ravel()
    own = np.sort(near[np.isfinite(near)])
    # What is in front hides what is behind: at an outline, the nearest layer counts.
    return float(np.median(own[own > own[-1] - LAYER_MM][-9:])) if len(own) else float("nan")


def nose_of(depths: Sequence[NDArray[np.float64]], faces: Sequence[Face | None]) -> float:
    """Return the median nose depth over the views in which one can be measured; NaN without any."""
    found = [nose_depth(depth, face) for depth, face in zip(depths, faces, strict=True) if face is not None]
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
