"""A trial list in, every verification figure with its interval out."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import (
    Floats,
    ScoringError,
    as_ids,
    check_count,
    check_number,
    same_length,
)
from mriprivacy.scoring.estimate import Estimate
from mriprivacy.scoring.intervals import CONTRACTS, LEVEL, ListSize, estimate, leans
from mriprivacy.scoring.metrics.calibration import min_cllr_of
from mriprivacy.scoring.metrics.identification import ranks
from mriprivacy.scoring.metrics.linkability import dsys_histogram, dsys_of_hull, warn_if_small
from mriprivacy.scoring.metrics.steps import Steps, posterior
from mriprivacy.scoring.metrics.verification import auc_of, eer_at, tmr_within
from mriprivacy.scoring.trials import Trials, trials

_BLOCK_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """Figures of one system on one trial list, with intervals over subjects.

    Attributes
    ----------
    eer, auc, linkability, min_cllr : Estimate
        The values are those of the functions of the same names.
    partial_auc : Estimate
        Share of people linked in at least one of their mated trials, averaged over the false match rates
        from 0 to 10 %: the partial area under the ROC of people, 1 at most and .05 by chance.
    tmr_at_fmr_1pct, tmr_at_fmr_01pct : Estimate
        True match rate at a false match rate of at most 1 % and 0.1 %.
    people_found_any, people_found_all : Estimate
        Share of people linked in at least one, and in every one, of their mated trials at the lowest
        threshold whose false match rate is at most 1 %, or at the threshold given.
    rank1 : Estimate or None
        Rank-1 identification rate in the gallery of this list; None if the list does not say which
        trials share a probe (several probes of a subject and no `probes` given).
    fnir_at_fpir_10pct : Estimate or None
        False-negative identification rate, own subject not at rank 1 or below the threshold, where 10 % of
        searches without a mated reference return somebody (ISO/IEC 19795-1, open set). None as rank1.
    dsys_histogram : float
        The histogram value of Gomez-Barrero et al., for comparison with other papers only.
    n_mated, n_nonmated, n_subjects, gallery_size : int
        Counts; gallery_size is the median number of subjects a probe is compared with (0 without rank1).
    n_bootstrap, seed : int
        What the intervals were made with.
    level : float
        Their confidence level.
    """

    eer: Estimate
    auc: Estimate
    partial_auc: Estimate
    linkability: Estimate
    min_cllr: Estimate
    tmr_at_fmr_1pct: Estimate
    tmr_at_fmr_01pct: Estimate
    people_found_any: Estimate
    people_found_all: Estimate
    rank1: Estimate | None
    fnir_at_fpir_10pct: Estimate | None
    dsys_histogram: float
    n_mated: int
    n_nonmated: int
    n_subjects: int
    gallery_size: int
    n_bootstrap: int
    seed: int
    level: float = LEVEL

    @property
    def exposure(self) -> Estimate:
        """The figure that systems are rated by, see `exposure_figure`."""
        result: Estimate = getattr(self, exposure_figure(self.n_nonmated))
        return result

    def estimates(self) -> dict[str, Estimate]:
        """Every figure that has an interval, by name."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Estimate)}

    def __str__(self) -> str:
        lines = [f"{name:<17} {estimate:.3f}" for name, estimate in self.estimates().items()]
        lines.append(
            f"{self.n_mated} mated, {self.n_nonmated} non-mated trials, {self.n_subjects} subjects; "
            f"{100 * self.level:g} % intervals, {self.n_bootstrap} draws of subjects"
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
    level: float = LEVEL,
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
    level : float
        Confidence level of the intervals, above .5 and below 1.

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
    (one draw of people for both sides, as of the vertices of a network, Snijders and Borgatti 1999; Owen's
    pigeonhole bootstrap draws the sides apart). Drawing trials pretends to more people than there are.

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
    check_count("n_bootstrap", n_bootstrap, FEWEST_DRAWS, "replicates")
    check_number("level", level, lambda x: 0.5 < x < 1, "a confidence level above .5 and below 1")
    if threshold is not None:
        check_number("threshold", threshold, lambda x: True, "a score, or infinity")
    listed = trials(scores, mated, probe_subjects, reference_subjects)
    warn_if_small(int(listed.mated.sum()))
    searched = searches(listed, probes)
    above = None if threshold is None else _pieces_above(listed, threshold)
    counts = listed.draw(n_bootstrap, seed)
    draws = replicates(listed, counts, searched, n_jobs, above)
    n, nonmated = int(listed.paired.sum()), int((~listed.mated).sum())
    point = figures(listed, np.ones((len(listed.subjects), 1)), searched, above)
    variance = variances(listed, draws, seed, above)
    size = ListSize(n, nonmated, len(searched.owner) if searched else 0)
    given = replace(size, nonmated=MANY) if threshold is not None else size  # resolved elsewhere
    estimates = {}
    for name in point:
        value, resolved = float(point[name][0]), given if name in _LINKED else size
        lean = leans(value, draws[name])
        estimates[name] = estimate(name, value, variance[name], resolved, level, lean)
    return VerificationReport(
        **{name: estimates.get(name) for name in (*_NAMES, "rank1", "fnir_at_fpir_10pct")},  # type: ignore[arg-type]
        dsys_histogram=dsys_histogram(listed.scores[listed.mated], listed.scores[~listed.mated]),
        n_mated=int(listed.mated.sum()),
        n_nonmated=nonmated,
        n_subjects=len(listed.subjects),
        gallery_size=searched.gallery if searched else 0,
        n_bootstrap=n_bootstrap,
        seed=seed,
        level=level,
    )


def exposure_figure(n_nonmated: int) -> str:
    """Return the name of the metric that shows how many people a list exposes.

    The share of people linked at FMR 1 %, `people_found_any`, where the list resolves that FMR (1,000
    non-mated trials), or else `partial_auc`, that share averaged over the FMRs up to 10 %.

    Examples
    --------
    >>> exposure_figure(1560), exposure_figure(132)
    ('people_found_any', 'partial_auc')
    """
    return "people_found_any" if n_nonmated >= CONTRACTS["people_found_any"].nonmated else "partial_auc"


_LINKED = ("people_found_any", "people_found_all")
_NAMES = (
    *("eer", "auc", "partial_auc", "linkability", "min_cllr", "tmr_at_fmr_1pct", "tmr_at_fmr_01pct"),
    *_LINKED,
)
MANY = 10**9
FEWEST_DRAWS = 20
_PAIR_DRAWS = 200
PARTIAL = 0.1  # highest FMR of the partial AUC


def _pieces_above(listed: Trials, threshold: float) -> int:
    """How many pieces of the ROC hold the mated scores at or above a threshold."""
    return int(listed.piece_of_mated[listed.scores[listed.mated] >= threshold].max(initial=-1)) + 1


def variances(
    listed: Trials, draws: dict[str, Floats], seed: int, above: int | None = None
) -> dict[str, float]:
    """Variance of every figure over draws of people, the noise of single pairs counted once.

    The weight c_i c_j of a pair counts its own noise three times (Owen 2007), which shows where a probe
    meets few others. That noise alone is what drawing non-mated trials one by one gives.
    """
    rng = np.random.default_rng([seed, 0x9A125])
    n = int(listed.curve.n_nonmated)
    drawn = rng.multinomial(n, listed.curve.nonmated / n, size=_PAIR_DRAWS).T.astype(float)
    mated = np.repeat(listed.curve.mated[:, None].astype(float), _PAIR_DRAWS, axis=1)
    alone = _figures(listed, mated, drawn, np.ones((len(listed.subjects), _PAIR_DRAWS)), None, above)
    people = int(listed.paired.sum())
    found = {}
    for name, values in draws.items():
        # The hull of a draw rises with its noise: for linkability the noise of pairs cannot be separated.
        single = name in alone and name not in ("linkability", "min_cllr")
        whole, pairs = float(np.nanvar(values)), float(np.nanvar(alone[name])) if single else 0.0
        found[name] = max(whole - 2 * pairs, whole / 3) * people / max(people - 1, 1)
    return found


def replicates(
    listed: Trials, counts: Floats, searched: Searches | None, n_jobs: int = 1, above: int | None = None
) -> dict[str, Floats]:
    """Every figure of every draw; counts of shape (n_subjects, n_bootstrap), results of (n_bootstrap,)."""
    width = int(np.clip(_BLOCK_BYTES // (8 * listed.n_pieces), 4, 256))
    blocks = [counts[:, i : i + width] for i in range(0, counts.shape[1], width)]
    parts = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(figures)(listed, b, searched, above) for b in blocks
    )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def figures(
    listed: Trials, counts: Floats, searched: Searches | None, above: int | None = None
) -> dict[str, Floats]:
    """Every figure under weights of subjects; counts of shape (n_subjects, n), results of shape (n,)."""
    return _figures(listed, *listed.weigh(counts), counts, searched, above)


def _figures(
    listed: Trials,
    mated: Floats,
    nonmated: Floats,
    counts: Floats,
    searched: Searches | None,
    above: int | None,
) -> dict[str, Floats]:
    curves = Steps(last_axis(mated), last_axis(nonmated))
    fmr, tmr = curves.vertices()
    fitted = posterior(curves)
    # Pieces above the threshold.
    accepted = np.count_nonzero(fmr <= 0.01, axis=-1) - 1 if above is None else np.full(len(fmr), above)
    # The hull of a list is too high, and that of a draw, whose people are drawn twice, twice as much.
    as_is = (counts == 1).all(axis=0) & (curves.nonmated == listed.curve.nonmated).all(axis=1)
    found = {
        "eer": eer_at(fmr, tmr),
        "auc": auc_of(curves),
        "partial_auc": partial_auc_of(listed, fmr, counts),
        "linkability": dsys_of_hull(curves, fitted) - np.where(as_is, 1, 2) * listed.optimism,
        "min_cllr": min_cllr_of(curves, fitted),
        "tmr_at_fmr_1pct": tmr_within(fmr, tmr, 0.01),
        "tmr_at_fmr_01pct": tmr_within(fmr, tmr, 0.001),
        "people_found_any": people_within(listed.best, accepted, counts, listed.paired),
        "people_found_all": people_within(listed.worst, accepted, counts, listed.paired),
    }
    return found if searched is None else found | _found_first(searched, counts)


def people_within(
    piece: NDArray[np.int64], accepted: NDArray[np.int64], counts: Floats, paired: NDArray[np.bool_]
) -> Floats:
    """Share of people whose piece of the ROC lies above the threshold of a draw; shape (n,)."""
    weights = counts[paired]
    result: Floats = np.where(piece[paired, None] < accepted, weights, 0.0).sum(0) / weights.sum(0)
    return result


def partial_auc_of(listed: Trials, fmr: Floats, counts: Floats) -> Floats:
    """Share of people linked, averaged over the false match rates up to `PARTIAL`; shape (n,)."""
    left = np.maximum(PARTIAL - fmr, 0.0)
    above, below = left[:, :-1], left[:, 1:]
    width = np.diff(fmr, axis=-1)
    flat = width == 0
    # A piece that shares its scores with non-mated trials is accepted bit by bit: the mean over its width.
    area = np.where(flat, above, (above**2 - below**2) / (2 * np.where(flat, 1.0, width)))
    weights = counts[listed.paired]
    result: Floats = (area.T[listed.best[listed.paired]] * weights).sum(0) / (weights.sum(0) * PARTIAL)
    return np.minimum(result, 1.0)


@dataclass(frozen=True, slots=True)
class Searches:
    """What probes find in the gallery of their trials; probes by their best non-mated score, descending."""

    owner: NDArray[np.int64]  # subject of each probe
    own: Floats  # best mated score
    other: Floats  # best non-mated score
    first: Floats  # chance that the own subject is at rank 1
    gallery: int  # median number of subjects


def searches(listed: Trials, probes: ArrayLike | None) -> Searches | None:
    """Return the searches of the probes with a mated trial; None if trials name no probe."""
    if probes is None:
        pair = np.sort(listed.probe * len(listed.subjects) + listed.reference)
        if (pair[1:] == pair[:-1]).any():
            return None
        probe = listed.probe
    else:
        (given,) = as_ids(probes=probes)
        same_length(scores=listed.scores, probes=given)
        probe = np.unique(given, return_inverse=True)[1]
    found = ranks(listed.scores, listed.mated, probe, listed.reference)
    owner = np.empty(int(probe.max()) + 1, dtype=np.int64)
    owner[probe] = listed.probe
    if (owner[probe] != listed.probe).any():
        where = int(np.argmax(owner[probe] != listed.probe))
        raise ScoringError(f"probes: the probe at position {where} has two subjects; expected one")
    own, other = np.full((2, len(owner)), -np.inf)
    np.maximum.at(own, probe[listed.mated], listed.scores[listed.mated])
    np.maximum.at(other, probe[~listed.mated], listed.scores[~listed.mated])
    order = np.argsort(-other[found.probe], kind="stable")
    which = found.probe[order]
    return Searches(
        owner[which], own[which], other[which], found.hit(1)[order], int(np.median(found.gallery))
    )


def _found_first(searched: Searches, counts: Floats) -> dict[str, Floats]:
    """Rank-1 rate, and FNIR at the lowest threshold whose FPIR is at most 10 %; shape (n,)."""
    weights = counts[searched.owner]
    total = weights.sum(0)
    hits = searched.first[:, None] * weights
    positives = np.cumsum(weights, axis=0)
    bound = searched.other[np.argmax(positives > 0.1 * total, axis=0)]  # the highest that must be refused
    missed = 1 - np.where(searched.own[:, None] > bound, hits, 0.0).sum(0) / total
    return {"rank1": hits.sum(0) / total, "fnir_at_fpir_10pct": missed}


def last_axis(weights: Floats) -> Floats:
    """Return weights of pieces with the pieces last, as `Steps` takes them."""
    return np.ascontiguousarray(weights.T)
