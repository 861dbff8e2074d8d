"""Ranks, tiers and the Pareto front of set-level metrics, with their uncertainty.

challengeR (Wiesenfarth et al. 2021) resamples cases and averages a figure of each case. EER, AUC and
linkability are figures of a whole list, so here subjects are drawn and the figure taken anew in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

from mriprivacy.scoring.comparison import holm, p_value
from mriprivacy.scoring.errors import Floats, ScoringError
from mriprivacy.scoring.estimate import Estimate
from mriprivacy.scoring.intervals import percentile

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a system stands.

    Attributes
    ----------
    system : str
    value : float
        The figure it is ranked by.
    rank : int
        1 is best; systems of equal value share the better rank.
    low, high : int
        Middle 95 % of its ranks over the draws.
    p_first : float
        Share of draws in which it is first, a shared first place divided.
    tier : int
        1 is best; no system of a tier differs significantly from its leader.
    """

    system: str
    value: float
    rank: int
    low: int
    high: int
    p_first: float
    tier: int

    def __str__(self) -> str:
        place = f"{self.rank} [{self.low}, {self.high}]"
        return f"{place:<12} {self.system}  {self.value:.3f}  P(first) {self.p_first:.2f}, tier {self.tier}"


def ranks(values: ArrayLike, *, higher_is_better: bool) -> Ints:
    """Ranks from 1, equal values sharing the better one, along the first axis.

    Examples
    --------
    >>> ranks([0.3, 0.5, 0.5], higher_is_better=True).tolist()
    [3, 1, 1]
    """
    table = _finite(values)
    result: Ints = rankdata(-table if higher_is_better else table, method="min", axis=0).astype(np.int64)
    return result


def standings(
    systems: Sequence[str],
    values: ArrayLike,
    replicates: ArrayLike,
    *,
    higher_is_better: bool,
    alpha: float = 0.05,
) -> list[Standing]:
    """Rank systems by one figure, with rank intervals, the chance of being first, and tiers.

    Parameters
    ----------
    systems : sequence of str
    values : array_like, shape (n_systems,)
    replicates : array_like, shape (n_systems, n_bootstrap)
        The same draws for all systems, as in `scoring.Draws.replicates`.
    higher_is_better : bool
        Required, since the same EER is good for a defacer and bad for an attacker.
    alpha : float
        Level of the tests that part tiers.

    Returns
    -------
    list of Standing
        Best first; equal values in the order given.

    Examples
    --------
    >>> drawn = [[0.40, 0.42, 0.41] * 99, [0.39, 0.43, 0.40] * 99, [0.1, 0.2, 0.15] * 99]
    >>> for s in standings(["a", "b", "c"], [0.41, 0.40, 0.15], drawn, higher_is_better=True):
    ...     print(s)
    1 [1, 2]     a  0.410  P(first) 0.67, tier 1
    2 [1, 2]     b  0.400  P(first) 0.33, tier 1
    3 [3, 3]     c  0.150  P(first) 0.00, tier 2
    """
    value, drawn = _finite(values), _finite(replicates)
    if drawn.ndim != 2 or drawn.shape[0] != len(value) or len(systems) != len(value):
        raise ScoringError(
            f"replicates: shape {drawn.shape} for {len(systems)} systems and {len(value)} values; "
            "expected (n_systems, n_bootstrap)"
        )
    rank = ranks(value, higher_is_better=higher_is_better)
    each = ranks(drawn, higher_is_better=higher_is_better)
    low, high = np.quantile(each, [0.025, 0.975], axis=1, method="inverted_cdf").astype(int)
    first = each == 1
    p_first = (first / first.sum(0)).mean(1)
    tier = tiers(value, drawn, higher_is_better=higher_is_better, alpha=alpha)
    rows = zip(systems, value, rank, low, high, p_first, tier, strict=True)
    found = [Standing(s, float(v), int(r), int(a), int(b), float(p), int(t)) for s, v, r, a, b, p, t in rows]
    return sorted(found, key=lambda s: s.rank)


def tiers(values: ArrayLike, replicates: ArrayLike, *, higher_is_better: bool, alpha: float = 0.05) -> Ints:
    """Part systems where the data can: a tier ends before the first system worse than its leader.

    Systems are taken best first and tested against the leader of the tier in paired draws; p-values
    are adjusted by Holm for all systems still to be placed. Returns the tier of each system, from 1.
    """
    value, drawn = _finite(values), _finite(replicates)
    order = np.argsort(ranks(value, higher_is_better=higher_is_better), kind="stable")
    tier = np.ones(len(value), dtype=np.int64)
    start, number = 0, 1
    while start < len(order):
        rest = order[start + 1 :]
        worse = holm([p_value(drawn[order[start]] - drawn[k]) for k in rest]) < alpha
        length = 1 + (int(np.argmax(worse)) if worse.any() else len(rest))
        tier[order[start : start + length]] = number
        start, number = start + length, number + 1
    return tier


def metric_then_rank(table: ArrayLike, *, higher_is_better: bool) -> Ints:
    """Average a figure over tasks, then rank; table of shape (n_systems, n_tasks).

    Examples
    --------
    >>> metric_then_rank([[0.9, 0.1], [0.4, 0.4], [0.3, 0.3]], higher_is_better=True).tolist()
    [1, 2, 3]
    """
    return ranks(_table(table).mean(1), higher_is_better=higher_is_better)


def rank_then_aggregate(table: ArrayLike, *, higher_is_better: bool) -> Ints:
    """Rank within each task (ties averaged), average the ranks, then rank; table (n_systems, n_tasks).

    Examples
    --------
    >>> rank_then_aggregate([[0.9, 0.1], [0.4, 0.4], [0.3, 0.3]], higher_is_better=True).tolist()
    [2, 1, 3]
    """
    values = _table(table)
    within = rankdata(-values if higher_is_better else values, method="average", axis=0)
    return ranks(within.mean(1), higher_is_better=False)


def significance_rank(replicates: ArrayLike, *, higher_is_better: bool, alpha: float = 0.05) -> Ints:
    """Rank by how many systems are significantly worse, minus how many are better (test, then rank).

    Replicates of shape (n_systems, n_bootstrap) on shared draws; Holm over all pairs.
    """
    drawn = _table(replicates)
    n = len(drawn)
    rows, columns = np.triu_indices(n, 1)
    gaps = [drawn[i] - drawn[j] for i, j in zip(rows, columns, strict=True)]
    apart = holm([p_value(gap) for gap in gaps]) < alpha
    wins = np.zeros(n)
    for i, j, gap, different in zip(rows, columns, gaps, apart, strict=True):
        sign = np.sign(np.median(gap)) * different * (1 if higher_is_better else -1)
        wins[i] += sign
        wins[j] -= sign
    return ranks(wins, higher_is_better=True)


def pareto_front(points: ArrayLike, higher_is_better: Sequence[bool]) -> NDArray[np.bool_]:
    """Systems no other system beats in one figure without losing in another.

    Parameters
    ----------
    points : array_like, shape (n_systems, n_figures)
        For example EER under the strongest attacker and utility.
    higher_is_better : sequence of bool, length n_figures

    Returns
    -------
    ndarray of bool, shape (n_systems,)
        Equal systems are both on the front, or both off it.

    Examples
    --------
    >>> pareto_front([[0.5, 0.1], [0.3, 0.9], [0.2, 0.8]], [True, True]).tolist()
    [True, True, False]
    """
    table = _table(points)
    if table.shape[1] != len(higher_is_better):
        raise ScoringError(
            f"higher_is_better: {len(higher_is_better)} of {table.shape[1]} figures; expected all"
        )
    table = np.where(np.asarray(higher_is_better), table, -table)
    no_worse = (table[:, None] >= table[None]).all(-1)
    better = (table[:, None] > table[None]).any(-1)
    result: NDArray[np.bool_] = ~np.any(no_worse & better, axis=0)
    return result


def worst_case(values: ArrayLike, replicates: ArrayLike, n: int, *, higher_is_better: bool) -> Estimate:
    """Figure of a defacer under its strongest attacker: the worst over attackers, in every draw anew.

    Parameters
    ----------
    values : array_like, shape (n_attackers,)
    replicates : array_like, shape (n_attackers, n_bootstrap)
    n : int
        Subjects.
    higher_is_better : bool
        For the defacer: True for EER, False for linkability and AUC.

    Examples
    --------
    >>> print(worst_case([0.4, 0.3], [[0.4, 0.4], [0.3, 0.5]], n=40, higher_is_better=True))
    0.300 [0.302, 0.398] (n=40)
    """
    value, drawn = _finite(values), _table(replicates)
    worst = np.min if higher_is_better else np.max
    return percentile(float(worst(value)), worst(drawn, axis=0), n)


def privacy_then_utility(
    privacy: Sequence[Estimate], utility: ArrayLike, bands: Sequence[float], *, higher_is_private: bool
) -> Ints:
    """Rank by privacy band, then by utility within it.

    Parameters
    ----------
    privacy : sequence of Estimate
        Under the strongest attacker. The band is decided on the bound of the interval that is worse for
        privacy, so a system earns a band only when the data show it.
    utility : array_like, shape (n_systems,)
        Higher is better.
    bands : sequence of float
        Edges between bands, for example EER 0.1, 0.2, 0.3, 0.4; a bound on an edge earns the better band.
    higher_is_private : bool
        True for EER, False for linkability and AUC.

    Examples
    --------
    >>> eer = [Estimate(0.42, 0.36, 0.47, 49), Estimate(0.40, 0.33, 0.46, 49), Estimate(0.2, 0.15, 0.26, 49)]
    >>> privacy_then_utility(eer, [0.7, 0.9, 0.99], [0.1, 0.2, 0.3, 0.4], higher_is_private=True).tolist()
    [2, 1, 3]
    """
    useful = _finite(utility)
    sign = 1 if higher_is_private else -1
    bound = np.array([e.low if higher_is_private else -e.high for e in privacy])
    edges = np.sort(sign * np.asarray(bands, dtype=float))
    band = np.searchsorted(edges, _finite(bound), side="right")
    _, order = np.unique(useful, return_inverse=True)
    return ranks(band * (len(useful) + 1) + order, higher_is_better=True)


def kendall_tau(first: ArrayLike, second: ArrayLike) -> float:
    """Agreement of two rankings, from -1 to 1, ties taken into account (tau-b); NaN if one is all ties.

    Examples
    --------
    >>> kendall_tau([1, 2, 3], [1, 3, 2])
    0.333...
    """
    a, b = _finite(first), _finite(second)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ScoringError(f"rankings of shapes {a.shape} and {b.shape}; expected two of one length")
    return float(kendalltau(a, b).statistic)


def _table(values: ArrayLike) -> Floats:
    table = _finite(values)
    if table.ndim != 2:
        raise ScoringError(f"table of shape {table.shape}; expected a row a system")
    return table


def _finite(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=float)
    if array.size == 0:
        raise ScoringError("nothing to rank; expected at least one system")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        count = int((~np.isfinite(array)).sum())
        raise ScoringError(f"{count} of {array.size} figures not finite, first {array[where]} at {where}")
    return array
