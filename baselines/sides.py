"""Two sides, scans and photographs, and a map of each into a space in which they are compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """The map of one side: subtract the mean, divide by the scale, multiply.

    Attributes
    ----------
    mean, scale : ndarray, shape (d,)
        Of the side's features on `dev`.
    directions : ndarray, shape (d, k)
        Into the shared space.
    """

    mean: Floats
    scale: Floats
    directions: Floats

    def __call__(self, features: Floats) -> Floats:
        """Map features, shape (n, d), to points of length 1 in the shared space, shape (n, k)."""
        points = ((features - self.mean) / self.scale) @ self.directions
        length = np.linalg.norm(points, axis=1, keepdims=True)
        return points / np.where(length > 0, length, 1.0)


@dataclass(frozen=True)
class Sides:
    """Maps of scans (`probe`) and of photographs (`reference`)."""

    probe: Side
    reference: Side

    def similarity(self, probes: Floats, references: Floats) -> Floats:
        """Cosine in the shared space, shape (n, m), -1 to 1; arguments as `baselines.attacks.similarity`."""
        return self.probe(probes) @ self.reference(references).T


def standardize(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean, scale and standardized rows of features, shape (n, d); a constant says nothing."""
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale > 1e-9 * np.abs(values).max(initial=1e-300), scale, 1.0)
    return mean, scale, (values - mean) / scale
