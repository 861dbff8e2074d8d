"""Can the attackers be believed? Four questions, asked in every evaluation of a defacing system.

An attacker that cannot link undefaced scans is too weak to show privacy. One that links after training on a
shuffled key, or without faces, links by something else. One that gets worse with more knowledge is broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mriprivacy.challenge.attackers.levels import FUSED, AttackScores
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CROSS_FITTED, Check
from mriprivacy.challenge.evaluation.context import Context, Floats
from mriprivacy.challenge.evaluation.draws import drawn

LINKS = "links undefaced scans (AUC above .5)"
EVERYBODY = "everybody"  # a check of the edition concerns every attacker
SHUFFLED_KEYS = 10
# Standard errors within which a check is passed: with a dozen checks a system, chance fails one in a hundred.
SIGMAS = 3.3
DRAWS = 200  # of subjects; a standard error takes fewer than a percentile

Areas = Mapping[Attacker, tuple[float, Floats]]  # AUC, and AUC in every draw


def audit(
    context: Context,
    attackers: Sequence[AttackScores],
    ceiling: Sequence[AttackScores],
    shuffled: Mapping[Attacker, Floats],
) -> list[Check]:
    """Check all attackers; `leak_checks` checks the edition.

    Parameters
    ----------
    context : Context
        Edition and key.
    attackers : sequence of AttackScores
        On the scans as the system defaced them.
    ceiling : sequence of AttackScores
        On the scans as released.
    shuffled : mapping from Attacker to ndarray
        AUC of informed attackers trained on shuffled keys
        (`challenge.attackers.levels.shuffled_key_aucs`).

    Returns
    -------
    list of Check
    """
    undefaced, defaced = _areas(context, ceiling), _areas(context, attackers)
    nothing = "trained on a shuffled key, is at chance (AUC .5)"
    checks = [check_area(LINKS, str(one), *_auc(undefaced, one), above=True) for one in undefaced]
    # An attacker that is judged but could not be trained for a check has not passed it.
    checks += [_unasked(LINKS, one) for one in defaced if one not in undefaced]
    for one in defaced:
        if one.level not in ("informed", CROSS_FITTED):
            continue
        areas = shuffled.get(one)
        if areas is None or len(areas) < 2:  # one alone has no standard error
            checks.append(_unasked(nothing, one))
            continue
        error = areas.std(ddof=1) / np.sqrt(len(areas))
        own = _auc(defaced, one)[1]
        checks.append(check_area(nothing, str(one), float(areas.mean()), float(np.hypot(error, own))))
    for one, other in _less_informed(defaced):
        value = defaced[one][0] - defaced[other][0]
        error = float(np.std(defaced[one][1] - defaced[other][1]))
        ends = (value - SIGMAS * error, value + SIGMAS * error)
        # Surely below chance it links, too, with the sign reversed.
        below = defaced[one][0] + SIGMAS * float(np.std(defaced[one][1])) < 0.5
        passed = bool(ends[1] >= 0 or below)
        checks.append(Check(f"no worse than {other} (AUC gained)", str(one), value, *ends, passed))
    return checks


def check_area(question: str, attacker: str, value: float, error: float, above: bool = False) -> Check:
    """Require that an AUC is chance within its standard error, or `above` it."""
    sigmas = 1.96 if above else SIGMAS
    low, high = value - sigmas * error, value + sigmas * error
    return Check(question, attacker, value, low, high, bool(low > 0.5 if above else low <= 0.5 <= high))


def _unasked(question: str, attacker: Attacker) -> Check:
    return Check(question, str(attacker), 0.5, 0.0, 1.0, False)


def _less_informed(areas: Areas) -> list[tuple[Attacker, Attacker]]:
    """Pair each trained attacker with its less informed levels, and fusion with the best of these."""
    pairs = []
    for one in areas:
        if one.level == "informed" and one != FUSED:
            pairs += [(one, replace(one, level=level)) for level in ("ignorant", "adapted")]
        elif one.level == "adapted":
            pairs.append((one, replace(one, level="ignorant")))
    less = [one for one in areas if one.level in ("ignorant", "adapted")]
    if less:
        pairs.append((FUSED, max(less, key=lambda one: areas[one][0])))
    return [pair for pair in pairs if set(pair) <= areas.keys()]


def _areas(context: Context, attackers: Sequence[AttackScores]) -> Areas:
    if not attackers:
        return {}
    draws = drawn(context, [one.scores for one in attackers], DRAWS, context.protocol.bootstrap_seed)
    areas = zip(draws.values["auc"].tolist(), draws.replicates["auc"], strict=True)
    return dict(zip((one.attacker for one in attackers), areas, strict=True))


def _auc(areas: Areas, attacker: Attacker) -> tuple[float, float]:
    """Return the AUC of an attacker and its standard error."""
    value, replicates = areas[attacker]
    return value, float(np.std(replicates))
