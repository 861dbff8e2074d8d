"""`submission.json`: strict JSON, fields of limited alphabet and length, all problems at once."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.intake.description import (
    SubmissionError,
    check_fields,
    describe_reference,
    read_claims,
    read_description,
    read_token,
    sent,
    without_token,
    write_submission_json,
)
from mriprivacy.challenge.intake.submission import received
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


SIX = "0123456789abcdef" * 4
ONE_ORCID = "0000-0002-1825-0097"


@pytest.mark.parametrize(
    ("field", "good", "bad", "expected"),
    [
        ("team", "a" * 40, "a" * 41, "1-40 letters, digits"),
        ("system", "a", "", "1-40 letters, digits"),
        ("description", "x" * 500, "x" * 501, "1-500 characters on one line"),
        ("description", "é", " é", "1-500 characters on one line"),
        ("contact", "a" * 88 + "@example.org", "a" * 89 + "@example.org", "an e-mail address of at most 100"),
        ("licence", "A" * 40, "A" * 41, "an SPDX name such as MIT or CC-BY-4.0, or 'proprietary'"),
        ("licence", "GPL-3.0+", "+GPL", "an SPDX name"),
        ("networks", f"a@{SIX}", f"a@{SIX}0", "NAME@SHA256 of up to 8 weight files, separated by commas"),
        ("networks", "a@01234567", "a@0123456", "8 to 64 hexadecimal digits each"),
        ("networks", "a" * 40 + "@01234567", "a" * 41 + "@01234567", "NAME@SHA256"),
        ("networks", ",".join(["a@01234567"] * 8), ",".join(["a@01234567"] * 9), "NAME@SHA256"),
        ("doi", "10.1000/x", "10.1/x", "a DOI such as"),
        ("orcids", ",".join([ONE_ORCID] * 20), ",".join([ONE_ORCID] * 21), "1-20 ORCID iDs"),
        ("team_token", "x" * 20, "x" * 19, "the one that the organizers gave your team"),
        ("team_token", "x" * 100, "x" * 101, "the one that the organizers gave your team"),
        ("edition", "a/1", "a", "'<id>/<version>' of the edition"),
        ("track", "attributes", "attack ", "defacing, attack or attributes"),
    ],
)
def test_fields_at_the_ends_of_what_is_accepted(field: str, good: str, bad: str, expected: str) -> None:
    assert check_fields(GOOD | {field: good}) == []
    (problem,) = check_fields(GOOD | {field: bad})
    what = "none" if field == "team_token" else ascii(bad[:40]) + ("..." if len(bad) > 40 else "")
    assert problem.startswith(f"submission.json: {field} is {what}; expected ")
    assert expected in problem


def test_every_field_that_is_lacking_or_unknown_is_named() -> None:
    known = ", ".join([*GOOD, "networks", "doi", "orcids", "draw_of", "team_token"])
    assert check_fields({}) == [f"submission.json: {field} is missing" for field in GOOD]
    for count in (1, 5, 6):
        unknown = [f"x{number}" for number in range(count)]
        assert check_fields(GOOD | dict.fromkeys(unknown, "")) == [
            f"submission.json: unknown fields {', '.join(map(repr, unknown[:5]))}; expected only {known}"
        ]
    assert check_fields(GOOD | {"doi": None}) == ["submission.json: doi is a NoneType; expected text"]


@pytest.mark.parametrize(
    ("track", "more", "problems"),
    [
        ("attack", {"networks": "a@01234567"}, 0),
        ("attributes", {"networks": "a@01234567"}, 0),
        ("defacing", {"networks": "a@01234567"}, 1),
        ("defacing", {"draw_of": "first"}, 0),
        ("defacing", {"draw_of": "system"}, 1),
        ("attack", {"draw_of": "first"}, 1),
        ("attack", {"draw_of": "System"}, 2),
        ("defacing", {}, 0),
    ],
)
def test_some_fields_are_of_some_tracks(track: str, more: dict[str, str], problems: int) -> None:
    assert len(check_fields(GOOD | {"track": track} | more)) == problems


def test_what_is_written_is_what_is_read(tmp_path: Path, tiny_edition: Edition) -> None:
    about = GOOD | {"description": "Größe, 2 × 3", "networks": "a@01234567", "doi": "10.1000/x"}
    write_submission_json(tmp_path, **about)
    path = tmp_path / "submission.json"
    assert path.read_text(encoding="utf-8") == json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    assert "Größe" in path.read_text(encoding="utf-8")
    assert read_description(tmp_path, tiny_edition, is_link=False) == (about, [])
    assert read_token(tmp_path) == ""
    text = without_token(tmp_path)
    path.write_text(json.dumps(about | {"team_token": "x" * 20}))
    assert without_token(tmp_path) == text == json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    assert read_token(tmp_path) == "x" * 20
    assert read_description(tmp_path, tiny_edition, is_link=False) == (about, [])


def test_with_problems_the_track_alone_is_known(tmp_path: Path, tiny_edition: Edition) -> None:
    path = tmp_path / "submission.json"

    def read(link: bool = False, **changes: object) -> tuple[dict[str, str], list[str]]:
        path.write_text(json.dumps(GOOD | changes))
        return read_description(tmp_path, tiny_edition, is_link=link)

    assert read(team=1) == ({"track": "attack"}, ["submission.json: team is a int; expected text"])
    assert read(edition="a/1") == (
        {"track": "attack"},
        [f"submission.json: edition is a/1; this edition is {tiny_edition.name}"],
    )
    assert read(track="both")[0] == {}
    link = ({}, ["submission.json: is a link; expected a file"])
    assert read(link=True) == link
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert read_description(tmp_path, tiny_edition, is_link=False) == link


def test_claims_are_what_is_well_formed_of_three_fields(tmp_path: Path) -> None:
    path = tmp_path / "submission.json"
    assert read_claims(tmp_path) == {}
    for content, claims in (
        (GOOD, {"track": "attack", "team": "team", "system": "system"}),
        (GOOD | {"team": "a/b", "track": 1}, {"system": "system"}),
        ({"team": "a"}, {"team": "a"}),
    ):
        path.write_text(json.dumps(content))
        assert read_claims(tmp_path) == claims
    path.write_text("[]")
    assert read_claims(tmp_path) == {}
    path.write_text(json.dumps(GOOD))
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert read_claims(tmp_path) == {}


@pytest.mark.parametrize(
    ("how", "description"),
    [
        ("", "Reference system geo of mriprivacy."),
        ("geo", "Reference system geo of mriprivacy."),
        ("by landmarks", "Reference system geo of mriprivacy: by landmarks."),
        ("x" * 463, f"Reference system geo of mriprivacy: {'x' * 463}."),  # 500 characters
        ("x" * 464, f"Reference system geo of mriprivacy: {'x' * 464}"),
        ("x" * 999, f"Reference system geo of mriprivacy: {'x' * 464}"),
    ],
    ids=range(6),
)
def test_a_reference_system_says_how_it_was_made(how: str, description: str, tmp_path: Path) -> None:
    describe_reference(tmp_path, "tiny/2026.1", "attack", "geo", how)
    assert json.loads((tmp_path / "submission.json").read_text()) == {
        "edition": "tiny/2026.1",
        "track": "attack",
        "team": "reference",
        "system": "geo",
        "description": description,
        "contact": "reference@mriprivacy.example",
        "licence": "MIT",
    }
    assert len(description) <= 500


def test_what_is_sent_is_there(tmp_path: Path) -> None:
    assert sent(str(tmp_path)) == tmp_path
    with pytest.raises(SubmissionError) as error:
        sent("nowhere")
    assert error.value.problems == (
        "nowhere: no such folder or zip; expected a submission, with submission.json",
    )
    assert error.value.claimed == {}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("size", [16_384, 16_385])
def test_a_description_has_at_most_16384_bytes(
    size: int, zipped: bool, attack: Path, tiny_edition: Edition, tmp_path: Path
) -> None:
    """In a folder and in a zip, in the same words."""
    path = attack / "submission.json"
    path.write_bytes(path.read_bytes().ljust(size))
    submission = Path(shutil.make_archive(str(tmp_path / "x"), "zip", attack)) if zipped else attack
    if size == 16_384:
        with received(submission, tiny_edition) as found:
            assert found.team == "team"
        return
    with pytest.raises(SubmissionError) as error, received(submission, tiny_edition):
        pass
    assert error.value.problems == (
        "submission.json: is larger than 16384 bytes, the most this file can need",
    )
