"""Hair as strands: where they root, how a few guides lie on a head and fall, and many follow each guide."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh, subdivision
from mriprivacy.data_prep.synthetic.portrait.light import VIEW, Light


@dataclass(frozen=True)
class Strands:
    """Hairs.

    Attributes
    ----------
    points : ndarray, shape (hairs, steps, 3)
        Frame of the head, mm.
    albedo : ndarray, shape (hairs, 3)
        Linear colour of each.
    width : float
        Pixels, in a picture of 480.
    rise : ndarray, shape (hairs,)
        0 for hairs next to the skin, 1 for the outermost: light reaches them better.
    """

    points: NDArray[np.float32]
    albedo: NDArray[np.float32]
    width: float
    rise: NDArray[np.float32]


@dataclass(frozen=True)
class Surface:
    """The skin hairs grow on and do not enter; `neutral` has the same vertices on the neutral head."""

    triangles: NDArray[np.int64]
    vertices: NDArray[np.float64]
    neutral: NDArray[np.float64]
    normals: NDArray[np.float64]
    tree: cKDTree

    def lifted(
        self, points: NDArray[np.float64], least: NDArray[np.float64], cling: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Push points out until they stand `least` mm off the skin; pull a share `cling` of what is too much.

        Returns
        -------
        points : ndarray, shape (n, 3)
        nearest : ndarray, shape (n,)
            Vertex of the skin below each point.
        """
        _, nearest = self.tree.query(points, eps=0.3)
        normal = self.normals[nearest]
        beyond = ((points - self.vertices[nearest]) * normal).sum(axis=1) - least
        move = np.where(beyond < 0, np.minimum(-beyond, 30), -cling * np.clip(beyond, 0, 60))
        return points + normal * move[:, None], nearest


def surface(mesh: HeadMesh, level: int) -> Surface:
    """Prepare the skin of a head."""
    _, neutral = subdivision(level)
    triangles = mesh.triangles("skin")
    normals = vertex_normals(mesh.vertices, triangles)
    return Surface(triangles, mesh.vertices, neutral.vertices, normals, cKDTree(mesh.vertices))


def vertex_normals(vertices: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return outward unit normals, shape (n, 3)."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    (x, y, z), (u, v, w) = (b - a).T, (c - a).T
    cross = (y * w - z * v, z * u - x * w, x * v - y * u)
    normals = np.stack(
        [
            sum(np.bincount(triangles[:, corner], part, len(vertices)) for corner in range(3))
            for part in cross
        ],
        axis=1,
    )
    return unit(normals)


def unit(vectors: NDArray[Any]) -> NDArray[Any]:
    """Return vectors of length one (along the last axis)."""
    result: NDArray[Any] = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return result


@dataclass(frozen=True)
class Roots:
    """Where hairs grow: place, skin normal and place on the neutral head, each of shape (hairs, 3)."""

    place: NDArray[np.float64]
    normal: NDArray[np.float64]
    neutral: NDArray[np.float64]


def scatter_roots(skin: Surface, density: NDArray[np.float64], count: int, rng: np.random.Generator) -> Roots:
    """Scatter roots over the skin by a density at its vertices."""
    inside = density > 0
    first, second, third = skin.triangles.T
    triangles = skin.triangles[inside[first] | inside[second] | inside[third]]
    corners = skin.vertices[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    weight = np.cumsum(area * density[triangles].mean(axis=1))
    face = triangles[np.searchsorted(weight, rng.random(count) * weight[-1])]
    a, b = np.sqrt(rng.random(count)), rng.random(count)
    share = np.stack([1 - a, a * (1 - b), a * b], axis=1)[:, :, None]  # uniform in a triangle
    return Roots(
        *((values[face] * share).sum(axis=1) for values in (skin.vertices, skin.normals, skin.neutral))
    )


def follow(
    guides: NDArray[np.float64],
    guide_root: NDArray[np.float64],
    root: NDArray[np.float64],
    leader: NDArray[np.int64],
    length: NDArray[np.float64],
    clump: float,
) -> NDArray[np.float32]:
    """Let many hairs follow few guides.

    Parameters
    ----------
    guides : ndarray, shape (g, steps, 3)
        Polylines.
    guide_root, root : ndarray, shape (g, 3), (n, 3)
        Where guides and hairs grow.
    leader : ndarray, shape (n,)
        Guide of each hair.
    length : ndarray, shape (n,)
        Of each hair, as a share of its guide's, up to 1.
    clump : float
        How much of its distance to the guide a hair has lost at the tip: locks.

    Returns
    -------
    ndarray, shape (n, steps, 3)
    """
    steps = guides.shape[1]
    along = np.linspace(0, 1, steps, dtype=np.float32)
    at = along[None] * length[:, None].astype(np.float32) * (steps - 1)
    before = np.minimum(at.astype(np.int64), steps - 2)
    share = (at - before)[..., None].astype(np.float32)
    fine = guides.astype(np.float32)
    first, second = fine[leader[:, None], before], fine[leader[:, None], before + 1]
    beside = (root - guide_root[leader]).astype(np.float32)
    followed = first + share * (second - first)
    return np.asarray(followed + beside[:, None] * (1 - clump * along[None, :, None] ** 2), np.float32)


def short_hairs(
    roots: Roots,
    comb: NDArray[np.float64],
    length: NDArray[np.float64],
    droop: float,
    rng: np.random.Generator,
    steps: int = 4,
) -> NDArray[np.float32]:
    """Grow brows and beards: too short to meet the skin again, so that they need no guides."""
    direction = comb + rng.normal(0, 0.22, comb.shape)
    direction -= (direction * roots.normal).sum(axis=1, keepdims=True) * roots.normal
    direction = unit(unit(direction) + 0.4 * roots.normal)
    along = np.linspace(0, 1, steps)[None, :, None]
    far = length[:, None, None] * along
    fall = droop * length[:, None, None] * along**2 * np.array([0.0, 0.0, -1.0])
    return np.asarray(roots.place[:, None] + far * direction[:, None] + fall, np.float32)


def lit(
    points: NDArray[np.float32],
    strands: Strands,
    light: Light,
    seen: list[NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Light hairs by their direction to lamps and viewer (Kajiya and Kay 1989).

    Parameters
    ----------
    points : ndarray, shape (hairs, steps, 3)
        In the world.
    strands : Strands
        Their colours.
    light : Light
        Of the photograph.
    seen : list of ndarray, shape (hairs * steps,)
        Share of each lamp that is seen from each point.

    Returns
    -------
    ndarray, shape (hairs, steps, 3)
        Linear radiance.
    """
    tangent = np.empty_like(points)
    tangent[:, 1:-1] = points[:, 2:] - points[:, :-2]
    tangent[:, 0], tangent[:, -1] = points[:, 1] - points[:, 0], points[:, -1] - points[:, -2]
    tangent /= np.maximum(np.sqrt((tangent * tangent).sum(axis=-1)), 1e-6)[..., None]
    to_view = exact.turned(tangent, VIEW)
    aside = np.sqrt(np.clip(1 - to_view**2, 0, 1))
    depth = np.linspace(0.62, 1.0, points.shape[1], dtype=np.float32) * (0.6 + 0.4 * strands.rise[:, None])
    albedo = strands.albedo[:, None]
    total = albedo * (0.6 * (light.sky + light.ground)) * depth[..., None]
    sheen = np.float32(0.05) + np.float32(0.3) * albedo
    for lamp, share in zip(light.lamps, seen, strict=True):
        to_light = exact.turned(tangent, lamp.direction)
        across = np.sqrt(np.clip(1 - to_light**2, 0, 1))
        gloss = np.clip(across * aside - to_light * to_view, 0, 1) ** 2
        gloss = gloss**2 * gloss  # to the power of 6, and by two squares more of 24
        gloss = (gloss**2) ** 2
        open_share = (0.25 + 0.75 * share.reshape(depth.shape)) * depth
        total = total + (albedo * (0.75 * across)[..., None] + sheen * gloss[..., None]) * (
            open_share[..., None] * lamp.colour
        )
    return np.asarray(total, np.float32)
