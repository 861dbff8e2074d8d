"""Names of teams: reserved ones need the organizer's word, and names that look alike are one team."""

import json
import shutil
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry.entry_file import examine_entries, write_entry
from mriprivacy.challenge.intake.sender import (
    SenderError,
    check_name,
    check_sender,
    name_problem,
    teams_of_entries,
)
from mriprivacy.challenge.intake.submission import SubmissionError, check_submission, received
from mriprivacy.challenge.submission_log.head import RecordError
from mriprivacy.challenge.submission_log.log import Event, Limits, admit, read_log
from mriprivacy.challenge.submission_log.tokens import TEAMS, holder_of, new_token, read_hashes
from mriprivacy.data_prep.formats.fields import RESERVED_TEAMS, alike, is_reserved
from tests.helpers.board_entries import made_up
from tests.helpers.scoring_service import add_token
from tests.helpers.spoiled_entries import renamed


@pytest.mark.parametrize("other", ["anna", "ANNA", "An-na", "an.na", "an_na"])
def test_names_that_look_alike(other: str) -> None:
    assert alike("Anna", other)
    assert not alike("Anna", other + "b")


@pytest.mark.parametrize(
    ("one", "other"), [("team1", "teaml"), ("O2", "02"), ("modern", "modem"), ("vv", "w")]
)
def test_letters_that_look_alike(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(
    "name", [*RESERVED_TEAMS, "Reference", "REFERENCE", "ref-erence", "0fficial", "base_line"]
)
def test_reserved_names(name: str) -> None:
    assert is_reserved(name)


def renamed_to(team: str, submission: Path, folder: Path) -> Path:
    copy = Path(shutil.copytree(submission, folder / f"by_{team}"))
    about = json.loads((copy / "submission.json").read_text())
    (copy / "submission.json").write_text(json.dumps(about | {"team": team}))
    return copy


@pytest.mark.parametrize("log", [True, False])
def test_only_the_organizer_says_who_the_reference_is(
    log: bool, tiny_edition_folder: Path, attack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A zip comes from outside; so does whatever is logged."""
    words = [
        f"edition={tiny_edition_folder}",
        f"output={tmp_path / 'entries'}",
        f"cache={tmp_path / 'cache'}",
    ]
    words += [f"record={tmp_path / 'record'}", "limits.open_key=true"] if log else []
    folder = renamed_to("Reference", attack, tmp_path)
    packed = Path(shutil.make_archive(str(tmp_path / "zipped"), "zip", folder))
    assert main(["evaluate", *words, f"submission={packed}"]) == 2
    line = "submission.json: team is Reference, a name for the kit's own systems; if you made it, give team="
    assert line in capsys.readouterr().err
    assert not (tmp_path / "entries").exists()
    assert main(["evaluate", *words, f"submission={folder}"]) == (2 if log else 0)
    assert main(["evaluate", *words, f"submission={packed}", "team=Reference"]) == 0
    if log:
        events = [event.event for event in read_log(tmp_path / "record")]
        assert events == ["refused", "refused", "accepted", "evaluated"]


@pytest.mark.parametrize("log", [True, False])
def test_two_spellings_are_not_two_teams(
    log: bool, tiny_edition_folder: Path, attack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"edition={tiny_edition_folder}", f"cache={tmp_path / 'cache'}", "limits.open_key=true"]
    words += (
        [f"record={tmp_path / 'record'}", f"output={tmp_path / 'a'}"] if log else [f"output={tmp_path / 'a'}"]
    )
    assert main(["evaluate", *words, f"submission={renamed_to('Anna', attack, tmp_path)}"]) == 0
    if log:  # what the log knows need not lie among the entries
        words[-1] = f"output={tmp_path / 'elsewhere'}"
    capsys.readouterr()
    assert main(["evaluate", *words, f"submission={renamed_to('an-na', attack, tmp_path)}"]) == 2
    assert "team is an-na; 'Anna' was here before and looks the same" in capsys.readouterr().err


def test_limits_count_all_spellings(tmp_path: Path) -> None:
    for number, team in enumerate(("Anna", "anna", "An_na")):
        event = Event("accepted", "synth/1", "attack", team, "s", f"{number:064x}")
        if number < 2:
            admit(tmp_path, event, Limits(2, 20))
            continue
        with pytest.raises(RecordError, match="the limit is 2"):
            admit(tmp_path, event, Limits(2, 20))


def test_a_board_has_one_spelling_of_a_team(tmp_path: Path) -> None:
    for number, team in enumerate(("Anna", "Bert", "anna")):
        write_entry(tmp_path, renamed(made_up(number), team=team))
    examined = examine_entries(tmp_path)
    assert [entry.team for entry in examined.entries] == ["Anna", "Bert"]
    (problem,) = examined.problems
    assert "team is anna, which looks like Anna of synth-1/Anna__defacing-system-000.json" in problem


def test_a_team_that_has_a_token_is_not_borrowed(
    tiny_edition_folder: Path, attack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once a team has one, everybody needs one, unless the organizer says who sent it."""
    record, entries = tmp_path / "record", tmp_path / "entries"
    words = [f"edition={tiny_edition_folder}", f"cache={tmp_path / 'cache'}", "limits.open_key=true"]
    words += [f"record={record}", f"output={entries}"]
    assert main(["serve-scores", f"edition={tiny_edition_folder}", f"record={record}", "new_team=team"]) == 0
    token = capsys.readouterr().out.strip()
    assert main(["evaluate", *words, f"submission={attack}"]) == 2
    assert "submission.json: team_token is not that of team team" in capsys.readouterr().err
    assert not read_log(record)
    add_token(attack, token)
    stranger = renamed_to("another", attack, tmp_path)
    assert main(["evaluate", *words, f"submission={stranger}"]) == 2
    assert main(["evaluate", *words, f"submission={attack}"]) == 0
    assert main(["evaluate", *words, f"submission={stranger}", "team=another"]) == 0
    told = "".join(capsys.readouterr()).encode()
    kept = [path.read_bytes() for top in (record, entries) for path in top.rglob("*") if path.is_file()]
    assert token.encode() not in told + b"".join(kept)


@pytest.mark.parametrize("name", ["Team", "reference", "", "a b"])
def test_a_token_for_a_name_that_is_none(name: str, tiny_edition_folder: Path, tmp_path: Path) -> None:
    new_token(tmp_path / TEAMS, "team")
    words = ["serve-scores", f"edition={tiny_edition_folder}", f"record={tmp_path}"]
    assert main([*words, f"new_team={name}"]) == 2
    assert list(read_hashes(tmp_path / TEAMS)) == ["team"]


@pytest.mark.parametrize("token", ["short", "x" * 101, "with a space and more of it", "é" * 30])
def test_what_is_no_token_is_not_repeated(
    token: str, attack: Path, tiny_edition_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_token(attack, token)
    assert main(["check", f"edition={tiny_edition_folder}", f"submission={attack}"]) == 2
    told = capsys.readouterr().err
    assert "team_token is none; expected the one that the organizers gave your team" in told
    assert token not in told


@pytest.mark.parametrize("layout", [{"indent": 2}, {"separators": (",", ":")}, {"indent": 4}])
def test_a_token_changes_no_digest(layout: dict, attack: Path, tiny_edition: Edition) -> None:
    """Who publishes a folder takes the token out; the digest in the entry still is that of the folder."""
    path = attack / "submission.json"
    with received(attack, tiny_edition) as submission:
        before = submission.sha256
    path.write_bytes(json.dumps(json.loads(path.read_text()), **layout).replace("\n", "\r\n").encode())
    with received(attack, tiny_edition) as submission:
        assert submission.sha256 == before
    add_token(attack, "x" * 43)
    with received(attack, tiny_edition) as submission:
        assert submission.sha256 == before


def test_many_teams_have_tokens(tmp_path: Path) -> None:
    names = {f"a-team-of-a-rather-long-name-{number:05d}": "0" * 64 for number in range(5000)}
    (tmp_path / TEAMS).write_text(json.dumps(names))
    token = new_token(tmp_path / TEAMS, "one-more")
    assert holder_of(tmp_path / TEAMS, token) == "one-more"
    assert len(read_hashes(tmp_path / TEAMS)) == 5001


def test_a_spelling_of_a_known_team_gets_no_token(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    admit(tmp_path, Event("accepted", "tiny/2026.1", "attack", "Anna", "s", "0" * 64), Limits(2, 20))
    words = ["serve-scores", f"edition={tiny_edition_folder}", f"record={tmp_path}"]
    assert main([*words, f"output={tmp_path / 'entries'}", "new_team=anna"]) == 2
    assert "'Anna' was here before and looks the same" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("team", "sender", "others", "outside", "problem"),
    [
        ("anna", "", [], True, None),
        ("anna", "", ["anna", "bert"], True, None),
        ("anna", "anna", ["bert"], True, None),
        ("anna", "bert", [], False, "team is anna; it was sent by another"),
        ("anna", "Anna", [], False, "team is anna; it was sent by another"),
        ("anna", "anna", ["an-na"], False, "team is anna; 'an-na' was here before and looks the same: "),
        ("anna", "", ["anna", "bert", "Anna", "ANNA"], False, "team is anna; 'ANNA' was here before"),
        ("reference", "", [], False, None),
        ("reference", "reference", [], True, None),
        ("reference", "", ["anna"], True, "team is reference, a name for the kit's own systems; if you made"),
        ("reference", "anna", [], True, "team is reference; it was sent by another"),
    ],
)
def test_what_is_wrong_with_a_name(
    team: str, sender: str, others: list[str], outside: bool, problem: str | None
) -> None:
    found = name_problem(team, sender, others, outside)
    assert (found is None) == (problem is None)
    assert found is None or found.startswith(str(problem))


def test_a_name_that_is_refused_is_claimed(attack: Path, tiny_edition: Edition) -> None:
    submission = check_submission(attack, tiny_edition)
    check_name(submission, "team", ["another"], True)
    with pytest.raises(SubmissionError) as error:
        check_name(submission, "another", [], True)
    assert error.value.problems == ("submission.json: team is team; it was sent by another",)
    assert error.value.claimed == {"track": "attack", "team": "team", "system": "system-1.0"}


@pytest.mark.parametrize("zipped", [False, True])
def test_a_token_is_the_teams_and_may_come_later(
    zipped: bool, attack: Path, tiny_edition: Edition, tmp_path: Path
) -> None:
    """What is wrong with the scores is not looked at; what is wrong with a description stays so."""
    asked: list[str] = []

    def path() -> Path:
        return Path(shutil.make_archive(str(tmp_path / "x"), "zip", attack)) if zipped else attack

    def holder(token: str) -> str | None:
        asked.append(token)
        return {"x" * 43: "team", "y" * 43: "another"}.get(token)

    def refused(track: str = "") -> SenderError:
        with pytest.raises(SenderError) as error:
            check_sender(path(), tiny_edition, track, holder)
        return error.value

    (attack / "scores.tsv").write_text("none")
    unknown = (
        "submission.json: team_token is not that of team team; expected the one that the organizers gave it",
    )
    assert (refused().problems, refused().again, asked) == (unknown, True, ["", ""])
    add_token(attack, "y" * 43)
    assert (refused().problems, refused().again) == (unknown, True)
    add_token(attack, "x" * 43)
    for track in ("", "attack"):
        check_sender(path(), tiny_edition, track, holder)
    asked.clear()
    other = refused("defacing")
    assert other.problems == ("submission.json: track is attack; this phase is for defacing",)
    (attack / "submission.json").write_text((attack / "submission.json").read_text().replace("MIT", "?"))
    wrong = refused()
    assert wrong.problems[0].startswith("submission.json: licence is '?'; expected an SPDX name")
    (attack / "submission.json").unlink()
    missing = refused()
    assert missing.problems[0].startswith("submission.json: no such file")
    assert {other.again, wrong.again, missing.again} == {False}
    assert asked == []


def test_teams_are_known_by_the_names_of_their_entries(tmp_path: Path) -> None:
    for name in ("a__attack-x-001.json", "b-c__x__y.json", ".d__x.json", "e_x.json", "f__x.txt"):
        (tmp_path / "tiny-2026.1").mkdir(exist_ok=True)
        (tmp_path / "tiny-2026.1" / name).touch()
    (tmp_path / "g__x.json").touch()
    assert teams_of_entries(tmp_path, "tiny/2026.1") == {"a", "b-c"}
    assert teams_of_entries(tmp_path, "tiny/2026.2") == set()
