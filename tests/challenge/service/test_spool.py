"""Submissions on the disk, in the order in which they came, whatever a kill or a power cut left."""

import shutil
from pathlib import Path

import pytest

from mriprivacy.challenge.service.spool import (
    ABOUT,
    ANSWER,
    ATTEMPTS,
    MANY,
    Answer,
    Item,
    find,
    receive,
    ticket_of,
    ticket_secret,
    waiting,
)
from mriprivacy.scoring.errors import UserError

SECRET = bytes(32)


def sent(spool: Path, body: bytes) -> tuple[Item, bool]:
    return receive(spool, SECRET, "codabench", "attack", len(body), lambda most: body)


def test_a_later_version_is_evaluated_later_though_the_first_was_begun(tmp_path: Path) -> None:
    """Of two versions of a system the entry of the last to be evaluated stays."""
    (first, _), (second, _) = sent(tmp_path, b"first"), sent(tmp_path, b"second")
    first.attempt()
    assert [item.sha256 for item in waiting(tmp_path)] == [first.sha256, second.sha256]
    for _ in range(MANY):
        first.attempt()
    assert [item.sha256 for item in waiting(tmp_path)] == [second.sha256, first.sha256]


@pytest.mark.parametrize("left", ["", "\x00\x00", "x"])
def test_what_a_power_cut_left_of_a_count_stops_no_start(left: str, tmp_path: Path) -> None:
    item, _ = sent(tmp_path, b"zip")
    (item.folder / ATTEMPTS).write_text(left)
    assert [one.attempts() for one in waiting(tmp_path)] == [0]


@pytest.mark.parametrize(("state", "stays"), [("evaluated", False), ("refused", False), ("failed", True)])
def test_a_zip_stays_while_it_may_be_needed(state: str, stays: bool, tmp_path: Path) -> None:
    item, new = sent(tmp_path, b"zip")
    assert new
    item.close(Answer(state, ("A line.",)))
    assert item.archive.exists() is stays
    again, new = sent(tmp_path, b"zip")
    assert (again.folder, new) == (item.folder, False)
    answer = again.answer()
    assert answer is not None
    assert answer.state == state


def test_a_kill_between_answer_and_removal_leaves_no_zip(tmp_path: Path) -> None:
    item, _ = sent(tmp_path, b"zip")
    item.keep(Answer("evaluated", ("A line.",)))
    assert item.archive.exists()
    assert waiting(tmp_path) == []
    assert not item.archive.exists()


def test_what_an_organizer_removed_can_be_sent_again(tmp_path: Path) -> None:
    item, _ = sent(tmp_path, b"zip")
    shutil.rmtree(item.folder)
    item.attempt()  # by an evaluation that began before
    again, new = sent(tmp_path, b"zip")
    assert (again.ticket, new) == (item.ticket, True)
    assert again.archive.read_bytes() == b"zip"


def test_tickets_are_known_to_their_service_alone(tmp_path: Path) -> None:
    """The hash of a zip is in the log, which may be published, and the token is in a public bundle."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = ticket_secret(tmp_path / "a"), ticket_secret(tmp_path / "b")
    assert one == ticket_secret(tmp_path / "a")
    assert len({ticket_of(secret, "codabench", "attack", "00" * 32) for secret in (one, other)}) == 2


DAMAGED = {
    "no JSON": "\x00",
    "a list": "[]",
    "nothing in it": "{}",
    "another folder": '{"platform": "p", "track": "attack", "sha256": "x", "arrived": 1, "folder": "/etc"}',
    "other types": '{"platform": 5, "track": [], "sha256": null, "arrived": "x"}',
    "no state of an answer": '{"state": "x", "lines": [], "scores": {}}',
    "lines that are none": '{"state": "failed", "lines": 7, "scores": {}}',
    "scores that are none": '{"state": "failed", "lines": ["x"], "scores": {"auc": "1"}}',
}


@pytest.mark.parametrize("name", [ABOUT, ANSWER])
@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_submission_stops_no_other(
    content: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service did not start again: one file of a spool ended it in a traceback."""
    (damaged, _), (good, _) = sent(tmp_path, b"one"), sent(tmp_path, b"two")
    (damaged.folder / name).write_text(content)
    assert waiting(tmp_path) == [good]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{damaged.folder / name}: ")
    with pytest.raises(UserError, match=damaged.ticket):
        find(tmp_path, damaged.ticket).answer()  # type: ignore[union-attr]
