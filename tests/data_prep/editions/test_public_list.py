"""Public lists: who is on them, where they are, and what is said of those who are not."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions import public_list
from mriprivacy.data_prep.editions.datasheet import title
from mriprivacy.data_prep.editions.edition_config import EditionConfig
from mriprivacy.data_prep.editions.public_list import PublicList, about_list, read_public_list
from mriprivacy.data_prep.formats.secrets import keyed


def people(*names: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(subject=name) for name in names]


def listed(path: Path, text: str, *dev_sites: str) -> PublicList:
    path.write_text(text)
    return read_public_list(EditionConfig(public_list="x", list_people=str(path), dev_sites=list(dev_sites)))


def test_a_table_names_every_person_once_with_a_site_or_none(tmp_path: Path) -> None:
    path = tmp_path / "people.tsv"
    found = listed(path, "age\tparticipant_id\tsite\n9\ta\tX\n\n8\tb\tY\n", "Y")
    assert (found.sites, found.dev_sites, found.name) == ({"a": "X", "b": "Y"}, ("Y",), "x")
    assert listed(path, "participant_id\na\nb\n").sites == {"a": "", "b": ""}


@pytest.mark.parametrize(
    ("text", "dev_sites", "message"),
    [
        ("participant_id\na\na\n", [], "no person, or one named twice"),
        ("participant_id\n", [], "no person, or one named twice"),
        ("", [], "no column participant_id"),
        ("person\na\n", [], "no column participant_id"),
        ("participant_id\tsite\na\tX\nb\nc\n", [], "line 3 has another number of cells"),
        ("participant_id\tsite\na\tX\nb\tY\n", ["Z"], "expected some of X, Y"),
        ("participant_id\na\n", ["Z"], "expected some of none, since it has no column site"),
    ],
)
def test_a_table_that_is_wrong(text: str, dev_sites: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=message):
        listed(tmp_path / "people.tsv", text, *dev_sites)


def test_people_are_drawn_one_by_one_or_by_their_sites() -> None:
    names = [f"s{i}" for i in range(400)]
    drawn = PublicList("x", dict.fromkeys(names, "X"))
    for share, low, high in ((0.25, 70, 130), (0.5, 160, 240), (0.0, 0, 0), (1.0, 400, 400)):
        assert low <= sum(drawn.split_of(name, share) == "dev" for name in names) <= high
    assert {drawn.split_of(name, 0.5) for name in names} == {"dev", "eval"}
    by_site = PublicList("x", {"a": "X", "b": "Y"}, ("Y",))
    assert [by_site.split_of(name, 0.0) for name in "ab"] == ["eval", "dev"]


def test_who_is_missing_and_who_is_too_many_is_said() -> None:
    own = PublicList("x", {f"s{i:02d}": "" for i in range(25)})
    present = people("s00", "s01", "other")
    assert [one.subject for one in own.present(present)] == ["s00", "s01"]  # type: ignore[arg-type]
    about = own.describe(present)  # type: ignore[arg-type]
    assert (about["name"], about["people"], len(about["missing"])) == ("x", 25, 23)
    first, second = own.remarks(present)  # type: ignore[arg-type]
    assert first.startswith("list x: 2 of 25 people; missing: s02, s03")
    assert "s21 and 3 more. Figures" in first
    assert second == "list x: 1 people are not on it, left out: other"
    every = people(*own.sites)
    assert own.remarks(every) == ("list x: 25 of 25 people",)  # type: ignore[arg-type]
    twenty = own.remarks(people(*list(own.sites)[20:]))  # type: ignore[arg-type]
    assert "s19. Figures" in twenty[0]


def test_a_datasheet_says_of_a_list_what_can_be_checked() -> None:
    assert about_list({}) == ""
    text = about_list({"list": {"name": "x", "people": 9, "missing": ["a", "b"]}})
    assert text.startswith("This is the public list `x`, 7 of its 9 people.\nMissing here: a, b.\nAnybody")
    assert "Missing" not in about_list({"list": {"name": "x", "people": 9, "missing": []}})
    own = {"id": "x", "version": "1", "synthetic": False}
    assert title(own) == "x 1: head MRI and photographs of people"
    assert title({**own, "references": "T1w"}) == "x 1: head MRI in two contrasts of people"


def test_a_list_draws_by_its_name_and_the_persons() -> None:
    """A person is in dev if a number of 256 bits, as a share of the largest, is below the share of dev."""
    own, other = PublicList("x", {"a": "", "b": ""}), PublicList("y", {"a": "", "b": ""})
    share = int.from_bytes(keyed("x", "split", "a"), "big") / 2**256
    assert own.split_of("a", share * 1.000001) == "dev"
    assert own.split_of("a", share * 0.999999) == "eval"
    assert own.seed == int.from_bytes(keyed("x", "seed"), "big") != other.seed
    assert own.place_of("p", "r") == keyed("x", "trial", "p", "r") != own.place_of("r", "p")


@pytest.mark.parametrize(("missing", "words"), [(20, "s19. Figures"), (21, "s19 and 1 more. Figures")])
def test_twenty_are_named(missing: int, words: str) -> None:
    own = PublicList("x", {f"s{i:02d}": "" for i in range(30)})
    present = [name for name in own.sites if int(name[1:]) >= missing]
    (line,) = own.remarks(people(*present))  # type: ignore[arg-type]
    assert line.startswith(f"list x: {30 - missing} of 30 people; missing: s00, s01")
    assert words in line
    extra = [f"t{i:02d}" for i in range(missing)]
    _, line = own.remarks(people(*own.sites, *extra))  # type: ignore[arg-type]
    assert line.startswith(f"list x: {missing} people are not on it, left out: t00, t01")
    assert line.endswith("t19" if missing == 20 else "t19 and 1 more")


def test_a_table_is_of_ten_million_bytes_and_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "people.tsv"
    text = "participant_id\nä\n"
    monkeypatch.setattr(public_list, "_MOST_BYTES", len(text.encode()))
    assert listed(path, text).sites == {"ä": ""}
    with pytest.raises(CohortError, match=r"^edition.list_people: .*people.tsv: is larger than 18 bytes"):
        listed(path, text + "\n")
    path.write_bytes("participant_id\nä\n".encode("latin-1"))
    config = EditionConfig(public_list="x", list_people=str(path))
    with pytest.raises(CohortError, match=r"^edition.list_people: .*people.tsv: is not UTF-8 text; save"):
        read_public_list(config)
    path.write_bytes(b"\xef\xbb\xbfparticipant_id")  # as spreadsheets begin it
    with pytest.raises(CohortError, match="no person, or one named twice"):
        read_public_list(config)
    path.unlink()
    with pytest.raises(CohortError, match=r"^edition.list_people: .*people.tsv: no such file"):
        read_public_list(config)
