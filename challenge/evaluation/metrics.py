"""From scores or predictions to results: figures with intervals and their signature."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.attackers.networks import signed
from mriprivacy.challenge.compute.code_hash import release, result_code
from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.entry.entry import DEFACED_SCANS, PHOTOGRAPHS, UNDEFACED_SCANS, Result
from mriprivacy.challenge.evaluation.context import Evaluator, timed, whose
from mriprivacy.challenge.intake.submission import Submission
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes
from mriprivacy.scoring import (
    Estimate,
    Signature,
    SmallSampleWarning,
    VerificationReport,
    roc,
    score_ages,
    score_attributes,
    score_trials,
)

TRIAL_LISTS = ("all", "matched")
DISTRACTORS = "distractors"
SMALLEST_GROUP = 5  # people; a figure of fewer is one of persons
FEWEST_NONMATED = 30  # trials of a part of the list; an FMR told from fewer says nothing


@dataclass(frozen=True)
class Ask:
    """What figures are wanted of.

    Attributes
    ----------
    name, level : str
        Of the results.
    scores : ndarray, shape (n_trials,)
        In the order of the trial list.
    counts : mapping from str to int
        What else is to be told beside trials and subjects.
    trial_lists : sequence of str
        Names of `trial_masks`; those that are not there are left out.
    rates : bool
        As in `Result`.
    """

    name: str
    level: str
    scores: NDArray[np.float64]
    counts: Mapping[str, int] = field(default_factory=dict)
    trial_lists: Sequence[str] = TRIAL_LISTS
    rates: bool = True


def verification(evaluator: Evaluator, submission: Submission, asks: Sequence[Ask]) -> list[Result]:
    """Figures of score lists on trial lists of the key.

    Parameters
    ----------
    evaluator, submission
        Whose key, and who is judged.
    asks : sequence of Ask
        Score lists.

    Returns
    -------
    list of Result
        In the order of `asks` and of their trial lists.
    """
    protocol, trials = evaluator.protocol, evaluator.edition.eval.trials
    mated, subjects = whose(evaluator)
    # The order of names is that of numbers, which are quicker to send.
    people = np.unique(subjects, return_inverse=True)[1].reshape(subjects.shape)
    probes = np.unique([probe for probe, _ in trials], return_inverse=True)[1]
    masks, wanted, jobs = trial_masks(evaluator), [], []
    for ask in asks:
        evaluator.scores[f"{ask.name}/{ask.level}"] = ask.scores
        # An attacker has one threshold: with its own, a group that he often takes for others looks safe.
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
                    people[chosen],
                    probes[chosen],
                    protocol.bootstrap,
                    protocol.bootstrap_seed,
                    threshold if "=" in trial_list else None,
                )
            )
    with timed(evaluator, "figures"):
        reports = reported(jobs, "figures", evaluator.compute)
    results = []
    for (ask, trial_list), report in zip(wanted, reports, strict=True):
        results.append(
            Result(
                name=ask.name,
                level=ask.level,
                trial_list=trial_list,
                figures=defined(report.estimates()),
                counts={
                    "mated": report.n_mated,
                    "nonmated": report.n_nonmated,
                    "subjects": report.n_subjects,
                    **ask.counts,
                },
                signature=_signature(evaluator, submission, f"{ask.name}/{ask.level}", trial_list),
                rates=ask.rates,
            )
        )
    return results


def _threshold(mated: NDArray[np.float64], nonmated: NDArray[np.float64]) -> float:
    """Return the lowest threshold whose false match rate is at most 1 %."""
    curve = roc(mated, nonmated)
    return float(curve.threshold[np.count_nonzero(curve.fmr <= 0.01) - 1])


def defined(figures: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return the figures that so many people define: JSON has no NaN, so the others are left out.

    Examples
    --------
    >>> list(defined({"auc": Estimate(0.5, 0.4, 0.6, 9), "linkability": Estimate(0.1, np.nan, np.nan, 2)}))
    ['auc']
    """
    return {name: e for name, e in figures.items() if np.isfinite([e.value, e.low, e.high]).all()}


def against_strangers(evaluator: Evaluator, submission: Submission) -> list[Result]:
    """Figures of the mated trials against trials with strangers, a list of its own; empty without strangers.

    Strangers were photographed elsewhere, and a camera may give the answer away: nobody is rated by it.
    """
    split, protocol = evaluator.edition.eval, evaluator.protocol
    if not split.distractor_trials:
        return []
    mated, subjects = whose(evaluator)
    scores = np.concatenate([np.array(submission.scores)[mated], submission.distractor_scores])
    probes = [probe for (probe, _), own in zip(split.trials, mated, strict=True) if own]
    probes += [probe for probe, _ in split.distractor_trials]
    of = evaluator.sealed.subjects
    strangers = np.array([[of[probe], of[stranger]] for probe, stranger in split.distractor_trials])
    pairs = np.concatenate([subjects[mated], strangers])
    same = np.arange(len(scores)) < mated.sum()
    draws = (protocol.bootstrap, protocol.bootstrap_seed)
    with timed(evaluator, "figures"):
        report = score_trials(scores, same, pairs[:, 0], pairs[:, 1], *draws, probes=np.array(probes))
    return [
        Result(
            name=submission.system,
            level="submitted",
            trial_list=DISTRACTORS,
            figures=defined(report.estimates()),
            counts={"mated": report.n_mated, "nonmated": report.n_nonmated, "subjects": report.n_subjects},
            signature=_signature(evaluator, submission, f"{submission.system}/submitted", DISTRACTORS),
            rates=False,
        )
    ]


def worth(compute: Compute, n_scores: int) -> Compute:
    """Return who takes so many scores, all draws together: nobody else, where it takes a second or two."""
    return Compute("sequential") if n_scores < 2e7 else compute


@dataclass(frozen=True)
class ScoreList:
    """Arguments of `scoring.score_trials`; people are those of both sides, shape (n_trials, 2)."""

    scores: NDArray[np.float64]
    mated: NDArray[np.bool_]
    people: NDArray[Any]
    probes: NDArray[np.int64]
    draws: int
    seed: int
    threshold: float | None = None


def reported(lists: Sequence[ScoreList], label: str, compute: Compute) -> list[VerificationReport]:
    """Return the figures of score lists, and warn here of what a worker was warned of."""
    found = run(_score, lists, label, worth(compute, sum(len(own.scores) * own.draws for own in lists)))
    for line in (line for _, said in found for line in said):
        warnings.warn(line, SmallSampleWarning, stacklevel=2)
    return [report for report, _ in found]


def _score(job: ScoreList) -> tuple[VerificationReport, list[str]]:
    """Return the report and what was warned of."""
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


def trial_masks(evaluator: Evaluator) -> dict[str, NDArray[np.bool_]]:
    """Return the trial lists of `eval` by name: which trials each takes.

    `all`; `matched`, the mated and those nonmated trials whose two people agree in sex, age group and
    ethnicity; and by group, `sex=F` and so on, the trials of its people's scans, if they are five or more.
    Of these parts of the list those with fewer than thirty nonmated trials are left out: two of them make an
    AUC of 1.00 [1.00, 1.00].
    """
    sealed, trials = evaluator.sealed, evaluator.edition.eval.trials
    masks = {
        "all": np.ones(len(trials), bool),
        "matched": np.array([sealed.trials[trial].matched for trial in trials]),
    }
    for attribute in Attributes._fields:
        values = {probe: getattr(own, attribute) for probe, own in sealed.attributes.items()}
        for value in sorted(set(values.values()) - {NOT_AVAILABLE}):
            people = {sealed.subjects[probe] for probe, own in values.items() if own == value}
            if len(people) >= SMALLEST_GROUP:
                masks[f"{attribute}={value}"] = np.array([values[probe] == value for probe, _ in trials])
    nonmated = ~whose(evaluator)[0]
    enough = {name for name, own in masks.items() if (own & nonmated).sum() >= FEWEST_NONMATED}
    return {name: own for name, own in masks.items() if name in enough | {"all"}}


def scored_attribute(
    evaluator: Evaluator,
    submission: Submission,
    attribute: str,
    said: Mapping[str, str],
    prefix: str,
    level: str,
    kind: str = DEFACED_SCANS,
) -> Result | None:
    """Score one attribute; people of whom it is unknown cannot be scored and are counted.

    Parameters
    ----------
    evaluator, submission
        Whose key, and who is judged.
    attribute : str
        A field of `Attributes`.
    said : mapping from probe or reference to str
        What was predicted of images of `eval`.
    prefix, level : str
        The result is called `prefix + attribute`.
    kind : str
        What the images are, one of `challenge.entry.entry.IMAGE_LISTS`.

    Returns
    -------
    Result or None
        None if it is known of fewer than two people.
    """
    of = evaluator.sealed.subjects
    own = {of[probe]: getattr(its, attribute) for probe, its in evaluator.sealed.attributes.items()}
    known = [name for name in said if own[of[name]] != NOT_AVAILABLE]
    if len({of[name] for name in known}) < 2:
        return None
    report = score_attributes(
        [own[of[name]] for name in known],
        [said[name] for name in known],
        [of[name] for name in known],
        evaluator.protocol.bootstrap,
        evaluator.protocol.bootstrap_seed,
    )
    figures = {
        "accuracy": report.accuracy,
        "balanced_accuracy": report.balanced_accuracy,
        "macro_f1": report.macro_f1,
        "gain": report.gain,
    }
    return _read(evaluator, submission, f"{prefix}{attribute}", level, kind, figures, len(known), len(said))


def scored_age(
    evaluator: Evaluator,
    submission: Submission,
    said: Mapping[str, float],
    prefix: str,
    level: str,
    kind: str = DEFACED_SCANS,
) -> Result | None:
    """Score ages in years, against guessing the median; arguments and result as `scored_attribute`."""
    of = evaluator.sealed.subjects
    own = {of[probe]: age for probe, age in evaluator.sealed.ages.items()}
    known = [name for name in said if of[name] in own]
    if len({of[name] for name in known}) < 2:
        return None
    report = score_ages(
        [own[of[name]] for name in known],
        [said[name] for name in known],
        [of[name] for name in known],
        evaluator.protocol.bootstrap,
        evaluator.protocol.bootstrap_seed,
    )
    figures = {"mae_years": report.mae, "gain_years": report.gain}
    return _read(evaluator, submission, f"{prefix}age", level, kind, figures, len(known), len(said))


def _read(
    evaluator: Evaluator,
    submission: Submission,
    name: str,
    level: str,
    kind: str,
    figures: Mapping[str, Estimate],
    n_known: int,
    n_images: int,
) -> Result:
    """Return figures of one attribute; a system is rated by what is read from its own scans alone."""
    counts = {"photographs" if kind == PHOTOGRAPHS else "probes": n_known, "unknown": n_images - n_known}
    signature = _signature(evaluator, submission, f"{name}/{level}", kind)
    return Result(name, level, kind, defined(figures), counts, signature, rates=kind == DEFACED_SCANS)


def _signature(evaluator: Evaluator, submission: Submission, attack: str, trial_list: str) -> str:
    edition, protocol = evaluator.edition, evaluator.protocol
    suffix = "" if trial_list in ("all", DEFACED_SCANS) else f",{trial_list}"
    # What others send is named by themselves, networks too; and outlines of scans are read without a network.
    of_scans = trial_list in (DEFACED_SCANS, UNDEFACED_SCANS)
    if submission.track == "defacing" and not (of_scans and attack.startswith("volume+")):
        attack = signed(attack, tuple(protocol.attacks), protocol.model)
    elif submission.networks:
        name, _, level = attack.rpartition("/")
        attack = f"{name}({submission.networks})/{level}"
    signature = Signature(
        edition=f"{edition.name}@{edition.hash[:8]}",
        track=f"{submission.track}/eval{suffix}",
        attack=attack,
        interval=f"subject-bootstrap,{protocol.bootstrap}",
        seed=protocol.bootstrap_seed,
        version=release(),
        code=result_code(submission.track, protocol.attacks, protocol.brain_engine),
        system=f"{submission.team}/{submission.system}",
    )
    return str(signature)
