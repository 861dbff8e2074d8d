"""Eyeballs with sclera, iris and pupil that look somewhere."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from data_prep.synthetic.light import linear
from data_prep.synthetic.looks import Looks
from data_prep.synthetic.voxels import pose


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
    unit, faces = _sphere()
    points = radius * unit
    turn = pose(np.array([gaze[1], 0, -gaze[0]]), np.zeros(3))[:3, :3]
    off_axis = np.hypot(points[:, 0], points[:, 2])
    angle = np.arctan2(points[:, 2], points[:, 0])
    streaks = np.ones(len(points))
    for count in (9, 17, 31):
        streaks += 0.12 * np.sin(count * angle + rng.uniform(0, 6.3))
    rings = np.interp(off_axis, [2, 5, 6.1], [1.25, 1.0, 0.5])
    iris = np.array(looks.iris) * streaks[:, None] * rings[:, None]
    sclera = np.array([0.88, 0.85, 0.83]) - np.outer(np.clip((off_axis - 7) / 12, 0, 1), [0.1, 0.2, 0.2])
    share = np.clip((6.1 - off_axis) / 0.7, 0, 1)[:, None]
    colour = (1 - share) * sclera + share * iris
    pupil = np.clip((2.2 - off_axis) / 0.4, 0, 1)[:, None]
    colour = (1 - pupil) * colour + pupil * 0.02
    # The upper lid shades what is below it.
    turned = unit @ turn.T
    lid = 1 - 0.5 * np.clip((turned[:, 2] - 0.05) / 0.4, 0, 1)
    albedo = linear(colour) * lid[:, None].astype(np.float32)
    return Eyeball(radius * turned + centre, turned.astype(np.float32), albedo.astype(np.float32), faces)
