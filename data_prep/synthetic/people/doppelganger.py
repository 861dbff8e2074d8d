"""A doppelganger: somebody of the same sex, age and ethnicity, with all else drawn anew."""

from dataclasses import replace

from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.people.person import Person, draw_person

# People are attempt 0 (`draw_person`), so a doppelganger is never the person.
ATTEMPT = 1_000_000


def doppelganger(person: Person, seed: int, config: SyntheticCohort) -> Person:
    """Draw the doppelganger of a person: the same traits, another shape and other looks.

    It is drawn once. However like the person it is, it is not drawn again: a control that was made easy to
    tell from the person would call demographics identity.

    Parameters
    ----------
    person : Person
        From `draw_people`.
    seed : int
        Seed of the cohort.
    config : SyntheticCohort
        The distribution.

    Returns
    -------
    Person
        With a subject of its own, so that pose, light, camera and all else of its photographs come from
        other random streams than the person's.

    Examples
    --------
    >>> config = SyntheticCohort()
    >>> one = draw_person("sub-0001", 7, config)
    >>> other = doppelganger(one, 7, config)
    >>> (one.sex, one.age, one.components) == (other.sex, other.age, other.components)
    True
    >>> one.weights == other.weights, one.looks == other.looks, one.subject == other.subject
    (False, False, False)
    """
    drawn = draw_person(person.subject, seed, config, attempt=ATTEMPT)
    return replace(drawn, subject=f"{person.subject}-doppelganger")
