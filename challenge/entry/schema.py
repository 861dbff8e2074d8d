"""What `entry_rules` asks of an entry, as JSON Schema for those who write or read entries elsewhere.

`python -m mriprivacy.challenge.entry.schema > docs/reference/entry.schema.json` prints it. `rank` reads by
the rules, which ask for more: no schema says that a signature is of the entry's own edition.
"""

import json
from collections.abc import Mapping
from typing import Any

from mriprivacy.challenge.entry import entry_rules as rules


def entry_schema() -> dict[str, Any]:
    """Return the JSON Schema of an entry.

    Examples
    --------
    >>> entry_schema()["properties"]["synthetic"]
    {'type': 'boolean'}
    """
    figures = _each(_figure((-rules.LARGEST, rules.LARGEST)))
    figures["properties"] = {name: _figure(ends) for name, ends in rules.RANGES.items()}
    named = {"$ref": "#/$defs/figures"}
    counts = _each(_of(rules.COUNT))
    result = _object(rules.RESULT, {"rates": rules.FLAG})
    result["properties"] |= {"figures": named, "counts": counts, "signature": {"type": "string"}}
    result["required"] += ["figures", "counts", "signature"]
    gate = _object(rules.GATE, {"estimated": rules.COUNT})
    gate["properties"]["failed"] = {"type": "array", "items": _of(rules.LINE)}
    parts = {
        "results": {"type": "array", "items": result},
        "gate": {"anyOf": [{"type": "object", "maxProperties": 0}, gate]},
        "checks": {"type": "array", "items": _object(rules.CHECK)},
        "warnings": {"type": "array", "items": _of(rules.NOTE)},
    }
    schema = _object(rules.ENTRY, rules.OPTIONAL)
    schema["properties"] |= parts
    schema["properties"] |= {
        "seconds": _each(_of(rules.number(0, rules.MOST))),
        "utility": named,
        "face": named,
        "presence": counts,
        "defaced": _object(rules.DEFACED),
    }
    schema["properties"]["games"] = {"type": "array", "items": _of(rules.NOTE)}
    schema["required"] += parts
    about = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Entry: what `mriprivacy evaluate` writes of one system",
    }
    return about | schema | {"$defs": {"figures": figures}}


def _of(requirement: rules.Requirement) -> dict[str, Any]:
    return dict(requirement.schema) if isinstance(requirement, rules.Described) else {}


def _object(
    needed: Mapping[str, rules.Requirement], optional: Mapping[str, rules.Requirement] | None = None
) -> dict[str, Any]:
    """Return the schema of an object with some members and no others."""
    members = {**needed, **(optional or {})}
    return {
        "type": "object",
        "properties": {name: _of(requirement) for name, requirement in members.items()},
        "required": list(needed),
        "additionalProperties": False,
    }


def _each(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": dict(value)}


def _figure(ends: tuple[float, float]) -> dict[str, Any]:
    number = rules.number(*ends)
    needed = {**dict.fromkeys(("value", "low", "high"), number), "n": rules.COUNT}
    lacking = {"properties": {"low": {"type": "null"}, "high": {"type": "null"}}, "required": ["needs"]}
    schema = _object(needed, {"needs": rules.LINE})
    numbers = {end: schema["properties"][end] for end in ("low", "high")}
    schema["properties"] |= {end: {} for end in numbers}
    return schema | {"anyOf": [{"properties": numbers}, lacking]}


def text() -> str:
    """Return the schema as it is published."""
    return json.dumps(entry_schema(), indent=1) + "\n"


if __name__ == "__main__":
    print(text(), end="")
