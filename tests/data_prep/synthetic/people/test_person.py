import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.cohort_settings import PeopleSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import target_names
from mriprivacy.data_prep.synthetic.people.person import ETHNICITIES, TEMPER, draw_person, local_axes


@pytest.fixture(scope="module")
def people():
    return [draw_person(f"sub-{number:04d}", 7, SyntheticCohort()) for number in range(100)]


def test_people_depend_on_seed_and_id_only():
    config = SyntheticCohort()
    last_first = [draw_person(name, 7, config) for name in ("b", "a")]
    first_last = [draw_person(name, 7, config) for name in ("a", "b")]
    assert last_first == first_last[::-1]
    assert draw_person("a", 8, config) != first_last[0]
    assert first_last[0].weights != first_last[1].weights


def test_macro_weights_blend_to_one(people):
    for person in people[:50]:
        macro = [weight for name, weight in person.weights.items() if name.startswith("macrodetails/")]
        ethnic = [
            weight
            for name, weight in person.weights.items()
            if name.startswith("macrodetails/") and "universal" not in name
        ]
        assert sum(ethnic) == pytest.approx(1)
        assert sum(macro) == pytest.approx(2)


def test_shape_is_blended_from_the_components(people):
    mesh_names = {"african": "african", "asian": "asian", "european": "caucasian"}
    for person in people[:50]:
        totals = [
            sum(w for key, w in person.weights.items() if key.startswith(f"macrodetails/{mesh_names[name]}-"))
            for name in ETHNICITIES
        ]
        assert totals == pytest.approx([1 / 3 + TEMPER * (share - 1 / 3) for share in person.components])


def test_another_attempt_changes_the_face_alone():
    first, second = (draw_person("sub-0001", 7, SyntheticCohort(), attempt) for attempt in (0, 1))
    assert first.weights != second.weights
    for name in ("sex", "age", "ethnicity", "components"):
        assert getattr(first, name) == getattr(second, name)


def test_both_sides_of_a_face_are_alike_but_not_the_same(people):
    def signed(person, positive, negative):
        return person.weights.get(positive, 0) - person.weights.get(negative, 0)

    right, left = (
        np.array([signed(p, f"eyes/{s}-eye-scale-incr", f"eyes/{s}-eye-scale-decr") for p in people])
        for s in ("r", "l")
    )
    assert np.corrcoef(right, left)[0, 1] > 0.8
    assert 0.02 < np.abs(right - left).mean() < 0.2


def test_every_local_target_exists_once():
    names = [name for _, positive, negative in local_axes() for name in positive + negative]
    assert len(names) == len(set(names))
    for name in names:
        assert name in target_names(name.partition("/")[0])
    assert not [name for name in names if name.startswith("head/head-age")]


def test_no_spread_leaves_the_macro_face_only():
    config = SyntheticCohort(people=PeopleSettings(shape_spread=0.0, asymmetry=0.0))
    weights = draw_person("a", 7, config).weights
    assert all(
        weight == 0 for name, weight in weights.items() if not name.startswith(("macrodetails/", "warps/"))
    )
