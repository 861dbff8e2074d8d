"""`score` and `compare` on tables: figures of the library, JSON and LaTeX, plain errors."""

import csv
import itertools
import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.data_prep.formats.tables.score_table import read_scores
from mriprivacy.scoring import compare, draw_systems, score_trials

N = 12
PROBE, PHOTO = np.divmod(np.arange(N * N), N)


def scores(seed: int, gain: float) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=N * N) + gain * (PROBE == PHOTO)).round(4)


def table(path: Path, values: np.ndarray, rows: range = range(N * N)) -> Path:
    lines = [f"s{PROBE[i]}\tr{PHOTO[i]}\t{values[i]}\t{int(PROBE[i] == PHOTO[i])}\n" for i in rows]
    path.write_text("probe\treference\tscore\tmated\n" + "".join(lines))
    return path


def printed(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_figures_are_those_of_the_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = scores(0, 1.5)
    path = table(tmp_path / "it's a, list.tsv", values)
    found = json.loads(printed(capsys, "score", path, "format=json", "bootstrap=100", "seed=3"))
    people = read_scores(path)
    sides = people.probe_subject, people.reference_subject
    report = score_trials(values, PROBE == PHOTO, *sides, 100, 3, probes=PROBE)
    for name, one in report.estimates().items():
        assert found["metrics"][name] == {
            key: None if value != value else value for key, value in asdict(one).items()
        }, name
    assert (found["people"], found["mated"], found["nonmated"]) == (N, N, N * (N - 1))
    text = printed(capsys, "score", path, "bootstrap=100")
    assert len(text.splitlines()) <= 15
    assert re.search(rf"^AUC +{report.auc.value:.3f} ", text, re.MULTILINE)
    assert re.search(rf"^linked, mean to FMR 10 % +{report.partial_auc.value:.3f} ", text, re.MULTILINE)
    turned = table(tmp_path / "distances.tsv", -values)
    assert (
        json.loads(
            printed(capsys, "score", turned, "higher=distance", "format=json", "bootstrap=100", "seed=3")
        )["metrics"]
        == found["metrics"]
    )


def test_two_tables_are_compared_on_their_shared_trials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weak, strong = scores(0, 0.5), scores(0, 0.5) + 2 * (PROBE == PHOTO)
    a, b = table(tmp_path / "a.tsv", weak, range(N * N - 5)), table(tmp_path / "b.tsv", strong)
    found = json.loads(printed(capsys, "compare", a, b, "format=json", "bootstrap=100"))
    kept = slice(N * N - 5)
    listed = {"A": weak[kept], "B": strong[kept]}
    people = read_scores(a)
    sides = people.probe_subject, people.reference_subject
    draws = draw_systems(listed, (PROBE == PHOTO)[kept], *sides, 100)
    assert found["metrics"]["auc"]["p"] == compare(draws, "auc")[0].p < 0.05
    assert found["left_out"] == [0, 5]
    text = printed(capsys, "compare", a, b, "bootstrap=100")
    assert "left out as not shared: 0 of A, 5 of B" in text
    assert len(text.splitlines()) <= 15
    unseen = "TMR at FMR 1 %, TMR at FMR 0.1 %, people linked at FMR 1 %, people linked in every trial"
    assert f"no {unseen}: too few trials" in text
    for name, one in found["metrics"].items():
        resolved = name not in ("tmr_at_fmr_1pct", "tmr_at_fmr_01pct", "people_found_any", "people_found_all")
        assert (one["p"] is not None) == (one["first"] is not None) == resolved, name
    same = json.loads(printed(capsys, "compare", a, a, "format=json", "bootstrap=100"))
    assert {one["p"] for one in same["metrics"].values()} == {1, None}


def test_latex_is_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(
        capsys, "score", table(tmp_path / "a_b.tsv", scores(0, 1)), "format=latex", "bootstrap=100"
    )
    assert r"min Cllr, bit & " in lines
    assert "% no TMR at FMR 1 %, people linked" in lines
    assert all(line.endswith(r"\\") or line.startswith(("%", "\\")) for line in lines.splitlines())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,a,1,1\nb,b,1,1\n", "s.csv: mated: no nonmated"),
        ("a,b,1,0\nb,a,1,0\n", "s.csv: mated: no mated"),
        ("a,a,1,1\na,b,1,0\nb,c,2e40,0\n", "s.csv: score is beyond 1e+30"),
    ],
)
def test_a_table_with_too_little_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    path = tmp_path / "s.csv"
    path.write_text("probe,reference,score,mated\n" + text)
    assert main(["score", str(path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


def test_too_many_words_and_labels_that_differ_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "a.tsv", "b.tsv"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "mriprivacy: score: 'b.tsv' is one word too many; expected: mriprivacy score SCORES"
    )
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("probe,reference,score,mated\na,x,1,1\na,y,1,0\nb,y,2,1\n")
    other.write_text("probe,reference,score,mated\na,x,1,1\na,y,1,1\nc,z,2,0\n")
    assert main(["compare", str(one), str(other)]) == 2
    assert "trial is mated in one and non-mated in the other: a y" in capsys.readouterr().err


def test_tables_of_one_name_are_shown_by_their_paths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Submissions have one name for their scores."""
    paths = [tmp_path / team / "scores.tsv" for team in ("mine", "yours")]
    for seed, path in enumerate(paths):
        path.parent.mkdir()
        table(path, scores(seed, 1.0))
    first = printed(capsys, "compare", *map(str, paths), "bootstrap=100").splitlines()[0]
    assert first == f"A: {paths[0]}; B: {paths[1]}"
    paths[1].write_text("probe\treference\tscore\n")
    assert main(["compare", *map(str, paths)]) == 2
    assert f"{paths[1]}: has no column label" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["score", "compare"])
def test_an_entry_is_no_table_of_scores(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "team__system.json"
    path.write_text("{}")
    assert main([command, *[str(path)] * (1 + (command == "compare"))]) == 2
    assert f"{path}: is a JSON file; expected a table of scores; 'mriprivacy show'" in capsys.readouterr().err


def test_csv_has_every_digit_and_a_column_a_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weak, strong = table(tmp_path / "a.tsv", scores(0, 0.5)), table(tmp_path / "b.tsv", scores(1, 2.0))
    for words in (("score", weak), ("compare", weak, strong)):
        found = json.loads(printed(capsys, *words, "format=json", "bootstrap=100"))["metrics"]
        rows = {
            r["metric"]: r
            for r in csv.DictReader(printed(capsys, *words, "format=csv", "bootstrap=100").splitlines())
        }
        assert list(rows) == list(found)
        flat = {"first": ("first",), "difference_low": ("difference", "low"), "low": ("low",), "p": ("p",)}
        for (metric, own), (column, keys) in itertools.product(found.items(), flat.items()):
            if column not in rows[metric]:
                continue
            value = own
            for key in keys:
                value = value and value[key]
            assert rows[metric][column] == ("" if value is None else str(value)), (metric, column)
        assert rows["auc"]["low" if words[0] == "score" else "difference_low"] != ""
