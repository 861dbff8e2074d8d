"""Strict tab-separated tables: text in, text out, nothing guessed.

A general reader guesses: it turns the id `NA` into a missing value, `001` into 1, `1e999` into infinity, and
accepts quotes that hide a line feed. Tables of an edition and of a submission are read here instead.
Everything that is wrong with a file is found in one go.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.scoring.errors import UserError

Rule = Callable[[str], object]

_LONGEST_CELL = 200
_LONGEST_LINE = 100_000  # bytes; a cohort's participants.tsv may have many columns


class TableError(UserError):
    """A table that is not as it must be."""


@dataclass(frozen=True)
class Table:
    """Rows of a table, as text.

    Attributes
    ----------
    columns : tuple of str
        The header.
    rows : tuple of tuple of str
        The cells.
    lines : tuple of int
        For each row its line in the file; the header is line 1.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, name: str) -> tuple[str, ...]:
        """Cells of one column, from the first row to the last."""
        index = self.columns.index(name)
        return tuple(row[index] for row in self.rows)


def one_of(values: Iterable[str]) -> Rule:
    """Make a rule that accepts the given words only.

    Examples
    --------
    >>> one_of(["mated", "nonmated"])("Mated")
    Traceback (most recent call last):
    ValueError: is not one of mated, nonmated
    """
    allowed = dict.fromkeys(values)

    def rule(cell: str) -> str:
        if cell not in allowed:
            raise ValueError("is not one of " + ", ".join(allowed))
        return cell

    return rule


def parse_table(
    raw: bytes,
    columns: Sequence[str] | None,
    rules: Mapping[str, Rule] | None = None,
    *,
    name: str,
    max_rows: int,
) -> tuple[Table, tuple[str, ...]]:
    r"""Take a table apart and say everything that is wrong with it.

    UTF-8 without byte order mark; lines end with a line feed, the last one too; the header is exactly
    `columns`; every line has as many cells; a cell is printable text of 1-200 characters without a double
    quote and without spaces around it. Nothing is unquoted, converted or filled in.

    Parameters
    ----------
    raw : bytes
        The file.
    columns : sequence of str, or None
        The header expected; None takes any header of distinct names (a cohort's participants.tsv has columns
        of its own).
    rules : mapping from column to function, optional
        Each takes a cell and raises ValueError, saying what the cell `is not`, if it may not stand there.
    name : str
        How messages call the file.
    max_rows : int
        Rows read at most; one more is a problem.

    Returns
    -------
    Table
        The rows without fault.
    tuple of str
        The problems, one line each; empty for a good table.

    Examples
    --------
    >>> from mriprivacy.data_prep.formats.schema import parse_score
    >>> table, problems = parse_table(b"probe\tscore\na\t1\nb\tnan\n", ["probe", "score"],
    ...                               {"score": parse_score}, name="x.tsv", max_rows=10)
    >>> table.rows
    (('a', '1'),)
    >>> problems
    ("x.tsv: score is not a finite decimal number such as 0.25 or -1.5e-3: line 3 'nan'",)
    """
    findings = Findings(name)
    nothing = Table(tuple(columns or ()), (), ())
    begin = 0
    if raw.startswith(b"\xef\xbb\xbf"):
        begin = 3
        findings.add(
            "begins with a byte order mark; expected plain UTF-8 (save it as 'UTF-8', not 'UTF-8 with BOM')"
        )
    if len(raw) == begin:
        findings.add("is empty; expected a header line")
        return nothing, findings.problems()
    ending = b""
    if b"\r\n" in raw:
        ending = b"\r"
        findings.add("lines end with CR LF; expected LF alone (tr -d '\\r' < old > new fixes it)")
    n_lines = raw.count(b"\n") + (not raw.endswith(b"\n"))
    if not raw.endswith(b"\n"):
        findings.add("does not end with a line feed, so the last line may be cut off", f"line {n_lines}")
    lines = _lines(raw, begin, ending)
    try:
        header = _decode(next(lines)[:_LONGEST_LINE], 1)
        expected = tuple(columns) if columns is not None else tuple(header.split("\t"))
        if tuple(header.split("\t")) != expected or len(set(expected)) < len(expected):
            wanted = " ".join(columns) if columns is not None else "distinct names"
            findings.add(f"the header is {shown(header, 80)}; expected, between tabs: {wanted}")
            return nothing, findings.problems()
        if n_lines - 1 > max_rows:
            findings.add(f"has {n_lines - 1} rows; expected at most {max_rows}")
        table = _parse_rows(islice(lines, max_rows), expected, rules or {}, findings)
    except _NotUtf8Error as error:
        return nothing, (f"{name}: is not UTF-8 text: {error}",)
    return table, findings.problems()


class _NotUtf8Error(UserError):
    """A line that is no text; caught here."""


def _lines(raw: bytes, begin: int, ending: bytes) -> Iterator[bytes]:
    """Yield one line after the other: a file of a million rows must not become a million lines at once."""
    while begin < len(raw):
        end = raw.find(b"\n", begin)
        end = len(raw) if end < 0 else end
        yield raw[begin:end].removesuffix(ending)
        begin = end + 1


def _decode(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _NotUtf8Error(f"line {number}") from error


def _parse_rows(
    lines: Iterable[bytes], columns: tuple[str, ...], rules: Mapping[str, Rule], findings: Findings
) -> Table:
    checks = [(index, rules.get(column)) for index, column in enumerate(columns)]
    rows: list[tuple[str, ...]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, start=2):
        n_cells = line.count(b"\t") + 1 if line else 0
        if n_cells != len(columns):
            findings.add(f"does not have {len(columns)} cells", f"line {number} has {n_cells}")
        elif len(line) > _LONGEST_LINE:
            findings.add("is longer than a line can be", f"line {number} has {len(line)} bytes")
        else:
            cells = tuple(_decode(line, number).split("\t"))
            if _cells_are_good(cells, columns, checks, number, findings):
                rows.append(cells)
                numbers.append(number)
    return Table(columns, tuple(rows), tuple(numbers))


def _cells_are_good(
    cells: tuple[str, ...],
    columns: tuple[str, ...],
    checks: list[tuple[int, Rule | None]],
    number: int,
    findings: Findings,
) -> bool:
    good = True
    for index, rule in checks:
        cell = cells[index]
        if (
            not cell
            or len(cell) > _LONGEST_CELL
            or not cell.isprintable()
            or '"' in cell
            or cell != cell.strip()
        ):
            wrong = "is empty, too long, quoted, padded with spaces, or has a control character"
        elif rule is None:
            continue
        else:
            try:
                rule(cell)
                continue
            except ValueError as error:
                wrong = str(error)
        findings.add(f"{columns[index]} {wrong}", f"line {number} {shown(cell)}")
        good = False
    return good


def read_bytes(path: Path, max_bytes: int, name: str) -> bytes:
    """Read a file that may have at most so many bytes; raise TableError if it is larger or cannot be read.

    Examples
    --------
    >>> read_bytes(Path("nowhere.tsv"), 10, "nowhere.tsv")
    Traceback (most recent call last):
    mriprivacy.data_prep.formats.tables.tsv.TableError: nowhere.tsv: no such file
    """
    try:
        if not path.is_file():
            raise TableError(f"{name}: no such file")
        with path.open("rb") as stream:
            raw = stream.read(max_bytes + 1)
    except OSError as error:
        raise TableError(f"{name}: cannot be read ({error.strerror})") from error
    if len(raw) > max_bytes:
        raise TableError(f"{name}: is larger than {max_bytes} bytes, the most this file can need")
    return raw


def read_table(
    path: Path,
    columns: Sequence[str] | None,
    rules: Mapping[str, Rule] | None = None,
    *,
    name: str | None = None,
    max_rows: int = 10_000_000,
    max_bytes: int = 1_000_000_000,
) -> Table:
    """Read a table, or say everything that is wrong with it. Parameters as in `parse_table`.

    Raises
    ------
    TableError
        With all problems, each with the file's name and line numbers.

    Examples
    --------
    >>> import tempfile
    >>> from mriprivacy.data_prep.formats.schema import TRIAL_COLUMNS, parse_id
    >>> path = Path(tempfile.mkdtemp()) / "trials.tsv"
    >>> write_table(path, TRIAL_COLUMNS, [("sub-a", "ph-b")])
    >>> read_table(path, TRIAL_COLUMNS, {"probe": parse_id, "reference": parse_id}).rows
    (('sub-a', 'ph-b'),)
    """
    name = name or path.name
    table, problems = parse_table(
        read_bytes(path, max_bytes, name), columns, rules, name=name, max_rows=max_rows
    )
    if problems:
        raise TableError(*problems)
    return table


def table_bytes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    r"""Return the bytes of a table; ValueError if `parse_table` would not read them back as they are.

    Examples
    --------
    >>> table_bytes(["probe"], [["sub-a"]])
    b'probe\nsub-a\n'
    """
    rows = [tuple(row) for row in rows]
    lines = ["\t".join(row) for row in [tuple(columns), *rows]]
    raw = ("\n".join(lines) + "\n").encode("utf-8")
    table, problems = parse_table(raw, columns, name="table", max_rows=len(rows))
    if problems or table.rows != tuple(rows):
        raise ValueError("these cells cannot stand in a table: " + "; ".join(problems))
    return raw


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    r"""Write a table whole; the same rows give the same bytes. Errors as in `table_bytes`.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.tsv"
    >>> write_table(path, ["probe"], [["sub-a"]])
    >>> path.read_bytes()
    b'probe\nsub-a\n'
    """
    raw = table_bytes(columns, rows)
    with whole_file(path) as temporary:
        temporary.write_bytes(raw)
