"""Which triangle each pixel shows, and what it shows there."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

_SUB = 256  # corners are placed to a 256th of a pixel, so that edges are compared as whole numbers


@dataclass(frozen=True)
class Hits:
    """What each pixel of a picture shows.

    Attributes
    ----------
    face : ndarray of int, shape (rows, columns)
        The triangle; -1 where there is none.
    corners : ndarray, shape (rows, columns, 2)
        Weights of the first two corners of the triangle, 0 to 1; the third has the rest.
    nearness : ndarray, shape (rows, columns)
        Inverse of the distance along the direction of the camera, 1/mm; 0 where nothing is.
    """

    face: NDArray[np.int64]
    corners: NDArray[np.float64]
    nearness: NDArray[np.float64]


def draw(places: NDArray[np.float64], faces: NDArray[np.int64], size: int, culled: bool = False) -> Hits:
    """Find the triangle that is nearest to the camera in the middle of each pixel.

    A pixel whose middle lies on an edge belongs to one of the two triangles there, never to both and never to
    none (the rule of the top and left edges), so that a closed surface has no holes.

    Parameters
    ----------
    places : ndarray, shape (n, 3)
        Where the points appear, from `Pinhole.project`.
    faces : ndarray of int, shape (m, 3)
        Triangles.
    size : int
        Edge of the picture, pixels.
    culled : bool
        Leave out triangles whose corners run clockwise in the picture: the far side of a closed surface.

    Examples
    --------
    >>> places = np.array([[0.0, 0.0, 0.001], [4.0, 0.0, 0.001], [0.0, 4.0, 0.001]])
    >>> draw(places, np.array([[0, 2, 1]]), 4).face.tolist()
    [[0, 0, 0, -1], [0, 0, -1, -1], [0, -1, -1, -1], [-1, -1, -1, -1]]
    """
    hits = Hits(
        np.full((size, size), -1, np.int64), np.zeros((size, size, 2)), np.zeros((size, size), np.float64)
    )
    fixed = np.floor(places[:, :2] * _SUB + 0.5).astype(np.int64)
    _fill(
        fixed,
        places[:, 2].copy(),
        np.ascontiguousarray(faces, np.int64),
        culled,
        hits.face,
        hits.corners,
        hits.nearness,
    )
    return hits


@njit(cache=True)
def _fill(places, inverse, faces, culled, face, corners, nearness):  # type: ignore[no-untyped-def]
    size = len(face)
    for number in range(len(faces)):
        a, b, c = faces[number]
        ax, ay = places[a]
        bx, by = places[b]
        cx, cy = places[c]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        # y points down: corners that run counter-clockwise for the eye have a negative area.
        if area == 0 or (culled and area > 0):
            continue
        if area < 0:
            b, c, bx, by, cx, cy, area = c, b, cx, cy, bx, by, -area
        first, last = max((min(ax, bx, cx) + 127) >> 8, 0), min((max(ax, bx, cx) - 128) >> 8, size - 1)
        top, bottom = max((min(ay, by, cy) + 127) >> 8, 0), min((max(ay, by, cy) - 128) >> 8, size - 1)
        if first > last or top > bottom:
            continue
        # An edge that is neither a top nor a left one gives away the pixels on it.
        edge_a = 0 if (cy < by or (cy == by and cx > bx)) else 1
        edge_b = 0 if (ay < cy or (ay == cy and ax > cx)) else 1
        edge_c = 0 if (by < ay or (by == ay and bx > ax)) else 1
        za, zb, zc = inverse[a], inverse[b], inverse[c]
        for row in range(top, bottom + 1):
            y = row * 256 + 128
            x = first * 256 + 128
            wa = (cx - bx) * (y - by) - (cy - by) * (x - bx)
            wb = (ax - cx) * (y - cy) - (ay - cy) * (x - cx)
            wc = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            for column in range(first, last + 1):
                if wa >= edge_a and wb >= edge_b and wc >= edge_c:
                    near_a, near_b, near_c = wa * za, wb * zb, wc * zc
                    total = near_a + near_b + near_c
                    near = total / area
                    if near > nearness[row, column]:
                        nearness[row, column] = near
                        face[row, column] = number
                        corners[row, column, 0] = near_a / total
                        # In the order of the triangle, not in that in which it was drawn.
                        corners[row, column, 1] = (near_b if b == faces[number, 1] else near_c) / total
                wa -= (cy - by) * 256
                wb -= (ay - cy) * 256
                wc -= (by - ay) * 256


def interpolate(hits: Hits, faces: NDArray[np.int64], values: NDArray[Any]) -> NDArray[np.float64]:
    """Return what a picture shows of values at the points of a surface.

    Parameters
    ----------
    hits : Hits
        The picture.
    faces : ndarray of int, shape (m, 3)
        Its triangles.
    values : ndarray, shape (n, d)
        At the points.

    Returns
    -------
    ndarray, shape (rows, columns, d)
        0 where nothing is.

    Examples
    --------
    >>> places = np.array([[0.0, 0.0, 0.001], [4.0, 0.0, 0.001], [0.0, 4.0, 0.001]])
    >>> faces = np.array([[0, 2, 1]])
    >>> interpolate(draw(places, faces, 4), faces, places[:, :1])[0, :, 0].tolist()
    [0.5, 1.5, 2.5, 0.0]
    """
    found = np.zeros((*hits.face.shape, values.shape[1]))
    _mix(
        hits.face, hits.corners, np.ascontiguousarray(faces, np.int64), np.asarray(values, np.float64), found
    )
    return found


@njit(cache=True)
def _mix(face, corners, faces, values, found):  # type: ignore[no-untyped-def]
    rows, columns = face.shape
    for row in range(rows):
        for column in range(columns):
            if face[row, column] >= 0:
                a, b, c = faces[face[row, column]]
                wa, wb = corners[row, column]
                wc = 1.0 - wa - wb
                for one in range(values.shape[1]):
                    found[row, column, one] = wa * values[a, one] + wb * values[b, one] + wc * values[c, one]


@njit(cache=True)
def vertex_normals(points: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of the unit normals of the triangles at each point, shape (n, 3), as a unit vector.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        World.
    faces : ndarray of int, shape (m, 3)
        Triangles; counter-clockwise seen from outside.

    Examples
    --------
    >>> vertex_normals(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2]]))[0].tolist()
    [0.0, 0.0, 1.0]
    """
    total = np.zeros((len(points), 3))
    for number in range(len(faces)):
        a, b, c = faces[number]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0:
            for corner in (a, b, c):
                total[corner, 0] += x / length
                total[corner, 1] += y / length
                total[corner, 2] += z / length
    for point in range(len(points)):
        x, y, z = total[point]
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0:
            total[point, 0], total[point, 1], total[point, 2] = x / length, y / length, z / length
    return total
