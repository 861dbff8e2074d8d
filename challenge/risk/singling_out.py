"""People found in a gallery: how often a person's own scan comes first among those of others.

A recipient holds something of a person, a photograph or another scan, and sorts the released scans by how
alike they are. The control is the same question about a person whom the release does not hold: the own scan
is taken out, and that of another person stands in its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from mriprivacy.challenge.risk.control_rate import ControlledRisk, Counts, Floats, Successes, successes
from mriprivacy.scoring.strongest import FEWEST_PEOPLE, strongest

GALLERIES = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
# A person stands out where by chance fewer such people than this are expected.
EXPECTED_BY_CHANCE = 0.1
# Of n people there are n (n - 1) controls, so a person of fewer cannot stand out however exposed.
FEWEST_TO_NAME = 11


@dataclass(frozen=True)
class GalleryRisk:
    """People found in galleries of one size.

    Attributes
    ----------
    gallery : int
        Released people among whom a person is looked for, the person included.
    risk : ControlledRisk
        The attack is right where the own scan comes first.
    """

    gallery: int
    risk: ControlledRisk


@dataclass(frozen=True)
class WorstPerson:
    """The person whose own scan stands out most.

    Attributes
    ----------
    person : str
        Name.
    control : float
        Share of the controls in which a scan that is not the person's stands out as much.
    expected : float
        How many such people of this release chance alone makes.
    """

    person: str
    control: float
    expected: float

    @property
    def stands_out(self) -> bool:
        """Whether chance hardly makes such a person."""
        return self.expected < EXPECTED_BY_CHANCE


@dataclass(frozen=True)
class SinglingOut:
    """What one recipient finds.

    Attributes
    ----------
    curve : tuple of GalleryRisk
        By size of the gallery, smallest first.
    headline : GalleryRisk
        The largest gallery of at most half the people, so that each person is looked for in many galleries.
    worst : WorstPerson or None
        Who is worst off; None of fewer people than `FEWEST_TO_NAME`.
    counts : mapping from int to Counts
        By size of the gallery: of what `curve` is made.
    """

    curve: tuple[GalleryRisk, ...]
    headline: GalleryRisk
    worst: WorstPerson | None
    counts: Mapping[int, Counts] = field(repr=False)


@dataclass(frozen=True)
class _Ranks:
    """Others with a higher score, and with the same: of own scans (n,), and of stand-ins (n, n - 1)."""

    above: NDArray[np.int64]
    level: NDArray[np.int64]
    other_above: NDArray[np.int64]
    other_level: NDArray[np.int64]


def galleries(people: int) -> tuple[int, ...]:
    """Return the sizes of galleries that so many people allow: one is kept out for the control.

    Examples
    --------
    >>> galleries(24), galleries(4)
    ((2, 5, 10, 20), (2,))
    """
    return tuple(size for size in GALLERIES if size < people)


def headline_gallery(people: int) -> int:
    """Return the largest gallery of at most half the people, at least 2.

    Examples
    --------
    >>> [headline_gallery(people) for people in (4, 12, 24, 40, 200)]
    [2, 5, 10, 20, 100]
    """
    return max(size for size in GALLERIES if size <= max(2, people // 2))


def single_out(
    scores: Floats, names: Sequence[str], tried: Mapping[str, Floats] | None = None
) -> SinglingOut:
    """Return how many people are found by scores, and who is worst off.

    Parameters
    ----------
    scores : ndarray, shape (n, n)
        Row: the person a recipient holds something of; column: the released person. Higher is more alike.
    names : sequence of str, length n
        Of the people, at least four.
    tried : mapping from attacker to ndarray, shape (n, n)
        Scores of each attacker among which `scores` were chosen (`choose`).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scores = rng.normal(size=(24, 24))
    >>> scores[3, 3] = 9.0
    >>> found = single_out(scores, [f"sub-{i:02d}" for i in range(24)])
    >>> found.headline.gallery, found.worst.person, found.worst.stands_out
    (10, 'sub-03', True)
    """
    ranks = _ranks(scores)
    others = {name: _ranks(one) for name, one in (tried or {}).items()}
    counts = {
        size: Counts(_successes(ranks, size), {name: _successes(one, size) for name, one in others.items()})
        for size in galleries(len(names))
    }
    curve = tuple(GalleryRisk(size, one.risk) for size, one in counts.items())
    wanted = headline_gallery(len(names))
    headline = next(one for one in curve if one.gallery == wanted)
    worst = worst_off(scores, names) if len(names) >= FEWEST_TO_NAME else None
    return SinglingOut(curve, headline, worst, counts)


def risk_in_gallery(scores: Floats, size: int, tried: Sequence[Floats] = ()) -> ControlledRisk:
    """Return the risk of being found in galleries of one size, drawn from all people.

    Parameters are those of `single_out`, `tried` without names. Where attackers were tried, the interval is
    that of the strongest (`control_rate.of_several`): where few people are exposed, the choice may miss it.

    Examples
    --------
    >>> risk = risk_in_gallery(np.eye(20), 10)
    >>> risk.attack, round(risk.control, 2), risk.risk.value
    (1.0, 0.1, 1.0)
    """
    own = {str(k): _successes(_ranks(one), size) for k, one in enumerate(tried)}
    return Counts(_successes(_ranks(scores), size), own).risk


def _successes(ranks: _Ranks, size: int) -> Successes:
    n = len(ranks.above)
    found = _first(ranks.above, ranks.level, n - 1, size)
    return successes(found, _first(ranks.other_above, ranks.other_level, n - 2, size))


def choose(systems: Sequence[Floats]) -> tuple[Floats, NDArray[np.int64]]:
    """Return one table of scores: for each person those of the attacker that is strongest on other people.

    Parameters
    ----------
    systems : sequence of ndarray, shape (n, n)
        Scores of each attacker, as in `single_out`.

    Returns
    -------
    scores : ndarray, shape (n, n)
    chosen : ndarray, shape (n,)
        Position of the attacker of each person (`scoring.strongest`).
    """
    n = len(systems[0])
    assert n >= FEWEST_PEOPLE
    who, whose = np.divmod(np.arange(n * n), n)
    found = strongest([one.ravel() for one in systems], who == whose, who, whose, "partial_auc")
    return found.scores.reshape(n, n), found.chosen.reshape(n, n)[:, 0]


def worst_off(scores: Floats, names: Sequence[str]) -> WorstPerson:
    """Return the person whose own scan is farthest ahead of the next, beside how far others are by chance.

    Parameters are those of `single_out`.
    """
    n = len(scores)
    spread = np.maximum(scores.std(axis=1, keepdims=True), 1e-12)
    two = np.sort(np.where(np.eye(n, dtype=bool), -np.inf, scores), axis=1)[:, -2:]
    own = (np.diag(scores) - two[:, 1]) / spread[:, 0]
    # Without the own scan, that of any other person takes its place; its rival is the best of the rest.
    best = np.where(scores == two[:, 1:], two[:, :1], two[:, 1:])
    control = ((scores - best) / spread)[~np.eye(n, dtype=bool)]
    worst = int(own.argmax())
    share = (1 + np.count_nonzero(control >= own[worst])) / (1 + len(control))
    return WorstPerson(names[worst], float(share), float(share * n))


def _ranks(scores: Floats) -> _Ranks:
    n = len(scores)
    own = np.diag(scores)[:, None]
    rest = scores[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    ordered = np.sort(rest, axis=1)
    above, level = (np.empty(rest.shape, np.int64) for _ in range(2))
    for i in range(n):
        upto = np.searchsorted(ordered[i], rest[i], "right")
        above[i] = n - 1 - upto
        level[i] = upto - np.searchsorted(ordered[i], rest[i], "left") - 1
    return _Ranks((rest > own).sum(axis=1), (rest == own).sum(axis=1), above, level)


def _first(above: NDArray[np.int64], level: NDArray[np.int64], others: int, size: int) -> Floats:
    """Return the chance to come first before size - 1 others drawn from all; ties fall at random."""
    rank = np.arange(others + 1)
    possible = rank <= others - (size - 1)
    left = np.where(possible, others - rank, size - 1)
    chance = np.where(
        possible,
        np.exp(
            gammaln(left + 1) - gammaln(left - size + 2) - gammaln(others + 1) + gammaln(others - size + 2)
        ),
        0.0,
    )
    total = np.concatenate([[0.0], np.cumsum(chance)])
    found: Floats = (total[above + level + 1] - total[above]) / (level + 1)
    return np.minimum(found, 1.0)  # sums are rounded
