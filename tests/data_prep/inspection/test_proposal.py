"""A later plan keeps what a person decided, and does not hide what is new."""

from dataclasses import replace

from mriprivacy.data_prep.cohorts.people_table import VALUES
from mriprivacy.data_prep.inspection.plan_file import CohortPlan, PlannedPerson
from mriprivacy.data_prep.inspection.proposal import carried_over, differences


def plan(*people: PlannedPerson) -> CohortPlan:
    return CohortPlan("people", "photos", False, {}, {what: {} for what in VALUES}, people)


PERSON = PlannedPerson("sub-1", True, "", dict.fromkeys(VALUES, "n/a"), ("a.nii.gz",), (), ("1.png",))


def test_a_photograph_that_came_later_is_named_and_not_taken() -> None:
    new, old = plan(replace(PERSON, photos=("1.png", "2.png"))), plan(PERSON)
    later = carried_over(new, old)
    assert later.people[0].photos == ("1.png",)
    (line,) = differences(later, old)
    assert line == "sub-1: since the earlier plan: 2.png is there too; add it to photos to take it"


def test_who_was_left_out_stays_out_and_the_plan_says_that_files_would_do() -> None:
    old = plan(replace(PERSON, included=False, why="no photograph", photos=()))
    later = carried_over(plan(PERSON), old)
    (person,) = later.people
    assert (person.included, person.why) == (False, "no photograph")
    assert "the files would let this person in" in person.notes[0]


def test_nothing_new_is_nothing_changed() -> None:
    old = plan(PERSON)
    assert carried_over(plan(PERSON), old) == old
    assert differences(carried_over(plan(PERSON), old), old) == ()
