"""Entries as files: `entries/EDITION/TEAM__SYSTEM.json`, written whole, read strictly."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, nan
from pathlib import Path
from typing import Any

from mriprivacy.challenge.edition.defaced import Defaced
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Check, Entry, EntryError, Gate, Result
from mriprivacy.challenge.entry.entry_rules import entry_problems
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.atomic import inside, whole_file
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring import Estimate
from mriprivacy.scoring.errors import UserError

# Members that an entry has only where they are not empty.
_LEFT_OUT = (
    *("face", "presence", "games", "salt", "edition_doi", "doi", "orcids", "draw_of"),
    *("defaced", "organizer_signature"),
)
_NOT_IN_DIGEST = ("seconds", "organizer_signature")  # the signature is of the digest
LARGEST = 8_000_000  # bytes; those of the demo have 90,000 at most


@dataclass(frozen=True)
class Examined:
    """What is in a folder of entries.

    Attributes
    ----------
    entries : tuple of Entry
        The good ones, ordered by path.
    problems : tuple of str
        One line for each file that is no entry, or none that can stand beside the others.
    """

    entries: tuple[Entry, ...]
    problems: tuple[str, ...]


def write_entry(folder: Path, entry: Entry) -> Path:
    """Write an entry below a folder of entries; an older one of the same system is replaced."""
    path = inside(folder, entry.path)
    text = json.dumps(_members(entry), indent=1, ensure_ascii=False, allow_nan=False)
    with whole_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path


def entry_digest(entry: Entry) -> str:
    """Return the digest by which the log of submissions knows an entry: of its file, once it is written."""
    return _digest(json.loads(json.dumps(_members(entry), allow_nan=False)))


def file_digest(path: Path) -> str:
    """Return the same of a file: SHA-256 over its content as sorted JSON, without `seconds` and signature.

    Whatever `seconds` and the signature are and however the file is laid out, the digest is one; any other
    change is seen.
    """
    return _digest(read_json_object(path, name="the file", max_bytes=LARGEST))


def _digest(content: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in content.items() if name not in _NOT_IN_DIGEST}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, allow_nan=False).encode()).hexdigest()


def read_entries(folder: Path) -> tuple[Entry, ...]:
    """Read every entry below a folder, ordered by path.

    Raises
    ------
    UserError
        If there is none, or with one line for each file that is no entry.
    """
    examined = examine_entries(folder)
    if examined.problems:
        raise UserError(*examined.problems)
    return examined.entries


def examine_entries(folder: Path) -> Examined:
    """Read every entry below a folder, and name every file that is none: a bad one costs itself alone.

    Parameters
    ----------
    folder : Path
        Of entries. Every `.json` in it, at any depth, has to be an entry in its place.

    Raises
    ------
    UserError
        If there is no such file at all.
    """
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; expected one of entries, as 'mriprivacy evaluate' writes it"
        )
    # What a killed `evaluate` may leave (`data_prep.formats.atomic.whole_file`) was never an entry.
    every = {*folder.rglob("*.json"), *folder.glob("*/*.json")}  # the second follows links to folders
    paths = sorted(path for path in every if not path.name.startswith(".partial-"))
    if not paths:
        raise UserError(
            f"{folder}: no entries; expected EDITION/TEAM__SYSTEM.json files (mriprivacy evaluate)"
        )
    entries: list[Entry] = []
    problems = []
    for path in paths:
        try:
            entry = read_entry(path)
            _check_place(entry, path, folder, entries)
        except UserError as error:
            first, *others = error.problems
            problems.append(f"{path}: {first}" + (f" (and {len(others)} more)" if others else ""))
        else:
            entries.append(entry)
    return Examined(tuple(entries), tuple(problems))


def read_entry(path: Path) -> Entry:
    """Read one entry.

    Raises
    ------
    EntryError
        With everything that is wrong with it, the field, what was found and what was expected; messages do
        not name the file.
    """
    value = read_json_object(path, name="the file", max_bytes=LARGEST)
    if problems := tuple(entry_problems(value)):
        raise EntryError(*problems)
    return _entry(value)


def _check_place(entry: Entry, path: Path, folder: Path, before: list[Entry]) -> None:
    """Refuse an entry that is not where its names say, or whose pages would be those of another's."""
    if path != inside(folder, entry.path):
        raise EntryError(f"holds the entry {entry.path}; expected it under that name")
    for other in before:
        if other.path.casefold() == entry.path.casefold():
            raise EntryError(f"differs from {other.path} in upper and lower case alone; expected one of them")
        if (
            other.edition == entry.edition
            and other.team != entry.team
            and fields.alike(other.team, entry.team)
        ):
            raise EntryError(
                f"team is {entry.team}, which looks like {other.team} of {other.path}; expected one spelling "
                "for one team"
            )
        alike = (other.edition.casefold(), other.edition_hash[:8]) == (
            entry.edition.casefold(),
            entry.edition_hash[:8],
        )
        if alike and (other.edition, other.edition_hash) != (entry.edition, entry.edition_hash):
            raise EntryError(
                f"edition_hash is {entry.edition_hash}; expected that of {other.path}, which begins alike, "
                f"{other.edition_hash}"
            )


def _members(entry: Entry) -> dict[str, Any]:
    """Return an entry as its file has it."""
    members = asdict(entry)
    results = [
        {"name": one.name, "level": one.level}
        | {k: v for k, v in own.items() if k != "attacker"}
        | {"figures": _written(one.figures)}
        for one, own in zip(entry.results, members["results"], strict=True)
    ]
    gate = {
        name: value for name, value in (members["gate"] or {}).items() if (name, value) != ("estimated", 0)
    }
    # A thousand draws in one line, not in a thousand.
    lines = {
        name: " ".join(f"{one:.4f}" for one in getattr(entry, name)) for name in ("draws", "exposure_draws")
    }
    figures = {name: _written(getattr(entry, name)) for name in ("utility", "face")}
    made = members | {"results": results, "gate": gate, **figures, **lines}
    return {name: own for name, own in made.items() if own or name not in _LEFT_OUT}


def _written(figures: Mapping[str, Estimate]) -> dict[str, dict[str, Any]]:
    """Return figures as the file has them: an end that is missing is null, and `needs` says why."""
    rows = {}
    for name, one in figures.items():
        ends = {
            end: value if isfinite(value) else None for end, value in (("low", one.low), ("high", one.high))
        }
        rows[name] = {"value": one.value, **ends, "n": one.n} | ({"needs": one.needs} if one.needs else {})
    return rows


def _entry(value: Mapping[str, Any]) -> Entry:
    """Make an entry of what has been checked."""
    gate = value["gate"]
    made = {
        "results": tuple(_result(**one) for one in value["results"]),
        "gate": Gate(**(gate | {"failed": tuple(gate.get("failed", ()))})) if gate else None,
        "warnings": tuple(value["warnings"]),
        "utility": _figures(value.get("utility", {})),
        "face": _figures(value.get("face", {})),
        "games": tuple(value.get("games", ())),
        "defaced": Defaced(**value["defaced"]) if "defaced" in value else None,
        "checks": tuple(Check(**one) for one in value["checks"]),
        **{name: tuple(map(float, value.get(name, "").split())) for name in ("draws", "exposure_draws")},
    }
    return Entry(**(dict(value) | made))


def _result(name: str, level: str, figures: Mapping[str, Any], **others: Any) -> Result:
    return Result(Attacker.parse(f"{name}/{level}"), figures=_figures(figures), **others)


def _figures(values: Mapping[str, Any]) -> dict[str, Estimate]:
    return {name: Estimate(**(one | _ends(one))) for name, one in values.items()}


def _ends(one: Mapping[str, Any]) -> dict[str, float]:
    return {end: nan for end in ("low", "high") if one[end] is None}
