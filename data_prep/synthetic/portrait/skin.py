"""The colour of a synthetic face: tone, mottle, blood, freckles, lips, stubble, and shade in the hollows."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.landmarks import painted
from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh, subdivision
from mriprivacy.data_prep.synthetic.people.person import Person
from mriprivacy.data_prep.synthetic.portrait import hair
from mriprivacy.data_prep.synthetic.portrait.face_hair import beard_area, brow_area

# As fine as the photographs draw the skin.
LEVEL = 2
# How much of the skin the hair of a style hides at its roots.
_ROOTS = {"shaved": 0.3, "cropped": 0.7}
_BEARD_SHADE = {"": 0.1, "stubble": 0.3, "moustache": 0.5, "goatee": 0.5, "full": 0.4}


@lru_cache(maxsize=3)
def _neighbourhood(level: int) -> sparse.csr_matrix:
    """Return the operator that averages every vertex with its neighbours."""
    mesh = subdivision(level)[1]
    ends = np.stack([mesh.quads, np.roll(mesh.quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    ends = np.concatenate([ends, ends[:, ::-1]])
    n = len(mesh.vertices)
    adjacency = sparse.csr_matrix((np.ones(len(ends), np.float32), ends.T), (n, n))
    adjacency.data[:] = 1
    adjacency = adjacency + sparse.identity(n, np.float32)
    return (sparse.diags(1 / np.asarray(adjacency.sum(axis=1)).ravel()) @ adjacency).astype(np.float32)


def occlusion(mesh: HeadMesh, normals: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return how much of the surrounding light reaches each vertex, about 0 to 1: hollows are darker.

    Hollow is where the smoothed surface lies above the surface; at a few sizes, from creases to eye sockets.
    The larger ones are found on a coarser mesh, whose vertices come first.
    """
    light = np.ones(len(mesh.vertices), np.float32)
    coarse = len(subdivision(LEVEL - 1)[1].vertices)
    facing = normals.astype(np.float32)
    smooth = mesh.vertices.astype(np.float32)
    fine = smooth.copy()
    for _ in range(3):
        smooth = _neighbourhood(LEVEL) @ smooth
    light *= 1 - 0.3 * np.clip(((smooth - fine) * facing).sum(axis=1) / 0.5, -0.25, 1)
    smooth = fine[:coarse]
    wide = np.ones(coarse, np.float32)
    for times, reach_mm, strength in ((4, 1.6, 0.3), (9, 4.5, 0.3)):
        for _ in range(times):
            smooth = _neighbourhood(LEVEL - 1) @ smooth
        hollow = ((smooth - fine[:coarse]) * facing[:coarse]).sum(axis=1)
        wide *= 1 - strength * np.clip(hollow / reach_mm, -0.25, 1)
    return np.asarray(light * (_refinement() @ wide), np.float32)


@lru_cache(maxsize=1)
def _refinement() -> sparse.csr_matrix:
    """Return the operator that spreads values of the coarser mesh over the finer one."""
    coarse = len(subdivision(LEVEL - 1)[1].vertices)
    average = _neighbourhood(LEVEL)
    known = np.zeros(average.shape[0], np.float32)
    known[:coarse] = 1
    spread = sparse.identity(coarse, np.float32)
    for _ in range(2):  # first the middles of edges, then those of faces
        near = average[:, : spread.shape[0]] if spread.shape[0] == coarse else average
        share = np.maximum(average @ known, 1e-6)
        filled = sparse.diags((1 - known) / share) @ near @ spread
        rows = (
            spread
            if spread.shape[0] == len(known)
            else sparse.vstack([spread, sparse.csr_matrix((len(known) - coarse, coarse), dtype=np.float32)])
        )
        spread = (rows + filled).tocsr()
        known = np.minimum(1, known + (average @ known > 0))
    return spread.astype(np.float32)


@dataclass(frozen=True)
class _Face:
    """What is the same on every face, at each vertex."""

    blood: NDArray[np.float64]
    hollows: NDArray[np.float64]
    lips: NDArray[np.float64]
    inside: NDArray[np.float64]
    freckles: NDArray[np.float64]
    oily: NDArray[np.float64]


@lru_cache(maxsize=1)
def _face() -> _Face:
    neutral = subdivision(LEVEL)[1].vertices
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]

    def spot(cx: float, cy: float, cz: float, radius: float) -> NDArray[np.float64]:
        result: NDArray[np.float64] = exact.exp(-((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / radius**2)
        return result

    return _Face(
        blood=0.8 * spot(38, 88, -35, 20) + 0.7 * spot(0, 118, -38, 14) + 0.6 * spot(82, 0, -15, 24),
        hollows=0.5 * spot(20, 95, -14, 9) + 0.5 * painted("eyelids", LEVEL),
        lips=np.clip(painted("lips", LEVEL) * 1.2, 0, 1) * 0.85,
        inside=painted("inside-mouth", LEVEL),
        freckles=spot(30, 92, -30, 24) + spot(0, 112, -30, 16),
        oily=0.5 + 0.8 * spot(0, 116, -36, 12) + 0.6 * spot(0, 98, 45, 26) + 0.4 * spot(0, 95, -105, 10),
    )


def oiliness() -> NDArray[np.float32]:
    """Return how much skin shines at every vertex: nose, forehead and chin most."""
    return _face().oily.astype(np.float32)


def skin_colours(person: Person, beard: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Colour every vertex of the skin of a bald head, sRGB 0 to 1, shape (n, 3)."""
    neutral, face, looks = subdivision(LEVEL)[1].vertices, _face(), person.looks
    count = len(neutral)
    mottle = np.zeros(count)
    for frequency in (0.05, 0.09, 0.15, 0.3, 0.5, 0.8):
        mottle += exact.sin(exact.turned(neutral, rng.normal(0, frequency, 3)) + rng.uniform(0, 6.3))
    grain = exact.noise(rng, count)
    uneven = 0.008 * mottle + (0.006 + 0.00012 * person.age) * grain
    colour = np.array(looks.skin) * (1 + uneven[:, None])
    colour *= 1 + face.blood[:, None] * (np.array([0.03, -0.06, -0.05]) * rng.uniform(0.4, 1.5))
    colour *= 1 - face.hollows[:, None] * np.array([0.08, 0.11, 0.08]) * rng.uniform(0.4, 1.6)
    spots = looks.freckles * face.freckles * (grain > 1.0) + (person.age > 55) * 0.6 * (grain > 2.9)
    colour *= 1 - spots[:, None] * np.array([0.12, 0.2, 0.24])
    lips = face.lips[:, None]
    colour = (1 - lips) * colour + lips * np.array(looks.lips) * (1 + 0.02 * mottle[:, None])
    inside = face.inside[:, None]
    colour = (1 - inside) * colour + inside * np.array([0.3, 0.1, 0.1])
    own = np.array(looks.hair)
    shade = (0.32 * brow_area(neutral, looks.brows))[:, None]
    if person.sex == "M":
        grown = _BEARD_SHADE[beard] * beard_area(neutral, beard or "full")
        shade = np.maximum(shade, np.maximum(grown, 0.1 * beard_area(neutral))[:, None])
    colour = (1 - shade) * colour + shade * (0.7 * own + 0.3 * colour * 0.6)
    result: NDArray[np.float64] = np.clip(colour, 0, 1)
    return result


def with_roots(colours: NDArray[np.float64], person: Person, style: str) -> NDArray[np.float64]:
    """Return the colours of the skin of the same head with the roots of its hair."""
    share = hair.on_scalp(subdivision(LEVEL)[1].vertices, person.looks.baldness)[:, None]
    share = share * _ROOTS.get(style, 0.92)
    return np.asarray((1 - share) * colours + share * (np.array(person.looks.hair) * 0.75))
