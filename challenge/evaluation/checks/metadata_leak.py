"""Metadata leaks: files that link people without a face, by sizes, headers and places in a list."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from mriprivacy.baselines.attacks.metadata_only import (
    HEADER_FACTS,
    MIN_SUBJECTS,
    SHARED,
    header_facts,
    nearest,
    photo_facts,
    scan_facts,
    trained,
)
from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.edition.labelled_trials import LabelledTrials
from mriprivacy.challenge.edition.public import Edition, Split
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.entry import Check
from mriprivacy.challenge.evaluation.checks.audit import DRAWS, EVERYBODY, check_area
from mriprivacy.challenge.evaluation.context import Floats
from mriprivacy.challenge.evaluation.metrics import ScoreList, reported
from mriprivacy.scoring import VerificationReport


def leak_checks(edition: Edition, sealed: SealedKey, compute: Compute) -> list[Check]:
    """Check an edition for metadata leaks; `build` does so, too.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides.
    compute : Compute
        The workers that open the files.

    Returns
    -------
    list of Check
        One for each of `metadata_leaks`: of an attack that is trained and one that is not, with the
        photographs in each condition. Distractors are left out: their camera shows which they are, and no
        system is ranked by them.
    """
    checks = []
    for name, report in metadata_leaks(edition, sealed, n_bootstrap=DRAWS, compute=compute).items():
        error = (report.auc.high - report.auc.low) / (2 * 1.96)
        question = f"files without faces do not link ({name}, AUC .5)"
        checks.append(check_area(question, EVERYBODY, report.auc.value, error))
    return checks


def metadata_leaks(
    edition: Edition,
    sealed: SealedKey,
    n_bootstrap: int = 1000,
    seed: int = 0,
    compute: Compute | None = None,
) -> dict[str, VerificationReport]:
    """Run the metadata-only attack on every trial of an edition, `dev` and `eval` together.

    The trained attack is trained on each split for the other one, so no person is linked by a model of their
    own files. Every file is opened once.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides, which only the organizer has. Where references are scans, both sides are judged by their
        headers and places in the list alone: how large a file is and how bright follows from the head in it.
    n_bootstrap, seed : int
        Of the intervals, over subjects.
    compute : Compute, optional
        Who opens the files; by default this process.

    Returns
    -------
    dict from str to VerificationReport
        `nearest`, and `trained` where both splits have eight people, for photographs as they are;
        `nearest, bald` and the like for other conditions. For an edition without a leak, AUC .5 lies in
        the intervals.
    """
    compute = compute or Compute("sequential")
    splits = edition.splits
    trials = LabelledTrials.by_subjects([*edition.dev.trials, *edition.eval.trials], sealed)
    probes = {name: _facts_of_probes(split, compute) for name, split in splits.items()}
    lists: dict[str, ScoreList] = {}
    for condition in edition.conditions:
        references = {name: _facts_of_references(split, condition, compute) for name, split in splits.items()}
        shared = len(HEADER_FACTS if edition.dev.reference_contrast else SHARED)
        for attack, own in link_by_facts(edition, sealed, probes, references, shared).items():
            name = attack if condition == "raw" else f"{attack}, {condition}"
            lists[name] = ScoreList(
                np.array(own), trials.mated, trials.people, trials.probes, n_bootstrap, seed
            )
    return dict(zip(lists, reported(list(lists.values()), "figures of files", compute), strict=True))


def link_by_facts(
    edition: Edition,
    sealed: SealedKey,
    probes: Mapping[str, Floats],
    references: Mapping[str, Floats],
    shared: int,
) -> dict[str, list[float]]:
    """Link people by numbers that hold no face, each split by what is trained on the other one.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides.
    probes, references : mapping from split to ndarray, shape (n, d) and (m, e)
        Facts of every image, in the order of the split.
    shared : int
        So many first facts mean the same on both sides.

    Returns
    -------
    dict from str to list of float
        Scores of all trials, those of `dev` first: `nearest`, and `trained` where both splits have eight
        people.
    """
    whose = {
        name: ([sealed.subjects[p] for p in split.probes], [sealed.subjects[r] for r in split.references])
        for name, split in edition.splits.items()
    }
    enough = min(len(set(own)) for own, _ in whose.values()) >= MIN_SUBJECTS
    scores: dict[str, list[float]] = {"nearest": [], **({"trained": []} if enough else {})}
    for name, other in (("dev", "eval"), ("eval", "dev")):
        split = edition.splits[name]
        facts = (probes[name], references[name])
        known = (probes[other], whose[other][0], references[other], whose[other][1])
        found = {"nearest": nearest(*facts, shared)}
        if enough:
            found["trained"] = trained(known, *facts)
        row = {probe: i for i, probe in enumerate(split.probes)}
        column = {reference: i for i, reference in enumerate(split.references)}
        for probe, reference in split.trials:
            for attack, matrix in found.items():
                scores[attack].append(float(matrix[row[probe], column[reference]]))
    return scores


def _facts_of_probes(split: Split, compute: Compute) -> Floats:
    facts_of, first = header_facts if split.reference_contrast else scan_facts, _places(split)
    jobs = [(facts_of, split.scan(probe), first[probe]) for probe in split.probes]
    return np.array(run(_fact, jobs, f"facts of scans of {split.name}", compute))


def _facts_of_references(split: Split, condition: str, compute: Compute) -> Floats:
    facts_of, first = header_facts if split.reference_contrast else photo_facts, _places(split)
    jobs = [(facts_of, split.reference(name, condition), first[name]) for name in split.references]
    return np.array(run(_fact, jobs, f"facts of references of {split.name}", compute))


def _places(split: Split) -> dict[str, float]:
    """Return where each probe and reference stands first in the trial list, 0 to 1."""
    last = max(1, len(split.trials) - 1)
    first: dict[str, float] = {}
    for place, pair in enumerate(split.trials):
        for name in pair:
            first.setdefault(name, place / last)
    return first


def _fact(job: tuple[Callable[[Path, float], Floats], Path, float]) -> Floats:
    facts, path, place = job
    return facts(path, place)
