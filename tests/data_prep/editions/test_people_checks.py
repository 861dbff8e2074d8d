"""Who can make an edition, and what is said of people of whom something is not known."""

from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.cohorts.cohort_files import ScanFile
from mriprivacy.data_prep.editions.edition_config import EditionConfig
from mriprivacy.data_prep.editions.people_checks import check_people, how_ages_match, unknown_attributes
from mriprivacy.data_prep.formats.schema import Attributes

CONFIG = EditionConfig(id="hand", seed=1, hair_removal="none")


def person(number: int, age: float | None = None) -> Participant:
    scan = ScanFile("", Path(f"{number}.nii.gz"), {})
    attributes = Attributes("FM"[number % 2], "18-29", "asian")
    return Participant(f"sub-{number:02d}", attributes, (scan,), {"01": {"raw": Path("raw")}}, {}, age=age)


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
