import numpy as np
import pytest

from mriprivacy.baselines.attacks.geo import FEATURES, geo_features
from mriprivacy.baselines.face.landmarks import find_face, plausible
from mriprivacy.baselines.face.photo import read_photo

# A frontal face in the iBUG order, in units of its width: enough to test geometry without any picture.
JAW = [(np.cos(t), 0.9 * np.sin(t) + 0.1) for t in np.linspace(np.pi, 0, 17)]
BROWS = [(x, -0.45) for x in (-0.7, -0.58, -0.45, -0.32, -0.2, 0.2, 0.32, 0.45, 0.58, 0.7)]
NOSE = [(0, y) for y in (-0.2, -0.1, 0.0, 0.1)] + [(x, 0.18) for x in (-0.16, -0.08, 0, 0.08, 0.16)]
EYE = [(-0.12, 0), (-0.05, -0.05), (0.05, -0.05), (0.12, 0), (0.05, 0.05), (-0.05, 0.05)]
EYES = [(x - 0.4, y - 0.25) for x, y in EYE] + [(x + 0.4, y - 0.25) for x, y in EYE]
MOUTH = [(0.3 * np.cos(t), 0.45 - 0.1 * np.sin(t)) for t in np.linspace(np.pi, -np.pi, 20, endpoint=False)]
FACE = 100 * np.array(JAW + BROWS + NOSE + EYES + MOUTH) + 200


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (points - 200) @ np.array([[c, s], [-s, c]]) + 200


def test_a_face_is_plausible_upright_and_tilted() -> None:
    assert all(plausible(turned(FACE, angle), 400, 400) for angle in (-40, 0, 40))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: 400 - p,  # upside down and mirrored
        lambda p: p * [-1, 1] + [400, 0],  # mirrored: left eye right of the right one
        lambda p: np.random.default_rng(0).permutation(p),
        lambda p: p * 0 + 200,
        lambda p: p + 250,  # out of the picture
        lambda p: np.vstack([p[:36], p[36:48] + np.array([0, 80]), p[48:]]),  # eyes below the nose
    ],
)
def test_points_that_are_no_face_are_told(change) -> None:
    assert not plausible(change(FACE), 400, 400)


def test_real_portraits_have_one_plausible_face(portraits) -> None:
    for path in portraits.values():
        face = find_face(read_photo(path))
        assert face is not None
        assert face.count == 1
        assert face.picture.shape[2] == 3


@pytest.mark.parametrize(
    "picture", [np.zeros((300, 300, 3), np.uint8), np.full((300, 300, 3), 255, np.uint8)]
)
def test_no_face_is_none(picture: np.ndarray) -> None:
    assert find_face(picture) is None


def test_noise_has_no_face() -> None:
    assert find_face(np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)) is None


def test_geo_features_do_not_depend_on_place_size_or_tilt() -> None:
    features = geo_features(FACE)
    assert features.shape == (len(FEATURES),)
    assert np.allclose(features, geo_features(2.5 * turned(FACE, 20) - 30))


def test_geo_features_by_hand() -> None:
    named = dict(zip(FEATURES, geo_features(FACE), strict=True))
    assert named["nose_height"] == pytest.approx(38 / 80)  # nasion to nose base over the distance of the eyes
    assert named["eyes_outer"] == pytest.approx((0.4 + 0.12) * 2 / 0.8)
    assert named["ratio_nose"] == pytest.approx(np.log(32 / 38))
    assert named["angle_nose"] == pytest.approx(2 * np.arctan(16 / 38))


def test_every_geo_feature_moves_with_the_face() -> None:
    rng = np.random.default_rng(0)
    moved = np.array([geo_features(FACE + rng.normal(0, 2, FACE.shape)) for _ in range(20)])
    assert (moved.std(axis=0) > 1e-4).all()
