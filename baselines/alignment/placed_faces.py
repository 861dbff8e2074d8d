"""Heads turned upright, and faces where they must be: what a detector does not see in a head as it lies.

A detector looks for a face; a registration knows where it was. The head is turned upright, drawn, and cut
where the average head has its face. So a defacer that hides a face from a detector does not hide it from a
trained attacker, and a detector's failure is no protection.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.landmarks import Face, landmarks_in
from mriprivacy.baselines.face.render import camera_of, render_with_depth
from mriprivacy.baselines.face.scan import settled
from mriprivacy.baselines.face.surface import HeadSurface, moved
from mriprivacy.baselines.face.views import View

Matrix = NDArray[np.float64]

# In the average head, mm: what the camera looks at, and the middle of the box that dlib's detector draws
# about faces, with its edge; medians over 24 undefaced heads (docs/decisions/0036).
LOOKED_AT = (0.0, 20.0, -40.0)
BOX_MIDDLE, BOX_EDGE = (0.0, 100.0, -36.0), 131.0
CONFIDENCE = 0.0  # no detector fired


def placed_faces(
    surface: HeadSurface, scan_to_head: Matrix, views: Sequence[View], size: int
) -> tuple[Face, ...]:
    """Draw a head upright and cut its face out where the average head has it.

    Parameters
    ----------
    surface : HeadSurface
        A head, or what a defacer left of it, in the world of the scan.
    scan_to_head : ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm.
    views : sequence of View
        Camera positions, about the upright head.
    size : int
        Edge of the pictures, pixels.

    Returns
    -------
    tuple of Face
        One a view, with the landmarks that dlib's predictor puts into the box, whatever is there.

    Examples
    --------
    >>> import pyvista as pv
    >>> from mriprivacy.baselines.face.views import make_views
    >>> egg = HeadSurface(pv.Sphere(radius=100.0, center=(0, 0, -30)), 1.0)
    >>> [face.box for face in placed_faces(egg, np.eye(4), make_views([(0, 0)]), 400)]
    [(93, 87, 307, 300)]
    """
    head_to_upright = settled(turned_upright(scan_to_head) @ np.linalg.inv(scan_to_head))
    looked_at, middle = (_at(head_to_upright, point) for point in (LOOKED_AT, BOX_MIDDLE))
    edge = BOX_EDGE * abs(np.linalg.det(head_to_upright[:3, :3])) ** (1 / 3)
    drawn = render_with_depth(upright(surface, scan_to_head), views, size, looked_at)
    faces = []
    for view, (picture, _) in zip(views, drawn, strict=True):
        camera = camera_of(looked_at, view, size)
        above = middle + np.array([0, 0, edge / 2])
        (x, y, _), (_, top, _) = camera.project(np.stack([middle, above])).tolist()
        half = y - top
        box = (round(x - half), round(y - half), round(x + half), round(y + half))
        faces.append(Face(landmarks_in(picture, box), picture, box, CONFIDENCE, 0))
    return tuple(faces)


def upright(surface: HeadSurface, scan_to_head: Matrix) -> HeadSurface:
    """Return a head that stands as the average head does.

    Parameters
    ----------
    surface : HeadSurface
        In the world of the scan.
    scan_to_head : ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm.
    """
    return replace(surface, mesh=moved(surface.mesh, turned_upright(scan_to_head)))


def turned_upright(scan_to_head: Matrix) -> Matrix:
    """Return the motion of a scan after which its head stands as the average head does; sizes stay.

    Parameters
    ----------
    scan_to_head : ndarray, shape (4, 4)
        Affine, mm.

    Returns
    -------
    ndarray, shape (4, 4)
        A rotation, and a translation that brings what the camera looks at to its place.

    Examples
    --------
    >>> turned = turned_upright(np.array([[0.0, -2, 0, 5], [2, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]]))
    >>> turned[:3, :3].tolist()
    [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    u, _, v = np.linalg.svd(scan_to_head[:3, :3])
    motion = np.eye(4)
    motion[:3, :3] = settled(u @ v)
    here = _at(np.asarray(np.linalg.inv(scan_to_head), np.float64), LOOKED_AT)
    motion[:3, 3] = np.round(np.array(LOOKED_AT) - motion[:3, :3] @ here, 6)
    return motion


def _at(matrix: Matrix, point: Sequence[float]) -> Matrix:
    return settled(matrix @ [*point, 1.0])[:3]
