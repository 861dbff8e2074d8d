"""Verification: how well scores part mated from non-mated trials (ISO/IEC 19795-1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from mriprivacy.scoring.errors import Floats, as_classes, check_number
from mriprivacy.scoring.metrics.steps import Steps, sort_both, steps, thresholds


def eer(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """Equal error rate: where the ROC, tied scores in one piece, crosses FMR = FNMR.

    Parameters
    ----------
    mated, nonmated : array_like, shape (n,)
        Finite scores, higher = more likely the same person.

    Returns
    -------
    float
        In [0, 1]: 0 for perfect separation, 0.5 for constant scores, above 0.5 for inverted ones.

    Raises
    ------
    ScoringError
        For NaN, infinity or an empty class.

    Notes
    -----
    Trials of equal score are accepted or rejected together; between two thresholds the crossing is
    interpolated linearly (ISO/IEC 19795-1). Nothing is folded at 0.5, so an inverted file shows.

    Examples
    --------
    >>> eer([0.9, 0.8, 0.4], [0.5, 0.3, 0.2, 0.1])
    0.25
    >>> eer([1, 1], [1, 1, 1])
    0.5
    """
    return float(eer_of(steps(mated, nonmated)))


def rocch_eer(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """Equal error rate on the concave hull of the ROC: the minimax error of an optimal calibration.

    Never above 0.5, hence blind to inverted scores: read it beside `eer`. Arguments and errors as `eer`.
    Source: Brümmer and de Villiers, The BOSARIS toolkit, 2013.

    Examples
    --------
    >>> rocch_eer([3, 1], [2, 0])
    0.25
    """
    return float(eer_of(steps(mated, nonmated).hull()))


def auc(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """Area under the ROC: the chance that a mated score beats a non-mated one, ties counted half.

    Arguments and errors as `eer`. 1 for perfect separation, 0.5 for constant scores, below for inverted.
    Source: Hanley and McNeil 1982 (the Mann-Whitney statistic over the number of pairs).

    Examples
    --------
    >>> auc([2, 1], [1, 0])
    0.875
    """
    return float(auc_of(steps(mated, nonmated)))


def tmr_at_fmr(mated: ArrayLike, nonmated: ArrayLike, fmr: float = 0.01) -> float:
    """Highest true match rate any threshold reaches with a false match rate of at most `fmr`.

    Parameters
    ----------
    mated, nonmated : array_like, shape (n,)
        Finite scores, higher = more likely the same person.
    fmr : float
        Bound on the false match rate, in [0, 1].

    Returns
    -------
    float
        In [0, 1]. No interpolation: the figure is reached by a threshold that exists. With fewer than
        1 / fmr non-mated trials it is the rate with no false match at all.

    Examples
    --------
    >>> tmr_at_fmr([4, 3, 1], [2, 0], fmr=0.01)
    0.6666666666666666
    """
    check_number("fmr", fmr, lambda x: 0 <= x <= 1, "a rate in [0, 1]")
    return float(tmr_of(steps(mated, nonmated), fmr))


@dataclass(frozen=True, slots=True)
class Curve:
    """Error rates at every threshold where the ROC turns, from the strictest down; straight in between.

    Attributes
    ----------
    threshold : ndarray, shape (n,)
        Scores at or above are accepted; the first is +inf (nothing accepted).
    fmr, tmr : ndarray, shape (n,)
        False and true match rates, ascending, in [0, 1]. FNMR is 1 - tmr.
    """

    threshold: Floats
    fmr: Floats
    tmr: Floats

    def probit(self) -> tuple[Floats, Floats]:
        """FMR and FNMR on the axes of a DET plot (normal quantiles; +-inf at rates 0 and 1)."""
        return ndtri(self.fmr), ndtri(1 - self.tmr)


def roc(mated: ArrayLike, nonmated: ArrayLike) -> Curve:
    """Receiver operating characteristic with its thresholds; arguments and errors as `eer`.

    Examples
    --------
    >>> curve = roc([2, 1], [1, 0, 0])
    >>> curve.fmr.tolist(), curve.tmr.tolist(), curve.threshold.tolist()
    ([0.0, 0.0, 0.3333333333333333, 1.0], [0.0, 0.5, 1.0, 1.0], [inf, 2.0, 1.0, 0.0])
    """
    m, n = as_classes(mated, nonmated)
    pieces, lowest = thresholds(*sort_both(m, n))
    return Curve(np.concatenate([[np.inf], lowest]), *pieces.vertices())


def det(mated: ArrayLike, nonmated: ArrayLike) -> tuple[Floats, Floats]:
    """DET curve: FMR and FNMR as normal quantiles wherever the ROC turns (Martin et al. 1997).

    Examples
    --------
    >>> x, y = det([2, 1], [1, 0])
    >>> x.tolist(), y.tolist()
    ([-inf, -inf, 0.0, inf], [inf, 0.0, -inf, -inf])
    """
    return roc(mated, nonmated).probit()


def eer_of(curve: Steps) -> Floats:
    """Equal error rate of one ROC, or of each replicate; shape (...)."""
    return eer_at(*curve.vertices())


def eer_at(fmr: Floats, tmr: Floats) -> Floats:
    """Equal error rate from the vertices of a ROC, last axis; shape (...)."""
    gap = fmr + tmr
    gap -= 1.0  # FMR - FNMR, from -1 up to 1
    after = np.argmax(gap >= 0, axis=-1)[..., None]

    def at(x: Floats, index: np.ndarray) -> Floats:
        return np.take_along_axis(x, index, -1)[..., 0]

    g0, g1, f0, f1 = at(gap, after - 1), at(gap, after), at(fmr, after - 1), at(fmr, after)
    return np.clip(f0 - g0 / (g1 - g0) * (f1 - f0), 0.0, 1.0)


def auc_of(curve: Steps) -> Floats:
    """Area under one ROC, or under each replicate's; shape (...). Exact for integer counts."""
    mated, nonmated = curve.mated, curve.nonmated
    if 2.0 * float(curve.n_mated.max()) * float(curve.n_nonmated.max()) >= 2.0**63:
        mated = mated.astype(float)  # so many pairs that whole numbers overflow
    above = 2 * np.cumsum(mated, axis=-1) - mated
    result: Floats = (above * nonmated).sum(-1) / (2.0 * curve.n_mated * curve.n_nonmated)
    return result


def tmr_of(curve: Steps, bound: float) -> Floats:
    """Read the true match rate at a false match rate of at most `bound`, of one ROC or of each replicate."""
    return tmr_within(*curve.vertices(), bound)


def tmr_within(fmr: Floats, tmr: Floats, bound: float) -> Floats:
    """Read the same from the vertices of a ROC, last axis; shape (...)."""
    last = np.count_nonzero(fmr <= bound, axis=-1, keepdims=True) - 1
    return np.take_along_axis(tmr, np.asarray(last), -1)[..., 0]
