import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.people.looks import BEARDS, FRAMES, STYLES, THIN, draw_looks
from mriprivacy.data_prep.synthetic.people.person import ETHNICITIES, draw_person
from mriprivacy.data_prep.synthetic.portrait.hair import STYLES as CUTS

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def people():
    return [draw_person(f"sub-{number:04d}", 7, SyntheticCohort()) for number in range(150)]


def looks_of(sex, age, count=300, glasses=0.25):
    components = dict.fromkeys(ETHNICITIES, 1 / 3)
    return [draw_looks(np.random.default_rng(n), sex, age, components, glasses) for n in range(count)]


def test_colours_are_colours_and_skins_of_groups_overlap(people):
    skins = {name: [] for name in ETHNICITIES}
    for person in people:
        looks = person.looks
        for colour in (looks.skin, looks.lips, looks.hair, looks.iris):
            assert all(0 <= channel <= 1 for channel in colour)
        skins[person.ethnicity].append(np.mean(looks.skin))
    african, asian, european = (np.array(skins[name]) for name in ETHNICITIES)
    assert african.mean() < asian.mean() < european.mean()
    assert min(np.std(group) for group in (african, asian, european)) > 0.04
    assert african.max() > european.min()


def test_men_alone_have_beards_and_bald_crowns(people):
    women = [person.looks for person in people if person.sex == "F"]
    men = [person.looks for person in people if person.sex == "M"]
    assert not any(looks.beard for looks in women)
    assert {looks.beard for looks in men} == set(BEARDS)
    assert max(looks.baldness for looks in women) < 0.35 < max(looks.baldness for looks in men)


def test_hair_recedes_and_greys_with_the_years():
    young, old = looks_of("M", 20), looks_of("M", 85)
    assert np.mean([one.baldness for one in old]) > 0.3 + np.mean([one.baldness for one in young])
    assert np.mean([one.hair for one in old]) > 2 * np.mean([one.hair for one in young])


def test_who_is_bald_wears_no_fringe():
    bald = [looks for looks in looks_of("M", 85) if looks.baldness >= 0.45]
    assert {looks.hair_style for looks in bald} == set(THIN)


def test_styles_differ_between_women_and_men():
    women, men = ([looks.hair_style for looks in looks_of(sex, 30)] for sex in ("F", "M"))
    long = {"bob", "bob with fringe", "curtain", "long", "long with fringe"}
    assert np.mean([style in long for style in women]) > 0.4
    assert np.mean([style in long for style in men]) < 0.15


def test_every_style_can_be_cut():
    assert set(CUTS) | {"shaved"} == set(STYLES)


def test_share_of_glasses():
    assert not any(looks.glasses for looks in looks_of("F", 80, glasses=0.0))
    assert {looks.glasses for looks in looks_of("F", 20, glasses=1.0)} == set(FRAMES)
    young, old = (np.mean([bool(looks.glasses) for looks in looks_of("M", age)]) for age in (25, 75))
    assert 0.15 < young < 0.35
    assert 0.4 < old < 0.6


def test_looks_of_other_photographs_do_not_change_the_person():
    one, other = (draw_person("a", 7, SyntheticCohort(photos=PhotoSettings(count=count))) for count in (1, 5))
    assert one == other
