"""The brain itself: edges of tissue, at the same places of every brain.

Defacing leaves the brain, and stripping leaves nothing else. A brain is one person's in every scan and every
contrast (Wachinger et al. 2015, BrainPrint). This is the paper's future work (Boutet et al. 2023, VI).
"""

from contextlib import suppress
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.alignment.registration import CLEAR_SIMILARITY, coarse, register
from mriprivacy.baselines.alignment.template import AlignmentError, average_brain, bring
from mriprivacy.baselines.face.scan import Scan

SAMPLED_MM = 3.0
CELL_MM = 6.0
INSIDE_MM = 3.0  # from the border of the average brain, where defacers decide as much as the brain does
NEIGHBOURHOOD_MM = 18.0

Floats = NDArray[np.float64]


def brain_features(scan: Scan) -> Floats | None:
    """Return how sharp the borders of tissue are at every place of the average brain.

    A border is one in every contrast, dark to bright or bright to dark. So the strength of the gradient is
    taken, over its mean in the neighbourhood: neither contrast, gain nor coil decides.

    Parameters
    ----------
    scan : Scan
        A head, defaced or not, or a brain without one.

    Returns
    -------
    ndarray, shape (d,), or None
        Of length 1, with mean 0. None if the average head cannot be laid on the scan, or nothing is there.

    Examples
    --------
    >>> brain_features(Scan(np.zeros((20, 20, 20)), np.diag([8.0, 8, 8, 1]))) is None
    True
    """
    to_head = _laid(scan)
    if to_head is None:
        return None
    grid, cells = _places()
    values = bring(coarse(scan, SAMPLED_MM), np.linalg.inv(to_head).astype(np.float64), grid, outside=0.0)
    edges = ndimage.gaussian_gradient_magnitude(values.astype(np.float64), 1.0)
    around = ndimage.gaussian_filter(edges, NEIGHBOURHOOD_MM / SAMPLED_MM / 2)
    sharp = edges / np.maximum(around, 1e-6 * max(edges.max(), 1e-300))
    found = ndimage.mean(sharp, cells, np.arange(1, cells.max() + 1))
    found = found - found.mean()
    length = np.linalg.norm(found)
    return found / length if length > 0 else None


def _laid(scan: Scan) -> Floats | None:
    """Return where the average head lies: by a fast fit, and where that is not clear, by the best of many."""
    found = []
    for strict in (False, True):
        with suppress(AlignmentError):
            found.append(register(scan, strict=strict))
            if found[-1].similarity > CLEAR_SIMILARITY:
                break
    return max(found, key=lambda fit: fit.similarity).scan_to_head if found else None


@cache
def _places() -> tuple[Scan, NDArray[np.int64]]:
    """Return a grid over the average brain, and the cell of each of its points, from 1; 0 is none."""
    brain = average_brain()
    low, high = (np.argwhere(brain.data > 0).T.min(axis=1) - 3, np.argwhere(brain.data > 0).T.max(axis=1) + 4)
    corner = (brain.affine @ [*low, 1.0])[:3]
    reach = (brain.affine @ [*high, 1.0])[:3]
    shape = np.ceil(np.abs(reach - corner) / SAMPLED_MM).astype(int)
    affine = np.diag([SAMPLED_MM] * 3 + [1.0])
    affine[:3, 3] = np.minimum(corner, reach)
    grid = Scan(np.zeros(tuple(shape), np.float32), affine)
    inside = bring(brain, np.eye(4), grid, outside=-100.0) > INSIDE_MM
    step = round(CELL_MM / SAMPLED_MM)
    block = np.ravel_multi_index(tuple(np.indices(shape) // step), tuple(shape // step + 1))
    cells = np.unique(block[inside], return_inverse=True)[1]
    labels = np.zeros(tuple(shape), np.int64)
    labels[inside] = cells + 1
    return grid, labels
