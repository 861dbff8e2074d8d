"""Submissions on the disk, in the order in which they came, whatever a kill or a power cut left."""

from pathlib import Path

import pytest

from mriprivacy.challenge.service.spool import ATTEMPTS, MANY, Answer, Item, receive, waiting

TOKEN = "00" * 32


def sent(spool: Path, body: bytes) -> tuple[Item, bool]:
    return receive(spool, TOKEN, "codabench", "attack", len(body), lambda most: body)


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
    item.close(Answer(state, ("A line.",), None))
    assert item.archive.exists() is stays
    again, new = sent(tmp_path, b"zip")
    assert (again.folder, new) == (item.folder, False)
    answer = again.answer()
    assert answer is not None
    assert answer.state == state
