"""Which interval each metric has, for which lists, and "n/a: needs ..." for the others.

One table, `CONTRACTS`, and three constructions. What they keep is simulated in
docs/results/scoring_simulation.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

from mriprivacy.scoring.errors import Floats
from mriprivacy.scoring.estimate import Estimate

LEVEL = 0.95
FEWEST_PEOPLE = 4  # with a mated trial; of fewer no interval is narrower than all that is possible
FALSE_MATCHES = 10  # expected at an FMR, or the list does not resolve it
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Contract:
    """How the interval of a metric is made, and what a list must have.

    Attributes
    ----------
    construction : str
        `share`, Clopper-Pearson over people with an effective number of them; `area`, the same quantiles
        with the number of people that the spread amounts to; `sides`, that with a spread of its own for
        either end; `spread`, the wider of `area` and value +- t times the spread; `mean`, the latter alone;
        `none`.
    ends : tuple of float
        What the metric is for a person of whom nothing is given away, and for one who is fully exposed.
    fmr : float
        False match rate at which it is taken: the list needs 10 expected false matches. 0 for none.
    fpir : float
        The same of searches: the list needs 10 expected false positives.
    without : str
        What an interval would need, where no list has it.
    """

    construction: str
    ends: tuple[float, float] = (0.0, 1.0)
    fmr: float = 0.0
    fpir: float = 0.0
    without: str = ""

    @property
    def nonmated(self) -> int:
        """Fewest non-mated trials."""
        return round(FALSE_MATCHES / self.fmr) if self.fmr else 0

    @property
    def probes(self) -> int:
        """Fewest probes with mated and non-mated trials."""
        return round(FALSE_MATCHES / self.fpir) if self.fpir else 0


@dataclass(frozen=True, slots=True)
class ListSize:
    """People (with a mated trial), non-mated trials, and probes that are searched for."""

    people: int
    nonmated: int = 0
    probes: int = 0


CONTRACTS = {
    "eer": Contract("sides", (0.5, 0.0)),
    "auc": Contract("area", (0.5, 1.0)),
    "partial_auc": Contract("area"),
    "linkability": Contract("spread"),
    "min_cllr": Contract("none", without="a calibration on other people: the list is calibrated on itself"),
    "tmr_at_fmr_1pct": Contract("share", fmr=0.01),
    "tmr_at_fmr_01pct": Contract("share", fmr=0.001),
    "people_found_any": Contract("share", fmr=0.01),
    "people_found_all": Contract("share", fmr=0.01),
    "rank1": Contract("share"),
    "fnir_at_fpir_10pct": Contract("share", fpir=0.1),
    "accuracy": Contract("share"),
    "balanced_accuracy": Contract("area"),
    "macro_f1": Contract("area"),
    "one_vs_rest_auc": Contract("area", (0.5, 1.0)),
    "gain": Contract("mean"),
}


def unresolved(metric: str, size: ListSize) -> str:
    """Return what a list must have to resolve a metric at all, and has; empty if it does.

    Examples
    --------
    >>> unresolved("tmr_at_fmr_1pct", ListSize(12, 132))
    '1,000 non-mated trials, the list has 132'
    >>> unresolved("auc", ListSize(12, 132))
    ''
    """
    contract = CONTRACTS[metric]
    for least, there, what in (
        (contract.nonmated, size.nonmated, "non-mated trials"),
        (contract.probes, size.probes, "probes"),
    ):
        if there < least:
            return f"{least:,} {what}, the list has {there:,}"
    return ""


def estimate(
    metric: str,
    value: float,
    variance: float,
    size: ListSize,
    level: float = LEVEL,
    lean: tuple[float, float] = (1.0, 1.0),
) -> Estimate:
    """Return a metric with the interval of its contract, or with what it needs.

    Parameters
    ----------
    metric : str
        One of `CONTRACTS`.
    value : float
        On the list.
    variance : float
        Of the metric over draws of subjects.
    size : ListSize
        Of the list.
    level : float
        Confidence level.
    lean : tuple of float
        How much more the draws spread below the value, and above it, than `variance` says; from `leans`.
        The construction `sides` uses it.

    Examples
    --------
    >>> print(estimate("people_found_any", 0.0, 0.0, ListSize(12, 1000)))
    0.000 [0.000, 0.265] (n=12)
    >>> print(estimate("auc", 1.0, 0.0, ListSize(2, 2)))
    1.000 [n/a: needs 4 people with a mated trial, the list has 2] (n=2)
    >>> print(estimate("tmr_at_fmr_1pct", 0.5, 0.01, ListSize(12, 132)))
    n/a: needs 1,000 non-mated trials, the list has 132
    """
    contract, n = CONTRACTS[metric], size.people
    if lacking := unresolved(metric, size):
        return Estimate(NAN, NAN, NAN, n, lacking)
    if np.isnan(value):
        return Estimate(NAN, NAN, NAN, n, "two mated and two non-mated trials")
    if contract.construction == "none":
        return Estimate(value, NAN, NAN, n, contract.without)
    if n < FEWEST_PEOPLE:
        whose = "people with a mated trial" if size.nonmated else "people"
        return Estimate(value, NAN, NAN, n, f"{FEWEST_PEOPLE} {whose}, the list has {n}")
    if contract.construction == "mean":
        found = around(value, _one_more(value, variance, n, contract.ends)[1], n, level)
        return replace(found, low=max(found.low, -1.0), high=min(found.high, 1.0))
    if contract.construction == "share":
        low, high = _share(value, variance, n, level)
    elif contract.construction == "sides":
        both = [_area(value, *_one_more(value, k * variance, n, contract.ends), n, level) for k in lean]
        low, high = both[0][0], both[1][1]
    else:
        make = _area if contract.construction == "area" else _spread
        low, high = make(value, *_one_more(value, variance, n, contract.ends), n, level)
    return Estimate(value, min(low, value), max(high, value), n)


def leans(value: float, replicates: Floats) -> tuple[float, float]:
    """Return how much more the draws spread on either side of a value than their variance says.

    The EER of a list stops at .5 where half of the scans fail to acquire. Its draws are then heaped on .5 and
    spread to one side alone, and their variance is too small for that side.

    Returns
    -------
    tuple of float
        Twice the mean square of the draws below the value, and of those above it, over the variance; 1 at
        least, and 1 for draws that are symmetric about it.

    Examples
    --------
    >>> below, above = leans(0.5, np.array([0.3, 0.5, 0.5, 0.5]))
    >>> round(below, 4), above
    (2.6667, 1.0)
    """
    gap = replicates[~np.isnan(replicates)] - value
    variance = float(gap.var()) if len(gap) else 0.0
    if not variance > 0:
        return 1.0, 1.0
    below, above = (2 * float(np.mean(np.maximum(side * gap, 0) ** 2)) / variance for side in (-1, 1))
    return max(1.0, below), max(1.0, above)


def around(
    value: float, variance: float, n: int, level: float = LEVEL, fewest: int = FEWEST_PEOPLE
) -> Estimate:
    """Return a mean over people, +- t times its spread, with n - 1 degrees of freedom.

    Fewer than `fewest` people, at least 2, have the value alone.

    Examples
    --------
    >>> print(around(5.0, 0.25, 12))
    5.000 [3.900, 6.100] (n=12)
    >>> print(around(5.0, 0.25, 3))
    5.000 [n/a: needs 4 people, the list has 3] (n=3)
    """
    if n < fewest:
        return Estimate(value, NAN, NAN, n, f"{fewest} people, the list has {n}")
    reach = float(stdtrit(n - 1, (1 + level) / 2) * np.sqrt(variance))
    return Estimate(value, value - reach, value + reach, n)


def difference(first: Estimate, second: Estimate, correlation: float) -> Estimate:
    """Return one estimate minus another one, with an interval made of both (Zou, Psychol. Methods 12, 2007).

    Each end takes the side of either interval that matters to it, so that the edges are kept: two perfect
    AUCs of twelve people do not differ by exactly 0 in all people.

    Parameters
    ----------
    first, second : Estimate
        Of the same people, each with the interval of its contract.
    correlation : float
        Of the two over draws of people, in [-1, 1].

    Returns
    -------
    Estimate
        Without an interval where one of the two has none.

    Examples
    --------
    >>> one = Estimate(0.9, 0.8, 0.95, 12)
    >>> f"{difference(one, Estimate(0.5, 0.4, 0.6, 12), 0.0):.2f}"
    '0.40 [0.26, 0.51]'
    >>> f"{difference(one, one, 0.0):.2f}"
    '0.00 [-0.11, 0.11]'
    """
    gap = first.value - second.value
    for one in (first, second):
        if not one.bounded:
            return Estimate(gap, NAN, NAN, first.n, one.needs)
    ends = [
        float(np.sqrt(max(0.0, own**2 + other**2 - 2 * correlation * own * other)))
        for own, other in (
            (first.value - first.low, second.high - second.value),
            (first.high - first.value, second.value - second.low),
        )
    ]
    return Estimate(gap, gap - ends[0], gap + ends[1], first.n)


def ratio(value: float, replicates: Floats, n: int, level: float = LEVEL) -> Estimate:
    """Return a ratio of two means that are above 0; its logarithm is +- t times the spread of the draws'.

    Parameters
    ----------
    value : float
        The ratio.
    replicates : ndarray, shape (n_bootstrap,)
        It in each draw of people; NaN where a draw has none.
    n : int
        People behind the mean below, of which there are fewer: `FEWEST_PEOPLE` or more.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        Without an interval of fewer people, or where the ratio is not above 0.

    Examples
    --------
    >>> f"{ratio(2.0, np.array([1.0, 4.0]), 12):.2f}"
    '2.00 [0.41, 9.84]'
    >>> print(ratio(2.0, np.array([1.0, 4.0]), 2))
    2.000 [n/a: needs 4 people, the list has 2] (n=2)
    """
    if n < FEWEST_PEOPLE:
        return Estimate(value, NAN, NAN, n, f"{FEWEST_PEOPLE} people, the list has {n}")
    drawn = replicates[replicates > 0]
    if not value > 0 or not len(drawn):
        return Estimate(value, NAN, NAN, n, "a ratio above 0")
    variance = float(np.log(drawn).var()) * n / (n - 1)
    reach = float(stdtrit(n - 1, (1 + level) / 2) * np.sqrt(variance))
    return Estimate(value, value * float(np.exp(-reach)), value * float(np.exp(reach)), n)


def clopper_pearson(value: float, size: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the ends for a share of so many, which need not be whole.

    Examples
    --------
    >>> low, high = clopper_pearson(0.5, 10)
    >>> round(low, 4), round(high, 4)
    (0.1871, 0.8129)
    """
    tail, k = (1 - level) / 2, value * size
    low = float(betaincinv(k, size - k + 1, tail)) if k > 0 else 0.0
    high = float(betaincinv(k + 1, size - k, 1 - tail)) if k < size else 1.0
    return low, high


def _share(value: float, variance: float, n: int, level: float) -> tuple[float, float]:
    """Korn and Graubard 1998: the spread says of how many people a share is, never of more than there are."""
    inside = value * (1 - value)
    size = min(n, inside / variance) if inside > 0 and variance > 0 else n
    return clopper_pearson(value, size, level)


def _one_more(value: float, variance: float, n: int, ends: tuple[float, float]) -> tuple[float, float]:
    """Value and variance with one more person at the end that lies farther off, of a weight as in a draw.

    People alike have no spread; the next person may be unlike them.
    """
    chance, full = ends
    if (value - chance) * (full - chance) < 0:
        full = 2 * chance - full  # inverted scores: the mirrored figure has the mirrored interval
    far = max((chance, full), key=lambda end: abs(value - end))
    smoothed = (n * value + far) / (n + 1)
    return smoothed, variance * (n / (n + 1)) ** 2 + (far - value) ** 2 * n / ((n + 1) ** 2 * (n + 2))


def _area(value: float, smoothed: float, variance: float, n: int, level: float) -> tuple[float, float]:
    size = smoothed * (1 - smoothed) / variance * _narrowing(n, level) ** 2
    return clopper_pearson(value, size, level)


def _spread(value: float, smoothed: float, variance: float, n: int, level: float) -> tuple[float, float]:
    """Return the wider of two: on noise the truth is 0, which no quantile reaches."""
    low, high = _area(value, smoothed, variance, n, level)
    wide = around(value, variance, n, level)
    return max(0.0, min(low, wide.low)), min(1.0, max(high, wide.high))


def _narrowing(n: int, level: float) -> float:
    """Divide the normal quantile by that of t."""
    return float(ndtri((1 + level) / 2) / stdtrit(n - 1, (1 + level) / 2))
