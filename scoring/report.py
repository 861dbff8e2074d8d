"""A trial list in, every verification figure with its interval out."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import Floats, ScoringError, same_length
from mriprivacy.scoring.estimate import Estimate
from mriprivacy.scoring.intervals import logit_t, percentile
from mriprivacy.scoring.metrics.calibration import min_cllr_of
from mriprivacy.scoring.metrics.identification import ranks
from mriprivacy.scoring.metrics.linkability import dsys_histogram, from_halves, warn_if_small
from mriprivacy.scoring.metrics.steps import Steps
from mriprivacy.scoring.metrics.verification import auc_of, eer_of, tmr_within
from mriprivacy.scoring.trials import HALVES, Trials, trials

_BLOCK_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """Figures of one system on one trial list, with 95 % intervals over subjects.

    Attributes
    ----------
    eer, auc, linkability, min_cllr : Estimate
        See the functions of the same names; linkability is corrected with whole subjects held out, and
        NaN for two or three subjects, which cannot be halved.
    tmr_at_fmr_1pct, tmr_at_fmr_01pct : Estimate
        True match rate at a false match rate of at most 1 % and 0.1 %.
    people_found_any, people_found_all : Estimate
        Share of people linked in at least one, and in every one, of their mated trials at the lowest
        threshold whose false match rate is at most 1 %, or at the threshold given.
    rank1 : Estimate or None
        Rank-1 identification rate in the gallery of this list; None if the list does not say which
        trials share a probe (several probes of a subject and no `probes` given).
    dsys_histogram : float
        The histogram value of Gomez-Barrero et al., for comparison with other papers only.
    n_mated, n_nonmated, n_subjects, gallery_size : int
        Counts; gallery_size is the median number of subjects a probe is compared with (0 without rank1).
    n_bootstrap, seed : int
        What the intervals were made with.
    """

    eer: Estimate
    auc: Estimate
    linkability: Estimate
    min_cllr: Estimate
    tmr_at_fmr_1pct: Estimate
    tmr_at_fmr_01pct: Estimate
    people_found_any: Estimate
    people_found_all: Estimate
    rank1: Estimate | None
    dsys_histogram: float
    n_mated: int
    n_nonmated: int
    n_subjects: int
    gallery_size: int
    n_bootstrap: int
    seed: int

    def estimates(self) -> dict[str, Estimate]:
        """Every figure that has an interval, by name."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Estimate)}

    def __str__(self) -> str:
        lines = [f"{name:<17} {estimate:.3f}" for name, estimate in self.estimates().items()]
        lines.append(
            f"{self.n_mated} mated, {self.n_nonmated} non-mated trials, {self.n_subjects} subjects; "
            f"95 % intervals, {self.n_bootstrap} draws of subjects"
        )
        return "\n".join(lines)


def score_trials(
    scores: ArrayLike,
    mated: ArrayLike,
    probe_subjects: ArrayLike,
    reference_subjects: ArrayLike,
    n_bootstrap: int = 1000,
    seed: int = 0,
    *,
    probes: ArrayLike | None = None,
    threshold: float | None = None,
    n_jobs: int = 1,
) -> VerificationReport:
    """Score a trial list; intervals by drawing subjects again on both sides of every pair.

    Parameters
    ----------
    scores : array_like, shape (n_trials,)
        Finite, higher = more likely the same person.
    mated : array_like of bool, shape (n_trials,)
        True exactly where both sides are the same subject.
    probe_subjects, reference_subjects : array_like, shape (n_trials,)
        The subjects of each side, in one name space. The list may be sparse, with several probes and
        references a subject.
    n_bootstrap : int
        Replicates; at least 20.
    seed : int
        Of the draws. Two lists with the same subjects and seed share their draws.
    probes : array_like, shape (n_trials,), optional
        Probe identifiers, needed for rank-1 when a subject has several probes.
    threshold : float, optional
        Scores at or above it link people in `people_found_any` and `people_found_all`: that of a list of
        which this is a part, taken as it is in every draw. By default each draw of this list has its own,
        at a false match rate of 1 %.
    n_jobs : int
        Threads; no figure depends on it.

    Returns
    -------
    VerificationReport

    Raises
    ------
    ScoringError
        For scores that are not finite, lengths that differ, a label that contradicts the subjects, a
        missing class, or fewer than two subjects.

    Notes
    -----
    A subject drawn c times gives its mated trials the weight c and a non-mated trial the weight c_i c_j
    (a pigeonhole bootstrap, Owen 2007): resampling trials instead pretends to more people than there are.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> probe, reference = np.divmod(np.arange(40 * 40), 40)
    >>> scores = rng.normal(size=1600) + 1.5 * (probe == reference)
    >>> report = score_trials(scores, probe == reference, probe, reference, n_bootstrap=100)
    >>> report.n_mated, report.n_subjects
    (40, 40)
    >>> report.auc.low < report.auc.value < report.auc.high
    True
    """
    if n_bootstrap < 20:
        raise ScoringError(f"n_bootstrap: {n_bootstrap}; expected at least 20 replicates")
    if threshold is not None and np.isnan(threshold):
        raise ScoringError("threshold: nan; expected a score, or infinity")
    listed = trials(scores, mated, probe_subjects, reference_subjects)
    warn_if_small(int(listed.mated.sum()))
    hit, gallery = _hits(listed, probes)
    above = None if threshold is None else _pieces_above(listed, threshold)
    point = figures(listed, np.ones((len(listed.subjects), 1)), hit, above)
    draws = replicates(listed, listed.draw(n_bootstrap, seed), hit, n_jobs, above)
    n = int(listed.paired.sum())
    estimates = {name: percentile(float(point[name][0]), draws[name], n) for name in point}
    pairs = float(listed.mated.sum()) * float((~listed.mated).sum())
    estimates["auc"] = logit_t(float(point["auc"][0]), draws["auc"], n, 1 / pairs)
    return VerificationReport(
        **{name: estimates.get(name) for name in (*_NAMES, "rank1")},  # type: ignore[arg-type]
        dsys_histogram=dsys_histogram(listed.scores[listed.mated], listed.scores[~listed.mated]),
        n_mated=int(listed.mated.sum()),
        n_nonmated=int((~listed.mated).sum()),
        n_subjects=len(listed.subjects),
        gallery_size=gallery,
        n_bootstrap=n_bootstrap,
        seed=seed,
    )


_NAMES = (
    *("eer", "auc", "linkability", "min_cllr", "tmr_at_fmr_1pct", "tmr_at_fmr_01pct"),
    *("people_found_any", "people_found_all"),
)


def _pieces_above(listed: Trials, threshold: float) -> int:
    """How many pieces of the ROC hold the mated scores at or above a threshold."""
    return int(listed.piece_of_mated[listed.scores[listed.mated] >= threshold].max(initial=-1)) + 1


def replicates(
    listed: Trials, counts: Floats, hit: Floats | None, n_jobs: int = 1, above: int | None = None
) -> dict[str, Floats]:
    """Every figure of every draw; counts of shape (n_subjects, n_bootstrap), results of (n_bootstrap,)."""
    width = int(np.clip(_BLOCK_BYTES // (8 * 21 * listed.n_pieces), 4, 64))
    blocks = [counts[:, i : i + width] for i in range(0, counts.shape[1], width)]
    parts = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(figures)(listed, b, hit, above) for b in blocks)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def figures(
    listed: Trials, counts: Floats, hit: Floats | None, above: int | None = None
) -> dict[str, Floats]:
    """Every figure under weights of subjects; counts of shape (n_subjects, n), results of shape (n,)."""
    mated, nonmated = listed.weigh(counts)
    curves = Steps(_last(mated.sum(1)), _last(nonmated.sum(1)))
    fmr, tmr = curves.vertices()
    # Pieces above the threshold.
    accepted = np.count_nonzero(fmr <= 0.01, axis=-1) - 1 if above is None else np.full(len(fmr), above)
    found = {
        "eer": eer_of(curves),
        "auc": auc_of(curves),
        "linkability": _linkability(mated, nonmated, listed),
        "min_cllr": min_cllr_of(curves),
        "tmr_at_fmr_1pct": tmr_within(fmr, tmr, 0.01),
        "tmr_at_fmr_01pct": tmr_within(fmr, tmr, 0.001),
        "people_found_any": _people(listed.best, accepted, counts, listed.paired),
        "people_found_all": _people(listed.worst, accepted, counts, listed.paired),
    }
    if hit is not None:
        found["rank1"] = (hit[0] @ counts) / (hit[1] @ counts)
    return found


def _people(
    piece: NDArray[np.int64], accepted: NDArray[np.int64], counts: Floats, paired: NDArray[np.bool_]
) -> Floats:
    """Share of people whose piece of the ROC lies above the threshold of a draw; shape (n,)."""
    weights = counts[paired]
    result: Floats = np.where(piece[paired, None] < accepted, weights, 0.0).sum(0) / weights.sum(0)
    return result


def _linkability(mated: Floats, nonmated: Floats, listed: Trials) -> Floats:
    """Linkability with whole subjects held out; weights of shape (n_pieces, n_pairs, n)."""
    inside = HALVES.reshape(-1, HALVES.shape[-1]).astype(float)
    m, n = (inside @ np.add.reduceat(w, listed.cells, axis=0) for w in (mated, nonmated))
    m, n = (np.moveaxis(w, 0, -1).reshape(len(HALVES), 2, -1, len(listed.cells)) for w in (m, n))
    return from_halves(Steps(m, n))


def _hits(listed: Trials, probes: ArrayLike | None) -> tuple[Floats | None, int]:
    """Rank-1 hits and probes of each subject, shape (2, n_subjects), and the median gallery."""
    if probes is None:
        pair = np.sort(listed.probe * len(listed.subjects) + listed.reference)
        if (pair[1:] == pair[:-1]).any():
            return None, 0
        probe = listed.probe
    else:
        given = np.asarray(probes)
        same_length(scores=listed.scores, probes=given)
        probe = np.unique(given, return_inverse=True)[1]
    found = ranks(listed.scores, listed.mated, probe, listed.reference)
    owner = np.empty(int(probe.max()) + 1, dtype=np.int64)
    owner[probe] = listed.probe
    n = len(listed.subjects)
    hit = np.bincount(owner[found.probe], weights=found.hit(1), minlength=n)
    return np.stack([hit, np.bincount(owner[found.probe], minlength=n)]), int(np.median(found.gallery))


def _last(weights: Floats) -> Floats:
    return np.ascontiguousarray(weights.T)
