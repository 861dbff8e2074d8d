"""Whether people can make an edition, and what is not known of them."""

import math
from collections.abc import Sequence

from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.editions.edition_config import EditionConfig
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes


def check_people(people: Sequence[Participant], config: EditionConfig, distractors: bool) -> None:
    """Raise CohortError with every reason why these people cannot make this edition."""
    problems = []
    if distractors and (config.reference_contrast or config.hair_removal == "given"):
        problems.append(
            "distractors are photographs, with hair: they need edition.references=photographs and "
            "edition.hair_removal=builtin or none"
        )
    for name in Attributes._fields if "attributes" in config.tracks else ():
        values = {getattr(p.attributes, name) for p in people} - {NOT_AVAILABLE}
        if not values:
            problems.append(
                f"participants.tsv: {name} is n/a for all people; track 'attributes' needs it: fill it in, "
                "or leave that track out of edition.tracks"
            )
    n_dev = math.floor(len(people) * config.dev_share + 0.5)
    smallest = min(n_dev, len(people) - n_dev)
    if config.public_list:
        pass  # who is in which split does not depend on who is there; `make_trials` says what is too few
    elif smallest < 2:
        problems.append(
            f"{len(people)} subjects make {n_dev} dev and {len(people) - n_dev} eval; expected 2 or more "
            "in each, since a non-mated trial takes two: add subjects or change edition.dev_share"
        )
    elif config.nonmated_per_probe >= smallest:
        problems.append(
            f"edition.nonmated_per_probe is {config.nonmated_per_probe}; the smaller split has "
            f"{smallest - 1} other subjects for each probe: expected 0 (all) to {smallest - 1}"
        )
    if problems:
        raise CohortError(*problems)


def known_ages(people: Sequence[Participant]) -> dict[str, float]:
    """Return the age in years by subject, of those of whom it is known so exactly."""
    return {person.subject: person.age for person in people if person.age is not None}


def how_ages_match(people: Sequence[Participant], years: float) -> str:
    """Say when two people of the demographics-matched list are of one age, as `edition.json` has it.

    Examples
    --------
    >>> how_ages_match([], 5)
    'sex, age group and ethnicity'
    """
    known = len(known_ages(people))
    if not known:
        return "sex, age group and ethnicity"
    within = f"sex, age within {years:g} years and ethnicity"
    return within if known == len(people) else f"{within}; age group where an age in years is not known"


def unknown_attributes(people: Sequence[Participant]) -> tuple[str, ...]:
    """Return for how many people an attribute is not known; they are neither scored nor used in training."""
    counts = {
        name: sum(getattr(p.attributes, name) == NOT_AVAILABLE for p in people) for name in Attributes._fields
    }
    return tuple(
        f"{name} is not known of {count} of {len(people)} people, who are not scored on it"
        for name, count in counts.items()
        if count
    )
