"""How a synthetic person looks beyond the shape of the head: colours, hair, beard, glasses."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact

Colour = tuple[float, float, float]

# How often a style is worn, by women under and over 55, by men, and how much it takes or needs curly hair.
# A curl of 1 multiplies the chance by e to that number, a curl of 0 divides it by as much.
STYLES: dict[str, tuple[float, float, float, float]] = {
    "shaved": (0.0, 0.0, 0.06, 0.2),
    "cropped": (0.02, 0.05, 0.2, 0.6),
    "short": (0.05, 0.22, 0.26, -0.2),
    "side": (0.03, 0.12, 0.17, -0.6),
    "quiff": (0.01, 0.04, 0.1, -0.2),
    "mop": (0.06, 0.1, 0.15, -0.3),
    "tied": (0.12, 0.07, 0.01, 0.4),
    "bob": (0.09, 0.12, 0.0, -0.6),
    "bob with fringe": (0.13, 0.1, 0.0, -0.6),
    "curtain": (0.14, 0.06, 0.03, -0.4),
    "long": (0.15, 0.05, 0.02, -0.5),
    "long with fringe": (0.14, 0.03, 0.0, -0.6),
    "curls": (0.08, 0.05, 0.02, 1.6),
    "afro": (0.03, 0.03, 0.04, 2.4),
}
# What is left to choose from when little grows on the top.
THIN = ("shaved", "cropped", "short")
BEARDS = {"": 0.52, "stubble": 0.2, "moustache": 0.05, "goatee": 0.08, "full": 0.15}
FRAMES = ("round", "square", "wide", "wire")


@dataclass(frozen=True)
class Looks:
    """What a person looks like on every photograph, but for a new cut or a lost pair of glasses.

    Attributes
    ----------
    skin, lips, hair, iris : tuple of float
        Mean colours, sRGB 0 to 1.
    curl : float
        0 (straight hair) to 1 (tight curls).
    baldness : float
        0 (full hair) to 1 (a fringe of hair above ears and nape).
    hair_style : str
        A key of `STYLES`.
    beard : str
        A key of `BEARDS`; empty for the shaved.
    glasses : str
        One of `FRAMES`, or empty.
    brows : float
        How thick the brows are, about 0.7 to 1.4.
    freckles : float
        0 to 1.
    """

    skin: Colour
    lips: Colour
    hair: Colour
    iris: Colour
    curl: float
    baldness: float
    hair_style: str
    beard: str
    glasses: str
    brows: float
    freckles: float


def draw_looks(
    rng: np.random.Generator, sex: str, age: int, components: Mapping[str, float], glasses: float
) -> Looks:
    """Draw the looks of a person.

    Parameters
    ----------
    rng : numpy.random.Generator
        The person's stream.
    sex, age, components : str, int, mapping of str to float
        The person; components as in `Person`.
    glasses : float
        Share of people under 45 who wear glasses; older ones wear them more often.

    Examples
    --------
    >>> looks = draw_looks(np.random.default_rng(0), "F", 30, {"african": 0, "asian": 0, "european": 1}, 0.0)
    >>> looks.beard, looks.glasses
    ('', '')
    """
    dark = components["african"] + 0.35 * components["asian"]
    curl = float(
        np.clip(
            0.85 * components["african"] + 0.25 * components["european"] * rng.random() + rng.normal(0, 0.1),
            0,
            1,
        )
    )
    chance = rng.normal(0, 0.22 if sex == "M" else 0.04)
    thin = (age - 28) / 70 * (sex == "M") + 0.1 * (age - 50) / 40 + chance
    baldness = float(np.clip(thin, 0, 1 if sex == "M" else 0.3))
    needs_them = min(1.0, glasses * (1 + max(0, age - 45) / 30))
    return Looks(
        skin=_skin_colour(rng, dark),
        lips=_lip_colour(rng, dark, sex),
        hair=_hair_colour(rng, sex, age, components),
        iris=_iris_colour(rng, components),
        curl=curl,
        baldness=baldness,
        hair_style=draw_style(rng, sex, age, curl, baldness),
        beard=draw_beard(rng, sex),
        glasses=str(rng.choice(FRAMES)) if rng.random() < needs_them else "",
        brows=float(exact.exp(rng.normal(0.1 if sex == "M" else -0.28, 0.18))),
        freckles=float(np.clip(components["european"] * rng.normal(-0.1, 0.5), 0, 1)),
    )


def draw_style(rng: np.random.Generator, sex: str, age: int, curl: float, baldness: float) -> str:
    """Draw a hair style that a person of that sex, age and hair may wear."""
    column = 2 if sex == "M" else int(age >= 55)
    chances = {
        name: row[column] * float(exact.exp(row[3] * (2 * curl - 1)))
        for name, row in STYLES.items()
        if baldness < 0.45 or name in THIN
    }
    total = np.array(list(chances.values()))
    return str(rng.choice(list(chances), p=total / total.sum()))


def draw_beard(rng: np.random.Generator, sex: str) -> str:
    """Draw what grows on the cheeks of a person of that sex."""
    worn = str(rng.choice(list(BEARDS), p=list(BEARDS.values())))
    return worn if sex == "M" else ""


def _jitter(rng: np.random.Generator, colour: NDArray[np.float64], spread: float) -> Colour:
    shade = colour * exact.exp(rng.normal(0, spread) + rng.normal(0, 0.2 * spread, size=3))
    red, green, blue = np.clip(shade, 0.02, 0.98)
    return float(red), float(green), float(blue)


def _blend(stops: list[Colour], place: float) -> NDArray[np.float64]:
    grid = np.linspace(0, 1, len(stops))
    return np.array([np.interp(place, grid, channel) for channel in zip(*stops, strict=True)])


def _skin_colour(rng: np.random.Generator, dark: float) -> Colour:
    stops = [
        (0.95, 0.79, 0.71),
        (0.89, 0.70, 0.58),
        (0.78, 0.57, 0.43),
        (0.58, 0.39, 0.28),
        (0.38, 0.25, 0.19),
    ]
    return _jitter(rng, _blend(stops, float(np.clip(0.08 + 0.7 * dark + rng.normal(0, 0.12), 0, 1))), 0.05)


def _lip_colour(rng: np.random.Generator, dark: float, sex: str) -> Colour:
    painted = sex == "F" and rng.random() < 0.4
    natural = _blend([(0.78, 0.50, 0.47), (0.68, 0.42, 0.37), (0.46, 0.27, 0.25)], float(np.clip(dark, 0, 1)))
    lipstick = np.array([0.68, 0.2, 0.24]) * (1 - 0.35 * dark)
    return _jitter(rng, 0.5 * natural + 0.5 * lipstick if painted else natural, 0.07)


def _hair_colour(rng: np.random.Generator, sex: str, age: int, components: Mapping[str, float]) -> Colour:
    stops = [(0.07, 0.06, 0.055), (0.17, 0.115, 0.085), (0.37, 0.24, 0.15), (0.66, 0.5, 0.31)]
    fair = float(np.clip(components["european"] * rng.beta(1.6, 1.6) + rng.normal(0, 0.03), 0, 1))
    grey = float(np.clip((age - 48 + rng.normal(0, 8)) / 28, 0, 1))
    dyed = sex == "F" and rng.random() < 0.35
    if dyed:  # as it pleases
        fair, grey = float(rng.beta(1.2, 1.2)) * (0.4 + 0.6 * components["european"]), 0.0
    return _jitter(rng, (1 - grey) * _blend(stops, fair) + grey * np.array([0.7, 0.69, 0.67]), 0.12)


def _iris_colour(rng: np.random.Generator, components: Mapping[str, float]) -> Colour:
    stops = [(0.2, 0.12, 0.07), (0.34, 0.21, 0.12), (0.42, 0.45, 0.33), (0.45, 0.57, 0.67)]
    place = float(np.clip(components["european"] * rng.beta(1.2, 1.0), 0, 1))
    return _jitter(rng, _blend(stops, place), 0.1)
