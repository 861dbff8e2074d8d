"""From scores or predictions to results: figures with intervals and their signature."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.attackers.networks import signed
from mriprivacy.challenge.compute.code_hash import release, result_code
from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.edition.labelled_trials import LabelledTrials
from mriprivacy.challenge.edition.protocol import attacks_of
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import AGE, CHOSEN, DEFACED_SCANS, PHOTOGRAPHS, UNDEFACED_SCANS, Result
from mriprivacy.challenge.evaluation.context import Context, Floats
from mriprivacy.challenge.intake.submission import AttackSubmission, Submission
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes
from mriprivacy.scoring import (
    Estimate,
    Signature,
    SmallSampleWarning,
    VerificationReport,
    roc,
    score_ages,
    score_attributes,
    score_identity,
    score_trials,
)
from mriprivacy.scoring.metrics.linkability import ESTIMATOR

TRIAL_LISTS = ("all", "matched")
DISTRACTORS = "distractors"
SMALLEST_GROUP = 5  # people; a figure of fewer is one of persons
FEWEST_NONMATED = 30  # trials of a part of the list; an FMR told from fewer says nothing


@dataclass(frozen=True)
class Ask:
    """What figures are wanted of.

    Attributes
    ----------
    attacker : Attacker
        Of the results.
    scores : ndarray, shape (n_trials,)
        In the order of the trial list.
    counts : mapping from str to int
        What else is reported beside trials and subjects.
    trial_lists : sequence of str
        Names of `trial_masks`; those that are not there are left out.
    rates : bool
        As in `Result`.
    doppelganger : ndarray, shape (n_trials,), or None
        As in `challenge.attackers.levels.AttackScores`; without it there is no identity figure.
    """

    attacker: Attacker
    scores: Floats
    counts: Mapping[str, int] = field(default_factory=dict)
    trial_lists: Sequence[str] = TRIAL_LISTS
    rates: bool = True
    doppelganger: Floats | None = None


def verification(context: Context, submission: Submission, asks: Sequence[Ask]) -> list[Result]:
    """Figures of score lists on trial lists of the key.

    Parameters
    ----------
    context, submission
        Whose key, and who is judged.
    asks : sequence of Ask
        Score lists.

    Returns
    -------
    list of Result
        In the order of `asks` and of their trial lists.
    """
    trials, protocol = context.trials, context.protocol
    mated = trials.mated
    masks, wanted, jobs = trial_masks(context), [], []
    for ask in asks:
        # An attacker has one threshold: with its own, a group that it often takes for others looks safe.
        threshold = _threshold(ask.scores[mated], ask.scores[~mated])
        for trial_list in ask.trial_lists:
            if trial_list not in masks:
                continue  # too few people of this edition agree in sex, age group and ethnicity
            chosen = masks[trial_list]
            wanted.append((ask, trial_list))
            jobs.append(
                ScoreList(
                    ask.scores[chosen],
                    mated[chosen],
                    trials.people[chosen],
                    trials.probes[chosen],
                    protocol.bootstrap,
                    protocol.bootstrap_seed,
                    threshold if "=" in trial_list else None,
                    None if ask.doppelganger is None else ask.doppelganger[chosen],
                )
            )
    reports = reported(jobs, "figures", context.compute)
    identities = run(_identity, jobs, "figures of doppelgangers", _enough(context.compute, jobs))
    return [
        _verified(context, submission, ask, trial_list, report, identity)
        for (ask, trial_list), report, identity in zip(wanted, reports, identities, strict=True)
    ]


def _verified(
    context: Context,
    submission: Submission,
    ask: Ask,
    trial_list: str,
    report: VerificationReport,
    identity: Mapping[str, Estimate] = MappingProxyType({}),
) -> Result:
    counts = {"mated": report.n_mated, "nonmated": report.n_nonmated, "subjects": report.n_subjects}
    return Result(
        attacker=ask.attacker,
        trial_list=trial_list,
        figures=defined({**report.estimates(), **identity}),
        counts={**counts, **ask.counts},
        signature=_signature(context, submission, ask.attacker, trial_list),
        rates=ask.rates,
    )


def _threshold(mated: Floats, nonmated: Floats) -> float:
    """Return the lowest threshold whose false match rate is at most 1 %."""
    curve = roc(mated, nonmated)
    return float(curve.threshold[np.count_nonzero(curve.fmr <= 0.01) - 1])


def defined(figures: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return the figures that so many people and trials define; one without an interval stays.

    Examples
    --------
    >>> nothing = Estimate(np.nan, np.nan, np.nan, 9, "1,000 non-mated trials")
    >>> list(defined({"auc": Estimate(0.5, 0.4, 0.6, 9), "tmr_at_fmr_1pct": nothing}))
    ['auc']
    """
    return {name: e for name, e in figures.items() if e.known}


def against_distractors(context: Context, submission: AttackSubmission, ask: Ask) -> list[Result]:
    """Figures of mated trials against trials with distractors, a list of its own; empty without any.

    Distractors were photographed elsewhere, and a camera may leak the answer: no system is ranked by it.
    """
    pairs = context.edition.eval.distractor_trials
    if not pairs:
        return []
    trials, distractors = context.trials, LabelledTrials.by_subjects(pairs, context.sealed)
    mated = trials.mated
    people = np.concatenate([trials.subjects[mated], distractors.subjects])
    probes = [probe for (probe, _), own in zip(trials.pairs, mated, strict=True) if own]
    report = score_trials(
        np.concatenate([ask.scores[mated], submission.distractor_scores]),
        np.arange(len(people)) < mated.sum(),
        people[:, 0],
        people[:, 1],
        context.protocol.bootstrap,
        context.protocol.bootstrap_seed,
        probes=np.array(probes + [probe for probe, _ in pairs]),
    )
    return [_verified(context, submission, replace(ask, rates=False), DISTRACTORS, report)]


def worth(compute: Compute, n_scores: int) -> Compute:
    """Return the workers for so many scores, all draws together; this process for a second or two."""
    return Compute("sequential") if n_scores < 2e7 else compute


@dataclass(frozen=True)
class ScoreList:
    """Arguments of `scoring.score_trials`; people are those of both sides, shape (n_trials, 2).

    With `doppelganger`, those of `scoring.score_identity`, too.
    """

    scores: Floats
    mated: NDArray[np.bool_]
    people: NDArray[Any]
    probes: NDArray[np.int64]
    draws: int
    seed: int
    threshold: float | None = None
    doppelganger: Floats | None = None


def reported(lists: Sequence[ScoreList], label: str, compute: Compute) -> list[VerificationReport]:
    """Return the figures of score lists, and repeat here the warnings of the workers."""
    found = run(_score, lists, label, _enough(compute, lists))
    for line in (line for _, lines in found for line in lines):
        warnings.warn(line, SmallSampleWarning, stacklevel=2)
    return [report for report, _ in found]


def _score(job: ScoreList) -> tuple[VerificationReport, list[str]]:
    """Return the report and its warnings."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always", SmallSampleWarning)
        report = score_trials(
            job.scores,
            job.mated,
            job.people[:, 0],
            job.people[:, 1],
            job.draws,
            job.seed,
            probes=job.probes,
            threshold=job.threshold,
        )
    return report, [str(one.message) for one in noted if one.category is SmallSampleWarning]


def _enough(compute: Compute, lists: Sequence[ScoreList]) -> Compute:
    return worth(compute, sum(len(own.scores) * own.draws for own in lists))


def _identity(job: ScoreList) -> dict[str, Estimate]:
    """Return AUC with doppelgangers and what it lacks, by name; empty where there are no doppelgangers."""
    if job.doppelganger is None:
        return {}
    found = score_identity(
        job.scores, job.doppelganger, job.mated, job.people[:, 0], job.people[:, 1], job.draws, job.seed
    )
    return {"auc_doppelganger": found.auc_doppelganger, "identity": found.identity}


def trial_masks(context: Context) -> dict[str, NDArray[np.bool_]]:
    """Return the trial lists of `eval` by name: which trials each takes.

    `all`, and again as `chosen`; `matched`, the mated and those non-mated trials whose two people agree in
    sex, age and ethnicity; and by group, `sex=F` and so on, the trials of its people's scans, if they are
    five or more.
    Of these parts of the list those with fewer than thirty non-mated trials are left out: two of them make an
    AUC of 1.00 [1.00, 1.00].
    """
    sealed, trials = context.sealed, context.trials
    everybody = np.ones(len(trials.pairs), bool)
    masks = {"all": everybody, CHOSEN: everybody, "matched": trials.matched}
    for attribute in Attributes._fields:
        values = {probe: getattr(own, attribute) for probe, own in sealed.attributes.items()}
        for value in sorted(set(values.values()) - {NOT_AVAILABLE}):
            people = {sealed.subjects[probe] for probe, own in values.items() if own == value}
            if len(people) >= SMALLEST_GROUP:
                masks[f"{attribute}={value}"] = np.array(
                    [values[probe] == value for probe, _ in trials.pairs]
                )
    enough = {name for name, own in masks.items() if (own & ~trials.mated).sum() >= FEWEST_NONMATED}
    return {name: own for name, own in masks.items() if name in enough | {"all", CHOSEN}}


def scored_predictions(
    context: Context,
    submission: Submission,
    attacker: Attacker,
    predicted: Mapping[str, Any],
    kind: str = DEFACED_SCANS,
) -> Result | None:
    """Score predictions of one attribute; people of whom it is unknown cannot be scored and are counted.

    Parameters
    ----------
    context, submission
        Whose key, and who is judged.
    attacker : Attacker
        Says what it predicts: a field of `Attributes`, against guessing the majority, or `age` in years,
        against guessing the median.
    predicted : mapping from probe or reference to str or float
        For images of `eval`.
    kind : str
        What the images are, one of `challenge.entry.entry.IMAGE_LISTS`. A system is rated by what is
        predicted from its own scans alone.

    Returns
    -------
    Result or None
        None if it is known of fewer than two people.
    """
    sealed, of, what = context.sealed, context.sealed.subjects, attacker.predicts
    own = sealed.ages if what == AGE else {p: getattr(its, what) for p, its in sealed.attributes.items()}
    truth = {of[probe]: value for probe, value in own.items()}
    known = [name for name in predicted if truth.get(of[name], NOT_AVAILABLE) != NOT_AVAILABLE]
    people = [of[name] for name in known]
    if len(set(people)) < 2:
        return None
    labels, guesses = [truth[person] for person in people], [predicted[name] for name in known]
    draws = (context.protocol.bootstrap, context.protocol.bootstrap_seed)
    if what == AGE:
        years = score_ages(labels, guesses, people, *draws)
        figures = {"mae_years": years.mae, "gain_years": years.gain}
    else:
        shares = score_attributes(labels, guesses, people, *draws)
        figures = {n: getattr(shares, n) for n in ("accuracy", "balanced_accuracy", "macro_f1", "gain")}
    images = "photographs" if kind == PHOTOGRAPHS else "probes"
    counts = {images: len(known), "unknown": len(predicted) - len(known)}
    signature = _signature(context, submission, attacker, kind)
    return Result(attacker, kind, defined(figures), counts, signature, rates=kind == DEFACED_SCANS)


def _signature(context: Context, submission: Submission, attacker: Attacker, trial_list: str) -> str:
    edition, protocol = context.edition, context.protocol
    suffix = "" if trial_list in ("all", DEFACED_SCANS) else f",{trial_list}"
    # What others send is named by themselves, networks too; and outlines of scans are read without a network.
    of_scans = trial_list in (DEFACED_SCANS, UNDEFACED_SCANS)
    if submission.track != "defacing":
        attacker = replace(attacker, network=submission.networks)
    elif not (of_scans and attacker.attack == "volume"):
        attacker = signed(attacker, attacks_of(protocol))
    signature = Signature(
        edition=f"{edition.name}@{edition.hash[:8]}",
        track=f"{submission.track}/eval{suffix}",
        attack=str(attacker),
        interval=f"subject-bootstrap,{protocol.bootstrap}",
        seed=protocol.bootstrap_seed,
        version=release(),
        linkability=ESTIMATOR,
        code=result_code(submission.track, protocol.attacks, protocol.brain_engine),
        system=f"{submission.team}/{submission.system}",
    )
    return str(signature)
