"""What a hospital may share of its report: sums over people, from which those of several are pooled.

No row is of fewer than `SMALLEST_CELL` people, and no count of failures of fewer scans is shown. Names of
people, of scans and of the person who is worst off are in none.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mriprivacy.challenge.risk.assessment import Assessment
from mriprivacy.challenge.risk.control_rate import FINEST, Counts, Successes
from mriprivacy.challenge.risk.inference import SMALLEST_CELL
from mriprivacy.challenge.risk.recipients import NOTHING, PHOTOGRAPH, SCAN
from mriprivacy.challenge.risk.scan_checks import FAILURES
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.strict_json import parse_json_object
from mriprivacy.data_prep.formats.tables.tsv import read_bytes
from mriprivacy.scoring.errors import UserError

FORMAT = "mriprivacy risk counts 1"
LARGEST_FILE = 64_000_000  # bytes
AFTER, BEFORE = "after", "before"
ATTRIBUTES = ("sex", "age", "ethnicity")
_MEMBERS = ("format", "kit", "release", "smallest_cell", "people", "scans", "left_out", "failures", "rows")


class Question(NamedTuple):
    """What a row counts: a recipient in galleries of a size, or an attribute; before or after defacing.

    `gallery` is 0 for an attribute, which has no recipient that is trained or not.
    """

    key: str
    trained: bool
    gallery: int
    when: str


@dataclass(frozen=True)
class SiteCounts:
    """The counts of one hospital.

    Attributes
    ----------
    name : str
        Of its file.
    release : str
        As the hospital calls its release.
    people, scans : int
        Of the release; people are at least `SMALLEST_CELL`.
    failures : mapping from str to int or None
        Scans by kind of failure; None: some, but fewer than `SMALLEST_CELL`.
    rows : mapping from Question to Counts
        What was tested.
    left_out : int
        Tests of fewer people than `SMALLEST_CELL`.
    """

    name: str
    release: str
    people: int
    scans: int
    failures: Mapping[str, int | None]
    rows: Mapping[Question, Counts]
    left_out: int


def counted(found: Assessment) -> dict[Question, Counts]:
    """Return the counts of everything that was tested."""
    rows: dict[Question, Counts] = {}
    for one in found.linkage:
        for when, seen in ((AFTER, one.after), (BEFORE, one.before)):
            for gallery, counts in (seen.counts if seen else {}).items():
                rows[Question(one.key, one.trained, gallery, when)] = counts
    for known in found.inferred:
        for when, counts_of in ((AFTER, known.counts), (BEFORE, known.counts_before)):
            if counts_of is not None:
                rows[Question(known.attribute, False, 0, when)] = counts_of
    return rows


def as_shared(found: Assessment) -> str:
    """Return what may be shared as JSON."""
    rows = counted(found)
    kept = {question: own for question, own in rows.items() if own.chosen.people >= SMALLEST_CELL}
    kinds = Counter(kind for one in found.failed for kind in {kind for kind, _ in one.failures})
    document = {
        "format": FORMAT,
        "kit": found.kit,
        "release": found.terms.release,
        "smallest_cell": SMALLEST_CELL,
        "people": found.people if found.people >= SMALLEST_CELL else None,
        "scans": found.scans if found.people >= SMALLEST_CELL else None,
        "left_out": len(rows) - len(kept),
        "failures": {kind: None if 0 < kinds[kind] < SMALLEST_CELL else kinds[kind] for kind in FAILURES},
        "rows": [
            {
                **question._asdict(),
                "chosen": _plain(own.chosen),
                "tried": {name: _plain(one) for name, one in own.tried.items()},
            }
            for question, own in kept.items()
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(counts: Successes) -> dict[str, Any]:
    control = {str(step): share for step, share in enumerate(counts.control) if share}
    return {"people": counts.people, "right": counts.right, "control": control}


def read_shared(path: Path) -> SiteCounts:
    """Read what a hospital shared.

    Parameters
    ----------
    path : Path
        `counts.json` of `mriprivacy risk`, or what a platform keeps of a container that wrote these counts:
        `metrics.json` of grand-challenge, or a result of MedPerf as JSON.

    Raises
    ------
    UserError
        If it is missing, or is not as `as_shared` writes it.
    """
    content = _counts_of(parse_json_object(read_bytes(path, LARGEST_FILE, str(path)), name=str(path)))
    if content.get("format") != FORMAT:
        raise UserError(
            f"{path}: format is {shown(str(content.get('format')))}; expected {FORMAT!r}: counts.json of "
            "mriprivacy risk, made by this version of the kit"
        )
    try:
        return _site(str(path), content)
    except _NotAsWritten as error:
        raise UserError(
            f"{path}: {error}; expected counts.json as mriprivacy risk wrote it: ask the hospital for it "
            "again"
        ) from error


def _counts_of(content: dict[str, Any]) -> dict[str, Any]:
    """Return the counts of a platform's result, in which they are `risk` or `results.risk`; else all."""
    for name in ("results", "risk"):
        inner = content.get(name)
        if "format" not in content and isinstance(inner, dict):
            content = inner
    return content


class _NotAsWritten(ValueError):
    """What is wrong in a file; caught where its name is known."""


def _site(name: str, content: Mapping[str, Any]) -> SiteCounts:
    if set(content) != set(_MEMBERS):
        raise _NotAsWritten(f"members are {', '.join(map(shown, content))}")
    if content["smallest_cell"] != SMALLEST_CELL:
        raise _NotAsWritten(f"smallest_cell is {shown(str(content['smallest_cell']))}, not {SMALLEST_CELL}")
    release, rows, failures = content["release"], content["rows"], content["failures"]
    if not (isinstance(release, str) and isinstance(rows, list) and isinstance(failures, dict)):
        raise _NotAsWritten("release is no text, rows no list, or failures no object")
    people = _whole("people", content["people"], SMALLEST_CELL)
    if set(failures) != set(FAILURES):
        raise _NotAsWritten(f"failures are {', '.join(map(shown, failures))}")
    counts = {kind: None if n is None else _whole(kind, n, 0) for kind, n in failures.items()}
    found: dict[Question, Counts] = {}
    for place, row in enumerate(rows, start=1):
        question, own = _row(place, row, people)
        if question in found:
            raise _NotAsWritten(f"row {place} asks what an earlier row asks")
        found[question] = own
    scans, left_out = _whole("scans", content["scans"], 1), _whole("left_out", content["left_out"], 0)
    return SiteCounts(name, release, people, scans, counts, found, left_out)


def _row(place: int, row: Any, people: int) -> tuple[Question, Counts]:
    if not isinstance(row, dict) or set(row) != {*Question._fields, "chosen", "tried"}:
        raise _NotAsWritten(
            f"row {place} has other members than {', '.join(Question._fields)}, chosen, tried"
        )
    question = Question(row["key"], row["trained"], row["gallery"], row["when"])
    known = (*ATTRIBUTES, NOTHING, PHOTOGRAPH, SCAN)
    if (
        question.key not in known
        or question.when not in (AFTER, BEFORE)
        or type(question.trained) is not bool
    ):
        raise _NotAsWritten(f"row {place} asks what this kit does not")
    _whole(f"row {place}: gallery", question.gallery, 0)
    if (question.gallery == 0) != (question.key in ATTRIBUTES):
        raise _NotAsWritten(f"row {place}: gallery is {question.gallery}")
    if not isinstance(row["tried"], dict) or not row["tried"]:
        raise _NotAsWritten(f"row {place}: no attack was tried")
    chosen = _successes(f"row {place}", row["chosen"], people)
    tried = {name: _successes(f"row {place}", one, people) for name, one in row["tried"].items()}
    if any(one.people != chosen.people for one in tried.values()):
        raise _NotAsWritten(f"row {place}: attacks are of different people")
    return question, Counts(chosen, tried)


def _successes(where: str, value: Any, people: int) -> Successes:
    if not isinstance(value, dict) or set(value) != {"people", "right", "control"}:
        raise _NotAsWritten(f"{where}: an attack has other members than people, right, control")
    n, right, control = (
        _whole(f"{where}: people", value["people"], SMALLEST_CELL),
        value["right"],
        value["control"],
    )
    if n > people:
        raise _NotAsWritten(f"{where}: {n} people of {people}")
    steps = {str(step) for step in range(FINEST + 1)}
    if not isinstance(control, dict) or not set(control) <= steps:
        raise _NotAsWritten(f"{where}: control has other steps than 0 to {FINEST}")
    if not all(_number(one) and one >= 0 for one in (right, *control.values())):
        raise _NotAsWritten(f"{where}: right and control are no numbers from 0")
    shares = tuple(float(control.get(str(step), 0.0)) for step in range(FINEST + 1))
    if right > n + 1e-6 or not math.isclose(math.fsum(shares), n, rel_tol=1e-6):
        raise _NotAsWritten(f"{where}: right or control do not add up to {n} people")
    return Successes(n, float(right), shares)


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _whole(what: str, value: Any, least: int) -> int:
    if type(value) is not int or value < least:
        raise _NotAsWritten(f"{what} is {shown(str(value))}, no whole number of at least {least}")
    return value
