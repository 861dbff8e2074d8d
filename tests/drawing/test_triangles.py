"""Pictures against rays: what a pixel shows is what a ray through its middle meets first."""

import numpy as np
import pytest
import pyvista as pv
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.drawing import Pinhole, draw, interpolate, vertex_normals

SIZE = 24


def camera(size: int = SIZE) -> Pinhole:
    return Pinhole(size, (1.0, -2.0, 3.0), (0.48, 0.6, 0.64), 500.0, 60.0)


def met(points: np.ndarray, faces: np.ndarray, eye: Pinhole) -> tuple[np.ndarray, np.ndarray]:
    """Return the first triangle on the ray through the middle of each pixel, and how far along it."""
    right, up, towards = (np.array(axis) for axis in eye.axes)
    origin = np.array(eye.focus) + eye.distance_mm * towards
    first = np.full((eye.size, eye.size), -1)
    nearest = np.full((eye.size, eye.size), np.inf)
    scale = eye.half_mm / (eye.size / 2)
    for row in range(eye.size):
        for column in range(eye.size):
            x, y = (column + 0.5 - eye.size / 2) * scale, (eye.size / 2 - row - 0.5) * scale
            ray = x * right + y * up - eye.distance_mm * towards
            for number, (a, b, c) in enumerate(points[faces]):
                matrix = np.stack([-ray, b - a, c - a], axis=1)
                if abs(np.linalg.det(matrix)) < 1e-9:
                    continue
                t, u, v = np.linalg.solve(matrix, origin - a)
                if u >= 0 and v >= 0 and u + v <= 1 and t < nearest[row, column]:
                    nearest[row, column], first[row, column] = t, number
    return first, nearest


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_a_pixel_shows_what_a_ray_through_its_middle_meets_first(seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-60, 60, (12, 3))
    faces = np.arange(12).reshape(4, 3)
    hits = draw(camera().project(points), faces, SIZE)
    first, along = met(points, faces, camera())
    # Corners are placed to a 256th of a pixel: at edges and where two triangles meet either may be seen.
    assert (hits.face != first).mean() < 0.02
    same = (hits.face == first) & (first >= 0)
    assert np.allclose(1 / hits.nearness[same], 500.0 * along[same], rtol=2e-3)


def test_a_closed_surface_has_no_holes_and_its_far_side_is_not_drawn() -> None:
    ball = pv.Sphere(radius=40.0, theta_resolution=31, phi_resolution=29)
    points, faces = np.asarray(ball.points, np.float64), ball.regular_faces.astype(np.int64)
    eye = Pinhole(200, (0.0, 0.0, 0.0), (0.0, 1.0, 0.0), 900.0, 60.0)
    whole, front = (draw(eye.project(points), faces, 200, culled) for culled in (False, True))
    for one in ("face", "corners", "nearness"):
        assert np.array_equal(getattr(whole, one), getattr(front, one))
    shown = front.face >= 0
    assert all(np.ptp(np.flatnonzero(row)) + 1 == row.sum() for row in shown if row.any())
    normals = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
    assert (normals[np.unique(front.face[shown])][:, 1] > -1e-9).all()


def test_two_triangles_share_an_edge_without_a_gap_and_without_a_pixel_of_both() -> None:
    """The edge runs through the middles of pixels."""
    places = np.array([[0.5, 0.5, 0.01], [8.5, 8.5, 0.01], [8.5, 0.5, 0.01], [0.5, 8.5, 0.01]])
    one, other, both = np.array([[0, 1, 2]]), np.array([[0, 3, 1]]), np.array([[0, 1, 2], [0, 3, 1]])
    first, second, together = (draw(places, faces, 10).face >= 0 for faces in (one, other, both))
    assert not (first & second).any()
    assert np.array_equal(first | second, together)
    assert together.sum() == 64


@pytest.mark.parametrize("corner", [np.nan, 1e300, -1e300])
def test_points_far_out_of_the_picture_draw_nothing_there(corner: float) -> None:
    """A head is in front of the camera; what is not must not crash."""
    with np.errstate(invalid="ignore"):
        hits = draw(
            np.array([[corner, 0, 0.01], [5, corner, 0.01], [corner, corner, 0.01]]), np.array([[0, 1, 2]]), 8
        )
    assert (hits.face == -1).all()


def test_values_are_mixed_as_in_space_and_not_as_in_the_picture() -> None:
    """A triangle that leads away from the camera: the middle of its edge is not the middle in the picture."""
    eye = Pinhole(101, (0.0, 0.0, 0.0), (0.0, 1.0, 0.0), 100.0, 50.0)
    points = np.array([[40.0, 40.0, -45.0], [-40.0, -40.0, -45.0], [0.0, 0.0, 45.0]])
    faces = np.array([[0, 1, 2]])
    hits = draw(eye.project(points), faces, 101)
    shown = interpolate(hits, faces, points)
    seen = hits.face >= 0
    assert seen.sum() > 500
    again = eye.project(shown[seen])
    rows, columns = np.nonzero(seen)
    assert np.allclose(again[:, 0], columns + 0.5, atol=0.02)
    assert np.allclose(again[:, 1], rows + 0.5, atol=0.02)


def test_normals_of_a_ball_point_outwards() -> None:
    ball = pv.Sphere(radius=30.0)
    points = np.asarray(ball.points, np.float64)
    normals = vertex_normals(points, ball.regular_faces.astype(np.int64))
    assert np.allclose((normals * points).sum(axis=1) / 30, 1, atol=0.01)
    assert np.allclose((normals**2).sum(axis=1), 1)


def test_a_triangle_without_an_area_has_no_normal_and_shows_nothing() -> None:
    points, faces = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]), np.array([[0, 1, 2]])
    assert (vertex_normals(points, faces) == 0).all()
    assert (draw(points + np.array([2, 2, 0.1]), faces, 8).face == -1).all()
