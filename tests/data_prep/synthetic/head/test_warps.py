import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.head.mesh import base_mesh
from mriprivacy.data_prep.synthetic.head.warps import WARPS, warp

NEUTRAL = base_mesh().mesh.vertices


@pytest.mark.parametrize("name", WARPS)
def test_a_warp_is_finite_smooth_and_alike_on_both_sides(name):
    axis, _ = WARPS[name]
    own = warp(name, NEUTRAL)
    assert np.isfinite(own).all()
    assert 0.2 < np.abs(own).max() < 5
    assert not np.delete(own, axis, axis=1).any()
    mirror = np.array([-1, 1, 1])
    np.testing.assert_allclose(warp(name, NEUTRAL * mirror), own * mirror, atol=1e-8)
    step = np.array([0.01, 0.01, 0.01])
    assert np.abs(warp(name, NEUTRAL + step) - own).max() < 0.01  # neighbours move alike


@pytest.mark.parametrize(
    ("name", "still"),
    [
        ("vault", [0, 100, -40]),
        ("nose-tip", [0, -90, 20]),
        ("chin", [0, 90, 40]),
        ("eyes", [0, -60, 0]),
        ("ears-back", [0, 100, 0]),
        ("breadth", [0, 50, 50]),
    ],
)
def test_a_warp_leaves_what_it_is_not_about(name, still):
    assert np.abs(warp(name, np.array([still], float))).max() < 1e-6
