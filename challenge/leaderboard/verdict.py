"""The verdict on a system: at most fifteen lines that head whatever is shown of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mriprivacy.challenge.entry.entry import (
    AGE,
    CHOSEN,
    CROSS_FITTED,
    ORACLE,
    ORIGINAL_TOO,
    Entry,
    Result,
    gate_passed,
    may_be_ranked,
    unreadable,
)
from mriprivacy.challenge.entry.ranked_by import ranked_by
from mriprivacy.challenge.intake.submission import Submission
from mriprivacy.challenge.leaderboard.best_known import rerated
from mriprivacy.challenge.leaderboard.metric_block import Block, interval, number
from mriprivacy.challenge.leaderboard.notes import Cause, by_cause
from mriprivacy.challenge.leaderboard.standings import Board
from mriprivacy.challenge.leaderboard.tables import gate
from mriprivacy.data_prep.formats.fields import is_reserved
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.scoring import Estimate

LINES, WIDTH = 15, 100  # at most, on a terminal
HEADER = ("verdict", "value [95 %]", "meaning")
_LEVELS = {
    "ignorant": "takes scans as they come",
    "adapted": "fitted to dev without key",
    "informed": "trained on dev and its key",
    CROSS_FITTED: "trained on others of eval",
    "submitted": "the scores that were submitted",
}
_UNMEASURED = {  # scans are sent of both splits, a table is of one
    "defacing": "`mriprivacy rehearse` rates it on dev, without a key; the organizer, on eval",
    "attack": "`mriprivacy rehearse` rates a scores.tsv of dev; the organizer, this one",
    "attributes": "`mriprivacy rehearse` rates an attributes.tsv of dev; the organizer, this one",
}
_FMR = {"people_found_any": "at FMR 1 %", "partial_auc": "mean over FMR 0 to 10 %"}


@dataclass(frozen=True)
class Line:
    """A line of a verdict: what, its value, and what that means."""

    what: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Verdict:
    """What is to be known of a system at a glance.

    Attributes
    ----------
    title : str
        System, track and edition.
    lines : tuple of Line
        At most nine.
    causes : tuple of Cause
        Of the notes.
    data : mapping
        The same for machines, with every digit.
    """

    title: str
    lines: tuple[Line, ...]
    causes: tuple[Cause, ...]
    data: Mapping[str, Any]


def of_entry(entry: Entry, board: Board | None = None) -> Verdict:
    """Return the verdict on an evaluated system.

    Parameters
    ----------
    entry : Entry
        Of any track, however little could be measured.
    board : Board, optional
        On which the system stands beside others; None before it was ranked.
    """
    lines = {"defacing": _defacing, "attack": _attack, "attributes": _attributes}[entry.track](entry)
    ranks, why = _rank(entry, board)
    return Verdict(
        _title(entry),
        (*lines, Line("rank", ranks, why)),
        by_cause(entry.warnings),
        {
            **_head(entry),
            "measured": _measured(entry),
            "attacker": str(best.attacker) if (best := _strongest(entry)) else None,
            "attackers_that_count": _counting(entry),
            "gate": asdict(entry.gate) if entry.gate else None,
            "presence": dict(entry.presence),
            "games": list(entry.games),
            "ranks": ranks,
            "ranks_meaning": why,
        },
    )


def of_submission(submission: Submission) -> Verdict:
    """Return the verdict on a submission that the public edition accepts."""
    lines = (
        Line("valid", "yes", "names, tables, voxels and grids are as the edition expects"),
        Line("result", "not measured", _UNMEASURED[submission.track]),
    )
    data = {**_head(submission), "valid": True, "submission_sha256": submission.sha256}
    notes = list(submission.warnings)
    if is_reserved(submission.team):
        # The kit's own baselines are written under it; organizers take it from no other team.
        notes.append(
            f"team is {submission.team}, a name for the kit's own systems: give your own before sending"
        )
    return Verdict(_title(submission), lines, by_cause(notes), data)


def block(verdict: Verdict, files: Mapping[str, Path | str]) -> Block:
    """Return a verdict as a block of at most fifteen lines of 100 columns; paths are never cut.

    Parameters
    ----------
    verdict : Verdict
        Of any system.
    files : mapping from str to Path
        Where the rest is, by what it is.
    """
    rows = [(line.what, line.value, line.meaning) for line in verdict.lines]
    left = WIDTH - sum(max(len(row[i]) for row in (HEADER, *rows)) + 2 for i in (0, 1))
    below = tuple(f"{what}: {path}" for what, path in files.items())
    return Block(
        above=(shortened(verdict.title),),
        header=HEADER,
        rows=tuple((what, value, shortened(meaning, left)) for what, value, meaning in rows),
        below=(*_noted(verdict.causes, LINES - 3 - len(rows) - len(below)), *below),
        data={
            **verdict.data,
            "notes": [
                {"cause": one.text, "count": one.count, "notes": [*one.notes]} for one in verdict.causes
            ],
            "files": {what: str(path) for what, path in files.items()},
        },
    )


def _noted(causes: tuple[Cause, ...], room: int) -> list[str]:
    """Return a heading and as many causes as there is room for below it."""
    if not causes:
        return ["notes: none"]
    total = sum(one.count for one in causes)
    head = f"notes: {total}" if total == len(causes) else f"notes: {total}, of {_many(len(causes), 'cause')}"
    if len(causes) > room or any(len(_counted(one)) > WIDTH for one in causes):
        head += f"; the first {min(room, len(causes))} in short, verbose=true prints all"
    return [head, *(shortened(_counted(one)) for one in causes[:room])]


def _counted(cause: Cause) -> str:
    return f"{cause.count:>3} x {cause.text}" if cause.count > 1 else f"  {cause.text}"


def _defacing(entry: Entry) -> list[Line]:
    passed, scans = (entry.gate.passed, entry.gate.scans) if entry.gate else (0, 0)
    if entry.gate is None:
        of_gate = "no brain is found in any original"
    elif entry.gate.unchanged == scans:
        of_gate = "every scan is the original: nothing was defaced"
    elif gate_passed(entry):
        of_gate = f"{passed} of {scans} scans keep the brain"
    else:
        of_gate = f"up to {entry.gate.worst_changed:.1%} of a brain is changed"
    more = f" (and {len(entry.games) - 1} more)" if len(entry.games) > 1 else ""
    games = f"{one_line(entry.games[0])}{more}" if entry.games else "no known way to seem private"
    return [
        *_linking(entry, "lower protects better"),
        _identity(entry),
        _of_utility(entry.utility.get("utility")),
        Line("brain gate", gate(entry), of_gate),
        *_of_presence(entry),
        Line("games", f"{len(entry.games)} found" if entry.games else "none found", games),
    ]


def _attack(entry: Entry) -> list[Line]:
    best = _strongest(entry)
    figures = best.figures if best else {}
    lines = [*_linking(entry, "higher links better")]
    if "auc" in figures and ranked_by(entry).name != "auc":
        lines.append(Line("AUC", *_shown(figures["auc"], "a guess has 0.50, a perfect attack 1.00")))
    if "rank1" in figures:
        lines.append(Line("rank-1", *_shown(figures["rank1"], "share of scans with the own person first")))
    return [*lines, _identity(entry)] if "identity" in figures else lines


def _attributes(entry: Entry) -> list[Line]:
    lines = []
    for result in entry.results[:6]:
        years = result.name == AGE
        value, gain = ("mae_years", "gain_years") if years else ("accuracy", "gain")
        what = "years of error; {} better than the median" if years else "accuracy; {} over the majority"
        shown = _figure(result.figures.get(gain))
        lines.append(Line(result.name, *_shown(result.figures.get(value), what.format(shown))))
    return lines or [Line("attributes", "n/a", "no attribute could be scored")]


def _linking(entry: Entry, direction: str) -> list[Line]:
    """Return the criterion, and the attacker that decides it."""
    by, best, count = ranked_by(entry), _strongest(entry), _counting(entry)
    if best is None:
        return [Line(by.short, "n/a", "no attacker was scored: this does not show privacy")]
    meaning = f"{where}; " if (where := _FMR.get(by.name)) else ""
    meaning += f"a guess has {by.chance:.2f}; {direction}"
    if not count:
        meaning = "no attacker counts: this does not show privacy"
    who = f"{best.name}, {_LEVELS.get(best.level, best.level)}"
    if entry.track == "defacing":
        how = "most chosen" if best.trial_list == CHOSEN and not rerated(entry) else "strongest"
        who += f"; {how} of {count}" if count else "; does not count"
    return [Line(by.short, *_shown(best.figures.get(by.name), meaning)), Line("by attacker", best.level, who)]


def _identity(entry: Entry) -> Line:
    best = _strongest(entry)
    if best and "identity" in best.figures:
        meaning = "AUC minus AUC on doppelgangers; 0: demographics alone link"
        return Line("identity", *_shown(best.figures["identity"], meaning))
    meaning = "no doppelgangers here"
    oracle = next((r for r in entry.results if r.level == ORACLE and "auc" in r.figures), None)
    if oracle:  # a property of the people, whatever the system does
        meaning += f"; true demographics alone: AUC {number(oracle.figures['auc'].value, '.2f')}"
    return Line("identity", "not measured", meaning)


def _of_utility(utility: Estimate | None) -> Line:
    if utility is None:
        return Line("utility", "not measured", "the cost to brain analysis is not known")
    return Line("utility", *_shown(utility, "of brain analysis; 1: nothing lost, 0: nothing left"))


def _of_presence(entry: Entry) -> list[Line]:
    if not entry.presence:  # an older kit did not ask
        return []
    scans = sum(n for verdict, n in entry.presence.items() if verdict != ORIGINAL_TOO)
    shown = ", ".join(f"{n} {v}" for v, n in entry.presence.items() if n and v != ORIGINAL_TOO)
    return [Line("faces left", f"{scans} scans", f"surface from eyes to chin, anybody's: {shown}")]


def _rank(entry: Entry, board: Board | None) -> tuple[str, str]:
    """Return the ranks, and what they mean or why there are none."""
    if reason := why_not_ranked(entry):
        return "not ranked", reason
    place = next((p for p in board.places if p.entry.path == entry.path), None) if board else None
    if board is None:
        return "not yet", "`mriprivacy rank` compares it with the other systems"
    if place is None:
        return "not yet", "made otherwise than the entries here; `mriprivacy rank` names how"
    if len(board.ranked) == 1:
        return "1 of 1", "no other system of this edition is ranked here"
    first = board.ranked[0]
    ahead = "" if first is place else f"; first: {first.entry.system}"
    return f"{place.ranks} of {len(board.ranked)}", f"ranks that the data leave open{ahead}"


def why_not_ranked(entry: Entry) -> str:
    """Return why a system cannot be ranked; empty if it can."""
    if entry.track == "attributes":
        return "the track attributes has no ranks"
    if may_be_ranked(entry):
        return ""
    if entry.draw_of:
        return f"a draw of {entry.draw_of}, which `mriprivacy rank` rates by its worst draw"
    if not entry.rated:
        return "no attacker counts"
    if entry.games:
        return one_line(entry.games[0])
    if reason := unreadable(entry):
        return reason
    shown = gate(entry)
    return shown if shown == "unchanged" else f"brain gate {shown}"


def _strongest(entry: Entry) -> Result | None:
    able = any(r.trial_list == "all" and r.level != ORACLE and "auc" in r.figures for r in entry.results)
    return entry.strongest() if able and entry.track != "attributes" else None


def _counting(entry: Entry) -> int:
    return sum(r.rates and r.trial_list == "all" and r.level != ORACLE for r in entry.results)


def _measured(entry: Entry) -> dict[str, Any]:
    """Return every figure of the verdict, with every digit."""
    found: dict[str, Estimate] = {}
    if best := _strongest(entry):
        names = dict.fromkeys((ranked_by(entry).name, "auc", "identity", "rank1"))
        found = {name: best.figures[name] for name in names if name in best.figures}
    if entry.track == "attributes":
        found = {f"{r.name}_{name}": one for r in entry.results for name, one in r.figures.items()}
    if "utility" in entry.utility:
        found["utility"] = entry.utility["utility"]
    return {name: asdict(one) for name, one in found.items()}


def _head(one: Entry | Submission) -> dict[str, Any]:
    return {"team": one.team, "system": one.system, "track": one.track, "edition": one.edition}


def _title(one: Entry | Submission) -> str:
    return f"{one.team}/{one.system}, track {one.track}, edition {one.edition}"


def _shown(one: Estimate | None, meaning: str) -> tuple[str, str]:
    """Return a figure and its meaning, and what a missing interval needs."""
    if one is None:
        return "n/a", meaning
    return _figure(one), f"{meaning}; needs {one.needs}" if one.needs else meaning


def _figure(one: Estimate | None) -> str:
    if one is None or not one.known:
        return "n/a"
    return f"{number(one.value, '.2f')} {interval(one, '.2f') if one.bounded else '[n/a]'}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def shortened(text: str, width: int = WIDTH) -> str:
    """Return text in one line of a width.

    Examples
    --------
    >>> shortened("brain gate", 20), shortened("brain gate", 8)
    ('brain gate', 'brain...')
    """
    text = one_line(text)
    return text if len(text) <= width else f"{text[: width - 3].rstrip()}..."
