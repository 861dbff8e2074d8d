"""What an organizer may decide: at the ends of what is accepted, and what is filled in."""

from dataclasses import replace
from typing import Any

import pytest

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions.edition_config import EditionConfig, check_config, with_defaults

LONGEST = {"licence": 500, "citation": 2000, "consent": 2000}
REAL = EditionConfig(id="ixi", version="1", licence="CC-BY-SA-3.0", citation="IXI")


def problems(**changes: Any) -> tuple[str, ...]:
    try:
        check_config(replace(EditionConfig(), **changes))
    except CohortError as error:
        return error.problems
    return ()


@pytest.mark.parametrize(("name", "longest"), LONGEST.items())
def test_texts_are_of_so_many_characters(name: str, longest: int) -> None:
    assert problems(**{name: "x" * longest}) == ()
    (problem,) = problems(**{name: "x" * (longest + 1)})
    assert problem.startswith(f"edition.{name} is ")


def test_authors_are_of_200_characters_and_have_an_orcid_each_or_none() -> None:
    assert problems(authors=["x" * 200, "Ada"]) == ()
    assert len(problems(authors=["x" * 201, "Ada"])) == 1
    good = "0000-0002-1825-0097"
    assert problems(authors=["Ada", "Bo"], orcids=[good, ""]) == ()
    (problem,) = problems(authors=["Ada", "Bo"], orcids=[good])
    assert problem.startswith("edition.orcids has 1, edition.authors 2; expected one for each")
    assert len(problems(authors=["Ada"], orcids=["0000-0002-1825-0098"])) == 1


@pytest.mark.parametrize(
    ("share", "accepted"), [(0, False), (0.01, True), (0.99, True), (1, False), (1.5, False)]
)
def test_a_share_lies_between_0_and_1(share: float, accepted: bool) -> None:
    assert (problems(dev_share=share) == ()) == accepted


@pytest.mark.parametrize(
    ("edges", "accepted"),
    [([0], True), ([18, 19], True), ([], False), ([-1, 5], False), ([18, 18], False), ([5, 9, 7], False)],
)
def test_age_groups_ascend(edges: list[int], accepted: bool) -> None:
    found = problems(age_edges=edges)
    assert (found == ()) == accepted
    assert all("expected ascending years" in problem for problem in found)


def test_the_age_groups_and_shares_that_are_not_given() -> None:
    """They decide editions that are cited, and stand in docs/reference/commands.md."""
    config = EditionConfig()
    assert (config.age_edges, config.dev_share, config.nonmated_per_probe) == ([18, 30, 45, 60], 0.5, 0)
    assert (config.alike_years, config.seed, config.reference_contrast) == (5, 0, "")
    assert replace(config, protocol={"alike_years": 3}).alike_years == 3
    assert replace(config, references="T1w").reference_contrast == "T1w"


def test_references_are_of_another_contrast() -> None:
    assert problems(references="T1w") == ()
    (problem,) = problems(references="T2w")
    assert "expected photographs or T1w" in problem
    assert problem.endswith("probes are T2w")


def test_a_list_has_people_and_all_pairs() -> None:
    assert problems(public_list="ixi", list_people="ixi") == ()
    (missing,) = problems(public_list="ixi")
    assert "list_people is missing" in missing
    (pairs,) = problems(public_list="ixi", list_people="ixi", nonmated_per_probe=1)
    assert "has all pairs" in pairs
    assert problems(nonmated_per_probe=1) == ()
    for name, value in (("list_people", "ixi"), ("dev_sites", ["Guys"])):
        (alone,) = problems(**{name: value})
        assert alone == f"edition.{name} is given without edition.public_list; expected both"


def test_nothing_is_filled_in_for_real_people() -> None:
    given = with_defaults(EditionConfig(), synthetic=True)
    assert (given.id, given.version, given.licence) == ("synth", "2026.1", "CC0-1.0")
    own = replace(EditionConfig(), id="mine", version="3", licence="CC-BY-4.0")
    assert with_defaults(own, synthetic=True) == own
    assert with_defaults(REAL, synthetic=False) == REAL
    for synthetic, group in ((True, "the distractors"), (False, "the people")):
        with pytest.raises(CohortError, match=f"edition.licence not given; {group} in this edition are real"):
            with_defaults(replace(REAL, licence=" "), synthetic, distractors=True)


def test_a_name_for_synthetic_people_is_not_for_real_ones() -> None:
    named = replace(REAL, id="synth-9")
    with pytest.raises(CohortError, match="a name for synthetic people; these are real"):
        with_defaults(named, synthetic=False)
    assert with_defaults(replace(named, supersedes="old"), synthetic=False).id == "synth-9"
    assert with_defaults(named, synthetic=True, distractors=True) == named
