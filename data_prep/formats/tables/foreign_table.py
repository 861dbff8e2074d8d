"""Tables as people have them: any encoding, line ending and separator that one meets, read as text.

Nothing is converted to numbers or dates. What was guessed is remarked upon, so that a person can check it.
"""

import codecs
import csv
from dataclasses import dataclass
from pathlib import Path

from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.tables.tsv import TableError, read_bytes

MAX_BYTES = 100_000_000
# The longer marks first: that of UTF-16 is the beginning of that of UTF-32.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ("\t", ";", ",")


@dataclass(frozen=True)
class ForeignTable:
    """A table of text.

    Attributes
    ----------
    columns : tuple of str
        The header; distinct names, none empty.
    rows : tuple of tuple of str
        As many cells as columns each; empty where the file has nothing.
    lines : tuple of int
        For each row its line in the file; the header is line 1.
    remarks : tuple of str
        What was guessed or left out, one line a kind.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    remarks: tuple[str, ...]

    def column(self, name: str) -> tuple[str, ...]:
        """Cells of one column, from the first row to the last."""
        index = self.columns.index(name)
        return tuple(row[index] for row in self.rows)


def parse_foreign(raw: bytes, name: str) -> ForeignTable:
    r"""Take a table apart, whatever program wrote it.

    UTF-8 with or without byte order mark, UTF-16, UTF-32, else Windows-1252; lines end with LF, CR LF or CR,
    the last one as it likes; cells are parted by tabs, or by semicolons or commas where the header has no
    tab. A cell in double quotes is unquoted; a single quote mark is text.

    Parameters
    ----------
    raw : bytes
        The file.
    name : str
        How messages call it.

    Raises
    ------
    TableError
        If it is empty or no text.

    Examples
    --------
    >>> table = parse_foreign(b"\xef\xbb\xbfid\tnotes\r\n01\t5\" nail\r\n02", "people.tsv")
    >>> table.columns, table.rows
    (('id', 'notes'), (('01', '5" nail'), ('02', '')))
    >>> table.remarks
    ('people.tsv: rows with fewer cells than the header; the last ones are taken as empty: line 3',)
    """
    findings = Findings(name)
    text = _decoded(raw, name, findings)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines or not lines[0].strip():
        raise TableError(f"{name}: has no header; expected the names of the columns in the first line")
    separator = next((one for one in _SEPARATORS if one in lines[0]), "\t")
    if separator != "\t":
        findings.add(f"cells are parted by {shown(separator)}; expected tabs")
    columns = _named(_cells(lines[0], separator), findings)
    rows, numbers = [], []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = _cells(line, separator)
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()
        if len(cells) > len(columns):
            findings.add("rows with more cells than the header; they are left out", f"line {number}")
            continue
        if len(cells) < len(columns):
            findings.add(
                "rows with fewer cells than the header; the last ones are taken as empty", f"line {number}"
            )
            cells += [""] * (len(columns) - len(cells))
        rows.append(tuple(cells))
        numbers.append(number)
    return ForeignTable(columns, tuple(rows), tuple(numbers), findings.problems())


def read_foreign(path: Path) -> ForeignTable:
    """Read a table as people have it; errors as in `parse_foreign`, and for a file that cannot be read."""
    return parse_foreign(read_bytes(path, MAX_BYTES, str(path)), str(path))


def _decoded(raw: bytes, name: str, findings: Findings) -> str:
    encoding = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "")
    if not encoding and raw[:200].count(0) * 3 >= len(raw[:200]) > 0:
        encoding = "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"
    try:
        text = raw.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding:
            raise TableError(f"{name}: begins as {encoding} and is not; save it anew as UTF-8") from None
        findings.add("is not UTF-8; letters with accents are taken as Windows-1252")
        text = raw.decode("cp1252", errors="replace")
    if "\0" in text:
        raise TableError(f"{name}: is no text; expected a table of tab-separated values")
    return text


def _cells(line: str, separator: str) -> list[str]:
    if separator != "\t":
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]
    return [_unquoted(cell.strip()) for cell in line.split("\t")]


def _unquoted(cell: str) -> str:
    """Return what quotes around a whole cell hold, as spreadsheets write them."""
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell


def _named(cells: list[str], findings: Findings) -> tuple[str, ...]:
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = cell or f"column {number}"
        if name in names:
            findings.add("columns of one name; the first is used", shown(name))
            name = f"{name} ({number})"
        names.append(name)
    return tuple(names)
