"""`submission.json`: strict JSON, fields of limited alphabet and length, all problems at once."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.intake.description import SubmissionError, write_submission_json
from mriprivacy.data_prep.formats.strict_json import JsonError, read_json_object

Refused = Callable[[Path, Edition], tuple[str, ...]]
Spoil = Callable[[Path], object]


GOOD = {
    "edition": "tiny/2026.1",
    "track": "attack",
    "team": "team",
    "system": "system",
    "description": "What it does.",
    "contact": "team@example.org",
    "licence": "MIT",
}


def describe(**changes: object) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "submission.json"
        content = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))

    return spoil


def verbatim(content: bytes) -> Spoil:
    return lambda folder: (folder / "submission.json").write_bytes(content) and None


DESCRIPTIONS = {
    "none": (lambda f: (f / "submission.json").unlink(), "submission.json: no such file"),
    "not JSON": (verbatim(b"team: a"), "is not JSON: Expecting value, line 1"),
    "a list": (verbatim(b"[]"), "holds a list; expected an object"),
    "empty": (verbatim(b" "), "is not JSON"),
    "BOM": (verbatim(b"\xef\xbb\xbf{}"), "byte order mark"),
    "not UTF-8": (verbatim(b'{"team": "\xff"}'), "is not UTF-8"),
    "NaN": (verbatim(b'{"team": NaN}'), "has NaN, which is not JSON"),
    "infinite": (verbatim(b'{"team": 1e999}'), "has '1e999', which is too large"),
    "names twice": (verbatim(b'{"team": "a", "team": "b"}'), "names 'team' twice"),
    "deep": (verbatim(b"[" * 8000 + b"]" * 8000), "is nested too deeply"),
    "endless number": (verbatim(b'{"team": ' + b"9" * 5000 + b"}"), "submission.json: "),
    "large": (verbatim(b" " * 20_000), "is larger than 16384 bytes"),
    "a link": (
        lambda f: (
            (f / "submission.json").rename(f.parent / "j") and (f / "submission.json").symlink_to("../j")
        ),
        "is a link",
    ),
    "no team": (describe(team=None), "team is missing"),
    "unknown field": (describe(scores=[1]), "unknown fields 'scores'"),
    "number for text": (describe(team=5), "team is a int; expected text"),
    "other edition": (describe(edition="tiny/2027.1"), "edition is tiny/2027.1; this edition is tiny/2026.1"),
    "no such track": (describe(track="deface"), "track is 'deface'; expected defacing, attack or attributes"),
    "interpolation": (describe(system="${oc.env:HOME}"), "system is '${oc.env:HOME}'"),
    "markup": (describe(system="<b>x</b>"), "system is '<b>x</b>'"),
    "path": (describe(team="../../x"), "team is '../../x'"),
    "hidden": (describe(team=".x"), "team is '.x'"),
    "table cell": (describe(team="a|b"), "team is 'a|b'"),
    "separator of entries": (describe(team="a__b"), "no '__'"),
    "separator at the end": (describe(team="a_"), "team is 'a_'"),
    "look-alike": (describe(team="tеam"), r"team is 't\u0435am'"),
    "too long": (describe(team="a" * 41), "1-40 letters"),
    "line feed": (describe(description="a\nb"), "without control or formatting characters"),
    "line separator": (describe(description="a\u2028# b"), r"description is 'a\u2028# b'; expected 1-500"),
    "paragraph separator": (describe(description="a\u2029b"), "formatting"),
    "right to left": (describe(description="a\u202eb"), "formatting"),
    "half a character": (verbatim(b'{"description": "\\ud800"}'), r"'\ud800'"),
    "decomposed": (describe(description="e\u0301"), "composed (NFC)"),
    "no contact": (describe(contact="me"), "expected an e-mail address"),
    "two lines of contact": (describe(contact="a@b.org\nBcc: c@d.org"), "expected an e-mail address"),
    "no licence": (describe(licence=""), "licence is ''"),
    "no networks": (describe(networks=""), "networks is ''; expected NAME@SHA256"),
    "networks without weights": (describe(networks="Dlib"), "networks is 'Dlib'; expected NAME@SHA256"),
    "part of a signature": (describe(networks="Dlib@2316b25a | seed:1"), "expected NAME@SHA256"),
    "networks of a defacer": (
        describe(networks="Dlib@2316b25a", track="defacing"),
        "networks is there; expected it of attack and attributes only",
    ),
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_descriptions_that_are_refused(
    name: str, attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    spoil, words = DESCRIPTIONS[name]
    spoil(attack)
    problems = refused(attack, tiny_edition)
    assert any(words in problem for problem in problems), problems


def test_all_fields_are_checked_at_once(attack: Path, tiny_edition: Edition, refused: Refused) -> None:
    describe(team="", system="", licence="", contact="")(attack)
    assert len(refused(attack, tiny_edition)) == 4


def test_a_track_that_the_edition_does_not_have(
    attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    edition = dataclasses.replace(
        tiny_edition, description={**tiny_edition.description, "tracks": ["defacing"]}
    )
    assert refused(attack, edition) == ("submission.json: track is attack; this edition has defacing",)


def test_what_would_be_refused_is_not_written(tmp_path: Path, tiny_edition: Edition) -> None:
    with pytest.raises(SubmissionError, match="team is 'a/b'"):
        write_submission_json(tmp_path / "x", **{**GOOD, "team": "a/b"})
    assert not (tmp_path / "x").exists()


@given(content=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_any_json_is_an_object_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("json") / "submission.json"
    path.write_bytes(content)
    try:
        assert isinstance(read_json_object(path, name="submission.json"), dict)
    except JsonError as error:
        assert str(error).isprintable()  # noqa: PT017
