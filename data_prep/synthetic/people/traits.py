"""The people of a cohort before they have a face: sex, age, ethnic components and label."""

import hashlib
import re

import numpy as np

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort, check_settings

ETHNICITIES = ("african", "asian", "european")
SEXES = ("F", "M")

Stratum = tuple[str, tuple[int, int], str]
Shares = tuple[float, float, float]
Traits = tuple[str, int, str, Shares]


def random_for(seed: int, subject: str, purpose: str) -> np.random.Generator:
    """Return the random stream of one purpose (person, scan, photo) and one person.

    It depends on nothing else, so neither the order of people nor the number of workers matters.

    Examples
    --------
    >>> first = random_for(7, "0001", "scan").integers(1000)
    >>> bool(first == random_for(7, "0001", "scan").integers(1000))
    True
    """
    digest = hashlib.sha256(f"{seed}/{subject}/{purpose}".encode()).digest()
    return exact.RoundedGenerator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def subject_ids(config: SyntheticCohort) -> list[str]:
    """Name the people of a cohort.

    Examples
    --------
    >>> subject_ids(SyntheticCohort(subjects=2))
    ['sub-0001', 'sub-0002']
    """
    check_settings(config)
    digits = max(4, len(str(config.subjects)))
    return [f"sub-{number:0{digits}d}" for number in range(1, config.subjects + 1)]


def subject_number(subject: str) -> int:
    """Return the number of a subject of a synthetic cohort, from 1; CohortError if the name has none.

    Examples
    --------
    >>> subject_number("sub-0012")
    12
    """
    match = re.search(r"\d+$", subject, re.ASCII)
    if not match or int(match[0]) < 1:
        raise CohortError(f"subject {subject!r} has no number; expected a name such as sub-0001")
    return int(match[0])


def draw_traits(subject: str, seed: int, config: SyntheticCohort) -> Traits:
    """Draw sex, age, ethnicity and its three components; of subject, seed and settings alone.

    Components follow a symmetric Dirichlet distribution with `people.concentration`, and the label is drawn
    with them as chances: classes overlap, and no label is certain. It is drawn the other way
    about, label first and then the components given the label, Dirichlet with one more in that place, which
    is the same joint distribution (conjugacy) and lets a balanced cohort prescribe the label.

    Returns
    -------
    sex, age, ethnicity : str, int, str
        F or M; years; one of `ETHNICITIES`.
    components : tuple of float
        In the order of `ETHNICITIES`; sums to 1.

    Raises
    ------
    CohortError
        If the cohort is balanced and the subject has no number.

    Examples
    --------
    >>> sex, age, ethnicity, components = draw_traits("sub-0001", 7, SyntheticCohort())
    >>> sex in SEXES, 18 <= age <= 90, ethnicity in ETHNICITIES, round(sum(components), 9)
    (True, True, True, 1.0)
    """
    people = config.people
    rng = random_for(seed, subject, "traits")
    sex = SEXES[rng.integers(len(SEXES))]
    ethnicity = ETHNICITIES[rng.integers(len(ETHNICITIES))]
    youngest, oldest = people.age_min, people.age_max
    if people.balanced:
        sex, (youngest, oldest), ethnicity = stratum_of(subject_number(subject), seed, config)
    age = int(rng.integers(youngest, oldest + 1))
    concentration = [people.concentration + (name == ethnicity) for name in ETHNICITIES]
    first, second, third = rng.dirichlet(concentration).tolist()
    return sex, age, ethnicity, (first, second, third)


def strata(config: SyntheticCohort) -> list[Stratum]:
    """List every combination of sex, age group (first and last year) and ethnicity of a cohort.

    Examples
    --------
    >>> len(strata(SyntheticCohort())), strata(SyntheticCohort())[0]
    (24, ('F', (18, 29), 'african'))
    """
    low, high = config.people.age_min, config.people.age_max
    edges = sorted({low, *(edge for edge in config.people.age_edges if low < edge <= high)})
    groups = list(zip(edges, [*(edge - 1 for edge in edges[1:]), high], strict=True))
    return [(sex, group, ethnicity) for sex in SEXES for group in groups for ethnicity in ETHNICITIES]


def stratum_of(number: int, seed: int, config: SyntheticCohort) -> Stratum:
    """Return the stratum of the n-th person (from 1) of a balanced cohort; of its arguments alone.

    People come in blocks that hold every stratum once. A block is shuffled, and then put in an order in which
    sexes, age groups and ethnicities are each as even as they can be after every person: a cohort that
    ends within a block is balanced in each of the three, too.

    Examples
    --------
    >>> block = {stratum_of(number, 7, SyntheticCohort()) for number in range(1, 25)}
    >>> len(block)
    24
    """
    everybody = strata(config)
    block, place = divmod(number - 1, len(everybody))
    order = random_for(seed, str(block), "strata").permutation(len(everybody))
    left = [everybody[index] for index in order]
    used: dict[object, int] = {}
    levels = [len({stratum[axis] for stratum in everybody}) for axis in range(3)]
    for _ in range(place):
        chosen = min(left, key=lambda stratum: _crowding(stratum, used, levels))
        left.remove(chosen)
        for axis, value in enumerate(chosen):
            used[axis, value] = used.get((axis, value), 0) + 1
    result: Stratum = min(left, key=lambda stratum: _crowding(stratum, used, levels))
    return result


def _crowding(stratum: Stratum, used: dict[object, int], levels: list[int]) -> int:
    """Say how often its sex, age group and ethnicity were used already, each against its even share."""
    return sum(used.get((axis, value), 0) * levels[axis] for axis, value in enumerate(stratum))
