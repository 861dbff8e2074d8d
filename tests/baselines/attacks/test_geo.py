"""GEO's features of landmarks that a detector may well return."""

import re
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.attacks.geo import ANGLES, DISTANCES, FEATURES, POINTS, RATIOS, geo_features

DOCS = (Path(__file__).parents[3] / "docs" / "reference" / "geo_features.md").read_text()
LOW = {"chin", "jaw_corner_right", "jaw_corner_left"}


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


def test_the_documentation_names_all_features_and_what_they_are_of() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (yes|) ?\|$", DOCS, flags=re.MULTILINE)
    assert tuple(name for name, *_ in rows) == FEATURES
    assert len({meaning for _, meaning, *_ in rows}) == len(FEATURES)
    for name, _, of, low in rows:
        parts = tuple(re.findall(r"`(\w+)`", of))
        assert parts == {**DISTANCES, **ANGLES, **RATIOS}[name]
        points = {point for part in parts for point in DISTANCES.get(part, (part,))}
        assert (low == "yes") == bool(points & LOW), name
    assert f"({sum(low == 'yes' for *_, low in rows)} of {len(FEATURES)})" in DOCS


def test_the_documentation_says_which_landmarks_a_point_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d, ]+) \|$", DOCS, flags=re.MULTILINE)
    assert {name: tuple(map(int, marks.split(", "))) for name, marks in rows} == POINTS
