"""Light on a synthetic head: lamps, sky, soft shadows; in linear colours, point by point."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
    >>> even.lamps[0].direction.round(2).tolist()
    [0.0, 0.94, 0.33]
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
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _tint(rng: np.random.Generator, strength: float) -> NDArray[np.float32]:
    warm, green = strength * rng.normal(0, 0.09), strength * rng.normal(0, 0.02)
    return np.exp(np.array([warm, green, -warm])).astype(np.float32)


def linear(srgb: NDArray) -> NDArray[np.float32]:
    """Return linear light of sRGB colours (gamma 2.2)."""
    return np.clip(np.asarray(srgb, np.float32), 0, 1) ** np.float32(2.2)


class Shadows:
    """What stands between points and each lamp."""

    def __init__(self, light: Light, *casters: NDArray, cell_mm: float = 3.0) -> None:
        """Prepare a map of the highest caster of every cell, seen from each lamp."""
        points = np.concatenate([np.asarray(part, np.float32).reshape(-1, 3) for part in casters])
        self._cell = cell_mm
        self._maps = [_height_map(points, lamp.direction, cell_mm) for lamp in light.lamps]
        self._lamps = light.lamps

    def open_to(self, lamp: int, points: Points, bias_mm: float, taps: int = 8) -> NDArray[np.float32]:
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
            Even number of places around each point that are asked.
        """
        heights, origin, axes = self._maps[lamp]
        reach = self._lamps[lamp].softness
        u, v = ((points @ axis - start) / self._cell for axis, start in zip(axes[:2], origin, strict=True))
        height = points @ axes[2] + bias_mm
        seen = np.zeros(len(points), np.float32)
        turns = np.linspace(0, 2 * np.pi, taps, endpoint=False)
        for turn, share in zip(turns, (1.0, 0.45) * (taps // 2), strict=True):
            du, dv = (reach * share / self._cell * f(turn) for f in (np.cos, np.sin))
            i = np.clip((u + du).astype(np.int32), 0, heights.shape[0] - 1)
            j = np.clip((v + dv).astype(np.int32), 0, heights.shape[1] - 1)
            above = heights[i, j] - height
            seen += 1 - np.clip(above / 3, 0, 1)
        return seen / taps


def _height_map(
    points: Points, direction: NDArray[np.float32], cell: float
) -> tuple[NDArray[np.float32], tuple[float, float], tuple[NDArray, NDArray, NDArray]]:
    across = _unit(np.cross(direction, [0.0, 0.2, 1.0]))
    upwards = np.cross(across, direction).astype(np.float32)
    u, v, height = points @ across, points @ upwards, points @ direction
    origin = float(u.min()) - cell, float(v.min()) - cell
    i, j = ((u - origin[0]) / cell).astype(np.int32), ((v - origin[1]) / cell).astype(np.int32)
    heights = np.full((i.max() + 2, j.max() + 2), -1e4, np.float32)
    np.maximum.at(heights, (i, j), height)
    # Cells between sparse vertices.
    filled = ndimage.maximum_filter(heights, size=3)
    return np.where(heights < -9e3, filled, heights), origin, (across, upwards, direction)


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
        facing = (normals @ lamp.direction)[:, None]
        diffuse = np.clip((facing + wrap) / (1 + np.asarray(wrap, np.float32)), 0, None)
        total = total + albedo * diffuse * lamp.colour * open_share[:, None]
        if np.any(gloss):
            half = _unit((lamp.direction + VIEW).astype(np.float64))
            shine = np.clip(normals @ half, 0, 1) ** power * gloss * open_share
            total = total + shine[:, None] * lamp.colour
    return np.asarray(total, np.float32)
