"""Probes against a gallery too large for a matrix of scores: compared in blocks, counted, and forgotten.

A block leaves little: how many non-mated scores lie below each mated one, the rank of each probe's own
person, and the first few candidates. Blocks are counted in any order, on any number of machines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import (
    DataError,
    Floats,
    ScoringError,
    as_ids,
    check_count,
    check_number,
    unmasked,
)
from mriprivacy.scoring.metrics.steps import count_below
from mriprivacy.scoring.streaming import StreamReport, report_of, thinned

Ints = NDArray[np.int64]
COLUMNS = 8192  # of the gallery compared at a time
_PAIRS = 65536  # mated pairs compared at a time


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Embeddings and their subjects.

    Attributes
    ----------
    vectors : ndarray, shape (n, d)
        May be memory-mapped, of any real type; finite.
    subjects : ndarray of int, shape (n,)
        The same number for the same person on both sides. In a gallery all images of a person must stand
        together.
    """

    vectors: NDArray[Any]
    subjects: Ints


@dataclass(frozen=True, slots=True)
class Mated:
    """The trials of persons with themselves.

    Attributes
    ----------
    scores : ndarray, shape (n_mated,)
        Of all mated pairs.
    best : ndarray, shape (n_probes,)
        The highest of each probe; NaN where its person is not in the gallery.
    values : ndarray, ascending
        Distinct scores at which non-mated ones are counted.
    exact : bool
        Whether these are all distinct scores.
    """

    scores: Floats
    best: Floats
    values: Floats
    exact: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a block of probes leaves.

    Attributes
    ----------
    first : int
        Row of its first probe.
    counts : ndarray, shape (2, n_values)
        Non-mated scores below, and at or below, each value.
    nonmated : int
        How many there are.
    above, level : ndarray of int, shape (n,)
        Other people of the gallery with a higher score than the probe's own person, and with the same.
    candidates : ndarray of int, shape (n, k)
        Rows of the gallery, best first.
    candidate_scores : ndarray, shape (n, k)
        Their scores.
    """

    first: int
    counts: Ints
    nonmated: int
    above: Ints
    level: Ints
    candidates: Ints
    candidate_scores: Floats


@dataclass(frozen=True, slots=True)
class GalleryReport:
    """Results of all probes; arrays of shape (n_probes,), in the order of the probes.

    Attributes
    ----------
    figures : StreamReport
        Of all trials, with bounds.
    threshold, fmr : float
        The lowest mated score with at most the given false match rate, and that rate; +inf if
        there is none.
    best : ndarray
        `Mated.best`.
    rank : ndarray
        Where the own person stands, from 1, a tie in the middle of its places; NaN if not in the gallery.
    linked : ndarray of bool
        Whether the own person reaches the threshold.
    people : int
        Persons in the gallery.
    candidates, candidate_scores : ndarray, shape (n_probes, k)
        As in `Found`.
    """

    figures: StreamReport
    threshold: float
    fmr: float
    best: Floats
    rank: Floats
    linked: NDArray[np.bool_]
    people: int
    candidates: Ints
    candidate_scores: Floats

    def share_within(self, rank: int) -> float:
        """Return the share of probes, of those whose person is in the gallery, found within a rank."""
        known = np.isfinite(self.rank)
        return float((self.rank[known] <= rank).mean())

    def __str__(self) -> str:
        known = int(np.isfinite(self.rank).sum())
        return (
            f"{self.figures}\n{known} of {len(self.rank)} probes are of {self.people} people of the gallery: "
            f"rank 1 {self.share_within(1):.4f}, within 10 {self.share_within(10):.4f}, "
            f"linked at FMR {self.fmr:.3g} {self.linked.sum() / known:.4f}"
        )


def compare(probes: Floats, gallery: Floats) -> Floats:
    """Return minus the Euclidean distances, shape (n, m), to about 1e-8 of the length of a vector.

    Examples
    --------
    >>> compare(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 1.0]]))
    array([[-5., -1.]])
    """
    scores = probes @ gallery.T
    scores *= -2
    scores += (probes**2).sum(axis=1)[:, None]
    scores += (gallery**2).sum(axis=1)
    np.maximum(scores, 0, out=scores)
    np.sqrt(scores, out=scores)
    return np.negative(scores, out=scores)


def check_sides(probes: Embeddings, gallery: Embeddings) -> None:
    """Raise ScoringError unless two sides can be compared."""
    for name, side in (("probes", probes), ("gallery", gallery)):
        unmasked(name, side.vectors)
        if side.vectors.ndim != 2 or side.vectors.dtype.kind not in "iuf" or not len(side.vectors):
            shape, kind = side.vectors.shape, side.vectors.dtype
            raise ScoringError(f"{name}: {kind} of shape {shape}; expected numbers of shape (n, d)")
        if side.subjects.shape != (len(side.vectors),):
            n, m = len(side.vectors), len(side.subjects)
            raise ScoringError(f"{name}: {n} vectors and {m} subjects; expected one subject a vector")
    if probes.vectors.shape[1] != gallery.vectors.shape[1]:
        d, e = probes.vectors.shape[1], gallery.vectors.shape[1]
        raise ScoringError(
            f"gallery: vectors of {e} numbers, those of the probes have {d}; expected the same"
        )
    runs = np.count_nonzero(np.diff(gallery.subjects)) + 1
    if runs > len(np.unique(gallery.subjects)):
        raise ScoringError(
            "gallery: images of one person stand apart; expected them together (sort by subject)"
        )


def mated(probes: Embeddings, gallery: Embeddings, max_values: int = 4_000_000) -> Mated:
    """Compare every probe with the images of its own person.

    Parameters
    ----------
    probes, gallery : Embeddings
        As `check_sides` wants them.
    max_values : int
        As in `scoring.score_stream`.

    Raises
    ------
    ScoringError
        If no person is on both sides, or a vector is not finite.
    """
    order = np.argsort(gallery.subjects, kind="stable")
    ordered = gallery.subjects[order]
    first = np.searchsorted(ordered, probes.subjects, "left")
    count = np.searchsorted(ordered, probes.subjects, "right") - first
    probe = np.repeat(np.arange(len(count)), count)
    if not len(probe):
        raise DataError("gallery: holds no subject of the probes; expected some of the same subjects")
    place = np.arange(len(probe)) - np.repeat(np.cumsum(count) - count, count)
    image = order[np.repeat(first, count) + place]
    scores = np.empty(len(probe))
    for start in range(0, len(probe), _PAIRS):
        pairs = slice(start, start + _PAIRS)
        gap = probes.vectors[probe[pairs]].astype(float) - gallery.vectors[image[pairs]]
        scores[pairs] = -np.sqrt((gap**2).sum(axis=1))
    if not np.isfinite(scores).all():
        raise ScoringError("probes, gallery: some numbers are not finite")
    best = np.full(len(count), -np.inf)
    np.maximum.at(best, probe, scores)
    best[count == 0] = np.nan
    return Mated(scores, best, *thinned(np.unique(scores), max_values))


def search(probes: Embeddings, gallery: Embeddings, own: Mated, rows: slice, top: int = 10) -> Found:
    """Compare a block of probes with the whole gallery.

    Parameters
    ----------
    probes, gallery : Embeddings
        As in `mated`.
    own : Mated
        What it returned.
    rows : slice
        Which probes; a few hundred keep the memory at tens of megabytes.
    top : int
        Candidates to keep of each.

    Raises
    ------
    ScoringError
        If a vector is not finite.
    """
    block, who, best = probes.vectors[rows].astype(float), probes.subjects[rows], own.best[rows]
    n, k = len(block), min(top, len(gallery.vectors))
    counts, nonmated = np.zeros((2, len(own.values)), np.int64), 0
    above, level = np.zeros(n, np.int64), np.zeros(n, np.int64)
    candidates, scored = np.full((n, k), -1), np.full((n, k), -np.inf)
    for start, stop in _stretches(gallery.subjects):
        subjects = gallery.subjects[start:stop]
        with np.errstate(invalid="ignore", over="ignore"):
            scores = compare(block, np.asarray(gallery.vectors[start:stop], float))
        if not np.isfinite(scores.sum()):
            raise ScoringError(f"gallery, probes: some numbers of rows {start} to {stop} are not finite")
        _keep_best(scores, start, candidates, scored)
        same = who[:, None] == subjects
        others = scores[~same] if same.any() else scores.ravel()
        nonmated += len(others)
        scores[same] = -np.inf  # a person is not its own rival
        firsts = np.flatnonzero(np.r_[True, subjects[1:] != subjects[:-1]])
        if len(firsts) < len(subjects):
            scores = np.maximum.reduceat(scores, firsts, axis=1)
        above += (scores > best[:, None]).sum(axis=1)
        level += (scores == best[:, None]).sum(axis=1)
        counts += count_below(own.values, others)
    order = np.lexsort((candidates, -scored))
    return Found(
        rows.indices(len(probes.vectors))[0],
        counts,
        nonmated,
        above,
        level,
        np.take_along_axis(candidates, order, axis=1),
        np.take_along_axis(scored, order, axis=1),
    )


def conclude(own: Mated, gallery: Embeddings, found: Iterable[Found], fmr: float = 0.01) -> GalleryReport:
    """Add up what all blocks left.

    Parameters
    ----------
    own : Mated
        From `mated`.
    gallery : Embeddings
        As there.
    found : iterable of Found
        Of every probe once, in any order; each can be forgotten when the next one comes.
    fmr : float
        False match rate at which a person counts as linked.

    Raises
    ------
    ScoringError
        If there is no non-mated trial.
    """
    n, totals = len(own.best), [len(own.scores), 0]
    counts = np.zeros((2, 2, len(own.values)), np.int64)
    counts[0] = count_below(own.values, own.scores)
    rank = np.full(n, np.nan)
    blocks: dict[int, tuple[Ints, Floats]] = {}
    for one in found:
        counts[1] += one.counts
        totals[1] += one.nonmated
        rank[one.first : one.first + len(one.above)] = 1 + one.above + one.level / 2
        blocks[one.first] = (one.candidates, one.candidate_scores)
    if not totals[1]:
        raise DataError("gallery: holds one person; expected two or more")
    rank[np.isnan(own.best)] = np.nan
    rates = 1 - counts[1, 0] / totals[1]  # of non-mated trials at or above each value
    allowed = np.flatnonzero(rates <= fmr)
    threshold, rate = (own.values[allowed[0]], rates[allowed[0]]) if len(allowed) else (np.inf, 0.0)
    return GalleryReport(
        report_of(counts, totals, own.exact),
        float(threshold),
        float(rate),
        own.best,
        rank,
        own.best >= threshold,
        len(np.unique(gallery.subjects)),
        *(np.concatenate([blocks[first][part] for first in sorted(blocks)]) for part in (0, 1)),
    )


def search_gallery(
    probes: ArrayLike,
    probe_subjects: ArrayLike,
    gallery: ArrayLike,
    gallery_subjects: ArrayLike,
    *,
    top: int = 10,
    fmr: float = 0.01,
    rows: int = 512,
) -> GalleryReport:
    """Compare probes with a gallery in blocks, in this process (`mriprivacy identify` does it in many).

    Parameters
    ----------
    probes, gallery : array_like, shape (n, d), (m, d)
        Embeddings, compared by Euclidean distance; `np.load(..., mmap_mode="r")` for large ones.
    probe_subjects, gallery_subjects : array_like, shape (n,), (m,)
        The subject of each; in the gallery all images of a person must stand together.
    top, fmr, rows
        Candidates to keep, false match rate of a link, probes a block.

    Raises
    ------
    ScoringError
        If the two sides do not fit together.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> people = rng.normal(size=(400, 16))
    >>> report = search_gallery(people + 0.7 * rng.normal(size=(400, 16)), range(400), people, range(400))
    >>> print(report)
    EER 0.0150, AUC 0.9987, linkability 0.9602 (exact; 400 mated, 159600 non-mated trials)
    400 of 400 probes are of 400 people of the gallery: rank 1 0.9125, within 10 0.9975, linked ...
    """
    check_count("top", top, 0, "candidates")
    check_count("rows", rows, 1, "probes a block")
    check_number("fmr", fmr, lambda x: 0 <= x <= 1, "a rate in [0, 1]")
    names = as_ids(probe_subjects=probe_subjects, gallery_subjects=gallery_subjects)
    codes = np.unique(np.concatenate(names), return_inverse=True)[1]
    sides = (
        Embeddings(unmasked("probes", probes), codes[: len(names[0])]),
        Embeddings(unmasked("gallery", gallery), codes[len(names[0]) :]),
    )
    check_sides(*sides)
    own = mated(*sides)
    blocks = (slice(first, first + rows) for first in range(0, len(sides[0].vectors), rows))
    return conclude(own, sides[1], (search(*sides, own, block, top) for block in blocks), fmr)


def _stretches(subjects: Ints) -> Iterator[tuple[int, int]]:
    """Cut the gallery into stretches of about `COLUMNS` images, never within a person."""
    edges = np.flatnonzero(np.r_[True, subjects[1:] != subjects[:-1], True])
    start = 0
    while start < len(subjects):
        stop = int(edges[int(np.searchsorted(edges, start + COLUMNS, "right")) - 1])
        stop = stop if stop > start else int(edges[np.searchsorted(edges, start, "right")])
        yield start, stop
        start = stop


def _keep_best(scores: Floats, start: int, candidates: Ints, scored: Floats) -> None:
    """Put columns of a stretch among the best so far, where they belong there; of equals the first stays."""
    k = scored.shape[1]
    for row in np.flatnonzero(scores.max(axis=1) > scored.min(axis=1)).tolist() if k else []:
        own = scores[row]
        fresh = np.flatnonzero(own > scored[row].min())
        if len(fresh) > k:
            fresh = fresh[np.argsort(-own[fresh], kind="stable")[:k]]
        values = np.r_[scored[row], own[fresh]]
        order = np.argsort(-values, kind="stable")[:k]
        candidates[row] = np.r_[candidates[row], fresh + start][order]
        scored[row] = values[order]
