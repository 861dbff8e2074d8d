"""Can the attackers be believed? Four questions, asked in every evaluation of a defacing system.

Whoever cannot link undefaced scans protects nobody's reputation; whoever links by a shuffled key, or
without looking at faces, links by something else; whoever does worse for knowing more is broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.attackers.levels import FUSION, Attacker
from mriprivacy.challenge.evaluation.context import Evaluator
from mriprivacy.challenge.evaluation.draws import drawn
from mriprivacy.scoring import Draws

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
        AUC of informed attackers who were taught shuffled keys (`challenge.attackers.levels.taught_nothing`).

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
