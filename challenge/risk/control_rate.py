"""Risk beyond a control: how much more often an attack is right about people than it would be by chance.

The idea is that of anonymeter (Giomi, Boenisch, Wehmeyer, Tasnadi, "A Unified Framework for Quantifying
Privacy Risk in Synthetic Data", PoPETs 2023(2), 312-328): the same attack on people of the release and on a
control group that the release says nothing about; risk = (attack - control) / (1 - control).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from mriprivacy.scoring import Estimate
from mriprivacy.scoring.intervals import LEVEL

Floats = NDArray[np.float64]

FEWEST_PEOPLE = 4  # of fewer no interval is narrower than all that is possible
_RISKS = 401  # between 0 and 1 that are tried
FINEST = 64  # steps between success 0 and 1, in counts; a power of two, as are all coarser ones
_COARSEST = 4
_SUMS = 2048  # about as many sums of successes are kept apart
_SPREAD_BELOW = 12  # people
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


@dataclass(frozen=True)
class Successes:
    """All that the risk of one attack depends on: sums over people, which can be added over hospitals.

    Attributes
    ----------
    people : int
        Of the release.
    right : float
        Sum of their successes.
    control : tuple of float, length FINEST + 1
        Of the control, how many people's worth has each success from 0 to 1; the sum is `people`.
    """

    people: int
    right: float
    control: tuple[float, ...] = field(repr=False)


def successes(success: Floats, control: Floats) -> Successes:
    """Return the counts of an attack; parameters are those of `controlled_risk`.

    Examples
    --------
    >>> found = successes(np.array([1.0, 0, 0, 1]), np.array([0.0, 0, 0, 1]))
    >>> found, found.control[0], found.control[-1]
    (Successes(people=4, right=2.0), 3.0, 1.0)
    """
    shares = _histogram(np.asarray(control, float).ravel(), None, FINEST)
    return Successes(len(success), fsum(success), tuple((shares * len(success)).tolist()))


def pool(parts: Sequence[Successes]) -> Successes:
    """Return the counts of people of several hospitals, each looked for in the own hospital."""
    return Successes(
        sum(one.people for one in parts),
        fsum(one.right for one in parts),
        tuple(map(fsum, zip(*(one.control for one in parts), strict=True))),
    )


@dataclass(frozen=True)
class Counts:
    """Counts of the attack that was chosen for each person, and of all that were tried, by name."""

    chosen: Successes
    tried: Mapping[str, Successes]

    @property
    def risk(self) -> ControlledRisk:
        """The risk of the strongest attack (`of_several`)."""
        found = risk_of(self.chosen)
        tried = [risk_of(one, len(self.tried)) for one in self.tried.values()]
        return of_several(found, tried) if tried else found


def controlled_risk(success: Floats, control: Floats, tried: int = 1) -> ControlledRisk:
    """Return the risk of an attack beyond its control, with an interval.

    Parameters
    ----------
    success : ndarray, shape (n,)
        For each person of the release how sure the attack is right, 0 to 1.
    control : ndarray, shape (m,)
        The same of a control: what success is where the release holds nothing about the person asked for.
    tried : int
        Attacks that were tried, this one among them. The lower end of the interval pays for them: 5 % are
        shared by all (Bonferroni). The upper end does not: see `of_several`.

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
    0.325 0.1 0.25 [0.09, 0.47]
    >>> print(f"{controlled_risk(np.zeros(12), np.array([0.0, 0, 0, 1])).risk:.2f}")
    0.00 [0.00, 0.12]
    """
    return risk_of(successes(success, control), tried)


def risk_of(counts: Successes, tried: int = 1) -> ControlledRisk:
    """Return the risk of an attack by its counts; all else as in `controlled_risk`."""
    n, attack = counts.people, counts.right / counts.people
    chance = float(np.arange(FINEST + 1) @ np.asarray(counts.control)) / (FINEST * n)
    nan = float("nan")
    if chance >= 1:
        return ControlledRisk(
            attack, chance, Estimate(nan, nan, nan, n, "a control that is not always right")
        )
    value = max(0.0, (attack - chance) / (1 - chance))
    if n < FEWEST_PEOPLE:
        needs = f"{FEWEST_PEOPLE} people, there are {n}"
        return ControlledRisk(attack, chance, Estimate(value, nan, nan, n, needs))
    risks, unlikely = _unlikely(counts)
    low, _ = _kept(risks, unlikely, 1 - (1 - LEVEL) / tried)
    _, high = _kept(risks, unlikely, LEVEL)
    return ControlledRisk(attack, chance, Estimate(value, min(low, value), max(high, value), n))


def of_several(chosen: ControlledRisk, tried: Sequence[ControlledRisk]) -> ControlledRisk:
    """Return the risk of the strongest of several attacks: a chosen value, and an interval from all.

    The strongest attack is at least as strong as any other. So the interval of its risk begins at the highest
    lower end and stops at the highest upper end. The one belongs to attacks that share 5 % (`controlled_risk`
    with their number). The other needs no share: the upper end of the strongest attack misses as often as
    that of one attack, and another that lies higher only adds.

    Parameters
    ----------
    chosen : ControlledRisk
        Its value, attack and control are returned.
    tried : sequence of ControlledRisk
        All attacks, at least one.

    Examples
    --------
    >>> blind, control = np.full(20, 0.1), np.full(20, 0.1)
    >>> seeing = np.array([1.0] * 5 + [0.1] * 15)
    >>> tried = [controlled_risk(one, control, 2) for one in (blind, seeing)]
    >>> print(f"{of_several(tried[1], tried).risk:.2f}", f"{of_several(tried[0], tried).risk:.2f}")
    0.25 [0.09, 0.47] 0.00 [0.00, 0.47]
    """
    if not chosen.risk.bounded:
        return chosen
    low = max((one.risk.low for one in tried if one.risk.bounded), default=0.0)
    high = max(one.risk.high for one in (chosen, *tried) if one.risk.bounded)
    return replace(chosen, risk=replace(chosen.risk, low=min(low, chosen.risk.value), high=high))


def _kept(risks: Floats, unlikely: Floats, level: float) -> tuple[float, float]:
    """Return the lowest and the highest risk that is less unlikely than a level, between those tried."""
    inside = np.flatnonzero(unlikely < level)
    if not len(inside):
        return 0.0, 0.0

    def end(last: int, beyond: int) -> float:
        if not 0 <= beyond < len(risks):
            return float(risks[last])
        share = (level - unlikely[last]) / (unlikely[beyond] - unlikely[last])
        return float(risks[last] + share * (risks[beyond] - risks[last]))

    return end(inside[0], inside[0] - 1), end(inside[-1], inside[-1] + 1)


def _unlikely(counts: Successes) -> tuple[Floats, Floats]:
    """Return risks from 0 to 1, and under each the probability of sums likelier than the observed one."""
    n = counts.people
    steps = 2 ** int(np.log2(np.clip(_SUMS // n, _COARSEST, FINEST)))
    # Of few people the sums of successes and those of the control lie on two lattices. Each sum is spread by
    # up to half a person, or a sum between the control's would be unlikely whatever the risk is.
    spread = steps // 2 if n < _SPREAD_BELOW else 1
    sums = n * steps + 2 * spread - 1
    size = next_fast_len(sums, real=True)
    by_chance = np.fft.rfft(
        _histogram(np.arange(FINEST + 1) / FINEST, np.asarray(counts.control) / n, steps), size
    )
    shares = np.fft.rfft(np.full(spread, 1 / spread), size) ** 2  # a triangle; its centre is at spread - 1
    exposed = np.exp(-2j * np.pi * np.arange(len(by_chance)) * steps / size)
    # In steps of equal standard deviations, so that they are narrow where a share is near 0 or 1.
    risks = np.sin(np.linspace(0, np.pi / 2, _RISKS)) ** 2
    rows = max(1, _AT_ONCE // size)
    parts = [risks[first : first + rows] for first in range(0, len(risks), rows)]

    def chances(part: Floats) -> Floats:
        """Return the probability of every sum of successes; shape (risks, sums)."""
        mixed = part[:, None] * exposed + (1 - part[:, None]) * by_chance
        return np.maximum(np.fft.irfft(_power(mixed, n) * shares, size, axis=1)[:, :sums], 0.0)

    found = [chances(part) for part in parts[:1]]
    best = np.maximum.reduce([found[0].max(axis=0), *(chances(part).max(axis=0) for part in parts[1:])])
    # A sum that neither exposure nor chance can make counts as the nearest that they can.
    possible = np.flatnonzero(best > _IMPOSSIBLE)
    there = int(possible[np.abs(possible - counts.right * steps - (spread - 1)).argmin()])
    result = []
    for k, part in enumerate(parts):
        ratio = (now := found[0] if k == 0 else chances(part)) / np.maximum(best, 1e-300)
        own = ratio[:, there, None]
        same = np.abs(ratio - own) <= 1e-9 * own
        likelier = np.where((ratio > own) & ~same, now, 0).sum(axis=1)
        result.append(likelier + np.where(same, now, 0).sum(axis=1) / 2)
    return risks, np.concatenate(result)


def _power(values: NDArray[np.complex128], n: int) -> NDArray[np.complex128]:
    """Raise to a whole power by squaring: numpy's own takes ten times as long."""
    result = np.ones_like(values)
    while n:
        if n & 1:
            result = result * values
        values, n = values * values, n >> 1
    return result


def _histogram(values: Floats, weights: Floats | None, steps: int) -> Floats:
    """Return the share of each step from 0 to 1; a value between two counts for both, so means stay."""
    each = np.full(len(values), 1 / len(values)) if weights is None else weights
    place = np.clip(values, 0, 1) * steps
    lower = np.floor(place).astype(int)
    share = place - lower
    upper = np.minimum(lower + 1, steps)
    found = np.bincount(lower, each * (1 - share), steps + 1) + np.bincount(upper, each * share, steps + 1)
    return np.asarray(found, np.float64)
