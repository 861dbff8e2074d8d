"""Two sides, scans and photographs, and a map of each into a space in which they are compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SideMap:
    """The map of one side: subtract the mean, divide by the scale, multiply.

    Attributes
    ----------
    mean, scale : ndarray, shape (d,)
        Of the side's features on `dev`.
    directions : ndarray, shape (d, k) or (s, d, k)
        Into the shared space, or into several.
    """

    mean: Floats
    scale: Floats
    directions: Floats

    def __call__(self, features: Floats) -> Floats:
        """Map features, shape (n, d), to points of length 1 in the shared space, (n, k) or (s, n, k)."""
        points = ((features - self.mean) / self.scale) @ self.directions
        length = np.sqrt((points * points).sum(axis=-1, keepdims=True))
        return points / np.where(length > 0, length, 1.0)


@dataclass(frozen=True)
class Sides:
    """Maps of scans (`probe`) and of photographs (`reference`)."""

    probe: SideMap
    reference: SideMap

    def similarity(self, probes: Floats, references: Floats) -> Floats:
        """Cosine in the shared space, shape (n, m) or (s, n, m), -1 to 1; as `registry.similarity`."""
        return self.probe(probes) @ self.reference(references).swapaxes(-1, -2)


@dataclass(frozen=True)
class Normalized(Sides):
    """Sides whose scores are normalized by the scores of either image with other people.

    Attributes
    ----------
    probes, references : ndarray, shapes (k, d) and (l, e)
        Features of other people, of `dev`: the cohort.
    """

    probes: Floats
    references: Floats

    def similarity(self, probes: Floats, references: Floats) -> Floats:
        """Return cosines normalized against the cohort, (n, m) or (s, n, m): how many spreads above its mean.

        Symmetric score normalization (S-norm; Kenny, Odyssey 2010): the mean of the score as seen from the
        probe among the cohort's references, and from the reference among the cohort's probes.
        """
        own, others = self.probe(probes), self.reference(references)
        others = others.swapaxes(-1, -2)
        scores = own @ others
        mean, spread = _moments(own @ self.reference(self.references).swapaxes(-1, -2), -1)
        other, width = _moments(self.probe(self.probes) @ others, -2)
        return ((scores - mean) / spread + (scores - other) / width) / 2


def _moments(scores: Floats, axis: int) -> tuple[Floats, Floats]:
    mean, spread = scores.mean(axis=axis, keepdims=True), scores.std(axis=axis, keepdims=True)
    return mean, np.where(spread > 1e-12, spread, 1.0)


def standardize(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mean, scale and standardized rows of features, shape (n, d); a constant says nothing."""
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale > 1e-9 * np.abs(values).max(initial=1e-300), scale, 1.0)
    return mean, scale, (values - mean) / scale
