"""Where the inside of a head hangs on its outside: eyes, mouth, nose, chin."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh, base_mesh, data_folder, subdivision

# dlib's 68 points (iBUG 300-W order) as vertices of base.obj, the same left and right: those that on average
# over 80 faces are nearest to where dlib finds them in renders of the mesh; on the eyelids, their margins.
# fmt: off
IBUG_VERTICES = (
    # jaw, from the right ear to the left
    5237, 5201, 5204, 5242, 5240, 5298, 917, 5292, 732, 11898, 7619, 11903, 11849, 11851, 11815, 11812, 11846,
    # brows
    261, 225, 204, 205, 209, 6984, 6980, 6979, 6999, 7030,
    # nose
    132, 131, 164, 294, 325, 313, 317, 7076, 7087,
    # right eye, left eye
    4851, 0, 54, 4872, 47, 41, 11490, 6838, 6784, 11469, 6825, 6831,
    # lips outside
    3735, 5351, 460, 466, 7219, 11953, 10403, 7239, 7241, 492, 486, 484,
    # lips inside
    417, 472, 474, 7228, 7177, 7264, 523, 517,
)
# fmt: on
NOSE_TIP = 297


@lru_cache(maxsize=8)
def painted(texture: str, level: int) -> NDArray[np.float64]:
    """Return a mask of the mesh data (`lips`, `inside-mouth`, ...) at every vertex, 0 to 1, shape (n,)."""
    image = np.asarray(Image.open(data_folder() / "textures" / f"mpfb_{texture}.jpg").convert("L")) / 255.0
    operator, _ = subdivision(level)
    u, v = (operator @ base_mesh().uv).T
    columns = np.clip(u * image.shape[1], 0, image.shape[1] - 1).astype(int)
    rows = np.clip((1 - v) * image.shape[0], 0, image.shape[0] - 1).astype(int)
    result: NDArray[np.float64] = image[rows, columns]
    return result


@lru_cache(maxsize=2)
def mouth_lining(level: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Split the skin where the lips meet.

    Returns
    -------
    lining : ndarray, shape (m, 3)
        Triangles inside the mouth.
    outer : ndarray, shape (k, 3)
        All other triangles of the skin.
    rim : ndarray, shape (e, 2)
        Edges between the two.
    """
    inside = painted("inside-mouth", level) > 0.5
    triangles = subdivision(level)[1].triangles("skin")
    within = inside[triangles].all(axis=1)
    return triangles[within], triangles[~within], _border(triangles[within])


def capped(
    vertices: NDArray[np.float64], triangles: NDArray[np.int64], rim: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Close a surface along a rim of edges by a fan; returns vertices and triangles of the closed one."""
    centre = vertices[np.unique(rim)].mean(axis=0)
    cap = np.column_stack([rim, np.full(len(rim), len(vertices))])
    return np.vstack([vertices, centre]), np.vstack([triangles, cap])


@lru_cache(maxsize=2)
def neck_rim(level: int) -> NDArray[np.int64]:
    """Return the edges where the skin ends, far under the chin, shape (e, 2)."""
    return _border(subdivision(level)[1].triangles("skin"))


def _border(triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    edges = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    result: NDArray[np.int64] = unique[uses == 1]
    return result


def closed_head(
    vertices: NDArray[np.float64], level: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Close the skin at lips and neck; returns vertices and triangles of the closed surface."""
    _, outer, lips = mouth_lining(level)
    return capped(*capped(vertices, outer, lips), neck_rim(level))


@dataclass(frozen=True)
class Landmarks:
    """Where the inside of a head hangs on its outside, mm in the head's own frame (before any pose)."""

    right_eye: NDArray[np.float64]
    left_eye: NDArray[np.float64]
    eye_radius: float
    mouth_top: float
    mouth_back: float
    mouth_centre: NDArray[np.float64]
    nose_tip: NDArray[np.float64]
    chin: NDArray[np.float64]


def find_landmarks(mesh: HeadMesh, level: int = 1) -> Landmarks:
    """Find where the eyes, the mouth, the nose and the chin are."""
    v = mesh.vertices
    right, left = (v[mesh.points(name)] for name in ("right_eye", "left_eye"))
    mouth = v[np.unique(mouth_lining(level)[0])]
    skin = v[mesh.points("skin")]
    middle = skin[np.abs(skin[:, 0]) < 8]
    below = middle[(middle[:, 2] < mouth[:, 2].mean() - 18) & (middle[:, 2] > mouth[:, 2].mean() - 55)]
    return Landmarks(
        right.mean(axis=0),
        left.mean(axis=0),
        float(np.ptp(right[:, 2]) / 2),
        float(mouth[:, 2].max()),
        float(mouth[:, 1].min()),
        mouth.mean(axis=0),
        v[np.searchsorted(base_mesh().kept, NOSE_TIP)],
        below[below[:, 1].argmax()],
    )


def ibug_landmarks(mesh: HeadMesh) -> dict[str, NDArray[np.float64]]:
    """Return dlib's 68 points of a head, mm in its own frame.

    Returns
    -------
    dict from str to ndarray, shape (3,)
        `ibug-01` to `ibug-68`, in dlib's order (which counts from 0).

    Examples
    --------
    >>> from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
    >>> points = ibug_landmarks(head_mesh({}))
    >>> len(points), bool(points["ibug-31"][1] > points["ibug-09"][1])  # the nose tip before the chin
    (68, True)
    """
    places = np.searchsorted(base_mesh().kept, IBUG_VERTICES)
    return {f"ibug-{n:02d}": mesh.vertices[place] for n, place in enumerate(places, start=1)}
