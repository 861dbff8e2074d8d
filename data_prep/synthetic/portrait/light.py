"""Light on a synthetic head: lamps, sky, soft shadows; in linear colours, point by point."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.data_prep.synthetic import exact

Points = NDArray[np.float32]

VIEW = np.array([0.0, 1.0, 0.0], np.float32)  # the camera is far in front
# Red light travels farthest under skin, so that shadows end softly and red.
SKIN_WRAP = np.array([0.3, 0.16, 0.1], np.float32)


@dataclass(frozen=True)
class Lamp:
    """A light far away: where it is (unit vector), its linear colour, and how soft its shadows are, mm."""

    direction: NDArray[np.float32]
    colour: NDArray[np.float32]
    softness: float


@dataclass(frozen=True)
class Light:
    """All the light of a photograph; sky and ground are the linear colours of what comes from everywhere."""

    lamps: tuple[Lamp, ...]
    sky: NDArray[np.float32]
    ground: NDArray[np.float32]


def draw_light(rng: np.random.Generator, strength: float) -> Light:
    """Draw the light of a photograph.

    Parameters
    ----------
    rng : numpy.random.Generator
        The stream of the photograph.
    strength : float
        How much light differs from an even, white one from the front: 0 (not at all) to 1.

    Examples
    --------
    >>> even = draw_light(np.random.default_rng(0), 0.0)
    >>> float(even.lamps[0].direction[0])
    0.0
    """
    side = rng.choice([-1, 1]) * rng.uniform(0.1, 1.1)
    main = _unit(np.array([strength * side, 1.0, 0.35 + strength * rng.uniform(-0.2, 0.75)]))
    fill = _unit(np.array([-main[0] - 0.2 * side, 0.9, rng.uniform(-0.1, 0.3)]))
    rim = _unit(np.array([rng.choice([-1, 1]) * rng.uniform(0.6, 1.4), rng.uniform(-0.9, -0.2), 0.7]))
    contrast = 0.5 + strength * rng.uniform(-0.3, 0.32)
    lamps = [
        Lamp(main, _tint(rng, strength) * np.float32(1.5 * contrast), float(rng.uniform(3, 16))),
        Lamp(fill, _tint(rng, strength) * np.float32(0.55 * (1 - contrast)), 16.0),
    ]
    if rng.random() < 0.5 * strength:
        lamps.append(Lamp(rim, _tint(rng, strength) * np.float32(rng.uniform(0.2, 0.7)), 8.0))
    sky = _tint(rng, strength) * np.float32(0.75 * (1.15 - contrast))
    ground = _tint(rng, strength) * np.float32(0.4 * (1.15 - contrast))
    return Light(tuple(lamps), sky, ground)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = (vector / np.sqrt((vector * vector).sum())).astype(np.float32)
    return result


def _tint(rng: np.random.Generator, strength: float) -> NDArray[np.float32]:
    warm, green = strength * rng.normal(0, 0.09), strength * rng.normal(0, 0.02)
    result: NDArray[np.float32] = exact.exp(np.array([warm, green, -warm])).astype(np.float32)
    return result


def linear(srgb: NDArray[Any]) -> NDArray[np.float32]:
    """Return linear light of sRGB colours (gamma 2.2)."""
    return np.asarray(exact.power(np.clip(np.asarray(srgb, np.float32), 0, 1), 2.2), np.float32)


_CELL_MM = 3.0
_HALF_GRID = 110  # cells; farther out there is nothing that casts or catches a shadow


class Shadows:
    """What stands between points and each lamp."""

    def __init__(self, light: Light, casters: Points, behind: "Shadows | None" = None) -> None:
        """Map the highest caster of every cell, seen from each lamp; those of `behind` stand there, too."""
        self._lamps = light.lamps
        self._frames = [_frame(lamp.direction) for lamp in light.lamps]
        self._maps = [_height_map(exact.turned(casters, frame.T)) for frame in self._frames]
        if behind is not None:
            self._maps = [np.maximum(a, b) for a, b in zip(self._maps, behind._maps, strict=True)]

    def open_to(self, lamp: int, points: Points, bias_mm: float, taps: int = 6) -> NDArray[np.float32]:
        """Return which share of a lamp points see, shape (n,), 0 to 1.

        Parameters
        ----------
        lamp : int
            Which.
        points : ndarray, shape (n, 3)
            World, mm.
        bias_mm : float
            Casters nearer than this do not count: a surface does not shade itself.
        taps : int
            Even number of places around each point that are tested.
        """
        heights = self._maps[lamp]
        u, v, height = np.moveaxis(exact.turned(points, self._frames[lamp].T), -1, 0)
        u, v, height = _cell(u), _cell(v), height + np.float32(bias_mm)
        reach = self._lamps[lamp].softness / _CELL_MM
        seen = np.zeros(len(points), np.float32)
        turns = np.linspace(0, 2 * np.pi, taps, endpoint=False)
        for turn, share in zip(turns, (1.0, 0.45) * (taps // 2), strict=True):
            i, j = (np.float32(reach * share * f(turn)) for f in (exact.cos, exact.sin))
            above = heights[_whole(u + i), _whole(v + j)] - height
            seen += np.clip(np.float32(1) - above / np.float32(3), 0, 1)
        return seen / np.float32(taps)


def _frame(direction: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a rotation whose third row points to a lamp."""
    across = _unit(np.cross(direction, [0.0, 0.2, 1.0]))
    return np.stack([across, np.cross(across, direction), direction]).astype(np.float32)


def _cell(mm: NDArray[np.float32]) -> NDArray[np.float32]:
    return mm / np.float32(_CELL_MM) + np.float32(_HALF_GRID)


def _whole(cells: NDArray[np.float32]) -> NDArray[np.int32]:
    return np.clip(cells, 0, 2 * _HALF_GRID - 1).astype(np.int32)


def _height_map(points: Points) -> NDArray[np.float32]:
    """Return the height of the highest of some points (in the frame of a lamp) in every cell."""
    heights = np.full((2 * _HALF_GRID, 2 * _HALF_GRID), -1e4, np.float32)
    np.maximum.at(heights, (_whole(_cell(points[:, 0])), _whole(_cell(points[:, 1]))), points[:, 2])
    filled = ndimage.maximum_filter(heights, size=3)  # cells between sparse vertices
    return np.where(heights < -9e3, filled, heights)


def shade(
    light: Light,
    normals: Points,
    albedo: Points,
    seen: list[NDArray[np.float32]],
    reach: NDArray[np.float32],
    gloss: NDArray[np.float32] | float = 0.0,
    power: float = 14.0,
    wrap: NDArray[np.float32] | float = 0.0,
) -> NDArray[np.float32]:
    """Light a surface.

    Parameters
    ----------
    light : Light
        Of the photograph.
    normals, albedo : ndarray, shape (n, 3)
        Unit normals, and linear colours of the surface.
    seen : list of ndarray, shape (n,)
        Share of each lamp that is seen from each point.
    reach : ndarray, shape (n,)
        Share of the light from everywhere that reaches each point.
    gloss, power : float
        Strength and sharpness of the reflection (Blinn and Phong).
    wrap : float or ndarray, shape (3,)
        How far light creeps round an edge.

    Returns
    -------
    ndarray, shape (n, 3)
        Linear radiance.
    """
    up = (0.5 + 0.5 * normals[:, 2:3]).astype(np.float32)
    total = albedo * (up * light.sky + (1 - up) * light.ground) * reach[:, None]
    for lamp, open_share in zip(light.lamps, seen, strict=True):
        facing = exact.turned(normals, lamp.direction)[:, None]
        diffuse = np.clip((facing + wrap) / (1 + np.asarray(wrap, np.float32)), 0, None)
        total = total + albedo * diffuse * lamp.colour * open_share[:, None]
        if np.any(gloss):
            half = _unit((lamp.direction + VIEW).astype(np.float64))
            shine = exact.power(np.clip(exact.turned(normals, half), 0, 1), power) * gloss * open_share
            total = total + shine[:, None] * lamp.colour
    return np.asarray(total, np.float32)
