import dlib
import numpy as np
import pytest

from data_prep.synthetic.hair import STYLES, beard_area, on_scalp
from data_prep.synthetic.head_mesh import subdivision
from data_prep.synthetic.people import HAIR_STYLES, draw_person
from data_prep.synthetic.photograph import CONDITIONS, photograph
from data_prep.synthetic.settings import PhotoSettings, SyntheticCohort

CONFIG = SyntheticCohort(photos=PhotoSettings(pixels=320))


@pytest.fixture(scope="module")
def pictures():
    return {
        name: photograph(draw_person(name, 7, CONFIG), 7, CONFIG)
        for name in ("sub-0001", "sub-0003", "sub-0014")
    }


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
    raw, bald = (pictures["sub-0003"][condition].astype(int) for condition in CONDITIONS)
    changed = np.abs(raw - bald).sum(axis=2) > 30
    assert changed[: 320 // 3].mean() > 0.1
    assert changed.mean() > 0.05
    mouth = changed[200:240, 145:175]
    assert mouth.mean() < 0.02


def test_same_seed_same_picture():
    person = draw_person("sub-0002", 7, CONFIG)
    first, second = (photograph(person, 7, CONFIG) for _ in range(2))
    for condition in CONDITIONS:
        np.testing.assert_array_equal(first[condition], second[condition])


def test_two_photographs_of_one_person_differ():
    person = draw_person("sub-0002", 7, CONFIG)
    first, second = (photograph(person, 7, CONFIG, number)["bald"].astype(int) for number in (1, 2))
    assert np.abs(first - second).mean() > 5


def test_styles_are_those_of_people():
    assert set(STYLES) | {"shaved"} == set(HAIR_STYLES)


def test_scalp_and_beard_are_apart_from_eyes_and_mouth():
    _, mesh = subdivision(1)
    skin = mesh.vertices[mesh.points("skin")]
    front = skin[skin[:, 1] > 60]
    scalp, beard = on_scalp(front), beard_area(front)
    assert scalp[front[:, 2] > 75].min() > 0.5
    assert scalp[front[:, 2] < 25].max() == 0
    assert beard[front[:, 2] > 0].max() == 0
    assert beard[(np.abs(front[:, 0]) < 20) & (front[:, 2] < -90) & (front[:, 2] > -105)].min() > 0.5
    lips = (np.abs(front[:, 0]) < 18) & (np.abs(front[:, 2] + 69) < 6)
    assert beard[lips].max() == 0
