"""A bad entry costs itself: it is named in a line, and the board of the others is as if it were not there."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.defaced import Defaced
from mriprivacy.challenge.entry.entry import Entry, EntryError
from mriprivacy.challenge.entry.entry_file import LARGEST, examine_entries, read_entry, write_entry
from mriprivacy.challenge.entry.entry_rules import entry_problems
from mriprivacy.challenge.leaderboard.pages.site import write_site
from mriprivacy.data_prep.formats.atomic import OutsideError
from mriprivacy.scoring import Estimate
from tests.helpers.board_entries import HASH, made_up
from tests.helpers.spoiled_entries import (
    ATTACK,
    COMMITTED,
    DEFACING,
    JSON,
    SMALL,
    Change,
    drop,
    places,
    put,
    renamed,
)

pytestmark = pytest.mark.long


def strange(entry: dict[str, Any]) -> None:
    for result in entry["results"]:
        result["signature"] = re.sub(r" v:[0-9.]+", " v:0.0.9", result["signature"])


def of_itself(entry: dict[str, Any]) -> None:
    entry["draw_of"] = entry["system"].upper()


def no_attacker(entry: dict[str, Any]) -> None:
    entry["results"] = [one for one in entry["results"] if one["level"] == "oracle"]


# What is changed in a real entry of a defacing system, and what the line about it has to say.
MUTATIONS: dict[str, tuple[Change, str]] = {
    "a hash that leads out": (
        put("/../../.", "edition_hash"),
        "edition_hash is '/../../.'; expected 64 digits",
    ),
    "an edition that leads out": (
        put("../../x/1", "edition"),
        "edition is '../../x/1'; expected '<id>/<version>'",
    ),
    "a draw of itself": (of_itself, "draw_of is 'BLUR'; expected the name of another system"),
    "a draw of a path": (put("../x", "draw_of"), "draw_of is '../x'; expected 1-40 letters"),
    "a draw of a number": (put(2, "draw_of"), "draw_of is 2; expected text"),
    "an edition without a version": (
        put("synth", "edition"),
        "edition is 'synth'; expected '<id>/<version>'",
    ),
    "a team that leads out": (put("../../evil", "team"), "team is '../../evil'; expected 1-40 letters"),
    "a system of two dots": (put("..", "system"), "system is '..'; expected 1-40 letters"),
    "a system of markup": (put("<b>x</b>", "system"), "system is '<b>x</b>'; expected 1-40 letters"),
    "a system with a separator": (put("a__b", "system"), "system is 'a__b'; expected 1-40 letters"),
    "a team that is a number": (put(7, "team"), "team is 7; expected text"),
    "a track of its own": (put("winning", "track"), "track is 'winning'; expected defacing, attack or"),
    "no track": (drop("track"), "track is missing"),
    "no results": (put([], "results"), "results have no attacker on all trials"),
    "results that are none": (put({"a": 1}, "results"), "results is an object; expected a list"),
    "no attacker but the oracle": (no_attacker, "results have no attacker on all trials"),
    "an unknown field": (put(1, "extra"), "'extra' is unknown; expected edition"),
    "a figure that is text": (
        put("0.5", "results", 0, "figures", "auc", "value"),
        "results[0].figures.auc.value is '0.5'; expected a number from",
    ),
    "a figure that is true": (
        put(True, "results", 0, "figures", "eer", "low"),
        "results[0].figures.eer.low is true; expected a number from",
    ),
    "an AUC of seven": (
        put(7, "results", 0, "figures", "auc", "value"),
        "results[0].figures.auc.value is 7; expected a number from 0 to 1",
    ),
    "a figure of 400 digits": (
        put(10**400, "utility", "displacement_mm", "value"),
        "utility.displacement_mm.value is 1000000000",
    ),
    "an interval the wrong way round": (
        put({"value": 0.5, "low": 0.6, "high": 0.4, "n": 12}, "results", 0, "figures", "auc"),
        "results[0].figures.auc.low is 0.6; expected no more than high, 0.4",
    ),
    "no AUC": (drop("results", 0, "figures", "auc"), "results[0].figures.auc is missing"),
    "half a person": (
        put(0.5, "results", 0, "figures", "auc", "n"),
        "results[0].figures.auc.n is 0.5; expected a whole number",
    ),
    "a count below zero": (
        put(-1, "results", 0, "counts", "probes"),
        "results[0].counts.'probes' is -1; expected a whole number",
    ),
    "no count": (
        drop("results", 0, "counts", "failures_to_acquire"),
        "counts.failures_to_acquire is missing",
    ),
    "a list of its own": (
        put("easy", "results", 0, "trial_list"),
        "results[0].trial_list is 'easy'; expected all",
    ),
    "a level of its own": (
        put(["x"], "results", 0, "level"),
        "results[0].level is a list; expected one of ignorant",
    ),
    "no signature": (
        put("EER 3", "results", 0, "signature"),
        "results[0].signature is 'EER 3'; expected one as",
    ),
    "the signature of another edition": (
        lambda e: put(e["results"][0]["signature"].replace("2026.2", "2027.1"), "results", 0, "signature")(e),
        "expected one of the entry's edition, 'ed:synth-demo/2026.2@",
    ),
    "the signature of another system": (
        lambda e: put(e["results"][0]["signature"].replace("blur", "best"), "results", 0, "signature")(e),
        "expected one of the entry's system, 'sys:reference/blur'",
    ),
    "a seed of 5000 digits": (
        lambda e: put(
            e["results"][0]["signature"].replace("seed:0", "seed:" + "9" * 5000), "results", 0, "signature"
        )(e),
        "results[0].signature is",
    ),
    "made by another kit": (strange, "version is '0.0.9' in the signature; expected '0."),
    "draws that are none": (put("nan inf 0.5", "draws"), "draws is 'nan inf 0.5'; expected shares"),
    "fewer draws": (put("0.5000 0.6000", "draws"), "draws are 2; expected 1000, as in "),
    "more passed than scans": (
        put(99, "gate", "passed"),
        "gate.passed is 99; expected no more than gate.scans, 24",
    ),
    "a gate without scans": (drop("gate", "scans"), "gate.scans is missing"),
    "a check that is text": (put("passed", "checks", 0), "checks[0] is 'passed'; expected an object"),
    "a check that may be": (
        put("maybe", "checks", 0, "passed"),
        "checks[0].passed is 'maybe'; expected true",
    ),
    "a warning of two lines": (
        put("a\nb", "warnings", 0),
        r"warnings[0] is 'a\nb'; expected 1-10000 printable",
    ),
    "a description with U+2028": (
        put("a\u2028# b", "description"),
        r"description is 'a\u2028# b'; expected 1-500",
    ),
    "a citation that turns round": (put("a\u202eb", "citation"), r"citation is 'a\u202eb'; expected 1-2000"),
    "half a character": (put("\ud800", "licence"), r"licence is '\ud800'; expected 1-500"),
    "a day that is none": (put("2026-02-30", "received"), "received is '2026-02-30'; expected a day"),
    "supersedes nothing": (
        put("synth/1", "supersedes"),
        "supersedes is 'synth/1'; expected '<id>/<version>@",
    ),
    "another name than its file": (put("other", "system"), "signature is"),
    "only a year": (put(None, "seconds"), "seconds is null; expected an object"),
}
RAW: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file: is not JSON"),
    "no JSON": (b"{]", "the file: is not JSON"),
    "a list": (b"[]", "the file: holds a list; expected an object"),
    "an empty object": (b"{}", "edition is missing (and 1"),
    "NaN": (b'{"edition": NaN}', "the file: has NaN, which is not JSON; expected finite numbers"),
    "infinity": (b'{"edition": 1e999}', "the file: has '1e999', which is too large"),
    "5000 digits": (b'{"edition": %s}' % (b"9" * 5000), "the file: "),
    "a name twice": (b'{"team": "a", "team": "b"}', "the file: names 'team' twice"),
    "too deep": (b"[" * 100_000, "the file: is nested too deeply"),
    "no text": (b"\xff\xfe", "the file: is not UTF-8 text"),
    "too large": (b" " * (LARGEST + 1), f"the file: is larger than {LARGEST} bytes"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of six real entries; one of them, blur, is there to be spoiled."""
    return real_entries(tmp_path / "in" / "entries")


def real_entries(entries: Path) -> Path:
    home = entries / COMMITTED.name
    home.mkdir(parents=True)
    for name in (DEFACING, ATTACK, "reference__identity.json", "reference__remove_face.json"):
        (home / name).write_bytes((COMMITTED / name).read_bytes())
    for name in ("reference__replace_face.json", "reference__skull_strip.json"):
        (home / name).write_bytes((COMMITTED / name).read_bytes())
    return entries


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def ranked(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str], str]:
    """Rank a folder; return status, what standard error says, and the board."""
    output = folder.parent.parent / "out" / "board"
    before = files(folder.parent.parent)
    status = main(["rank", f"entries={folder}", f"output={output}", "site=false"])
    written = files(folder.parent.parent) - before
    assert written <= {"out", "out/board", "out/board/LEADERBOARD.md"}
    return status, capsys.readouterr().err.splitlines(), (output / "LEADERBOARD.md").read_text("utf-8")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The board without the entry that is spoiled."""
    root = tmp_path_factory.mktemp("wanted")
    entries = real_entries(root / "entries")
    (entries / COMMITTED.name / DEFACING).unlink()
    assert main(["rank", f"entries={entries}", f"output={root}/board", "site=false"]) == 0
    return (root / "board" / "LEADERBOARD.md").read_text("utf-8")


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_entry_costs_itself(
    name: str, folder: Path, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change, words = MUTATIONS[name]
    path = folder / COMMITTED.name / DEFACING
    entry = json.loads(path.read_text("utf-8"))
    change(entry)
    path.write_text(json.dumps(entry))
    status, said, board = ranked(folder, capsys)
    assert status == 2
    (line,) = said
    assert line.startswith(f"mriprivacy: {folder}")
    assert f"{path.parent.name}/{path.name}" in line
    assert line.endswith("; left out")
    assert words in line, line
    assert len(line) < 1000
    assert board == wanted


@pytest.mark.parametrize("name", RAW)
def test_a_file_that_is_no_entry_costs_itself(
    name: str, folder: Path, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, words = RAW[name]
    path = folder / COMMITTED.name / DEFACING
    path.write_bytes(raw)
    status, said, board = ranked(folder, capsys)
    assert status == 2
    (line,) = said
    assert f"{path}: {words}" in line, line
    assert board == wanted


def test_all_bad_files_are_named_and_wherever_they_lie(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ranked(folder, capsys)[2]
    good = (folder / COMMITTED.name / DEFACING).read_bytes()
    (folder / "top.json").write_bytes(good)  # a copy of an entry, elsewhere
    (folder / COMMITTED.name / "deep").mkdir()
    (folder / COMMITTED.name / "deep" / "x.json").write_bytes(good)
    (folder / COMMITTED.name / "a\x1b[2J\nb.json").write_text("{}")
    (folder / COMMITTED.name / "folder.json").mkdir()
    os.mkfifo(folder / COMMITTED.name / "pipe.json")
    status, said, board = ranked(folder, capsys)
    assert status == 2
    assert len(said) == 5
    text = "\n".join(said)
    assert (
        text.count("holds the entry synth-demo-2026.2/reference__blur.json; expected it under that name") == 2
    )
    assert r"a\x1b[2J b.json: edition is missing" in text
    assert "\x1b" not in text
    assert "pipe.json: the file: no such file" in text
    assert board == wanted


def test_where_no_entry_is_good_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "entries").mkdir()
    (tmp_path / "entries" / "x.json").write_text("{}")
    assert main(["rank", f"entries={tmp_path / 'entries'}", f"output={tmp_path / 'board'}"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "board").exists()


def test_entries_whose_pages_would_be_one_are_refused(tmp_path: Path) -> None:
    def written(entry: Entry) -> None:
        write_entry(tmp_path, entry)

    written(made_up(1))
    written(renamed(made_up(1), system="DEFACING-SYSTEM-001"))
    written(renamed(made_up(2), edition_hash="abababab" + "cd" * 28))  # the first eight digits name a folder
    written(renamed(made_up(3), edition_hash="cd" * 32))
    examined = examine_entries(tmp_path)
    assert [entry.system for entry in examined.entries] == ["DEFACING-SYSTEM-001", "defacing-system-003"]
    first, second = examined.problems
    assert "differs from synth-1/team__DEFACING-SYSTEM-001.json in upper and lower case alone" in first
    assert "expected that of synth-1/team__DEFACING-SYSTEM-001.json, which begins alike" in second


BAD_NAMES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["/../../.", "../../x", "..", ".", "a/../b", "a\x00", "a\nb", "C:\\x", "~", "", "synth/..", "a__b"]
    ),
)


@pytest.mark.parametrize("field", ["edition", "edition_hash", "team", "system", "track"])
@given(value=BAD_NAMES)
def test_no_entry_has_a_name_that_leads_elsewhere(field: str, value: str) -> None:
    try:
        entry = replace(made_up(0), **{field: value})
    except EntryError:
        return
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*/[A-Za-z0-9][A-Za-z0-9._-]*\.json", entry.path)


def test_a_name_that_got_past_all_checks_is_not_written_either(tmp_path: Path) -> None:
    home = tmp_path / "a" / "b" / "c" / "out"
    entry, other = made_up(0), made_up(1)
    object.__setattr__(entry, "team", "/../../../evil")
    object.__setattr__(other, "edition_hash", "/../../.")
    with pytest.raises(OutsideError, match="nothing is written there"):
        write_entry(home, entry)
    with pytest.raises(OutsideError, match="nothing is written there"):
        write_site(home, [other])
    assert files(tmp_path) == set()


@settings(max_examples=300)
@example(where=("edition",), value="\x1b[2J")  # which messages on signatures quote
@example(where=("team",), value="\u202e" * 9)
@given(where=st.sampled_from(places(SMALL)), value=JSON)
def test_whatever_stands_anywhere_an_entry_is_read_or_refused_in_lines(
    where: tuple[str | int, ...], value: object
) -> None:
    entry = json.loads(json.dumps(SMALL))
    put(value, *where)(entry)
    for problem in entry_problems(entry):
        assert problem.isprintable()
        assert len(problem) < 700


@settings(max_examples=25)
@given(where=st.sampled_from(places(SMALL)), value=JSON)
def test_whatever_stands_anywhere_nothing_is_written_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, where: tuple[str | int, ...], value: object
) -> None:
    home = tmp_path_factory.mktemp("mutated")
    entry = json.loads(json.dumps(SMALL))
    put(value, *where)(entry)
    path = home / "in" / COMMITTED.name / ATTACK
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(entry))
    status = main(["rank", f"entries={home / 'in'}", f"output={home / 'a' / 'b' / 'board'}"])
    assert status in (0, 2)
    assert (status == 0) == (not list(examine_entries(home / "in").problems))
    allowed = ("in", "a/b/board/")
    assert all(name.startswith(allowed) or name in ("a", "a/b", "a/b/board") for name in files(home))


def test_every_committed_entry_is_read() -> None:
    examined = examine_entries(COMMITTED.parent)
    assert examined.problems == ()
    assert len(examined.entries) == 14


def test_an_entry_of_an_older_kit_is_read(tmp_path: Path) -> None:
    later = ("received", "released", "supersedes", "licence", "citation", "utility", "seconds")
    old = {name: value for name, value in SMALL.items() if name not in later}
    path = tmp_path / "old.json"
    path.write_text(json.dumps(old))
    assert read_entry(path).citation == ""


def test_a_figure_without_an_interval_is_written_and_read(tmp_path: Path) -> None:
    entry = made_up(1)
    nan = float("nan")
    needs = Estimate(0.5, nan, nan, 3, "4 people with a mated trial, the list has 3")
    first = replace(entry.results[0], figures={**entry.results[0].figures, "min_cllr": needs})
    changed = replace(
        entry, results=(first, *entry.results[1:]), exposure="partial_auc", exposure_draws=(0.25, 0.5)
    )
    path = write_entry(tmp_path, changed)
    again = read_entry(path)
    assert again == changed
    assert again != entry
    members = json.loads(path.read_text())
    assert members["results"][0]["figures"]["min_cllr"]["low"] is None
    del members["results"][0]["figures"]["min_cllr"]["needs"]
    assert next(entry_problems(members)).startswith(
        "results[0].figures.min_cllr.low is null; expected a number"
    )
    assert "exposure is 'auc'; expected one of" in next(entry_problems(members | {"exposure": "auc"}))


OF = Defaced("synth/1", HASH, "team", "blur", "cd" * 32, "9f2c41d7")


def test_whose_scans_were_attacked_is_written_and_read(tmp_path: Path) -> None:
    entry = replace(made_up(0, "attack"), defaced=OF)
    assert read_entry(write_entry(tmp_path, entry)) == entry
    without = write_entry(tmp_path, replace(entry, defaced=None))
    assert "defaced" not in json.loads(without.read_text())


@pytest.mark.parametrize(
    ("track", "change", "problem"),
    [
        ("attack", {"edition_hash": "../x"}, "defaced.edition_hash is '../x'; expected 64 digits"),
        ("attack", {"team": 5}, "defaced.team is 5; expected text"),
        ("attack", {"code": "x"}, "defaced.code is 'x'; expected the code of a signature"),
        ("attack", {"rated": "1"}, "defaced.'rated' is unknown"),
        ("defacing", {}, "defaced is an object; expected none in the track defacing"),
    ],
)
def test_what_is_said_of_them_is_checked(
    track: str, change: dict[str, object], problem: str, tmp_path: Path
) -> None:
    path = write_entry(tmp_path, replace(made_up(0, track), defaced=OF))
    said = json.loads(path.read_text())
    said["defaced"] |= change
    assert any(line.startswith(problem) for line in entry_problems(said))
