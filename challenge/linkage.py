"""From features to the score of every trial."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from baselines.attacks import similarity
from baselines.informed import InformedAttack, learn
from challenge.features import ImageFeatures

Compare = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def link(
    attack: str,
    trials: Sequence[tuple[str, str]],
    probes: Mapping[str, ImageFeatures],
    references: Mapping[str, ImageFeatures],
    compare: Compare = similarity,
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
    compare : callable
        Features of n probes and m references to their scores, shape (n, m): the ignorant attacker's
        `baselines.attacks.similarity`, or that of an informed one.

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
        matrix = compare(probe_vectors, reference_vectors)
        for i, (probe, reference) in enumerate(trials):
            if probes[probe].acquired and references[reference].acquired:
                scores[i] = matrix[rows[probe], columns[reference]]
    seen = np.isfinite(scores)
    scores[~seen] = scores[seen].min() if seen.any() else 0.0
    return scores


def learn_from(
    attack: str,
    probes: Mapping[str, ImageFeatures],
    references: Mapping[str, ImageFeatures],
    key: Mapping[tuple[str, str], bool],
) -> InformedAttack:
    """Let an attack learn from the images of `dev` and its open key; those without a face teach nothing.

    Parameters
    ----------
    attack : str
        Name of `baselines.attacks.ATTACKS`.
    probes, references : mapping from id to ImageFeatures
        Of `dev`, scans as the system under test defaced them.
    key : mapping from (probe, reference) to bool
        Which trials of `dev` are mated.

    Raises
    ------
    baselines.informed.InformedError
        If too few people have a face on both sides.
    """
    subjects = people(key)
    rows, probe_vectors = _stack(attack, probes)
    columns, reference_vectors = _stack(attack, references)
    # Somebody without a mated trial is nobody else.
    who = [[subjects.get(name, name) for name in side] for side in (rows, columns)]
    return learn(probe_vectors, who[0], reference_vectors, who[1])


def people(key: Mapping[tuple[str, str], bool]) -> dict[str, str]:
    """Tell from an open key which images are of one person, named after their first photograph.

    Examples
    --------
    >>> people({("a", "x"): True, ("a", "y"): True, ("b", "y"): True, ("b", "x"): True, ("a", "z"): False})
    {'a': 'x', 'b': 'x', 'x': 'x', 'y': 'x'}
    """
    photos: dict[str, list[str]] = {}
    for (probe, reference), mated in key.items():
        if mated:
            photos.setdefault(probe, []).append(reference)
    found = {probe: min(own) for probe, own in photos.items()}
    return found | {reference: found[probe] for probe, own in photos.items() for reference in own}


def _stack(attack: str, images: Mapping[str, ImageFeatures]) -> tuple[dict[str, int], NDArray[np.float64]]:
    acquired = [name for name, image in images.items() if image.acquired]
    vectors = [images[name].vectors[attack] for name in acquired]
    return {name: row for row, name in enumerate(acquired)}, np.array(vectors)
