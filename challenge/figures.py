"""From scores or predictions to results: figures with intervals and their signature."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from challenge.entry import Result
from challenge.evaluator import Evaluator, timed
from challenge.networks import signed
from challenge.submission import Submission
from challenge.work import Compute, run
from data_prep.trials import NOT_AVAILABLE, Attributes
from scoring import Signature, SmallSampleWarning, VerificationReport, score_attributes, score_trials

TRIAL_LISTS = ("all", "matched")
DISTRACTORS = "distractors"
SMALLEST_GROUP = 5  # people; a figure of fewer is one of persons


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
        Names of `trial_masks`; a list without nonmated trials is left out.
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
        for trial_list in ask.trial_lists:
            chosen = masks.get(trial_list)
            if chosen is None or not (chosen & ~mated).any():
                continue  # no two people of this edition agree in sex, age group and ethnicity
            wanted.append((ask, trial_list))
            jobs.append(
                _Job(
                    ask.scores[chosen],
                    mated[chosen],
                    people[chosen],
                    probes[chosen],
                    protocol.bootstrap,
                    protocol.bootstrap_seed,
                )
            )
    with timed(evaluator, "figures"):
        found = run(_score, jobs, "figures", worth(evaluator, sum(len(job.scores) for job in jobs)))
    results = []
    for (ask, trial_list), (report, said) in zip(wanted, found, strict=True):
        for line in said:
            warnings.warn(line, SmallSampleWarning, stacklevel=2)
        results.append(
            Result(
                name=ask.name,
                level=ask.level,
                trial_list=trial_list,
                # JSON has no NaN: a figure that so few people do not define is left out.
                figures={k: e for k, e in report.estimates().items() if np.isfinite([e.value, e.low]).all()},
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
            figures={k: e for k, e in report.estimates().items() if np.isfinite([e.value, e.low]).all()},
            counts={"mated": report.n_mated, "nonmated": report.n_nonmated, "subjects": report.n_subjects},
            signature=_signature(evaluator, submission, f"{submission.system}/submitted", DISTRACTORS),
            rates=False,
        )
    ]


def worth(evaluator: Evaluator, n_trials: int) -> Compute:
    """Return who scores so many trials, in all draws: nobody else, where workers take longer to come."""
    there = bool(evaluator.images)  # they have looked at the scans of this submission
    few = n_trials * evaluator.protocol.bootstrap < (1e6 if there else 1e8)
    return Compute("sequential") if few else evaluator.compute


@dataclass(frozen=True)
class _Job:
    scores: NDArray[np.float64]
    mated: NDArray[np.bool_]
    people: NDArray[np.int64]
    probes: NDArray[np.int64]
    draws: int
    seed: int


def _score(job: _Job) -> tuple[VerificationReport, list[str]]:
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
        )
    return report, [str(one.message) for one in noted if one.category is SmallSampleWarning]


def whose(evaluator: Evaluator) -> tuple[NDArray[np.bool_], NDArray[np.str_]]:
    """Return which trials of `eval` are mated, and the subjects of both sides, shape (n_trials, 2)."""
    sealed, trials = evaluator.sealed, evaluator.edition.eval.trials
    mated = np.array([sealed.trials[trial].mated for trial in trials])
    return mated, np.array([[sealed.subjects[probe], sealed.subjects[photo]] for probe, photo in trials])


def trial_masks(evaluator: Evaluator) -> dict[str, NDArray[np.bool_]]:
    """Return the trial lists of `eval` by name: which trials each takes.

    `all`; `matched`, the mated and those nonmated trials whose two people agree in sex, age group and
    ethnicity; and by group, `sex=F` and so on, the trials of its people's scans, if they are five or more.
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
    return masks


def scored_attribute(
    evaluator: Evaluator,
    submission: Submission,
    attribute: str,
    said: Mapping[str, str],
    prefix: str,
    level: str,
) -> Result | None:
    """Score one attribute; people of whom it is unknown cannot be scored and are counted."""
    truth = {probe: getattr(own, attribute) for probe, own in evaluator.sealed.attributes.items()}
    known = [probe for probe, value in truth.items() if value != NOT_AVAILABLE]
    if len(known) < 2:
        return None
    report = score_attributes(
        [truth[probe] for probe in known],
        [said[probe] for probe in known],
        [evaluator.sealed.subjects[probe] for probe in known],
        evaluator.protocol.bootstrap,
        evaluator.protocol.bootstrap_seed,
    )
    figures = {
        "accuracy": report.accuracy,
        "balanced_accuracy": report.balanced_accuracy,
        "macro_f1": report.macro_f1,
        "gain": report.gain,
    }
    counts = {"probes": len(known), "unknown": len(truth) - len(known)}
    signature = _signature(evaluator, submission, f"{prefix}{attribute}/{level}", "probes")
    return Result(f"{prefix}{attribute}", level, "probes", figures, counts, signature)


def _signature(evaluator: Evaluator, submission: Submission, attack: str, trial_list: str) -> str:
    edition, protocol = evaluator.edition, evaluator.protocol
    suffix = "" if trial_list in ("all", "probes") else f",{trial_list}"
    # What others send is named by themselves; and outlines of scans are read without a network.
    if submission.track == "defacing" and not (trial_list == "probes" and attack.startswith("volume+")):
        attack = signed(attack, tuple(protocol.attacks), protocol.model)
    signature = Signature(
        edition=f"{edition.name}@{edition.hash[:8]}",
        track=f"{submission.track}/eval{suffix}",
        attack=attack,
        interval=f"subject-bootstrap,{protocol.bootstrap}",
        seed=protocol.bootstrap_seed,
        version=version("mriprivacy"),
        system=f"{submission.team}/{submission.system}",
    )
    return str(signature)
