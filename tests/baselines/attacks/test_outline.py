"""The outline follows what is left of a head, wherever it lies."""

import numpy as np
import pytest

from mriprivacy.baselines.attacks.outline import outline_features
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.scan import Scan


def ellipsoid(radii: tuple[float, float, float], shift: float = 0.0, spacing: float = 2.0) -> Scan:
    grid = np.indices((110, 110, 110)) * spacing - 110
    inside = sum((axis / radius) ** 2 for axis, radius in zip(grid, radii, strict=True)) < 1
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = shift
    return Scan(100.0 * inside, affine)


def test_wider_heads_reach_farther_to_the_sides() -> None:
    narrow, wide = (outline_features(ellipsoid((x, 90, 100))) for x in (65, 85))
    assert narrow is not None
    assert wide is not None
    assert (wide - narrow)[:64].max() > 15
    assert wide[64] > narrow[64]


def test_place_orientation_and_units_do_not_matter() -> None:
    plain = outline_features(ellipsoid((70, 90, 100)))
    moved = outline_features(ellipsoid((70, 90, 100), shift=40))
    scan = ellipsoid((70, 90, 100))
    turned = np.array([[0.0, -2, 0, 218], [2, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]])
    other = outline_features(Scan(np.flip(scan.data.transpose(1, 0, 2), axis=1) * 7, turned))
    assert moved == pytest.approx(plain, abs=0.1)
    assert other == pytest.approx(plain, abs=4)


def test_a_blank_volume_has_none() -> None:
    assert outline_features(Scan(np.zeros((40, 40, 40)), np.eye(4) * [3, 3, 3, 1])) is None


@pytest.mark.slow
def test_the_skull_of_a_real_head_outlives_defacing(real_head: Scan, tmp_path) -> None:
    before = outline_features(real_head)
    after = outline_features(deface("remove_face", real_head, cache=tmp_path))
    assert before is not None
    assert after is not None
    change = np.abs(after - before)[:64]
    assert np.median(change) < 3  # most of the head is as it was
    assert change.max() > 10  # the face is not
