"""Faces are cut out where they must be, on a real head, however it lies and whatever a defacer left."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mriprivacy.baselines.alignment.placed_faces import LOOKED_AT, placed_faces, turned_upright
from mriprivacy.baselines.alignment.presence import presence
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.landmarks import Face, detect_face
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import reconstruct
from mriprivacy.baselines.face.views import make_views
from tests.helpers.degraded import halved

VIEWS = make_views([(0, 0), (12, 0)])


@pytest.fixture(scope="module")
def head(real_head: Scan) -> Scan:
    return halved(real_head)


@pytest.fixture(scope="module")
def registrations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registrations")


def placed(head: Scan, registrations: Path) -> tuple[Face, ...]:
    scan_to_head = presence(head, registrations).scan_to_head
    assert scan_to_head is not None
    return placed_faces(reconstruct(head, 1.5), scan_to_head, VIEWS, 400)


def motion(degrees: tuple[float, float, float], shift: tuple[float, float, float]) -> np.ndarray:
    found = np.eye(4)
    found[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    found[:3, 3] = shift
    return found


@pytest.mark.parametrize("scale", [0.9, 1.0, 1.2])
def test_a_head_is_turned_and_not_scaled(scale: float) -> None:
    affine = motion((20, -10, 5), (3, 4, 5)) @ np.diag([scale, scale, scale, 1])
    found = turned_upright(affine)
    np.testing.assert_allclose(found[:3, :3] @ found[:3, :3].T, np.eye(3), atol=1e-8)
    np.testing.assert_allclose(found[:3, :3] * scale, affine[:3, :3], atol=1e-8)
    in_scan = np.linalg.solve(affine, [*LOOKED_AT, 1])
    np.testing.assert_allclose((found @ in_scan)[:3], LOOKED_AT, atol=1e-5)


def test_a_detector_agrees_where_there_is_a_face(head: Scan, registrations: Path) -> None:
    for face in placed(head, registrations):
        seen, _ = detect_face(face.picture, upsample=0)
        assert seen is not None
        assert np.median(np.abs(seen.landmarks - face.landmarks)) < 4
        assert np.abs(np.subtract(seen.box, face.box)).max() < 45


@pytest.mark.long
@pytest.mark.parametrize("degrees", [(25, 0, 0), (-25, 0, 0), (0, 20, 0), (10, 10, 20)])
def test_the_picture_does_not_hang_on_how_a_head_lies(
    degrees: tuple[float, float, float], head: Scan, registrations: Path
) -> None:
    upright = placed(head, registrations)
    found = placed(Scan(head.data, motion(degrees, (8, -5, 12)) @ head.affine), registrations)
    assert len(found) == len(upright) == len(VIEWS)
    for one, other in zip(found, upright, strict=True):
        assert np.median(np.abs(one.landmarks - other.landmarks)) < 6


@pytest.mark.long
@pytest.mark.parametrize("defacer", ["quickshear", "remove_face"])
def test_a_head_without_a_face_is_cut_out_too(defacer: str, head: Scan, registrations: Path) -> None:
    faces = placed(deface(defacer, head, registrations), registrations)
    whole = placed(head, registrations)
    assert len(faces) == len(VIEWS)
    for face, before in zip(faces, whole, strict=True):
        assert face.picture.shape == (400, 400, 3)
        assert np.abs(np.subtract(face.box, before.box)).max() < 25
