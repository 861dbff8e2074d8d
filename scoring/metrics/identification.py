"""Identification: at which rank of a gallery a probe's own subject appears (ISO/IEC 19795-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import DataError, Floats, as_ids, as_labels, as_scores, same_length


@dataclass(frozen=True, slots=True)
class Cmc:
    """Cumulative match characteristic.

    Attributes
    ----------
    rate : ndarray, shape (max_gallery,)
        Identification rate at rank 1, 2, ...
    n_probes : int
        Probes with a mated reference. Others have no rank and are not counted.
    gallery_size : int
        Median number of subjects a probe is compared with: a rate means nothing without it.
    """

    rate: Floats
    n_probes: int
    gallery_size: int

    @property
    def chance(self) -> float:
        """Rank-1 rate of guessing."""
        return 1 / self.gallery_size

    def __str__(self) -> str:
        return f"rank-1 {self.rate[0]:.3f} in a gallery of {self.gallery_size} (chance {self.chance:.3f})"


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where the mated subject of each probe stands; arrays of shape (n_probes,)."""

    probe: NDArray[np.int64]
    above: NDArray[np.int64]  # other subjects with a higher score
    level: NDArray[np.int64]  # other subjects with the same score
    gallery: NDArray[np.int64]  # subjects compared with, the mated one included

    def hit(self, rank: int) -> Floats:
        """Chance that the mated subject is within the first `rank`, ties broken at random."""
        return np.clip((rank - self.above) / (self.level + 1), 0.0, 1.0)


def cmc(scores: ArrayLike, mated: ArrayLike, probes: ArrayLike, reference_subjects: ArrayLike) -> Cmc:
    """Identification rate at every rank.

    Parameters
    ----------
    scores : array_like, shape (n_trials,)
        Finite, higher = more likely the same person.
    mated : array_like of bool, shape (n_trials,)
    probes : array_like, shape (n_trials,)
        Which probe a trial belongs to.
    reference_subjects : array_like, shape (n_trials,)
        The subject of the reference. A subject with several references counts with the best one.

    Returns
    -------
    Cmc

    Raises
    ------
    ScoringError
        For scores that are not finite, lengths that differ, or no mated trial.

    Notes
    -----
    The trials of a probe are its gallery. A tie counts with the chance of winning a fair draw: constant
    scores give 1 / gallery_size at rank 1, neither 0 nor 1.

    Examples
    --------
    >>> print(cmc([3, 1, 2, 2], [True, False, True, False], [0, 0, 1, 1], ["a", "b", "b", "a"]))
    rank-1 0.750 in a gallery of 2 (chance 0.500)
    """
    (values,) = as_scores(scores=scores)
    label = as_labels(mated)
    probe, subject = as_ids(probes=probes, reference_subjects=reference_subjects)
    same_length(scores=values, mated=label, probes=probe, reference_subjects=subject)
    codes = [np.unique(x, return_inverse=True)[1] for x in (probe, subject)]
    found = ranks(values, label, *codes)
    if not len(found.probe):
        raise DataError(f"mated: no mated trial among {len(label)}; expected at least one")
    depth = int(found.gallery.max())
    rate = np.array([found.hit(k).mean() for k in range(1, depth + 1)])
    return Cmc(rate, len(found.probe), int(np.median(found.gallery)))


def ranks(scores: Floats, mated: NDArray[Any], probe: NDArray[Any], subject: NDArray[Any]) -> Ranks:
    """Rank of the mated subject of every probe that has one; codes are integers from 0."""
    key = probe * (int(subject.max()) + 1) + subject
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    best = np.maximum.reduceat(scores[order], starts)
    own = np.logical_or.reduceat(mated[order], starts)
    owner = probe[order][starts]
    gallery = np.bincount(owner)
    target = np.full(len(gallery), np.nan)
    target[owner[own]] = best[own]
    above = np.bincount(owner, weights=best > target[owner], minlength=len(gallery))
    level = np.bincount(owner, weights=(best == target[owner]) & ~own, minlength=len(gallery))
    which = owner[own]
    return Ranks(which, above[which].astype(np.int64), level[which].astype(np.int64), gallery[which])
