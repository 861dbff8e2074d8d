"""The relief of a face: small hills and hollows that neither a measure nor the mesh data determines.

Places on a lattice over the face move to the front, to the side or up, alike on both sides; each is a
direction of its own in which faces differ. Eyeballs and the back of the head stay.
"""

import re

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact

FOLDER = "relief"
# How far a place moves at weight one, and how far it takes its neighbours along, mm.
MOVED_MM, REACH_MM = 7.0, 14.0
# The lattice on the neutral head, the middle between the eyes at (0, 72, 0): sideways and up, mm.
ACROSS = (0.0, 16.0, 32.0, 48.0)
UP = tuple(range(-104, 57, 16))
AXES = "xyz"
EYES, EYE_STAYS_MM, EYE_MOVES_MM = (31.0, 72.0, 0.0), 14.0, 30.0


def relief_names() -> tuple[str, ...]:
    """List the directions, each with its opposite; what lies in the middle does not move sideways.

    Examples
    --------
    >>> relief_names()[:2], len(relief_names())
    (('relief/00-0-y-decr', 'relief/00-0-y-incr'), 242)
    """
    return tuple(
        f"{FOLDER}/{row:02d}-{column}-{axis}-{way}"
        for row in range(len(UP))
        for column in range(len(ACROSS))
        for axis in (AXES if column else AXES[1:])
        for way in ("decr", "incr")
    )


def relief(name: str, neutral: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which vertices move at weight one, and how far.

    Parameters
    ----------
    name : str
        One of `relief_names`.
    neutral : ndarray, shape (n, 3)
        The neutral head, mm.

    Returns
    -------
    indices : ndarray, shape (k,)
        Vertices that move.
    offsets : ndarray, shape (k, 3)
        Millimetres.

    Examples
    --------
    >>> nose, nape = [0.0, 100.0, -24.0], [0.0, -80.0, -24.0]
    >>> indices, offsets = relief("relief/05-0-y-incr", np.array([nape, nose]))
    >>> indices.tolist(), offsets.tolist()
    ([1], [[0.0, 7.0, 0.0]])
    """
    found = re.fullmatch(rf"{FOLDER}/(\d\d)-(\d)-([{AXES}])-(incr|decr)", name)
    if found is None:
        raise ValueError(f"{name!r} is no direction of the relief")
    row, column, axis = int(found[1]), int(found[2]), AXES.index(found[3])
    x, y, z = neutral.T
    right, left = (_hill(x - side * ACROSS[column], z - UP[row]) for side in (1, -1))
    # To the side is outwards on both sides; in the middle both hills are one.
    hills = right if column == 0 else right - left if axis == 0 else right + left
    moved = MOVED_MM * hills * _front(y) * _off_the_eyes(x, y, z) * (1 if found[4] == "incr" else -1)
    indices = np.flatnonzero(np.abs(moved) > 1e-6)
    offsets = np.zeros((len(indices), 3))
    offsets[:, axis] = np.round(moved[indices], 9)
    return indices, offsets


def _hill(across: NDArray[np.float64], up: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(exact.exp(-(across * across + up * up) / REACH_MM**2))


def _front(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 on the front of the face, 0 from the ears on."""
    share = np.clip((y - 10) / 50, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _off_the_eyes(
    x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]
) -> NDArray[np.float64]:
    a, b, c = EYES
    away = np.sqrt((np.abs(x) - a) ** 2 + (y - b) ** 2 + (z - c) ** 2)
    share = np.clip((away - EYE_STAYS_MM) / (EYE_MOVES_MM - EYE_STAYS_MM), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))
