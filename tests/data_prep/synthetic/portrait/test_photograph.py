from dataclasses import replace

import dlib
import numpy as np
import pytest

from mriprivacy.data_prep.formats.schema import CONDITIONS
from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.landmarks import find_landmarks
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh, subdivision
from mriprivacy.data_prep.synthetic.people.person import draw_person
from mriprivacy.data_prep.synthetic.portrait.day import draw_day
from mriprivacy.data_prep.synthetic.portrait.eyes import SHAPES, glasses
from mriprivacy.data_prep.synthetic.portrait.face_hair import beard_area, brow_area, lashes
from mriprivacy.data_prep.synthetic.portrait.hair import STYLES, draw_cut, on_scalp, scalp_hair
from mriprivacy.data_prep.synthetic.portrait.photograph import photograph
from mriprivacy.data_prep.synthetic.portrait.strands import surface

pytestmark = pytest.mark.long

CONFIG = SyntheticCohort(photos=PhotoSettings(pixels=320))
DOWN = np.array([0.0, 0.0, -1.0])


def wearing(name, **looks):
    person = draw_person(name, 7, CONFIG)
    return replace(person, looks=replace(person.looks, **looks))


@pytest.fixture(scope="module")
def pictures():
    people = {
        "long": wearing("sub-0001", hair_style="long", baldness=0.0),
        "fringe": wearing("sub-0003", hair_style="mop", baldness=0.0),
        "beard and glasses": wearing("sub-0010", hair_style="shaved", beard="full", glasses="square"),
    }
    return {name: photograph(person, 7, CONFIG) for name, person in people.items()}


@pytest.fixture(scope="module")
def skin():
    return surface(head_mesh({}, level=1), 1)


def hair_of(style, skin, seed=0):
    looks = wearing("sub-0001", hair_style=style, baldness=0.0, curl=0.0).looks
    rng = np.random.default_rng(seed)
    return scalp_hair(looks, draw_cut(rng, looks, 1.0), skin, DOWN, rng)


def test_photographs_are_rgb_of_the_asked_size(pictures):
    for photos in pictures.values():
        assert tuple(photos) == CONDITIONS
        for photo in photos.values():
            assert photo.shape == (320, 320, 3)
            assert photo.dtype == np.uint8
            assert photo.std() > 10


def test_dlib_finds_one_face_in_each(pictures):
    detector = dlib.get_frontal_face_detector()
    found = {
        (name, key): len(detector(np.ascontiguousarray(photo), 1))
        for name, photos in pictures.items()
        for key, photo in photos.items()
    }
    assert set(found.values()) == {1}, found


def test_hair_covers_the_top_and_leaves_the_mouth_alone(pictures):
    raw, bald = (pictures["long"][condition].astype(int) for condition in CONDITIONS)
    changed = np.abs(raw - bald).sum(axis=2) > 40
    assert changed[: 320 // 3].mean() > 0.1
    assert changed[200:235, 148:172].mean() < 0.1


def test_beard_and_glasses_stay_without_hair(pictures):
    raw, bald = (pictures["beard and glasses"][condition].astype(int) for condition in CONDITIONS)
    assert np.abs(raw - bald)[130:].mean() < 2
    without = photograph(wearing("sub-0010", hair_style="shaved", beard="", glasses=""), 7, CONFIG)["bald"]
    changed = np.abs(bald - without.astype(int)).sum(axis=2) > 60
    assert changed[120:180].mean() > 0.03
    assert changed[200:270].mean() > 0.05


def test_same_seed_same_picture():
    person = draw_person("sub-0002", 7, CONFIG)
    first, second = (photograph(person, 7, CONFIG) for _ in range(2))
    for condition in CONDITIONS:
        np.testing.assert_array_equal(first[condition], second[condition])


def test_two_photographs_of_one_person_differ():
    person = draw_person("sub-0002", 7, CONFIG)
    first, second = (photograph(person, 7, CONFIG, number)["bald"].astype(int) for number in (1, 2))
    assert np.abs(first - second).mean() > 5


def test_a_day_changes_circumstances_but_no_colour_of_the_person():
    person = draw_person("sub-0004", 7, CONFIG)
    days = [draw_day(np.random.default_rng(seed), person, 1.0, CONFIG.photos) for seed in range(40)]
    for name in ("skin", "lips", "hair", "iris", "curl", "baldness", "brows", "freckles"):
        assert {getattr(day.looks, name) for day in days} == {getattr(person.looks, name)}
    assert 0.6 < np.mean([day.looks.hair_style == person.looks.hair_style for day in days]) < 1
    assert len({day.camera.distance_mm for day in days}) == 40
    assert len({tuple(day.gaze) for day in days}) == 40


@pytest.mark.parametrize("style", sorted(STYLES))
def test_hair_stands_outside_the_head_and_off_eyes_nose_and_mouth(style, skin):
    hair = hair_of(style, skin)
    points = hair.points[:, 1:].reshape(-1, 3)
    _, nearest = skin.tree.query(points)
    height = ((points - skin.vertices[nearest]) * skin.normals[nearest]).sum(axis=1)
    assert (height > -2).mean() > 0.97
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    face = (y > 60) & (x < 30) & (z > -110)
    assert (face & (z < 0)).mean() < 0.002
    assert np.isfinite(points).all()


def test_fringe_and_long_hair_cover_what_they_cover_in_life(skin):
    def front(style, where):
        points = hair_of(style, skin).points.reshape(-1, 3)
        return where(np.abs(points[:, 0]), points[:, 1], points[:, 2]).sum()

    def forehead(x, y, z):
        return (x < 35) & (y > 70) & (z > 25) & (z < 50)

    def cheeks(x, y, z):
        return (x > 45) & (y > 25) & (z > -80) & (z < 0)

    assert front("mop", forehead) > 30 * max(front("tied", forehead), 1)
    assert front("long", cheeks) > 10 * max(front("short", cheeks), 1)


def test_scalp_beard_and_brows_are_apart_from_eyes_and_mouth():
    _, mesh = subdivision(1)
    skin = mesh.vertices[mesh.points("skin")]
    front = skin[skin[:, 1] > 60]
    scalp, beard, brows = on_scalp(front), beard_area(front), brow_area(front)
    assert scalp[front[:, 2] > 75].min() > 0.5
    assert scalp[front[:, 2] < 25].max() == 0
    assert beard[front[:, 2] > 0].max() == 0
    assert brows[np.abs(front[:, 2] - 18) > 12].max() == 0
    assert beard[(np.abs(front[:, 0]) < 20) & (front[:, 2] < -90) & (front[:, 2] > -105)].min() > 0.5
    lips = (np.abs(front[:, 0]) < 14) & (np.abs(front[:, 2] + 70) < 5)
    for kind in ("full", "goatee", "moustache"):
        assert beard_area(front, kind)[lips].max() == 0


def test_baldness_takes_the_temples_first_and_then_the_crown():
    _, mesh = subdivision(1)
    skin = mesh.vertices[mesh.points("skin")]
    crown = (skin[:, 2] > 100) & (np.abs(skin[:, 0]) < 30)
    nape = (skin[:, 1] < -70) & (skin[:, 2] < 0) & (skin[:, 2] > -40)
    areas = [on_scalp(skin, baldness) for baldness in (0.0, 0.3, 1.0)]
    assert np.all(np.diff([area.sum() for area in areas]) < 0)
    assert [area[crown].mean() > 0.9 for area in areas] == [True, True, False]
    assert all(area[nape].mean() > 0.8 for area in areas)


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_glasses_stand_before_the_eyes_and_outside_the_head(kind, skin):
    mesh = head_mesh({}, level=1)
    frame = glasses(kind, find_landmarks(mesh), skin)
    _, nearest = skin.tree.query(frame.points)
    height = ((frame.points - skin.vertices[nearest]) * skin.normals[nearest]).sum(axis=1)
    assert (height > -1).mean() > 0.9
    assert frame.points[:, 1].max() > 95
    np.testing.assert_allclose(np.linalg.norm(frame.normals, axis=1), 1)


def test_lashes_grow_from_the_lids():
    mesh = head_mesh({}, level=1)
    points = lashes(mesh, np.random.default_rng(0)).points
    roots, tips = points[:, 0], points[:, -1]
    eyes = np.array([mesh.vertices[mesh.points(name)].mean(axis=0) for name in ("right_eye", "left_eye")])
    far = [np.linalg.norm(ends[:, None] - eyes, axis=2).min(axis=1) for ends in (roots, tips)]
    assert (far[0] < far[1]).mean() > 0.95
    assert far[1].max() < 30
