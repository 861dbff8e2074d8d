"""What a platform's leaderboard shows of an entry: a few numbers by name, the first of them decides."""

import math
from dataclasses import dataclass

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.challenge.submission_log.ladder import DIGITS
from mriprivacy.data_prep.formats.schema import Attributes


@dataclass(frozen=True)
class Column:
    """One number of a platform's leaderboard: `key` in the scores, `title` shown, and which way is better."""

    key: str
    title: str
    higher_is_better: bool


def columns(track: str) -> tuple[Column, ...]:
    """Return the columns of a track, the one that decides first.

    Examples
    --------
    >>> [column.key for column in columns("attack")][:3]
    ['auc', 'auc_low', 'auc_high']
    """
    if track == "attributes":
        found = [Column("gain", "Mean gain over the majority guess", True)]
        for attribute in Attributes._fields:
            name = attribute.replace("_", " ").capitalize()
            found.append(Column(f"{attribute}_balanced_accuracy", f"{name}: balanced accuracy", True))
            found.append(Column(f"{attribute}_gain", f"{name}: gain", True))
        return tuple(found)
    attack = track == "attack"
    found = [
        Column("auc", "AUC" if attack else "AUC of the strongest attacker", attack),
        Column("auc_low", "AUC, low end of 95 %", attack),
        Column("auc_high", "AUC, high end of 95 %", attack),
        Column("eer", "EER", not attack),
        Column("linkability", "Linkability", attack),
    ]
    if attack:
        return (*found, Column("rank1", "Rank-1 rate", True), Column("auc_matched", "AUC, alike pairs", True))
    return (*found, Column("utility", "Utility of the brain image", True))


def platform_scores(entry: Entry) -> dict[str, float]:
    """Return the numbers of an entry by column, two digits each, but for those that could not be measured.

    With every digit of every score, a team could compute the key from its scores alone
    (`challenge.submission_log.ladder`).

    Raises
    ------
    SubmissionError
        If the number that decides is not there, or no attacker passed the audit, or a defacing system fails
        the brain gate: a submission without a score, or with one it did not earn, must not be ranked.
    """
    values = _attributes(entry) if entry.track == "attributes" else _verification(entry)
    keys = [column.key for column in columns(entry.track)]
    scores = {key: round(values[key], DIGITS) for key in keys if key in values and math.isfinite(values[key])}
    if keys[0] not in scores:
        raise SubmissionError(f"{keys[0]} could not be measured, so that the submission has no score")
    if entry.track == "defacing" and not entry.rated:
        raise SubmissionError("no attacker that detected a face passed the audit: no attacker counts")
    if entry.track == "defacing" and not entry.gate:
        raise SubmissionError("the brain gate could not be applied: no brain was found in any original")
    if entry.gate and entry.gate.passed != entry.gate.scans:
        raise SubmissionError(
            f"{entry.gate.scans - entry.gate.passed} of {entry.gate.scans} scans fail the gate "
            "(brain changed, or nothing changed); such a system is not ranked"
        )
    if entry.games:
        raise SubmissionError(*(f"{line}; such a system is not ranked" for line in entry.games))
    return scores


def _verification(entry: Entry) -> dict[str, float]:
    best = entry.strongest()
    values = {name: estimate.value for name, estimate in best.figures.items()}
    values |= {"auc_low": best.figures["auc"].low, "auc_high": best.figures["auc"].high}
    matched = [r for r in entry.results if r.trial_list == "matched" and r.level == "submitted"]
    if matched:
        values["auc_matched"] = matched[0].figures["auc"].value
    return values | {name: estimate.value for name, estimate in entry.utility.items()}


def _attributes(entry: Entry) -> dict[str, float]:
    values = {
        f"{result.name}_{name}": result.figures[name].value
        for result in entry.results
        for name in ("balanced_accuracy", "gain")
    }
    gains = [value for key, value in values.items() if key.endswith("_gain")]
    return values | ({"gain": sum(gains) / len(gains)} if gains else {})
