"""Readers of entries, log, sealed tables and edition.json: no traceback, and no garbage that is accepted.

Bytes of good files with some taken out, put in, doubled or exchanged, and JSON with a value in another place.
docs/how-to/fuzz.md says how to look further.
"""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.submission_log.head import HEAD
from mriprivacy.challenge.submission_log.log import LOG, Event, append
from mriprivacy.scoring.errors import UserError
from tests.helpers import read_properties
from tests.helpers.read_properties import BETWEEN, SEALED, TABLES, Editions
from tests.helpers.spoiled_entries import ATTACK, COMMITTED, JSON, SMALL, places, put

pytestmark = pytest.mark.long

MANY = settings(max_examples=150, suppress_health_check=list(HealthCheck))


@st.composite
def spoiled(draw: st.DrawFn, good: bytes) -> bytes:
    """Return good bytes after one to three cuts, insertions, repetitions or exchanges."""
    content = good
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        put_in = draw(
            st.binary(max_size=8)
            | st.sampled_from(
                [
                    b"",
                    b"\n",
                    b"\t",
                    b"n/a",
                    b"0",
                    b"-1",
                    b"1e999",
                    b"null",
                    b"\r\n",
                    b"\xe2\x80\xa8",
                    b"../",
                    b"\x00",
                ]
            )
            | st.just(content[start:end] * 2)
        )
        content = content[:start] + put_in + content[end:]
    return content


@pytest.fixture(scope="module")
def editions(tiny_edition_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Editions:
    return Editions(tiny_edition_folder, tmp_path_factory.mktemp("any"))


def good_log() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for event in ("accepted", "evaluated", "refused"):
            append(
                folder,
                Event(event, "synth/1", "attack", "team", "s", "ab" * 32),
                datetime(2026, 1, 2, tzinfo=UTC),
            )
        return (folder / LOG).read_bytes() + BETWEEN + (folder / HEAD).read_bytes()


def test_good_files_are_accepted(editions: Editions, tmp_path: Path) -> None:
    assert read_properties.entry((COMMITTED / ATTACK).read_bytes(), tmp_path)
    assert read_properties.log(good_log(), tmp_path)
    assert editions.sealed(editions.files(SEALED, "sealed"))
    assert editions.public(editions.files(("edition.json", *TABLES), "public"))


@MANY
@given(data=st.data())
def test_any_log(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    read_properties.log(data.draw(spoiled(good_log())), tmp_path_factory.getbasetemp())


@MANY
@given(data=st.data())
def test_any_entry(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    good = json.dumps(SMALL).encode()
    read_properties.entry(data.draw(spoiled(good)), tmp_path_factory.getbasetemp())


@MANY
@given(where=st.sampled_from(places(SMALL)), value=JSON)
def test_any_value_in_an_entry(where: tuple, value: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = json.loads(json.dumps(SMALL))
    put(value, *where)(content)
    read_properties.entry(json.dumps(content).encode(), tmp_path_factory.getbasetemp())


@MANY
@given(data=st.data())
def test_any_sealed_tables(data: st.DataObject, editions: Editions) -> None:
    editions.sealed(data.draw(spoiled(editions.files(SEALED, "sealed"))))


@MANY
@given(data=st.data())
def test_any_public_files(data: st.DataObject, editions: Editions) -> None:
    editions.public(data.draw(spoiled(editions.files(("edition.json", *TABLES), "public"))))


@MANY
@given(data=st.data(), value=JSON)
def test_any_value_in_edition_json(data: st.DataObject, value: object, editions: Editions) -> None:
    content = json.loads(editions.files(("edition.json",), "public"))
    put(value, *data.draw(st.sampled_from(places(content))))(content)
    editions.public(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("table", "good", "bad", "words"),
    [
        ("sealed/attributes.tsv", b"\tasian", b"\tasianx", "is not one of african, asian, n/a"),
        ("sealed/attributes.tsv", b"\tF\t", b"\tQ\t", "is not one of F, M, n/a"),
        ("public/dev/attributes.tsv", b"\tF\t", b"\tQ\t", "is not one of F, M, n/a"),
        ("sealed/ages.tsv", b"\t60\n", b"\t-60\n", "is no age in years; expected 0 to 150"),
        ("sealed/ages.tsv", b"\t60\n", b"\t1e29\n", "is no age in years; expected 0 to 150"),
    ],
)
def test_values_that_no_person_has(
    table: str, good: bytes, bad: bytes, words: str, own_edition_folder: Path
) -> None:
    """What the public side does not name was taken for a value of its own, and a negative age for an age."""
    path = own_edition_folder / table
    assert good in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(good, bad, 1))
    with pytest.raises(UserError, match=words):
        open_sealed(own_edition_folder)
