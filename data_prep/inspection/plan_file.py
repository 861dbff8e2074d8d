"""`plan.toml`: what `inspect` proposes, a person edits and signs off, and `build` takes.

TOML is read by the standard library's `tomllib`, which makes text, numbers and lists of it and runs nothing.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from mriprivacy.data_prep.cohorts.face_table import parse_face
from mriprivacy.data_prep.cohorts.people_table import VALUES
from mriprivacy.data_prep.cohorts.people_values import map_age
from mriprivacy.data_prep.formats.close_words import did_you_mean
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.data_prep.formats.tables.tsv import read_bytes
from mriprivacy.scoring.errors import UserError

FORMAT = 1
PLAN = "plan.toml"
UNDECIDED = "?"
_LARGEST_GROUP = 1_000_000  # people
MAX_BYTES = 100_000_000
# What a person must fill in where people are real.
TERMS = ("id", "version", "licence", "citation", "consent")
_TOP = {
    "format": int,
    "root": str,
    "photos": str,
    "synthetic": bool,
    "signed_off_by": str,
    "smallest_group": int,
}
_EDITION: dict[str, type] = {
    **dict.fromkeys(("id", "version", "licence", "citation", "consent", "released", "supersedes"), str),
    **dict.fromkeys(("contrast", "references", "hair_removal", "seed"), str),
    **dict.fromkeys(("authors", "tracks", "age_edges"), list),
}
_PERSON: dict[str, type] = {
    "included": bool,
    **dict.fromkeys(("why", *VALUES), str),
    **dict.fromkeys(("scans", "references", "photos"), list),
    **dict.fromkeys(("faces", "pictures"), dict),
}
_KINDS = {
    int: "a whole number",
    str: "text in quotes",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}
_HEAD = """# What will be in the edition, proposed by `mriprivacy inspect`. Read it, edit it,
# fill in what is "", and write who signs it off. Then: mriprivacy build plan=THIS_FOLDER output=EDITION
# It names people and holds the seed, which is as secret as the key. Keep it to yourself.
"""


class PlanError(UserError):
    """A plan that cannot be built from: it is not as it must be, or not filled in."""


@dataclass(frozen=True)
class PlannedPerson:
    """One subject of a plan.

    Attributes
    ----------
    subject : str
        BIDS name.
    included : bool
        Whether the person will be in the edition.
    why : str
        Why not, where not.
    values : mapping from str to str
        `sex`, `age`, `ethnicity` as the dataset writes them.
    scans, references : tuple of str
        The files taken, below the root; references where these are scans.
    photos : tuple of str
        The photographs taken, below their folder.
    faces : mapping from str to str
        For photographs with several faces: which one, from the left, or a box; `?` where it is not known.
    notes : tuple of str
        For a person to read: what else there is, and why it was not chosen.
    pictures : mapping from str to str
        Of photographs with several faces `named_faces.picture_digest`, as they were looked at.
    """

    subject: str
    included: bool
    why: str = ""
    values: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(VALUES, NOT_AVAILABLE))
    scans: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    faces: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CohortPlan:
    """A cohort, and the decisions about its edition.

    Attributes
    ----------
    root, photos : str
        Folders of the dataset and of the photographs; the latter is empty where references are scans.
    synthetic : bool
        Whether the dataset declares its people synthetic.
    edition : mapping from str to any
        Settings of `edition.*` by name, and the seed.
    meaning : mapping from str to mapping from str to str
        For sex, age and ethnicity what each value of the dataset means.
    people : tuple of PlannedPerson
        Sorted by subject.
    signed_off_by : str
        Who read it.
    smallest_group : int
        People, at least, whose files are alike; 1 accepts people who stand out by their files.
    remarks : tuple of str
        For a person to read.
    """

    root: str
    photos: str
    synthetic: bool
    edition: Mapping[str, Any]
    meaning: Mapping[str, Mapping[str, str]]
    people: tuple[PlannedPerson, ...]
    signed_off_by: str = ""
    smallest_group: int = 2
    remarks: tuple[str, ...] = ()


def plan_text(plan: CohortPlan) -> str:
    """Return a plan as TOML, with comments for the person who edits it.

    Examples
    --------
    >>> person = PlannedPerson("sub-01", True, scans=("sub-01/anat/sub-01_T1w.nii.gz",))
    >>> plan = CohortPlan("people", "", False, {"id": "mine"}, {"sex": {"1": "M"}}, (person,))
    >>> read = parse_plan(plan_text(plan), "plan.toml")
    >>> read.people == plan.people, read.meaning["sex"], read.edition["id"]
    (True, {'1': 'M'}, 'mine')
    """
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: CohortPlan) -> Iterator[str]:
    yield _HEAD
    yield from (f"# {one_line(remark)}" for remark in plan.remarks)
    yield f"format = {FORMAT}"
    yield f"root = {_value(plan.root)}"
    yield f"photos = {_value(plan.photos)}"
    yield f"synthetic = {_value(plan.synthetic)}"
    yield f"signed_off_by = {_value(plan.signed_off_by)}  # name of the person who read all of this"
    yield f"smallest_group = {plan.smallest_group}  # people with files alike; 1: accept people who stand out"
    yield "\n[edition]"
    for name, value in plan.edition.items():
        yield f"{name} = {_value(value)}{_ABOUT.get(name, '')}"
    for what in VALUES:
        yield f"\n[meaning.{what}]  # what a value of the dataset means{_EXPECTED[what]}"
        for value, meant in plan.meaning.get(what, {}).items():
            yield f"{_value(value)} = {_value(meant)}"
    for person in plan.people:
        yield f"\n[people.{person.subject}]"
        yield f"included = {_value(person.included)}"
        if person.why:
            yield f"why = {_value(person.why)}"
        yield from (f"{name} = {_value(person.values[name])}" for name in VALUES)
        for name in ("scans", "references", "photos"):
            if own := getattr(person, name):
                yield f"{name} = {_value(list(own))}"
        if person.faces:
            yield f"faces = {_value(person.faces)}"
        if person.pictures:
            yield f"pictures = {_value(person.pictures)}  # as they were looked at"
        yield from (f"# {one_line(note)}" for note in person.notes)


_ABOUT = {
    "id": "  # name: lower case letters, digits and '-'",
    "licence": "  # terms of use of the images, an SPDX name or one line",
    "citation": "  # what users of the edition cite",
    "consent": "  # one line: what these people agreed to; it stands in the datasheet",
    "seed": "  # drawn for this plan; a later version of the edition needs it again",
    "supersedes": "  # folder of the edition that this one corrects, if any",
}
_EXPECTED = {"sex": ": F, M, O or n/a", "age": ": years, 40-44, 89+ or n/a", "ethnicity": ""}


def _value(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_value(str(k))} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # JSON quotes as TOML does, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def read_plan(path: Path) -> CohortPlan:
    """Read a plan from its folder, or its file; errors as in `parse_plan`."""
    file = path / PLAN if path.is_dir() else path
    return parse_plan(read_bytes(file, MAX_BYTES, str(file)), str(file))


def parse_plan(raw: str | bytes, name: str) -> CohortPlan:
    """Take a plan apart, or say everything that is wrong with it.

    Parameters
    ----------
    raw : str or bytes
        TOML, UTF-8.
    name : str
        How messages call it.

    Raises
    ------
    PlanError
        For what is no TOML, unknown or missing keys, and values that may not stand there.
    """
    try:
        content = tomllib.loads(
            raw if isinstance(raw, str) else raw.decode("utf-8-sig").replace("\r\n", "\n")
        )
    except (ValueError, RecursionError) as error:  # also for a number of more digits than Python reads
        raise PlanError(f"{name}: is no TOML ({error}); texts stand in quotes, lists in brackets") from error
    found = Findings(name)
    for where in _beyond_toml(content):
        found.add("a text has a NUL character, or a number more than 64 bits", shown(where))
    if problems := found.problems():  # before any such number is shown
        raise PlanError(*problems)
    top = {key: value for key, value in content.items() if key not in ("edition", "meaning", "people")}
    _check(top, _TOP, "", found, needed=("format", "root"))
    sections = {key: content.get(key, {}) for key in ("edition", "meaning", "people")}
    for key, section in sections.items():
        if not isinstance(section, dict):
            found.add(f"{key} is no section; expected [{key}]")
            sections[key] = {}
    _check(sections["edition"], _EDITION, "edition.", found)
    _check(sections["meaning"], dict.fromkeys(VALUES, dict), "meaning.", found)
    for subject, own in sections["people"].items():
        if isinstance(own, dict):
            _check(own, _PERSON, f"people.{subject}.", found, needed=("included",))
        else:
            found.add("people are sections such as [people.sub-01]", subject)
    if not found.problems():
        _check_values(sections, found)
    if type(group := top.get("smallest_group", 2)) is int and not 1 <= group <= _LARGEST_GROUP:
        found.add(f"smallest_group is not from 1 to {_LARGEST_GROUP}", f"{group}")
    if problems := found.problems():
        raise PlanError(*problems)
    if top["format"] != FORMAT:
        raise PlanError(f"{name}: format is {top['format']}; expected {FORMAT}: run inspect again")
    return CohortPlan(
        root=top["root"],
        photos=top.get("photos", ""),
        synthetic=top.get("synthetic", False),
        edition=sections["edition"],
        meaning={what: sections["meaning"].get(what, {}) for what in VALUES},
        people=tuple(_person(subject, own) for subject, own in sorted(sections["people"].items())),
        signed_off_by=top.get("signed_off_by", ""),
        smallest_group=top.get("smallest_group", 2),
    )


def _check(
    table: Mapping[str, Any],
    kinds: Mapping[str, type],
    where: str,
    found: Findings,
    needed: Sequence[str] = (),
) -> None:
    for key, value in table.items():
        if key not in kinds:
            found.add(f"unknown key{did_you_mean(key, kinds)}", f"{where}{key}")
        elif type(value) is not kinds[key]:
            found.add(f"a value is not {_KINDS[kinds[key]]}", f"{where}{key} is {shown(str(value))}")
    for key in needed:
        if key not in table:
            found.add("a key is missing", f"{where}{key}")


def _beyond_toml(value: Any, where: str = "") -> Iterator[str]:
    """Yield where in a plan stands what no file's name, no line and no reader of TOML has to hold."""
    if isinstance(value, dict):
        for key, own in value.items():
            yield from _beyond_toml(key, where)
            yield from _beyond_toml(own, f"{where}.{key}" if where else key)
    elif isinstance(value, list):
        for own in value:
            yield from _beyond_toml(own, where)
    elif (isinstance(value, str) and "\0" in value) or (type(value) is int and not -(2**63) <= value < 2**63):
        yield where


def _check_values(sections: Mapping[str, Mapping[str, Any]], found: Findings) -> None:
    edition = sections["edition"]
    for key in ("authors", "tracks"):
        if not all(isinstance(one, str) for one in edition.get(key, [])):
            found.add("a list has something else than texts in quotes", f"edition.{key}")
    if not all(type(one) is int for one in edition.get("age_edges", [])):
        found.add("a list has something else than whole numbers", "edition.age_edges")
    for what, known in sections["meaning"].items():
        for value, meant in known.items():
            if not isinstance(meant, str) or not _may_mean(what, meant):
                found.add(
                    f"meaning.{what} is not{_EXPECTED[what][1:]}", f"{shown(value)} = {shown(str(meant))}"
                )
    for subject, own in sections["people"].items():
        for key in ("scans", "references", "photos"):
            for name in own.get(key, []):
                if not isinstance(name, str) or not _inside(name):
                    found.add(
                        "a file is not named by its path below the folder", f"{subject}: {shown(str(name))}"
                    )
        for photo, digest in own.get("pictures", {}).items():
            if not isinstance(digest, str):
                found.add("the digest of a picture is no text", f"{subject}: {shown(str(photo))}")
        for photo, face in own.get("faces", {}).items():
            if photo not in own.get("photos", []):
                found.add("faces names a photograph that is none of the person's", f"{subject}: {photo}")
            if not isinstance(face, str | int) or isinstance(face, bool) or not _may_be_face(str(face)):
                found.add(
                    'a face is neither a number from the left nor a box "left,top,right,bottom"',
                    f"{subject}: {photo} = {shown(str(face))}",
                )


def _may_mean(what: str, meant: str) -> bool:
    if what == "sex":
        return meant in ("F", "M", "O", NOT_AVAILABLE)
    if what == "age":
        return map_age(meant) == meant
    return bool(meant.strip()) and len(meant) <= 200 and meant.isprintable() and '"' not in meant


def _may_be_face(face: str) -> bool:
    try:
        return face == UNDECIDED or bool(parse_face(face))
    except ValueError:
        return False


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _person(subject: str, own: Mapping[str, Any]) -> PlannedPerson:
    return PlannedPerson(
        subject,
        own["included"],
        own.get("why", ""),
        {what: own.get(what, NOT_AVAILABLE) for what in VALUES},
        tuple(own.get("scans", ())),
        tuple(own.get("references", ())),
        tuple(own.get("photos", ())),
        {photo: str(face) for photo, face in own.get("faces", {}).items()},
        pictures=own.get("pictures", {}),
    )


def open_questions(plan: CohortPlan) -> tuple[str, ...]:
    """Return what a person must still fill in, one line each; nothing for a plan that can be built.

    Examples
    --------
    >>> plan = CohortPlan("people", "", False, {"id": "mine"}, {}, ())
    >>> print(*open_questions(plan), sep=chr(10))
    edition: fill in version, licence, citation, consent; people are real, so nothing is filled in
    signed_off_by is empty; expected the name of the person who read the plan
    """
    lines = []
    blank = [name for name in TERMS if not str(plan.edition.get(name, "")).strip()]
    if blank and not plan.synthetic:
        lines.append(f"edition: fill in {', '.join(blank)}; people are real, so nothing is filled in")
    if not plan.signed_off_by.strip() and not plan.synthetic:
        lines.append("signed_off_by is empty; expected the name of the person who read the plan")
    lines += [
        f"people.{person.subject}: {photo} has several faces; write in faces which one, from the left"
        for person in plan.people
        if person.included
        for photo, face in person.faces.items()
        if face == UNDECIDED and photo in person.photos
    ]
    return tuple(lines)
