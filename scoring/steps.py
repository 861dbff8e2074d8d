"""The ROC as tie-grouped steps, the one sort every verification figure is read from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from scoring.errors import Floats, ScoringError, as_scores

_PIECE = 1 << 18  # scores sorted at a time: a piece fits the cache, and two pieces sort in two threads


@dataclass(frozen=True, slots=True)
class Steps:
    """Straight pieces of a ROC from (0, 0) to (1, 1), from the highest score down.

    Attributes
    ----------
    mated, nonmated : ndarray, shape (..., n_steps)
        Trials (or their weight) in each piece. A piece is all trials of one score that mated trials
        have, or the run of nonmated trials between two such scores; the ROC is straight over both, so
        every figure that is read off the ROC is exact. Leading axes hold bootstrap replicates.
    """

    mated: NDArray
    nonmated: NDArray

    @property
    def n_mated(self) -> NDArray:
        """Mated trials in all; shape (...)."""
        return self.mated.sum(-1)

    @property
    def n_nonmated(self) -> NDArray:
        """Nonmated trials in all; shape (...)."""
        return self.nonmated.sum(-1)

    def vertices(self) -> tuple[Floats, Floats]:
        """Return false and true match rate after 0, 1, ... pieces; each of shape (..., n_steps + 1)."""
        return _rate(self.nonmated), _rate(self.mated)

    def hull(self) -> Steps:
        """Pool the pieces of one ROC into those of its concave hull (pool adjacent violators)."""
        total = self.mated + self.nonmated
        kept = total > 0
        mated, nonmated, total = self.mated[kept], self.nonmated[kept], total[kept]
        blocks = isotonic_regression(mated / total, weights=total, increasing=False).blocks[:-1]
        return Steps(np.add.reduceat(mated, blocks), np.add.reduceat(nonmated, blocks))


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
    m, n = as_scores(mated=mated, nonmated=nonmated)
    values, counts = distinct(np.sort(m))
    below, upto = count_below(values, n)
    return from_counts(counts, below, upto, len(n))


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
    with ThreadPoolExecutor(2) as pool:
        for low, high in pool.map(one, pieces):
            below += low
            upto += high
    return below, upto


def from_counts(counts: NDArray, below: NDArray, upto: NDArray, n_nonmated: int) -> Steps:
    """Pieces from mated counts at ascending values and the nonmated counts below and up to each value."""
    k = len(counts)
    mated = np.zeros(2 * k + 1, dtype=np.int64)
    nonmated = np.empty(2 * k + 1, dtype=np.int64)
    mated[1::2] = counts
    nonmated[1::2] = upto - below
    nonmated[0] = below[0]
    nonmated[2:-1:2] = below[1:] - upto[:-1]
    nonmated[-1] = n_nonmated - upto[-1]
    kept = np.flatnonzero((mated + nonmated)[::-1] > 0)
    return Steps(mated[::-1][kept], nonmated[::-1][kept])


def _rate(counts: NDArray) -> Floats:
    total = counts.sum(-1, keepdims=True)
    if not np.all(total > 0):
        raise ScoringError("a class holds no trials; expected at least one mated and one nonmated trial")
    cumulated = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1))
    np.cumsum(counts, axis=-1, out=cumulated[..., 1:])
    cumulated /= total
    cumulated[..., -1] = 1.0
    return cumulated
