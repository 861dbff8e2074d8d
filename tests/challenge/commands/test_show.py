"""`mriprivacy show`: one entry as a verdict, for machines, for spreadsheets and for papers."""

import csv
import io
import json
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.entry.entry_file import read_entry

ENTRIES = Path(__file__).parents[3] / "entries" / "synth-demo-2026.2"
BLUR = ENTRIES / "reference__blur.json"


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["show", *words]) == 0
    return capsys.readouterr().out


def test_it_says_where_the_system_stands_among_those_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = printed(capsys, str(BLUR)).splitlines()
    assert out[0] == "reference/blur, track defacing, edition synth-demo/2026.2"
    (rank,) = (line for line in out if line.startswith("rank "))
    assert " of " in rank
    assert out[-1] == f"entry: {BLUR}"
    assert len(out) <= 15


def test_alone_it_has_no_rank(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "folder" / "mine.json"
    copy.parent.mkdir()
    copy.write_bytes(BLUR.read_bytes())
    assert "not yet" in printed(capsys, str(copy))


def test_every_figure_is_in_the_long_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(printed(capsys, str(BLUR), "format=csv"))))
    entry = read_entry(BLUR)
    assert len(rows) == sum(len(r.figures) for r in entry.results) + len(entry.utility) + len(entry.face)
    result = entry.results[0]
    row = next(row for row in rows if row["metric"] == "auc")
    assert float(row["value"]) == result.figures["auc"].value
    assert (row["attacker"], row["level"], row["signature"]) == (result.name, result.level, result.signature)
    assert {row["system"] for row in rows} == {"blur"}


def test_formats_agree(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(printed(capsys, str(BLUR), "format=json"))
    assert data["system"] == "blur"
    table = printed(capsys, str(BLUR), "format=latex")
    assert table.rstrip().endswith(r"\end{tabular}")
    assert "people linked" in table
    everything = printed(capsys, str(BLUR), "verbose=true")
    assert all(note in everything for note in read_entry(BLUR).warnings)


@pytest.mark.parametrize(("name", "said"), [("none.json", "no such file"), ("bad.json", "is not JSON")])
def test_what_is_no_entry_is_named(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.json").write_text("{")
    assert main(["show", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err.startswith(f"mriprivacy: {tmp_path / name}: {said}")


def test_a_folder_is_answered_with_an_entry_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(ENTRIES.parent)]) == 2
    said = capsys.readouterr().err
    assert f"{ENTRIES.parent}: is a folder; expected the file of one entry, such as {ENTRIES}/" in said
    assert main(["show", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"mriprivacy: {tmp_path}: is a folder; expected the file of one entry\n"


def test_another_kind_of_file_is_refused_in_a_few_lines(
    attack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(attack / "submission.json")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4
    assert said[-1].endswith("more problems; expected a file that 'mriprivacy evaluate' wrote")


def test_nothing_else_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not what lies in a download folder, nor what a link leads to."""
    folder = tmp_path / "entries" / ENTRIES.name
    folder.mkdir(parents=True)
    (folder / BLUR.name).write_bytes(BLUR.read_bytes())
    (folder / "broken.json").write_text("{")
    (tmp_path / "entries" / "elsewhere").mkdir()
    (tmp_path / "entries" / "elsewhere" / "huge.json").write_text("[" * 1000)
    assert "1 of 1" in printed(capsys, str(folder / BLUR.name))
    (tmp_path / "link.json").symlink_to(BLUR)
    assert "not yet" in printed(capsys, str(tmp_path / "link.json"))
