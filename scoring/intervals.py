"""From replicates of a figure to its 95 % interval."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit, stdtrit

from mriprivacy.scoring.errors import Floats
from mriprivacy.scoring.estimate import Estimate

LEVEL = 0.95


def percentile(value: float, replicates: Floats, n: int) -> Estimate:
    """Percentile interval: the middle 95 % of the replicates.

    Parameters
    ----------
    value : float
        The point estimate.
    replicates : ndarray, shape (n_bootstrap,)
        The figure in each draw of subjects.
    n : int
        Subjects behind the value.

    Returns
    -------
    Estimate
        Draws in which the figure is not defined (NaN) are left out; NaN where it never is.

    Examples
    --------
    >>> percentile(0.5, np.arange(1025.0) / 1024, n=30).high
    0.975
    """
    defined = replicates[~np.isnan(replicates)]
    if not len(defined):
        return Estimate(value, float("nan"), float("nan"), n)
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high), n)


def logit_t(value: float, replicates: Floats, n: int, resolution: float) -> Estimate:
    """Take a t interval on the logit scale: for areas, whose draws crowd together near 1.

    Parameters
    ----------
    value : float
        The point estimate, in [0, 1].
    replicates : ndarray, shape (n_bootstrap,)
        The figure in each draw of subjects.
    n : int
        Subjects behind the value; t has n - 1 degrees of freedom.
    resolution : float
        Smallest step of the figure; draws of 0 and 1 are taken half a step inside.

    Notes
    -----
    Pepe, The Statistical Evaluation of Medical Tests, 2003. A value of 0 or 1 has no logit, nor any
    spread among its draws: its interval is the percentile one.

    Examples
    --------
    >>> print(logit_t(0.9, np.array([0.85, 0.9, 0.93] * 20), n=40, resolution=0.001))
    0.900 [0.816, 0.948] (n=40)
    """
    if value in (0.0, 1.0):
        return percentile(value, replicates, n)
    drawn = logit(np.clip(replicates, resolution / 2, 1 - resolution / 2))
    reach = stdtrit(n - 1, (1 + LEVEL) / 2) * drawn.std() if n > 1 else np.inf
    return Estimate(value, float(expit(logit(value) - reach)), float(expit(logit(value) + reach)), n)
