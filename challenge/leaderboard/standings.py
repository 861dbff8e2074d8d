"""Who stands where on the leaderboard, and which systems the data tell apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from mriprivacy.challenge.entry.entry import Entry, Result, may_be_ranked
from mriprivacy.scoring import Signature, holm, refuse_unlike
from mriprivacy.scoring.errors import UserError
from mriprivacy.scoring.ranking import pareto_front, standings

ALPHA = 0.05


@dataclass(frozen=True)
class Place:
    """Where an entry stands; everything but `entry` is None, and `front` False, for one that is not ranked.

    Attributes
    ----------
    entry : Entry
        Whose.
    tier : int or None
        1 is best; the data do not tell systems of one tier from its leader.
    rank, low, high : int or None
        Rank by AUC of the strongest attacker alone, and the middle 95 % of ranks over the draws.
    front : bool
        Whether no other system protects better without costing more (Pareto; by point values).
    """

    entry: Entry
    tier: int | None = None
    rank: int | None = None
    low: int | None = None
    high: int | None = None
    front: bool = False


@dataclass(frozen=True)
class Board:
    """The entries of one track of one edition.

    Attributes
    ----------
    places : tuple of Place
        Ranked ones by tier, in a tier the more useful first; then those that are not ranked.
    draws : ndarray, shape (n_ranked, n_draws)
        AUC of each ranked system's strongest attacker, in the order of `places`.
    p_holm : ndarray, shape (n_ranked, n_ranked)
        Two-sided p-values of equal AUC in that order, adjusted by Holm for all pairs; 1 on the diagonal.
    """

    places: tuple[Place, ...]
    draws: NDArray[np.float64]
    p_holm: NDArray[np.float64]

    @property
    def ranked(self) -> tuple[Place, ...]:
        """The places that have a rank."""
        return tuple(place for place in self.places if place.rank is not None)


def board(entries: Sequence[Entry], *, higher_is_better: bool) -> Board:
    """Rank entries by the AUC of their strongest attacker.

    Parameters
    ----------
    entries : sequence of Entry
        One edition, one track; of a defacing track those that fail the gate, or for which no attacker
        counts, are not ranked.
    higher_is_better : bool
        True for attacks, False for defacers.

    Returns
    -------
    Board
        The same for the entries in any order.

    Raises
    ------
    scoring.ScoringError
        If the entries were not made alike (edition, interval, seed, version).
    UserError
        If an entry that is to be ranked has no draws, or not as many as the others.
    """
    refuse_unlike(but_attack(entry.strongest()) for entry in entries)
    ordered = sorted(entries, key=lambda entry: entry.path)
    able = [entry for entry in ordered if may_be_ranked(entry)]
    others = tuple(Place(entry) for entry in ordered if not may_be_ranked(entry))
    if not able:
        return Board(others, np.empty((0, 0)), np.empty((0, 0)))
    draws = _draws(able)
    value = np.array([auc(entry) for entry in able])
    n = min(entry.strongest().figures["auc"].n for entry in able)
    p = equal(value, draws, n)
    tier = tiers(value if not higher_is_better else -value, p)
    row = {entry.path: i for i, entry in enumerate(able)}
    found = standings(list(row), value, draws, higher_is_better=higher_is_better)
    front = _front(able, value) if not higher_is_better else np.zeros(len(able), bool)
    places = [
        Place(able[i], int(tier[i]), s.rank, s.low, s.high, bool(front[i]))
        for s in found
        for i in [row[s.system]]
    ]
    places.sort(key=lambda place: (place.tier, -usefulness(place.entry), place.rank, place.entry.path))
    order = [row[place.entry.path] for place in places]
    return Board((*places, *others), draws[order], holm_of_pairs(p)[np.ix_(order, order)])


def equal(value: NDArray[Any], draws: NDArray[Any], n: int) -> NDArray[np.float64]:
    """Test every pair for equal values: a paired t-test on the spread of the difference over the draws.

    `scoring.compare` counts draws beyond 0, so that with a thousand of them no pair of fifty systems
    could pass Holm's correction; a t-test has no such floor.

    Parameters
    ----------
    value : ndarray, shape (n_systems,)
        Of each system.
    draws : ndarray, shape (n_systems, n_draws)
        The same in draws they share.
    n : int
        Subjects; t has n - 1 degrees of freedom.

    Returns
    -------
    ndarray, shape (n_systems, n_systems)
        Two-sided p-values of single pairs; 1 on the diagonal.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.05, 999)
    >>> p = equal(np.array([0.5, 0.5, 0.6]), np.array([0.5 + noise, 0.5 + noise, 0.6 - noise]), 40)
    >>> float(p[0, 1]), bool(p[0, 2] > 0.05)
    (1.0, True)
    >>> bool(equal(np.array([0.5, 0.6]), np.array([0.5 + noise, 0.6 + 0.9 * noise]), 40)[0, 1] < 1e-6)
    True
    """
    gap = np.abs(value[:, None] - value)
    covariance = np.atleast_2d(np.cov(draws))
    variance = np.diag(covariance)
    spread = np.sqrt(np.maximum(variance[:, None] + variance - 2 * covariance, 0))
    # Figures are kept to four decimals; what is closer is equal.
    ratio = np.where(gap < 5e-5, 0.0, gap / np.maximum(spread, 1e-9))
    result: NDArray[np.float64] = 2 * student.sf(ratio, max(n - 1, 1))
    return result


def holm_of_pairs(p: NDArray[Any]) -> NDArray[np.float64]:
    """Adjust the p-values of a symmetric table by Holm for all its pairs.

    Examples
    --------
    >>> holm_of_pairs(np.array([[1, 0.01, 0.04], [0.01, 1, 0.03], [0.04, 0.03, 1]])).tolist()
    [[1.0, 0.03, 0.06], [0.03, 1.0, 0.06], [0.06, 0.06, 1.0]]
    """
    first, second = np.triu_indices(len(p), 1)
    table = np.ones(p.shape)
    if len(first):
        table[first, second] = table[second, first] = holm(p[first, second])
    return table


def tiers(value: NDArray[Any], p: NDArray[Any]) -> NDArray[np.int64]:
    """Part systems where the data can: a tier ends before the first that is worse than its leader.

    As `scoring.ranking.tiers`: the leader is compared with all that are still to be placed, and Holm
    adjusts for these.

    Parameters
    ----------
    value : ndarray, shape (n_systems,)
        Lower is better.
    p : ndarray, shape (n_systems, n_systems)
        Of single pairs, from `equal`.

    Examples
    --------
    >>> tiers(np.array([0.5, 0.9, 0.6]), np.array([[1, 0.01, 0.2], [0.01, 1, 0.2], [0.2, 0.2, 1]])).tolist()
    [1, 2, 1]
    """
    tier = np.ones(len(value), np.int64)
    rest, number = np.argsort(value, kind="stable"), 1
    while len(rest):
        leader, others = rest[0], rest[1:]
        worse = holm(p[leader, others]) < ALPHA if len(others) else np.zeros(0, bool)
        length = 1 + (int(np.argmax(worse)) if worse.any() else len(others))
        tier[rest[:length]] = number
        rest, number = rest[length:], number + 1
    return tier


def auc(entry: Entry) -> float:
    """Return the AUC of the strongest attacker."""
    return entry.strongest().figures["auc"].value


def usefulness(entry: Entry) -> float:
    """Return the utility of a defacing system; -1, below any, where it was not measured."""
    return entry.utility["utility"].value if "utility" in entry.utility else -1.0


def but_attack(result: Result) -> Signature:
    """Return a signature without its attack, which differs where the strongest attackers do."""
    return replace(Signature.parse(result.signature), attack="strongest")


def _front(entries: Sequence[Entry], value: NDArray[Any]) -> NDArray[np.bool_]:
    measured = np.array(["utility" in entry.utility for entry in entries])
    front = np.zeros(len(entries), bool)
    if measured.any():
        useful = np.array([usefulness(entry) for entry in entries])
        points = np.stack([value, useful], axis=1)[measured]
        front[measured] = pareto_front(points, [False, True])
    return front


def _draws(entries: Sequence[Entry]) -> NDArray[np.float64]:
    expected = max(len(entry.draws) for entry in entries)
    wrong = [entry for entry in entries if len(entry.draws) != expected or expected < 2]
    if wrong:
        raise UserError(
            *(
                f"{entry.path}: {len(entry.draws)} draws, expected {expected or 'those of its edition'}; "
                "evaluate the submission again with this kit"
                for entry in wrong
            )
        )
    return np.array([entry.draws for entry in entries])
