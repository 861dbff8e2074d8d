"""`participants.tsv` as it is: which columns say who, sex, age and ethnicity, and what their values mean."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from mriprivacy.data_prep.cohorts.people_values import (
    ISO_5218,
    UNKNOWN,
    level_of,
    map_age,
    map_sex,
    whole_number,
)
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE
from mriprivacy.data_prep.formats.tables.foreign_table import ForeignTable, read_foreign
from mriprivacy.data_prep.formats.tables.tsv import TableError

VALUES = ("sex", "age", "ethnicity")
_SUBJECT = re.compile(r"sub-[A-Za-z0-9]+", re.ASCII)
# Names of columns, compared without case, spaces and marks; of the later ones the beginning is enough.
_WHOLE = {
    "participant_id": (
        *("participantid", "participant", "participants", "subjectid", "subject", "sub", "id", "patientid"),
        *("caseid", "patient"),
    ),
    "sex": ("sex", "gender", "geschlecht", "sexe"),
    "age": ("age", "ageyears", "ageinyears", "ageatscan", "alter"),
    "ethnicity": (
        "ethnicity",
        "ethnicgroup",
        "ethnicitygroup",
        "race",
        "raceethnicity",
        "ethnicityrace",
        "ancestry",
    ),
    "species": ("species",),
}
_BEGINNING = {"age": ("age",), "sex": ("sex",), "ethnicity": ("ethnic", "race")}
_HUMAN = ("homo sapiens", "human", "homosapiens", NOT_AVAILABLE, "")


@dataclass(frozen=True)
class PeopleTable:
    """People and what is said of them.

    Attributes
    ----------
    people : mapping from subject to mapping from str to str
        `sex`, `age` and `ethnicity` of each, as the table writes them; `n/a` where it says nothing.
    meaning : mapping from str to mapping from str to str
        For each of these what a value of the table means, `F`, `45`, `89+`; values that are not understood
        mean `n/a`, and a remark names them.
    left_out : mapping from str to str
        Who is no person of the cohort, and why.
    remarks : tuple of str
        What was guessed, one line a cause.
    doubts : tuple of str
        What was not understood, one line a cause: lines left out, values taken as `n/a`.
    """

    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    meaning: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: {name: {} for name in VALUES})
    left_out: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def read_people(path: Path) -> PeopleTable:
    r"""Read a table of participants, and `participants.json` beside it, as people have them.

    Parameters
    ----------
    path : Path
        Where `participants.tsv` is, or would be: BIDS does not require it.

    Raises
    ------
    TableError
        If it cannot be read, no column says who, or somebody is in two lines that differ.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "participants.tsv"
    >>> _ = path.write_bytes(b"participant_id\tGender\tage\r\n01\tMale\t45.0\r\nsub-02\t\t>89")
    >>> table = read_people(path)
    >>> table.people["sub-01"], table.meaning["age"]
    ({'sex': 'Male', 'age': '45.0', 'ethnicity': 'n/a'}, {'45.0': '45', '>89': '89+'})
    """
    if not path.is_file():
        return PeopleTable(remarks=(f"{path}: no such file; people are the folders sub-*, sex and age n/a",))
    table = read_foreign(path)
    findings, doubts = Findings(str(path)), Findings(str(path))
    columns = {what: _column(table, what) for what in _WHOLE}
    if columns["participant_id"] is None:
        raise TableError(
            f"{path}: no column says who; it has {', '.join(map(shown, table.columns[:8]))}; expected "
            "participant_id"
        )
    for what in VALUES:
        name = columns[what]
        if name is not None and name != what:
            findings.add(f"{what} is taken from column {shown(name)}")
    people: dict[str, dict[str, str]] = {}
    first: dict[str, int] = {}
    left_out: dict[str, str] = {}
    lines: dict[tuple[str, str], int] = {}
    twice = []
    for line, cells in zip(table.lines, _by_meaning(table, columns), strict=True):
        subject = _subject(cells["participant_id"])
        if subject is None:
            doubts.add(
                "participant_id is not sub- and letters or digits",
                f"line {line} {shown(cells['participant_id'])}",
            )
            continue
        own = {what: NOT_AVAILABLE if cells[what].casefold() in UNKNOWN else cells[what] for what in VALUES}
        if subject in people:
            twice.append(
                f"{path}: {subject} is in line {first[subject]} and in line {line}; remove one of them"
            )
            continue
        first[subject], people[subject] = line, own
        lines |= {(what, own[what]): line for what in VALUES if (what, own[what]) not in lines}
        if cells["species"].casefold() not in _HUMAN:
            left_out[subject] = f"species is {cells['species']}"
    if twice:
        raise TableError(*twice)
    levels, months = _sidecar(path.with_suffix(".json"), columns)
    meaning = {what: _meaning(what, people, levels.get(what, {}), months) for what in VALUES}
    for what, known in meaning.items():
        for value, meant in known.items():
            if meant == NOT_AVAILABLE and not _said(value, levels.get(what, {})):
                doubts.add(f"{what} is not understood", f"line {lines[what, value]} {shown(value)}")
    own = levels.get("sex", {})
    if any(whole_number(value) in ISO_5218 and level_of(value, own) is None for value in meaning["sex"]):
        findings.add("sex is in figures; taken as ISO/IEC 5218: 1 male, 2 female")
    return PeopleTable(people, meaning, left_out, (*table.remarks, *findings.problems()), doubts.problems())


def _meaning(
    what: str,
    people: Mapping[str, Mapping[str, str]],
    levels: Mapping[str, str],
    months: bool,
) -> dict[str, str]:
    """Return what each value of a column means."""
    known: dict[str, str] = {}
    for value in sorted({own[what] for own in people.values()} - {NOT_AVAILABLE}):
        meant: str | None
        if what == "sex":
            meant = map_sex(value, levels)
        elif what == "age":
            meant = map_age(value, months)
        else:
            word = re.search("[^\\W\\d]{3}", value)  # a code is explained, a word stays
            meant = " ".join(
                (value if word else level_of(value, levels) or value).casefold().replace('"', " ").split()
            )[:100]
        known[value] = meant or NOT_AVAILABLE
    return known


def _said(value: str, levels: Mapping[str, str]) -> bool:
    """Say whether a value is known to mean that nothing is known."""
    if ISO_5218.get(whole_number(value)) == NOT_AVAILABLE:
        return True
    return (level_of(value, levels) or "x").strip().casefold() in UNKNOWN


def _column(table: ForeignTable, what: str) -> str | None:
    """Return the column that says something, by its name; the first, if its cells are names of subjects."""
    plain = {re.sub(r"[^a-z0-9]", "", name.casefold()): name for name in reversed(table.columns)}
    for name in _WHOLE[what]:
        if name in plain:
            return plain[name]
    for beginning in _BEGINNING.get(what, ()):
        found = [name for name in table.columns if name.casefold().startswith(beginning)]
        if found:
            return found[0]
    if what == "participant_id" and table.rows and all(_SUBJECT.fullmatch(row[0]) for row in table.rows):
        return table.columns[0]
    return None


def _by_meaning(table: ForeignTable, columns: Mapping[str, str | None]) -> Iterator[dict[str, str]]:
    index = {what: None if name is None else table.columns.index(name) for what, name in columns.items()}
    for row in table.rows:
        yield {what: "" if place is None else row[place] for what, place in index.items()}


def _subject(cell: str) -> str | None:
    """Return the BIDS name: `sub-` may be missing, or in capitals."""
    name = re.sub(r"^sub-", "", cell, flags=re.I)
    return f"sub-{name}" if _SUBJECT.fullmatch(f"sub-{name}") else None


def _sidecar(path: Path, columns: Mapping[str, str | None]) -> tuple[dict[str, dict[str, str]], bool]:
    """Return what participants.json says of codes, by meaning, and whether ages are in months."""
    about: object = None
    with suppress(OSError, ValueError):
        about = json.loads(path.read_bytes().decode("utf-8-sig"))
    if not isinstance(about, dict):
        return {}, False
    levels: dict[str, dict[str, str]] = {}
    for what, name in columns.items():
        own = about.get(name)
        known = own.get("Levels") if isinstance(own, dict) else None
        if isinstance(known, dict):
            levels[what] = {str(code): _text(text) for code, text in known.items()}
    age = about.get(columns["age"])
    units = str(age.get("Units", "")) if isinstance(age, dict) else ""
    return levels, units.casefold().startswith("month")


def _text(level: object) -> str:
    """Return the meaning of a level: text, or an object with a description."""
    return str(level.get("Description", "")) if isinstance(level, dict) else str(level)


def missing_values(table: PeopleTable, subjects: Sequence[str]) -> tuple[str, ...]:
    """Return which of `VALUES` is known of none of these people."""
    return tuple(
        what
        for what in VALUES
        if all(
            table.meaning[what].get(table.people.get(one, {}).get(what, ""), NOT_AVAILABLE) == NOT_AVAILABLE
            for one in subjects
        )
    )
