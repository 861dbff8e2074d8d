"""From a checked submission and the sealed key to an entry: one function a track."""

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from baselines.attributes import AttributesError
from baselines.informed import InformedError
from challenge.edition import Edition
from challenge.entry import Entry, Result
from challenge.features import Camera, Extraction, ImageFeatures, extract
from challenge.gate import apply_gate
from challenge.inference import infer, learn
from challenge.linkage import learn_from, link, people
from challenge.protocol import Protocol
from challenge.sealed import SealedKey
from challenge.submission import Submission
from challenge.utility import measure_utility
from challenge.work import Compute
from data_prep.trials import NOT_AVAILABLE, Attributes
from scoring import Estimate, Signature, SmallSampleWarning, score_attributes, score_trials

TRIAL_LISTS = ("all", "matched")


@dataclass
class Evaluator:
    """What an evaluation needs besides the submission.

    Attributes
    ----------
    edition : Edition
        The public side.
    sealed : SealedKey
        The organizer's side.
    protocol : Protocol
        The edition's.
    cache : Path
        Folder for features.
    compute : Compute
        Who does the work.
    seconds : dict from str to float
        Filled as steps end.
    scores : dict from str to ndarray, shape (n_trials,)
        Filled as results come: the scores of all trials, by `name/level`.
    """

    edition: Edition
    sealed: SealedKey
    protocol: Protocol
    cache: Path
    compute: Compute
    seconds: dict[str, float] = field(default_factory=dict)
    scores: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def evaluate(evaluator: Evaluator, submission: Submission) -> Entry:
    """Evaluate a submission that intake has accepted.

    Parameters
    ----------
    evaluator : Evaluator
        Edition, key and means.
    submission : Submission
        From `challenge.submission.check_submission`.

    Returns
    -------
    Entry
        The same for the same edition and submission, but for `seconds`.
    """
    by_track: dict[
        str, Callable[[Evaluator, Submission], tuple[list[Result], dict[str, object], list[str]]]
    ] = {
        "defacing": _defacing,
        "attack": _attack,
        "attributes": _attributes,
    }
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always", SmallSampleWarning)
        results, gate, remarks = by_track[submission.track](evaluator, submission)
    utility: dict[str, Estimate] = {}
    if submission.track == "defacing":
        with _timed(evaluator, "utility"):
            utility, lines = measure_utility(
                evaluator.edition,
                evaluator.sealed,
                submission,
                gate,
                evaluator.protocol,
                evaluator.cache,
                evaluator.compute,
            )
        remarks += lines
    remarks += dict.fromkeys(str(one.message) for one in noted if one.category is SmallSampleWarning)
    return Entry(
        edition=evaluator.edition.name,
        edition_hash=evaluator.edition.hash,
        synthetic=evaluator.edition.description.get("synthetic") is True,
        track=submission.track,
        team=submission.team,
        system=submission.system,
        description=submission.description,
        submission_sha256=submission.sha256,
        results=tuple(results),
        gate=gate,
        warnings=(*submission.warnings, *remarks),
        kit=version("mriprivacy"),
        seconds={step: round(seconds, 1) for step, seconds in evaluator.seconds.items()},
        utility=utility,
    )


def _defacing(
    evaluator: Evaluator, submission: Submission
) -> tuple[list[Result], dict[str, object], list[str]]:
    """Run every attack of the protocol, ignorant and informed, on the defaced scans, and the brain gate."""
    edition, protocol = evaluator.edition, evaluator.protocol
    assert submission.scans is not None
    with _timed(evaluator, "brain gate"):
        gate, remarks = apply_gate(
            edition, evaluator.sealed, submission.scans, protocol.in_brain_change, evaluator.compute
        )
    extraction = Extraction(
        attacks=tuple(protocol.attacks),
        model=protocol.model,
        camera=Camera(protocol.spacing_mm, protocol.size),
        cache=evaluator.cache,
    )
    probes = _probes(evaluator, extraction, submission, "eval")
    known = _probes(evaluator, extraction, submission, "dev")
    failed = sum(not image.acquired for image in probes.values())
    lost = Counter(image.reason for image in (*probes.values(), *known.values()) if image.lost)
    if lost and gate:
        # Whoever stops the attackers from looking at a scan has not protected anybody.
        gate["passed"] = min(cast(int, gate["passed"]), cast(int, gate["scans"]) - lost.total())
    remarks += [f"faces: {count} scans {reason}; they do not pass the gate" for reason, count in lost.items()]
    counts = {"probes": len(probes), "failures_to_acquire": failed}
    dev_key = edition.dev.key
    assert dev_key is not None
    results = _read_from_scans(evaluator, submission, known, probes, remarks)
    for condition in edition.conditions:
        references = _references(evaluator, extraction, "eval", condition)
        known_references = _references(evaluator, extraction, "dev", condition)
        for attack in protocol.attacks:
            name = f"{attack}({protocol.model})" if attack == "deepface" else attack
            name = f"{name}+{condition}"
            scores = link(attack, edition.eval.trials, probes, references)
            results += _verification(evaluator, submission, name, "ignorant", scores, counts)
            try:
                informed = learn_from(attack, known, known_references, dev_key)
            except InformedError as error:
                remarks.append(f"{name}: no informed attacker: {error}")
                continue
            scores = link(attack, edition.eval.trials, probes, references, informed.similarity)
            learned = {**counts, "learned_from": informed.subjects}
            results += _verification(evaluator, submission, name, "informed", scores, learned)
    return results, gate, remarks


def _probes(
    evaluator: Evaluator, extraction: Extraction, submission: Submission, split: str
) -> dict[str, ImageFeatures]:
    assert submission.scans is not None
    scans = {probe: submission.scans[split, probe] for probe in evaluator.edition.splits[split].probes}
    label = f"faces of defaced scans of {split}"
    with _timed(evaluator, label):
        return extract(scans, "scan", extraction, label, evaluator.compute, untrusted=True)


def _references(
    evaluator: Evaluator, extraction: Extraction, split: str, condition: str
) -> dict[str, ImageFeatures]:
    side = evaluator.edition.splits[split]
    photos = {reference: side.photo(reference, condition) for reference in side.references}
    label = f"faces of {condition} photographs of {split}"
    with _timed(evaluator, label):
        return extract(photos, "photo", extraction, label, evaluator.compute)


def _attack(
    evaluator: Evaluator, submission: Submission
) -> tuple[list[Result], dict[str, object], list[str]]:
    """Score what the participant submitted."""
    assert submission.scores is not None
    scores = np.array(submission.scores)
    results = _verification(evaluator, submission, submission.system, "submitted", scores, {})
    auc = results[0].figures["auc"]
    inverted = f"AUC is {auc:.2f}, below chance: are the scores distances? Higher must mean more alike"
    return results, {}, [inverted] if auc.high < 0.5 else []


def _verification(
    evaluator: Evaluator,
    submission: Submission,
    name: str,
    level: str,
    scores: NDArray[np.float64],
    counts: Mapping[str, int],
) -> list[Result]:
    """Figures of one score list on every trial list of the key."""
    protocol, sealed = evaluator.protocol, evaluator.sealed
    trials = evaluator.edition.eval.trials
    mated = np.array([sealed.trials[trial].mated for trial in trials])
    matched = np.array([sealed.trials[trial].matched for trial in trials])
    subjects = np.array([[sealed.subjects[probe], sealed.subjects[reference]] for probe, reference in trials])
    results = []
    evaluator.scores[f"{name}/{level}"] = scores
    for trial_list in TRIAL_LISTS:
        chosen = matched if trial_list == "matched" else np.ones(len(trials), bool)
        if not (chosen & ~mated).any():
            continue  # no two people of this edition agree in sex, age group and ethnicity
        with _timed(evaluator, "figures"):
            report = score_trials(
                scores[chosen],
                mated[chosen],
                subjects[chosen, 0],
                subjects[chosen, 1],
                protocol.bootstrap,
                protocol.bootstrap_seed,
                probes=np.array([probe for probe, _ in trials])[chosen],
            )
        results.append(
            Result(
                name=name,
                level=level,
                trial_list=trial_list,
                figures=report.estimates(),
                counts={
                    "mated": report.n_mated,
                    "nonmated": report.n_nonmated,
                    "subjects": report.n_subjects,
                    **counts,
                },
                signature=_signature(evaluator, submission, f"{name}/{level}", trial_list),
            )
        )
    return results


def _read_from_scans(
    evaluator: Evaluator,
    submission: Submission,
    known: Mapping[str, ImageFeatures],
    probes: Mapping[str, ImageFeatures],
    remarks: list[str],
) -> list[Result]:
    """Read attributes from the defaced scans by classifiers that learned on dev, defaced alike."""
    dev = evaluator.edition.dev
    assert dev.attributes is not None
    assert dev.key is not None
    results = []
    for attack, attribute in product(evaluator.protocol.attacks, Attributes._fields):
        name = f"{attack}({evaluator.protocol.model})" if attack == "deepface" else attack
        with _timed(evaluator, "attributes"):
            try:
                model = learn(attribute, attack, known, dev.attributes, people(dev.key))
            except AttributesError as error:
                remarks.append(f"{name}: nobody who reads {error}")
                continue
            said = infer(attack, model, probes)
            result = _scored_attribute(evaluator, submission, attribute, said, f"{name}+", "informed")
        results += [result] if result else []
    return results


def _attributes(
    evaluator: Evaluator, submission: Submission
) -> tuple[list[Result], dict[str, object], list[str]]:
    """Score the attributes a participant predicted."""
    assert submission.attributes is not None
    results, remarks = [], []
    for attribute in Attributes._fields:
        said = {probe: getattr(own, attribute) for probe, own in submission.attributes.items()}
        result = _scored_attribute(evaluator, submission, attribute, said, "", "submitted")
        if result:
            results.append(result)
        else:
            remarks.append(f"{attribute}: known of fewer than two people of eval; not scored")
    return results, {}, remarks


def _scored_attribute(
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


@contextmanager
def _timed(evaluator: Evaluator, step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    evaluator.seconds[step] = evaluator.seconds.get(step, 0.0) + time.perf_counter() - start
