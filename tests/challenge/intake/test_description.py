"""`submission.json`: strict JSON, fields of limited alphabet and length, all problems at once."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.intake.description import SubmissionError, without_token, write_submission_json
from mriprivacy.data_prep.formats.strict_json import JsonError, read_json_object
from tests.helpers.hostile_descriptions import DESCRIPTIONS, describe

Refused = Callable[[Path, Edition], tuple[str, ...]]


GOOD = {
    "edition": "tiny/2026.1",
    "track": "attack",
    "team": "team",
    "system": "system",
    "description": "What it does.",
    "contact": "team@example.org",
    "licence": "MIT",
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_descriptions_that_are_refused(
    name: str, attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    spoil, words = DESCRIPTIONS[name]
    spoil(attack)
    problems = refused(attack, tiny_edition)
    assert any(words in problem for problem in problems), problems


def test_without_a_description_the_place_and_the_commands_are_named(
    attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    (attack / "submission.json").unlink()
    (problem,) = refused(attack, tiny_edition)
    assert "expected it at the top of the submission: 'mriprivacy deface', 'attack' and 'infer'" in problem


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


def test_a_description_without_its_token_is_the_text_that_the_kit_writes(tmp_path: Path) -> None:
    content = '{"team": "Café", "team_token": "secret"}'
    (tmp_path / "submission.json").write_text(content, encoding="utf-8")
    assert without_token(tmp_path) == '{\n  "team": "Café"\n}\n'
