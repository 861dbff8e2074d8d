"""A trial list whose subjects can be drawn again: mated weight c_i, non-mated weight c_i c_j."""

from __future__ import annotations

from dataclasses import dataclass
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
    check_count,
    raise_all,
    same_length,
)
from mriprivacy.scoring.metrics.linkability import dsys_of_hull, linkability_of
from mriprivacy.scoring.metrics.steps import Steps, distinct, posterior

_ROWS = 4096  # trials weighed at a time: enough for threads not to wait for each other
_WITNESSES = 512  # non-mated trials that are looked at first

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Side:
    """The trials of one class, sorted by piece of the ROC."""

    probe: Ints
    reference: Ints
    starts: Ints  # first trial of every piece that has any
    piece: Ints  # of every such run
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
    curve : Steps, shape (n_pieces,)
        ROC of the list as it is.
    optimism : float
        How far the value of D_sys on the hull of this ROC lies above `linkability`.
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
    curve: Steps
    optimism: float
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
        check_count("n_bootstrap", n_bootstrap, 1, "draws")
        check_count("seed", seed, 0, "as a seed")
        rng = np.random.default_rng([seed, 0x5EED])
        counts = np.zeros((len(self.subjects), n_bootstrap))
        todo = np.arange(n_bootstrap)
        for _ in range(1000):
            for group in (np.flatnonzero(self.paired), np.flatnonzero(~self.paired)):
                if len(group):
                    p = np.full(len(group), 1 / len(group))
                    counts[np.ix_(group, todo)] = rng.multinomial(len(group), p, size=len(todo)).T
            todo = todo[~self._both_classes(counts[:, todo])]
            if not len(todo):
                return counts
        raise DataError(
            f"probe_subjects: {len(self.subjects)} subjects share too few non-mated trials to be resampled; "
            "expected trials between more pairs of subjects"
        )

    def weigh(self, counts: Floats) -> tuple[Floats, Floats]:
        """Weight of mated and non-mated trials in each piece.

        Parameters
        ----------
        counts : ndarray, shape (n_subjects, n_replicates)
            How often each subject is drawn; ones for the list as it is.

        Returns
        -------
        mated, nonmated : ndarray, shape (n_pieces, n_replicates)
            Whole numbers, hence the same in any order of summation.
        """
        small = counts.max() ** 2 * _ROWS < 2**24
        table = np.ascontiguousarray(counts, dtype=np.float32 if small else np.float64)
        mated, nonmated = self.sides
        return self._sum(mated, table, square=False), self._sum(nonmated, table, square=True)

    def _both_classes(self, counts: Floats) -> NDArray[np.bool_]:
        """Whether each draw holds both people of a non-mated trial: some trials settle nearly all draws."""
        side, drawn = self.sides[1], counts > 0
        some = slice(None, None, max(1, len(side.probe) // _WITNESSES))
        alive = np.any(drawn[side.probe[some]] & drawn[side.reference[some]], axis=0)
        for b in np.flatnonzero(~alive):
            alive[b] = (drawn[side.probe, b] & drawn[side.reference, b]).any()
        return np.asarray(alive)

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
        out = np.zeros((self.n_pieces, table.shape[1]))
        out[side.piece] = runs
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
    curve = Steps(*(np.bincount(piece[c], minlength=n_pieces) for c in (label, ~label)))
    optimism = float(dsys_of_hull(curve, posterior(curve))) - linkability_of(curve)
    best, worst = np.full(len(subjects), n_pieces), np.where(paired, 0, n_pieces)
    np.minimum.at(best, probe[label], piece[label])
    np.maximum.at(worst, probe[label], piece[label])
    mated_side, nonmated_side = (_side(piece[c], probe[c], reference[c]) for c in (label, ~label))
    return Trials(
        subjects=subjects,
        paired=paired,
        n_pieces=n_pieces,
        curve=curve,
        optimism=optimism,
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


def _side(piece: Ints, probe: Ints, reference: Ints) -> _Side:
    order = np.argsort(piece, kind="stable")
    piece = piece[order]
    starts = np.flatnonzero(np.r_[True, piece[1:] != piece[:-1]])
    return _Side(probe[order], reference[order], starts, piece[starts], _adders(starts, len(order)))


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
