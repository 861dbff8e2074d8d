"""A person some years before the scan, lighter or heavier: the head on a photograph."""

import numpy as np

from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.warps import PREFIX
from mriprivacy.data_prep.synthetic.measures.carried import warps_to
from mriprivacy.data_prep.synthetic.measures.survey import expected_measures
from mriprivacy.data_prep.synthetic.measures.tape import taped
from mriprivacy.data_prep.synthetic.people.person import Person, stages
from mriprivacy.data_prep.synthetic.people.traits import ETHNICITIES

FATTER, THINNER = "head/head-fat-incr", "head/head-fat-decr"
YOUNGEST = 18


def draw_earlier(rng: np.random.Generator, person: Person, photos: PhotoSettings) -> dict[str, float]:
    """Draw how long before the scan a photograph was taken, and return the shape of that day.

    Parameters
    ----------
    rng : numpy.random.Generator
        The stream of the photograph.
    person : Person
        The person as scanned.
    photos : PhotoSettings
        `years` and `weight`.
    """
    years = float(rng.uniform(0, min(photos.years, person.age - YOUNGEST)))
    heavier = float(rng.normal(0, photos.weight))
    return earlier(person, years, heavier)


def earlier(person: Person, years: float, heavier: float) -> dict[str, float]:
    """Return the shape of a person at an earlier age and another weight.

    The surface is that of the mesh data at the earlier age, and measures change by what the survey says of
    people of those ages. Weight moves soft parts alone: bones keep their size.

    Parameters
    ----------
    person : Person
        The person as scanned.
    years : float
        How long before the scan, at least 0.
    heavier : float
        How much heavier than on the day of the scan; 1 is all that the mesh data has, negative is lighter.

    Returns
    -------
    dict of str to float
        Target to weight, as `Person.weights`.

    Examples
    --------
    >>> from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
    >>> from mriprivacy.data_prep.synthetic.people.person import draw_person
    >>> person = draw_person("sub-0001", 7, SyntheticCohort())
    >>> earlier(person, 0, 0) == person.weights, earlier(person, 0, 0.2)["head/head-fat-incr"] >= 0.2
    (True, True)
    """
    weights = dict(person.weights)
    if years:
        components = dict(zip(ETHNICITIES, person.components, strict=True))
        then, now = (
            expected_measures(person.sex, age, components) for age in (person.age - years, person.age)
        )
        wanted = taped(head_mesh(weights).vertices) + then - now
        weights = _at_age(
            {name: weight for name, weight in weights.items() if not name.startswith(PREFIX)},
            person.age,
            person.age - years,
        )
        weights |= warps_to(weights, np.round(wanted, 6))
    if heavier:
        name = FATTER if heavier > 0 else THINNER
        weights[name] = weights.get(name, 0.0) + abs(heavier)
    return weights


def _at_age(weights: dict[str, float], now: float, then: float) -> dict[str, float]:
    """Return the weights with the whole-head targets of another age."""
    of_now, of_then = stages(now), stages(then)
    lead = max(of_now, key=lambda stage: of_now[stage])
    changed = {name: weight for name, weight in weights.items() if not name.startswith("macrodetails/")}
    for name, weight in weights.items():
        if name.startswith("macrodetails/") and f"-{lead}" in name:
            whole = weight / of_now[lead]
            for stage, share in of_then.items():
                if share:
                    changed[name.replace(f"-{lead}", f"-{stage}")] = whole * share
    return changed
