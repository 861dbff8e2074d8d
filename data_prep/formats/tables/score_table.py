"""A labelled table of scores from outside: TSV or CSV, of any biometric system.

Columns are found by name, in any order; others are passed over. Everything that is wrong is found in one go,
with file, line and column.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import parse_score
from mriprivacy.data_prep.formats.tables.tsv import TableError, read_bytes

MATED = ("mated", "target", "genuine", "true", "1")
NON_MATED = ("non-mated", "nonmated", "non-target", "nontarget", "impostor", "imposter", "false", "0")
_LABELS = ("label", "mated")
_SUBJECTS = ("probe_subject", "reference_subject")
_LONGEST = 200
_MAX_BYTES, _MAX_ROWS = 1_000_000_000, 10_000_000


@dataclass(frozen=True)
class ScoreTable:
    """Trials of a labelled list.

    Attributes
    ----------
    name : str
        The file of scores, as it was named.
    probe, reference : tuple of str, length n_trials
        Ids.
    probe_subject, reference_subject : ndarray, shape (n_trials,)
        The person of each side, in one name space.
    joined : bool
        Whether people come from the labels: mated trials join their two ids into one person.
    score : ndarray, shape (n_trials,)
        Higher means more alike.
    mated : ndarray of bool, shape (n_trials,)
    """

    name: str
    probe: tuple[str, ...]
    reference: tuple[str, ...]
    probe_subject: NDArray[np.str_] | NDArray[np.int32]
    reference_subject: NDArray[np.str_] | NDArray[np.int32]
    joined: bool
    score: NDArray[np.float64]
    mated: NDArray[np.bool_]


@dataclass(frozen=True)
class _Columns:
    name: str
    cells: dict[str, tuple[str, ...]]
    lines: tuple[int, ...]

    @property
    def label(self) -> str:
        return next((column for column in _LABELS if column in self.cells), "")

    def trials(self) -> list[tuple[str, str]]:
        return list(zip(self.cells["probe"], self.cells["reference"], strict=True))


def read_scores(path: Path, key: Path | None = None, *, distances: bool = False) -> ScoreTable:
    r"""Read a table of scores, and its labels from a key beside it where it has none.

    Parameters
    ----------
    path : Path
        Columns `probe`, `reference`, `score`, and `label` or `mated` if there is no key; for people with
        several ids `probe_subject` and `reference_subject`.
    key : Path, optional
        Columns `probe`, `reference`, `label` or `mated`, of exactly the same trials.
    distances : bool
        Whether a lower score means more alike.

    Raises
    ------
    TableError
        With everything that is wrong, one line a cause.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = path.write_text("probe,reference,score,label\na,a,0.9,target\na,b,0.2,nontarget\n")
    >>> table = read_scores(path)
    >>> table.score.tolist(), table.mated.tolist(), table.joined
    ([0.9, 0.2], [True, False], True)
    """
    scores = _read(path, ("probe", "reference", "score"), labelled=key is None)
    labels = scores if key is None else _joined(scores, _read(key, ("probe", "reference"), labelled=True))
    mated = np.array([cell.lower() in MATED for cell in labels.cells[labels.label]])
    source = next((one for one in (scores, labels) if _SUBJECTS[0] in one.cells), None)
    if source is not None:
        probe, reference = (np.array(source.cells[column]) for column in _SUBJECTS)
    else:
        probe, reference = _people(scores.trials(), mated)
    _agree(scores, mated, probe == reference, given=source is not None)
    value = np.array([float(cell) for cell in scores.cells["score"]])
    return ScoreTable(
        scores.name,
        scores.cells["probe"],
        scores.cells["reference"],
        probe,
        reference,
        source is None,
        -value if distances else value,
        mated,
    )


def _joined(scores: _Columns, key: _Columns) -> _Columns:
    """Return the rows of a key in the order of the scores."""
    if scores.label:
        raise TableError(f"{scores.name}: has a column {scores.label}, and key= gives labels too; give one")
    row = {trial: i for i, trial in enumerate(key.trials())}
    findings, missing = Findings(scores.name), Findings(key.name)
    own = scores.trials()
    for line, trial in zip(scores.lines, own, strict=True):
        if trial not in row:
            findings.add(f"trial is not in {key.name}", f"line {line} {shown(' '.join(trial))}")
    for trial in row.keys() - set(own):
        missing.add(f"trial has no score in {scores.name}", f"line {key.lines[row[trial]]}")
    if problems := (*findings.problems(), *missing.problems()):
        raise TableError(*problems)
    order = [row[trial] for trial in own]
    cells = {column: tuple(values[i] for i in order) for column, values in key.cells.items()}
    return _Columns(key.name, cells, scores.lines)


def _people(
    trials: Sequence[tuple[str, str]], mated: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Join the two ids of every mated trial into one person; an id is one person on both sides."""
    ids, code = np.unique(np.array(trials), return_inverse=True)
    probe, reference = code.reshape(-1, 2).T
    edges = (np.ones(int(mated.sum())), (probe[mated], reference[mated]))
    _, person = connected_components(coo_array(edges, shape=(len(ids), len(ids))), directed=False)
    return person[probe], person[reference]


def _agree(scores: _Columns, mated: NDArray[np.bool_], same: NDArray[np.bool_], *, given: bool) -> None:
    findings = Findings(scores.name)
    for i in np.flatnonzero(mated != same):
        if mated[i]:
            findings.add("trial is mated, but its two subjects differ", f"line {scores.lines[i]}")
        elif given:
            findings.add("trial is non-mated, but its two subjects are the same", f"line {scores.lines[i]}")
        else:
            findings.add(
                "trial is non-mated, but its ids are the same, or mated trials join them into one person; "
                "correct the label, or add columns probe_subject and reference_subject",
                f"line {scores.lines[i]}",
            )
    if problems := findings.problems():
        raise TableError(*problems)


def _read(path: Path, needed: Sequence[str], *, labelled: bool) -> _Columns:
    name = str(path)  # as typed: the scores of two systems are often files of one name
    raw = read_bytes(path, _MAX_BYTES, name)
    if path.suffix == ".json":
        raise TableError(
            f"{name}: is a JSON file; expected a table of scores; 'mriprivacy show' prints an entry, "
            "'mriprivacy rank' compares entries"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TableError(f"{name}: is not UTF-8 text: line {line}") from error
    tabs = "\t" in text.partition("\n")[0]
    # A quote is nothing special in TSV; in CSV it may hold commas.
    rows = csv.reader(
        io.StringIO(text, newline=""),
        delimiter="\t" if tabs else ",",
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        header = tuple(next(rows, ()))
        wanted = _wanted(name, header, needed, labelled=labelled)
        return _checked(name, rows, header, wanted)
    except csv.Error as error:
        raise TableError(f"{name}: line {rows.line_num} is no row of a table ({error})") from error


def _wanted(name: str, header: tuple[str, ...], needed: Sequence[str], *, labelled: bool) -> list[str]:
    """Return the columns that are used, or raise for those that are missing, twice there, or in conflict."""
    if not header:
        raise TableError(f"{name}: is empty; expected a header line")
    used = [*needed, *_LABELS, *_SUBJECTS]
    problems = [f"{name}: column {column} is there twice" for column in used if header.count(column) > 1]
    missing = [column for column in needed if column not in header]
    labels = [column for column in _LABELS if column in header]
    if labelled and not labels:
        missing.append("label")
    if missing:
        hint = "; or give key=FILE with the labels" if missing == ["label"] and "score" in needed else ""
        problems.append(
            f"{name}: has no column {', '.join(missing)}; its columns are {shown(' '.join(header), 120)}, "
            f"expected (tab- or comma-separated) {' '.join(needed)}{' label' * labelled}{hint}"
        )
    if len(labels) > 1:
        problems.append(f"{name}: has columns label and mated; expected one of them")
    if len(set(_SUBJECTS) & set(header)) == 1:
        problems.append(f"{name}: has one of the columns {' and '.join(_SUBJECTS)}; expected both or none")
    if problems:
        raise TableError(*problems)
    return [column for column in used if column in header]


def _checked(name: str, rows: Any, header: tuple[str, ...], wanted: list[str]) -> _Columns:
    findings = Findings(name)
    rules: dict[str, Callable[[str], object]] = {"score": parse_score}
    rules |= dict.fromkeys(_LABELS, _label)
    checks = [(header.index(column), rules.get(column, _id)) for column in wanted]
    kept: list[tuple[str, ...]] = []
    lines: list[int] = []
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        line = rows.line_num
        if len(row) != len(header):
            findings.add(f"does not have {len(header)} cells", f"line {line} has {len(row)}")
            continue
        if len(kept) == _MAX_ROWS:
            raise TableError(f"{name}: has more than {_MAX_ROWS} rows, the most that are read")
        for index, rule in checks:
            try:
                rule(row[index])
            except ValueError as error:
                findings.add(f"{header[index]} {error}", f"line {line} {shown(row[index])}")
        cells = tuple(row[index] for index, _ in checks)
        first = seen.setdefault(cells[:2], line)  # probe and reference are wanted first
        if first != line:
            findings.add("trial is given twice", f"line {line} is line {first}")
        kept.append(cells)
        lines.append(line)
    if not kept and not findings.problems():
        findings.add("has no rows; expected one a trial")
    if problems := findings.problems():
        raise TableError(*problems)
    columns = dict(zip(wanted, zip(*kept, strict=True), strict=True))
    return _Columns(name, columns, tuple(lines))


def _label(cell: str) -> None:
    if cell.lower() not in (*MATED, *NON_MATED):
        raise ValueError("is not mated or non-mated, target or nontarget, genuine or impostor, 1 or 0")


def _id(cell: str) -> None:
    if not cell or len(cell) > _LONGEST or not cell.isprintable() or cell != cell.strip():
        raise ValueError("is empty, too long, padded with spaces, or has a control character")
