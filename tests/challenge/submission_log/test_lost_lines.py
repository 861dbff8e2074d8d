"""A log that was cut, emptied, deleted or written by a wrong clock: noticed, and gone on with in the open."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.submission_log.head import HEAD, Head, RecordError, read_head, write_head
from mriprivacy.challenge.submission_log.log import (
    LOG,
    Event,
    Limits,
    admit,
    append,
    head,
    read_log,
)
from mriprivacy.challenge.submission_log.lost_lines import repair

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def accepted(number: int) -> Event:
    return Event("accepted", "synth/1", "attack", "team", "s", f"{number:064x}")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    for number in range(5):
        append(tmp_path, accepted(number), NOON + timedelta(seconds=number))
    return tmp_path


def lines(folder: Path) -> list[bytes]:
    return (folder / LOG).read_bytes().splitlines(keepends=True)


def cut(folder: Path) -> None:
    (folder / LOG).write_bytes(b"".join(lines(folder)[:3]))


def cut_within_a_line(folder: Path) -> None:
    (folder / LOG).write_bytes((folder / LOG).read_bytes()[:-20])


def emptied(folder: Path) -> None:
    (folder / LOG).write_bytes(b"")


def deleted(folder: Path) -> None:
    (folder / LOG).unlink()


def another(folder: Path) -> None:
    """As many lines, of another log."""
    (folder / LOG).unlink()
    (folder / HEAD).unlink()
    for number in range(5):
        append(folder, accepted(9 - number), NOON)
    write_head(folder, Head(5, "1" * 64))


DAMAGES = {
    "cut": (cut, "has 3 lines; submissions.head counted 5, so the last ones are lost", 3),
    "within a line": (cut_within_a_line, "line 5", 4),
    "emptied": (emptied, "has 0 lines; submissions.head counted 5", 0),
    "deleted": (deleted, "has 0 lines; submissions.head counted 5", 0),
    "without its head": (lambda folder: (folder / HEAD).unlink(), "has 5 lines, but no submissions.head", 5),
    "another": (another, "line 5 is not the one that submissions.head counted", 5),
    "a head that was cut": (lambda folder: (folder / HEAD).write_text('{"lines": '), "is not JSON", 5),
    "a head that is none": (lambda folder: (folder / HEAD).write_text("{}"), "is not a head", 5),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_log_admits_nothing_until_it_is_repaired(
    name: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Limits start anew in the open, or not at all."""
    damage, words, left = DAMAGES[name]
    damage(log)
    before = {path.name: path.read_bytes() for path in log.iterdir() if path.name != ".lock"}
    for work in (lambda: read_log(log), lambda: admit(log, accepted(7), Limits(), NOON + timedelta(days=1))):
        with pytest.raises(Exception, match=words) as caught:
            work()
        assert f"'mriprivacy repair record={log}'" in str(caught.value)
    assert {path.name: path.read_bytes() for path in log.iterdir() if path.name != ".lock"} == before
    assert main(["repair", f"record={log}"]) == 0
    assert f"line {left + 1} says from now on: " in capsys.readouterr().out
    events = read_log(log)
    assert (len(events), events[-1].event) == (left + 1, "repaired")
    assert words.removeprefix("is ") in events[-1].note
    if name in ("cut", "emptied", "deleted", "another"):
        assert "SHA-256 of the last line counted: " in events[-1].note
    assert main(["repair", f"record={log}"]) == 0
    assert "nothing to repair" in capsys.readouterr().out
    assert read_log(log) == events


def test_lines_that_do_not_follow_are_kept_elsewhere(log: Path) -> None:
    spoilt = lines(log)
    spoilt[2] = spoilt[2].replace(b'"team": "team"', b'"team": "meat"')
    (log / LOG).write_bytes(b"".join(spoilt))
    line = repair(log)
    assert line is not None
    assert "line 4 does not follow from line 3" in line.note
    (kept,) = log.glob("broken-*.jsonl")
    assert kept.read_bytes() == b"".join(spoilt)
    assert kept.name in line.note
    assert len(read_log(log)) == 4


def test_a_line_from_the_future_is_marked_and_does_not_block(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(log, accepted(6), datetime(2036, 1, 1, tzinfo=UTC))
    now = NOON + timedelta(days=1)
    with pytest.raises(RecordError, match=r"last line is of 2036-01-01.*mriprivacy repair record="):
        admit(log, accepted(7), Limits(), now)
    before = read_log(log)
    line = repair(log, now)
    assert line is not None
    assert line.note == "the clock was ahead: the line before is of 2036-01-01T00:00:00Z"
    assert read_log(log) == (*before, line)
    assert admit(log, accepted(7), Limits(0, 0), now).number == 8
    with pytest.raises(RecordError, match="7 submissions were accepted in all"):
        admit(log, accepted(8), Limits(0, 7), now)


def test_only_a_repair_may_be_earlier_than_the_line_before(log: Path) -> None:
    """An earlier line that was written into a log is found, head or not."""
    events = read_log(log)
    early = Event("accepted", "synth/1", number=6, time="2026-03-01T00:00:00Z", previous=head(events))
    with (log / LOG).open("ab") as stream:
        stream.write(early.line())
    with pytest.raises(RecordError, match="line 6 is earlier than line 5"):
        read_log(log)


def test_a_log_that_a_killed_process_did_not_count_is_whole(log: Path) -> None:
    known = read_head(log)
    append(log, accepted(6), NOON + timedelta(days=1))
    write_head(log, known)
    assert len(read_log(log)) == 6
    append(log, accepted(7), NOON + timedelta(days=1))
    assert read_head(log).lines == 7


def test_lines_of_older_kits_are_read_as_they_are(log: Path) -> None:
    """They have no entry and no note; neither has a new one that does not need them."""
    later = (b'"entry"', b'"note"', b'"bits"')
    assert not [line for line in lines(log) if any(name in line for name in later)]
    append(log, Event("evaluated", "synth/1", entry="ab" * 32), NOON + timedelta(days=1))
    assert lines(log)[-1].endswith(b'"entry": "' + b"ab" * 32 + b'"}\n')
    assert read_log(log)[-1].entry == "ab" * 32


def test_a_log_that_is_gone_is_missed_by_the_entries_it_received(
    tiny_edition: Edition, tiny_edition_folder: Path, attack: Path, tmp_path: Path, capsys
) -> None:
    words = [f"edition={tiny_edition_folder}", f"submission={attack}", f"output={tmp_path / 'entries'}"]
    words += [f"record={tmp_path / 'record'}", f"cache={tmp_path / 'cache'}", "limits.open_key=true"]
    assert main(["evaluate", *words]) == 0
    assert "holds no log; a new one begins here, and the limits of all teams" in capsys.readouterr().out
    for path in (tmp_path / "record").glob("submissions.*"):
        path.unlink()
    assert main(["evaluate", *words]) == 2
    printed = capsys.readouterr().err
    assert "was received on" in printed
    assert "mriprivacy repair record=" in printed
    assert main(["repair", f"record={tmp_path / 'record'}"]) == 0
    assert main(["evaluate", *words]) == 0
    assert [event.event for event in read_log(tmp_path / "record")] == ["repaired", "accepted", "evaluated"]


def test_there_is_nothing_to_repair_where_no_folder_is(tmp_path: Path, capsys) -> None:
    assert main(["repair", f"record={tmp_path / 'none'}"]) == 2
    assert "no such folder; expected the record= of evaluate" in capsys.readouterr().err
