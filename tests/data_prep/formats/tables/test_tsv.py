"""The strict table reader: what general readers guess is refused here, with the line it is on."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS, parse_id, parse_score
from mriprivacy.data_prep.formats.tables.tsv import (
    Table,
    TableError,
    one_of,
    parse_table,
    read_bytes,
    read_table,
    table_bytes,
    write_table,
)
from mriprivacy.scoring.errors import UserError

HEADER = b"probe\treference\tscore\n"
RULES = {"probe": parse_id, "reference": parse_id, "score": parse_score}


def parse(raw: bytes, max_rows: int = 100) -> tuple[Table, tuple[str, ...]]:
    return parse_table(raw, SCORE_COLUMNS, RULES, name="scores.tsv", max_rows=max_rows)


def test_ids_stay_text() -> None:
    table, problems = parse(HEADER + b"NA\t001\t1\nNaN\t1e5\t2\nnull\tTrue\t-3\n")
    assert problems == ()
    assert table.rows == (("NA", "001", "1"), ("NaN", "1e5", "2"), ("null", "True", "-3"))
    assert table.column("reference") == ("001", "1e5", "True")
    assert table.lines == (2, 3, 4)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\n", "header"),
        (b"\xef\xbb\xbf" + HEADER + b"a\tb\t1\n", "byte order mark"),
        (b"\xff\xfe" + HEADER.decode().encode("utf-16-le"), "not UTF-8 text: line 1"),
        (HEADER + b"a\tb\t1\nc\t\xe9\t1\n", "not UTF-8 text: line 3"),
        (HEADER.replace(b"\n", b"\r\n") + b"a\tb\t1\r\n", "CR LF"),
        (HEADER + b"a\tb\t1\rc\td\t2\n", "does not have 3 cells: line 2"),
        (HEADER + b"a\tb\t1", "line feed, so the last line may be cut off: line 2"),
        (b"reference\tprobe\tscore\na\tb\t1\n", "expected, between tabs: probe reference score"),
        (b"probe,reference,score\na,b,1\n", "the header is 'probe,reference,score'"),
        (b'"probe"\treference\tscore\na\tb\t1\n', "header"),
        (b"probe\treference\tscore\textra\na\tb\t1\t2\n", "header"),
        (b"Probe\treference\tscore\na\tb\t1\n", "header"),
        (HEADER + b"a\tb\n", "line 2 has 2"),
        (HEADER + b"a\tb\t1\t2\n", "line 2 has 4"),
        (HEADER + b"\na\tb\t1\n", "line 2 has 0"),
        (HEADER + b"a\tb\t1\n\n", "line 3 has 0"),
        (HEADER + b"a\t\t1\n", "reference is empty"),
        (HEADER + b" a\tb\t1\n", "padded with spaces"),
        (HEADER + b'"a"\tb\t1\n', "quoted"),
        (HEADER + b'"a\nb"\tc\t1\n', "line 2"),
        (HEADER + b"a\0\tb\t1\n", r"line 2 'a\x00'"),
        (HEADER + b"a\x1b[2J\tb\t1\n", r"line 2 'a\x1b[2J'"),
        (HEADER + "a\u2028b\tb\t1\n".encode(), r"line 2 'a\u2028b'"),
        (HEADER + "а\tb\t1\n".encode(), r"and '_'): line 2 '\u0430'"),
        (HEADER + b"../../x\tb\t1\n", "probe is not an id"),
        (HEADER + b"=1+1\tb\t1\n", "probe is not an id"),
        (HEADER + b"a" * 201 + b"\tb\t1\n", "too long"),
    ],
)  # fmt: skip
def test_every_deviation_is_named(raw: bytes, words: str) -> None:
    _, problems = parse(raw)
    assert problems
    assert any(words in problem for problem in problems), problems
    assert all(problem.startswith("scores.tsv: ") and "\n" not in problem for problem in problems)
    assert all(problem.isascii() for problem in problems)


@pytest.mark.parametrize(
    "cell", ["1", "-1", "+1", "0.5", ".5", "5.", "1e-5", "1E5", "-0", "1e-999", "0" * 99, "-1e30"]
)
def test_scores(cell: str) -> None:
    assert parse_score(cell) == float(cell)


@pytest.mark.parametrize(
    "cell",
    ["nan", "inf", "-Infinity", "1e999", "-1e999", "1_000", "0x10", "1,5", "n/a", "", ".", "e5", "1e", "--1",
     "１", "=1+1", "1 ", "True", "1e99999999999", "${x}"],
)  # fmt: skip
def test_what_is_no_score(cell: str) -> None:
    with pytest.raises(ValueError, match="finite decimal number"):
        parse_score(cell)


@pytest.mark.parametrize("cell", ["1.1e30", "-1e31", "1e308", "-1e308"])
def test_a_score_beyond_what_can_be_squared_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"is beyond 1e\+30 in magnitude; scale all scores down"):
        parse_score(cell)


def test_all_problems_at_once_and_five_of_a_kind() -> None:
    rows = "".join(f"p{i}\tr\tnan\n" for i in range(8)) + "x y\tr\t1\nshort\n"
    table, problems = parse(HEADER + rows.encode())
    assert table.rows == ()
    assert len(problems) == 3
    assert (
        "(8 in all): line 2 'nan', line 3 'nan', line 4 'nan', line 5 'nan', line 6 'nan', ..." in problems[0]
    )
    assert "line 10" in problems[1]
    assert "line 11 has 1" in problems[2]


def test_too_many_rows_are_counted_but_not_read() -> None:
    table, problems = parse(HEADER + b"a\tb\t1\n" * 50, max_rows=3)
    assert len(table.rows) == 3
    assert problems == ("scores.tsv: has 50 rows; expected at most 3",)


def test_any_header_of_distinct_names() -> None:
    table, problems = parse_table(b"a\tb\n1\t2\n", None, name="x", max_rows=9)
    assert (table.columns, problems) == (("a", "b"), ())
    assert parse_table(b"a\ta\n1\t2\n", None, name="x", max_rows=9)[1]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "scores.tsv"
    write_table(path, SCORE_COLUMNS, [("a", "b", "1")])
    assert path.read_bytes() == HEADER + b"a\tb\t1\n"
    assert read_table(path, SCORE_COLUMNS, RULES).rows == (("a", "b", "1"),)
    with pytest.raises(TableError, match=r"^scores.tsv: is larger than 10 bytes"):
        read_table(path, SCORE_COLUMNS, max_bytes=10)
    with pytest.raises(TableError, match=r"^mine: no such file"):
        read_bytes(tmp_path / "nowhere", 10, "mine")
    with pytest.raises(TableError, match="no such file"):
        read_bytes(tmp_path, 10, "folder")


@pytest.mark.parametrize("cell", ["a\tb", "a\nb", "", " a", 'a"b', "a\0", "a" * 201])
def test_nothing_is_written_that_would_not_be_read(tmp_path: Path, cell: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a table"):
        write_table(tmp_path / "a.tsv", ["x", "y"], [("fine", cell)])
    assert list(tmp_path.iterdir()) == []


CELLS = st.text(st.characters(codec="utf-8"), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=6))
def test_what_can_be_written_is_read_back(rows: list[tuple[str, str]]) -> None:
    try:
        raw = table_bytes(["x", "y"], rows)
    except ValueError:
        return
    table, problems = parse_table(raw, ["x", "y"], name="t", max_rows=len(rows))
    assert (table.rows, problems) == (tuple(rows), ())


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: HEADER + tail))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    table, problems = parse(raw)
    if not problems:
        assert table_bytes(SCORE_COLUMNS, table.rows) == raw
    assert all(problem.isprintable() for problem in problems)


def test_words() -> None:
    with pytest.raises(ValueError, match="is not one of F, M"):
        one_of(["F", "M"])("f")


def test_problems_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(TableError("one", "two")))
    assert isinstance(error, UserError)
    assert error.problems == ("one", "two")
    assert str(error) == "one\ntwo"


def test_findings_say_nothing_about_nothing() -> None:
    assert Findings("x").problems() == ()
    assert shown("é\n") == r"'\xe9\n'"
