"""From features to the score of every trial."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.own_code import called, fault, is_own, line_of, wrong_numbers
from mriprivacy.baselines.attacks.registry import make_attack, similarity
from mriprivacy.baselines.attacks.training.adapted import adapt
from mriprivacy.baselines.attacks.training.informed import (
    SHRINKAGES,
    InformedAttack,
    Shrinkage,
    left_out,
    train,
)
from mriprivacy.baselines.attacks.training.standardize import Sides
from mriprivacy.challenge.attackers.features import ImageFeatures, VectorError

Compare = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def link(
    attack: str,
    trials: Sequence[tuple[str, str]],
    probes: Mapping[str, ImageFeatures],
    references: Mapping[str, ImageFeatures],
    compare: Compare | None = None,
) -> NDArray[np.float64]:
    """Score a trial list.

    A failure to acquire is scored, not dropped: every trial of a probe or reference without a face gets the
    lowest score of the list, so that hiding the hard ones gains nothing, and ties stay ties.

    Parameters
    ----------
    attack : str
        Name for `baselines.attacks.registry.make_attack`.
    trials : sequence of (probe, reference)
        Ids.
    probes, references : mapping from id to ImageFeatures
        Must hold every id of the list.
    compare : callable
        Features of n probes and m references to their scores, shape (n, m), of a trained attacker. By
        default the ignorant attacker's, `own_compare` of the attack. It does not link by what the detector
        took for a face and cannot be one (`ImageFeatures.as_acquired`); a trained attacker may.

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
    return lowest(linked(attack, trials, probes, references, compare))


def linked(
    attack: str,
    trials: Sequence[tuple[str, str]],
    probes: Mapping[str, ImageFeatures],
    references: Mapping[str, ImageFeatures],
    compare: Compare | None = None,
) -> NDArray[np.float64]:
    """Score a trial list as `link` does, but leave NaN where the attacker acquires no face."""
    if compare is None:
        probes, references = (
            {name: image.as_acquired() for name, image in side.items()} for side in (probes, references)
        )
    return compared(attack, trials, probes, references, compare or own_compare(attack))


def own_compare(attack: str) -> Compare:
    """Return how an attack compares features as they are: by a method `compare` of its own, or `similarity`.

    What an attack of your own does wrong there is a `VectorError` in one line that names its file and line.

    Examples
    --------
    >>> own_compare("geo") is similarity
    True
    """
    if not is_own(attack):
        return similarity  # none of ours has one
    own = make_attack(attack)
    if hasattr(own, "compare"):
        return partial(_checked_compare, attack, own.compare)
    return partial(_similarity_of_equals, attack, line_of(own.embed))


def _checked_compare(
    attack: str, compare: Compare, probes: NDArray[np.float64], references: NDArray[np.float64]
) -> NDArray[np.float64]:
    found = called(attack, VectorError, "compare failed", compare, probes, references)
    expected = (len(probes), len(references))
    if what := wrong_numbers(found, 2, expected):
        what = f"compare returned {what}; expected finite numbers of shape {expected}, a row a probe"
        raise VectorError(fault(attack, line_of(compare), what))
    return np.asarray(found, np.float64)


def _similarity_of_equals(
    attack: str, where: str, probes: NDArray[np.float64], references: NDArray[np.float64]
) -> NDArray[np.float64]:
    _require_equals(attack, where, probes, references)
    return similarity(probes, references)


def _require_equals(
    attack: str, where: str, probes: NDArray[np.float64], references: NDArray[np.float64]
) -> None:
    if len(probes) and len(references) and probes.shape[1] != references.shape[1]:
        what = (
            f"embed returned {probes.shape[1]} numbers a scan and {references.shape[1]} a photograph; "
            "expected as many of both, or a method compare, or comparable = False and level: informed"
        )
        raise VectorError(fault(attack, where, what))


def compared(
    attack: str,
    trials: Sequence[tuple[str, str]],
    probes: Mapping[str, ImageFeatures],
    references: Mapping[str, ImageFeatures],
    compare: Compare,
) -> NDArray[np.float64]:
    """Score a trial list as `link` does, but leave NaN where features are missing."""
    rows, probe_vectors = _stack(attack, probes)
    columns, reference_vectors = _stack(attack, references)
    scores = np.full(len(trials), np.nan)
    if rows and columns:
        matrix = compare(probe_vectors, reference_vectors)
        for i, (probe, reference) in enumerate(trials):
            if probe in rows and reference in columns:
                scores[i] = matrix[rows[probe], columns[reference]]
    return scores


def lowest(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give failures to acquire (NaN) the lowest score of the list; 0 if there is no other.

    Examples
    --------
    >>> lowest(np.array([3.0, np.nan, -1.0]))
    array([ 3., -1., -1.])
    """
    seen = np.isfinite(scores)
    return np.where(seen, scores, scores[seen].min() if seen.any() else 0.0)


def adapt_to(
    attack: str, probes: Mapping[str, ImageFeatures], references: Mapping[str, ImageFeatures]
) -> Sides:
    """Adapt an attack to the images of `dev`, without its key; arguments as `train_on`.

    Raises
    ------
    mriprivacy.baselines.attacks.training.adapted.AdaptedError
        If too few images have a face.
    """
    sides = _stack(attack, probes)[1], _stack(attack, references)[1]
    if is_own(attack):
        _require_equals(attack, line_of(make_attack(attack).embed), *sides)
    return adapt(*sides)


def train_on(
    attack: str,
    probes: Mapping[str, ImageFeatures],
    references: Mapping[str, ImageFeatures],
    subjects: Mapping[str, str],
    shrinkages: Sequence[Shrinkage] = SHRINKAGES,
) -> InformedAttack:
    """Train an attack on the images of `dev` and its open key; those without a face are left out.

    Parameters
    ----------
    attack : str
        Name for `baselines.attacks.registry.make_attack`.
    probes, references : mapping from id to ImageFeatures
        Of `dev`, scans as the system under test defaced them.
    subjects : mapping from id to str
        The person of each image, from `people`; an image that is not there is the only one of its person.
    shrinkages : sequence of (float, float)
        Of the maps whose scores are averaged (`baselines.attacks.training.informed.train`).

    Raises
    ------
    mriprivacy.baselines.attacks.training.informed.InformedError
        If too few people have a face on both sides.
    """
    rows, probe_vectors = _stack(attack, probes)
    columns, reference_vectors = _stack(attack, references)
    who = [[subjects.get(name, name) for name in side] for side in (rows, columns)]
    return train(probe_vectors, who[0], reference_vectors, who[1], shrinkages)


def left_out_of(
    attack: str,
    trials: Sequence[tuple[str, str]],
    probes: Mapping[str, ImageFeatures],
    references: Mapping[str, ImageFeatures],
    subjects: Mapping[str, str],
) -> NDArray[np.float64]:
    """Score trials of `dev` by maps trained on other people of `dev`; arguments as `train_on`.

    Returns
    -------
    ndarray, shape (len(trials),)
        NaN where the two people were not left out together
        (`baselines.attacks.training.informed.left_out`), or have no face.
    """

    def compare(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        return left_out(one, who[0], other, who[1], everybody=sorted(set(subjects.values())))

    sides = (probes, references)
    who = [[subjects.get(name, name) for name in _stack(attack, side)[0]] for side in sides]
    return compared(attack, trials, probes, references, compare)


def shuffled(subjects: Mapping[str, str], references: Collection[str], seed: int) -> dict[str, str]:
    """Permute the people of the photographs at random: a key that holds nothing about them.

    Notes
    -----
    Every order is as likely, so a person may keep their own. Were that forbidden, the key would show which
    pairs are *not* mated, and an attacker trained on it would be below chance (synth-200: AUC .48, not .50).

    Examples
    --------
    >>> key = shuffled({"a": "1", "x": "1", "b": "2", "y": "2"}, ["x", "y"], seed=3)
    >>> [key[name] for name in "abxy"]
    ['1', '2', '2', '1']
    """
    everybody = sorted(set(subjects.values()))
    order = np.random.default_rng(seed).permutation(len(everybody))
    whose = {who: everybody[i] for who, i in zip(everybody, order, strict=True)}
    return {name: whose[who] if name in references else who for name, who in subjects.items()}


def people(key: Mapping[tuple[str, str], bool]) -> dict[str, str]:
    """Return the person of each image by an open key; people are named after their first photograph.

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
    acquired = [name for name, image in images.items() if attack in image.vectors]
    vectors = [images[name].vectors[attack] for name in acquired]
    return {name: row for row, name in enumerate(acquired)}, np.array(vectors)
