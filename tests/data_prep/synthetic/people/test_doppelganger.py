"""A doppelganger shares what demographics say of a person, and nothing else."""

import numpy as np

from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.people.doppelganger import ATTEMPT, doppelganger
from mriprivacy.data_prep.synthetic.people.person import draw_person
from mriprivacy.data_prep.synthetic.portrait.photograph import photograph

CONFIG = SyntheticCohort(photos=PhotoSettings(pixels=60))


def test_traits_are_kept_and_all_else_is_drawn_anew() -> None:
    people = [draw_person(f"sub-{number:04d}", 7, CONFIG) for number in range(1, 41)]
    others = [doppelganger(person, 7, CONFIG) for person in people]
    for one, other in zip(people, others, strict=True):
        assert (one.sex, one.age, one.ethnicity, one.components) == (
            other.sex,
            other.age,
            other.ethnicity,
            other.components,
        )
        assert one.weights != other.weights
    for look in ("skin", "hair_style", "glasses", "brows"):
        worn = [[getattr(one.looks, look) for one in group] for group in (people, others)]
        assert worn[0] != worn[1], look
    assert len({other.subject for other in others} | {one.subject for one in people}) == 80


def test_it_is_no_attempt_at_the_person_and_is_drawn_once() -> None:
    assert ATTEMPT != 0
    person = draw_person("sub-0001", 7, CONFIG)
    assert doppelganger(person, 7, CONFIG) == doppelganger(draw_person("sub-0001", 7, CONFIG, 3), 7, CONFIG)


def test_its_face_is_another_one() -> None:
    person = draw_person("sub-0001", 7, CONFIG)
    other = doppelganger(person, 7, CONFIG)
    apart = np.linalg.norm(head_mesh(person.weights).vertices - head_mesh(other.weights).vertices, axis=1)
    assert np.median(apart) > 0.5


def test_its_photographs_have_circumstances_of_their_own() -> None:
    """With the person's streams, background, light and pose would be the same in both."""
    person = draw_person("sub-0001", 7, CONFIG)
    own = photograph(person, 7, CONFIG)["raw"]
    other = photograph(doppelganger(person, 7, CONFIG), 7, CONFIG)["raw"]
    assert not np.array_equal(own[:5, :5], other[:5, :5])  # a corner: background alone
