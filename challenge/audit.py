"""Can the attackers be believed? Four questions, asked in every evaluation of a defacing system.

Whoever cannot link undefaced scans protects nobody's reputation; whoever links by a shuffled key, or
without looking at faces, links by something else; whoever does worse for knowing more is broken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines.giveaways import (
    HEADER_FACTS,
    MIN_SUBJECTS,
    SHARED,
    header_facts,
    learned,
    nearest,
    photo_facts,
    scan_facts,
)
from challenge.attackers import FUSION, Attacker
from challenge.draws import drawn
from challenge.edition import Edition, Split
from challenge.evaluator import Evaluator
from challenge.figures import ScoreList, reported
from challenge.sealed import SealedKey
from challenge.work import Compute, run
from scoring import Draws, VerificationReport

LINKS = "links undefaced scans (AUC above .5)"
SHUFFLED_KEYS = 10
# Standard errors within which a check is passed: with a dozen checks a system, chance fails one in a hundred.
SIGMAS = 3.3
DRAWS = 200  # of subjects; a standard error takes fewer than a percentile

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Check:
    """One question to one attacker.

    Attributes
    ----------
    question : str
        What was asked.
    attacker : str
        `name/level`, or `everybody`.
    value, low, high : float
        The figure and what it may be off by.
    passed : bool
        Whether the answer is as it must be.
    """

    question: str
    attacker: str
    value: float
    low: float
    high: float
    passed: bool


def audit(
    evaluator: Evaluator,
    attackers: Sequence[Attacker],
    ceiling: Sequence[Attacker],
    shuffled: Mapping[str, Floats],
) -> list[Check]:
    """Ask attackers all questions; `giveaway_checks` asks the edition.

    Parameters
    ----------
    evaluator : Evaluator
        Edition and key.
    attackers : sequence of Attacker
        On the scans as the system defaced them.
    ceiling : sequence of Attacker
        On the scans as released.
    shuffled : mapping from name to ndarray
        AUC of informed attackers who were taught shuffled keys (`challenge.attackers.taught_nothing`).

    Returns
    -------
    list of Check
    """
    undefaced, defaced = _draws(evaluator, ceiling), _draws(evaluator, attackers)
    nothing = "taught a shuffled key, is at chance (AUC .5)"
    learned = [name for name in defaced.systems if name.endswith("/informed")]
    checks = [_check(LINKS, name, *_auc(undefaced, name), above=True) for name in undefaced.systems]
    # Who is judged and was not asked, since he could not learn from what he was asked about, has not passed.
    checks += [_unasked(LINKS, name) for name in defaced.systems if name not in undefaced.systems]
    for name in learned:
        areas = shuffled.get(name.removesuffix("/informed"))
        if areas is None:
            checks.append(_unasked(nothing, name))
            continue
        error = areas.std(ddof=1) / np.sqrt(len(areas))
        own = _auc(defaced, name)[1]
        checks.append(_check(nothing, name, float(areas.mean()), float(np.hypot(error, own))))
    for name, other in _less_informed(defaced):
        value, error = _gap(defaced, name, other)
        ends = (value - SIGMAS * error, value + SIGMAS * error)
        checks.append(Check(f"no worse than {other} (AUC gained)", name, value, *ends, ends[1] >= 0))
    return checks


def _unasked(question: str, attacker: str) -> Check:
    return Check(question, attacker, 0.5, 0.0, 1.0, False)


def _less_informed(draws: Draws) -> list[tuple[str, str]]:
    """Pair every attacker who learned with himself knowing less, and fusion with the best who knows less."""
    pairs = []
    for name in draws.systems:
        known, _, level = name.rpartition("/")
        if level == "informed" and known != FUSION:
            pairs += [(name, f"{known}/{own}") for own in ("ignorant", "adapted")]
        elif level == "adapted":
            pairs.append((name, f"{known}/ignorant"))
    less = [name for name in draws.systems if not name.endswith("/informed")]
    if less:
        best = max(less, key=lambda name: _auc(draws, name)[0])
        pairs.append((f"{FUSION}/informed", best))
    return [(name, other) for name, other in pairs if {name, other} <= set(draws.systems)]


def giveaway_checks(edition: Edition, sealed: SealedKey, compute: Compute) -> list[Check]:
    """Ask whether files give people away: a question to an edition, so `build` asks it, too.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides.
    compute : Compute
        Who opens the files.

    Returns
    -------
    list of Check
        One for each of `giveaways`: of an attack that learns and one that does not, with the photographs in
        each condition. Photographs of strangers are not asked about: their camera gives them away, and nobody
        is ranked by them.
    """
    checks = []
    for name, report in giveaways(edition, sealed, n_bootstrap=DRAWS, compute=compute).items():
        error = (report.auc.high - report.auc.low) / (2 * 1.96)
        question = f"files without faces do not link ({name}, AUC .5)"
        checks.append(_check(question, "everybody", report.auc.value, error))
    return checks


def _check(question: str, attacker: str, value: float, error: float, above: bool = False) -> Check:
    sigmas = 1.96 if above else SIGMAS
    low, high = value - sigmas * error, value + sigmas * error
    return Check(question, attacker, value, low, high, bool(low > 0.5 if above else low <= 0.5 <= high))


def _draws(evaluator: Evaluator, attackers: Sequence[Attacker]) -> Draws:
    scores = {f"{one.name}/{one.level}": one.scores for one in attackers}
    return drawn(evaluator, scores, DRAWS, evaluator.protocol.bootstrap_seed)


def _auc(draws: Draws, name: str) -> tuple[float, float]:
    """Return the AUC of a system and its standard error."""
    row = draws.systems.index(name)
    return float(draws.values["auc"][row]), float(np.std(draws.replicates["auc"][row]))


def _gap(draws: Draws, name: str, other: str) -> tuple[float, float]:
    """Return the paired difference in AUC of two systems and its standard error."""
    i, j = draws.systems.index(name), draws.systems.index(other)
    values, drawn = draws.values["auc"], draws.replicates["auc"]
    return float(values[i] - values[j]), float(np.std(drawn[i] - drawn[j]))


def giveaways(
    edition: Edition,
    sealed: SealedKey,
    n_bootstrap: int = 1000,
    seed: int = 0,
    compute: Compute | None = None,
) -> dict[str, VerificationReport]:
    """Run the metadata-only attack on every trial of an edition, `dev` and `eval` together.

    The learned attack learns on each split for the other one, so that nobody is linked by what was learned
    from himself. Every file is opened once.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides: only the organizer can ask. Where references are scans, both sides are judged by their
        headers and places in the list alone: how large a file is and how bright follows from the head in it.
    n_bootstrap, seed : int
        Of the intervals, over subjects.
    compute : Compute, optional
        Who opens the files; by default this process.

    Returns
    -------
    dict from str to VerificationReport
        `nearest`, and `learned` where both splits have eight people to learn from, for photographs as they
        are, and `nearest, bald` and the like for other conditions; for an edition that gives nothing away,
        AUC 0.5 lies in the intervals.
    """
    compute = compute or Compute("sequential")
    splits = edition.splits
    probes = {name: _facts_of_probes(split, compute) for name, split in splits.items()}
    lists: dict[str, ScoreList] = {}
    for condition in edition.conditions:
        references = {name: _facts_of_references(split, condition, compute) for name, split in splits.items()}
        scores, people, ids = _linked(edition, sealed, probes, references)
        for attack, own in scores.items():
            name = attack if condition == "raw" else f"{attack}, {condition}"
            lists[name] = ScoreList(
                np.array(own), people[:, 0] == people[:, 1], people, np.array(ids), n_bootstrap, seed
            )
    return dict(zip(lists, reported(list(lists.values()), "figures of files", compute), strict=True))


def _linked(
    edition: Edition, sealed: SealedKey, probes: Mapping[str, Floats], references: Mapping[str, Floats]
) -> tuple[dict[str, list[float]], NDArray[np.str_], list[str]]:
    """Return the scores of both attacks on all trials, the subjects of each trial, and its probe."""
    whose = {
        name: ([sealed.subjects[p] for p in split.probes], [sealed.subjects[r] for r in split.references])
        for name, split in edition.splits.items()
    }
    enough = min(len(set(own)) for own, _ in whose.values()) >= MIN_SUBJECTS
    scores: dict[str, list[float]] = {"nearest": [], **({"learned": []} if enough else {})}
    subjects: list[tuple[str, str]] = []
    ids: list[str] = []
    for name, other in (("dev", "eval"), ("eval", "dev")):
        split = edition.splits[name]
        facts = (probes[name], references[name])
        known = (probes[other], whose[other][0], references[other], whose[other][1])
        found = {"nearest": nearest(*facts, len(HEADER_FACTS if split.reference_contrast else SHARED))}
        if enough:
            found["learned"] = learned(known, *facts)
        row = {probe: i for i, probe in enumerate(split.probes)}
        column = {reference: i for i, reference in enumerate(split.references)}
        for probe, reference in split.trials:
            for attack, matrix in found.items():
                scores[attack].append(float(matrix[row[probe], column[reference]]))
            subjects.append((sealed.subjects[probe], sealed.subjects[reference]))
            ids.append(probe)
    return scores, np.array(subjects), ids


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
