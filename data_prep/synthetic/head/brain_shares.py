"""One person's grey and white matter on the grid of a scan: the template's maps at displaced places."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.brain import brain_template, template_box
from mriprivacy.data_prep.synthetic.head.inside import STEP, Inside, displacement
from mriprivacy.data_prep.synthetic.head.voxels import Shape

# Beyond this distance from the brain's surface there is nothing of it, mm.
BRAIN_RIM_MM = 1.5
# So far beyond the template's surface a young brain reaches, mm: some fluid is left before the skull.
FULL_MM = 1.3


@dataclass(frozen=True)
class BrainShares:
    """What the brain is made of in a box of voxels of a grid.

    Attributes
    ----------
    box : tuple of slice
        Where in the grid.
    grey, white : ndarray, shape (i, j, k)
        Shares of the tissues, 0 to 1; the rest is fluid. None beyond `BRAIN_RIM_MM`.
    distance : ndarray, shape (i, j, k)
        Signed distance from the brain's surface, mm, negative inside.
    """

    box: tuple[slice, ...]
    grey: NDArray[np.float32]
    white: NDArray[np.float32]
    distance: NDArray[np.float32]


def brain_shares(
    inside: Inside, brain_to_world: NDArray[np.float64], affine: NDArray[np.float64], shape: Shape
) -> BrainShares:
    """Bring a person's grey and white matter to a grid.

    Parameters
    ----------
    inside : Inside
        The person's.
    brain_to_world : ndarray, shape (4, 4)
        From `fit_brain`.
    affine : ndarray, shape (4, 4)
        Voxel to world of the grid; diagonal and positive.
    shape : tuple of int
        The grid.
    """
    template = brain_template()
    box, to_template = template_box(brain_to_world, affine, shape)
    size = tuple(part.stop - part.start for part in box)
    grey, white = np.zeros(size, np.float32), np.zeros(size, np.float32)
    distance = np.full(size, 60.0, np.float32)
    scale = float(exact.power(exact.determinant(brain_to_world), 1 / 3))
    maps = (template.distance, template.grey, template.white)
    _take(*maps, displacement(inside), to_template, scale, distance, grey, white)
    return BrainShares(box, grey, white, distance)


@njit(cache=True)
def _cell(shape: tuple[int, int, int], x: float, y: float, z: float) -> tuple[int, int, int, Any]:
    """Return the first corner of the cell of a grid around a place, and the weights of its eight corners."""
    i = min(max(int(x), 0), shape[0] - 2)
    j = min(max(int(y), 0), shape[1] - 2)
    k = min(max(int(z), 0), shape[2] - 2)
    a, b, c = (min(max(x - i, 0.0), 1.0), min(max(y - j, 0.0), 1.0), min(max(z - k, 0.0), 1.0))
    p, q, r, s = (1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b
    return i, j, k, (p * (1 - c), p * c, q * (1 - c), q * c, r * (1 - c), r * c, s * (1 - c), s * c)


@njit(cache=True)
def _at(data: Any, i: int, j: int, k: int, w: Any) -> Any:
    low, high = data[i], data[i + 1]
    near = w[0] * low[j, k] + w[1] * low[j, k + 1] + w[2] * low[j + 1, k] + w[3] * low[j + 1, k + 1]
    far = w[4] * high[j, k] + w[5] * high[j, k + 1] + w[6] * high[j + 1, k] + w[7] * high[j + 1, k + 1]
    return near + far


@njit(cache=True)
def _take(
    surface: Any,
    grey_map: Any,
    white_map: Any,
    field: Any,
    m: Any,
    scale: float,
    distance: Any,
    grey: Any,
    white: Any,
) -> None:
    """Fill the three arrays in place, voxel by voxel."""
    shape = surface.shape
    nodes = (field.shape[0], field.shape[1], field.shape[2])
    for u in range(distance.shape[0]):
        for v in range(distance.shape[1]):
            for w in range(distance.shape[2]):
                x = m[0, 0] * u + m[0, 1] * v + m[0, 2] * w + m[0, 3]
                y = m[1, 0] * u + m[1, 1] * v + m[1, 2] * w + m[1, 3]
                z = m[2, 0] * u + m[2, 1] * v + m[2, 2] * w + m[2, 3]
                if x < 0 or y < 0 or z < 0 or x > shape[0] - 1 or y > shape[1] - 1 or z > shape[2] - 1:
                    continue
                i, j, k, weights = _cell(shape, x, y, z)
                cranium = _at(surface, i, j, k, weights) - FULL_MM
                if cranium * scale >= BRAIN_RIM_MM:
                    distance[u, v, w] = cranium * scale
                    continue
                i, j, k, weights = _cell(nodes, x / STEP, y / STEP, z / STEP)
                x += _at(field[..., 0], i, j, k, weights)
                y += _at(field[..., 1], i, j, k, weights)
                z += _at(field[..., 2], i, j, k, weights)
                folds = _at(field[..., 3], i, j, k, weights)
                i, j, k, weights = _cell(shape, x, y, z)
                beyond = max(cranium, _at(surface, i, j, k, weights)) * scale
                distance[u, v, w] = beyond
                if beyond < BRAIN_RIM_MM:
                    # The average of 152 brains is blurred; a steeper share brings cortex and sulci back.
                    core = (_at(white_map, i, j, k, weights) - 0.5) * 1.6 + 0.5
                    core = min(max(core, 0.0), 1.0)
                    rind = (_at(grey_map, i, j, k, weights) + folds - 0.4) * 1.8 + 0.4
                    white[u, v, w] = core
                    grey[u, v, w] = min(max(rind, 0.0), 1.0 - core)
