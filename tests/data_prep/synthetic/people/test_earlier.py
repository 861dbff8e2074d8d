import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.measures.survey import expected_measures
from mriprivacy.data_prep.synthetic.measures.tape import MEASURES, taped
from mriprivacy.data_prep.synthetic.people.earlier import draw_earlier, earlier
from mriprivacy.data_prep.synthetic.people.person import Person, draw_person, person_with
from mriprivacy.data_prep.synthetic.people.traits import ETHNICITIES, draw_traits, random_for

CONFIG = SyntheticCohort()
# Bones alone: no change of weight moves them.
BONES = ("headbr", "headlth", "minfrbr", "maxfrbr", "nrootbr", "intpupbr")


def of_age(age: int) -> Person:
    sex, _, ethnicity, shares = draw_traits("sub-0003", 7, CONFIG)
    return person_with((sex, age, ethnicity, shares), "sub-0003", 7, CONFIG)


def macro(weights: dict[str, float]) -> dict[str, float]:
    return {name: weight for name, weight in weights.items() if name.startswith("macrodetails/")}


@pytest.mark.parametrize(("now", "then"), [(60, 50), (30, 20), (25, 25), (40, 25), (22, 18)])
def test_an_earlier_head_is_the_one_that_is_drawn_at_that_age(now: int, then: int) -> None:
    person = of_age(now)
    found = earlier(person, now - then, 0.0)
    assert macro(found) == pytest.approx(macro(dict(of_age(then).weights)))


def test_measures_change_by_what_the_survey_says() -> None:
    person = of_age(60)
    components = dict(zip(ETHNICITIES, person.components, strict=True))
    change = taped(head_mesh(earlier(person, 20, 0.0)).vertices) - taped(head_mesh(person.weights).vertices)
    expected = expected_measures(person.sex, 40, components) - expected_measures(person.sex, 60, components)
    assert np.abs(change - expected).max() < 1.0


def test_weight_moves_the_cheeks_and_no_bone() -> None:
    person = of_age(40)
    before, after = (head_mesh(weights).vertices for weights in (person.weights, earlier(person, 0, 0.5)))
    assert np.abs(after - before).max() > 3
    change = dict(zip(MEASURES, np.abs(taped(after) - taped(before)), strict=True))
    assert max(change[name] for name in BONES) < 0.5


def test_nobody_is_younger_than_eighteen_and_nothing_changes_at_nothing() -> None:
    settings = PhotoSettings(years=30, weight=0.0)
    rng = random_for(7, "sub-0001", "x")
    assert draw_earlier(rng, of_age(18), settings) == of_age(18).weights
    assert draw_earlier(rng, of_age(50), PhotoSettings(years=0, weight=0)) == of_age(50).weights
    assert draw_earlier(rng, of_age(50), settings) != of_age(50).weights


def test_looks_do_not_hang_on_how_much_changes() -> None:
    """The stream of a photograph is used alike whatever the settings: the rest of the day stays."""
    left = []
    for settings in (PhotoSettings(years=0, weight=0), PhotoSettings(years=20, weight=1)):
        rng = random_for(7, "sub-0001", "photo-1")
        draw_earlier(rng, draw_person("sub-0001", 7, CONFIG), settings)
        left.append(rng.normal(0, 1))
    assert left[0] == left[1]
