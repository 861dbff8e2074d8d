"""The published schema of entries agrees with the reader: what `rank` takes, the schema takes."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mriprivacy.challenge.entry.entry_rules import entry_problems
from mriprivacy.challenge.entry.schema import entry_schema, text
from tests.helpers.spoiled_entries import JSON, SMALL, drop, places, put

ROOT = Path(__file__).parents[3]
SCHEMA = Draft202012Validator(entry_schema())
RESULT = ("results", 0)


def test_the_published_schema_is_up_to_date() -> None:
    Draft202012Validator.check_schema(entry_schema())
    published = (ROOT / "docs" / "reference" / "entry.schema.json").read_text()
    assert published == text(), (
        "run: python -m mriprivacy.challenge.entry.schema > docs/reference/entry.schema.json"
    )


def test_every_committed_entry_is_of_the_schema() -> None:
    entries = sorted((ROOT / "entries").rglob("*.json"))
    assert entries
    for path in entries:
        assert list(SCHEMA.iter_errors(json.loads(path.read_text("utf-8")))) == [], path


@settings(max_examples=200)
@given(where=st.sampled_from(places(SMALL)), value=JSON)
def test_what_the_schema_refuses_the_reader_refuses(where: tuple[str | int, ...], value: object) -> None:
    entry = copy.deepcopy(SMALL)
    put(value, *where)(entry)
    assert SCHEMA.is_valid(entry) or list(entry_problems(entry))


@pytest.mark.parametrize(
    "change",
    [
        *(
            drop(name)
            for name in ("edition", "edition_hash", "synthetic", "results", "gate", "warnings", "kit")
        ),
        *(drop(*RESULT, name) for name in ("name", "level", "figures", "counts", "signature")),
        drop(*RESULT, "figures", "auc", "high"),
        put("0.5", *RESULT, "figures", "auc", "value"),
        put(1.5, *RESULT, "figures", "auc", "value"),
        put(-1, *RESULT, "counts", "mated"),
        put("maybe", "synthetic"),
        put("somebody", *RESULT, "level"),
        put({}, "results"),
        put([], "gate"),
        put(1, "more"),
        put("a" * 20_000, "warnings", 0),
    ],
)
def test_both_refuse(change: Callable[[dict[str, Any]], object]) -> None:
    entry = copy.deepcopy(SMALL) | {"warnings": ["one"]}
    assert SCHEMA.is_valid(entry)
    assert not list(entry_problems(entry))
    change(entry)
    assert not SCHEMA.is_valid(entry)
    assert list(entry_problems(entry))
