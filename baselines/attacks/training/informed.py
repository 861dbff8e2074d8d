"""The informed attacker: trained on defaced scans of `dev` and their key, used against `eval`.

Scans and photographs of one person differ in ways that are the same for all people: a grey surface instead
of colour and light, no nose or another one. Two linear maps, trained on people of whom both are known, take
both sides into one space in which the two sides of a person agree.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from mriprivacy.baselines.attacks.training.standardize import Normalized, SideMap, standardize
from mriprivacy.scoring.errors import UserError

# How far the covariances of scans and of photographs are drawn to the identity: canonical correlations (both
# alike), and ridge regression of photographs on scans (that of photographs is the identity). Partial least
# squares (both are), and more steps in between, were never the best (docs/results/attacks.md). The scores of
# all maps are averaged by weights that follow the features without a jump: a choice of the best flips when a
# feature moves by 1e-6, and a dozen people then have another AUC by .05.
SHRINKAGES = ((0.2, 0.2), (0.5, 0.5), (0.8, 0.8), (0.95, 0.95), (0.5, 1.0))
FOLDS = 5
MIN_SUBJECTS = 8  # below, there are too few to train two maps
MIN_OTHERS = 4  # to weigh maps with half of them left out once more

Floats = NDArray[np.float64]
Shrinkage = tuple[float, float]


class InformedError(UserError):
    """Too few people for a training, or features that do not belong together."""


@dataclass(frozen=True)
class InformedAttack:
    """What was trained on `dev`: a pair of maps a shrinkage, of scans and of photographs.

    Attributes
    ----------
    maps : Normalized
        One a shrinkage, stacked.
    weights : ndarray, shape (s,)
        Of the scores of each; the sum is 1.
    subjects : int
        People of the training.
    """

    maps: Normalized
    weights: Floats
    subjects: int

    def similarity(self, probes: Floats, references: Floats) -> Floats:
        """Return the weighted mean over the maps of normalized scores, shape (n, m)."""
        return np.asarray(np.tensordot(self.weights, self.maps.similarity(probes, references), axes=1))


def train(
    probes: Floats,
    probe_subjects: Sequence[str],
    references: Floats,
    reference_subjects: Sequence[str],
    shrinkages: Sequence[Shrinkage] = SHRINKAGES,
) -> InformedAttack:
    """Train on defaced scans and on photographs of the same people.

    Parameters
    ----------
    probes : ndarray, shape (n, d)
        Features of the defaced scans of `dev`.
    probe_subjects : sequence of str, length n
        The person of each; a person may have several scans.
    references : ndarray, shape (m, e)
        Features of the photographs of `dev`.
    reference_subjects : sequence of str, length m
        The person of each.
    shrinkages : sequence of (float, float)
        Of the maps whose scores are averaged, each 0 to 1.

    Returns
    -------
    InformedAttack
        Continuous in the features: noise far below their spread moves no score by more than as little.

    Raises
    ------
    InformedError
        For fewer than eight people with both a scan and a photograph, or lengths that differ.

    Notes
    -----
    The singular vectors of the cross-covariance of all mated pairs, each side whitened by its shrunk
    covariance, directions weighted by their strength. Whitened on both sides this is canonical correlation
    analysis (Hotelling 1936), on the side of the scans alone ridge regression.
    Covariances are shrunk, as there are fewer people than features. Scores are normalized against the people
    of `dev`, then averaged over the maps. A map's weight follows from how far it separates people left out
    (five folds of subjects), and is the more decided, the more people there are.
    This is the semi-informed attacker of the VoicePrivacy Challenge (Tomashenko et al. 2022), for scans.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> people, who = rng.normal(size=(40, 5)), [f"s{i}" for i in range(40)]
    >>> scans = people @ rng.normal(size=(5, 12)) + 0.1 * rng.normal(size=(40, 12))
    >>> photos = people @ rng.normal(size=(5, 9)) + 3.0
    >>> attack = train(scans[:30], who[:30], photos[:30], who[:30])
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
            f"{MIN_SUBJECTS} for the training"
        )
    return _trained(probes, probe_subjects, references, reference_subjects, shrinkages)


def _trained(
    probes: Floats,
    probe_subjects: Sequence[str],
    references: Floats,
    reference_subjects: Sequence[str],
    shrinkages: Sequence[Shrinkage],
) -> InformedAttack:
    sides = probes, probe_subjects, references, reference_subjects
    moments = _moments(probes, references, _mated_pairs(probe_subjects, reference_subjects))
    maps = Normalized(*_maps(moments, shrinkages), probes, references)
    people = len(set(probe_subjects) & set(reference_subjects))
    return InformedAttack(maps, _weights(*sides, shrinkages), people)


def _weights(
    probes: Floats,
    probe_subjects: Sequence[str],
    references: Floats,
    reference_subjects: Sequence[str],
    shrinkages: Sequence[Shrinkage],
) -> Floats:
    """Return weights of maps: exp(people * separation of mated and non-mated pairs of people left out)."""
    if len(shrinkages) == 1:
        return np.ones(1)
    scores = np.full((len(shrinkages), len(probes), len(references)), np.nan)
    for fold in _folds(probe_subjects, reference_subjects, MIN_OTHERS // 2):
        cohort = probes[fold.rows], references[fold.columns]
        who = [probe_subjects[i] for i in fold.rows], [reference_subjects[i] for i in fold.columns]
        moments = _moments(*cohort, _mated_pairs(*who))
        sides = Normalized(*_maps(moments, shrinkages), *cohort)
        rows, columns = np.ix_(fold.rows_out, fold.columns_out)
        scores[:, rows, columns] = sides.similarity(probes[fold.rows_out], references[fold.columns_out])
    mated = np.array(probe_subjects)[:, None] == np.array(reference_subjects)
    compared = np.isfinite(scores[0])
    own, others = scores[:, mated & compared], scores[:, ~mated & compared]
    spread = np.sqrt((own.var(axis=1) + others.var(axis=1)) / 2)
    separation = (own.mean(axis=1) - others.mean(axis=1)) / np.maximum(spread, 1e-9)
    evidence = len(set(probe_subjects) & set(reference_subjects)) * separation
    weights = np.exp(evidence - evidence.max())
    return np.asarray(weights / weights.sum())


def _same_length(side: str, features: Floats, subjects: Sequence[str]) -> None:
    if len(features) != len(subjects):
        raise ValueError(
            f"{side}: {len(features)} rows of features and {len(subjects)} subjects; expected one each"
        )


def _mated_pairs(probe_subjects: Sequence[str], reference_subjects: Sequence[str]) -> list[tuple[int, int]]:
    return [
        (i, j)
        for i, person in enumerate(probe_subjects)
        for j, other in enumerate(reference_subjects)
        if person == other
    ]


@dataclass(frozen=True)
class _Moments:
    """Means, scales and covariances of mated pairs, all that maps of any shrinkage are made of."""

    x: tuple[Floats, Floats]  # mean and scale of scans
    y: tuple[Floats, Floats]
    x_axes: Floats  # of the covariance of scans, as columns; as many as there are pairs or features
    x_variance: Floats  # along them
    y_axes: Floats
    y_variance: Floats
    cross: Floats  # covariance of scans and photographs along both axes


def _moments(probes: Floats, references: Floats, pairs: Sequence[tuple[int, int]]) -> _Moments:
    rows, columns = np.array(pairs).T
    x_mean, x_scale, x = standardize(probes[rows])
    y_mean, y_scale, y = standardize(references[columns])
    (x_rows, x_spread, x_axes), (y_rows, y_spread, y_axes) = _svd(x), _svd(y)
    cross = (x_spread[:, None] * (x_rows.T @ y_rows) * y_spread) / len(pairs)
    variances = x_spread**2 / len(pairs), y_spread**2 / len(pairs)
    return _Moments(
        (x_mean, x_scale), (y_mean, y_scale), x_axes.T, variances[0], y_axes.T, variances[1], cross
    )


def _maps(moments: _Moments, shrinkages: Sequence[Shrinkage]) -> tuple[SideMap, SideMap]:
    """Return the maps of both sides, one a shrinkage, stacked."""
    of_scans, of_photos = np.array(shrinkages).T[:, :, None]
    x_white = _whitener(moments.x_variance, len(moments.x_axes), of_scans)
    y_white = _whitener(moments.y_variance, len(moments.y_axes), of_photos)
    left, strength, right = _svd(x_white[:, :, None] * moments.cross * y_white[:, None, :])
    by_strength = strength[:, None, :]
    return (
        SideMap(*moments.x, moments.x_axes @ (x_white[:, :, None] * left * by_strength)),
        SideMap(*moments.y, moments.y_axes @ (y_white[:, :, None] * right.swapaxes(1, 2) * by_strength)),
    )


def _svd(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Singular values by LAPACK's gesdd, and where that does not converge, which happens, by its gesvd."""
    try:
        found: tuple[Floats, Floats, Floats] = np.linalg.svd(matrix, full_matrices=False)
    except np.linalg.LinAlgError:
        if matrix.ndim > 2:
            left, strength, right = zip(*map(_svd, matrix), strict=True)
            return np.stack(left), np.stack(strength), np.stack(right)
        found = linalg.svd(matrix, full_matrices=False, lapack_driver="gesvd")
    return found


def _whitener(variance: Floats, features: int, shrinkage: Floats) -> Floats:
    """Inverse square roots of the shrunk covariance, along its axes; beyond them there is no variance.

    One row a shrinkage, of shape (s, 1).
    """
    shrunk = (1 - shrinkage) * variance + shrinkage * variance.sum() / features
    result: Floats = 1 / np.sqrt(np.maximum(shrunk, 1e-12))
    return result


def left_out(
    probes: Floats,
    probe_subjects: Sequence[str],
    references: Floats,
    reference_subjects: Sequence[str],
    shrinkages: Sequence[Shrinkage] = SHRINKAGES,
    everybody: Sequence[str] = (),
) -> Floats:
    """Compare people of `dev` by maps trained on other people of `dev`; arguments as `train`.

    Those other people also weigh the maps. Weighed by all people, noise would seem to link them.

    Parameters
    ----------
    everybody : sequence of str
        All people of `dev`, so that several attacks leave out the same ones together;
        by default those with both sides here.

    Returns
    -------
    ndarray, shape (n, m)
        NaN where the two are of different folds, for people with one side only, and where fewer than
        four others have both.
    """
    scores = np.full((len(probes), len(references)), np.nan)
    for fold in _folds(probe_subjects, reference_subjects, MIN_OTHERS, everybody):
        cohort = probes[fold.rows], references[fold.columns]
        who = [probe_subjects[i] for i in fold.rows], [reference_subjects[i] for i in fold.columns]
        attack = _trained(cohort[0], who[0], cohort[1], who[1], shrinkages)
        found = attack.similarity(probes[fold.rows_out], references[fold.columns_out])
        scores[np.ix_(fold.rows_out, fold.columns_out)] = found
    return scores


@dataclass(frozen=True)
class _Fold:
    """Rows and columns of the people who are left out, and of all others."""

    rows_out: list[int]
    columns_out: list[int]
    rows: list[int]
    columns: list[int]


def _folds(
    probe_subjects: Sequence[str],
    reference_subjects: Sequence[str],
    least: int,
    everybody: Sequence[str] = (),
) -> Iterator[_Fold]:
    """Leave people out, some at a time, where at least so many others have both sides."""
    both = set(probe_subjects) & set(reference_subjects)
    subjects = sorted(set(everybody) or both)
    edges = np.linspace(0, len(subjects), min(FOLDS, len(subjects) // 2) + 1).astype(int)
    for first, last in pairwise(edges):
        out = set(subjects[first:last])
        if out & both and len(both - out) >= least:
            sides = probe_subjects, reference_subjects
            left = [_of(side, out & both) for side in sides]
            yield _Fold(*left, *(_others(side, out) for side in sides))


def _of(subjects: Sequence[str], some: Collection[str]) -> list[int]:
    return [i for i, who in enumerate(subjects) if who in some]


def _others(subjects: Sequence[str], some: Collection[str]) -> list[int]:
    return [i for i, who in enumerate(subjects) if who not in some]
