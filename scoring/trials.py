"""A trial list whose subjects can be drawn again: mated weight c_i, non-mated weight c_i c_j."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from mriprivacy.scoring.errors import (
    DataError,
    Floats,
    as_ids,
    as_labels,
    as_scores,
    raise_all,
    same_length,
)
from mriprivacy.scoring.metrics.linkability import cell_starts
from mriprivacy.scoring.metrics.steps import distinct

_FOLDS = 6  # groups of subjects; their ten splits three against three halve the subjects
_FOLD_SEED = 20180613  # of the split into groups; fixed, so that equal lists give equal figures
_ROWS = 4096  # trials weighed at a time: enough for threads not to wait for each other

Ints = NDArray[np.int64]
PAIRS = [(i, j) for i in range(_FOLDS) for j in range(i, _FOLDS)]


def _halves() -> NDArray[np.bool_]:
    rows = []
    for others in combinations(range(1, _FOLDS), _FOLDS // 2 - 1):
        first = {0, *others}
        rows.append([[i in first and j in first for i, j in PAIRS], [not {i, j} & first for i, j in PAIRS]])
    return np.array(rows)


HALVES = _halves()  # which pairs of folds lie within each half of each split; shape (10, 2, 21)


@dataclass(frozen=True, slots=True)
class _Side:
    """The trials of one class, sorted by piece of the ROC and by pair of folds."""

    probe: Ints
    reference: Ints
    starts: Ints  # first trial of every run with one piece and one pair of folds
    piece: Ints  # of every run
    pair: Ints  # of every run
    adders: tuple[csr_array, ...]  # of every `_ROWS` trials: adds up those of a run


@dataclass(frozen=True, slots=True)
class Trials:
    """A checked trial list, sorted once; replicates only weigh it again.

    Attributes
    ----------
    subjects : ndarray, shape (n_subjects,)
        Sorted identities; the draws of a seed depend on these alone.
    paired : ndarray of bool, shape (n_subjects,)
        Subjects with a mated trial. They and those without (distractors) are drawn apart.
    n_pieces : int
        Pieces of the ROC, see `Steps`.
    cells : ndarray
        First pieces of the cells that linkability is fitted on.
    best, worst : ndarray of int, shape (n_subjects,)
        Pieces of each subject's highest and lowest mated score; `n_pieces` where there is none.
    piece_of_mated : ndarray of int, shape (n_mated,)
        Pieces of the mated scores, as they came.
    scores, mated, probe, reference : ndarray, shape (n_trials,)
        The list as it came, subjects as positions in `subjects`.
    """

    subjects: NDArray[Any]
    paired: NDArray[np.bool_]
    n_pieces: int
    cells: Ints
    best: Ints
    worst: Ints
    piece_of_mated: Ints
    scores: Floats
    mated: NDArray[np.bool_]
    probe: Ints
    reference: Ints
    sides: tuple[_Side, _Side]

    def draw(self, n_bootstrap: int, seed: int) -> Floats:
        """How often each subject is drawn in each replicate; shape (n_subjects, n_bootstrap).

        A draw that leaves no mated or no non-mated trial is drawn again.
        """
        rng = np.random.default_rng([seed, 0x5EED])
        counts = np.zeros((len(self.subjects), n_bootstrap))
        todo = np.arange(n_bootstrap)
        for _ in range(1000):
            for group in (np.flatnonzero(self.paired), np.flatnonzero(~self.paired)):
                if len(group):
                    p = np.full(len(group), 1 / len(group))
                    counts[np.ix_(group, todo)] = rng.multinomial(len(group), p, size=len(todo)).T
            if len(self.subjects) > 50 and len(self.mated) > 20 * len(self.subjects):
                return counts  # an empty class has no measurable chance
            todo = todo[~self._both_classes(counts[:, todo])]
            if not len(todo):
                return counts
        raise DataError(
            f"probe_subjects: {len(self.subjects)} subjects share too few non-mated trials to be resampled; "
            "expected trials between more pairs of subjects"
        )

    def weigh(self, counts: Floats) -> tuple[Floats, Floats]:
        """Weight of mated and non-mated trials in each piece and pair of folds.

        Parameters
        ----------
        counts : ndarray, shape (n_subjects, n_replicates)
            How often each subject is drawn; ones for the list as it is.

        Returns
        -------
        mated, nonmated : ndarray, shape (n_pieces, n_pairs, n_replicates)
            Whole numbers, hence the same in any order of summation.
        """
        small = counts.max() ** 2 * _ROWS < 2**24
        table = np.ascontiguousarray(counts, dtype=np.float32 if small else np.float64)
        mated, nonmated = self.sides
        return self._sum(mated, table, square=False), self._sum(nonmated, table, square=True)

    def _both_classes(self, counts: Floats) -> NDArray[np.bool_]:
        alive = np.zeros(counts.shape[1], dtype=bool)
        side = self.sides[1]
        for b in range(counts.shape[1]):
            drawn = counts[:, b] > 0
            alive[b] = bool((drawn[side.probe] & drawn[side.reference]).any())
        return alive

    def _sum(self, side: _Side, table: NDArray[Any], *, square: bool) -> Floats:
        runs = np.zeros((len(side.starts), table.shape[1]))
        buffers = np.empty((2, _ROWS, table.shape[1]), dtype=table.dtype)
        for k, adder in enumerate(side.adders):
            rows = slice(k * _ROWS, k * _ROWS + adder.shape[1])
            weight, other = buffers[:, : adder.shape[1]]
            np.take(table, side.probe[rows], axis=0, out=weight, mode="clip")
            if square:
                weight *= np.take(table, side.reference[rows], axis=0, out=other, mode="clip")
            first = int(np.searchsorted(side.starts, rows.start, "right")) - 1
            runs[first : first + adder.shape[0]] += adder @ weight
        out = np.zeros((self.n_pieces, len(PAIRS), table.shape[1]))
        out[side.piece, side.pair] = runs
        return out


def trials(
    scores: ArrayLike, mated: ArrayLike, probe_subjects: ArrayLike, reference_subjects: ArrayLike
) -> Trials:
    """Check a trial list and sort it; arguments and errors as `scoring.score_trials`."""
    (values,) = as_scores(scores=scores)
    label = as_labels(mated)
    probes, references = as_ids(probe_subjects=probe_subjects, reference_subjects=reference_subjects)
    same_length(scores=values, mated=label, probe_subjects=probes, reference_subjects=references)
    subjects, codes = np.unique(np.concatenate([probes, references]), return_inverse=True)
    probe, reference = codes[: len(probes)], codes[len(probes) :]
    _check(label, probe, reference, subjects)
    paired = np.zeros(len(subjects), dtype=bool)
    paired[probe[label]] = True
    n_pieces, piece = _pieces(values, label)
    fold = _folds(paired)
    cells = cell_starts(np.bincount(piece[label], minlength=n_pieces))
    best, worst = np.full(len(subjects), n_pieces), np.where(paired, 0, n_pieces)
    np.minimum.at(best, probe[label], piece[label])
    np.maximum.at(worst, probe[label], piece[label])
    mated_side, nonmated_side = (_side(piece[c], probe[c], reference[c], fold) for c in (label, ~label))
    return Trials(
        subjects=subjects,
        paired=paired,
        n_pieces=n_pieces,
        cells=cells,
        best=best,
        worst=worst,
        piece_of_mated=piece[label],
        scores=values,
        mated=label,
        probe=probe,
        reference=reference,
        sides=(mated_side, nonmated_side),
    )


def _check(mated: NDArray[np.bool_], probe: Ints, reference: Ints, subjects: NDArray[Any]) -> None:
    problems = []
    for flag, wrong, what in (
        ("mated", mated & (probe != reference), "trials are called mated between two subjects"),
        ("mated", ~mated & (probe == reference), "trials of one subject are labelled nonmated"),
    ):
        who = np.stack([subjects[probe], subjects[reference]], axis=1)[np.argmax(wrong)].tolist()
        if wrong.any():
            problems.append(
                f"{flag}: {int(wrong.sum())} of {len(mated)} {what}, first {who} at position "
                f"{int(np.argmax(wrong))}; expected mated exactly where both subjects are the same"
            )
    raise_all(problems)
    if len(subjects) < 2:
        problems.append(
            "probe_subjects: one subject; expected at least two, no pair of people can be compared"
        )
    for name, there in (("mated", mated.any()), ("nonmated", not mated.all())):
        if not there:
            problems.append(f"mated: no {name} trial among {len(mated)}; expected both classes")
    if problems:
        raise DataError(*problems)


def _pieces(scores: Floats, mated: NDArray[np.bool_]) -> tuple[int, Ints]:
    """Piece of the ROC, counted from the top, that each trial belongs to."""
    values, _ = distinct(np.sort(scores[mated]))
    upto = np.searchsorted(values, scores, "right")
    tied = values[np.maximum(upto - 1, 0)] == scores
    n_pieces = 2 * len(values) + 1
    return n_pieces, n_pieces - 1 - (2 * upto - tied)


def _folds(paired: NDArray[np.bool_]) -> Ints:
    rng = np.random.default_rng(_FOLD_SEED)
    fold = np.empty(len(paired), dtype=np.int64)
    for group in (np.flatnonzero(paired), np.flatnonzero(~paired)):
        fold[rng.permutation(group)] = np.arange(len(group)) % _FOLDS
    return fold


def _side(piece: Ints, probe: Ints, reference: Ints, fold: Ints) -> _Side:
    number = np.zeros((_FOLDS, _FOLDS), dtype=np.int64)
    for k, (i, j) in enumerate(PAIRS):
        number[i, j] = number[j, i] = k
    key = piece * len(PAIRS) + number[fold[probe], fold[reference]]
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    piece, pair = key[starts] // len(PAIRS), key[starts] % len(PAIRS)
    return _Side(probe[order], reference[order], starts, piece, pair, _adders(starts, len(order)))


def _adders(starts: Ints, n: int) -> tuple[csr_array, ...]:
    """Matrices of ones, runs by trials; a product with one is several times faster than `reduceat`."""
    out = []
    for first in range(0, n, _ROWS):
        last = min(first + _ROWS, n)
        inside = starts[np.searchsorted(starts, first, "right") : np.searchsorted(starts, last)]
        ends = np.concatenate([[first], inside, [last]]).astype(np.int32) - first
        ones = np.ones(last - first, dtype=np.float32)
        column = np.arange(last - first, dtype=np.int32)
        out.append(csr_array((ones, column, ends), shape=(len(ends) - 1, last - first)))
    return tuple(out)
