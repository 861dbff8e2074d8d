"""Hair of the head: hairline, styles, and how they lie, hang and cover."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.people.looks import Looks
from mriprivacy.data_prep.synthetic.portrait.light import linear
from mriprivacy.data_prep.synthetic.portrait.strands import Strands, Surface, follow, scatter_roots, unit

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
        [70, 56],
        [110, 66],
    ]
)
_GUIDES = 900


@dataclass(frozen=True)
class Style:
    """How hair of the head lies.

    Attributes
    ----------
    length : tuple of float
        Mean length in mm on the top, the sides and the nape.
    lift : float
        How far the outer hair stands off the skin, mm.
    gravity : float
        How soon it falls, per step.
    sideways, forwards : float
        The way it is combed on the top: away from the parting, to the front (negative: back).
    steps : int
        Points of a hair.
    hairs : int
        How many are drawn.
    hangs : bool
        Combed to the sides and back: lies on the head, and falls beyond its top.
    fringe : bool
        Front hair falls over the forehead and is cut above the eyes.
    opening : float
        How far from the middle of the face hanging hair stays, mm.
    stand : float
        How steeply hair leaves the skin.
    fuzz : float
        How much hairs wander, mm.
    """

    length: tuple[float, float, float]
    lift: float
    gravity: float
    sideways: float
    forwards: float
    steps: int
    hairs: int = 8000
    hangs: bool = False
    fringe: bool = False
    opening: float = 52.0
    stand: float = 0.35
    fuzz: float = 0.0


STYLES = {
    "cropped": Style((9, 6, 5), 4, 0.0, 0.15, 0.3, 4, hairs=11000, stand=0.75),
    "short": Style((32, 13, 10), 9, 0.08, 0.7, 0.5, 7),
    "side": Style((62, 22, 16), 11, 0.12, 1.4, 0.1, 9),
    "quiff": Style((48, 12, 9), 20, 0.0, 0.25, -0.9, 8, stand=0.9),
    "mop": Style((84, 56, 42), 11, 0.32, 0.35, 1.2, 12, fringe=True),
    "tied": Style((110, 50, 20), 3.5, 0.0, 0.2, -1.6, 12, stand=0.1),
    "bob": Style((185, 140, 95), 16, 0.7, 1.0, -0.3, 18, hangs=True, opening=52),
    "bob with fringe": Style((175, 140, 95), 15, 0.7, 0.9, -0.1, 18, hangs=True, fringe=True, opening=50),
    "curtain": Style((250, 210, 170), 14, 0.7, 1.1, 0.2, 20, hangs=True, opening=52),
    "long": Style((340, 300, 240), 15, 0.7, 1.0, -0.4, 22, hangs=True, opening=54),
    "long with fringe": Style((330, 290, 240), 14, 0.7, 0.9, -0.1, 22, hangs=True, fringe=True, opening=50),
    "curls": Style((170, 150, 130), 26, 0.5, 1.0, 0.2, 16, hangs=True, opening=50, fuzz=4.5),
    "afro": Style((46, 36, 26), 44, 0.0, 0.1, 0.1, 12, hairs=10000, stand=3.0, fuzz=3.2),
}


@dataclass(frozen=True)
class Cut:
    """How a style is worn on one day.

    Attributes
    ----------
    style : Style or None
        None for the shaved.
    parting : float
        Where it is parted, mm from the middle.
    fringe_height : float
        Where a fringe ends, mm above the eyes; the brows are at 14 to 22.
    sweep : float
        How far a fringe is combed to one side.
    """

    style: Style | None
    parting: float
    fringe_height: float
    sweep: float


def draw_cut(rng: np.random.Generator, looks: Looks, side: float) -> Cut:
    """Draw how a person wears their hair today; `side` (-1 or 1) is where they part it."""
    style = STYLES.get(looks.hair_style)
    if style is not None:
        # People with a bare crown cut the rest short.
        longer = rng.uniform(0.8, 1.25) * (1 - 0.6 * np.clip(2 * looks.baldness - 0.5, 0, 1))
        top, sides, nape = (longer * mm for mm in style.length)
        style = replace(
            style,
            length=(top, sides, nape),
            lift=style.lift * min(longer, 1) * rng.uniform(0.75, 1.4),
            opening=style.opening + rng.normal(0, 4),
        )
    middle = looks.hair_style in ("curtain", "curls")
    parting = side * rng.uniform(0, 6) if middle else side * rng.uniform(12, 36)
    return Cut(style, float(parting), float(rng.uniform(13, 30)), float(rng.normal(0, 0.6)))


def on_scalp(neutral: NDArray[np.float64], baldness: float = 0.0) -> NDArray[np.float64]:
    """Return how much of a place on the neutral head is scalp with hair, shape (n,), 0 to 1.

    Parameters
    ----------
    neutral : ndarray, shape (n, 3)
        Places on the neutral head.
    baldness : float
        0 to 1: first the temples recede, then the crown thins, until sides and nape are left.
    """
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]
    line = np.interp(y, HAIRLINE[:, 0], HAIRLINE[:, 1])
    temples = np.clip(1 - np.abs(x - 38) / 26, 0, 1)
    line = line + baldness * (16 + 26 * temples) * np.clip((y - 25) / 40, 0, 1)
    ear = (x > 73) & (np.abs(y + 5) < 28) & (z < 22)
    full = np.clip((z - line) / 8 + 0.5, 0, 1) * ~ear
    top = np.clip((z - 62 + 0.25 * y) / 22, 0, 1)
    return np.asarray(full * (1 - np.clip(2.4 * baldness - 0.9, 0, 1) * top))


def scalp_hair(
    looks: Looks, cut: Cut, skin: Surface, down: NDArray[np.float64], rng: np.random.Generator
) -> Strands | None:
    """Grow the hair of the head, or return None for a shaved one.

    Parameters
    ----------
    looks : Looks
        The person.
    cut : Cut
        How it is worn.
    skin : Surface
        The head.
    down : ndarray, shape (3,)
        Where things fall, in the frame of the head.
    rng : numpy.random.Generator
        Where each hair is.
    """
    style = cut.style
    if style is None:
        return None
    density = on_scalp(skin.neutral, looks.baldness)
    # What grows on the back of the head is not seen, but where it hangs down beside the neck.
    density = density * np.clip(1.6 * skin.normals[:, 1] + 1.1, 0.25 if style.hangs else 0.0, 1)
    guide = scatter_roots(skin, density, _GUIDES, rng)
    lines, lift = _grow(style, cut, guide.place, guide.normal, guide.neutral, skin, down, rng)
    thick = 1 - 0.45 * np.clip(looks.baldness - 0.4, 0, 0.6)
    root = scatter_roots(skin, density, int(style.hairs * thick), rng)
    # A hair follows a guide on its own side of the parting.
    key, own = (_sided(part.neutral, cut.parting) for part in (guide, root))
    _, leader = cKDTree(key).query(own, eps=0.2)
    length = np.clip(rng.normal(0.9, 0.1, len(leader)), 0.4, 1)
    points = follow(lines, guide.place, root.place, leader, length, 0.65)
    points += _curls(points, style, looks.curl, leader, rng)
    rise = (lift / max(style.lift, 1e-6))[leader].clip(0, 1)
    lock = exact.exp(rng.normal(0, 0.16, _GUIDES))[leader] * exact.exp(rng.normal(0, 0.14, len(leader)))
    albedo = np.clip(linear(np.array(looks.hair)) * lock[:, None], 0.002, 1).astype(np.float32)
    return Strands(points, albedo, 1.0, rise.astype(np.float32))


def _sided(neutral: NDArray[np.float64], parting: float) -> NDArray[np.float64]:
    keyed = neutral.copy()
    keyed[:, 0] += 12 * np.sign(keyed[:, 0] - parting)
    return keyed


def _grow(
    style: Style,
    cut: Cut,
    place: NDArray[np.float64],
    normal: NDArray[np.float64],
    neutral: NDArray[np.float64],
    skin: Surface,
    down: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Let guides grow over the skin and fall; returns their points and how far each stands off the skin."""
    count, steps = len(place), style.steps
    x, y, z = neutral.T
    top = np.clip((z - 30) / 35, 0, 1)
    nape = np.clip((-y - 30) / 40, 0, 1) * (1 - top)
    length = exact.turned(np.stack([top, 1 - top - nape, nape], axis=1), np.array(style.length))
    length = length * rng.lognormal(0, 0.1, count)
    double = exact.exp((x - cut.parting) / 5)
    away = 1 - 2 / (double + 1)  # the hyperbolic tangent
    comb = np.stack([style.sideways * away, np.full(count, style.forwards), np.zeros(count)], axis=1)
    back = np.array([0.0, -1.2 if style.sideways < 0.3 and style.forwards < 0 else -0.25, -1.0])
    comb = comb * top[:, None] + back * (1 - top)[:, None]
    front = (y > 36) & (np.abs(x) < 54) & (z > 40) & style.fringe
    some = int(front.sum())
    length[front] = np.clip(0.9 * style.length[0], 75, 99) * rng.lognormal(0, 0.06, some)
    swept = cut.sweep + 0.006 * x[front]
    comb[front] = np.stack([swept, np.full(some, 1.3), np.zeros(some)], axis=1)
    wave = _waves(place, rng)
    direction = unit(comb) + 0.2 * wave + rng.normal(0, 0.06, comb.shape)
    direction -= (direction * normal).sum(axis=1, keepdims=True) * normal
    direction = unit(unit(direction) + (0.12 if style.hangs else style.stand) * normal)
    lift = style.lift * rng.beta(1.6, 1.1, count) * (0.5 + 0.5 * top)
    lift[front] *= 0.55
    hangs = style.hangs & ~front
    end = cut.fringe_height + rng.normal(0, 2, count) + 2.5 * wave[:, 0]
    opening = style.opening + np.abs(rng.normal(0, 4, count))

    points = np.empty((count, steps, 3))
    points[:, 0] = place
    stride = (length / (steps - 1))[:, None]
    falls = np.where(hangs, 0.0, 1.0)
    cling = np.where(hangs, 0.8, 0.3 * min(1.0, 2 * style.gravity))
    if style.stand < 0.2:
        cling[:] = 0.9
    side = np.where(away >= 0, 1.0, -1.0)
    for step in range(1, steps):
        ramp = min(1.0, step / 3)
        direction = unit(direction + (style.gravity * ramp * falls)[:, None] * down)
        ahead = points[:, step - 1] + stride * direction
        moved, nearest = skin.lifted(ahead, lift * ramp, cling)
        nx, ny, nz = skin.neutral[nearest].T
        if style.hangs:  # it keeps off the face, the farther the lower
            open_mm = opening * np.interp(moved[:, 2], [-60, 10, 45, 75], [1.08, 1.0, 0.72, 0.2])
            over_face = hangs & (moved[:, 1] > 25) & (moved[:, 2] < 75) & (np.abs(moved[:, 0]) < open_mm)
            moved[over_face, 0] = (side * open_mm)[over_face]
            moved[over_face], nearest[over_face] = skin.lifted(
                moved[over_face], (lift * ramp)[over_face], np.zeros(over_face.sum())
            )
            falls = np.where(hangs, np.clip(np.maximum((np.abs(nx) - 42) / 25, (10 - ny) / 40), 0, 1), 1.0)
            cling = np.where(hangs, np.where(nz > 10, 0.8, 0.2), 0.3)
        points[:, step] = moved
        direction = unit(0.6 * direction + 0.4 * unit(moved - points[:, step - 1]))
        done = (np.abs(nx) < 58) & (ny > 40) & (nz < end) & ~hangs
        stride = np.where(done, 0.0, stride[:, 0])[:, None]
    return points, lift


def _curls(
    points: NDArray[np.float32],
    style: Style,
    curl: float,
    leader: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Return what waves, curls and fuzz add to straight hairs."""
    count, steps, _ = points.shape
    along = np.linspace(0, 1, steps, dtype=np.float32)[None, :, None]
    step_mm = np.linalg.norm(points[:, 1:] - points[:, :-1], axis=2).mean(axis=1)
    path = (np.arange(steps) * step_mm[:, None])[..., None]
    phase = rng.uniform(0, 2 * np.pi, (_GUIDES, 1, 3))[leader] + rng.normal(0, 0.35, (count, 1, 3))
    size = 0.4 + 3.2 * curl * min(1.0, style.length[0] / 120)
    swing = size * exact.sin(path * (2 * np.pi / (64 - 36 * curl)) + phase)
    stray = 0.5 * rng.normal(0, 1, (count, 1, 3)) * np.sqrt(path) * 0.25
    fuzz = style.fuzz * exact.noise(rng, count, steps, 3) if style.fuzz else 0.0
    return np.asarray((swing + stray + fuzz) * np.minimum(1, 4 * along), np.float32)


def _waves(place: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth random vector at each place, about -1 to 1, shape (n, 3): hair falls in locks."""
    total = np.zeros_like(place)
    for _ in range(6):
        frequency = rng.normal(0, 0.09, 3)
        total += exact.sin(exact.turned(place, frequency) + rng.uniform(0, 6.3))[:, None] * rng.normal(
            0, 0.5, 3
        )
    return total
