"""What differs inside of heads: age, folds and nuclei of the brain, thickness of skull and scalp.

A brain is the template, read at displaced places. The displacement is smooth, with a value at every fourth
voxel.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.brain import brain_template
from mriprivacy.data_prep.synthetic.head.voxels import resample

# Voxels of the template between two nodes of a displacement.
STEP = 4
# How far folds and nuclei lie from their average places, mm, standard deviation along each axis: over long
# and over short distances.
WIDE_MM, NARROW_MM = 2.2, 1.6
# How much the share of grey matter differs from fold to fold: sulci open and close.
FOLDS = 0.2
# The share of the cranium that is brain. See `brain_fraction`.
YOUNG_FRACTION, YOUNG = 0.94, 20
# How much it differs between people of one age, and how far the walls of their ventricles lie apart, mm.
FRACTION_SPREAD, VENTRICLE_SPREAD_MM = 0.012, 1.0
# Thickness of scalp and skull, mm: heads as large as those of the NIOSH survey of 2003 then have crania of
# the volumes of Matsumae et al.; and how much it differs between people.
SCALP_MM, SKULL_MM = {"F": 3.4, "M": 4.2}, 6.5
SCALP_SPREAD_MM, SKULL_SPREAD_MM = 0.5, 1.0
# Towards this point, in the template, a brain shrinks, mm: the brain stem stays where it is.
STEM = np.array([0.0, -25.0, -45.0])
# Ventricles, in the template: a point of them, mm, and how far under the surface they lie at least.
IN_VENTRICLE, VENTRICLE_DEPTH_MM = np.array([3.0, 9.0, 14.0]), 14.0


@dataclass(frozen=True)
class Inside:
    """The inside of one person's head.

    Attributes
    ----------
    shrunk : float
        How much smaller the brain is than the template, as a share.
    thinner : float
        How much less grey matter its folds have, as a share of a voxel.
    ventricles_mm : float
        How far the walls of the ventricles lie outside of the template's.
    shifts : ndarray, shape (l, m, n, 4)
        At every `STEP`-th voxel of the template: displacement, mm, and a change of grey matter's
        share; of one voxel if it is the same everywhere.
    scalp_mm, skull_mm : float
        Thickness.
    """

    shrunk: float
    thinner: float
    ventricles_mm: float
    shifts: NDArray[np.float32]
    scalp_mm: float
    skull_mm: float


def brain_fraction(age: float) -> float:
    """Return the average share of the cranium that is brain, at an age of 18 or more.

    The share is 0.886 over ages 24 to 80, the same in men and women (Matsumae et al., J. Neurosurg. 84,
    1996). It falls by 0.2 % a year at 35 (Hedman et al., Hum. Brain Mapp. 33, 2012), and by 0.45 % in old
    age (Fotenos et al., Neurology 64, 2005).

    Examples
    --------
    >>> [round(brain_fraction(age), 2) for age in (20, 50, 80)]
    [0.94, 0.89, 0.78]
    """
    years = age - YOUNG
    return YOUNG_FRACTION * (1 - 0.001 * years - 0.00003 * years * years)


def ventricles_mm(age: float) -> float:
    """Return how far the average ventricles' walls lie outside of the template's.

    They hold 16 ml in the twenties and 25 ml in the forties (Neurosci. Lett. 395, 2006, 155), and grow by
    0.3 ml a year from 20 to 70.
    """
    return 0.6 + 0.07 * (age - 25)


def _atrophy(fraction: float, ventricles: float, individuality: float) -> tuple[float, float]:
    """Return how much a brain shrinks, and how much less grey matter its folds have, to fill its share.

    The numbers are fitted to the template; own folds and wider ventricles leave less brain than that has.
    """
    lost = 0.887 - 0.0035 * ventricles - 0.031 * individuality * individuality - fraction
    change = 0.012 + 0.745 * lost - 1.36 * lost * lost
    return 0.22 * change, 2.3 * change


# The age of the one brain that everybody has without individuality.
AVERAGE_AGE = 45
AVERAGE = Inside(
    *_atrophy(brain_fraction(AVERAGE_AGE), ventricles_mm(AVERAGE_AGE), 0),
    ventricles_mm(AVERAGE_AGE),
    np.zeros((1, 1, 1, 4), np.float32),
    sum(SCALP_MM.values()) / 2,
    SKULL_MM,
)


def draw_inside(
    brain: np.random.Generator, skull: np.random.Generator, sex: str, age: float, individuality: float
) -> Inside:
    """Draw the inside of one person's head.

    Parameters
    ----------
    brain, skull : Generator
        Streams of this person, for nothing else: the same in every session, whatever the face.
    sex : str
        F or M: scalps differ a little.
    age : float
        Years.
    individuality : float
        0: the average brain and skull of a person of `AVERAGE_AGE`. 1: as people differ.

    Returns
    -------
    Inside

    Examples
    --------
    >>> same = draw_inside(np.random.default_rng(1), np.random.default_rng(2), "F", 80, 0.0)
    >>> same is AVERAGE
    True
    """
    if individuality == 0:
        return AVERAGE
    more, wider = np.clip(brain.normal(0, 1, 2), -2.5, 2.5)
    scalp, bone = np.clip(skull.normal(0, 1, 2), -2, 2)

    def between(average: float, own: float) -> float:
        return float(average + individuality * (own - average))

    fraction = between(brain_fraction(AVERAGE_AGE), brain_fraction(age) + FRACTION_SPREAD * more)
    ventricles = max(ventricles_mm(age) + VENTRICLE_SPREAD_MM * wider, -0.5)
    ventricles = between(AVERAGE.ventricles_mm, ventricles)
    return Inside(
        *_atrophy(fraction, ventricles, individuality),
        ventricles,
        np.float32(individuality) * _random_shifts(brain),
        between(AVERAGE.scalp_mm, SCALP_MM[sex] + SCALP_SPREAD_MM * scalp),
        between(AVERAGE.skull_mm, SKULL_MM + SKULL_SPREAD_MM * bone),
    )


def _random_shifts(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw displacements of folds and nuclei; along the surface of the brain, and not across it."""
    nodes = _nodes()
    shape = nodes.outwards.shape[:3]
    half = tuple(n // 2 + 2 for n in shape)
    shifts = np.empty((*shape, 4), np.float32)
    for axis in range(3):
        coarse = WIDE_MM * _smooth_noise(rng, half, 6) + NARROW_MM * _smooth_noise(rng, half, 1)
        shifts[..., axis] = resample(coarse, np.diag([0.5, 0.5, 0.5, 1.0]), shape, 0.0)
    across = (shifts[..., :3] * nodes.outwards).sum(axis=-1) * nodes.surface
    shifts[..., :3] -= across[..., None] * nodes.outwards
    shifts[..., 3] = FOLDS * _smooth_noise(rng, shape, 1)
    return shifts


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], times: int) -> NDArray[np.float32]:
    """Draw noise of variance 1, smoothed by a binomial filter (standard deviation 1 voxel) so many times."""
    smooth = _blurred(exact.noise(rng, *shape), times)
    left = comb(8 * times, 4 * times) / 2.0 ** (8 * times)  # of the variance, along each axis
    return np.asarray(smooth / np.float32(np.sqrt(left * left * left)), np.float32)


def _blurred(data: NDArray[np.float32], times: int) -> NDArray[np.float32]:
    for axis in list(range(data.ndim)) * times:
        data = ndimage.correlate1d(data, [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16], axis, mode="wrap")
    return data


@dataclass(frozen=True)
class _Nodes:
    """Fields of the template at every `STEP`-th voxel.

    Attributes
    ----------
    outwards : ndarray, shape (l, m, n, 3)
        Unit vectors across the surface of the brain.
    surface : ndarray, shape (l, m, n)
        1 at that surface and beyond, 0 deeper than 12 mm.
    widening : ndarray, shape (l, m, n, 3)
        Where ventricles that widen by 1 mm push the brain; mm.
    from_stem : ndarray, shape (l, m, n, 3)
        Way from the brain stem, mm.
    """

    outwards: NDArray[np.float32]
    surface: NDArray[np.float32]
    widening: NDArray[np.float32]
    from_stem: NDArray[np.float32]


@lru_cache(maxsize=1)
def _nodes() -> _Nodes:
    template = brain_template()
    half = template.distance[::2, ::2, ::2]
    thin = (slice(None, None, STEP // 2),) * 3
    fluid = (1 - template.grey - template.white)[::2, ::2, ::2] > 0.5
    pieces, _ = ndimage.label(fluid & (half < -VENTRICLE_DEPTH_MM))
    start = (exact.moved(IN_VENTRICLE, exact.inverse(template.affine)) / 2).astype(int)
    ventricles = pieces == pieces[tuple(start)]
    beyond = ndimage.distance_transform_edt(~ventricles, sampling=2.0)
    signed = beyond - ndimage.distance_transform_edt(ventricles, sampling=2.0)
    # Full at the wall; a quarter 12 mm from it.
    fades = 1 / (1 + (beyond / 12) ** 2) ** 2
    widening = _directions(_blurred(signed.astype(np.float32), 2)) * fades.astype(np.float32)[..., None]
    places = np.stack(np.meshgrid(*(np.arange(0, n, STEP) for n in template.grey.shape), indexing="ij"), -1)
    return _Nodes(
        _directions(_blurred(half, 3))[thin],
        np.clip(1 + half / np.float32(12), 0, 1)[thin],
        widening[thin],
        (exact.moved(places, template.affine) - STEM).astype(np.float32),
    )


def _directions(data: NDArray[np.float32]) -> NDArray[np.float32]:
    slopes = np.stack([np.gradient(data, axis=axis) for axis in range(3)], axis=-1)
    length = np.sqrt((slopes * slopes).sum(axis=-1, keepdims=True))
    return np.asarray(slopes / np.maximum(length, np.float32(0.2)), np.float32)


def displacement(inside: Inside) -> NDArray[np.float32]:
    """Return from where the template's maps are taken.

    Parameters
    ----------
    inside : Inside
        Of one person.

    Returns
    -------
    ndarray, shape (l, m, n, 4)
        At every `STEP`-th voxel: displacement, mm, and a change of the share of grey matter.

    Examples
    --------
    >>> displacement(AVERAGE).shape
    (43, 52, 43, 4)
    """
    nodes = _nodes()
    field = np.zeros((*nodes.surface.shape, 4), np.float32) + inside.shifts
    field[..., :3] -= np.float32(inside.ventricles_mm) * nodes.widening
    field[..., :3] += np.float32(inside.shrunk) * nodes.from_stem
    field[..., 3] -= np.float32(inside.thinner)
    return field
