"""The ROC as tie-grouped steps, the one sort every verification figure is read from."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from mriprivacy.scoring.errors import DataError, Floats, as_classes

_PIECE = 1 << 18  # scores sorted at a time: a piece fits the cache, and two pieces sort in two threads


@dataclass(frozen=True, slots=True)
class Steps:
    """Straight pieces of a ROC from (0, 0) to (1, 1), from the highest score down.

    Attributes
    ----------
    mated, nonmated : ndarray, shape (..., n_steps)
        Trials (or their weight) in each piece. A piece is all trials of one score that mated trials
        have, or the run of non-mated trials between two such scores; the ROC is straight over both, so
        every figure that is read off the ROC is exact. Leading axes hold bootstrap replicates.
    """

    mated: NDArray[Any]
    nonmated: NDArray[Any]

    @property
    def n_mated(self) -> NDArray[Any]:
        """Mated trials in all; shape (...)."""
        result: NDArray[Any] = self.mated.sum(-1)
        return result

    @property
    def n_nonmated(self) -> NDArray[Any]:
        """Non-mated trials in all; shape (...)."""
        result: NDArray[Any] = self.nonmated.sum(-1)
        return result

    def vertices(self) -> tuple[Floats, Floats]:
        """Return false and true match rate after 0, 1, ... pieces; each of shape (..., n_steps + 1)."""
        return _rate(self.nonmated), _rate(self.mated)

    def filled(self) -> Steps:
        """Leave out the pieces without trials; one ROC."""
        kept = (self.mated > 0) | (self.nonmated > 0)
        ends = slice(int(np.argmax(kept)), len(kept) - int(np.argmax(kept[::-1])))
        if kept[ends].all():  # only ends are empty, as with scores of no ties: no copy is needed
            return Steps(self.mated[ends], self.nonmated[ends])
        return Steps(self.mated[kept], self.nonmated[kept])

    def pooled(self) -> Steps:
        """Join neighbouring pieces of one class alone: one ROC has one such form, however it was counted."""
        whole = self.filled()
        kind = 2 * (whole.mated > 0) + (whole.nonmated > 0)
        fresh = np.ones(len(kind), dtype=bool)
        fresh[1:] = (kind[1:] != kind[:-1]) | (kind[1:] == 3)
        if fresh.all():
            return whole
        starts = np.flatnonzero(fresh)
        return Steps(np.add.reduceat(whole.mated, starts), np.add.reduceat(whole.nonmated, starts))

    def hull(self) -> Steps:
        """Pool the pieces of one ROC into those of its concave hull (pool adjacent violators).

        Stretches first, then what is left of them: no vertex of the hull is lost, and memory is saved.
        """
        stretches = [slice(i, i + _PIECE) for i in range(0, len(self.mated), _PIECE)]
        parts = [_pool(self.mated[i], self.nonmated[i]) for i in stretches]
        if len(parts) == 1:
            return parts[0]
        return _pool(np.concatenate([p.mated for p in parts]), np.concatenate([p.nonmated for p in parts]))


def steps(mated: ArrayLike, nonmated: ArrayLike) -> Steps:
    """Group scores into the straight pieces of their ROC.

    Parameters
    ----------
    mated, nonmated : array_like, shape (n,)
        Finite scores, higher = more likely the same person.

    Returns
    -------
    Steps
        Integer counts, highest score first, no empty piece.

    Raises
    ------
    ScoringError
        For NaN, infinity, an empty class, or anything that is not a 1-D array of numbers.

    Examples
    --------
    >>> steps(mated=[3, 2], nonmated=[2, 1, 0])
    Steps(mated=array([1, 1, 0]), nonmated=array([0, 1, 2]))
    """
    m, n = as_classes(mated, nonmated)
    if 8 * len(m) > len(n):
        return corners(*sort_both(m, n))
    values, counts = distinct(np.sort(m))
    below, upto = count_below(values, n)
    return Steps(
        between(np.cumsum(counts) - counts, np.cumsum(counts), len(m)), between(below, upto, len(n))
    ).filled()


def sort_both(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Sorted copies of two arrays, in two threads."""
    if len(first) + len(second) < _PIECE:
        return np.sort(first), np.sort(second)
    a, b = spread(np.sort, [first, second])
    return a, b


def spread(function: Callable[[Any], Any], pieces: Sequence[Any]) -> list[Any]:
    """Apply a function to pieces in two threads, results in order.

    No thread is started for a single piece, nor where OMP_NUM_THREADS is 1, as it is in workers that share
    the cores.
    """
    if len(pieces) < 2 or os.environ.get("OMP_NUM_THREADS") == "1":
        return [function(piece) for piece in pieces]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(function, pieces))


def corners(mated: Floats, nonmated: Floats) -> Steps:
    """Pieces from sorted scores, neighbouring mated scores pooled where no non-mated score parts them.

    The fewest pieces the ROC has; every figure is that of `steps`.
    """
    starts, below, upto = _runs(mated, nonmated)
    ends = np.append(starts[1:], len(mated))
    return Steps(between(starts, ends, len(mated)), between(below, upto, len(nonmated))).filled()


def thresholds(mated: Floats, nonmated: Floats) -> tuple[Steps, Floats]:
    """Pieces as from `corners` and the lowest score in each: the threshold that accepts it."""
    starts, below, upto = _runs(mated, nonmated)
    ends = np.append(starts[1:], len(mated))
    raw = Steps(between(starts, ends, len(mated)), between(below, upto, len(nonmated)))
    lowest = np.empty(2 * len(starts) + 1)
    lowest[1::2] = mated[starts][::-1]
    lowest[-1] = nonmated[0]
    lowest[:-1:2] = nonmated[np.minimum(upto, len(nonmated) - 1)][::-1]
    kept = raw.mated + raw.nonmated > 0
    return raw.filled(), lowest[kept]


def posterior(curves: Steps, omega: float = 1.0) -> Floats:
    """Probability of mated in each piece, fitted by pool adjacent violators.

    Parameters
    ----------
    curves : Steps, shape (..., n_pieces)
        Any number of ROCs. A piece without trials takes the value of the piece above it.
    omega : float
        Prior ratio P(mated) / P(non-mated); the sizes of the classes do not enter.

    Returns
    -------
    ndarray, shape (..., n_pieces)
        Descending from the first piece on.

    Examples
    --------
    >>> posterior(Steps(np.array([2, 1, 1]), np.array([0, 3, 1]))).tolist()
    [1.0, 0.3333333333333333, 0.3333333333333333]
    """
    shape = curves.mated.shape
    m = (omega * curves.mated / np.maximum(curves.n_mated, 1e-300)[..., None]).reshape(-1, shape[-1])
    n = (curves.nonmated / np.maximum(curves.n_nonmated, 1e-300)[..., None]).reshape(m.shape)
    total = m + n
    seen = total > 0
    # One call for all ROCs: each is put two below the one before, so that no block spans two of them.
    share = (m / np.where(seen, total, 1.0) - 2.0 * np.arange(len(m))[:, None])[seen]
    m, total = m[seen], total[seen]
    blocks = isotonic_regression(share, weights=total, increasing=False).blocks
    pooled = np.add.reduceat(m, blocks[:-1]) / np.add.reduceat(total, blocks[:-1])
    fitted = np.repeat(pooled, np.diff(blocks))
    rank = np.cumsum(seen).reshape(seen.shape) - 1  # of the last piece with trials, this one included
    first = np.cumsum(seen.sum(1)) - seen.sum(1)
    result: Floats = fitted[np.clip(rank, first[:, None], len(fitted) - 1)].reshape(shape)
    return result


def distinct(ordered: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Distinct values of a sorted array and how often each occurs."""
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return ordered[starts], np.diff(starts, append=len(ordered))


def count_below(values: Floats, scores: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many scores are below, and at or below, each of the ascending values; scores need no order."""
    piece = max(_PIECE, 4 * len(values))
    pieces = [scores[i : i + piece] for i in range(0, len(scores), piece)]

    def one(part: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        part = np.sort(part)
        return np.searchsorted(part, values, "left"), np.searchsorted(part, values, "right")

    below = np.zeros(len(values), dtype=np.int64)
    upto = np.zeros(len(values), dtype=np.int64)
    for low, high in spread(one, pieces):
        below += low
        upto += high
    return below, upto


def between(below: NDArray[Any], upto: NDArray[Any], total: int) -> NDArray[np.int64]:
    """Trials above, at, between and below ascending values, from the highest down; shape (2 n + 1,)."""
    out = np.empty(2 * len(below) + 1, dtype=np.int64)
    at, gaps = out[1::2][::-1], out[::2][::-1]
    np.subtract(upto, below, out=at)
    gaps[0] = below[0]
    np.subtract(below[1:], upto[:-1], out=gaps[1:-1])
    gaps[-1] = total - upto[-1]
    return out


def _runs(mated: Floats, nonmated: Floats) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """First mated score of every run, and how many non-mated scores are below and at or below the run."""
    below = np.empty(len(mated), dtype=np.int32 if len(nonmated) < 2**31 else np.int64)
    tied = np.zeros(len(mated), dtype=bool)

    def place(first: int) -> None:
        part = mated[first : first + _PIECE]
        low = int(np.searchsorted(nonmated, part[0]))
        high = int(np.searchsorted(nonmated, part[-1], "right"))
        at = np.searchsorted(nonmated[low:high], part) + low  # a short slice stays in the cache
        below[first : first + len(part)] = at
        inside = slice(0, int(np.searchsorted(at, len(nonmated))))
        tied[first : first + len(part)][inside] = nonmated[at[inside]] == part[inside]

    spread(place, range(0, len(mated), _PIECE))
    fresh = np.ones(len(mated), dtype=bool)
    np.not_equal(below[1:], below[:-1], out=fresh[1:])
    fresh[1:] |= tied[1:] != tied[:-1]
    starts = np.flatnonzero(fresh)
    below, tied = below[starts], tied[starts]
    upto = below.copy()
    upto[tied] = np.searchsorted(nonmated, mated[starts[tied]], "right")
    return starts, below, upto


def _pool(mated: NDArray[Any], nonmated: NDArray[Any]) -> Steps:
    total = mated + nonmated
    kept = total > 0
    if not kept.all():
        mated, nonmated, total = mated[kept], nonmated[kept], total[kept]
    if not len(total):
        return Steps(mated, nonmated)
    blocks = isotonic_regression(mated / total, weights=total, increasing=False).blocks[:-1]
    return Steps(np.add.reduceat(mated, blocks), np.add.reduceat(nonmated, blocks))


def _rate(counts: NDArray[Any]) -> Floats:
    summed = np.cumsum(counts, axis=-1)
    total = summed[..., -1:]
    if not np.all(total > 0):
        raise DataError("a class holds no trials; expected at least one mated and one non-mated trial")
    rate = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1))
    np.divide(summed, total, out=rate[..., 1:])
    return rate
