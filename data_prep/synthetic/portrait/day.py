"""What differs from one photograph of a person to the next: cut, beard, glasses, pose, light, camera."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings
from mriprivacy.data_prep.synthetic.head.voxels import pose
from mriprivacy.data_prep.synthetic.people.looks import Looks, draw_beard, draw_style
from mriprivacy.data_prep.synthetic.people.person import Person
from mriprivacy.data_prep.synthetic.portrait.camera import Camera, draw_camera
from mriprivacy.data_prep.synthetic.portrait.hair import Cut, draw_cut
from mriprivacy.data_prep.synthetic.portrait.light import Light, draw_light

# How often a person has another cut or beard on a photograph, and has taken their glasses off.
NEW_CUT, NEW_BEARD, NO_GLASSES = 0.2, 0.2, 0.15
UNITS = "expression/units/caucasian/"
# What faces do on photographs, with how strongly at most; the right side does nearly what the left does.
EXPRESSIONS = {
    "mouth-corner-puller": 0.7,
    "mouth-elevation": 0.2,
    "mouth-parling": 0.25,
    "mouth-compression": 0.25,
    "eyebrows-left-up": 0.4,
    "eyebrows-left-down": 0.25,
    "eye-left-slit": 0.15,
    "eye-left-opened-up": 0.15,
}


@dataclass(frozen=True)
class Day:
    """The circumstances of one photograph.

    Attributes
    ----------
    looks : Looks
        The person's, with the cut, the beard and the glasses of the day.
    cut : Cut
        How the hair is worn.
    expression : dict of str to float
        Expression target to weight.
    rotation : ndarray, shape (3, 3)
        Pose of the head.
    gaze : ndarray, shape (2,)
        Degrees to the right and up, against the head.
    light : Light
        All of it.
    camera : Camera
        Where it stands and what it does to the picture.
    shirt : ndarray, shape (3,)
        sRGB.
    neckline : ndarray, shape (2,)
        Height of the shirt's edge at the side of the neck, mm, and how deep it is cut in front.
    """

    looks: Looks
    cut: Cut
    expression: dict[str, float]
    rotation: NDArray[np.float64]
    gaze: NDArray[np.float64]
    light: Light
    camera: Camera
    shirt: NDArray[np.float64]
    neckline: NDArray[np.float64]


def draw_day(rng: np.random.Generator, person: Person, side: float, photos: PhotoSettings) -> Day:
    """Draw the circumstances of one photograph.

    Parameters
    ----------
    rng : numpy.random.Generator
        The stream of the photograph.
    person : Person
        The person on it.
    side : float
        -1 or 1: where this person parts their hair.
    photos : PhotoSettings
        How much differs.
    """
    looks = person.looks
    if rng.random() < NEW_CUT:
        style = draw_style(rng, person.sex, person.age, looks.curl, looks.baldness)
        looks = replace(looks, hair_style=style)
    if rng.random() < NEW_BEARD:
        looks = replace(looks, beard=draw_beard(rng, person.sex))
    if rng.random() < NO_GLASSES:
        looks = replace(looks, glasses="")
    degrees = rng.normal(0, photos.pose_degrees, 3) * [0.8, 0.6, 1.2]
    rotation = pose(degrees, np.zeros(3))[:3, :3]
    # Most look into the camera, whatever the head does.
    right, ahead, up = rotation[1]
    gaze = np.degrees([exact.arctan2(right, ahead), 0.7 * exact.arctan2(up, np.sqrt(1 - up * up))])
    gaze += rng.normal(0, 1.2, 2) if rng.random() < 0.85 else rng.normal(0, 9.0, 2) * [1, 0.35]
    gaze[1] -= 1.0
    return Day(
        looks,
        draw_cut(rng, looks, side),
        _expression(rng, photos.expression),
        rotation,
        gaze,
        draw_light(rng, photos.light),
        draw_camera(rng, photos.light, photos.blur),
        np.clip(rng.uniform(0.08, 0.85) * exact.exp(rng.normal(0, 0.25, 3)), 0.03, 0.95),
        np.array([rng.uniform(-142, -126), rng.uniform(0.3, 0.7)]),
    )


def _expression(rng: np.random.Generator, strength: float) -> dict[str, float]:
    weights = {
        UNITS + name: float(strength * most * exact.power(rng.random(), 1.3))
        for name, most in EXPRESSIONS.items()
    }
    for name in [name for name in weights if "-left-" in name]:
        weights[name.replace("-left-", "-right-")] = weights[name] * float(rng.uniform(0.8, 1.2))
    return weights
