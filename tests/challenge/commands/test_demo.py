"""The whole challenge on a few synthetic people, by the commands a person would type."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.challenge.attackers.acquisition import COLUMNS
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands.demo import DemoSettings, plan
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.data_prep.formats.tables.tsv import read_table
from tests.helpers.engine import ENGINE_WORDS

pytestmark = pytest.mark.long

SMALL = ["subjects=8", "spacing_mm=3", "defacers=[identity]", "attacks=[deepface]", "levels=[ignorant]"]
SMALL += ["infer=false", "reanalysed=1"]  # four people of dev are too few to train on


def test_few_people_leave_out_what_cannot_be_trained() -> None:
    few, enough = (plan(DemoSettings(subjects=number)) for number in (15, 16))
    assert not [step for step in few if step.command == "infer" or "informed" in step.title]
    assert len([step for step in enough if step.command == "infer"]) == 1
    assert len([step for step in enough if step.command == "attack" and "informed" in step.title]) == 4
    assert {step.command for step in few} == {
        "cohort",
        "build",
        "deface",
        "attack",
        "check",
        "evaluate",
        "rank",
    }


def demo(root: Path, *words: str) -> dict[str, Entry]:
    assert main(["demo", f"output={root}", *SMALL, *words]) == 0
    return {entry.system: replace(entry, seconds={}) for entry in read_entries(root / "entries")}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def entries(root: Path) -> dict[str, Entry]:
    return demo(root / "first", *ENGINE_WORDS)


def test_every_system_is_evaluated(entries: dict[str, Entry]) -> None:
    assert set(entries) == {"identity", "deepface_raw", "deepface_bald"}
    assert all(entry.results for entry in entries.values())


def test_no_face_is_missed_on_undefaced_scans(entries: dict[str, Entry]) -> None:
    assert {
        result.counts["failures_to_acquire"]
        for result in entries["identity"].results
        if "failures_to_acquire" in result.counts
    } == {0}


def test_a_face_is_found_in_every_view_of_undefaced_scans(root: Path, entries: dict[str, Entry]) -> None:
    (path,) = (root / "first" / "reports").rglob("images.tsv")
    seen = read_table(path, COLUMNS)
    views = [row[COLUMNS.index("views_with_face")] for row in seen.rows if row[1] == "released"]
    assert len(views) == 4
    assert set(views) == {"5.0"}


def test_scoring_undefaced_scans_and_submitting_the_scores_are_the_same(entries: dict[str, Entry]) -> None:
    """Two ways through the kit to one number: as an attack's submission, and as the attack on `identity`."""
    for condition in ("raw", "bald"):
        submitted = entries[f"deepface_{condition}"].results[0]
        ours = next(r for r in entries["identity"].results if r.name == f"deepface(Dlib)+{condition}")
        assert submitted.figures["auc"].value == pytest.approx(ours.figures["auc"].value)


def test_identity_changes_nothing(entries: dict[str, Entry]) -> None:
    assert entries["identity"].gate.unchanged == 8


def test_the_edition_is_as_released(root: Path, entries: dict[str, Entry]) -> None:
    assert verify_edition(root / "first" / "edition") == ()


@pytest.mark.slow  # CI makes the standard demo again, and compares its board with the committed one
def test_the_same_seed_gives_the_same_lists_keys_and_numbers_whatever_the_workers(
    root: Path, entries: dict[str, Entry]
) -> None:
    """Of the attacks' submissions; of the evaluation of a defacer: test_pipeline_engines.py."""
    second = demo(root / "second", "compute=loky", "compute.workers=2", "defacers=[]")
    assert second == {name: entry for name, entry in entries.items() if name != "identity"}
    for name in ("public/MANIFEST.sha256", "public/eval/trials.tsv", "sealed/key.tsv"):
        first, second = ((root / run / "edition" / name).read_bytes() for run in ("first", "second"))
        assert first == second


def test_nothing_sealed_is_public(root: Path, entries: dict[str, Entry]) -> None:
    edition = root / "first" / "edition"
    assert json.loads((edition / "public" / "edition.json").read_text())["protocol"]["bootstrap"] == 1000
    assert not (edition / "public" / "eval" / "key.tsv").exists()
    assert (edition / "sealed").stat().st_mode & 0o077 == 0


def test_nothing_is_overwritten(
    root: Path, entries: dict[str, Entry], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", f"output={root / 'first'}"]) == 2
    assert "already exists and is not a demo with these settings" in capsys.readouterr().err


def test_an_interrupted_demo_goes_on_where_it_was(
    root: Path, entries: dict[str, Entry], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root / "first"
    (lost,) = (folder / "entries").rglob("reference__deepface_bald.json")
    lost.unlink()
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    assert demo(folder, "compute=sequential") == entries
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    assert {path for path in after if after[path] != before.get(path)} == {lost}
    out = capsys.readouterr().out
    assert len(re.findall(r"^\[.+\] .+ done before$", out, re.M)) == 9
    assert len(re.findall(r"^\[.+\] .+ about \d+ (s|min) left$", out, re.M)) == 3
