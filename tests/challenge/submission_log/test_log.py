"""The log of submissions: a chain that shows any change, limits, and the scores that a team sees."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.evaluation.context import Context, Evaluation
from mriprivacy.challenge.intake.description import DESCRIPTION, write_submission_json
from mriprivacy.challenge.submission_log.admission import Turn
from mriprivacy.challenge.submission_log.head import RecordError
from mriprivacy.challenge.submission_log.ladder import (
    Reached,
    best_published,
    improves,
    paired_standard_error,
)
from mriprivacy.challenge.submission_log.log import (
    LOG,
    Event,
    Limits,
    admit,
    append,
    head,
    locked,
    read_log,
)
from mriprivacy.data_prep.formats.manifest import file_sha256
from mriprivacy.data_prep.formats.schema import ATTRIBUTE_COLUMNS, SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.scoring.errors import UserError
from tests.helpers.board_entries import made_up

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def accepted(team: str, digits: str) -> Event:
    return Event("accepted", "synth/1", "attack", team, "s", digits.zfill(64))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    for number in range(5):
        append(tmp_path, accepted(f"team{number}", f"{number:064x}"), NOON + timedelta(seconds=number))
    return tmp_path


def test_a_log_is_read_as_it_was_written(log: Path) -> None:
    events = read_log(log)
    assert [event.number for event in events] == [1, 2, 3, 4, 5]
    assert [event.team for event in events] == [f"team{n}" for n in range(5)]
    assert events[2].time == "2026-03-04T12:00:02Z"
    assert read_log(log, head(events)) == read_log(log, head(events[:2])) == events


@settings(max_examples=40)
@given(position=st.integers(0, 10**6), value=st.integers(0, 255))
def test_any_changed_byte_is_found(
    position: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")
    for number in range(3):
        append(folder, accepted(f"team{number}", f"{number:064x}"), NOON)
    published = head(read_log(folder))
    content = bytearray((folder / LOG).read_bytes())
    if content[position % len(content)] == value:
        return
    content[position % len(content)] = value
    (folder / LOG).write_bytes(content)
    with pytest.raises(UserError):
        read_log(folder, published)


@pytest.mark.parametrize("taken", [[0], [2], [1, 2], [3, 4]])
def test_lines_taken_out_are_found(log: Path, taken: list[int]) -> None:
    published = head(read_log(log))
    lines = (log / LOG).read_bytes().splitlines(keepends=True)
    (log / LOG).write_bytes(b"".join(line for n, line in enumerate(lines) if n not in taken))
    with pytest.raises(UserError, match=r"does not follow|counted 5, so the last ones are lost"):
        read_log(log, published)


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{}\n", b"[]\n", b'{"event": "accepted"}\n', b"\xff\n", b"NaN\n", b'{"a": 1, "a": 2}\n', b"x"],
)
def test_what_is_no_event_is_named(log: Path, line: bytes) -> None:
    with (log / LOG).open("ab") as stream:
        stream.write(line)
    with pytest.raises(UserError, match="line 6"):
        read_log(log)


def test_a_clock_that_goes_back_stops_the_log(log: Path) -> None:
    with pytest.raises(RecordError, match="but the clock says 2026-03-04T11:00:00Z"):
        append(log, accepted("x", "y"), NOON - timedelta(hours=1))
    assert len(read_log(log)) == 5


def test_limits_a_day_and_in_all(tmp_path: Path) -> None:
    limits = Limits(per_day=2, total=3)
    for name in ("a", "b"):
        admit(tmp_path, accepted("team", name), limits, NOON)
    with pytest.raises(
        RecordError, match=r"team Team: 2 submissions were accepted today \(UTC\); the limit is 2"
    ):
        admit(tmp_path, accepted("Team", "c"), limits, NOON)
    admit(tmp_path, accepted("team", "a"), limits, NOON)  # the same bytes again: known
    admit(tmp_path, accepted("other", "c"), limits, NOON)
    admit(tmp_path, accepted("team", "c"), limits, NOON + timedelta(hours=12))
    with pytest.raises(RecordError, match="3 submissions were accepted in all; the limit is 3"):
        admit(tmp_path, accepted("team", "d"), limits, NOON + timedelta(days=3))
    assert [event.event for event in read_log(tmp_path)].count("over limit") == 2
    admit(tmp_path, accepted("team", "d"), Limits(0, 0), NOON + timedelta(days=3))


def many(folder: Path, name: str) -> None:
    for number in range(10):
        with locked(folder):
            append(folder, accepted(name, f"{number}"))


def test_two_may_write_at_once(tmp_path: Path) -> None:
    context = get_context("spawn")
    writers = [context.Process(target=many, args=(tmp_path, name)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(event.team for event in read_log(tmp_path)) == ["a"] * 10 + ["b"] * 10


def test_the_paired_error_is_that_of_the_difference(tiny_edition: Edition, tiny_edition_folder: Path) -> None:
    """Two systems that err alike differ by little, whatever the error of each."""
    sealed = open_sealed(tiny_edition_folder)
    context = Context(tiny_edition, sealed, Protocol(bootstrap=200), Path(), Compute("sequential"))
    trials, probes = tiny_edition.eval.trials, tiny_edition.eval.probes
    noise = np.random.default_rng(3)
    mated = np.array([sealed.trials[trial].mated for trial in trials])
    scores = mated + noise.normal(size=len(trials))
    old, alike = Reached(0.7, scores), Reached(0.7, scores + 1e-9 * noise.normal(size=len(trials)))
    other = Reached(0.7, mated + noise.normal(size=len(trials)))
    assert paired_standard_error("attack", old, old, context) == 0
    assert paired_standard_error("attack", alike, old, context) < 1e-3
    assert paired_standard_error("attack", other, old, context) > 0.01
    right = Reached(1.0, np.ones(len(probes)))
    assert paired_standard_error("attributes", right, right, context) == 0
    assert not improves("attack", old, old, 0.0)


def submission(folder: Path, edition: Edition, system: str, score) -> Path:
    folder = folder / system
    write_submission_json(
        folder,
        edition=edition.name,
        track="attack",
        team="team",
        system=system,
        description="A test.",
        contact="a@b.org",
        licence="MIT",
    )
    rows = [(*trial, repr(float(score(trial)))) for trial in edition.eval.trials]
    write_table(folder / "scores.tsv", SCORE_COLUMNS, rows)
    return folder


def test_a_team_climbs_the_ladder(
    tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command: first, worse, the same again, better; a bad one, one too many, one by somebody else."""
    sealed = open_sealed(tiny_edition_folder)
    noise = np.random.default_rng(1)

    def told(path: Path, *words: str) -> tuple[int, str]:
        words = (
            f"edition={tiny_edition_folder}",
            f"submission={path}",
            f"output={tmp_path / 'entries'}",
            f"record={tmp_path / 'record'}",
            f"cache={tmp_path / 'cache'}",
            "limits.per_day=3",
            "limits.open_key=true",
            *words,
        )
        status = main(["evaluate", *words])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    chance = submission(tmp_path, tiny_edition, "chance", lambda _: noise.normal())
    status, first = told(chance)
    assert status == 0
    assert "to tell team team: evaluated; score 0." in first
    begins, opened, first = first.split("\n", 2)
    assert opened.startswith("limits.open_key=true: no information budget holds")
    assert begins.startswith(f"{tmp_path / 'record'}: holds no log; a new one begins here")
    assert told(chance) == (status, f"{opened}\n{first}")
    worse = submission(tmp_path, tiny_edition, "worse", lambda trial: -sealed.trials[trial].mated)
    assert "no improvement beyond its standard error" in told(worse)[1]
    oracle = submission(tmp_path, tiny_edition, "oracle", lambda trial: sealed.trials[trial].mated)
    assert "score 1.0" in told(oracle)[1]
    (worse / "scores.tsv").write_text("")
    assert told(worse, "team=team")[0] == 2
    assert (
        told(oracle, "team=others")[1]
        == f"{opened}\nmriprivacy: submission.json: team is team; it was sent by another\n"
    )
    assert "no such folder or zip" in told(tmp_path / "nowhere", "team=team")[1]
    more = submission(tmp_path, tiny_edition, "more", lambda _: 0)
    assert (
        told(more)[1]
        == f"{opened}\nmriprivacy: team team: 3 submissions were accepted today (UTC); the limit is 3\n"
    )
    events = read_log(tmp_path / "record")
    assert [event.event for event in events] == [
        "accepted", "evaluated", "accepted", "evaluated", "accepted", "evaluated",
        "refused", "refused", "over limit",
    ]  # fmt: skip
    assert [event.score for event in events if event.event == "evaluated"][1:] == [None, 1.0]
    assert [event.team for event in events][6:] == ["team", "others", "team"]
    assert [event.system for event in events][6:] == ["worse", "oracle", "more"]
    assert (tmp_path / "record" / "scores").stat().st_mode & 0o077 == 0
    line = json.loads((tmp_path / "record" / LOG).read_text().splitlines()[1])
    assert line["score"] in (0.5, 0.6, 0.7, 0.8, 0.9)
    assert [event.bits for event in events if event.event == "accepted"] == [2.8074] * 3  # log2 7


def test_the_log_is_verified_by_the_command(
    log: Path, tiny_edition_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = read_log(log)
    words = ["verify", f"edition={tiny_edition_folder}"]
    assert main([*words, f"record={log}"]) == 0
    assert f"a whole chain of 5 events; publish its head {head(events)}" in capsys.readouterr().out
    assert main([*words, f"record={log}", f"head={head(events[:3])}"]) == 0
    assert f"nothing up to the line with the hash {head(events[:3])} was changed" in capsys.readouterr().out
    for wrong, line in (
        ([f"record={log}", f"head={'1' * 64}"], "submissions.jsonl: no line has the hash 1111"),
        ([f"record={log}", "head=1ae8"], "head is '1ae8'; expected the 64 digits"),
        ([f"head={head(events)}"], "say which log with record=FOLDER"),
        ([f"record={log / 'none'}"], "no submissions.jsonl here"),
    ):
        assert main([*words, *wrong]) == 2
        assert line in capsys.readouterr().err


def test_attributes_climb_too(tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path) -> None:
    sealed = open_sealed(tiny_edition_folder)
    folder = submission(tmp_path, tiny_edition, "truth", lambda _: 0)
    about = json.loads((folder / "submission.json").read_text())
    (folder / "submission.json").write_text(json.dumps(about | {"track": "attributes"}))
    (folder / "scores.tsv").unlink()
    rows = [(probe, *sealed.attributes[probe]) for probe in tiny_edition.eval.probes]
    write_table(folder / "attributes.tsv", ATTRIBUTE_COLUMNS, rows)
    words = [f"edition={tiny_edition_folder}", f"submission={folder}", f"output={tmp_path / 'entries'}"]
    words += ["limits.open_key=true"]
    assert main(["evaluate", *words, f"record={tmp_path / 'record'}", f"cache={tmp_path}"]) == 0
    event = read_log(tmp_path / "record")[-1]
    assert event.score == 1.0
    assert read_entries(tmp_path / "entries")[0].received == event.time[:10]


def test_a_refused_one_can_be_told_again(
    tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    """By its contents, and by what it says of itself, as far as that is well formed."""
    record, folder = tmp_path / "record", submission(tmp_path, tiny_edition, "broken", lambda _: "nan")
    words = [f"edition={tiny_edition_folder}", f"output={tmp_path / 'entries'}", f"record={record}"]
    words += [f"cache={tmp_path}", "limits.open_key=true"]

    def refused(path: Path) -> Event:
        assert main(["evaluate", *words, f"submission={path}"]) == 2
        return read_log(record)[-1]

    first = refused(folder)
    assert (first.event, first.team, first.track, first.system) == ("refused", "team", "attack", "broken")
    assert refused(folder).submission == first.submission
    packed = refused(Path(shutil.make_archive(str(tmp_path / "zipped"), "zip", folder)))
    assert (packed.team, packed.system, packed.submission) == ("team", "broken", "n/a")
    assert packed.archive == file_sha256(tmp_path / "zipped.zip")
    (folder / "pipe").symlink_to("/dev/zero")
    assert refused(folder).submission == first.submission
    about = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps(about | {"team": "../x", "track": ["attack"]}))
    last = refused(folder)
    assert (last.team, last.track, last.system) == ("n/a", "n/a", "broken")
    assert last.submission != first.submission
    (folder / DESCRIPTION).unlink()
    assert refused(folder).system == "n/a"


def test_an_evaluation_that_ends_in_an_error_is_logged(
    tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = submission(tmp_path, tiny_edition, "unlucky", lambda _: 0)
    words = [f"edition={tiny_edition_folder}", f"submission={folder}", f"output={tmp_path / 'entries'}"]
    words += [f"record={tmp_path / 'record'}", f"cache={tmp_path}", "limits.open_key=true"]

    def fail(*_: object) -> None:
        raise UserError("cannot")

    with monkeypatch.context() as patch:
        patch.setattr("mriprivacy.challenge.commands.evaluate.evaluate", fail)
        assert main(["evaluate", *words]) == 2
    assert main(["evaluate", *words]) == 0
    events = read_log(tmp_path / "record")
    assert [event.event for event in events] == ["accepted", "failed", "evaluated"]
    assert len({event.submission for event in events}) == 1


@pytest.mark.parametrize(("passed", "rates"), [(0, True), (9, True), (10, False)])
def test_who_is_not_ranked_is_told_no_score(
    tiny_edition: Edition, tmp_path: Path, passed: int, rates: bool
) -> None:
    """A system that fails the gate, or without an attacker that counts, would get scores for nothing."""
    entry = made_up(0)
    results = tuple(replace(result, rates=rates) for result in entry.results)
    gate = replace(entry.gate, passed=passed, scans=10)
    entry = replace(entry, edition=tiny_edition.name, gate=gate, results=results)
    turn = Turn(tmp_path / "record", tiny_edition, tmp_path, Limits())
    for _ in range(2):
        told = turn.close(Evaluation(entry), Mock(), Mock())
        assert told.score is told.best is None
        assert "evaluated; no score, since" in told.line
        assert ("gate" in told.line) == rates
    (event,) = read_log(tmp_path / "record")
    assert (event.event, event.score) == ("evaluated", None)
    assert not (tmp_path / "record" / "scores").exists()


def test_a_team_is_held_to_the_score_it_was_told_last() -> None:
    """Not to its first, nor to another team's, edition's or track's, nor to an attempt without a score."""
    mine = {"event": "evaluated", "edition": "synth/1", "track": "attack", "team": "Anna"}
    events = [
        Event(**mine, submission="first", score=0.6),
        Event(**mine, submission="second", score=0.7),
        Event(**mine, submission="no better"),
        Event(**(mine | {"team": "berta"}), submission="hers", score=0.9),
        Event(**(mine | {"edition": "synth/2"}), submission="elsewhere", score=0.9),
        Event(**(mine | {"track": "defacing"}), submission="otherwise", score=0.9),
    ]
    assert best_published(events, "synth/1", "attack", "anna") == events[1]
    assert best_published(events[:1], "synth/1", "attack", "anna") == events[0]
    assert best_published(events, "synth/1", "attributes", "anna") is None
