"""What a platform's leaderboard shows of an entry: a few numbers by name, the first of them decides.

Each number tells something of the key, so by default only those are shown that decide or that tell nothing.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mriprivacy.challenge.entry.entry import Entry, unreadable
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.challenge.submission_log.budget import answer_bits, levels, shown
from mriprivacy.data_prep.formats.schema import Attributes

if TYPE_CHECKING:  # platforms that score tables read this module and have no filelock
    from mriprivacy.challenge.submission_log.admission import Told

STEP = 0.1  # as in `challenge.submission_log.log.Limits`
CHOICES = ("deciding", "all")
_DIGITS = 2  # of a number that tells nothing of the key


@dataclass(frozen=True)
class Column:
    """One number of a platform's leaderboard.

    Attributes
    ----------
    key : str
        In the scores.
    title : str
        As it is shown.
    higher_is_better : bool
        Or else lower.
    low, high : float
        It is shown between them.
    secret : bool
        Whether it is computed with the pairs or the attributes of the key.
    """

    key: str
    title: str
    higher_is_better: bool
    low: float = 0.0
    high: float = 1.0
    secret: bool = True


def columns(track: str, which: str = CHOICES[0]) -> tuple[Column, ...]:
    """Return the columns of a track, the one that decides first.

    Parameters
    ----------
    track : str
        A track.
    which : str
        `deciding`: the one that decides, and what tells nothing of the key; or `all`.

    Examples
    --------
    >>> [column.key for column in columns("defacing")], len(columns("defacing", "all"))
    (['auc', 'utility'], 6)
    """
    every = _every(track)
    return every if which == "all" else (every[0], *(one for one in every[1:] if not one.secret))


def told_columns(track: str) -> tuple[Column, ...]:
    """Return the columns of a track where the log's Ladder decides what is shown, as `evaluate` prints it.

    Examples
    --------
    >>> [column.key for column in told_columns("defacing")], told_columns("attributes")[0].title
    (['auc', 'utility'], 'Mean accuracy')
    """
    if track == "attributes":
        return (Column("accuracy", "Mean accuracy", True),)
    return columns(track)


def told_scores(told: "Told", entry: Entry) -> dict[str, float]:
    """Return the numbers of a team by column: the best score that the log published to it.

    An answer without an improvement repeats the score before: a platform needs a number, and this one tells
    nothing new. Empty for a submission that is not ranked, or whose team has no score.
    """
    if told.best is None:
        return {}
    deciding, *others = told_columns(entry.track)
    values = {name: estimate.value for name, estimate in entry.utility.items()}
    open_values = {one.key: values[one.key] for one in others if math.isfinite(values.get(one.key, math.nan))}
    return {deciding.key: told.best} | {key: round(value, _DIGITS) for key, value in open_values.items()}


def shown_bits(track: str, step: float, which: str) -> float:
    """Return the bits of the key that the columns of one submission can give away."""
    return answer_bits(levels(step, one.low, one.high) for one in columns(track, which) if one.secret)


def _every(track: str) -> tuple[Column, ...]:
    if track == "attributes":
        found = [Column("gain", "Mean gain over the majority guess", True)]
        for attribute in Attributes._fields:
            name = attribute.replace("_", " ").capitalize()
            found.append(Column(f"{attribute}_balanced_accuracy", f"{name}: balanced accuracy", True))
            found.append(Column(f"{attribute}_gain", f"{name}: gain", True))
        return tuple(found)
    attack = track == "attack"
    found = [
        Column("auc", "AUC" if attack else "AUC of the strongest attacker", attack, low=0.5),
        Column("auc_low", "AUC, low end of 95 %", attack, low=0.5),
        Column("auc_high", "AUC, high end of 95 %", attack, low=0.5),
        Column("eer", "EER", not attack),
        Column("linkability", "Linkability", attack),
    ]
    if attack:
        matched = Column("auc_matched", "AUC, alike pairs", True, low=0.5)
        return (*found, Column("rank1", "Rank-1 rate", True), matched)
    return (*found, Column("utility", "Utility of the brain image", True, secret=False))


def platform_scores(entry: Entry, step: float = STEP, which: str = CHOICES[0]) -> dict[str, float]:
    """Return the numbers of an entry by column, in steps, but for those that could not be measured.

    With every digit of every score, a team could compute the key from its scores alone
    (`challenge.submission_log.budget`).

    Parameters
    ----------
    entry : Entry
        Of one submission.
    step : float
        In which numbers that are computed with the key are shown.
    which : str
        As in `columns`.

    Raises
    ------
    SubmissionError
        If the number that decides is not there, or no attacker passed the audit, or a defacing system fails
        the brain gate: a submission without a score, or with one it did not earn, must not be ranked.
    """
    values = _attributes(entry) if entry.track == "attributes" else _verification(entry)
    wanted = columns(entry.track, which)
    scores = {
        one.key: shown(values[one.key], step, one.low, one.high)
        if one.secret
        else round(values[one.key], _DIGITS)
        for one in wanted
        if one.key in values and math.isfinite(values[one.key])
    }
    if wanted[0].key not in scores:
        raise SubmissionError(f"{wanted[0].key} could not be measured, so that the submission has no score")
    if entry.track == "defacing" and not entry.rated:
        raise SubmissionError("no attacker that detected a face passed the audit: no attacker counts")
    if entry.track == "defacing" and not entry.gate:
        raise SubmissionError("the brain gate could not be applied: no brain was found in any original")
    if entry.gate and entry.gate.passed != entry.gate.scans:
        raise SubmissionError(
            f"{entry.gate.scans - entry.gate.passed} of {entry.gate.scans} scans fail the gate "
            "(brain changed, or nothing changed); such a system is not ranked"
        )
    if reason := unreadable(entry):
        raise SubmissionError(f"{reason}; such a system is not ranked")
    if entry.games:
        # Which scans, and how many, would tell of the key.
        raise SubmissionError("plays a game (docs/explanation/security.md); such a system is not ranked")
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
