"""What a survey of 3,993 measured people says of heads: means, spread, correlations, and draws."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact

# The middle of each age band of the survey, years; the last band ends at 66.
BAND_AGES = (24, 37, 54)
# What the survey calls a group, in the components of a synthetic person. It has no component of its own for
# Hispanic people: half european, half asian is nearest among the blends.
GROUP_SHARES = {
    "White": {"african": 0.0, "asian": 0.0, "european": 1.0},
    "African-American": {"african": 1.0, "asian": 0.0, "european": 0.0},
    "Hispanic": {"african": 0.0, "asian": 0.5, "european": 0.5},
    "Other, mostly Asian": {"african": 0.0, "asian": 1.0, "european": 0.0},
}
GROUP_OF = {"european": 0, "african": 1, "asian": 3}
# After the middle of the last band, measures go on with half the slope, up to this age.
LAST_AGE = 75


@dataclass(frozen=True)
class Sex:
    """The fitted distribution of the 18 measures of one sex, mm.

    Attributes
    ----------
    counts : ndarray, shape (3, 4)
        People measured, by age band and group.
    mean, sd : ndarray, shape (18,)
        Of all of them.
    band_means : ndarray, shape (3, 18)
        White people of each age band.
    group_effects : ndarray, shape (4, 18)
        What a group adds, at any age.
    cholesky : ndarray, shape (18, 18)
        Lower factor of the covariance of people of one band and group.
    """

    counts: NDArray[np.int64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    band_means: NDArray[np.float64]
    group_effects: NDArray[np.float64]
    cholesky: NDArray[np.float64]


@lru_cache(maxsize=1)
def summary() -> dict[str, object]:
    """Read the committed summary (made by docs/experiments/survey_summary.py)."""
    found: dict[str, object] = json.loads(
        files("mriprivacy.data_prep.synthetic.measures").joinpath("survey.json").read_text("utf-8")
    )
    return found


@lru_cache(maxsize=2)
def of_sex(sex: str) -> Sex:
    """Return the distribution of one sex.

    Examples
    --------
    >>> int(of_sex("M").counts.sum()) + int(of_sex("F").counts.sum())
    3993
    """
    own: dict[str, object] = summary()["sexes"][sex]  # type: ignore[index]
    return Sex(**{name: np.array(values) for name, values in own.items()})


def expected_measures(sex: str, age: float, components: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the mean measures of people of that sex, age and ancestry, mm, shape (18,).

    Between the middles of the age bands they are interpolated. The survey ends at 66: older people
    change half as fast as from the second band to the third, and no more after 75.
    """
    fitted = of_sex(sex)
    young, middle, last = BAND_AGES
    means = fitted.band_means
    mean: NDArray[np.float64]
    if age <= middle:
        share = min(max((age - young) / (middle - young), 0.0), 1.0)
        mean = means[0] + share * (means[1] - means[0])
    else:
        share = (min(age, last) + 0.5 * max(min(age, LAST_AGE) - last, 0) - middle) / (last - middle)
        mean = means[1] + share * (means[2] - means[1])
    for name, component in components.items():
        mean = mean + component * fitted.group_effects[GROUP_OF[name]]
    return mean


def draw_measures(
    rng: np.random.Generator, sex: str, age: float, components: Mapping[str, float]
) -> NDArray[np.float64]:
    """Draw the 18 measures of a person, mm, in the order of `MEASURES`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> draw_measures(rng, "F", 40, {"african": 0, "asian": 0, "european": 1}).shape
    (18,)
    """
    drawn = rng.normal(0, 1, size=len(of_sex(sex).mean))
    measures = expected_measures(sex, age, components) + exact.turned(drawn, of_sex(sex).cholesky.T)
    return np.asarray(np.round(measures, 6))
