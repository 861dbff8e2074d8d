"""Eyeballs with sclera, iris and pupil that look somewhere, and glasses in front of them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.landmarks import Landmarks
from mriprivacy.data_prep.synthetic.head.voxels import pose
from mriprivacy.data_prep.synthetic.people.looks import Looks
from mriprivacy.data_prep.synthetic.portrait.light import linear
from mriprivacy.data_prep.synthetic.portrait.strands import Surface, unit

# Half width and half height of a rim, mm; how square it is (2: ellipse); half thickness of the frame, mm.
SHAPES = {
    "round": (23.0, 20.5, 2.2, 1.2),
    "square": (26.0, 18.5, 4.5, 1.8),
    "wide": (27.5, 20.0, 3.0, 1.5),
    "wire": (25.0, 17.0, 3.0, 0.6),
}
COLOURS = ((0.03, 0.03, 0.035), (0.12, 0.06, 0.03), (0.35, 0.33, 0.3), (0.05, 0.07, 0.14), (0.3, 0.05, 0.06))


@dataclass(frozen=True)
class Eyeball:
    """An eyeball: points and normals, frame of the head, and linear colours, each of shape (n, 3)."""

    points: NDArray[np.float64]
    normals: NDArray[np.float32]
    albedo: NDArray[np.float32]
    faces: NDArray[np.int64]


@lru_cache(maxsize=1)
def _sphere() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the front half of a unit sphere, its pole in front."""
    ball = pv.Sphere(radius=1.0, theta_resolution=64, phi_resolution=100, direction=(0, 1, 0))
    points, faces = np.asarray(ball.points, np.float64), ball.regular_faces.astype(np.int64)
    kept, new = np.unique(faces[(points[faces][:, :, 1] > 0.1).all(axis=1)], return_inverse=True)
    return points[kept], new.reshape(-1, 3)


def eyeball(
    looks: Looks,
    centre: NDArray[np.float64],
    radius: float,
    gaze: NDArray[np.float64],
    rng: np.random.Generator,
) -> Eyeball:
    """Make an eyeball.

    Parameters
    ----------
    looks : Looks
        Has the colour of the iris.
    centre : ndarray, shape (3,)
        Frame of the head, mm.
    radius : float
        Of the ball, mm.
    gaze : ndarray, shape (2,)
        Degrees to the subject's right and up.
    rng : numpy.random.Generator
        Of the person: how the iris is streaked.
    """
    ball, faces = _sphere()
    points = radius * ball
    turn = pose(np.array([gaze[1], 0, -gaze[0]]), np.zeros(3))[:3, :3]
    off_axis = exact.hypot(points[:, 0], points[:, 2])
    angle = exact.arctan2(points[:, 2], points[:, 0])
    streaks = np.ones(len(points))
    for count in (9, 17, 31):
        streaks += 0.12 * exact.sin(count * angle + rng.uniform(0, 6.3))
    rings = np.interp(off_axis, [2, 5, 6.1], [1.25, 1.0, 0.5])
    iris = np.array(looks.iris) * streaks[:, None] * rings[:, None]
    sclera = np.array([0.88, 0.85, 0.83]) - np.outer(np.clip((off_axis - 7) / 12, 0, 1), [0.1, 0.2, 0.2])
    share = np.clip((6.1 - off_axis) / 0.7, 0, 1)[:, None]
    colour = (1 - share) * sclera + share * iris
    pupil = np.clip((2.2 - off_axis) / 0.4, 0, 1)[:, None]
    colour = (1 - pupil) * colour + pupil * 0.02
    # The upper lid shades what is below it.
    turned = exact.turned(ball, turn.T)
    lid = 1 - 0.5 * np.clip((turned[:, 2] - 0.05) / 0.4, 0, 1)
    albedo = linear(colour) * lid[:, None].astype(np.float32)
    return Eyeball(radius * turned + centre, turned.astype(np.float32), albedo.astype(np.float32), faces)


@dataclass(frozen=True)
class Tubes:
    """A surface of tubes, frame of the head: points and normals of shape (n, 3), triangles of (m, 3)."""

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    faces: NDArray[np.int64]


def glasses(kind: str, marks: Landmarks, skin: Surface) -> Tubes:
    """Put glasses on a head.

    Parameters
    ----------
    kind : str
        A key of `SHAPES`.
    marks : Landmarks
        Where the eyes are.
    skin : Surface
        What the glasses must not enter.
    """
    wide, high, square, thick = SHAPES[kind]
    eyes = (marks.right_eye, marks.left_eye)
    apart = float(eyes[0][0] - eyes[1][0])
    middle = (eyes[0] + eyes[1]) / 2
    wide = min(wide, apart / 2 - 7)
    turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    cosine, sine = exact.cos(turn), exact.sin(turn)
    x = wide * np.sign(cosine) * exact.power(np.abs(cosine), 2 / square)
    z = high * np.sign(sine) * exact.power(np.abs(sine), 2 / square) - 0.12 * high
    rims = []
    for eye, way in zip(eyes, (1, -1), strict=True):
        rims.append(np.stack([eye[0] + way * (x + 1.5), np.zeros(len(x)), middle[2] + z], axis=1))
    front = _clear_of(np.concatenate(rims), skin, marks, thick)
    for rim in rims:
        rim[:, 1] = front - 0.0022 * rim[:, 0] ** 2
    inner = [rim[np.abs(rim[:, 0] - middle[0]).argmin()] for rim in rims]
    span = np.linspace(0, 1, 12)[:, None]
    bridge = inner[0] * (1 - span) + inner[1] * span
    bridge[:, 2] += 0.3 * high + 2.5 * exact.sin(np.pi * span[:, 0])
    bridge[:, 1] += 1.5 * exact.sin(np.pi * span[:, 0])
    parts = [_tube(rim, thick, closed=True) for rim in rims] + [_tube(bridge, thick, closed=False)]
    for rim, way in zip(rims, (1, -1), strict=True):
        hinge = rim[(way * rim[:, 0]).argmax()] + np.array([0, 0, 0.3 * high])
        temple = skin.vertices[(np.abs(skin.neutral[:, 1] - 28) < 8) & (np.abs(skin.neutral[:, 2] - 8) < 8)]
        ear = np.array([way * (np.abs(temple[:, 0]).max() + thick + 0.5), 5.0, middle[2] + 10])
        corner = np.array([max(abs(hinge[0]) + 2, abs(ear[0]) - 3) * way, hinge[1] - 6, hinge[2]])
        arm = np.concatenate([np.linspace(hinge, corner, 4)[:-1], np.linspace(corner, ear, 14)])
        parts.append(_tube(arm, thick, closed=False))
    starts = np.cumsum([0, *(len(part.points) for part in parts[:-1])])
    return Tubes(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)]),
    )


def _clear_of(rims: NDArray[np.float64], skin: Surface, marks: Landmarks, thick: float) -> float:
    """Return how far in front the rims must be for brows, nose and cheeks to stay behind them."""
    eye_front = float(marks.right_eye[1] + marks.eye_radius)
    near = skin.vertices[skin.vertices[:, 1] > marks.right_eye[1]]
    need = [eye_front + 9.0]
    for point in rims[::4]:
        close = exact.hypot(near[:, 0] - point[0], near[:, 2] - point[2]) < 4
        if close.any() and abs(point[0]) > 14:  # the nose may pass between them
            need.append(float(near[close, 1].max()) + thick + 0.5 + 0.0022 * point[0] ** 2)
    return min(max(need), eye_front + 17.0)


def _tube(line: NDArray[np.float64], radius: float, closed: bool, sides: int = 8) -> Tubes:
    ahead = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    if not closed:
        ahead[0], ahead[-1] = line[1] - line[0], line[-1] - line[-2]
    along = unit(ahead)
    across = unit(np.cross(along, [0.05, 1.0, 0.1]))
    other = np.cross(along, across)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    normals = (
        across[:, None] * exact.cos(turn)[None, :, None] + other[:, None] * exact.sin(turn)[None, :, None]
    )
    points = line[:, None] + radius * normals
    rings = len(line) if closed else len(line) - 1
    i, j = np.meshgrid(np.arange(rings), np.arange(sides), indexing="ij")
    k, m = (i + 1) % len(line), (j + 1) % sides
    a, b, c, d = (p * sides + q for p, q in ((i, j), (k, j), (k, m), (i, m)))
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return Tubes(points.reshape(-1, 3), normals.reshape(-1, 3), faces)
