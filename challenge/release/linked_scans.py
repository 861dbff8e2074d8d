"""By how much the files of an MRI-to-MRI edition link the scans of a person, without a face."""

from collections.abc import Mapping

import numpy as np

from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.edition.labelled_trials import LabelledTrials
from mriprivacy.challenge.edition.public import Edition, Split
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.entry import Check
from mriprivacy.challenge.evaluation.checks.audit import DRAWS, EVERYBODY, check_area
from mriprivacy.challenge.evaluation.checks.metadata_leak import link_by_facts
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
    lists: dict[str, ScoreList] = {}
    for cue in CUES:
        probes, references = (
            {
                name: np.array([facts[name][image][cue] for image in getattr(split, side)])
                for name, split in edition.splits.items()
            }
            for side in ("probes", "references")
        )
        shared = probes["dev"].shape[1]
        for attack, scores in link_by_facts(edition, sealed, probes, references, shared).items():
            lists[f"{cue} ({attack}, AUC .5)"] = ScoreList(
                np.array(scores), trials.mated, trials.people, trials.probes, DRAWS, 0
            )
    checks = []
    for what, report in zip(lists, reported(list(lists.values()), "cues of scans", compute), strict=True):
        error = (report.auc.high - report.auc.low) / (2 * 1.96)
        question = f"files do not link scans by {what}"
        checks.append(check_area(question, EVERYBODY, report.auc.value, error))
    return checks


def _facts(split: Split, compute: Compute) -> Facts:
    paths = [split.scan(name) for name in split.scans]
    return dict(
        zip(split.scans, run(scan_cues, paths, f"cues of scans of {split.name}", compute), strict=True)
    )
