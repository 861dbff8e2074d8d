"""The log of submissions: one JSON line an event, each with the hash of the line before; limits read from it.

It holds nothing secret (scores are rounded, and only those of `challenge.submission_log.ladder`), so it may
be published.
Who has seen the hash of its last line can tell ever after that nothing before it was changed or taken out.
How many lines there are stands beside it (`challenge.submission_log.head`), so that a mishap is noticed too.
"""

import hashlib
import json
import math
import os
import re
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mriprivacy.challenge.submission_log.head import (
    HEAD,
    NOTHING,
    Head,
    OverLimitError,
    RecordError,
    read_head,
    way_out,
    write_head,
)
from mriprivacy.challenge.submission_log.line_rules import LATER, TIME, odd_member
from mriprivacy.data_prep.formats.atomic import sync, whole_file
from mriprivacy.data_prep.formats.fields import alike
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.strict_json import parse_json_object
from mriprivacy.data_prep.formats.tables.tsv import read_bytes
from mriprivacy.scoring.errors import UserError

if TYPE_CHECKING:
    from filelock import BaseFileLock
from mriprivacy.data_prep.formats.settings import setting

LOG = "submissions.jsonl"
_LOCK = ".lock"
LARGEST = 1 << 30  # bytes of a log
_BITS_BEFORE = 6.68  # of an answer of older kits, which did not log them: 101 values, or none


@dataclass
class Limits:
    """How many different submissions may be evaluated, and how finely their scores are shown.

    `challenge.submission_log.budget` says how many answers the key of an edition can bear.
    """

    per_day: int = setting(
        2, "different submissions of a team or participant a day, UTC; 0: any number", at_least=0
    )
    total: int = setting(3, "the same in all", at_least=0)
    all_teams: int = setting(
        0, "submissions of all teams together; 0: as many as the information budget allows", at_least=0
    )
    step: float = setting(
        0.1,
        "step in which scores are shown, by its lower end; a larger one gives less away",
        at_least=0.01,
        at_most=0.5,
    )
    open_key: bool = setting(False, "the key is no secret: no information budget holds")


@dataclass(frozen=True)
class Event:
    """One line of the log.

    Attributes
    ----------
    event : str
        One of `line_rules.EVENTS`; `failed`: accepted, but its evaluation ended in an error; `evaluated
        again`: with another entry than before; `repaired`: lines were lost, or the clock was wrong (`note`
        says which).
    edition, track, team, system : str
        Of a refused submission as it claims, if that is well formed, or else `n/a`; its team as the organizer
        knows it (`team=`); may be empty.
    submission : str
        SHA-256 over names and contents of the files; of a refused folder, over what there is
        (`challenge.intake.expected_files.bounded_digest`); `n/a` for a refused zip.
    archive : str
        SHA-256 of the zip; `n/a` for a folder.
    problems : int
        Of a refused one.
    score : float or None
        Of an evaluated one whose score was published: the rounded figure of
        `challenge.submission_log.ladder`.
    number : int
        1, 2, 3 and so on.
    time : str
        UTC, to the second.
    previous : str
        SHA-256 of the line before, 64 zeros for the first.
    entry : str
        Of an evaluated one, the digest of its entry (`challenge.entry.entry_file.entry_digest`); empty in
        logs of older kits.
    note : str
        Of a repair, what was found.
    bits : float
        Of an accepted one, what its answer can give away of the key; 0 in logs of older kits.
    """

    event: str
    edition: str
    track: str = "n/a"
    team: str = "n/a"
    system: str = "n/a"
    submission: str = "n/a"
    archive: str = "n/a"
    problems: int = 0
    score: float | None = None
    number: int = 0
    time: str = ""
    previous: str = NOTHING
    entry: str = ""
    note: str = ""
    bits: float = 0.0

    def line(self) -> bytes:
        """Return the event as it stands in the log."""
        members = {name: value for name, value in asdict(self).items() if value or name not in LATER}
        return (json.dumps(members, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def head(events: tuple[Event, ...]) -> str:
    """Return the hash that stands for a whole log: that of its last line."""
    return hashlib.sha256(events[-1].line()).hexdigest() if events else NOTHING


def read_log(folder: Path, expected_head: str = "") -> tuple[Event, ...]:
    """Read a log and check its chain.

    Parameters
    ----------
    folder : Path
        Holds `submissions.jsonl`, and beside it `submissions.head`; neither is an empty log.
    expected_head : str
        A hash that was published earlier: some line must have it.

    Raises
    ------
    RecordError
        At the first line that does not follow from the one before; if the log has fewer lines than its head
        counted, or no head; if no line has the expected hash, or that is none.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("a", "b"):
    ...     event = append(folder, Event("refused", "synth/1", team=name), datetime(2026, 1, 2, tzinfo=UTC))
    >>> [event.team for event in read_log(folder)]
    ['a', 'b']
    >>> _ = (folder / LOG).write_text((folder / LOG).read_text().replace('"a"', '"c"'))
    >>> read_log(folder)
    Traceback (most recent call last):
    mriprivacy.challenge.submission_log.head.RecordError: submissions.jsonl: line 2 does not follow ...
    """
    if expected_head and not re.fullmatch("[0-9a-f]{64}", expected_head):
        raise RecordError(f"head is {expected_head[:70]!r}; expected the 64 digits, 0-9 and a-f, of a hash")
    events, problem = read_chain(folder)
    if problem is None:
        problem = head_problem(events, read_head(folder))
    if problem is not None:
        raise RecordError(f"{LOG}: {problem}; {way_out(folder)}")
    if expected_head and expected_head not in {NOTHING, *(e.previous for e in events), head(events)}:
        raise RecordError(f"{LOG}: no line has the hash {expected_head}; the log is not the one it was")
    return events


def read_chain(folder: Path) -> tuple[tuple[Event, ...], str | None]:
    """Return the events before the first line that does not follow, and what is wrong with it, if any."""
    path = folder / LOG
    events: list[Event] = []
    previous = NOTHING
    raw = read_bytes(path, LARGEST, LOG) if path.exists() else b""
    for number, line in enumerate(raw.splitlines(keepends=True), start=1):
        try:
            event = _parse(line, number)
        except UserError as error:
            return tuple(events), error.problems[0].removeprefix(f"{LOG}: ")
        if event.previous != previous or event.number != number:
            return tuple(events), (
                f"line {number} does not follow from line {number - 1}: one of them was changed, or "
                "lines were taken out or put in"
            )
        if events and event.time < events[-1].time and event.event != "repaired":
            return tuple(events), f"line {number} is earlier than line {number - 1}"
        events.append(event)
        previous = hashlib.sha256(line).hexdigest()
    return tuple(events), None


def head_problem(events: tuple[Event, ...], known: Head | None) -> str | None:
    """Say what a log lacks that its head counted; lines that a killed process did not count are fine."""
    if known is None:
        return f"has {len(events)} lines, but no {HEAD} stands beside it" if events else None
    if known.lines > len(events):
        return f"has {len(events)} lines; {HEAD} counted {known.lines}, so the last ones are lost"
    if head(events[: known.lines]) != known.sha256:
        return f"line {known.lines} is not the one that {HEAD} counted: the log is not the one it was"
    return None


def _parse(line: bytes, number: int) -> Event:
    content = parse_json_object(line, name=f"{LOG}: line {number}")
    names = [field.name for field in fields(Event) if field.name in content or field.name not in LATER]
    event = Event(**content) if list(content) == names else None
    if event is None or odd_member(asdict(event)) or event.line() != line:
        raise RecordError(f"{LOG}: line {number} is not an event as this kit writes it")
    return event


def append(folder: Path, event: Event, now: datetime | None = None) -> Event:
    """Add an event to the log, after checking the whole chain; return it as it was written.

    The log is replaced as a whole file, so that a kill at any moment leaves the old one or the new one. Where
    others may write at the same time, call it within `locked`.
    """
    return _append(folder, read_log(folder), event, now or datetime.now(UTC))


def admit(
    folder: Path, event: Event, limits: Limits, now: datetime | None = None, may: float = math.inf
) -> Event:
    """Log an accepted submission, unless its team, or all teams together, are over their limits.

    A submission that was accepted before, byte for byte, is admitted again and neither counted nor logged:
    its evaluation may have been cut short, and what comes of it is known.

    Parameters
    ----------
    folder : Path
        The record.
    event : Event
        Says whose submission it is, and the bits of its answer.
    limits : Limits
        A team's and all teams'.
    now : datetime, optional
        For tests.
    may : float
        Bits of the key that all answers may give away (`challenge.submission_log.budget`).

    Raises
    ------
    OverLimitError
        If a limit is reached; this, too, is logged.
    """
    now = now or datetime.now(UTC)
    with locked(folder):
        events = read_log(folder)
        accepted = [e for e in events if (e.event, e.edition) == ("accepted", event.edition)]
        mine = [e for e in accepted if alike(e.team, event.team)]
        if known := [e for e in mine if e.submission == event.submission]:
            return known[0]
        today = sum(e.time[:10] == now.strftime(TIME)[:10] for e in mine)
        of_team, of_all = f"team {event.team}", "all teams"
        for who, used, most, when in (
            (of_team, today, limits.per_day, "today (UTC)"),
            (of_team, len(mine), limits.total, "in all"),
            (of_all, len(accepted), limits.all_teams, "in all"),
        ):
            if most and used >= most:
                _append(folder, events, replace(event, event="over limit"), now)
                raise OverLimitError(f"{who}: {used} submissions were accepted {when}; the limit is {most}")
        given = sum(e.bits or _BITS_BEFORE for e in accepted)
        if given + event.bits > may:
            _append(folder, events, replace(event, event="over limit"), now)
            raise OverLimitError(
                f"{LOG}: {len(accepted)} answers to all teams can give away {given:.1f} bits of the key, and "
                f"one more {event.bits:.2f}; they may give away {may:.1f}. Evaluate this one when the "
                "challenge is over; or give limits.open_key=true if the key is no secret",
                public=f"all teams: {len(accepted)} answers were given, and the key can bear no more; the "
                "organizers can evaluate this submission when the challenge is over",
            )
        return _append(folder, events, event, now)


def _append(folder: Path, events: tuple[Event, ...], event: Event, now: datetime) -> Event:
    if events and is_behind(events, now):
        raise RecordError(
            f"{LOG}: its last line is of {events[-1].time}, but the clock says {now.strftime(TIME)}. Set "
            f"the clock; if it is right, 'mriprivacy repair record={folder}' notes in the log that it was not"
        )
    return extend(folder, events, event, now)


def is_behind(events: tuple[Event, ...], now: datetime) -> bool:
    """Say whether a clock is behind the last line of a log."""
    return now.strftime(TIME) < events[-1].time


def extend(folder: Path, events: tuple[Event, ...], event: Event, now: datetime) -> Event:
    """Write a log of some events and one more, whatever the log was before; return the new one as written.

    The head comes after the log, so a kill between them leaves a line that is not counted yet. Only the
    first head comes before: a log without one is never what a kill leaves.
    """
    time = now.strftime(TIME)
    written = replace(event, number=len(events) + 1, time=time, previous=head(events))
    if odd := odd_member(asdict(written)):  # or the log could not be read again
        raise RecordError(f"{LOG}: {odd} would be {shown(str(getattr(event, odd)))}, which no line may hold")
    if not (folder / HEAD).exists():
        write_head(folder, Head(0, NOTHING))
    with whole_file(folder / LOG) as temporary, temporary.open("wb") as stream:
        stream.writelines([*(e.line() for e in events), written.line()])
        stream.flush()
        os.fsync(stream.fileno())
    sync(folder)
    write_head(folder, Head(written.number, head((written,))))
    return written


def locked(folder: Path) -> "BaseFileLock":
    """Return a lock with which one process at a time writes to a record; the others wait."""
    from filelock import FileLock  # here: platforms that score tables read this module and have no filelock

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileLock(folder / _LOCK, mode=0o600)
