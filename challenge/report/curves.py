"""Curves of one list of scores: histogram, linkability of each score, ROC with its band."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.errors import Floats
from scoring.steps import Steps, posterior, sort_both, thresholds
from scoring.trials import trials

BINS = 24
BLOCK = 64  # draws at a time
# Even steps for the ROC, even steps of the exponent for the DET.
FMR = np.unique(np.concatenate([np.linspace(0, 1, 101), np.logspace(-3, 0, 61)]))


@dataclass(frozen=True)
class Histogram:
    """Shares of the scores of each class.

    Attributes
    ----------
    edges : ndarray, shape (BINS + 1,)
        Of the bins.
    mated, nonmated : ndarray, shape (BINS,)
        Share of the class in each bin.
    linkability : ndarray, shape (BINS,)
        Local linkability at the middle of each bin, 0 to 1.
    """

    edges: Floats
    mated: Floats
    nonmated: Floats
    linkability: Floats


@dataclass(frozen=True)
class Band:
    """A ROC read at fixed false match rates.

    Attributes
    ----------
    fmr : ndarray, shape (n,)
        Ascending, from 0 to 1.
    tmr, low, high : ndarray, shape (n,)
        True match rate and its 95 % interval, at each.
    """

    fmr: Floats
    tmr: Floats
    low: Floats
    high: Floats


def histogram(mated: Floats, nonmated: Floats) -> Histogram:
    """Count scores in equal bins, and say how linkable each bin is.

    The local linkability (Gomez-Barrero et al. 2018) is max(0, 2 p - 1), p the probability of mated at equal
    priors; p is learned monotone by pool adjacent violators and so is optimistic for few mated scores.

    Examples
    --------
    >>> found = histogram(np.array([2.0, 3.0]), np.array([0.0, 1.0]))
    >>> found.linkability[[0, -1]].tolist(), float(found.mated.sum())
    ([0.0, 1.0], 1.0)
    """
    low, high = min(mated.min(), nonmated.min()), max(mated.max(), nonmated.max())
    edges = np.linspace(low, high, BINS + 1) if high > low else np.linspace(low - 0.5, low + 0.5, BINS + 1)
    shares = [np.histogram(scores, edges)[0] / len(scores) for scores in (mated, nonmated)]
    pieces, lowest = thresholds(*sort_both(mated, nonmated))
    local = np.maximum(0.0, 2 * posterior(pieces) - 1)
    # The piece a score falls into is the first whose lowest score it reaches; below all, it is the last.
    middle = (edges[1:] + edges[:-1]) / 2
    piece = np.searchsorted(-lowest, -middle, side="left").clip(max=len(local) - 1)
    return Histogram(edges, shares[0], shares[1], local[piece])


def roc_band(
    scores: Floats, mated: NDArray[np.bool_], subjects: NDArray[np.str_], n_bootstrap: int, seed: int
) -> Band:
    """Read the ROC at fixed false match rates, with intervals over draws of subjects.

    Parameters
    ----------
    scores, mated : ndarray, shape (n_trials,)
        Higher means more alike; True for the same person.
    subjects : ndarray, shape (n_trials, 2)
        Of both sides.
    n_bootstrap, seed : int
        Of the draws.
    """
    listed = trials(scores, mated, subjects[:, 0], subjects[:, 1])

    def at_rates(counts: Floats) -> Floats:
        weights = [np.ascontiguousarray(side.sum(1).T) for side in listed.weigh(counts)]
        fmr, tmr = Steps(weights[0], weights[1]).vertices()
        return np.array([np.interp(FMR, f, t) for f, t in zip(fmr, tmr, strict=True)])

    counts = listed.draw(n_bootstrap, seed)
    blocks = [at_rates(counts[:, i : i + BLOCK]) for i in range(0, n_bootstrap, BLOCK)]
    low, high = np.quantile(np.concatenate(blocks), [0.025, 0.975], axis=0)
    return Band(FMR, at_rates(np.ones((len(listed.subjects), 1)))[0], low, high)
