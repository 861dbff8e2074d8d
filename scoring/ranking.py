"""Sets of ranks from all pairwise comparisons, and the Pareto front with its uncertainty.

A set of ranks follows from the pairs alone: an irrelevant system more or less cannot swap two others
(Mogstad, Romano, Shaikh and Wilhelm, Inference for Ranks, 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from scipy.stats import t as student

from mriprivacy.scoring.errors import (
    Floats,
    ScoringError,
    as_table,
    check_count,
    check_number,
    first_bad,
    raise_all,
    unmasked,
)

Ints = NDArray[np.int64]
ALPHA = 0.05  # chance that any significant pair of a board is a false one


@dataclass(frozen=True, slots=True)
class RankSets:
    """The ranks that the data leave open for each system.

    Attributes
    ----------
    rank : ndarray of int, shape (n_systems,)
        By value, from 1; equal values share the better rank.
    low, high : ndarray of int, shape (n_systems,)
        Ends of the set: 1 + the number of significantly better systems, and n_systems - the number of
        significantly worse ones. All sets together hold the true ranks with a confidence of 95 %.
    p_holm : ndarray, shape (n_systems, n_systems)
        Two-sided p-values of equal values, adjusted by Holm for all pairs; 1 on the diagonal.
    """

    rank: Ints
    low: Ints
    high: Ints
    p_holm: Floats


def rank_sets(
    values: ArrayLike, replicates: ArrayLike, n: int, *, higher_is_better: bool, alpha: float = ALPHA
) -> RankSets:
    """Return for each system the set of ranks that simultaneous comparisons of all pairs leave open.

    Parameters
    ----------
    values : array_like, shape (n_systems,)
    replicates : array_like, shape (n_systems, n_bootstrap)
        The same draws for all systems, as in `scoring.Draws.replicates`.
    n : int
        Subjects behind the values; at least 1.
    higher_is_better : bool
        Required, since the same AUC is bad for a defacer and good for an attack.
    alpha : float
        Chance that any pair of equal systems is called different.

    Returns
    -------
    RankSets

    Raises
    ------
    ScoringError
        For values that are not finite, shapes that do not agree, or fewer than two draws.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.01, (3, 999))
    >>> value = np.array([0.41, 0.40, 0.15])
    >>> sets = rank_sets(value, value[:, None] + noise, 40, higher_is_better=True)
    >>> sets.rank.tolist(), sets.low.tolist(), sets.high.tolist()
    ([1, 2, 3], [1, 1, 3], [2, 2, 3])
    """
    check_number("alpha", alpha, lambda x: 0 < x < 1, "a chance above 0 and below 1")
    value = as_table("values", values)
    p = holm_of_pairs(paired_p(value, replicates, n))
    gap = value[:, None] - value if higher_is_better else value - value[:, None]
    better = np.count_nonzero((p < alpha) & (gap < 0), axis=1)
    worse = np.count_nonzero((p < alpha) & (gap > 0), axis=1)
    rank = rankdata(-value if higher_is_better else value, method="min").astype(np.int64)
    return RankSets(rank, 1 + better, len(value) - worse, p)


def paired_p(values: ArrayLike, replicates: ArrayLike, n: int) -> Floats:
    """Test every pair of systems for equal values: a t-test on the spread of their difference over draws.

    Parameters
    ----------
    values : array_like, shape (n_systems,)
    replicates : array_like, shape (n_systems, n_bootstrap)
        The same draws for all systems.
    n : int
        Subjects.

    Returns
    -------
    ndarray, shape (n_systems, n_systems)
        Two-sided p-values of single pairs; 1 on the diagonal.

    Notes
    -----
    Counting draws beyond 0 gives no p below 2 / (draws + 1), and Holm multiplies that by the number of
    pairs. A t-test has no such floor. Its degrees of freedom are those of n - 1 subjects and of the draws
    together; n / (n - 1) undoes the narrowness of draws with replacement. Where no draw moves the
    difference, t is infinite for any n: the sign test of n subjects, 2 ** (1 - n), takes its place.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.05, 999)
    >>> p = paired_p([0.5, 0.5, 0.6], [0.5 + noise, 0.5 + noise, 0.6 + 0.9 * noise], 40)
    >>> float(p[0, 1]), bool(p[0, 2] < 1e-6)
    (1.0, True)
    >>> float(paired_p([0.0, 1.0], [[0.0] * 99, [1.0] * 99], 12)[0, 1]) == 2**-11
    True
    """
    value, drawn = as_table("values", values), as_table("replicates", replicates)
    if value.ndim != 1 or drawn.ndim != 2 or len(drawn) != len(value) or drawn.shape[1] < 2:
        raise ScoringError(
            f"replicates: shape {drawn.shape} for values of shape {value.shape}; expected "
            "(n_systems, n_bootstrap), two draws or more"
        )
    check_count("n", n, 1, "subjects")
    gap = np.abs(value[:, None] - value)
    spread, freedom = spread_of_pairs(drawn, n)
    moved = spread > 1e-9
    by_t = 2 * student.sf(gap / np.where(moved, spread, 1), freedom)
    # Figures of entries are kept to four decimals; what is closer is equal.
    result: Floats = np.where(gap < 5e-5, 1.0, np.where(moved, by_t, min(1.0, 2.0 ** (1 - n))))
    return result


def spread_of_pairs(replicates: Floats, n: int) -> tuple[Floats, float]:
    """Return the standard error of every difference of two systems, and its degrees of freedom.

    Parameters
    ----------
    replicates : ndarray, shape (n_systems, n_bootstrap)
        The same draws for all systems.
    n : int
        Subjects.

    Examples
    --------
    >>> spread, freedom = spread_of_pairs(np.array([[0.5, 0.6, 0.7], [0.5, 0.5, 0.5]]), 1000)
    >>> float(spread[0, 1].round(4)), round(freedom, 3)
    (0.1001, 1.996)
    """
    covariance = np.atleast_2d(np.cov(replicates))
    variance = np.diag(covariance)
    # Drawing with replacement is narrower than the truth by (n - 1) / n.
    square = np.maximum(variance[:, None] + variance - 2 * covariance, 0) * n / max(n - 1, 1)
    return np.sqrt(square), 1 / (1 / max(n - 1, 1) + 1 / (replicates.shape[1] - 1))


def holm(p_values: ArrayLike) -> Floats:
    """Adjust p-values for their number by Holm's step-down method (1979).

    Parameters
    ----------
    p_values : array_like, shape (n,)
        In [0, 1].

    Returns
    -------
    ndarray, shape (n,)
        In the order given; comparing them with alpha keeps the chance of any false claim below alpha.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = unmasked("p_values", p_values)
    if p.ndim != 1 or (len(p) and p.dtype.kind not in "fiub"):
        raise ScoringError(f"p_values: {p.dtype} of shape {p.shape}; expected a 1-D array of numbers")
    p = p.astype(float)
    bad = ~((p >= 0) & (p <= 1))
    problem = first_bad("p_values", bad, p, "values out of range", "[0, 1]")
    raise_all([problem] if problem else [])
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def holm_of_pairs(p: Floats) -> Floats:
    """Adjust the p-values of a symmetric table by Holm for all its pairs.

    Examples
    --------
    >>> holm_of_pairs(np.array([[1, 0.01, 0.04], [0.01, 1, 0.03], [0.04, 0.03, 1]])).tolist()
    [[1.0, 0.03, 0.06], [0.03, 1.0, 0.06], [0.06, 0.06, 1.0]]
    """
    first, second = np.triu_indices(len(p), 1)
    table = np.ones(p.shape)
    if len(first):
        table[first, second] = table[second, first] = holm(p[first, second])
    return table


def pareto_front(points: ArrayLike, higher_is_better: Sequence[bool]) -> NDArray[np.bool_]:
    """Systems that no other system beats in one metric without losing in another.

    Parameters
    ----------
    points : array_like, shape (n_systems, n_metrics)
        For example AUC under the strongest attacker and utility.
    higher_is_better : sequence of bool, length n_metrics

    Returns
    -------
    ndarray of bool, shape (n_systems,)
        Equal systems are both on the front, or both off it.

    Examples
    --------
    >>> pareto_front([[0.5, 0.1], [0.3, 0.9], [0.2, 0.8]], [True, True]).tolist()
    [True, True, False]
    """
    table = as_table("points", points)
    if table.ndim != 2 or table.shape[1] != len(higher_is_better):
        raise ScoringError(
            f"points: shape {table.shape} for {len(higher_is_better)} directions; expected a row a system "
            "and a column a metric"
        )
    table = np.where(np.asarray(higher_is_better), table, -table)
    no_worse = (table[:, None] >= table[None]).all(-1)
    better = (table[:, None] > table[None]).any(-1)
    result: NDArray[np.bool_] = ~np.any(no_worse & better, axis=0)
    return result


def surely_dominated(better: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.bool_]:
    """Systems that another one beats for sure, in the metric they are ranked by and in a second one.

    Parameters
    ----------
    better : array_like of bool, shape (n_systems, n_systems)
        Whether the system of the row is significantly better than that of the column.
    low, high : array_like, shape (n_systems,)
        Ends of the intervals of the second metric, higher being better: one system beats another where
        its whole interval lies above.

    Examples
    --------
    >>> surely_dominated([[False, True], [False, False]], [0.9, 0.7], [0.95, 0.8]).tolist()
    [False, True]
    >>> surely_dominated([[False, True], [False, False]], [0.9, 0.7], [0.95, 0.92]).tolist()
    [False, False]
    """
    above = np.asarray(low)[:, None] > np.asarray(high)[None]
    result: NDArray[np.bool_] = np.any(np.asarray(better, bool) & above, axis=0)
    return result
