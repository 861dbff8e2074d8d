"""A tape measure and calipers for synthetic heads: the 18 measures of a survey of heads and faces.

Measures and landmarks follow Zhuang and Bradtmiller, J Occup Environ Hyg 2, 2005, 567-576. A landmark is
a vertex of the MakeHuman base mesh, the same on everybody. A tape lies on the convex outline of a section of
the skin without the ears. Every number has the same bits on every machine.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic.head.mesh import base_mesh, subdivision

MEASURES = {
    "headcirc": "head circumference: tape above the brows and over the back of the head",
    "bitcor": "bitragion coronal arc: tape from tragion to tragion over the top of the head",
    "bitfront": "bitragion frontal arc: tape from tragion to tragion across the forehead, above the brows",
    "bitsubn": "bitragion subnasale arc: tape from tragion to tragion under the nose",
    "bitchin": "bitragion chin arc: tape from tragion to tragion across the front of the chin",
    "headbr": "head breadth: caliper, greatest breadth above the ears",
    "headlth": "head length: caliper, glabella to the farthest point of the back of the head",
    "minfrbr": "minimum frontal breadth: caliper, between the frontotemporal points",
    "maxfrbr": "maximum frontal breadth: caliper, between the zygofrontal points",
    "bizygobr": "bizygomatic breadth: caliper, between the zygomatic arches",
    "bigonlbr": "bigonial breadth: caliper, between the corners of the jaw",
    "nrootbr": "nasal root breadth: caliper, at sellion, half as deep as the eyes",
    "nosebr": "nose breadth: caliper, between the alae",
    "liplth": "lip length: caliper, between the corners of the mouth",
    "subnasal": "subnasale-sellion length: caliper",
    "mensell": "menton-sellion length: caliper",
    "nosepro": "nose protrusion: caliper, pronasale to subnasale",
    "intpupbr": "interpupillary distance: between the centres of the eyeballs",
}
# Vertices of base.obj. Those with a side are the right one; the left one is its mirror image.
MIDDLE = {
    "sellion": 132,
    "glabella": 220,
    "above_brows": 227,
    "pronasale": 297,
    "subnasale": 343,
    "pogonion": 5162,
    "menton": 732,
    "back": 962,
}
SIDES = {
    "tragion": 5470,
    "frontotemporale": 5191,
    "zygofrontale": 254,
    "zygion": 868,
    "gonion": 739,
    "nasal_root": 110,
    "ala": 5139,
    "mouth_corner": 3735,
}
PAIRS = {
    "minfrbr": "frontotemporale",
    "maxfrbr": "zygofrontale",
    "bizygobr": "zygion",
    "bigonlbr": "gonion",
    "nrootbr": "nasal_root",
    "nosebr": "ala",
    "liplth": "mouth_corner",
}


@dataclass(frozen=True)
class TapePlaces:
    """Where a mesh of one level is measured: indices of its vertices.

    Attributes
    ----------
    middle : dict from str to int
        Landmarks of the midline.
    sides : dict from str to (int, int)
        Landmarks of the right and the left side.
    edges : ndarray, shape (e, 2)
        Edges of the skin that a tape may touch: no ears, no lining of the mouth, no neck.
    cranium, cranium_left, occiput : ndarray
        Vertices among which breadth and length are greatest.
    right_eye, left_eye : ndarray
        Vertices of the eyeballs.
    """

    middle: dict[str, int]
    sides: dict[str, tuple[int, int]]
    edges: NDArray[np.int64]
    cranium: NDArray[np.int64]
    cranium_left: NDArray[np.int64]
    occiput: NDArray[np.int64]
    right_eye: NDArray[np.int64]
    left_eye: NDArray[np.int64]


@lru_cache(maxsize=2)
def places(level: int = 1) -> TapePlaces:
    """Find the places where a mesh is measured, once a process.

    Examples
    --------
    >>> sorted(places(0).sides)[:3]
    ['ala', 'frontotemporale', 'gonion']
    """
    base, mesh = base_mesh(), subdivision(level)[1]
    neutral = base.mesh.vertices
    middle = {name: int(np.searchsorted(base.kept, own)) for name, own in MIDDLE.items()}
    sides = {}
    for name, own in SIDES.items():
        right = int(np.searchsorted(base.kept, own))
        mirrored = neutral[right] * [-1, 1, 1]
        sides[name] = (right, int(((neutral - mirrored) ** 2).sum(axis=1).argmin()))
    skin, (x, y, z) = mesh.points("skin"), mesh.vertices.T
    ear = (np.abs(x) > 65) & (y < 10) & (y > -48) & (z < 9) & (z > -60)
    lining = (np.abs(x) < 30) & (y < 97) & (z < -25) & (z > -92) & (y > 40)
    usable = np.zeros(len(x), bool)
    usable[skin] = True
    usable &= ~ear & ~lining & (z > -135)
    quads = mesh.quads[mesh.parts["skin"]]
    pairs = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges = np.unique(np.sort(pairs, axis=1), axis=0)
    above = usable & (z > 22)
    return TapePlaces(
        middle,
        sides,
        edges[usable[edges].all(axis=1)],
        np.flatnonzero(above & (x > 40)),
        np.flatnonzero(above & (x < -40)),
        np.flatnonzero(above & (np.abs(x) < 6) & (y < -40)),
        mesh.points("right_eye"),
        mesh.points("left_eye"),
    )


def taped(vertices: NDArray[np.float64], level: int = 1) -> NDArray[np.float64]:
    """Measure a head.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        Vertices of a mesh of that level, mm, RAS.
    level : int
        How many times it was subdivided.

    Returns
    -------
    ndarray, shape (18,)
        Millimetres, in the order of `MEASURES`.

    Examples
    --------
    >>> from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
    >>> found = dict(zip(MEASURES, taped(head_mesh({}).vertices), strict=True))
    >>> bool(450 < found["headcirc"] < 650), bool(30 < found["intpupbr"] < 80)
    (True, True)
    """
    at, v = places(level), vertices
    mark = {name: v[own] for name, own in at.middle.items()}
    right, left = (v[at.sides["tragion"][side]] for side in (0, 1))
    top = (right + left) / 2 + np.array([0.0, 0.0, 1.0])
    forehead, back = mark["above_brows"], v[at.middle["back"]]
    skin = (v, at.edges)
    found = {
        "headcirc": outline(*skin, forehead, back - forehead, np.array([1.0, 0.0, 0.0])),
        "bitcor": arc(*skin, right, left, top),
        "bitfront": arc(*skin, right, left, forehead),
        "bitsubn": arc(*skin, right, left, mark["subnasale"]),
        "bitchin": arc(*skin, right, left, mark["pogonion"]),
        "headbr": v[at.cranium, 0].max() - v[at.cranium_left, 0].min(),
        "headlth": max(distance(mark["glabella"], point) for point in v[at.occiput]),
        "subnasal": distance(mark["sellion"], mark["subnasale"]),
        "mensell": distance(mark["sellion"], mark["menton"]),
        "nosepro": distance(mark["pronasale"], mark["subnasale"]),
        "intpupbr": distance(v[at.right_eye].mean(axis=0), v[at.left_eye].mean(axis=0)),
    }
    for name, pair in PAIRS.items():
        found[name] = distance(*(v[side] for side in at.sides[pair]))
    return np.array([found[name] for name in MEASURES])


def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the distance of two points, mm: a caliper."""
    x, y, z = (one - other).tolist()
    return math.sqrt(x * x + y * y + z * z)


def arc(
    vertices: NDArray[np.float64],
    edges: NDArray[np.int64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    over: NDArray[np.float64],
) -> float:
    """Return the length of a tape from one point over another to a third, on the convex outline, mm.

    Examples
    --------
    >>> square = np.array([[0.0, 0, 0], [0, 2, 0], [2, 2, 0], [2, 0, 0]])
    >>> arc(np.vstack([square + [0, 0, 1], square - [0, 0, 1]]),
    ...     np.array([[n, n + 4] for n in range(4)]), square[0], square[3], np.array([1.0, 2.0, 0.0]))
    6.0
    """
    plane = _section(vertices, edges, start, end - start, over - start)
    ahead = plane[plane[:, 1] >= 0]
    ends = np.array([[0.0, 0.0], [distance(start, end), 0.0]])
    return _perimeter(np.concatenate([ends, ahead])) - float(ends[1, 0])


def outline(
    vertices: NDArray[np.float64],
    edges: NDArray[np.int64],
    point: NDArray[np.float64],
    one: NDArray[np.float64],
    other: NDArray[np.float64],
) -> float:
    """Return the convex outline of the section with the plane through a point along two directions, mm."""
    return _perimeter(_section(vertices, edges, point, one, other))


@njit(cache=True)
def _section(vertices, edges, point, one, other):  # type: ignore[no-untyped-def]
    """Return where edges cross a plane, shape (k, 2): along `one`, and square to it towards `other`."""
    ax, ay, az = one[0], one[1], one[2]
    size = math.sqrt(ax * ax + ay * ay + az * az)
    ax, ay, az = ax / size, ay / size, az / size
    along = other[0] * ax + other[1] * ay + other[2] * az
    bx, by, bz = other[0] - along * ax, other[1] - along * ay, other[2] - along * az
    size = math.sqrt(bx * bx + by * by + bz * bz)
    bx, by, bz = bx / size, by / size, bz / size
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    height = np.empty(len(vertices))
    for i in range(len(vertices)):
        height[i] = (
            (vertices[i, 0] - point[0]) * nx
            + (vertices[i, 1] - point[1]) * ny
            + (vertices[i, 2] - point[2]) * nz
        )
    found = np.empty((len(edges), 2))
    k = 0
    for e in range(len(edges)):
        i, j = edges[e, 0], edges[e, 1]
        if (height[i] > 0) != (height[j] > 0):
            share = height[i] / (height[i] - height[j])
            x = vertices[i, 0] + share * (vertices[j, 0] - vertices[i, 0]) - point[0]
            y = vertices[i, 1] + share * (vertices[j, 1] - vertices[i, 1]) - point[1]
            z = vertices[i, 2] + share * (vertices[j, 2] - vertices[i, 2]) - point[2]
            found[k, 0] = x * ax + y * ay + z * az
            found[k, 1] = x * bx + y * by + z * bz
            k += 1
    return found[:k]


def _perimeter(points: NDArray[np.float64]) -> float:
    """Return the perimeter of the convex hull of points of a plane (Andrew's monotone chain)."""
    return float(_hull_length(points[np.lexsort((points[:, 1], points[:, 0]))]))


@njit(cache=True)
def _hull_length(points):  # type: ignore[no-untyped-def]
    total = 0.0
    chain = np.empty((len(points), 2))
    for sign in (1.0, -1.0):  # the lower chain, then the upper one
        k = 0
        for i in range(len(points)):
            x, y = points[i, 0], points[i, 1]
            while k > 1:
                turn = (chain[k - 1, 0] - chain[k - 2, 0]) * (y - chain[k - 2, 1]) - (
                    chain[k - 1, 1] - chain[k - 2, 1]
                ) * (x - chain[k - 2, 0])
                if sign * turn > 0:
                    break
                k -= 1
            chain[k, 0], chain[k, 1] = x, y
            k += 1
        for i in range(1, k):
            dx, dy = chain[i, 0] - chain[i - 1, 0], chain[i, 1] - chain[i - 1, 1]
            total += math.sqrt(dx * dx + dy * dy)
    return total
