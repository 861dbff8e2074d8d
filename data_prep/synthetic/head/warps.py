"""Smooth displacements of the whole head, each for one direction in which heads are measured.

A warp is a target like those of the mesh data, but made of the neutral head: places near one another move
alike, so that lids go with eyeballs, teeth with lips and hair with the skin. Amplitudes are about 1 mm.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact

Field = NDArray[np.float64]
PREFIX = "warps/"


def _step(value: Field, low: float, high: float) -> Field:
    """Go smoothly from 0 at `low` to 1 at `high`."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(share * share * share * (share * (share * 6 - 15) + 10))


def _bump(
    x: Field, y: Field, z: Field, centre: tuple[float, float, float], radii: tuple[float, ...]
) -> Field:
    """Return 1 at the centre, falling to nothing over about twice the radii."""
    square = sum(((a - c) / r) ** 2 for a, c, r in zip((x, y, z), centre, radii, strict=True))
    return np.asarray(exact.exp(-square))


def _flat(
    x: Field, y: Field, z: Field, centre: tuple[float, float, float], inner: float, outer: float
) -> Field:
    """Return 1 within one radius, 0 beyond the other."""
    square = sum((a - c) ** 2 for a, c in zip((x, y, z), centre, strict=True))
    return 1 - _step(np.sqrt(square), inner, outer)


def _both(
    x: Field, y: Field, z: Field, centre: tuple[float, float, float], radii: tuple[float, ...]
) -> Field:
    """Return outward bumps on both sides: positive on the right, negative on the left."""
    a, b, c = centre
    return _bump(x, y, z, (a, b, c), radii) - _bump(x, y, z, (-a, b, c), radii)


def _ahead(
    x: Field, y: Field, z: Field, centre: tuple[float, float, float], radii: tuple[float, ...]
) -> Field:
    """Return bumps on both sides that move the same way."""
    a, b, c = centre
    return _bump(x, y, z, (a, b, c), radii) + _bump(x, y, z, (-a, b, c), radii)


def _ears(x: Field, y: Field, z: Field) -> Field:
    """Return -1 about both ears, 0 towards the middle of the head."""
    return np.asarray(-_step(np.abs(x), 30, 68) * _bump(0 * x, y, z, (0, 0, -15), (1, 44, 60)))


# name: (axis that moves, how far, mm)
WARPS: dict[str, tuple[int, Callable[[Field, Field, Field], Field]]] = {
    "breadth": (0, lambda x, y, z: x / 70),
    "depth": (1, lambda x, y, z: y / 90),
    "height": (2, lambda x, y, z: z / 90),
    "cranium-breadth": (0, lambda x, y, z: x / 70 * _step(z, -30, 50)),
    "occiput-breadth": (0, lambda x, y, z: x / 70 * _step(-y, -40, 40)),
    "occiput": (1, lambda x, y, z: -_step(-y, -20, 100) * _step(z, -140, 0)),
    "vault": (2, lambda x, y, z: _step(z, 10, 110)),
    "forehead": (1, lambda x, y, z: _bump(x, y, z, (0, 95, 45), (70, 60, 36))),
    "brow": (1, lambda x, y, z: _bump(x, y, z, (0, 98, 14), (60, 50, 20))),
    "temples": (0, lambda x, y, z: _both(x, y, z, (54, 64, 40), (30, 36, 24))),
    "orbits": (0, lambda x, y, z: _both(x, y, z, (58, 68, 5), (26, 34, 22))),
    "zygoma": (0, lambda x, y, z: _both(x, y, z, (66, 30, -24), (34, 40, 26))),
    "tragion": (0, lambda x, y, z: _both(x, y, z, (70, 0, -15), (30, 34, 50))),
    "jaw-corner": (0, lambda x, y, z: _both(x, y, z, (54, 22, -78), (32, 42, 34))),
    "nasal-root": (0, lambda x, y, z: _both(x, y, z, (9, 91, -1), (8, 12, 14))),
    "alae": (0, lambda x, y, z: _both(x, y, z, (17, 94, -39), (13, 16, 13))),
    "mouth": (0, lambda x, y, z: _both(x, y, z, (23, 90, -66), (18, 24, 15))),
    "eyes": (
        0,
        lambda x, y, z: _flat(x, y, z, (29, 74, 0), 17, 46) - _flat(x, y, z, (-29, 74, 0), 17, 46),
    ),
    "nose-length": (2, lambda x, y, z: -_step(-z, 2, 44) * _step(y, -20, 70)),
    "chin-height": (2, lambda x, y, z: -_step(-z, 50, 108) * _step(y, -40, 60)),
    "nose-tip": (1, lambda x, y, z: _bump(x, y, z, (0, 119, -32), (15, 18, 13))),
    "midface": (1, lambda x, y, z: _step(-z, -10, 40) * _step(y, 0, 80)),
    "chin": (1, lambda x, y, z: _step(-z, 60, 100) * _step(y, 0, 80)),
    "forehead-corners": (1, lambda x, y, z: _ahead(x, y, z, (46, 76, 30), (26, 40, 34))),
    "back-corners": (1, lambda x, y, z: -_ahead(x, y, z, (48, -62, 32), (26, 40, 44))),
    "cheeks": (1, lambda x, y, z: _ahead(x, y, z, (42, 72, -36), (22, 36, 22))),
    "jowls": (1, lambda x, y, z: _ahead(x, y, z, (38, 62, -88), (24, 36, 24))),
    "ears-back": (1, _ears),
    "ears-down": (2, _ears),
}


def warp(name: str, neutral: NDArray[Any]) -> NDArray[np.float64]:
    """Return the displacement of every vertex at weight one.

    Parameters
    ----------
    name : str
        A key of `WARPS`.
    neutral : ndarray, shape (n, 3)
        The neutral head, mm, the middle between the eyes at (0, 72, 0).

    Returns
    -------
    ndarray, shape (n, 3)
        Millimetres.

    Examples
    --------
    >>> warp("breadth", np.array([[70.0, 0.0, 0.0]])).tolist()
    [[1.0, 0.0, 0.0]]
    """
    axis, field = WARPS[name]
    moved = np.zeros_like(neutral, dtype=np.float64)
    moved[:, axis] = np.round(field(*neutral.T), 9)
    return moved
