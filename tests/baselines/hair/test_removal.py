"""Hair goes, the face stays: on real portraits, and on synthetic people whose bald heads are known."""

from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.hair.removal import Bald, NoFaceError, remove_hair
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.people.person import draw_people
from mriprivacy.data_prep.synthetic.portrait.photograph import photograph


@pytest.fixture(scope="module")
def portrait(portraits: dict[str, Path]) -> np.ndarray:
    return read_photo(portraits["obama"])


@pytest.fixture(scope="module")
def bald(portrait: np.ndarray) -> Bald:
    return remove_hair(portrait)


def test_hair_becomes_skin_and_the_face_stays(portrait: np.ndarray, bald: Bald) -> None:
    face = find_face(portrait)
    assert face is not None
    marks = face.landmarks
    eyes, chin = marks[36:48].mean(axis=0), marks[8]
    height = np.linalg.norm(chin - eyes)
    x, y = eyes.round().astype(int)
    crown = slice(int(y - 0.95 * height), int(y - 0.75 * height)), slice(x - 20, x + 20)
    cheek = portrait[int(y + 0.2 * height) : int(y + 0.4 * height), x - 40 : x + 40].mean((0, 1))
    redness = [float(p[crown].mean((0, 1)) @ [1, 0, -1]) for p in (portrait, bald.picture)]
    assert redness[0] < 0.2 * (cheek @ [1, 0, -1])
    assert redness[1] > 0.7 * (cheek @ [1, 0, -1])
    assert bald.mask[crown].mean() > 0.9
    for part in (marks[36:48], marks[27:36], marks[48:60]):  # eyes, nose, mouth
        columns, rows = part.round().astype(int).T
        assert bald.mask[rows, columns].max() < 0.05
    assert bald.mask[int(chin[1] + 0.7 * height) :].max() == 0  # tie and shirt
    np.testing.assert_array_equal(bald.picture[bald.mask == 0], portrait[bald.mask == 0])


@pytest.mark.slow
def test_the_same_picture_gives_the_same_result(portrait: np.ndarray, bald: Bald) -> None:
    np.testing.assert_array_equal(remove_hair(portrait).picture, bald.picture)


def test_the_face_is_still_found(bald: Bald) -> None:
    assert find_face(bald.picture) is not None


@pytest.mark.slow
def test_synthetic_people_come_nearer_to_their_bald_selves() -> None:
    config = SyntheticCohort(subjects=4, seed=5)
    off, hair = [], []
    for person in draw_people(config):
        shots = photograph(person, config.seed, config, 1)
        raw, true = (shots[name].astype(float) for name in ("raw", "bald"))
        hair.append(np.abs(raw - true).mean())
        off.append(np.abs(remove_hair(shots["raw"]).picture - true).mean())
        again = remove_hair(shots["bald"])  # where there is no hair there is little to remove
        assert again.mask.mean() < 0.1
        assert np.abs(again.picture - true).mean() < 2
    assert np.mean(off) < 0.75 * np.mean(hair)


def test_nobody_is_not_somebody_bald() -> None:
    with pytest.raises(NoFaceError, match="no face found"):
        remove_hair(np.full((200, 200, 3), 90, np.uint8))


@pytest.mark.parametrize(
    "picture", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9, 3), np.float64)]
)
def test_other_arrays_are_refused(picture: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        remove_hair(picture)
