"""No two people are nearer than one person to themselves."""

from dataclasses import replace

import numpy as np
import pytest

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.synthetic.cohort_settings import PeopleSettings, PhotoSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.people.likeness import (
    distance_mm,
    draw_people,
    face_shape,
    spread_within_mm,
)
from mriprivacy.data_prep.synthetic.people.person import Person, draw_person, drifted
from mriprivacy.data_prep.synthetic.people.traits import random_for, subject_ids

CONFIG = SyntheticCohort(subjects=60)


def nearest_mm(people: tuple[Person, ...]) -> float:
    faces = np.array([face_shape(person) for person in people])
    return min(distance_mm(face, faces[n + 1 :]).min() for n, face in enumerate(faces[:-1]))


def test_nobody_is_too_near():
    assert nearest_mm(draw_people(CONFIG)) >= spread_within_mm(CONFIG)


def test_who_is_too_near_is_drawn_again_and_nobody_else():
    """Seed and drift at which chance alone would leave two people too near."""
    config = replace(CONFIG, photos=PhotoSettings(drift=0.15))
    limit = spread_within_mm(config)
    chance = tuple(draw_person(subject, config.seed, config) for subject in subject_ids(config))
    assert nearest_mm(chance) < limit
    people = draw_people(config)
    assert nearest_mm(people) >= limit
    changed = [one.subject for one, other in zip(people, chance, strict=True) if one != other]
    assert 0 < len(changed) < 30
    assert [person.sex for person in people] == [person.sex for person in chance]


def test_a_longer_cohort_begins_with_the_shorter_one():
    assert draw_people(CONFIG)[:20] == draw_people(replace(CONFIG, subjects=20))


def test_people_who_do_not_differ_are_refused():
    config = SyntheticCohort(
        subjects=60, people=PeopleSettings(shape_spread=0.01, asymmetry=0.0, concentration=0.01)
    )
    with pytest.raises(CohortError, match=r"after 50 draws; one person's .* raise cohort\.people|Raise"):
        draw_people(config)


def test_the_spread_within_is_that_of_everybodys_drift():
    """Measured on a person, not on the neutral face."""
    person = draw_person("sub-0001", 7, CONFIG)
    days = [drifted(person.weights, random_for(1, str(day), "day"), CONFIG) for day in range(40)]
    own = distance_mm(face_shape(person), np.array([face_shape(day) for day in days]))
    assert np.sqrt((own**2).mean()) == pytest.approx(spread_within_mm(CONFIG), rel=0.15)


def test_distance_is_rms_of_vertices():
    faces = np.random.default_rng(0).normal(size=(5, 9, 3))
    expected = [
        np.sqrt(np.mean([np.dot(a - b, a - b) for a, b in zip(faces[0], f, strict=True)])) for f in faces
    ]
    np.testing.assert_allclose(distance_mm(faces[0], faces), expected)
