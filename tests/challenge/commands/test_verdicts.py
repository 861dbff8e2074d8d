"""What `evaluate`, `check` and `rank` print: a verdict, everything, nothing else, or JSON."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands import demo, evaluate
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry_file import read_entries, write_entry
from mriprivacy.challenge.settings.printing import Printing, verdict_only
from mriprivacy.challenge.submission_log.budget import OPEN_KEY
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers.board_entries import made_up

ROOT = Path(__file__).parents[3]
ENTRIES = ROOT / "entries"
# How many defacers share the first ranks of the committed board, and which stands first.
_FIRST = re.search(r"^1-(\d+) +(\S+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
assert _FIRST
RANKED, BEST = int(_FIRST[1]), _FIRST[2]


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    return capsys.readouterr().out.removeprefix(f"{OPEN_KEY}\n")


@pytest.fixture
def evaluating(tiny_edition_folder: Path, attack: Path, tmp_path: Path) -> list[str]:
    words = [f"edition={tiny_edition_folder}", f"submission={attack}", f"output={tmp_path / 'entries'}"]
    return [
        "evaluate",
        *words,
        f"cache={tmp_path}",
        f"record={tmp_path / 'record'}",
        "limits.per_day=9",
        "limits.open_key=true",
    ]


def test_evaluate_ends_with_a_verdict(
    evaluating: Sequence[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(capsys, *evaluating)  # begins a log, of which it prints a line
    out = printed(capsys, *evaluating).splitlines()
    assert out[0] == "team/system-1.0, track attack, edition tiny/2026.1"
    assert any(one.startswith("people linked ") for one in out)
    assert any(one.startswith("rank ") and "1 of 1" in one for one in out)
    (path,) = (tmp_path / "entries").rglob("*.json")
    assert out[-2] == f"entry: {path}"
    assert out[-1].startswith("to tell team team: ")
    assert len(out) <= 16  # the verdict, and the line for the log
    quiet = printed(capsys, *evaluating, "quiet=true").splitlines()
    assert quiet == out[:-1]
    assert len(quiet) <= 15
    whole = printed(capsys, *evaluating, "verbose=true")
    assert whole.startswith("\n".join(quiet))
    (entry,) = read_entries(tmp_path / "entries")
    assert all(f"note: {note}\n" in whole for note in entry.warnings)
    assert "system-1.0/submitted: eer " in whole


def test_the_verdict_notes_an_auc_below_chance(
    evaluating: Sequence[str], attack: Path, tiny_edition_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`check` has no key and cannot know that scores are distances."""
    key = open_sealed(tiny_edition_folder).trials
    rows = [(*trial, "0.1" if about.mated else "0.9") for trial, about in key.items()]
    (attack / "scores.tsv").unlink()
    write_table(attack / "scores.tsv", SCORE_COLUMNS, rows)
    checked = printed(capsys, "check", *evaluating[1:3])
    assert "below chance" not in checked
    assert re.search(
        r"^  .*AUC is 0\.00 .*below chance: are the scores d", printed(capsys, *evaluating), re.M
    )


def test_evaluate_for_machines(evaluating: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, *evaluating, "format=json"))
    assert (found["team"], found["system"], found["track"]) == ("team", "system-1.0", "attack")
    assert found["attacker"] == "system-1.0/submitted"
    assert set(found["measured"]) >= {"auc", "rank1"}
    assert json.loads(printed(capsys, *evaluating, "format=json", "quiet=true")) == found


def test_an_entry_of_another_edition_or_none_does_not_stop_evaluate(
    evaluating: Sequence[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_entry(tmp_path / "entries", made_up(0, "attack"))
    (tmp_path / "entries" / "notes.json").write_text("[]")
    assert "1 of 1" in printed(capsys, *evaluating)


def test_check_says_what_is_valid_and_what_is_not_known(
    tiny_edition_folder: Path, attack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", f"edition={tiny_edition_folder / 'public'}", f"submission={attack}"]
    out = printed(capsys, *words).splitlines()
    assert out[0] == "team/system-1.0, track attack, edition tiny/2026.1"
    assert out[2].split()[:2] == ["valid", "yes"]
    assert "not measured" in out[3]
    assert "`mriprivacy rehearse` rates a scores.tsv of dev" in out[3]
    assert out[-2:] == ["notes: none", f"submission: {attack}"]
    assert json.loads(printed(capsys, *words, "format=json"))["valid"] is True
    assert printed(capsys, *words, "quiet=true").splitlines() == out


def test_check_says_that_a_name_of_the_kit_is_no_team_of_a_participant(
    tiny_edition_folder: Path, attack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`deface` writes a baseline as team reference, `check` found it valid, and the organizer refused it."""
    about = attack / "submission.json"
    description = json.loads(about.read_text()) | {"team": "Reference"}
    about.write_text(json.dumps(description))
    words = ["check", f"edition={tiny_edition_folder / 'public'}", f"submission={attack}"]
    out = printed(capsys, *words).splitlines()
    assert out[-3] == "notes: 1"
    assert out[-2] == "  team is Reference, a name for the kit's own systems: give your own before sending"


@pytest.mark.parametrize("command", ["check", "rehearse", "evaluate", "build-defaced"])
def test_a_submission_that_is_not_there_is_named_as_it_was_typed(
    command: str, tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = [] if command in ("check", "rehearse") else [f"output={tmp_path / 'out'}"]
    words = [command, f"edition={tiny_edition_folder}", f"submission={tmp_path / 'mien'}", *output]
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"mriprivacy: {tmp_path / 'mien'}: no such folder or zip; exp")


@pytest.mark.parametrize("key", ["output", "report", "record"])
def test_an_output_that_cannot_be_written_is_refused_before_the_attacks(
    key: str,
    evaluating: Sequence[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluate, "evaluate", lambda *_: pytest.fail("evaluated for nothing"))
    (tmp_path / "file").write_text("")
    kept = [word for word in evaluating if not word.startswith(f"{key}=")]
    assert main([*kept, f"{key}={tmp_path / 'file' / 'below'}"]) == 2
    said = capsys.readouterr().err
    assert said == f"mriprivacy: {tmp_path / 'file'}: is a file; expected a folder to write in\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["attack", "file"]


def test_rank_names_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rank", f"entries={tmp_path / 'nowhere'}", f"output={tmp_path / 'board'}"]) == 2
    assert f"{tmp_path / 'nowhere'}: no such folder; expected one of entries" in capsys.readouterr().err


def test_rank_ends_with_a_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["rank", f"entries={ENTRIES}", f"output={tmp_path}", "site=false"]
    out = printed(capsys, *words).splitlines()
    assert out[0] == f"synth-demo/2026.2, defacing: reference/{BEST} is first of {RANKED}"
    assert [
        one for one in out if re.fullmatch(r"synth-demo/2026.2, attack: reference/\w+ is first of 8", one)
    ]
    assert len(out) <= 15
    assert max(map(len, out)) <= 100
    assert out[-3] == "verbose=true prints every rank and value"
    quiet = printed(capsys, *words, "quiet=true").splitlines()
    assert quiet == out[:-3]
    whole = printed(capsys, *words, "verbose=true")
    assert all(entry.system in whole for entry in read_entries(ENTRIES) if entry.track != "attributes")


def test_rank_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["rank", f"entries={ENTRIES}", f"output={tmp_path}", "site=false", "format=json"]
    boards = {one["track"]: one for one in json.loads(printed(capsys, *words))["boards"]}
    assert boards["defacing"]["metric"] == "partial_auc"
    places = {one["system"]: one for one in boards["defacing"]["places"]}
    assert places["reference/blur"]["lowest_rank"] == 1
    assert places["reference/blur"]["highest_rank"] == RANKED
    assert places["reference/identity"]["not_ranked"].startswith("not defaced: 24 of 24 scans")
    assert len(boards["attack"]["places"]) == 8


@pytest.mark.parametrize("command", ["check edition=e submission=s", "rank entries=e output=o", "demo"])
def test_everything_and_nothing_else_exclude_each_other(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "verbose=true", "quiet=true"]) == 2
    assert "verbose and quiet are both true; expected one" in capsys.readouterr().err


def test_json_stands_alone() -> None:
    assert not verdict_only(Printing())
    assert not verdict_only(object())  # a command without a verdict
    assert verdict_only(Printing(format="json", verbose=True))


@pytest.mark.parametrize("words", [[], ["quiet=true"], ["format=json"], ["verbose=true"]])
def test_the_demo_shows_a_line_a_step_and_its_board(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its steps do nothing here but print: they are tested in test_demo.py, in minutes."""

    def prepared(command: str, overrides: Sequence[str]) -> object:
        return lambda: print(f"{command} prints this")

    monkeypatch.setattr(demo, "prepare_command", prepared)
    monkeypatch.setattr(demo, "read_entries", lambda _: read_entries(ENTRIES))
    monkeypatch.setattr(demo, "open_edition", lambda *_, **__: None)
    monkeypatch.setattr(demo, "verdict", lambda *_: "as published")
    out = printed(capsys, "demo", f"output={tmp_path / 'demo'}", "attacks=[geo]", *words)
    steps = len(demo.plan(demo.DemoSettings(attacks=["geo"])))
    verdict = f"synth-demo/2026.2, defacing: reference/{BEST} is first of {RANKED}"
    if words == ["format=json"]:
        assert json.loads(out)["boards"]
        return
    assert verdict in out
    if words == ["quiet=true"]:
        assert len(out.splitlines()) <= 15
        return
    shown = [one for one in out.splitlines() if one.startswith("[")]
    assert len(shown) == steps
    assert shown[0].split()[:3] == ["[", f"1/{steps}]", "cohort"]
    assert all(len(one) <= 100 and " left" in one for one in shown)
    assert ("cohort prints this" in out) == (words == ["verbose=true"])
    assert ("mriprivacy cohort cohort.subjects=24" in out) == (words == ["verbose=true"])
    assert out.rstrip().endswith("as published")


def test_a_demo_of_other_people_is_not_called_unlike_the_published_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`demo subjects=8` ended with all that differs from an edition which it was not asked to make."""
    monkeypatch.setattr(demo, "prepare_command", lambda *_: lambda: None)
    monkeypatch.setattr(demo, "read_entries", lambda _: read_entries(ENTRIES))
    monkeypatch.setattr(demo, "open_edition", lambda *_, **__: pytest.fail("compared"))
    out = printed(capsys, "demo", f"output={tmp_path / 'demo'}", "attacks=[geo]", "subjects=8")
    assert "(subjects=8). Figures of the two may not be compared." in out.splitlines()[-1]


def test_a_step_that_fails_shows_what_it_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        print("this came before")
        raise ValueError("broken")

    step = demo.Step("deface", (), Path("submissions/blur"), 1.0)
    with pytest.raises(ValueError, match="broken"):
        demo._called(step, fails, verbose=False)
    said = capsys.readouterr()
    assert said.err == "this came before\n"
    assert said.out == ""
