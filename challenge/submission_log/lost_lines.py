"""Go on with a log that is not what it was; the log itself says from then on what was lost."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from mriprivacy.challenge.submission_log.head import NOTHING, RecordError, read_head
from mriprivacy.challenge.submission_log.log import (
    LARGEST,
    LOG,
    Event,
    extend,
    head_problem,
    is_behind,
    locked,
    read_chain,
)
from mriprivacy.data_prep.formats.atomic import sync, whole_file
from mriprivacy.data_prep.formats.tables.tsv import read_bytes


def repair(folder: Path, now: datetime | None = None) -> Event | None:
    """Write a line into a log that says what is wrong with it, so that it can be gone on with.

    No line is removed unseen. Where a line does not follow from the one before, the log as it is found is
    kept under another name first, and the new line has its hash.

    Parameters
    ----------
    folder : Path
        The record.
    now : datetime, optional
        The time, by default that of the clock, which must be right.

    Returns
    -------
    Event or None
        The line that was written; None for a log without fault.

    Raises
    ------
    RecordError
        If there is no such folder, or the log cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from mriprivacy.challenge.submission_log.log import append, read_log
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = append(folder, Event("refused", "synth/1"), datetime(2036, 1, 1, tzinfo=UTC))
    >>> repair(folder, datetime(2026, 1, 1, tzinfo=UTC)).note
    'the clock was ahead: the line before is of 2036-01-01T00:00:00Z'
    >>> len(read_log(folder))
    2
    """
    if not folder.is_dir():
        raise RecordError(f"{folder}: no such folder; expected the record= of evaluate")
    now = now or datetime.now(UTC)
    with locked(folder):
        events, broken = read_chain(folder)
        notes = [_lost_lines(folder, broken)] if broken else []
        notes += _lost_count(folder, events)
        if events and is_behind(events, now):
            notes.append(f"the clock was ahead: the line before is of {events[-1].time}")
        if not notes:
            return None
        return extend(folder, events, Event("repaired", "n/a", note="; ".join(notes)), now)


def _lost_lines(folder: Path, broken: str) -> str:
    """Keep a log whose chain is broken under another name, and say so."""
    raw = read_bytes(folder / LOG, LARGEST, LOG)
    digest = hashlib.sha256(raw).hexdigest()
    kept = folder / f"broken-{digest[:16]}.jsonl"
    with whole_file(kept) as temporary:
        temporary.write_bytes(raw)
        sync(temporary)
    sync(folder)
    return f"{broken}; the log as it was found, SHA-256 {digest}, is kept as {kept.name}"


def _lost_count(folder: Path, events: tuple[Event, ...]) -> list[str]:
    """Say what a log lacks that was counted."""
    try:
        known = read_head(folder)
    except RecordError as error:
        return [error.problems[0].partition(";")[0]]
    if known is None and not events:
        return ["no log is here: a new one begins, and what was in an earlier one is not counted"]
    if (problem := head_problem(events, known)) is None:
        return []
    last = f" (SHA-256 of the last line counted: {known.sha256})" if known and known.sha256 != NOTHING else ""
    return [problem + last]
