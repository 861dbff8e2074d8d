import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.measures import tape
from mriprivacy.data_prep.synthetic.measures.carried import warps_to


def ellipsoid(a: float, b: float, c: float) -> tuple[np.ndarray, np.ndarray]:
    turns, heights = np.meshgrid(np.linspace(0, 2 * np.pi, 720), np.linspace(-np.pi / 2, np.pi / 2, 361))
    points = np.stack(
        [a * np.cos(heights) * np.cos(turns), b * np.cos(heights) * np.sin(turns), c * np.sin(heights)], -1
    )
    number = np.arange(turns.size).reshape(turns.shape)
    edges = np.concatenate(
        [
            np.stack([number[:, :-1], number[:, 1:]], -1).reshape(-1, 2),
            np.stack([number[:-1], number[1:]], -1).reshape(-1, 2),
        ]
    )
    return points.reshape(-1, 3), edges


def test_the_tape_around_an_ellipsoid_has_ramanujans_length():
    points, edges = ellipsoid(75, 95, 110)
    found = tape.outline(points, edges, np.array([0, 0, 1e-6]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    h = (75 - 95) ** 2 / (75 + 95) ** 2
    assert found == pytest.approx(np.pi * 170 * (1 + 3 * h / (10 + np.sqrt(4 - 3 * h))), rel=1e-4)


def test_an_arc_over_a_sphere_is_half_its_equator():
    points, edges = ellipsoid(80, 80, 80)
    ends = np.array([[80.0, 0, 0.01], [-80, 0, 0.01]])
    assert tape.arc(points, edges, *ends, np.array([0, 80.0, 30])) == pytest.approx(80 * np.pi, rel=1e-3)


def test_a_larger_head_has_larger_measures_all_alike():
    head = head_mesh({}).vertices
    np.testing.assert_allclose(tape.taped(1.07 * head), 1.07 * tape.taped(head), rtol=1e-6)


def test_a_tape_lies_over_a_dent():
    """A dent between two points of the outline takes nothing from the tape, for it spans it."""
    points, edges = ellipsoid(80, 80, 80)
    dented = points.copy()
    dented[(points[:, 1] > 79)] *= 0.95
    ends = np.array([[80.0, 0, 0.01], [-80, 0, 0.01]])
    lengths = [tape.arc(own, edges, *ends, np.array([0, 80.0, 0.02])) for own in (points, dented)]
    assert lengths[1] == pytest.approx(lengths[0], rel=1e-3)


def test_a_head_is_warped_until_it_has_its_measures():
    wanted = tape.taped(head_mesh({}).vertices) * np.linspace(0.98, 1.04, 18)
    found = tape.taped(head_mesh(warps_to({}, wanted)).vertices)
    assert np.abs(found - wanted).max() < 3
    assert np.sqrt(((found - wanted) ** 2).mean()) < 1
