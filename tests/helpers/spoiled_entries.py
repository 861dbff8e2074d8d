"""Entries as they should not be: a change in one place of a real one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from mriprivacy.challenge.entry.entry import Entry

COMMITTED = Path(__file__).parents[2] / "entries" / "synth-demo-2026.2"
DEFACING, ATTACK = "reference__blur.json", "reference__geo_raw.json"
Change = Callable[[dict[str, Any]], object]


def put(value: object, *path: str | int) -> Change:
    """Put a value in the place of another."""

    def change(entry: dict[str, Any]) -> None:
        place: Any = entry
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    def change(entry: dict[str, Any]) -> None:
        place: Any = entry
        for part in path[:-1]:
            place = place[part]
        del place[path[-1]]

    return change


def renamed(entry: Entry, **changes: str) -> Entry:
    """The same entry under other names, in its signatures, too."""
    made = replace(entry, **changes)
    old = (f"{entry.edition}@{entry.edition_hash[:8]}", f"{entry.team}/{entry.system}")
    new = (f"{made.edition}@{made.edition_hash[:8]}", f"{made.team}/{made.system}")
    results = []
    for result in entry.results:
        signature = result.signature.replace(old[0], new[0]).replace(old[1], new[1])
        results.append(replace(result, signature=signature))
    return replace(made, results=tuple(results))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
SMALL = json.loads((COMMITTED / ATTACK).read_text("utf-8")) | {"draws": "0.5000 0.6000"}


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a value, the whole excepted."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [place for key, inner in members for place in [(*path, key), *places(inner, (*path, key))]]
