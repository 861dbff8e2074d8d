"""Quickshear: one plane that shears the face off below the brain (Schimke and Hale, HealthSec 2011)."""

from pathlib import Path

import numpy as np
from nibabel.affines import apply_affine
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from mriprivacy.baselines.defacers.masked import air, put
from mriprivacy.baselines.defacers.registration import register
from mriprivacy.baselines.defacers.template import DefacerError, average_brain, bring
from mriprivacy.baselines.face.scan import Scan

BUFFER_MM = 10.0


def quickshear(scan: Scan, cache: Path | None = None) -> Scan:
    """Set everything in front of and below a plane under the brain to air.

    The brain, here the registered ICBM152 one, is seen from the side. The plane holds the first edge of the
    convex hull of that profile, from its foremost point downwards, moved 10 mm away from the brain. (The
    paper's buffer is 10 voxels of about 1 mm.)

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`registration.register`).

    Returns
    -------
    Scan
        Same grid, affine and data type; the voxels kept are unchanged.
    """
    brain = bring(average_brain(), register(scan, cache).scan_to_head, scan, outside=-100.0) > 0
    if not brain.any():
        return put(scan, brain, 0.0)
    profile = apply_affine(scan.affine, np.argwhere(brain))[:, 1:]
    try:
        normal, offset = shear(profile, BUFFER_MM)
    except QhullError as error:  # points on one line
        raise DefacerError("hardly any of the brain lies in the field of view") from error
    i, j, k = np.ogrid[tuple(map(slice, scan.data.shape))]
    y, z = (scan.affine[row, 0] * i + scan.affine[row, 1] * j + scan.affine[row, 2] * k for row in (1, 2))
    height = normal[0] * (y + scan.affine[1, 3]) + normal[1] * (z + scan.affine[2, 3])
    return put(scan, height > offset, air(scan))


def shear(profile: NDArray[np.float64], buffer: float) -> tuple[NDArray[np.float64], float]:
    """Return the line that parts the face from a brain seen from the side.

    Parameters
    ----------
    profile : ndarray, shape (n, 2)
        Points of the brain: to the front, up.
    buffer : float
        Distance between the line and the brain, at least 0.

    Returns
    -------
    normal : ndarray, shape (2,)
        Unit vector to the front and down, away from the brain.
    offset : float
        A point is given up where its product with `normal` exceeds it.

    Examples
    --------
    >>> brain = np.array([[0, 0], [10, 0], [14, 4], [14, 10], [0, 10]])
    >>> normal, offset = shear(brain, buffer=0.0)
    >>> np.round(normal, 3).tolist(), round(offset, 3)
    ([0.707, -0.707], 7.071)
    """
    hull = profile[ConvexHull(profile).vertices]  # counter-clockwise
    front = hull[:, 0] == hull[:, 0].max()
    start = int(np.flatnonzero(front)[hull[front, 1].argmin()])
    # Counter-clockwise with the front to the right goes up at the front: downwards is backwards in the list.
    first, second = hull[start], hull[start - 1]
    along = second - first
    normal = np.array([-along[1], along[0]]) / np.hypot(*along)
    return normal, float(normal @ first) + buffer
