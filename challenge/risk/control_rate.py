"""Risk beyond a control: how much more often an attack is right about people than it would be by chance.

The idea is that of anonymeter (Giomi, Boenisch, Wehmeyer, Tasnadi, "A Unified Framework for Quantifying
Privacy Risk in Synthetic Data", PoPETs 2023(2), 312-328): the same attack on people of the release and on a
control group that the release says nothing about; risk = (attack - control) / (1 - control).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from mriprivacy.scoring import Estimate
from mriprivacy.scoring.intervals import LEVEL

Floats = NDArray[np.float64]

FEWEST_PEOPLE = 4  # of fewer no interval is narrower than all that is possible
_RISKS = 401  # between 0 and 1 that are tried
_STEPS = (4, 64)  # between success 0 and 1: fewest and most
_SUMS = 2048  # about as many sums of successes are kept apart
_IMPOSSIBLE = 1e-12  # a probability below is what rounding leaves of 0
_AT_ONCE = 2_000_000  # numbers in memory


@dataclass(frozen=True)
class ControlledRisk:
    """An attack beside its control.

    Attributes
    ----------
    attack, control : float
        How often the attack is right about people of the release, and about a control, 0 to 1.
    risk : Estimate
        (attack - control) / (1 - control), not below 0, with its 95 % interval; `n` people.
    """

    attack: float
    control: float
    risk: Estimate

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval of the risk lies above 0."""
        return self.risk.bounded and self.risk.low > 0


def controlled_risk(success: Floats, control: Floats, level: float = LEVEL) -> ControlledRisk:
    """Return the risk of an attack beyond its control, with an interval.

    Parameters
    ----------
    success : ndarray, shape (n,)
        For each person of the release how sure the attack is right, 0 to 1.
    control : ndarray, shape (m,)
        The same of a control: what success is where the release holds nothing about the person asked for.
    level : float
        Confidence level.

    Returns
    -------
    ControlledRisk
        Without an interval for fewer than four people, or where the control is always right.

    Notes
    -----
    A person is exposed, and found for sure, with the probability r; else the attack does as well as on the
    control. The interval holds every r under which the sum of the successes is not among the least likely
    5 %, sums ordered by their likelihood ratio to the best r (Feldman and Cousins, Phys. Rev. D 57, 1998). So
    it is two-sided where people are exposed and one-sided where none is. Half of the probability of the sum
    itself counts (mid-p), since sums of few people come in steps.

    Examples
    --------
    >>> found = controlled_risk(np.array([1.0] * 5 + [0.1] * 15), np.full(20, 0.1))
    >>> print(f"{found.attack:.3f} {found.control:.1f} {found.risk:.2f}")
    0.325 0.1 0.25 [0.10, 0.47]
    >>> print(f"{controlled_risk(np.zeros(12), np.array([0.0, 0, 0, 1])).risk:.2f}")
    0.00 [0.00, 0.12]
    """
    n, attack, chance = len(success), float(np.mean(success)), float(np.mean(control))
    nan = float("nan")
    if chance >= 1:
        return ControlledRisk(
            attack, chance, Estimate(nan, nan, nan, n, "a control that is not always right")
        )
    value = max(0.0, (attack - chance) / (1 - chance))
    if n < FEWEST_PEOPLE:
        needs = f"{FEWEST_PEOPLE} people, there are {n}"
        return ControlledRisk(attack, chance, Estimate(value, nan, nan, n, needs))
    low, high = _interval(np.asarray(success), np.asarray(control), level)
    return ControlledRisk(attack, chance, Estimate(value, min(low, value), max(high, value), n))


def _interval(success: Floats, control: Floats, level: float) -> tuple[float, float]:
    n = len(success)
    steps = int(np.clip(_SUMS // n, *_STEPS))
    sums = n * steps + 1
    size = next_fast_len(sums, real=True)
    by_chance = np.fft.rfft(_histogram(control, steps), size)
    exposed = np.exp(-2j * np.pi * np.arange(len(by_chance)) * steps / size)
    risks = np.linspace(0, 1, _RISKS)
    rows = max(1, _AT_ONCE // size)
    parts = [risks[first : first + rows] for first in range(0, len(risks), rows)]

    def chances(part: Floats) -> Floats:
        """Return the probability of every sum of successes; shape (risks, sums)."""
        mixed = part[:, None] * exposed + (1 - part[:, None]) * by_chance
        return np.maximum(np.fft.irfft(_power(mixed, n), size, axis=1)[:, :sums], 0.0)

    best = np.maximum.reduce([chances(part).max(axis=0) for part in parts])
    # A sum that neither exposure nor chance can make counts as the nearest that they can.
    possible = np.flatnonzero(best > _IMPOSSIBLE)
    there = int(possible[np.abs(possible - float(success.sum()) * steps).argmin()])
    kept = []
    for part in parts:
        found = chances(part)
        ratio = found / np.maximum(best, 1e-300)
        own = ratio[:, there, None]
        same = np.isclose(ratio, own, rtol=1e-9, atol=0)
        likelier = np.where((ratio > own) & ~same, found, 0).sum(axis=1)
        level_with = np.where(same, found, 0).sum(axis=1)
        kept.append(likelier + level_with / 2 < level)
    inside = risks[np.concatenate(kept)]
    return (float(inside[0]), float(inside[-1])) if len(inside) else (0.0, 0.0)


def _power(values: NDArray[np.complex128], n: int) -> NDArray[np.complex128]:
    """Raise to a whole power by squaring: numpy's own takes ten times as long."""
    result = np.ones_like(values)
    while n:
        if n & 1:
            result = result * values
        values, n = values * values, n >> 1
    return result


def _histogram(values: Floats, steps: int) -> Floats:
    """Return how often each step from 0 to 1 is met; a value between two counts for both, so means stay."""
    place = np.clip(values, 0, 1) * steps
    lower = np.floor(place).astype(int)
    share = place - lower
    counts = np.bincount(lower, 1 - share, steps + 1)
    counts += np.bincount(np.minimum(lower + 1, steps), share, steps + 1)
    return counts / len(values)
