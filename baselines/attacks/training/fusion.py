"""Several attacks become one: weighed scores give one likelihood ratio, trained on an open key."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fusion:
    """Weights of several scores.

    Attributes
    ----------
    weights : ndarray, shape (k,)
        One an attack, of its standardized score.
    intercept : float
        Added to their sum.
    mean, scale : ndarray, shape (k,)
        Of the scores of the training.
    """

    weights: Floats
    intercept: float
    mean: Floats
    scale: Floats

    def __call__(self, scores: Floats) -> Floats:
        """Fuse scores, shape (..., k), into natural log-likelihood ratios, shape (...)."""
        return ((scores - self.mean) / self.scale) @ self.weights + self.intercept


def fuse(scores: Floats, mated: ArrayLike) -> Fusion:
    """Train a fusion by logistic regression; mated and non-mated trials weigh the same.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Of trials whose label is known, by attackers that were *not* trained on the people in them.
    mated : array_like of bool, shape (n,)
        Labels.

    Returns
    -------
    Fusion
        Linear, so that an attack that adds nothing gets a weight near 0 (Brümmer et al., IEEE TASLP 2007).

    Raises
    ------
    ValueError
        If there is no trial of one of both kinds.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> mated = np.arange(400) % 4 == 0
    >>> scores = np.stack([mated + rng.normal(size=400), rng.normal(size=400)], axis=1)
    >>> fusion = fuse(scores, mated)
    >>> bool(fusion.weights[0] > 5 * abs(fusion.weights[1]))
    True
    """
    labels = np.asarray(mated, bool)
    if labels.all() or not labels.any():
        raise ValueError(f"{labels.sum()} mated of {len(labels)} trials; expected some of both kinds")
    mean, scale = scores.mean(axis=0), scores.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    # Run to the end: at a loose tolerance noise of the last bit decides after which step it stops.
    model = LogisticRegression(class_weight="balanced", max_iter=1000, tol=1e-9)
    model.fit((scores - mean) / scale, labels)
    return Fusion(model.coef_[0], float(model.intercept_[0]), mean, scale)
