"""The log, ended before each step that changes a disk: nothing lost, and the next command goes on."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mriprivacy.challenge.submission_log.log import Event, Limits, admit, append, locked, read_log
from mriprivacy.challenge.submission_log.lost_lines import repair
from tests.helpers.interruptions import cut_power, end_before

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def accepted(digits: str) -> Event:
    return Event("accepted", "synth/1", "attack", "team", "s", digits.zfill(64))


def refuse(folder: Path) -> object:
    with locked(folder):
        return append(folder, Event("refused", "synth/1", team="team"), LATER)


def let_in(folder: Path) -> object:
    return admit(folder, accepted("ab"), Limits(0, 0), LATER)


def mark(folder: Path) -> object:
    return repair(folder, NOON - timedelta(days=1))


@pytest.mark.long
@pytest.mark.parametrize("how", ["kill", "power", "error"])
@pytest.mark.parametrize("lines", [0, 3])
@pytest.mark.parametrize("work", [refuse, let_in, mark])
def test_ended_before_every_step(
    work: Callable[[Path], object], lines: int, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # what it is for is played by `cut_power`
    begin = tmp_path / "begin"
    begin.mkdir()
    for number in range(lines):
        append(begin, accepted(f"{number}"), NOON)
    old = read_log(begin)
    step, log = 0, tmp_path / "steps"
    while not step or len(log.read_text().splitlines()) >= step:
        step += 1
        folder = Path(shutil.copytree(begin, tmp_path / "record"))
        before = {path.stat().st_ino for path in folder.rglob("*")}

        def ended(folder: Path = folder) -> int:
            try:
                work(folder)
            except OSError:
                return 2
            return 0

        status = end_before(step, "error" if how == "error" else "kill", folder, log, ended)
        assert status in (None, 0, 2)
        if how == "power" and status is None:
            cut_power(folder, before, log)
        there = read_log(folder)  # no line is lost, none is half there, nothing asks for a repair
        assert there[: len(old)] == old
        assert len(there) - len(old) in (0, 1)
        assert status != 0 or len(there) == len(old) + 1
        if work is let_in:
            assert let_in(folder) == read_log(folder)[-1]
            assert len(read_log(folder)) == len(old) + 1  # admitted once, however often it was begun
        elif work is mark:
            mark(folder)
            written = [e.event for e in read_log(folder)[len(old) :]]
            assert written == ["repaired"] or (not lines and not written)  # nothing is left to mark then
        else:
            refuse(folder)
            assert len(read_log(folder)) == len(there) + 1
        shutil.rmtree(folder)
        for replaced in tmp_path.glob("steps.*"):
            replaced.unlink()
    assert step > 5
