"""The table that says which face of a photograph is meant."""

from pathlib import Path

import pytest

from mriprivacy.data_prep.cohorts.face_table import FACE_COLUMNS, parse_face, read_faces
from mriprivacy.data_prep.formats.tables.tsv import TableError, write_table


def test_numbers_and_boxes_are_read(tmp_path: Path) -> None:
    write_table(tmp_path / "faces.tsv", FACE_COLUMNS, [("a b.jpg", "2"), ("c.png", "0,5,10,20")])
    assert read_faces(tmp_path / "faces.tsv") == {"a b.jpg": 2, "c.png": (0, 5, 10, 20)}


@pytest.mark.parametrize("cell", ["0", "-1", "left", "1.5", "1,2,3", "5,5,5,9", "9,9,5,12", "1,2,3,-4", "²"])
def test_what_names_no_face_is_refused(cell: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is neither a number from the left"):
        parse_face(cell)
    write_table(tmp_path / "faces.tsv", FACE_COLUMNS, [("a.jpg", cell)])
    with pytest.raises(TableError, match=r"faces.tsv: face is neither .* line 2"):
        read_faces(tmp_path / "faces.tsv")


def test_a_photograph_is_named_once(tmp_path: Path) -> None:
    write_table(tmp_path / "faces.tsv", FACE_COLUMNS, [("a.jpg", "1"), ("b.jpg", "1"), ("a.jpg", "2")])
    with pytest.raises(TableError, match=r"photo is named twice: line 4 a.jpg"):
        read_faces(tmp_path / "faces.tsv")
