"""The outline of what is left of a head: how far it reaches in every direction from within the skull.

Defacing takes the face and leaves the skull; stripping takes the skull and leaves the brain. Both have sizes
and shapes that go with sex, age, ancestry and, in part, with the face that is gone.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import SurfaceError, head_mask, head_threshold, isotropic

SPACING_MM = 3.0
DIRECTIONS = 64
BELOW_VERTEX_MM = 75.0  # about the middle of the brain
REACH_MM = 180.0

Floats = NDArray[np.float64]


def outline_features(scan: Scan) -> Floats | None:
    """Return how far the object in a scan reaches from a point under its vertex.

    Parameters
    ----------
    scan : Scan
        A head, or what a defacer left of it, upright within some 20 degrees.

    Returns
    -------
    ndarray, shape (66,), or None
        mm, in 64 directions evenly over the sphere; the cube root of the volume above that point's level,
        mm; the height of what there is above it, mm. None if there is no object at all.

    Examples
    --------
    >>> x, y, z = np.indices((60, 60, 60)) - 30.0
    >>> ball = Scan(100.0 * (x**2 + y**2 + z**2 < 25**2), np.diag([4.0, 4, 4, 1]))
    >>> reach = outline_features(ball)[:64]  # 100 mm from its middle, the point lies 25 mm above that
    >>> bool(abs(reach.max() - 125) < 6), bool(abs(reach.min() - 75) < 6)
    (True, True)
    """
    thin = isotropic(scan, SPACING_MM)
    data = ndimage.gaussian_filter(np.asarray(thin.data, np.float32), 0.7)
    try:
        mask = head_mask(data, head_threshold(data))
    except SurfaceError:
        return None
    height = np.flatnonzero(mask.any(axis=(0, 1)))
    level = height[-1] - BELOW_VERTEX_MM / SPACING_MM
    above = mask[:, :, max(0, int(np.ceil(level))) :]
    if not above.any():
        return None
    middle = np.array(ndimage.center_of_mass(above))[:2]
    start = np.array([*middle, level])
    steps = np.arange(0, REACH_MM, SPACING_MM / 2)
    points = start[:, None, None] + sphere(DIRECTIONS).T[:, :, None] * steps / SPACING_MM
    inside = ndimage.map_coordinates(mask.astype(np.float32), points, order=1, mode="constant") > 0.5
    last = np.where(inside.any(axis=1), inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1), 0)
    volume = np.cbrt(above.sum()) * SPACING_MM
    return np.array([*steps[last], volume, above.shape[2] * SPACING_MM])


def sphere(n: int) -> Floats:
    """Return n directions spread evenly over the sphere (Fibonacci lattice), shape (n, 3).

    Examples
    --------
    >>> np.allclose(np.linalg.norm(sphere(50), axis=1), 1), bool(np.abs(sphere(50).mean(axis=0)).max() < 0.02)
    (True, True)
    """
    k = np.arange(n) + 0.5
    z = 1 - 2 * k / n
    around = np.pi * (1 + np.sqrt(5)) * k
    flat = np.sqrt(1 - z**2)
    return np.stack([flat * np.cos(around), flat * np.sin(around), z], axis=1)
