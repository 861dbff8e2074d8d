"""Tables as spreadsheets, scanners and editors write them are read as what they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.data_prep.formats.tables.foreign_table import parse_foreign
from mriprivacy.data_prep.formats.tables.tsv import TableError

COLUMNS = ("participant_id", "sex", "notes")
ROWS = (("sub-01", "F", '5" nail'), ("sub-02", "M", "né à Québec"))
TEXT = "\n".join("\t".join(row) for row in (COLUMNS, *ROWS)) + "\n"

AS_WRITTEN = {
    "plain": TEXT.encode(),
    "CR LF": TEXT.replace("\n", "\r\n").encode(),
    "CR": TEXT.replace("\n", "\r").encode(),
    "mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "no last newline": TEXT.rstrip().encode(),
    "empty lines": TEXT.replace("\n", "\n\n").encode() + b"\t\t\n",
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without mark": TEXT.encode("utf-16-le"),
    "UTF-16 the other way": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-32": TEXT.encode("utf-32"),
    "Windows-1252": TEXT.encode("cp1252"),
    "quotes around cells": "\n".join(
        "\t".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (COLUMNS, *ROWS)
    ).encode(),
    "semicolons": "\n".join(
        ";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (COLUMNS, *ROWS)
    ).encode(),
    "commas": TEXT.replace('5" nail', '"5"" nail"').replace("\t", ",").encode(),
    "spaces": TEXT.replace("\t", " \t ").encode(),
    "tabs at the end": TEXT.replace("\n", "\t\n").encode(),
}


@pytest.mark.parametrize("how", AS_WRITTEN)
def test_one_table_in_any_dress(how: str) -> None:
    table = parse_foreign(AS_WRITTEN[how], "a.tsv")
    assert table.columns == COLUMNS
    assert table.rows == ROWS
    guessed = {"Windows-1252": 1, "semicolons": 1, "commas": 1}
    assert len(table.remarks) == guessed.get(how, 0)


def test_rows_of_other_lengths_are_named() -> None:
    table = parse_foreign(b"a\tb\n1\n1\t2\t3\n4\t5\n", "a.tsv")
    assert table.rows == (("1", ""), ("4", "5"))
    assert table.lines == (2, 4)
    assert [line.rpartition(": ")[2] for line in table.remarks] == ["line 2", "line 3"]


def test_columns_of_one_name_are_told_apart() -> None:
    table = parse_foreign(b"a\ta\t\tb\n1\t2\t3\t4\n", "a.tsv")
    assert table.columns == ("a", "a (2)", "column 3", "b")
    assert table.column("a") == ("1",)


@pytest.mark.parametrize("raw", [b"", b"\n", b"\xff\xfe\0", b"a\0b\n" * 2, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_what_is_no_table_is_refused_in_a_line(raw: bytes) -> None:
    with pytest.raises(TableError, match=r"^a\.tsv: .*[^\n]$"):
        parse_foreign(raw, "a.tsv")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_refused(raw: bytes) -> None:
    try:
        table = parse_foreign(raw, "a.tsv")
    except TableError:
        return
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(set(table.columns)) == len(table.columns)
