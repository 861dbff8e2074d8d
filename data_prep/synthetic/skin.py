"""The colour of a synthetic face: tone, mottle, blood, lips, stubble, and shade in the hollows."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from data_prep.synthetic import hair
from data_prep.synthetic.head_mesh import HeadMesh, subdivision
from data_prep.synthetic.landmarks import painted
from data_prep.synthetic.people import Person

# As fine as the photographs draw the skin.
LEVEL = 2


@lru_cache(maxsize=2)
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


def occlusion(mesh: HeadMesh, normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much of the surrounding light reaches each vertex, 0 to 1: hollows are darker.

    Hollow is where the smoothed surface lies above the surface; at a few sizes, from creases to eye sockets.
    """
    light = np.ones(len(mesh.vertices))
    average = _neighbourhood(LEVEL)
    smooth = mesh.vertices.astype(np.float32)
    for times, reach_mm, strength in ((3, 0.5, 0.2), (12, 1.6, 0.16), (33, 4.5, 0.14)):
        for _ in range(times):
            smooth = average @ smooth
        hollow = ((smooth - mesh.vertices) * normals).sum(axis=1)
        light *= 1 - strength * np.clip(hollow / reach_mm, -0.25, 1)
    return light


def skin_colours(person: Person, haired: bool, rng: np.random.Generator) -> NDArray[np.float64]:
    """Colour every vertex of the skin, sRGB 0 to 1, shape (n, 3)."""
    neutral = subdivision(LEVEL)[1].vertices
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]
    skin = np.array(person.skin)
    colour = np.tile(skin, (len(neutral), 1))
    mottle = np.zeros(len(neutral))
    for frequency in (0.05, 0.09, 0.15, 0.3, 0.5, 0.8):
        mottle += np.sin(neutral @ rng.normal(0, frequency, 3) + rng.uniform(0, 6.3))
    colour *= 1 + 0.012 * mottle[:, None] + rng.normal(0, 0.012 + 0.0002 * person.age, (len(neutral), 1))

    def spot(cx: float, cy: float, cz: float, radius: float) -> NDArray[np.float64]:
        return np.exp(-((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / radius**2)

    blood = 0.8 * spot(38, 88, -35, 20) + 0.7 * spot(0, 118, -38, 14) + 0.6 * spot(82, 0, -15, 24)
    colour *= 1 + blood[:, None] * (np.array([0.04, -0.07, -0.06]) * rng.uniform(0.6, 1.4))
    shadow = 0.5 * spot(20, 95, -14, 9) + 0.6 * painted("eyelids", LEVEL)
    colour *= 1 - shadow[:, None] * np.array([0.1, 0.14, 0.1]) * rng.uniform(0.5, 1.4)
    lips = np.clip(painted("lips", LEVEL) * 1.2, 0, 1)[:, None] * 0.85
    colour = (1 - lips) * colour + lips * np.array(person.lips) * (1 + 0.03 * mottle[:, None])
    inside = painted("inside-mouth", LEVEL)[:, None]
    colour = (1 - inside) * colour + inside * np.array([0.35, 0.12, 0.12])

    stubble = np.array(person.hair)
    if person.sex == "M":
        shade = hair.beard_area(neutral)[:, None] * (0.13 + 0.5 * person.beard)
        colour = (1 - shade) * colour + shade * (0.6 * stubble + 0.4 * colour * 0.6)
    if haired:
        root = hair.on_scalp(neutral, hair.hairline_shift(person))[:, None]
        near = hair.on_scalp(neutral + np.array([0, 0, 9]), hair.hairline_shift(person))[:, None]
        colour *= 1 - 0.3 * near * (person.hair_style not in ("shaved", "cropped"))  # the shadow of the hair
        root = root * {"shaved": 0.3, "cropped": 0.75}.get(person.hair_style, 0.9)
        colour = (1 - root) * colour + root * stubble * 0.7
    return np.clip(colour, 0, 1)
