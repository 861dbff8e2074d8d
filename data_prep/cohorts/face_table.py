"""Which face of a photograph is meant: the table that an organizer writes beside the photographs."""

import re
from collections.abc import Mapping
from pathlib import Path

from mriprivacy.data_prep.formats.problems import Findings
from mriprivacy.data_prep.formats.tables.tsv import TableError, read_table

FACE_COLUMNS = ("photo", "face")
# Left, top, right, bottom, pixels; right and bottom are the first column and row outside.
Box = tuple[int, int, int, int]
Face = int | Box

_NUMBER = re.compile(r"[1-9]\d{0,2}", re.ASCII)
_BOX = re.compile(r"\d{1,5}(,\d{1,5}){3}", re.ASCII)


def parse_face(cell: str) -> Face:
    """Read which face is meant: a number, from the left, or the box `left,top,right,bottom` that is released.

    Raises
    ------
    ValueError
        If it is neither, or the box is empty.

    Examples
    --------
    >>> parse_face("2"), parse_face("120,80,420,460")
    (2, (120, 80, 420, 460))
    >>> parse_face("120,80,120,460")
    Traceback (most recent call last):
    ValueError: is neither a number from the left (1, 2, ...) nor a box left,top,right,bottom
    """
    if _NUMBER.fullmatch(cell):
        return int(cell)
    if _BOX.fullmatch(cell):
        left, top, right, bottom = map(int, cell.split(","))
        if left < right and top < bottom:
            return left, top, right, bottom
    raise ValueError("is neither a number from the left (1, 2, ...) nor a box left,top,right,bottom")


def read_faces(path: Path) -> Mapping[str, Face]:
    r"""Read a table of faces.

    Parameters
    ----------
    path : Path
        TSV, `photo` (the name of the file) and `face` (`parse_face`).

    Returns
    -------
    mapping from the name of a photograph to int or (left, top, right, bottom)

    Raises
    ------
    TableError
        With everything that is wrong with it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "faces.tsv"
    >>> _ = path.write_text("photo\tface\nsub-01.jpg\t2\n")
    >>> read_faces(path)
    {'sub-01.jpg': 2}
    """
    table = read_table(path, FACE_COLUMNS, {"face": parse_face}, name=str(path), max_bytes=100_000_000)
    found = Findings(str(path))
    faces: dict[str, Face] = {}
    for line, (photo, face) in zip(table.lines, table.rows, strict=True):
        if photo in faces:
            found.add("photo is named twice", f"line {line} {photo}")
        faces[photo] = parse_face(face)
    if problems := found.problems():
        raise TableError(*problems)
    return faces
