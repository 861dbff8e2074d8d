"""SciPy of years ago: Codabench's stock image has 1.11."""

from importlib.util import find_spec
from typing import Any


def adapt_to_old_scipy() -> None:
    """Give SciPy before 1.12 the function of it that we use, from scikit-learn."""
    import scipy.optimize

    if hasattr(scipy.optimize, "isotonic_regression"):
        return
    assert find_spec("sklearn") is not None, "this image has neither SciPy 1.12 nor scikit-learn"
    import numpy as np
    from scipy.optimize import OptimizeResult
    from sklearn.isotonic import isotonic_regression as fit

    def isotonic_regression(y: Any, *, weights: Any = None, increasing: bool = True) -> Any:
        x = fit(y, sample_weight=weights, increasing=increasing)
        blocks = np.r_[0, np.flatnonzero(np.diff(x)) + 1, len(x)]
        return OptimizeResult(x=x, blocks=blocks)

    scipy.optimize.isotonic_regression = isotonic_regression
