"""Synthetic people, drawn from one declared distribution."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import target_names
from mriprivacy.data_prep.synthetic.measures.carried import warps_to
from mriprivacy.data_prep.synthetic.measures.survey import draw_measures
from mriprivacy.data_prep.synthetic.people.looks import Looks, draw_looks
from mriprivacy.data_prep.synthetic.people.traits import (
    ETHNICITIES,
    SEXES,
    Traits,
    draw_traits,
    random_for,
    subject_ids,
)

__all__ = [
    "ETHNICITIES",
    "SEXES",
    "Person",
    "draw_people",
    "draw_person",
    "drifted",
    "person_with",
    "random_for",
]

# Ethnicity as the mesh data names it.
MESH_ETHNICITY = {"african": "african", "asian": "asian", "european": "caucasian"}

# Folders of local targets that make up a face, and how wide their weights spread against the others.
LOCAL_FOLDERS = {
    "nose": 1.0,
    "mouth": 0.8,
    "eyes": 0.7,
    "eyebrows": 1.0,
    "cheek": 1.0,
    "forehead": 1.0,
    "ears": 0.8,
    "chin": 1.0,
    "head": 0.8,
    "relief": 1.0,
}
OPPOSITES = {
    "incr": "decr",
    "up": "down",
    "out": "in",
    "forward": "backward",
    "uncompress": "compress",
    "convex": "concave",
}
# How much sex and ethnic components move the whole-head targets, against the extremes that the mesh data has.
# The measures of a head follow the survey; this is about what no measure says.
TEMPER = 0.5
# Not a matter of shape (whole head moved or aged by other means), or not human.
LEFT_OUT = ("head/head-trans", "head/head-age", "head/head-scale", "ear-shape-pointed", "ear-shape-square")


@dataclass(frozen=True)
class Person:
    """One synthetic person.

    Attributes
    ----------
    subject : str
        Opaque id.
    sex : str
        F or M.
    age : int
        Years.
    ethnicity : str
        african, asian or european: drawn from the components, so that it need not be the largest.
    components : tuple of float
        Shares of african, asian and european in shape and colours; their sum is 1.
    weights : mapping of str to float
        Shape target to weight; the identity.
    looks : Looks
        Colours, hair, beard, glasses.
    """

    subject: str
    sex: str
    age: int
    ethnicity: str
    components: tuple[float, float, float]
    weights: Mapping[str, float]
    looks: Looks


def local_axes() -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """List the local shape axes of a face.

    Returns
    -------
    list of (folder, targets for positive weights, targets for negative weights)
        An axis that exists for both sides has two targets, the right one first. An axis without an opposite
        (round, square, cleft) has no negative targets.

    Examples
    --------
    >>> axes = local_axes()
    >>> [axis for axis in axes if axis[1] == ("nose/nose-hump-incr",)]
    [('nose', ('nose/nose-hump-incr',), ('nose/nose-hump-decr',))]
    """
    axes = []
    for folder in LOCAL_FOLDERS:
        names = [name for name in target_names(folder) if not any(part in name for part in LEFT_OUT)]
        known = set(names)
        for name in names:
            if name.startswith(f"{folder}/l-"):
                continue
            stem, _, ending = name.rpartition("-")
            if ending in OPPOSITES.values() and any(
                f"{stem}-{up}" in known for up, down in OPPOSITES.items() if down == ending
            ):
                continue
            opposite = f"{stem}-{OPPOSITES[ending]}" if ending in OPPOSITES else ""
            axes.append((folder, _sides(name, known), _sides(opposite, known)))
    return axes


def _sides(name: str, known: set[str]) -> tuple[str, ...]:
    if name not in known:
        return ()
    left = name.replace("/r-", "/l-")
    return (name, left) if left != name and left in known else (name,)


def draw_person(subject: str, seed: int, config: SyntheticCohort, attempt: int = 0) -> Person:
    """Draw one person.

    Parameters
    ----------
    subject : str
        Id; with `seed` it decides everything.
    seed : int
        Seed of the cohort.
    config : SyntheticCohort
        The distribution.
    attempt : int
        Another number gives the same sex, age, ethnicity and components another face and other looks.

    Returns
    -------
    Person

    Examples
    --------
    >>> one = draw_person("0001", 7, SyntheticCohort())
    >>> one == draw_person("0001", 7, SyntheticCohort()), one.sex in SEXES
    (True, True)
    """
    return person_with(draw_traits(subject, seed, config), subject, seed, config, attempt)


def person_with(traits: Traits, subject: str, seed: int, config: SyntheticCohort, attempt: int = 0) -> Person:
    """Draw a person of given sex, age, ethnicity and components; the rest as `draw_person`.

    Free shape is drawn first, then the 18 measures that the survey says people of these traits have; the head
    is warped until it has them.
    """
    sex, age, ethnicity, shares = traits
    rng = random_for(seed, subject, f"person-{attempt}" if attempt else "person")
    components = dict(zip(ETHNICITIES, shares, strict=True))
    weights = _macro_weights(rng, sex, age, components)
    _add_local_weights(weights, rng, config)
    looks = draw_looks(rng, sex, age, components, config.photos.glasses)
    wanted = draw_measures(rng, sex, age, components)
    return Person(
        subject=subject,
        sex=sex,
        age=age,
        ethnicity=ethnicity,
        components=shares,
        weights=weights | warps_to(weights, wanted),
        looks=looks,
    )


def draw_people(config: SyntheticCohort) -> tuple[Person, ...]:
    """Draw a cohort, in the order of its numbers; lookalikes stay.

    Examples
    --------
    >>> [person.subject for person in draw_people(SyntheticCohort(subjects=2))]
    ['sub-0001', 'sub-0002']
    """
    return tuple(draw_person(subject, config.seed, config) for subject in subject_ids(config))


def _macro_weights(
    rng: np.random.Generator, sex: str, age: int, components: Mapping[str, float]
) -> dict[str, float]:
    """Blend the whole-head targets: ethnic components x sex x age, and sex x age x build."""
    components = {name: 1 / 3 + TEMPER * (share - 1 / 3) for name, share in components.items()}
    mean = 0.5 + 0.42 * TEMPER * (1 if sex == "M" else -1)
    male = float(np.clip(rng.normal(mean, 0.15), 0, 1))
    genders = {"male": male, "female": 1 - male}
    heavy, strong = np.clip(rng.normal(0.0, 0.4, size=2), -1, 1)
    builds = {
        f"{muscle}muscle-{weight}weight": m * w
        for muscle, m in _around_average(strong).items()
        for weight, w in _around_average(heavy).items()
    }
    weights = {}
    for gender, g in genders.items():
        for stage, a in stages(age).items():
            for name, component in components.items():
                weights[f"macrodetails/{MESH_ETHNICITY[name]}-{gender}-{stage}"] = g * a * component
            for build, b in builds.items():
                weights[f"macrodetails/universal-{gender}-{stage}-{build}"] = g * a * b
    return {name: float(weight) for name, weight in weights.items() if weight > 0}


def stages(age: float) -> dict[str, float]:
    """Return how much of a child, a young and an old person a head of some age has.

    The mesh data has ages 11, 25 and 90. Heads are nearly grown at 18, so half of a child counts.

    Examples
    --------
    >>> stages(25), stages(90)
    ({'child': 0.0, 'old': 0.0, 'young': 1.0}, {'child': 0.0, 'old': 1.0, 'young': 0.0})
    """
    child = max(0.0, 0.5 * (25 - age) / (25 - 11))
    old = max(0.0, (age - 25) / (90 - 25))
    return {"child": child, "old": old, "young": 1 - child - old}


def _around_average(value: float) -> dict[str, float]:
    return {"min": max(-value, 0), "average": 1 - abs(value), "max": max(value, 0)}


def _add_local_weights(weights: dict[str, float], rng: np.random.Generator, config: SyntheticCohort) -> None:
    """Add the local shape of the face: the same for left and right, and a little of its own for either."""
    for folder, positive, negative in local_axes():
        spread = LOCAL_FOLDERS[folder]
        common = rng.normal(0, config.people.shape_spread * spread)
        own = rng.normal(0, config.people.asymmetry, size=2)
        if not negative:  # axes without an opposite would add up; half of the people have none of it
            common *= 0.5
        for side in range(max(len(positive), len(negative))):
            value = float(np.clip(common + (own[side] if len(positive) > 1 else 0), -0.8, 0.8))
            names = positive if value > 0 else negative
            if names:
                weights[names[side]] = abs(value)
    for name in target_names("asym"):
        if "asymm-" not in name:
            weights[name] = abs(float(rng.normal(0, config.people.asymmetry)))


def drifted(
    weights: Mapping[str, float], rng: np.random.Generator, config: SyntheticCohort
) -> dict[str, float]:
    """Return the shape of a person on another day: every local weight a little different.

    Examples
    --------
    >>> from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings
    >>> same = SyntheticCohort(photos=PhotoSettings(drift=0.0))
    >>> drifted({"nose/nose-hump-incr": 0.2}, np.random.default_rng(0), same)["nose/nose-hump-incr"]
    0.2
    """
    other = dict(weights)
    for folder, positive, negative in local_axes():
        change = float(rng.normal(0, config.photos.drift * LOCAL_FOLDERS[folder]))
        names = positive if change > 0 else negative
        for name in names:
            other[name] = other.get(name, 0.0) + abs(change)
    return other
