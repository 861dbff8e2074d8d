"""Depth of landmarks and cut fields of view: on shapes whose depth is known, and on a real head."""

from pathlib import Path

import numpy as np
import pytest
import pyvista as pv

from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.appearance import appearance_of_scan
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.nose_check import FLAT_NOSE_MM, depth_at, nose_of
from mriprivacy.baselines.face.render import face_centre, render_with_depth
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import HeadSurface, cut_areas
from mriprivacy.baselines.face.views import View
from tests.helpers.degraded import halved

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def small_head(real_head: Scan) -> Scan:
    """The real head at 2 mm, RAS+."""
    return halved(real_head)


@pytest.mark.parametrize("view", [View(0, 0), View(12, 0), View(-12, 0), View(0, 8), View(20, -10)])
def test_depth_is_measured_where_the_picture_shows_it(view: View) -> None:
    """A small ball on a head-sized one: its pixel, found in the picture, is its depth on the surface."""
    head = pv.Sphere(radius=100, theta_resolution=200, phi_resolution=200)
    yaw, pitch = np.radians([view.yaw, view.pitch])
    towards = np.array([-np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
    side = np.array([30.0, 90.0, -40.0])
    ball = pv.Sphere(radius=6, center=side / np.linalg.norm(side) * 108)
    plain, bumped = HeadSurface(head, 0.0), HeadSurface(head.merge(ball), 0.0)
    before, (picture, depth) = (render_with_depth(one, [view], 400)[0] for one in (plain, bumped))
    rows, columns = np.nonzero(np.abs(picture.astype(int) - before[0]).sum(axis=2) > 30)
    pixel = np.array([columns.mean(), rows.mean()])
    expected = (ball.points - face_centre(bumped.mesh)) @ towards
    assert depth_at(depth, pixel) == pytest.approx(expected.max(), abs=3)
    assert np.isnan(depth_at(depth, np.array([2.0, 2.0])))


def test_without_a_face_there_is_no_nose() -> None:
    assert np.isnan(nose_of([np.zeros((400, 400))], [None]))


def test_a_view_in_which_a_landmark_lies_beside_the_head_does_not_count() -> None:
    surface = HeadSurface(pv.Sphere(radius=100, theta_resolution=200, phi_resolution=200), 0.0)
    inside = Face(np.full((68, 2), 200.0), np.zeros((1, 1, 3), np.uint8), (0, 0, 1, 1), 1.0, 1)
    beside = Face(np.full((68, 2), 2.0), np.zeros((1, 1, 3), np.uint8), (0, 0, 1, 1), 1.0, 1)
    depths = [depth for _, depth in render_with_depth(surface, [View(0, 0)] * 2, 400)]
    assert nose_of(depths, [inside, beside]) == nose_of(depths, [inside, None]) == 0
    assert np.isnan(nose_of(depths, [beside, None]))


def test_sides_are_the_subjects_own() -> None:
    for axis, sides in enumerate((("left", "right"), ("back", "front"), ("bottom", "top"))):
        for end, side in zip((0, -1), sides, strict=True):
            mask = np.zeros((20, 20, 20), bool)
            mask[5:15, 5:15, 5:15] = True
            index = [slice(5, 15)] * 3
            index[axis] = slice(0, 5) if end == 0 else slice(15, None)
            mask[tuple(index)] = True
            assert {name: area for name, area in cut_areas(mask, 1.0).items() if area} == {side: 1.0}


def test_a_real_nose_stands_out_and_a_shaved_face_has_none(small_head: Scan, tmp_path: Path) -> None:
    whole = appearance_of_scan(small_head, 2.0)
    assert len(whole.found) == 5
    assert 20 < whole.checks["nose_mm"] < 45
    assert whole.checks["cut_front_cm2"] == 0
    assert (whole.checks["views_with_face"], whole.checks["views_implausible"]) == (5, 0)
    for name in ("remove_face", "quickshear"):
        shaved = appearance_of_scan(deface(name, small_head, tmp_path), 2.0)
        assert not shaved.found or shaved.checks["nose_mm"] < FLAT_NOSE_MM
    assert appearance_of_scan(deface("replace_face", small_head, tmp_path), 2.0).checks["nose_mm"] > 10


@pytest.mark.parametrize("spacing_mm", [2.5, 3.0, 4.0])
def test_a_coarse_nose_stands_out_too(small_head: Scan, spacing_mm: float) -> None:
    """A coarse surface has few points under a landmark, and none of them is the back of the head."""
    seen = appearance_of_scan(small_head, spacing_mm)
    assert seen.found
    assert 20 < seen.checks["nose_mm"] < 45


def test_a_field_of_view_that_ends_in_the_face_is_told(small_head: Scan) -> None:
    front = np.flatnonzero((small_head.data > 200).sum(axis=(0, 2)) > 5).max()
    cut = appearance_of_scan(Scan(small_head.data[:, : front - 15], small_head.affine), 2.0)
    assert cut.checks["cut_front_cm2"] > 50
    assert not cut.found or cut.checks["nose_mm"] < FLAT_NOSE_MM


def test_a_detector_that_fires_on_no_face_is_counted(
    small_head: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The predictor gives 68 points for any box; here they are never those of a face."""
    monkeypatch.setattr("mriprivacy.baselines.face.landmarks.plausible", lambda *_: False)
    seen = appearance_of_scan(small_head, 2.0)
    assert not seen.found
    assert (seen.checks["views_with_face"], seen.checks["views_implausible"]) == (0, 5)
    assert np.isnan(seen.checks["nose_mm"])
