"""Error rates and costs at one threshold (ISO/IEC 19795-1; the detection cost of NIST's evaluations)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mriprivacy.scoring.errors import Floats, ScoringError, as_classes, check_number
from mriprivacy.scoring.metrics.verification import roc

_SMALLEST = 1e-150  # of a prior times a cost: ratios of two of them are numbers


@dataclass(frozen=True, slots=True)
class Rates:
    """Error rates of one threshold, in [0, 1].

    Attributes
    ----------
    fmr, fnmr : float
        Of the comparisons: scores at or above the threshold match.
    far, frr : float
        Of the system (generalized FAR and FRR): a scan or photograph that failed is never accepted.
    """

    fmr: float
    fnmr: float
    far: float
    frr: float


def rates_at(
    mated: ArrayLike,
    nonmated: ArrayLike,
    threshold: float,
    *,
    failure_to_acquire: float = 0.0,
    failure_to_enrol: float = 0.0,
) -> Rates:
    """Count errors at a threshold, with and without the failures.

    Parameters
    ----------
    mated, nonmated : array_like, shape (n,)
        Finite scores of the comparisons that took place, higher = more likely the same person.
    threshold : float
        A score, or infinity.
    failure_to_acquire, failure_to_enrol : float
        Shares of probes and of references that took part in no comparison.

    Raises
    ------
    ScoringError
        For scores that cannot be scored, a threshold that is NaN, or a share outside [0, 1].

    Notes
    -----
    ISO/IEC 19795-1: with f = (1 - FTE) (1 - FTA), GFAR = f FMR and GFRR = 1 - f (1 - FNMR).

    Examples
    --------
    >>> rates_at([4, 3, 2, 1], [2, 0], 1.5, failure_to_acquire=0.5)
    Rates(fmr=0.5, fnmr=0.25, far=0.25, frr=0.625)
    """
    m, n = as_classes(mated, nonmated)
    _check(threshold, failure_to_acquire=failure_to_acquire, failure_to_enrol=failure_to_enrol)
    fmr, fnmr = float(np.mean(n >= threshold)), float(np.mean(m < threshold))
    there = (1 - failure_to_enrol) * (1 - failure_to_acquire)
    return Rates(fmr, fnmr, there * fmr, 1 - there * (1 - fnmr))


def eer_threshold(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """Threshold at which the larger of FMR and FNMR is smallest; the highest such score.

    The EER itself may lie between two thresholds. Arguments and errors as `eer`.

    Examples
    --------
    >>> eer_threshold([0.9, 0.8, 0.4], [0.5, 0.3, 0.2, 0.1])
    0.4
    """
    curve = roc(mated, nonmated)
    return float(curve.threshold[np.argmin(np.maximum(curve.fmr, 1 - curve.tmr))])


def dcf(
    mated: ArrayLike,
    nonmated: ArrayLike,
    threshold: float,
    prior: float = 0.01,
    cost_miss: float = 1.0,
    cost_false: float = 1.0,
) -> float:
    """Return the detection cost at a threshold, over that of the better of accepting all and accepting none.

    Parameters
    ----------
    mated, nonmated, threshold
        As `rates_at`.
    prior : float
        Chance of a mated trial, above 0 and below 1.
    cost_miss, cost_false : float
        Of a false non-match and of a false match, above 0.

    Examples
    --------
    >>> dcf([4, 3, 2, 1], [2, 0], 2.5, prior=0.5)
    0.5
    """
    rates = rates_at(mated, nonmated, threshold)
    return float(_cost(np.array(rates.fmr), np.array(rates.fnmr), prior, cost_miss, cost_false))


def min_dcf(
    mated: ArrayLike,
    nonmated: ArrayLike,
    prior: float = 0.01,
    cost_miss: float = 1.0,
    cost_false: float = 1.0,
) -> float:
    """Lowest `dcf` of any threshold; arguments as there.

    Examples
    --------
    >>> min_dcf([4, 3, 2.5, 1], [2, 0], prior=0.5), min_dcf([1], [1])
    (0.25, 1.0)
    """
    curve = roc(mated, nonmated)
    return float(_cost(curve.fmr, 1 - curve.tmr, prior, cost_miss, cost_false).min())


def _cost(fmr: Floats, fnmr: Floats, prior: float, cost_miss: float, cost_false: float) -> Floats:
    check_number("prior", prior, lambda x: 0 < x < 1, "a chance above 0 and below 1")
    for name, cost in (("cost_miss", cost_miss), ("cost_false", cost_false)):
        check_number(name, cost, lambda x: 0 < x < np.inf, "a cost above 0")
    miss, false = prior * cost_miss, (1 - prior) * cost_false
    if not _SMALLEST < min(miss, false) <= max(miss, false) < 1 / _SMALLEST:
        raise ScoringError(
            f"prior: {prior!r} with costs {cost_miss!r} and {cost_false!r}; expected products from "
            f"{_SMALLEST:g} to {1 / _SMALLEST:g}"
        )
    result: Floats = (miss * fnmr + false * fmr) / min(miss, false)
    return result


def _check(threshold: float, **shares: float) -> None:
    check_number("threshold", threshold, lambda x: True, "a score, or infinity")
    for name, share in shares.items():
        check_number(name, share, lambda x: 0 <= x <= 1, "a share in [0, 1]")
