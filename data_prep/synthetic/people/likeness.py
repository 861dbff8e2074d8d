"""No two people of a cohort may be more alike than one person is from one day to the next."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import base_mesh, head_mesh
from mriprivacy.data_prep.synthetic.people.person import Person, draw_person, drifted
from mriprivacy.data_prep.synthetic.people.traits import random_for, subject_ids

ATTEMPTS = 50
_POINTS = 600
_DAYS = 40


@lru_cache(maxsize=1)
def face_vertices() -> NDArray[np.int64]:
    """Return some 600 vertices of the skin of the face, evenly taken: in front, from chin to forehead.

    Examples
    --------
    >>> 300 < len(face_vertices()) <= 1200
    True
    """
    mesh = base_mesh().mesh
    skin = mesh.points("skin")
    x, y, z = mesh.vertices[skin].T
    face = skin[(y > 40) & (np.abs(x) < 75) & (z > -95) & (z < 65)]
    result: NDArray[np.int64] = face[:: max(1, len(face) // _POINTS)]
    return result


def face_shape(person: Mapping[str, float] | Person) -> NDArray[np.float64]:
    """Return the vertices of a face, of a person or of weights, about their centre; shape (k, 3), mm."""
    own = person.weights if isinstance(person, Person) else person
    points = head_mesh(own, level=0).vertices[face_vertices()]
    result: NDArray[np.float64] = points - points.mean(axis=0)
    return result


def distance_mm(one: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square distance of corresponding vertices, mm.

    Parameters
    ----------
    one : ndarray, shape (k, 3)
        A face.
    others : ndarray, shape (n, k, 3)
        Faces to compare it with.

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> distance_mm(np.zeros((2, 3)), np.full((1, 2, 3), 2.0)).round(3).tolist()
    [3.464]
    """
    result: NDArray[np.float64] = np.sqrt(((others - one) ** 2).sum(axis=-1).mean(axis=-1))
    return result


@lru_cache(maxsize=8)
def _within(drift: float) -> float:
    config = SyntheticCohort()
    config.photos.drift = drift
    same = face_shape({})
    days = [face_shape(drifted({}, random_for(0, str(day), "drift"), config)) for day in range(_DAYS)]
    return float(np.sqrt((distance_mm(same, np.array(days)) ** 2).mean()))


def spread_within_mm(config: SyntheticCohort) -> float:
    """Return how far one person's face on a photograph is from the same face in the scanner, rms, mm.

    Targets add up, so the drift moves every face alike: forty drifts of the neutral face are enough.

    Examples
    --------
    >>> config = SyntheticCohort()
    >>> config.photos.drift = 0.0
    >>> spread_within_mm(config)
    0.0
    """
    return _within(config.photos.drift)


def draw_people(config: SyntheticCohort) -> tuple[Person, ...]:
    """Draw a cohort in which no two people are nearer than the spread within one person.

    A face too near to that of a person with a smaller number is drawn again, sex, age and ethnicity
    kept, until it does not. So the first people of a longer cohort are those of a shorter one.

    Parameters
    ----------
    config : SyntheticCohort
        The distribution.

    Returns
    -------
    tuple of Person
        In the order of their numbers.

    Raises
    ------
    CohortError
        If a face is too near in fifty draws: people differ too little for so many of them.

    Examples
    --------
    >>> [person.subject for person in draw_people(SyntheticCohort(subjects=2))]
    ['sub-0001', 'sub-0002']
    """
    limit = spread_within_mm(config)
    people: list[Person] = []
    names = subject_ids(config)
    faces = np.zeros((len(names), len(face_vertices()), 3))
    for number, subject in enumerate(names):
        nearest = 0.0
        for attempt in range(ATTEMPTS):
            person = draw_person(subject, config.seed, config, attempt)
            face = face_shape(person)
            nearest = float(distance_mm(face, faces[:number]).min(initial=np.inf))
            if nearest >= limit:
                break
        else:
            raise CohortError(
                f"{subject}: the face is {nearest:.2f} mm from another person's after {ATTEMPTS} draws; one "
                f"person's scan and photograph are {limit:.2f} mm apart, so that these people are too alike. "
                "Raise cohort.people.shape_spread, lower cohort.photos.drift, or make "
                "fewer people"
            )
        people.append(person)
        faces[number] = face
    return tuple(people)
