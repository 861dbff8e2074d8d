"""From features to the score of every trial."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from baselines.attacks import similarity
from challenge.features import ImageFeatures


def link(
    attack: str,
    trials: Sequence[tuple[str, str]],
    probes: Mapping[str, ImageFeatures],
    references: Mapping[str, ImageFeatures],
) -> NDArray[np.float64]:
    """Score a trial list.

    A failure to acquire is scored, not dropped: every trial of a probe or reference without a face gets the
    lowest score of the list, so that nobody gains by hiding the hard ones, and ties stay ties.

    Parameters
    ----------
    attack : str
        Name of `baselines.attacks.ATTACKS`.
    trials : sequence of (probe, reference)
        Ids.
    probes, references : mapping from id to ImageFeatures
        Must hold every id of the list.

    Returns
    -------
    ndarray, shape (len(trials),)
        Higher means more likely the same person. All 0 if no trial has two faces.

    Examples
    --------
    >>> face = ImageFeatures(True, "", {"deepface": np.array([0.0])})
    >>> other = ImageFeatures(True, "", {"deepface": np.array([2.0])})
    >>> none = ImageFeatures(False, "no face found", {})
    >>> probes = {"a": face, "b": other, "c": none}
    >>> link("deepface", [("a", "x"), ("b", "x"), ("c", "x")], probes, {"x": face})
    array([-0., -2., -2.])
    """
    rows, probe_vectors = _stack(attack, probes)
    columns, reference_vectors = _stack(attack, references)
    scores = np.full(len(trials), np.nan)
    if rows and columns:
        matrix = similarity(probe_vectors, reference_vectors)
        for i, (probe, reference) in enumerate(trials):
            if probes[probe].acquired and references[reference].acquired:
                scores[i] = matrix[rows[probe], columns[reference]]
    seen = np.isfinite(scores)
    scores[~seen] = scores[seen].min() if seen.any() else 0.0
    return scores


def _stack(attack: str, images: Mapping[str, ImageFeatures]) -> tuple[dict[str, int], NDArray[np.float64]]:
    acquired = [name for name, image in images.items() if image.acquired]
    vectors = [images[name].vectors[attack] for name in acquired]
    return {name: row for row, name in enumerate(acquired)}, np.array(vectors)
