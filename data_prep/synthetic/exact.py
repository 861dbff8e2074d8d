"""Elementary functions, products and draws with the same bits on every machine.

Those of the mathematical library, of numpy and of BLAS differ in their last bit with the processor and the
version. Here nothing is used but the additions, multiplications, divisions and square roots of IEEE 754, in a
fixed order. Each function is right to a few units in the last place, all that pictures of people need.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit, vectorize
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

# ln 2 and pi / 2 as sums of parts with so few digits that a product with a small whole number is exact.
_LN2 = (0.693147180369123816490, 1.90821492927058770002e-10)
_HALF_PI = (1.57079632673412561417, 6.07710050630396597660e-11, 2.02226624879595063154e-21)
_EIGHTH_TURN = 0.41421356237309503  # tan(pi / 8)


@njit(cache=True)
def _exp(x: float) -> float:
    if x > 709.0:
        return math.inf
    if x < -740.0:
        return 0.0
    times = math.floor(x * 1.4426950408889634 + 0.5)
    rest = (x - times * _LN2[0]) - times * _LN2[1]
    value = 1.0
    for n in range(14, 0, -1):
        value = 1.0 + value * rest / n
    return math.ldexp(value, int(times))


@njit(cache=True)
def _log(x: float) -> float:
    if not x > 0.0:
        return -math.inf if x == 0.0 else math.nan
    share, times = math.frexp(x)
    if share < 0.7071067811865476:
        share, times = share * 2, times - 1
    s = (share - 1) / (share + 1)
    square, series = s * s, 0.0
    for n in range(25, 0, -2):
        series = 1.0 / n + square * series
    return times * _LN2[0] + (times * _LN2[1] + 2 * s * series)


@njit(cache=True)
def _sin_cos(x: float, quarter: int) -> float:
    """Return the sine of x plus so many quarters of a turn."""
    times = math.floor(x / 1.5707963267948966 + 0.5)
    rest = ((x - times * _HALF_PI[0]) - times * _HALF_PI[1]) - times * _HALF_PI[2]
    square, place = rest * rest, (int(times) + quarter) % 4
    series, start = 1.0, 18 if place % 2 else 19
    for n in range(start, 1, -2):
        series = 1.0 - series * square / (n * (n - 1))
    value = series if place % 2 else series * rest
    return -value if place >= 2 else value


@njit(cache=True)
def _arctan(x: float) -> float:
    size = abs(x)
    over = size > 1.0
    if over:
        size = 1.0 / max(size, 1.0)
    turned = size > _EIGHTH_TURN
    if turned:
        size = (size - 1.0) / (size + 1.0)
    square, series = size * size, 0.0
    for n in range(41, 0, -2):
        series = 1.0 / n - square * series
    angle = size * series
    if turned:
        angle += 0.7853981633974483
    if over:
        angle = 1.5707963267948966 - angle
    return -angle if x < 0 else angle


@vectorize(cache=True)
def exp(x):  # type: ignore[no-untyped-def]
    """Return e to the power x.

    Examples
    --------
    >>> abs(float(exp(1.0)) - math.e) < 1e-15
    True
    """
    return _exp(float(x))


@vectorize(cache=True)
def log(x):  # type: ignore[no-untyped-def]
    """Return the natural logarithm of x; minus infinity of 0, NaN below."""
    return _log(float(x))


@vectorize(cache=True)
def sin(x):  # type: ignore[no-untyped-def]
    """Return the sine of x, radians, at most a hundred thousand."""
    return _sin_cos(float(x), 0)


@vectorize(cache=True)
def cos(x):  # type: ignore[no-untyped-def]
    """Return the cosine of x, radians, at most a hundred thousand."""
    return _sin_cos(float(x), 1)


def arctan2(y: ArrayLike, x: ArrayLike) -> NDArray[np.float64]:
    """Return the angle of the point (x, y), radians, -pi to pi; 0 of the origin."""
    with np.errstate(all="ignore"):  # the compiler divides before it looks whether it has to
        return np.asarray(_arctan2(y, x))


@vectorize(cache=True)
def _arctan2(y, x):  # type: ignore[no-untyped-def]
    angle = _arctan(float(y) / float(x if x != 0 else 1.0))
    if x < 0:
        angle += 3.141592653589793 if y >= 0 else -3.141592653589793
    elif x == 0:
        angle = 0.0 if y == 0 else (1.5707963267948966 if y > 0 else -1.5707963267948966)
    return angle


@vectorize(cache=True)
def power(x, exponent):  # type: ignore[no-untyped-def]
    """Return x, 0 or more, to an exponent above 0."""
    return _exp(float(exponent) * _log(float(x))) if x > 0 else 0.0


def hypot(x: ArrayLike, y: ArrayLike) -> NDArray[Any]:
    """Return the length of (x, y)."""
    a, b = np.asarray(x), np.asarray(y)
    return np.asarray(np.sqrt(a * a + b * b))


def turned(points: NDArray[Any], matrix: NDArray[Any]) -> NDArray[Any]:
    """Return `points @ matrix`, for points of shape (..., d) and a matrix of shape (d, k) or (d,).

    Examples
    --------
    >>> turned(np.eye(3), np.array([[1.0, 2.0, 3.0]] * 3).T)[:, 0].tolist()
    [1.0, 2.0, 3.0]
    """
    if matrix.ndim == 1:
        return turned(points, matrix[:, None])[..., 0]
    total = points[..., :1] * matrix[0]
    for axis in range(1, len(matrix)):
        total = total + points[..., axis : axis + 1] * matrix[axis]
    return np.asarray(total)


def moved(points: NDArray[Any], affine: NDArray[np.float64]) -> NDArray[Any]:
    """Return points, shape (..., 3), moved by an affine, shape (4, 4)."""
    return turned(points, affine[:3, :3].T) + affine[:3, 3]


def inverse(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of an affine, shape (4, 4), by Cramer's rule.

    Examples
    --------
    >>> inverse(np.diag([2.0, 4.0, 8.0, 1.0])).diagonal().tolist()
    [0.5, 0.25, 0.125, 1.0]
    """
    x, y, z = affine[:3, :3].T
    rows = np.stack([np.cross(y, z), np.cross(z, x), np.cross(x, y)])
    found = np.eye(4)
    found[:3, :3] = rows / determinant(affine)
    found[:3, 3] = -turned(affine[:3, 3], found[:3, :3].T)
    return found


def determinant(affine: NDArray[np.float64]) -> float:
    """Return the determinant of the first three rows and columns."""
    x, y, z = affine[:3, :3].T
    a, b, c = x * np.cross(y, z)
    return float(a + b + c)


def solve(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve a small positive definite system, shapes (n, n) and (n,), by elimination."""
    rows = [[*map(float, row), float(value)] for row, value in zip(matrix, right, strict=True)]
    n = len(rows)
    for i in range(n):
        for j in range(i + 1, n):
            share = rows[j][i] / rows[i][i]
            rows[j] = [b - share * a for a, b in zip(rows[i], rows[j], strict=True)]
    found = [0.0] * n
    for i in reversed(range(n)):
        rest = rows[i][n]
        for j in range(i + 1, n):
            rest -= rows[i][j] * found[j]
        found[i] = rest / rows[i][i]
    return np.array(found)


@lru_cache(maxsize=1)
def _quantiles() -> NDArray[np.float32]:
    """Return 65,536 equally likely values of the standard normal distribution, to six decimals."""
    result: NDArray[np.float32] = np.round(ndtri((np.arange(65536) + 0.5) / 65536), 6).astype(np.float32)
    return result


def noise(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    """Draw standard normal noise: one of 65,536 equally likely values each, at most 4.2 from 0.

    Examples
    --------
    >>> grain = noise(np.random.default_rng(0), 100_000)
    >>> bool(abs(grain.mean()) < 0.02), bool(abs(grain.std() - 1) < 0.02)
    (True, True)
    """
    return _quantiles()[rng.integers(65536, size=shape, dtype=np.uint16)]


class RoundedGenerator(np.random.Generator):
    """A generator whose draws do not hang on the mathematical library: rounded to nine decimals.

    Examples
    --------
    >>> value = float(RoundedGenerator(np.random.PCG64(1)).normal(0, 1))
    >>> value == round(value, 9)
    True
    """

    def normal(self, *args: Any, **kwargs: Any) -> Any:
        """Draw from normal distributions."""
        return np.round(super().normal(*args, **kwargs), 9)

    def lognormal(self, *args: Any, **kwargs: Any) -> Any:
        """Draw from log-normal distributions."""
        return np.round(super().lognormal(*args, **kwargs), 9)

    def beta(self, *args: Any, **kwargs: Any) -> Any:
        """Draw from beta distributions."""
        return np.round(super().beta(*args, **kwargs), 9)

    def dirichlet(self, *args: Any, **kwargs: Any) -> Any:
        """Draw from Dirichlet distributions."""
        return np.round(super().dirichlet(*args, **kwargs), 9)
