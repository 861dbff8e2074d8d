"""The committed entries, board and README are one, and CI notices where a demo differs from them."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from mriprivacy.challenge.compute.code_hash import result_code
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from tests.helpers.board_entries import made_up
from tests.helpers.machines import MACHINES
from tests.helpers.same_board import ROOT, differences, notes, readme

ENTRIES = [made_up(0), made_up(1), made_up(0, "attack"), made_up(0, "attributes")]
OTHER_EDITION = "cd" * 32


def with_auc(entry: Entry, change: float) -> Entry:
    """The same entry with another AUC in its first result."""
    first, *others = entry.results
    auc = first.figures["auc"]
    changed = replace(first, figures={**first.figures, "auc": replace(auc, value=auc.value + change)})
    return replace(entry, results=(changed, *others))


def with_signature(entry: Entry, old: str, new: str) -> Entry:
    results = (replace(one, signature=one.signature.replace(old, new)) for one in entry.results)
    return replace(entry, results=tuple(results))


def test_the_committed_board_and_ranking_are_those_of_the_committed_entries() -> None:
    entries = read_entries(ROOT / "entries")
    assert leaderboard(entries) == (ROOT / "LEADERBOARD.md").read_text("utf-8")
    text = (ROOT / "README.md").read_text("utf-8")
    assert readme(entries, text) == text


def test_times_the_commit_and_the_code_may_differ() -> None:
    made = [replace(one, kit="9.9.9", seconds={"figures": 1e6}) for one in ENTRIES]
    assert (
        differences([with_signature(one, "v:0.1.0", "v:0.1.0+code:9f2c41d7") for one in made], ENTRIES) == []
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: with_auc(entry, 1e-8),
        lambda entry: replace(entry, draws=(*entry.draws[:-1], 0.1234)),
        lambda entry: replace(entry, edition_hash=OTHER_EDITION),
        lambda entry: replace(entry, warnings=("a new warning",)),
        lambda entry: replace(entry, results=entry.results[1:]),
        lambda entry: with_signature(entry, "seed:0", "seed:1"),
    ],
)
def test_everything_else_has_to_be_equal(change: Callable[[Entry], Entry]) -> None:
    (line, *_) = differences([change(ENTRIES[0]), *ENTRIES[1:]], ENTRIES)
    assert line.startswith(f"{ENTRIES[0].path}: ")
    assert "; expected " in line


def test_ends_that_are_missing_in_both_are_equal() -> None:
    again = read_entries(ROOT / "entries")  # NaN read a second time
    assert any(math.isnan(one.low) for one in again[0].results[0].figures.values())
    assert differences(again, read_entries(ROOT / "entries")) == []


def test_an_entry_that_only_one_has_is_named() -> None:
    path = ENTRIES[1].path
    assert differences([ENTRIES[0], *ENTRIES[2:]], ENTRIES) == [f"{path}: only in one of the two"]


def test_the_last_bits_of_other_libraries_may_differ() -> None:
    made = [replace(with_auc(one, 1e-9), submission_sha256="ef" * 32) for one in ENTRIES[:3]]
    assert differences([*made, ENTRIES[3]], ENTRIES) == []


def test_entries_older_than_the_code_are_noted() -> None:
    (note,) = notes(ENTRIES, ENTRIES)
    assert note.startswith("4 committed entries are older than the code; make them again: uv run")
    now = [with_signature(e, "v:0.1.0", f"v:0.1.0+code:{result_code(e.track)}") for e in ENTRIES]
    assert notes(now, now) == []


def test_ci_compares_the_demo_of_another_processor() -> None:
    """One on which every library that has such a switch uses nothing beyond SSE3."""
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert "old=$(uv run python -m tests.helpers.machines environment old)" in lines
    assert 'timed env $old uv run mriprivacy demo output="$work/demo"' in lines
    assert lines[-1] == 'uv run python -m tests.helpers.same_board check "$work/demo"'
    alone = [one for name, one in MACHINES.items() if name.endswith(("_sse", "_prescott"))]
    assert len(alone) == 5
    assert MACHINES["old"] == {key: value for one in alone for key, value in one.items()}
