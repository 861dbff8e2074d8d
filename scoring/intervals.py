"""From replicates of a figure to its 95 % interval."""

from __future__ import annotations

import numpy as np

from scoring.errors import Floats
from scoring.estimate import Estimate

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
