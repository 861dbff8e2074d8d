"""Entries are evidence: what was changed by hand after its evaluation is noticed where the log is at hand."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import entry_digest, file_digest, read_entry, write_entry
from mriprivacy.challenge.evaluation.context import Context, Evaluation
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.submission import check_submission
from mriprivacy.challenge.submission_log.admission import Turn
from mriprivacy.challenge.submission_log.evidence import as_received
from mriprivacy.challenge.submission_log.log import Limits, read_log
from tests.helpers.board_entries import made_up

COMMITTED = Path(__file__).parents[3] / "entries"


def rank(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str, str]:
    status = main(
        ["rank", f"entries={folder / 'entries'}", f"output={folder / 'board'}", "site=false", *words]
    )
    captured = capsys.readouterr()
    return status, captured.out, captured.err, (folder / "board" / "LEADERBOARD.md").read_text("utf-8")


def sent(number: int, description: str = "") -> Entry:
    return replace(made_up(number, description=description), submission_sha256=f"{number:064x}")


@pytest.fixture
def logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three entries, two of which the log knows."""
    monkeypatch.setattr("mriprivacy.challenge.submission_log.admission.sound", lambda entry: False)
    edition = Mock(spec=Edition)
    edition.name = "synth/1"
    for number in (1, 2, 3):
        entry = sent(number)
        write_entry(tmp_path / "entries", entry)
        if number < 3:
            Turn(tmp_path / "record", edition, tmp_path, Limits()).close(Evaluation(entry), Mock(), Mock())
    return tmp_path


def flattered(path: Path) -> None:
    """Every AUC becomes .01, as a hand would do it."""
    content = json.loads(path.read_text("utf-8"))
    for result in content["results"]:
        result["figures"]["auc"] = {"value": 0.01, "low": 0.01, "high": 0.01, "n": 24}
    path.write_text(json.dumps(content))


def test_what_a_hand_changed_is_left_out(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = f"record={logged / 'record'}"
    status, out, err, board = rank(logged, capsys, record)
    assert (status, err) == (0, "")
    third = made_up(3).path
    assert f"2 entries are what submissions.jsonl says was evaluated; it has no digest of 1: {third}" in out
    flattered(logged / "entries" / made_up(1).path)
    status, out, err, board = rank(logged, capsys, record)
    assert status == 2
    (line,) = err.splitlines()
    assert f"{made_up(1).path}: is not what line 1 of submissions.jsonl says was evaluated" in line
    assert made_up(1).system not in board
    assert made_up(2).system in board
    # Without the log it cannot be known; the command says so.
    status, out, err, board = rank(logged, capsys)
    assert (status, err) == (0, "")
    assert "no entry was compared with a log of submissions; record=FOLDER compares them" in out
    assert made_up(1).system in board


def test_an_older_entry_of_a_system_is_noticed_too(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of one submission the log may know several entries, made by other kits; the last is the one."""
    edition = Mock(spec=Edition)
    edition.name = "synth/1"
    old = (logged / "entries" / made_up(1).path).read_bytes()
    newer = sent(1, "by a newer kit")
    Turn(logged / "record", edition, logged, Limits()).close(Evaluation(newer), Mock(), Mock())
    Turn(logged / "record", edition, logged, Limits()).close(Evaluation(newer), Mock(), Mock())
    assert [e.event for e in read_log(logged / "record")] == ["evaluated"] * 2 + ["evaluated again"]
    path = write_entry(logged / "entries", newer)
    assert rank(logged, capsys, f"record={logged / 'record'}")[0] == 0
    path.write_bytes(old)
    assert "is not what line 3 of" in rank(logged, capsys, f"record={logged / 'record'}")[2]


def test_no_log_where_one_was_named_is_an_error(logged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [f"entries={logged / 'entries'}", f"output={logged / 'board'}", f"record={logged / 'none'}"]
    assert main(["rank", *words]) == 2
    assert "no submissions.jsonl here; expected the record= of evaluate" in capsys.readouterr().err
    assert not (logged / "board").exists()


def changed(content: Any, path: Path) -> str:
    path.write_text(json.dumps(content, indent=4))
    return file_digest(path)


@pytest.mark.parametrize("track", ["defacing", "attack", "attributes"])
def test_the_digest_of_an_entry_is_that_of_its_file(track: str, tmp_path: Path) -> None:
    """However it is laid out and how long it took; any other change is seen."""
    entry: Entry = made_up(4, track)
    path = write_entry(tmp_path, entry)
    digest = entry_digest(entry)
    assert file_digest(path) == digest
    content = json.loads(path.read_text("utf-8"))
    other = tmp_path / "other.json"
    assert changed(content, other) == digest
    assert changed(content | {"seconds": {"all": 7.0}}, other) == digest
    assert changed(dict(reversed(content.items())), other) == digest
    for name in content:
        if name != "seconds":
            assert changed(content | {name: "x"}, other) != digest


def test_the_digest_of_a_real_entry_is_that_of_its_file(tmp_path: Path) -> None:
    for path in sorted(COMMITTED.rglob("*.json")):
        copy = Path(shutil.copy(path, tmp_path))
        assert entry_digest(read_entry(path)) == file_digest(write_entry(tmp_path, read_entry(copy)))


def test_a_digest_in_the_log_confirms_no_guess_of_the_key(
    context: Context, attributes: Path, tmp_path: Path
) -> None:
    """Who has the submission and guesses the key can make the whole entry, but for what the nonce says."""
    submission = check_submission(attributes, context.edition)
    told = evaluate(context, submission).entry
    guessed = evaluate(replace(context, cache=tmp_path / "other"), submission).entry
    assert entry_digest(guessed) == entry_digest(told)  # without a salt the right guess is seen
    (tmp_path / "nonce").write_text("0" * 64 + "\n")
    other = replace(context.sealed, root=tmp_path)
    received, again, wrong = (
        as_received(told, "2026-01-02", key) for key in (context.sealed, context.sealed, other)
    )
    assert entry_digest(received) == entry_digest(again)  # an evaluation that is repeated is known
    assert len({entry_digest(received), entry_digest(told), entry_digest(wrong)}) == 3
    assert replace(received, salt="", received="") == told
    assert as_received(told, "", context.sealed) == told
    path = write_entry(tmp_path / "entries", received)
    assert read_entry(path) == received
    assert file_digest(path) == entry_digest(received)  # a holder of the entry can still compare it


def test_evaluate_with_a_log_salts_the_entry(
    tiny_edition_folder: Path, attributes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = [f"output={tmp_path / 'entries'}", f"record={tmp_path / 'record'}", "limits.open_key=true"]
    words = ["evaluate", f"edition={tiny_edition_folder}", f"submission={attributes}", *to]
    for _ in range(2):
        assert main([*words, "compute=sequential"]) == 0
    events = read_log(tmp_path / "record")
    assert [event.event for event in events] == ["accepted", "evaluated"]
    (path,) = (tmp_path / "entries").rglob("*.json")
    assert len(read_entry(path).salt) == 64
    assert file_digest(path) == events[-1].entry
    status, out, _, _ = rank(tmp_path, capsys, f"record={tmp_path / 'record'}")
    assert status == 0
    assert "1 entries are what submissions.jsonl says was evaluated" in out
