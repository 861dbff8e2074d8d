"""By how much the files of an MRI-to-MRI edition link the scans of a person, without a face."""

from collections.abc import Mapping

import numpy as np

from mriprivacy.baselines.attacks.metadata_only import MIN_SUBJECTS, nearest, trained
from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.edition.labelled_trials import LabelledTrials
from mriprivacy.challenge.edition.public import Edition, Split
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.entry import Check
from mriprivacy.challenge.evaluation.audit import DRAWS, EVERYBODY, check_area
from mriprivacy.challenge.evaluation.metrics import ScoreList, reported
from mriprivacy.challenge.release.scan_cues import CUES, Floats, scan_cues

Facts = Mapping[str, Mapping[str, Floats]]  # by id and cue


def scan_link_checks(edition: Edition, sealed: SealedKey, compute: Compute) -> list[Check]:
    """Check by how much each of `scan_cues.CUES` links the scans of an MRI-to-MRI edition.

    As `evaluation.metadata_leak` does with headers: all trials of `dev` and `eval` together, once by nearness
    and, where both splits have eight people, once by a ridge regression that is trained on the other split.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides of an edition whose references are scans.
    compute : Compute
        The workers that open the scans.

    Returns
    -------
    list of Check
        One for each cue and attack; it does not pass where the AUC is not chance within its standard error.
    """
    trials = LabelledTrials.by_subjects([*edition.dev.trials, *edition.eval.trials], sealed)
    facts = {name: _facts(split, compute) for name, split in edition.splits.items()}
    people = [len({sealed.subjects[name] for name in split.scans}) for split in edition.splits.values()]
    attacks = ("nearest", "trained") if min(people) >= MIN_SUBJECTS else ("nearest",)
    asked = [(cue, attack) for cue in CUES for attack in attacks]
    lists = [
        ScoreList(
            _scores(edition, sealed, facts, cue, attack), trials.mated, trials.people, trials.probes, DRAWS, 0
        )
        for cue, attack in asked
    ]
    checks = []
    for (cue, attack), report in zip(asked, reported(lists, "cues of scans", compute), strict=True):
        error = (report.auc.high - report.auc.low) / (2 * 1.96)
        question = f"files do not link scans by {cue} ({attack}, AUC .5)"
        checks.append(check_area(question, EVERYBODY, report.auc.value, error))
    return checks


def _facts(split: Split, compute: Compute) -> Facts:
    paths = [split.scan(name) for name in split.scans]
    return dict(
        zip(split.scans, run(scan_cues, paths, f"cues of scans of {split.name}", compute), strict=True)
    )


def _scores(edition: Edition, sealed: SealedKey, facts: Mapping[str, Facts], cue: str, attack: str) -> Floats:
    """Return the scores of all trials, those of `dev` first."""
    scores: list[float] = []
    for name, other in (("dev", "eval"), ("eval", "dev")):
        split = edition.splits[name]
        probes, _, references, _ = _sides(split, sealed, facts[name], cue)
        if attack == "nearest":
            matrix = nearest(probes, references, probes.shape[1])
        else:
            matrix = trained(_sides(edition.splits[other], sealed, facts[other], cue), probes, references)
        row = {probe: i for i, probe in enumerate(split.probes)}
        column = {reference: i for i, reference in enumerate(split.references)}
        scores += [float(matrix[row[probe], column[reference]]) for probe, reference in split.trials]
    return np.array(scores)


def _sides(
    split: Split, sealed: SealedKey, facts: Facts, cue: str
) -> tuple[Floats, list[str], Floats, list[str]]:
    """Return a cue of all probes and their subjects, and the same of references."""
    one, other = (np.array([facts[name][cue] for name in side]) for side in (split.probes, split.references))
    whose = ([sealed.subjects[name] for name in side] for side in (split.probes, split.references))
    return one, next(whose), other, next(whose)
