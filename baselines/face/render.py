"""Pictures of a head surface under several views, drawn in software."""

from collections.abc import Sequence

import numpy as np
import pyvista as pv
from numba import njit
from numpy.typing import NDArray

from mriprivacy.baselines.face.surface import HeadSurface
from mriprivacy.baselines.face.views import LIGHTS, View
from mriprivacy.drawing import Pinhole, draw, vertex_normals

SKIN = (0.87, 0.70, 0.60)
BACKGROUND = (0.35, 0.38, 0.42)
AMBIENT, DIFFUSE = 0.2, 0.75
LAMP = 0.55  # of the light at the camera, and of the lamp that a view names
# From the vertex down to the middle of the face (a head is 220-250 mm high from vertex to chin).
VERTEX_TO_FACE_MM = 120.0
DISTANCE_MM = 900.0
HEIGHT_MM = 270.0


def face_centre(mesh: pv.PolyData) -> NDArray[np.float64]:
    """Return the point the cameras look at: mid-face, mm, shape (3,).

    Measured from the vertex down, so that a long neck, shoulders or a cut chin do not move it.
    """
    points = np.asarray(mesh.points, np.float64)
    vertex = points[:, 2].max()
    upper = points[points[:, 2] > vertex - VERTEX_TO_FACE_MM]
    x, y, _ = (upper.min(axis=0) + upper.max(axis=0)) / 2
    return np.array([x, y, vertex - VERTEX_TO_FACE_MM])


def camera_of(centre: NDArray[np.float64], view: View, size: int) -> Pinhole:
    """Return the camera that sees a head, whose `face_centre` is given, under a view."""
    yaw, pitch = np.radians([view.yaw, view.pitch])
    towards = (-np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), np.sin(pitch))
    x, y, z = (float(one) for one in centre)
    # Rounded, for the last bit of a sine differs from machine to machine.
    a, b, c = (round(float(one), 12) for one in towards)
    return Pinhole(size, (x, y, z), (a, b, c), DISTANCE_MM, HEIGHT_MM / 2)


def render(surface: HeadSurface, views: Sequence[View], size: int = 400) -> list[NDArray[np.uint8]]:
    """Draw the head under every view: the pictures of `render_with_depth`."""
    return [picture for picture, _ in render_with_depth(surface, views, size)]


def render_with_depth(
    surface: HeadSurface, views: Sequence[View], size: int = 400, centre: NDArray[np.float64] | None = None
) -> list[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Draw the head under every view, and measure how near it is.

    Parameters
    ----------
    surface : HeadSurface
        The head, world coordinates (y to the front, z up).
    views : sequence of View
        Camera and light positions.
    size : int
        Edge of the square pictures, pixels.
    centre : ndarray, shape (3,), optional
        What the cameras look at, mm; the middle of the face (`face_centre`) where it is not known.

    Returns
    -------
    list of (ndarray of uint8, ndarray)
        RGB, shape (size, size, 3), and millimetres from the mid-face towards the camera, shape (size, size),
        NaN beside the head; one pair a view. The same bits on every machine for the same points.
    """
    points = np.asarray(surface.mesh.points, np.float64)
    faces = np.ascontiguousarray(surface.mesh.regular_faces, np.int64)
    outward = vertex_normals(points, faces)
    centre = face_centre(surface.mesh) if centre is None else centre
    seen: dict[tuple[float, float], tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    drawn = []
    for view in views:
        angle = (view.yaw, view.pitch)  # views that differ in light alone share what is seen
        if angle not in seen:
            camera = camera_of(centre, view, size)
            hits = draw(camera.project(points), faces, size, culled=True)
            near = np.where(hits.face >= 0, hits.nearness, np.nan)
            facing = _facing(hits.face, hits.corners, faces, outward, camera.axes)
            seen[angle] = facing, DISTANCE_MM - 1 / near
        facing, depth = seen[angle]
        lamp = LIGHTS[view.light]
        length = sum(one * one for one in lamp) ** 0.5
        drawn.append((_lit(facing, tuple(one / length for one in lamp)), depth))
    return drawn


@njit(cache=True)
def _facing(face, corners, faces, normals, axes):  # type: ignore[no-untyped-def]
    """Return the unit normal of every pixel in the frame of the camera; 0 where no head is."""
    size = len(face)
    found = np.zeros((size, size, 3))
    for row in range(size):
        for column in range(size):
            if face[row, column] < 0:
                continue
            a, b, c = faces[face[row, column]]
            wa, wb = corners[row, column]
            wc = 1.0 - wa - wb
            nx = wa * normals[a, 0] + wb * normals[b, 0] + wc * normals[c, 0]
            ny = wa * normals[a, 1] + wb * normals[b, 1] + wc * normals[c, 1]
            nz = wa * normals[a, 2] + wb * normals[b, 2] + wc * normals[c, 2]
            length = np.sqrt(nx * nx + ny * ny + nz * nz)
            if length == 0:
                nx, ny, nz, length = axes[2][0], axes[2][1], axes[2][2], 1.0
            z = (axes[2][0] * nx + axes[2][1] * ny + axes[2][2] * nz) / length
            sign = -1.0 if z < 0 else 1.0  # at an outline the mean of normals may face away
            for one in range(3):
                own = axes[one][0] * nx + axes[one][1] * ny + axes[one][2] * nz
                found[row, column, one] = sign * own / length
    return found


@njit(cache=True)
def _lit(facing, lamp):  # type: ignore[no-untyped-def]
    """Light dull skin, by a lamp at the camera and another one, before a plain background (Lambert)."""
    size = len(facing)
    picture = np.empty((size, size, 3), np.uint8)
    for row in range(size):
        for column in range(size):
            x, y, z = facing[row, column]
            there = x != 0 or y != 0 or z != 0
            light = AMBIENT + DIFFUSE * LAMP * (z + max(0.0, x * lamp[0] + y * lamp[1] + z * lamp[2]))
            for one in range(3):
                share = min(1.0, SKIN[one] * light) if there else BACKGROUND[one]
                picture[row, column, one] = int(255 * share + 0.5)
    return picture
