"""GEO's features of landmarks that a detector may well return."""

import numpy as np
import pytest

from baselines.geo import DISTANCES, FEATURES, POINTS, geo_features


@pytest.mark.parametrize("name", list(DISTANCES))
def test_features_are_finite_where_two_points_fall_on_one_pixel(name: str) -> None:
    landmarks = np.random.default_rng(0).uniform(0, 100, (68, 2)).round()
    one, other = (POINTS[end] for end in DISTANCES[name])
    landmarks[[*one, *other]] = landmarks[one[0]]
    found = geo_features(landmarks)
    assert np.isfinite(found).all()
    eyes = landmarks[42:48].mean(axis=0) - landmarks[36:42].mean(axis=0)
    assert found[FEATURES.index(name)] == 0.5 / np.hypot(*eyes)


def test_points_a_pixel_apart_are_taken_as_they_are() -> None:
    landmarks = np.random.default_rng(0).uniform(0, 100, (68, 2)).round()
    landmarks[57] = landmarks[51] + [0, 1]
    eyes = landmarks[42:48].mean(axis=0) - landmarks[36:42].mean(axis=0)
    assert geo_features(landmarks)[FEATURES.index("lips")] == 1 / np.hypot(*eyes)
