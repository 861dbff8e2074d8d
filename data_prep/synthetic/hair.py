"""Hair of a synthetic head, strand by strand: scalp, brows and beard as polylines of coloured points."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from data_prep.synthetic.head_mesh import HeadMesh, subdivision
from data_prep.synthetic.people import Person

# Lower edge of the hair on the neutral head: height above the eyes against the way from front to back, mm.
HAIRLINE = np.array(
    [
        [-120, -62],
        [-75, -58],
        [-45, -40],
        [-26, -5],
        [-8, 14],
        [8, 8],
        [20, -10],
        [30, 0],
        [45, 38],
        [70, 58],
        [110, 68],
    ]
)


@dataclass(frozen=True)
class Strands:
    """Hairs.

    Attributes
    ----------
    points : ndarray, shape (hairs, steps, 3)
        World, mm.
    colours : ndarray, shape (hairs, steps, 3)
        sRGB, 0 to 1, already lit.
    width : float
        Pixels, in a picture of 480.
    """

    points: NDArray[np.float64]
    colours: NDArray[np.float64]
    width: float


@dataclass(frozen=True)
class Style:
    """How scalp hair lies.

    Attributes
    ----------
    length : tuple of float
        Mean length in mm on the top, the sides and the nape.
    hairs : int
        How many are drawn.
    lift : float
        How far the outer hair stands off the skin, mm.
    gravity : float
        How soon it falls, per step.
    sideways, forwards : float
        The way it is combed on the top: away from the parting, to the front (negative: back).
    steps : int
        Points of a hair.
    """

    length: tuple[float, float, float]
    hairs: int
    lift: float
    gravity: float
    sideways: float
    forwards: float
    steps: int


STYLES = {
    "cropped": Style((9, 7, 6), 15000, 4, 0.0, 0.15, 0.3, 6),
    "short": Style((34, 14, 11), 14000, 8, 0.1, 0.8, 0.5, 9),
    "fringe": Style((82, 60, 40), 13000, 7, 0.35, 0.1, 1.2, 12),
    "bob": Style((165, 122, 90), 11000, 9, 0.7, 1.0, -0.35, 18),
    "long": Style((330, 290, 240), 11000, 9, 0.7, 1.0, -0.45, 22),
}


def on_scalp(neutral: NDArray[np.float64], hairline_shift: float = 0.0) -> NDArray[np.float64]:
    """Return how much of a place on the neutral head is scalp, shape (n,), 0 to 1.

    Parameters
    ----------
    neutral : ndarray, shape (n, 3)
        Places on the neutral head.
    hairline_shift : float
        How much higher than usual the hairline runs in front, mm.
    """
    line = np.interp(neutral[:, 1], HAIRLINE[:, 0], HAIRLINE[:, 1])
    line += hairline_shift * np.clip((neutral[:, 1] - 25) / 40, 0, 1)
    ear = (np.abs(neutral[:, 0]) > 73) & (np.abs(neutral[:, 1] + 5) < 28) & (neutral[:, 2] < 22)
    return np.clip((neutral[:, 2] - line) / 8 + 0.5, 0, 1) * ~ear


@dataclass(frozen=True)
class Surface:
    """The skin hairs grow on and do not enter."""

    triangles: NDArray[np.int64]
    vertices: NDArray[np.float64]
    neutral: NDArray[np.float64]
    normals: NDArray[np.float64]
    tree: cKDTree

    def lifted(
        self, points: NDArray[np.float64], least: NDArray[np.float64], cling: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Push points out until they stand `least` mm off the skin; pull a share `cling` of what is too much.

        Returns
        -------
        points : ndarray, shape (n, 3)
        nearest : ndarray, shape (n,)
            Vertex of the skin below each point.
        height : ndarray, shape (n,)
            Height over it before the move, mm.
        """
        _, nearest = self.tree.query(points, eps=0.3)
        normal = self.normals[nearest]
        height = ((points - self.vertices[nearest]) * normal).sum(axis=1)
        beyond = height - least
        move = np.where(beyond < 0, np.minimum(-beyond, 30), -cling * np.clip(beyond, 0, 60))
        return points + normal * move[:, None], nearest, height


def surface(mesh: HeadMesh, level: int) -> Surface:
    """Prepare the skin of a head."""
    _, neutral = subdivision(level)
    triangles = mesh.triangles("skin")
    normals = vertex_normals(mesh.vertices, triangles)
    return Surface(triangles, mesh.vertices, neutral.vertices, normals, cKDTree(mesh.vertices))


def vertex_normals(vertices: NDArray[np.float64], triangles: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return outward unit normals, shape (n, 3)."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    cross = np.cross(b - a, c - a)
    normals = np.stack(
        [
            sum(np.bincount(triangles[:, corner], cross[:, axis], len(vertices)) for corner in range(3))
            for axis in range(3)
        ],
        axis=1,
    )
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True)
class Roots:
    """Where hairs grow: place, skin normal and place on the neutral head, each of shape (hairs, 3)."""

    place: NDArray[np.float64]
    normal: NDArray[np.float64]
    neutral: NDArray[np.float64]


def scatter_roots(skin: Surface, density: NDArray[np.float64], count: int, rng: np.random.Generator) -> Roots:
    """Scatter roots over the skin by a density at its vertices."""
    corners = skin.vertices[skin.triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    weight = area * density[skin.triangles].mean(axis=1)
    face = skin.triangles[rng.choice(len(weight), size=count, p=weight / weight.sum())]
    share = rng.dirichlet((1, 1, 1), size=count)[:, :, None]
    return Roots(
        *((values[face] * share).sum(axis=1) for values in (skin.vertices, skin.normals, skin.neutral))
    )


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def grow(
    skin: Surface,
    root: NDArray[np.float64],
    direction: NDArray[np.float64],
    length: NDArray[np.float64],
    lift: NDArray[np.float64],
    gravity: float,
    steps: int,
    combed_away: bool = False,
    cut: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Let hairs grow over the skin and fall.

    Parameters
    ----------
    skin : Surface
        What they grow on.
    root, direction : ndarray, shape (hairs, 3)
        Where each begins, and its first direction.
    length, lift : ndarray, shape (hairs,)
        Length and height over the skin, mm.
    gravity : float
        How soon they fall, per step.
    steps : int
        Points of a hair.
    combed_away : bool
        Combed to the sides and back: falls only beyond the top of the head.
    cut : ndarray, shape (hairs,), optional
        Height on the neutral face at which a fringe is cut, mm.

    Returns
    -------
    points : ndarray, shape (hairs, steps, 3)
    astray : ndarray, shape (hairs,)
        Hairs that hang over the face or stand up from the head.
    """
    points = np.empty((len(root), steps, 3))
    points[:, 0] = root
    astray = np.zeros(len(root), bool)
    stride = (length / (steps - 1))[:, None]
    down = np.array([0.0, 0.0, -1.0])
    falls = np.ones(len(root))
    cling = np.full(len(root), 0.3 * min(1.0, gravity))
    for step in range(1, steps):
        direction = _unit(direction + (gravity * min(1.0, step / 3) * falls)[:, None] * down)
        ahead = points[:, step - 1] + stride * direction
        points[:, step], nearest, height = skin.lifted(ahead, lift * min(1.0, step / 3), cling)
        direction = _unit(0.6 * direction + 0.4 * _unit(points[:, step] - points[:, step - 1]))
        x, y, z = skin.neutral[nearest].T
        if combed_away:  # it lies on the head until it gets over the side
            falls = np.clip(np.maximum((np.abs(x) - 40) / 25, (10 - y) / 40), 0, 1)
            cling = np.where(z > 10, 0.85, 0.25)
        if cut is not None:
            stride = np.where((np.abs(x) < 55) & (y > 40) & (z < cut), 0.0, stride[:, 0])[:, None]
        astray |= (np.abs(x) < 42) & (y > 40) & (np.abs(z + 45) < 75)
        astray |= (height > 34) & (z > -40) & (z < 20)
    return points, astray


def lit(
    points: NDArray[np.float64], colour: NDArray[np.float64], light: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Colour hairs by their direction to the light and the viewer (Kajiya and Kay 1989).

    Parameters
    ----------
    points : ndarray, shape (hairs, steps, 3)
        Polylines.
    colour : ndarray, shape (hairs, 3)
        Of each hair, sRGB.
    light : ndarray, shape (3,)
        Towards the main light, unit vector. The viewer is in front.
    """
    tangent = _unit(np.gradient(points, axis=1))
    view = np.array([0.0, 1.0, 0.0])
    to_light, to_view = tangent @ light, tangent @ view
    across = np.sqrt(np.clip(1 - to_light**2, 0, 1)), np.sqrt(np.clip(1 - to_view**2, 0, 1))
    gloss = np.clip(across[0] * across[1] - to_light * to_view, 0, 1)
    shade = (0.45 + 0.6 * across[0])[..., None] * colour[:, None]
    shade = shade + (0.22 * gloss**30)[..., None] * (0.4 + 0.6 * colour[:, None])
    tip = np.linspace(0.6, 1.0, points.shape[1])[None, :, None]
    return np.clip(shade * tip, 0, 1)


def _shades(
    person: Person, count: int, rng: np.random.Generator, spread: float = 0.22
) -> NDArray[np.float64]:
    return np.clip(np.array(person.hair) * np.exp(rng.normal(0, spread, (count, 1))), 0.005, 1)


def scalp_hair(
    person: Person, skin: Surface, light: NDArray[np.float64], rng: np.random.Generator
) -> Strands | None:
    """Grow the hair of the head, or return None for a shaved one."""
    style = STYLES.get(person.hair_style)
    if style is None:
        return None
    top_mm, side_mm, nape_mm = np.array(style.length) * rng.uniform(0.8, 1.2)
    density = on_scalp(skin.neutral, hairline_shift(person))
    root = scatter_roots(skin, density, style.hairs, rng)
    place, normal, neutral = root.place, root.normal, root.neutral
    parting = rng.choice([-1, 1]) * rng.uniform(8, 32)
    top = np.clip((neutral[:, 2] - 30) / 35, 0, 1)
    nape = np.clip((-neutral[:, 1] - 30) / 40, 0, 1) * (1 - top)
    length = top * top_mm + nape * nape_mm + (1 - top - nape) * side_mm
    length = length * rng.lognormal(0, 0.12, len(length))

    away = np.tanh((neutral[:, 0] - parting) / 12)
    comb = np.stack([style.sideways * away, np.full_like(away, style.forwards), np.zeros_like(away)], axis=1)
    comb = comb * top[:, None] + np.array([0.0, -0.25, -1.0]) * (1 - top)[:, None]
    wave = _waves(place, rng)
    direction = comb + 0.28 * wave + rng.normal(0, 0.1, comb.shape)
    direction -= (direction * normal).sum(axis=1, keepdims=True) * normal
    direction = _unit(
        _unit(direction) + {"cropped": 0.75, "bob": 0.12, "long": 0.12}.get(person.hair_style, 0.3) * normal
    )
    lift = style.lift * rng.beta(1.6, 1.2, len(length)) * (0.45 + 0.55 * top)
    combed_away = person.hair_style in ("bob", "long")
    cut = rng.normal(18, 3, len(length))  # above the eyes, often over the brows
    points, astray = grow(
        skin,
        place,
        direction,
        length,
        lift,
        style.gravity,
        style.steps,
        combed_away,
        None if combed_away else cut,
    )
    if combed_away:
        points, lift, wave = points[~astray], lift[~astray], wave[~astray]
    lock = 1 + 0.16 * wave[:, :1]
    depth = 0.62 + 0.38 * (lift / style.lift)[:, None]
    shade = _shades(person, len(points), rng) * lock * depth
    colours = lit(points, shade, light)
    return Strands(points, colours, 0.9)


def hairline_shift(person: Person) -> float:
    """Return how far the front hairline has gone back with the years, mm; it depends on the person only."""
    return float(np.clip((person.age - 35) * (0.45 if person.sex == "M" else 0.1), 0, 24))


def _waves(place: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth random vector at each place, about -1 to 1, shape (n, 3): hair falls in locks."""
    total = np.zeros_like(place)
    for _ in range(6):
        frequency = rng.normal(0, 0.09, 3)
        total += np.sin(place @ frequency + rng.uniform(0, 6.3))[:, None] * rng.normal(0, 0.5, 3)
    return total


def brows(person: Person, skin: Surface, light: NDArray[np.float64], rng: np.random.Generator) -> Strands:
    """Grow both eyebrows."""
    x, y, z = np.abs(skin.neutral[:, 0]), skin.neutral[:, 1], skin.neutral[:, 2]
    middle = 17.0 + 4.0 * np.sin(np.clip((x - 12) / 40, 0, 1) * np.pi * 0.75)
    width = (3.4 if person.sex == "M" else 2.2) * np.interp(x, [12, 20, 40, 52], [0.9, 1.1, 0.8, 0.25])
    across = np.exp(-(((z - middle) / width) ** 2))
    density = across * np.interp(x, [13, 19, 42, 52], [0, 1, 1, 0]) * (y > 40)
    count = 520 if person.sex == "M" else 380
    return _stubble(person, skin, light, rng, density, count, 6.0, _brow_direction, 0.62)


def beard(
    person: Person, skin: Surface, light: NDArray[np.float64], rng: np.random.Generator
) -> Strands | None:
    """Grow a beard, or return None for the shaved."""
    if person.beard <= 0.05:
        return None
    density = beard_area(skin.neutral)
    count = int(5000 + 7000 * person.beard)
    return _stubble(person, skin, light, rng, density, count, 1.5 + 10 * person.beard, _beard_direction, 0.5)


def beard_area(neutral: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where a beard grows on the neutral head, shape (n,), 0 to 1."""
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]
    cheek_line = np.interp(y, [8, 30, 62, 85], [-5, -38, -54, -56])
    mouth = np.hypot(x / 27, (z + 71) / 10.5) < 1
    below_jaw = np.clip((z + 128) / 12, 0, 1)
    philtrum = (x < 26) & (z > -64) & (z < -54) & (y > 75)
    area = np.clip((cheek_line - z) / 10 + 0.5, 0, 1) * below_jaw * (y > 6)
    return np.where(philtrum, 1.0, area) * ~mouth * (z < -8) * (x < 74)


def _brow_direction(neutral: NDArray[np.float64]) -> NDArray[np.float64]:
    outwards = np.sign(neutral[:, 0])
    rise = np.interp(np.abs(neutral[:, 0]), [12, 22, 45], [0.9, 0.35, -0.3])
    return np.stack([outwards, 0 * rise, rise], axis=1)


def _beard_direction(neutral: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.tile([0.0, 0.1, -1.0], (len(neutral), 1))


def _stubble(
    person: Person,
    skin: Surface,
    light: NDArray[np.float64],
    rng: np.random.Generator,
    density: NDArray[np.float64],
    count: int,
    length_mm: float,
    comb: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    width: float,
) -> Strands:
    root = scatter_roots(skin, density, count, rng)
    place, normal, neutral = root.place, root.normal, root.neutral
    direction = comb(neutral) + rng.normal(0, 0.25, place.shape)
    direction -= (direction * normal).sum(axis=1, keepdims=True) * normal
    direction = _unit(_unit(direction) + 0.35 * normal)
    length = length_mm * rng.lognormal(0, 0.2, count)
    points, _ = grow(skin, place, direction, length, np.full(count, 0.6), 0.05, steps=5)
    return Strands(points, lit(points, _shades(person, count, rng) * 0.8, light), width)
