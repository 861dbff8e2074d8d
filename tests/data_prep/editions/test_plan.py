"""Plans of people made by hand; no file is looked at."""

from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.cohorts.cohort_files import ScanFile
from mriprivacy.data_prep.editions.edition_config import EditionConfig
from mriprivacy.data_prep.editions.people_checks import check_people, how_ages_match, unknown_attributes
from mriprivacy.data_prep.editions.plan import Plan, photos_of_real_people, plan_people, split_people
from mriprivacy.data_prep.formats.schema import Attributes

CONFIG = EditionConfig(id="hand", seed=1, hair_removal="none")
DISTRACTORS = {"Ada": Path("ada.jpg"), "Bo": Path("bo.jpg")}


def person(number: int, conditions: tuple[str, ...] = ("raw",), age: float | None = None) -> Participant:
    name = f"sub-{number:02d}"
    photos = {"01": {condition: Path(condition, name) for condition in conditions}}
    scan = ScanFile("", Path(f"{name}.nii.gz"), {})
    return Participant(name, Attributes("FM"[number % 2], "18-29", "asian"), (scan,), photos, {}, age=age)


def planned(conditions: tuple[str, ...], hair_removal: str, count: int = 8) -> Plan:
    people = [person(number, conditions) for number in range(count)]
    return plan_people(people, replace(CONFIG, hair_removal=hair_removal), False, DISTRACTORS)


@pytest.mark.parametrize(("hair_removal", "shown"), [("none", {"raw"}), ("builtin", {"raw", "bald"})])
def test_distractors_are_in_eval_in_every_condition_that_photographs_have(
    hair_removal: str, shown: set[str]
) -> None:
    plan = planned(("raw",), hair_removal)
    for name in plan.distractors:
        own = [photo for photo in plan.photos if photo.reference == name]
        assert {photo.condition for photo in own} == shown
        assert len(own) == len(shown)
        assert {photo.split for photo in own} == {"eval"}
        assert {photo.target for photo in own} == {
            Path("public", "eval", "photos", condition, f"{name}.png") for condition in shown
        }
    assert len(plan.distractors) == plan.description["distractors"] == 2
    assert set(plan.distractors) == {own for own, name, split in plan.subjects if name in DISTRACTORS}
    assert {photo.source for photo in plan.photos if photo.reference in plan.distractors} == {
        *DISTRACTORS.values()
    }
    assert plan.description["conditions"] == [one for one in ("raw", "bald") if one in shown]


def test_photographs_of_real_people_are_all_or_those_of_distractors() -> None:
    plan = planned(("raw",), "none")
    assert photos_of_real_people(plan) == plan.photos
    synthetic = replace(plan, description={**plan.description, "synthetic": True})
    assert {photo.reference for photo in photos_of_real_people(synthetic)} == set(plan.distractors)
    assert plan.photos == tuple(sorted(plan.photos, key=lambda one: (one.reference, one.condition)))


def test_of_people_in_an_earlier_edition_the_split_stays() -> None:
    people = [person(number) for number in range(8)]
    plan = plan_people(people, CONFIG, True)
    split = {row[0]: row[2] for row in plan.subjects}
    other = {name: {"dev": "eval", "eval": "dev"}[own] for name, own in split.items()}
    scan = plan.scans[0].probe
    again = plan_people(people, CONFIG, True, earlier={scan: other[scan]})
    changed = {row[0] for row in again.subjects if row[2] != split[row[0]]}
    assert {plan_row[1] for plan_row in plan.subjects if plan_row[0] in changed} == {plan.scans[0].subject}
    assert plan_people(people, CONFIG, True, earlier={scan: split[scan]}) == plan


@pytest.mark.parametrize(("share", "n_dev"), [(0.5, 4), (0.25, 2), (0.3, 2), (0.7, 5), (0.75, 5)])
def test_so_many_of_seven_are_in_dev(share: float, n_dev: int) -> None:
    """7 x share, rounded; halves up."""
    found = split_people([person(number) for number in range(7)], share, 3)
    assert list(found.values()).count("dev") == n_dev


@pytest.mark.parametrize(
    ("count", "share", "met", "words"),
    [
        (4, 0.5, 0, None),
        (3, 0.5, 0, "3 subjects make 2 dev and 1 eval; expected 2 or more in each"),
        (8, 0.1, 0, "8 subjects make 1 dev and 7 eval"),
        (8, 0.25, 1, None),
        (8, 0.25, 2, "the smaller split has 1 other subjects for each probe: expected 0 (all) to 1"),
        (9, 0.5, 3, None),
        (9, 0.5, 4, "has 3 other subjects for each probe: expected 0 (all) to 3"),
    ],
)
def test_people_that_are_too_few(count: int, share: float, met: int, words: str | None) -> None:
    config = replace(CONFIG, dev_share=share, nonmated_per_probe=met)
    people = [person(number) for number in range(count)]
    if words is None:
        check_people(people, config, False)
        return
    with pytest.raises(CohortError) as found:
        check_people(people, config, False)
    (problem,) = found.value.problems
    assert words in problem
    check_people(people, replace(config, public_list="list.tsv"), False)


def test_distractors_need_photographs_with_hair() -> None:
    people = [person(number) for number in range(8)]
    for change in ({"references": "T1w"}, {"hair_removal": "given"}):
        config = replace(CONFIG, **change)
        check_people(people, config, False)
        with pytest.raises(CohortError, match="distractors are photographs, with hair"):
            check_people(people, config, True)
    check_people(people, CONFIG, True)


def test_what_no_person_has_is_not_asked_for() -> None:
    people = [person(number) for number in range(8)]
    unknown = [replace(one, attributes=one.attributes._replace(ethnicity="n/a")) for one in people]
    with pytest.raises(CohortError, match="ethnicity is n/a for all people"):
        check_people(unknown, replace(CONFIG, tracks=["defacing", "attributes"]), False)
    check_people(unknown, replace(CONFIG, tracks=["defacing"]), False)
    check_people([people[0], *unknown[1:]], replace(CONFIG, tracks=["attributes"]), False)
    assert unknown_attributes([*unknown[:3], *people[3:]]) == (
        "ethnicity is not known of 3 of 8 people, who are not scored on it",
    )
    assert unknown_attributes(people) == ()


def test_ages_match_by_years_where_they_are_known() -> None:
    known, unknown = person(1, age=30.0), person(2)
    assert (
        how_ages_match([known, replace(known, subject="sub-03")], 2.5)
        == "sex, age within 2.5 years and ethnicity"
    )
    assert how_ages_match([known, unknown], 5).endswith(
        "years and ethnicity; age group where an age in years is not known"
    )
    assert how_ages_match([unknown], 5) == "sex, age group and ethnicity"
