"""Trials with what the sealed key says of them: one object for everything that counts, draws or plots."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.edition.public import Pair
from mriprivacy.challenge.edition.sealed import SealedKey


@dataclass(frozen=True, eq=False)
class LabelledTrials:
    """A trial list with its labels and subjects.

    Attributes
    ----------
    pairs : tuple of (probe, reference)
        In the order of the list.
    mated, matched : ndarray of bool, shape (n_trials,)
        As in `challenge.edition.sealed.SealedTrial`.
    subjects : ndarray of str, shape (n_trials, 2)
        Of probe and reference.
    """

    pairs: tuple[Pair, ...]
    mated: NDArray[np.bool_]
    matched: NDArray[np.bool_]
    subjects: NDArray[np.str_]

    @classmethod
    def sealed(cls, pairs: Sequence[Pair], key: SealedKey) -> "LabelledTrials":
        """Label trials of `eval` by the sealed key."""
        labels = np.array([key.trials[pair] for pair in pairs], bool).reshape(-1, 2)
        return cls(tuple(pairs), labels[:, 0], labels[:, 1], _subjects(pairs, key))

    @classmethod
    def by_subjects(cls, pairs: Sequence[Pair], key: SealedKey) -> "LabelledTrials":
        """Label trials that the sealed key does not list (of `dev`, with distractors) by their subjects."""
        subjects = _subjects(pairs, key)
        same = subjects[:, 0] == subjects[:, 1]
        return cls(tuple(pairs), same, same, subjects)

    # Names as numbers of the same order, which are quicker to send.
    @cached_property
    def people(self) -> NDArray[np.int64]:
        """Number of the subjects, shape (n_trials, 2)."""
        return np.unique(self.subjects, return_inverse=True)[1].reshape(self.subjects.shape)

    @cached_property
    def probes(self) -> NDArray[np.int64]:
        """Number of the probes, shape (n_trials,)."""
        return np.unique([probe for probe, _ in self.pairs], return_inverse=True)[1]


def _subjects(pairs: Sequence[Pair], key: SealedKey) -> NDArray[np.str_]:
    subjects = key.subjects
    return np.array([(subjects[probe], subjects[reference]) for probe, reference in pairs]).reshape(-1, 2)
