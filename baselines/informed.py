"""An attacker who learns: what `dev` shows of a defacer is used against `eval`.

Scans and photographs of one person differ in ways that are the same for everybody: a grey surface instead of
colour and light, no nose or another one. Two linear maps, learned on people of whom both are known, take both
sides into one space in which the two sides of a person agree.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from baselines.sides import Normalized, Side, standardize
from scoring import auc

# How far the covariances of scans and of photographs are drawn to the identity: canonical correlations,
# partial least squares (both are it), and ridge regression of photographs on scans (that of photographs is).
SHRINKAGES = (
    (0.2, 0.2),
    (0.5, 0.5),
    (0.8, 0.8),
    (0.95, 0.95),
    (1.0, 1.0),
    (0.5, 1.0),
    (0.8, 1.0),
    (0.95, 1.0),
)
FOLDS = 5
MIN_SUBJECTS = 8  # below, there is nothing to learn two maps from

Floats = NDArray[np.float64]
Shrinkage = tuple[float, float]


class InformedError(ValueError):
    """Too few people to learn from, or features that do not belong together."""


@dataclass(frozen=True)
class InformedAttack(Normalized):
    """What was learned on `dev`: maps of scans and of photographs, see `baselines.sides.Normalized`.

    Attributes
    ----------
    shrinkage : (float, float)
        The one of `SHRINKAGES` chosen by cross-validation over subjects.
    subjects : int
        People it was learned from.
    """

    shrinkage: Shrinkage
    subjects: int


def learn(
    probes: Floats,
    probe_subjects: Sequence[str],
    references: Floats,
    reference_subjects: Sequence[str],
    shrinkages: Sequence[Shrinkage] = SHRINKAGES,
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
    shrinkages : sequence of (float, float)
        What to choose from, each 0 to 1; a single one is taken without trying.

    Returns
    -------
    InformedAttack

    Raises
    ------
    InformedError
        For fewer than eight people with both a scan and a photograph, or lengths that differ.

    Notes
    -----
    The singular vectors of the cross-covariance of all mated pairs, each side whitened by its shrunk
    covariance, directions weighted by their strength. Whitened on both sides this is canonical correlation
    analysis (Hotelling 1936), on none partial least squares, on the side of the scans alone ridge
    regression; which of them, and how far shrunk, as there are fewer people than features, is what does
    best among people left out (AUC, five folds of subjects). Scores are normalized against the people of
    `dev`. This is the semi-informed attacker of the VoicePrivacy Challenge (Tomashenko et al. 2022), for
    scans.

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
    shrinkage = shrinkages[0]
    if len(shrinkages) > 1:
        tried = {
            s: _left_out_auc(left_out(probes, probe_subjects, references, reference_subjects, s), pairs)
            for s in shrinkages
        }
        shrinkage = max(tried, key=lambda s: tried[s])
    probe, reference = _fit(probes, references, pairs, shrinkage)
    return InformedAttack(probe, reference, probes, references, shrinkage, len(subjects))


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
    probes: Floats, references: Floats, pairs: Sequence[tuple[int, int]], shrinkage: Shrinkage
) -> tuple[Side, Side]:
    rows, columns = np.array(pairs).T
    x_mean, x_scale, x = standardize(probes[rows])
    y_mean, y_scale, y = standardize(references[columns])
    x_white, y_white = _whitener(x, shrinkage[0]), _whitener(y, shrinkage[1])
    left, strength, right = _svd(x_white @ (x.T @ y / len(x)) @ y_white)
    return (
        Side(x_mean, x_scale, x_white @ left * strength),
        Side(y_mean, y_scale, y_white @ right.T * strength),
    )


def _svd(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Singular values by LAPACK's gesdd, and where that does not converge, which happens, by its gesvd."""
    try:
        found: tuple[Floats, Floats, Floats] = np.linalg.svd(matrix, full_matrices=False)
    except np.linalg.LinAlgError:
        found = linalg.svd(matrix, full_matrices=False, lapack_driver="gesvd")
    return found


def _whitener(values: Floats, shrinkage: float) -> Floats:
    """Inverse square root of the shrunk covariance."""
    covariance = values.T @ values / len(values)
    level = np.trace(covariance) / len(covariance)
    shrunk = (1 - shrinkage) * covariance + shrinkage * level * np.eye(len(covariance))
    variance, axes = np.linalg.eigh(shrunk)
    return axes / np.sqrt(np.maximum(variance, 1e-12)) @ axes.T


def left_out(
    probes: Floats,
    probe_subjects: Sequence[str],
    references: Floats,
    reference_subjects: Sequence[str],
    shrinkage: Shrinkage,
    everybody: Sequence[str] = (),
) -> Floats:
    """Compare people of `dev` by maps learned from other people of `dev`; arguments as `learn`.

    Parameters
    ----------
    everybody : sequence of str
        All people of `dev`, so that several attacks leave out the same ones together, whoever shows a face
        in each; by default those with both sides here.

    Returns
    -------
    ndarray, shape (n, m)
        NaN where the two are of different folds, and for who has one side only.
    """
    pairs = _mated_pairs(probe_subjects, reference_subjects)
    both = {probe_subjects[i] for i, _ in pairs}
    subjects = sorted(set(everybody) or both)
    edges = np.linspace(0, len(subjects), min(FOLDS, len(subjects) // 2) + 1).astype(int)
    scores = np.full((len(probes), len(references)), np.nan)
    for first, last in pairwise(edges):
        out = set(subjects[first:last])
        rows, columns = (_of(side, out & both) for side in (probe_subjects, reference_subjects))
        known = [pair for pair in pairs if probe_subjects[pair[0]] not in out]
        if not rows or not known:
            continue
        cohort = probes[_others(probe_subjects, out)], references[_others(reference_subjects, out)]
        sides = Normalized(*_fit(probes, references, known, shrinkage), *cohort)
        scores[np.ix_(rows, columns)] = sides.similarity(probes[rows], references[columns])
    return scores


def _of(subjects: Sequence[str], some: Collection[str]) -> list[int]:
    return [i for i, who in enumerate(subjects) if who in some]


def _others(subjects: Sequence[str], some: Collection[str]) -> list[int]:
    return [i for i, who in enumerate(subjects) if who not in some]


def _left_out_auc(scores: Floats, pairs: Sequence[tuple[int, int]]) -> float:
    """AUC of everybody against the others of the same fold."""
    mated = np.zeros(scores.shape, bool)
    mated[tuple(np.array(pairs).T)] = True
    compared = np.isfinite(scores)
    return auc(scores[mated & compared], scores[~mated & compared])
