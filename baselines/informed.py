"""An attacker who learns: what `dev` shows of a defacer is used against `eval`.

Scans and photographs of one person differ in ways that are the same for everybody: a grey surface instead of
colour and light, no nose or another one. Two linear maps, learned on people of whom both are known, take both
sides into one space in which the two sides of a person agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scoring import auc

# How far covariances are drawn to the identity; None learns means and scales only, which takes few people.
SHRINKAGES = (None, 0.2, 0.5, 0.8, 0.95)
FOLDS = 5
MIN_SUBJECTS = 8  # below, there is nothing to learn two maps from

Floats = NDArray[np.float64]


class InformedError(ValueError):
    """Too few people to learn from, or features that do not belong together."""


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
class InformedAttack:
    """What was learned on `dev`.

    Attributes
    ----------
    probe, reference : Side
        Maps of scans and of photographs.
    shrinkage : float or None
        The one of `SHRINKAGES` chosen by cross-validation over subjects.
    subjects : int
        People it was learned from.
    """

    probe: Side
    reference: Side
    shrinkage: float | None
    subjects: int

    def similarity(self, probes: Floats, references: Floats) -> Floats:
        """Cosine in the shared space, shape (n, m), -1 to 1; arguments as `baselines.attacks.similarity`."""
        return self.probe(probes) @ self.reference(references).T


def learn(
    probes: Floats,
    probe_subjects: Sequence[str],
    references: Floats,
    reference_subjects: Sequence[str],
) -> InformedAttack:
    """Learn from scans as they were defaced and the photographs of the same people.

    Parameters
    ----------
    probes : ndarray, shape (n, d)
        Features of the defaced scans of `dev`.
    probe_subjects : sequence of str, length n
        Who they are; several scans of a person are welcome.
    references : ndarray, shape (m, e)
        Features of the photographs of `dev`.
    reference_subjects : sequence of str, length m
        Who they are.

    Returns
    -------
    InformedAttack

    Raises
    ------
    InformedError
        For fewer than eight people with both a scan and a photograph, or lengths that differ.

    Notes
    -----
    Canonical correlation analysis (Hotelling 1936) of all mated pairs, directions weighted by their
    correlation. Covariances are shrunk towards the identity, as there are fewer people than features. Where
    both sides have the same features, standardizing each side by itself is tried too. What does best
    among people left out (AUC, five folds of subjects) is taken. This is the semi-informed attacker of the
    VoicePrivacy Challenge (Tomashenko et al. 2022), for scans.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> people, who = rng.normal(size=(40, 5)), [f"s{i}" for i in range(40)]
    >>> scans = people @ rng.normal(size=(5, 12)) + 0.1 * rng.normal(size=(40, 12))
    >>> photos = people @ rng.normal(size=(5, 9)) + 3.0
    >>> attack = learn(scans[:30], who[:30], photos[:30], who[:30])
    >>> found = attack.similarity(scans[30:], photos[30:]).argmax(axis=1)
    >>> int((found == np.arange(10)).sum()) >= 9
    True
    """
    _same_length("probes", probes, probe_subjects)
    _same_length("references", references, reference_subjects)
    pairs = _mated_pairs(probe_subjects, reference_subjects)
    subjects = sorted({probe_subjects[i] for i, _ in pairs})
    if len(subjects) < MIN_SUBJECTS:
        raise InformedError(
            f"{len(subjects)} people of dev have a face in a scan and in a photograph; expected at least "
            f"{MIN_SUBJECTS} to learn from"
        )
    possible = [s for s in SHRINKAGES if s is not None or probes.shape[1] == references.shape[1]]
    tried = {s: _left_out_auc(probes, references, pairs, probe_subjects, s) for s in possible}
    shrinkage = max(tried, key=lambda s: tried[s])
    probe, reference = _fit(probes, references, pairs, shrinkage)
    return InformedAttack(probe, reference, shrinkage, len(subjects))


def _same_length(side: str, features: Floats, subjects: Sequence[str]) -> None:
    if len(features) != len(subjects):
        raise InformedError(
            f"{side}: {len(features)} rows of features and {len(subjects)} subjects; expected one each"
        )


def _mated_pairs(probe_subjects: Sequence[str], reference_subjects: Sequence[str]) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i, person in enumerate(probe_subjects)
        for j, other in enumerate(reference_subjects)
        if person == other
    ]


def _fit(
    probes: Floats, references: Floats, pairs: Sequence[tuple[int, int]], shrinkage: float | None
) -> tuple[Side, Side]:
    rows, columns = np.array(pairs).T
    x_mean, x_scale, x = _standardize(probes[rows])
    y_mean, y_scale, y = _standardize(references[columns])
    if shrinkage is None:
        return Side(x_mean, x_scale, np.eye(x.shape[1])), Side(y_mean, y_scale, np.eye(y.shape[1]))
    x_white, y_white = _whitener(x, shrinkage), _whitener(y, shrinkage)
    left, strength, right = np.linalg.svd(x_white @ (x.T @ y / len(x)) @ y_white, full_matrices=False)
    return (
        Side(x_mean, x_scale, x_white @ left * strength),
        Side(y_mean, y_scale, y_white @ right.T * strength),
    )


def _standardize(values: Floats) -> tuple[Floats, Floats, Floats]:
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale > 1e-9 * np.abs(values).max(initial=1e-300), scale, 1.0)  # a constant says nothing
    return mean, scale, (values - mean) / scale


def _whitener(values: Floats, shrinkage: float) -> Floats:
    """Inverse square root of the shrunk covariance."""
    covariance = values.T @ values / len(values)
    level = np.trace(covariance) / len(covariance)
    shrunk = (1 - shrinkage) * covariance + shrinkage * level * np.eye(len(covariance))
    variance, axes = np.linalg.eigh(shrunk)
    return axes / np.sqrt(np.maximum(variance, 1e-12)) @ axes.T


def _left_out_auc(
    probes: Floats,
    references: Floats,
    pairs: Sequence[tuple[int, int]],
    probe_subjects: Sequence[str],
    shrinkage: float | None,
) -> float:
    """AUC among the people of each fold, by maps learned from all other people; mean over folds."""
    subjects = sorted({probe_subjects[i] for i, _ in pairs})
    edges = np.linspace(0, len(subjects), min(FOLDS, len(subjects) // 2) + 1).astype(int)
    areas = []
    for first, last in pairwise(edges):
        out = set(subjects[first:last])
        kept = [pair for pair in pairs if probe_subjects[pair[0]] not in out]
        held = [pair for pair in pairs if probe_subjects[pair[0]] in out]
        probe, reference = _fit(probes, references, kept, shrinkage)
        rows, columns = np.array(held).T
        scores = probe(probes[rows]) @ reference(references[columns]).T
        who = np.array([probe_subjects[i] for i in rows])
        mated = who[:, None] == who[None, :]
        areas.append(auc(scores[mated], scores[~mated]))
    return float(np.mean(areas))
