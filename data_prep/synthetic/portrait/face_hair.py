"""Hair of the face: brows, lashes, and what men grow."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh, base_mesh
from mriprivacy.data_prep.synthetic.people.looks import Looks
from mriprivacy.data_prep.synthetic.portrait.light import linear
from mriprivacy.data_prep.synthetic.portrait.strands import Strands, Surface, scatter_roots, short_hairs

# Hairs, and their length in mm.
BEARDS = {"stubble": (6500, 1.3), "moustache": (2600, 7.0), "goatee": (3800, 9.0), "full": (5500, 6.0)}


def brow_area(neutral: NDArray[np.float64], thickness: float = 1.0) -> NDArray[np.float64]:
    """Return where brows grow on the neutral head, shape (n,), 0 to 1."""
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]
    middle = 17.0 + 4.0 * exact.sin(np.clip((x - 12) / 40, 0, 1) * np.pi * 0.75)
    width = 2.9 * thickness * np.interp(x, [12, 20, 40, 52], [0.95, 1.1, 0.8, 0.25])
    across = np.clip(1.25 * exact.exp(-(((z - middle) / width) ** 2)) - 0.25, 0, 1)
    return np.asarray(across * np.interp(x, [11, 18, 43, 52], [0, 1, 1, 0]) * (y > 40))


def beard_area(neutral: NDArray[np.float64], kind: str = "full") -> NDArray[np.float64]:
    """Return where a beard of some kind grows on the neutral head, shape (n,), 0 to 1."""
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]
    cheek_line = np.interp(y, [8, 30, 62, 85], [-5, -38, -54, -56])
    mouth = exact.hypot(x / 25, (z + 71) / 9) < 1
    below_jaw = np.clip((z + 128) / 12, 0, 1)
    philtrum = (x < 26) & (z > -64) & (z < -54) & (y > 75)
    area = np.clip((cheek_line - z) / 10 + 0.5, 0, 1) * below_jaw * (y > 6)
    full = np.where(philtrum, 1.0, area) * ~mouth * (z < -8) * (x < 74)
    if kind == "moustache":
        return np.asarray(full * np.clip((33 - x) / 6, 0, 1) * (z > -72) * (z < -53))
    if kind == "goatee":
        return np.asarray(full * np.clip((33 - x) / 6, 0, 1) * (z > -118) * (y > 55))
    return np.asarray(full)


def brows(looks: Looks, skin: Surface, rng: np.random.Generator) -> Strands:
    """Grow both eyebrows."""
    count = int(560 * looks.brows)
    roots = scatter_roots(skin, brow_area(skin.neutral, looks.brows), count, rng)
    rise = np.interp(np.abs(roots.neutral[:, 0]), [12, 22, 45], [0.9, 0.3, -0.25])
    comb = np.stack([np.sign(roots.neutral[:, 0]), np.zeros(count), rise], axis=1)
    points = short_hairs(roots, comb, 4.6 * rng.lognormal(0, 0.2, count), 0.1, rng)
    return Strands(points, _shades(looks, count, rng), 0.5, np.ones(count, np.float32))


def beard(looks: Looks, kind: str, skin: Surface, rng: np.random.Generator) -> Strands | None:
    """Grow a beard, or return None for the shaved."""
    if not kind:
        return None
    count, length_mm = BEARDS[kind]
    length_mm *= rng.uniform(0.6, 1.5)
    roots = scatter_roots(skin, beard_area(skin.neutral, kind), count, rng)
    x, _, z = roots.neutral.T
    lip = z > -66  # a moustache is combed to the sides
    sideways = np.where(lip, np.sign(x) * 0.9, 0.12 * x / 30)
    comb = np.stack([sideways, np.full(count, 0.15), np.full(count, -1.0)], axis=1)
    length = length_mm * rng.lognormal(0, 0.25, count) * np.where(lip, 0.75, 1.0)
    points = short_hairs(roots, comb, length, 0.25, rng)
    width = 0.5 if kind == "stubble" else 0.6
    return Strands(points, _shades(looks, count, rng), width, np.full(count, 0.7, np.float32))


def lashes(mesh: HeadMesh, rng: np.random.Generator, each: int = 3) -> Strands:
    """Grow lashes from the lids, along the strips of the mesh.

    Parameters
    ----------
    mesh : HeadMesh
        A head of any level; its coarsest vertices come first.
    rng : numpy.random.Generator
        Where each lash is.
    each : int
        Lashes a quadrilateral of the mesh.
    """
    root, tip = _lash_edges()
    share = rng.random((len(root), each, 1))
    v = mesh.vertices
    start, end = (v[edge[:, None, 0]] * (1 - share) + v[edge[:, None, 1]] * share for edge in (root, tip))
    start, end = start.reshape(-1, 3), end.reshape(-1, 3)
    # Longer than the mesh's, and bent up (or down) at the tip.
    reach = (
        (end - start) * rng.uniform(0.5, 1.2, (len(start), 1)) * np.where(end[:, 2:] > start[:, 2:], 1.2, 0.7)
    )
    points = start[:, None] + reach[:, None] * np.linspace(0, 1, 3)[None, :, None]
    points[:, 2, 2] += 0.5 * np.sign(reach[:, 2])
    count = len(points)
    albedo = np.full((count, 3), 0.02, np.float32)
    return Strands(points.astype(np.float32), albedo, 0.35, np.ones(count, np.float32))


@lru_cache(maxsize=1)
def _lash_edges() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the vertices at the lid and at the tips of the mesh's lashes, each of shape (quads, 2)."""
    mesh = base_mesh().mesh
    quads = mesh.quads[mesh.parts["lashes"]]
    corners = mesh.vertices[quads]
    eyes = [mesh.vertices[mesh.points(name)].mean(axis=0) for name in ("right_eye", "left_eye")]
    far = np.min([np.linalg.norm(corners - eye, axis=2) for eye in eyes], axis=0)
    # The two corners of an edge that are nearest to the eye, and those across from them.
    first = np.argmin(far + np.roll(far, -1, axis=1), axis=1)
    rows = np.arange(len(quads))
    at = [quads[rows, (first + turn) % 4] for turn in range(4)]
    return np.stack([at[0], at[1]], axis=1), np.stack([at[3], at[2]], axis=1)


def _shades(looks: Looks, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    shade = linear(np.array(looks.hair)) * exact.exp(rng.normal(0, 0.2, (count, 1)))
    result: NDArray[np.float32] = np.clip(shade, 0.003, 1).astype(np.float32)
    return result
