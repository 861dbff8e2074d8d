"""Plans of people made by hand; no file is looked at."""

from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.data_prep.cohorts.bids import Participant
from mriprivacy.data_prep.cohorts.cohort_files import ScanFile
from mriprivacy.data_prep.editions.edition_config import EditionConfig
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
