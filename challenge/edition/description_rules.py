"""What may stand in `edition.json`, field by field; everything that is wrong with one, a line each.

Members that are not named here are ignored: a later kit may write more. What the protocol holds is checked
where it is read (`challenge.edition.protocol`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mriprivacy.challenge.edition.defaced import described
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.schema import CONDITIONS, NOT_AVAILABLE, SCAN_CONTRASTS, Attributes

FORMAT = 1
_TYPES = {
    "id": str,
    "version": str,
    "synthetic": bool,
    "tracks": list,
    "contrast": str,
    "conditions": list,
    "attributes": dict,
    "protocol": dict,
    "counts": dict,
}
_COUNTS = ("probes", "references", "trials")
_LONGEST = 200  # characters of an author, a value of an attribute, a site


def description_problems(description: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the content of an `edition.json`.

    Parameters
    ----------
    description : mapping
        As JSON has it.

    Examples
    --------
    >>> description_problems({"format": 2})
    ['format is 2; this kit reads format 1']
    """
    number = description.get("format")
    if type(number) is not int or number != FORMAT:
        return [f"format is {shown(str(number))[1:-1]}; this kit reads format {FORMAT}"]
    wrong = [name for name, kind in _TYPES.items() if not isinstance(description.get(name), kind)]
    if wrong:
        return [f"{', '.join(wrong)} missing or of the wrong type"]
    return [*_texts(description), *_lists(description), *_attributes(description), *_numbers(description)]


def _texts(description: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the fields that become parts of paths, of tables or of pages."""
    needed = {"id": fields.edition_id, "version": fields.version, "contrast": _contrast}
    optional = {
        "references": _contrast,
        "licence": fields.line(500),
        "citation": fields.line(2000),
        "consent": fields.line(2000),
        "released": fields.day,
        "doi": fields.doi,
        "supersedes": fields.edition_reference,
        "alike": fields.line(500),
        "hair_removal": fields.matching("[a-z]{1,40}", "none, given or builtin"),
    }
    for name, rule in (needed | optional).items():
        value = description.get(name)
        if name in optional and value in (None, ""):
            continue
        if not isinstance(value, str):
            yield f"{name} is a {type(value).__name__}; expected text"
        elif (wanted := rule(value)) is not None:
            yield f"{name} is {shown(value)}; expected {wanted}"


def _lists(description: Mapping[str, Any]) -> Iterator[str]:
    for name, known in (("tracks", fields.TRACKS), ("conditions", CONDITIONS)):
        values = description[name]
        if not values or any(value not in known for value in values) or len(set(values)) < len(values):
            yield f"{name} is {shown(str(values))}; expected one or more of {', '.join(known)}"
    authors, orcids = (description.get(name) or [] for name in ("authors", "orcids"))
    if not _are_lines(authors):
        yield f"authors is {shown(str(authors))}; expected a list of names, each on one line"
    if not isinstance(orcids, list) or (orcids and isinstance(authors, list) and len(orcids) != len(authors)):
        yield f"orcids is {shown(str(orcids))}; expected a list, one for each author"
        return
    for orcid in orcids:
        if not isinstance(orcid, str) or (orcid and fields.orcid(orcid) is not None):
            yield f"orcids has {shown(str(orcid))}; expected {fields.orcid('')}, or empty text"


def _attributes(description: Mapping[str, Any]) -> Iterator[str]:
    if odd := sorted(set(description["attributes"]) - set(Attributes._fields)):
        yield f"attributes: {shown(odd[0])} is unknown; expected {', '.join(Attributes._fields)}"
    for name in Attributes._fields:
        values = description["attributes"].get(name)
        good = isinstance(values, list) and all(
            isinstance(one, str) and one.isprintable() and one != NOT_AVAILABLE and len(one) <= _LONGEST
            for one in values
        )
        if not good or len(set(values)) < len(values):
            yield (
                f"attributes: {name} is {shown(str(values))}; expected a list of printable text, each value "
                f"once and none of them {NOT_AVAILABLE}"
            )


def _numbers(description: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with counts, and with the members that hold some beside text."""
    if set(description["counts"]) != {"dev", "eval"}:
        yield f"counts is {shown(str(description['counts']))}; expected those of dev and eval"
    for name, counts in description["counts"].items():
        whole = isinstance(counts, dict) and all(map(_is_count, counts.values()))
        if not whole or not set(_COUNTS) <= set(counts):
            yield (
                f"counts: {shown(name)[1:-1]} is {shown(str(counts))}; expected how many probes, references "
                "and trials"
            )
    if not _is_count(description.get("distractors", 0)):
        yield f"distractors is {shown(str(description['distractors']))}; expected how many there are"
    design = description.get("design", {})
    if not isinstance(design, dict) or not _are_lines(design.get("dev_sites", [])):
        yield f"design is {shown(str(design))}; expected settings by name, dev_sites a list of names"
    if "defaced" in description and (wanted := described(description["defaced"])) is not None:
        yield f"defaced is {shown(str(description['defaced']))}; expected {wanted}"
    if "list" in description:
        listed = description["list"]
        known = isinstance(listed, dict) and set(listed) == {"name", "people", "missing"}
        if not (
            known
            and _are_lines([listed["name"]])
            and _are_lines(listed["missing"])
            and _is_count(listed["people"])
        ):
            yield f"list is {shown(str(listed))}; expected its name, how many people, and who is missing"


def _are_lines(values: object) -> bool:
    rule = fields.line(_LONGEST)
    return isinstance(values, list) and all(isinstance(one, str) and rule(one) is None for one in values)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _contrast(value: str) -> str | None:
    return None if value in SCAN_CONTRASTS else f"one of {', '.join(SCAN_CONTRASTS)}"
