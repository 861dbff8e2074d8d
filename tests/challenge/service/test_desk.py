"""What an evaluation that cannot be kept leaves: the submission waits, behind all others."""

import errno
from pathlib import Path
from typing import Any

import pytest

from mriprivacy.challenge.service.desk import Desk
from mriprivacy.challenge.service.spool import Answer, Item, receive
from mriprivacy.challenge.submission_log.log import Limits


def sent(spool: Path) -> Item:
    return receive(spool, bytes(32), "codabench", "attack", 3, lambda most: b"zip")[0]


def desk(folder: Path) -> Desk:
    context: Any = None  # the evaluation itself is replaced
    return Desk(context, folder / "record", folder / "entries", Limits(), 1.0)


@pytest.mark.parametrize("where", ["evaluation", "answer"])
def test_on_a_full_disk_it_waits(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = sent(tmp_path)
    full, done = OSError(errno.ENOSPC, "No space left on device"), Answer("evaluated", ("A line.",))

    def fails(*_: object) -> Answer:
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "_evaluated", fails if where == "evaluation" else lambda *_: done)
        if where == "answer":
            patch.setattr(Item, "close", fails)
        for _ in range(3):
            assert not desk(tmp_path).answer(item)
    assert item.answer() is None
    assert item.attempts() == 3  # so it comes behind all others, and not for ever
    monkeypatch.setattr(Desk, "_evaluated", lambda *_: done)
    assert desk(tmp_path).answer(item)
    assert item.answer() == done


def test_another_fault_of_the_disk_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Answer:
        raise OSError(errno.EIO, "a secret path")

    monkeypatch.setattr(Desk, "_evaluated", fails)
    item = sent(tmp_path)
    assert desk(tmp_path).answer(item)
    told = item.answer()
    assert told is not None
    assert (told.state, "secret" in told.lines[0]) == ("failed", False)


def test_what_was_removed_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item = sent(tmp_path)
    item.archive.unlink()
    assert desk(tmp_path).answer(item)
    assert item.answer() is None
    assert "is gone" in capsys.readouterr().err
