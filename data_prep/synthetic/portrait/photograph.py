"""Photographs of a synthetic head: the same head with hair (raw) and without (bald)."""

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.formats.schema import CONDITIONS
from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.people.earlier import draw_earlier
from mriprivacy.data_prep.synthetic.people.person import Person, drifted, random_for
from mriprivacy.data_prep.synthetic.portrait.camera import develop, draw_background
from mriprivacy.data_prep.synthetic.portrait.day import draw_day
from mriprivacy.data_prep.synthetic.portrait.scene import draw, set_scene
from mriprivacy.drawing import Pinhole


def photograph(
    person: Person, seed: int, config: SyntheticCohort, number: int = 1
) -> dict[str, NDArray[np.uint8]]:
    """Photograph a person under every condition, in the same circumstances.

    Parameters
    ----------
    person : Person
        The person.
    seed : int
        Seed of the cohort.
    config : SyntheticCohort
        Its `photos` say how much differs, and the size of the picture.
    number : int
        Which photograph of this person; each is of a day of its own.

    Returns
    -------
    mapping of condition to ndarray, shape (pixels, pixels, 3)
        RGB, uint8.
    """
    rng = random_for(seed, person.subject, f"photo-{number}")
    parted = random_for(seed, person.subject, "parting").choice([-1.0, 1.0])
    day = draw_day(rng, person, parted, config.photos)
    weights = drifted(draw_earlier(rng, person, config.photos), rng, config)
    hairs, noise = (int(value) for value in rng.integers(2**32, size=2))
    background = draw_background(rng, config.photos.pixels, config.photos.light)
    scene = set_scene(person, day, weights, seed, hairs)
    camera = day.camera
    x, y, z = exact.turned(np.array([0.0, 70.0, -12.0]), day.rotation.T).tolist()
    middle = (x + float(camera.shift_mm[0]), y, z + float(camera.shift_mm[1]))
    # Drawn twice as large, then averaged.
    seen = Pinhole(2 * config.photos.pixels, middle, (0.0, 1.0, 0.0), camera.distance_mm, camera.half_mm)
    pictures = draw(scene, seen)
    developed = develop(pictures, background, camera, exact.RoundedGenerator(np.random.PCG64(noise)))
    return dict(zip(CONDITIONS, developed, strict=True))
