"""Linkability D_sys (Gomez-Barrero et al. 2018): how far scores give a mated pair away, from 0 to 1."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import DataError, Floats, as_classes, check_number
from mriprivacy.scoring.metrics.steps import Steps, posterior, sort_both, steps

MIN_MATED = 30  # below, the interval of linkability is wider than most differences of interest
_CELLS = 250  # mated quantiles an attacker's decisions are fitted on
SPLITS = 40  # half-samples; ten times as many move the value of 40 people by less than .01
_MOST = 900_000_000
_SEED = 20180613  # of the splits; fixed, so that equal scores give equal figures
ESTIMATOR = f"half-samples,{SPLITS}"  # as signatures have it
_APPARENT = 0.25  # weight of the apparent value, see the notes of `linkability`


class SmallSampleWarning(UserWarning):
    """There are too few trials for the figure to mean much."""


def linkability(mated: ArrayLike, nonmated: ArrayLike, omega: float = 1.0) -> float:
    """Linkability D_sys, free of bins, of outliers and of the optimism of small samples.

    Parameters
    ----------
    mated, nonmated : array_like, shape (n,)
        Finite scores, higher = more likely the same person.
    omega : float
        Prior ratio P(mated) / P(non-mated), above 0.

    Returns
    -------
    float
        In [0, 1]: 1 for perfect separation, 0 for constant or inverted scores, about 0 on noise. No
        increasing transform of the scores changes it, nor do names and the order of trials: it is a
        function of the ROC alone, the same in `summarize`, `score_trials` and `score_stream`.

    Warns
    -----
    SmallSampleWarning
        Below 30 mated trials.

    Raises
    ------
    ScoringError
        For NaN, infinity, an empty class, or an omega that is not above 0.

    Notes
    -----
    D_sys is the mean over mated scores of max(0, 2 p - 1), p the posterior probability of mated. It is an
    f-divergence, so it is also the most that an attacker can earn that names a posterior q and is paid
    1 - 2 (1 - q)^2 at a mated and -2 q^2 / omega at a non-mated trial, and nothing where q <= 1/2. Fitted
    (monotone, by pool adjacent violators) and paid on the same trials, q earns too much: the hull of the
    ROC reads .35 for a true .29 with 40 subjects. Fitted on one half and paid on the other it earns too
    little. Cube-root asymptotics make the excess three times the loss, so a quarter of the first and
    three quarters of the second cancel; the mean over 40 half-samples of the pieces of the ROC is
    returned, drawn with a fixed seed, so that equal ROCs have equal values.

    See docs/reference/metrics/linkability.md.

    Examples
    --------
    >>> mated, nonmated = np.arange(50) + 40, np.arange(50)
    >>> linkability(mated + 10, nonmated), linkability(nonmated, nonmated)
    (1.0, 0.0)
    >>> linkability(mated, nonmated) == linkability(np.exp(mated / 9), np.exp(nonmated / 9))
    True
    """
    check_omega(omega)
    curve = steps(mated, nonmated)
    warn_if_small(int(curve.n_mated))
    return linkability_of(curve, omega)


def linkability_of(curve: Steps, omega: float = 1.0) -> float:
    """Linkability of one ROC, in whatever pieces it was counted; see `linkability`."""
    curve = curve.pooled()
    starts = cell_starts(curve.mated)
    cells = Steps(np.add.reduceat(curve.mated, starts), np.add.reduceat(curve.nonmated, starts))
    if curve.n_mated < 2 or curve.n_nonmated < 2:
        raise DataError(
            f"linkability of {curve.n_mated} mated and {curve.n_nonmated} non-mated trials; expected two each"
        )
    rng = np.random.default_rng(_SEED)
    m, n = (_halve(counts, rng) for counts in (cells.mated, cells.nonmated))
    return float(from_halves(Steps(m, n), omega))


def dsys_of_hull(curves: Steps, fitted: Floats) -> Floats:
    """D_sys on the hull of one ROC, or of each replicate, from its `posterior`; too high, as the hull is."""
    gain = np.maximum(2 * fitted - 1, 0.0)
    result: Floats = (gain * curves.mated).sum(-1) / curves.n_mated
    return result


def from_halves(halves: Steps, omega: float = 1.0) -> Floats:
    """Bias-corrected linkability from splits of a ROC into independent halves.

    Parameters
    ----------
    halves : Steps, shape (n_splits, 2, ..., n_pieces)
        Both halves of every split on the same pieces. A split with a half that lacks a class is left out.
    omega : float
        Prior ratio.

    Returns
    -------
    ndarray, shape (...)
        In [0, 1]; NaN where no split is left.
    """
    m, n = halves.n_mated, halves.n_nonmated
    whole = np.minimum(m, n).min(1, keepdims=True) > 0
    mated = halves.mated / np.where(m > 0, m, 1)[..., None]
    nonmated = halves.nonmated / np.where(n > 0, n, 1)[..., None]
    p = posterior(Steps(mated, nonmated), omega)
    acts = p > 0.5 + 1e-12  # a fair guess earns nothing, whatever its rounding
    reward, price = np.where(acts, 1 - 2 * (1 - p) ** 2, 0.0), np.where(acts, 2 / omega * p**2, 0.0)
    apparent = (reward * mated - price * nonmated).sum(-1)
    honest = (reward * mated[:, ::-1] - price * nonmated[:, ::-1]).sum(-1)
    value = (_APPARENT * apparent + (1 - _APPARENT) * honest).mean(1)
    kept = whole[:, 0]
    count = kept.sum(0)
    mean = np.where(kept, value, 0.0).sum(0) / np.maximum(count, 1)
    return np.where(count > 0, np.clip(mean, 0.0, 1.0), np.nan)


def cell_starts(mated: NDArray[Any]) -> NDArray[np.int64]:
    """First pieces of at most about 250 cells, equal in mated trials, that pool neighbouring pieces."""
    if len(mated) <= 2 * _CELLS:
        return np.arange(len(mated))
    before = np.cumsum(mated) - mated
    edges = -(-np.arange(_CELLS + 1) * mated.sum() // _CELLS)
    starts = np.unique(np.searchsorted(before, edges))
    return starts[starts < len(mated)]


def dsys_histogram(mated: ArrayLike, nonmated: ArrayLike, omega: float = 1.0) -> float:
    """Histogram value of D_sys as published, for comparison with other papers only.

    Parameters
    ----------
    mated, nonmated : array_like, shape (n,)
        Finite scores, higher = more likely the same person.
    omega : float
        Prior ratio P(mated) / P(non-mated), above 0.

    Returns
    -------
    float
        In [0, 1]. With min(n_mated / 10, 100) equal bins between the extremes and the trapezoid rule it
        is 0 below 20 mated scores, about 0.05 on noise, 0.5 for perfect separation into two bins, the same
        for inverted scores, and one outlier can take it to 0. `linkability` fixes all of these.

    Notes
    -----
    Gomez-Barrero, Galbally, Rathgeb and Busch, IEEE TIFS 13(6), 2018, written from the
    formulas: per bin
    LR = p(s|mated) / p(s|nonmated) and D = max(0, (omega LR - 1) / (omega LR + 1)), D = 1 where only mated
    scores fall; then the integral of p(s|mated) D(s).

    Examples
    --------
    >>> dsys_histogram(np.arange(20) + 20, np.arange(20))
    0.5
    >>> dsys_histogram(np.arange(19) + 100, np.arange(100))
    0.0
    """
    check_omega(omega)
    return dsys_of(*sort_both(*as_classes(mated, nonmated)), omega)


def dsys_of(m: Floats, n: Floats, omega: float = 1.0) -> float:
    """Histogram value of sorted mated and non-mated scores, see `dsys_histogram`."""
    low, high = min(m[0], n[0]), max(m[-1], n[-1])
    bins = min(len(m) // 10, 100)
    if bins < 2 or low == high:
        return 0.0
    if not np.isfinite(high - low):  # the widest finite scores: D_sys does not change with their scale
        return dsys_of(m / 4, n / 4, omega)
    if (high - low) / bins <= np.spacing(max(abs(low), abs(high))):  # too narrow for distinct edges
        return dsys_of((m - low) / (high - low), (n - low) / (high - low), omega)
    edges = np.linspace(low, high, bins + 1)
    inner = (np.searchsorted(x, edges[1:-1]) for x in (m, n))  # bins closed below, the last one on both sides
    p_m, p_n = (np.diff(i, prepend=0, append=len(x)) / len(x) for i, x in zip(inner, (m, n), strict=True))
    d = np.where(omega * p_m > p_n, (omega * p_m - p_n) / np.maximum(omega * p_m + p_n, 1e-300), 0.0)
    value = d * p_m
    return float((value[1:] + value[:-1]).sum() / 2)  # the trapezoid rule; the width of bins cancels


def warn_if_small(n_mated: int, stacklevel: int = 3) -> None:
    """Warn when linkability rests on too few mated trials to mean much."""
    if n_mated < MIN_MATED:
        warnings.warn(
            f"linkability from {n_mated} mated trials; below {MIN_MATED} read its interval, not its value",
            SmallSampleWarning,
            stacklevel=stacklevel,
        )


def check_omega(omega: float) -> None:
    """Raise unless omega is a finite ratio above 0."""
    expected = "a finite prior ratio P(mated)/P(non-mated) above 0"
    check_number("omega", omega, lambda x: 0 < x < np.inf, expected)


def _halve(counts: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Split trials at random into two halves, `SPLITS` times; shape (n_splits, 2, n_pieces)."""
    most = int(counts.sum())
    if most > _MOST:  # more than numpy halves; the shares of so many trials are what they are
        counts = np.rint(counts * (_MOST / most)).astype(np.int64)
    half = rng.multivariate_hypergeometric(counts, int(counts.sum()) // 2, size=SPLITS, method="marginals")
    return np.stack([half, counts - half], axis=1)
