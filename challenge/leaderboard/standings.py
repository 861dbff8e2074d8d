"""The place of each entry on the leaderboard: the ranks that the data leave open for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.entry.entry import Entry, Result, may_be_ranked
from mriprivacy.challenge.entry.ranked_by import RankedBy, ranked_by
from mriprivacy.scoring import Signature, pareto_front, rank_sets, refuse_unlike
from mriprivacy.scoring.errors import UserError
from mriprivacy.scoring.ranking import ALPHA, surely_dominated

FRONT, OPEN, DOMINATED = "★", "☆", ""  # by point values on the front; off it, but not for sure; for sure


@dataclass(frozen=True)
class Place:
    """Where an entry stands; all but `entry` is empty for one that is not ranked.

    Attributes
    ----------
    entry : Entry
        Whose.
    rank : int or None
        By value of the board's metric, from 1; equal values share the better rank.
    low, high : int or None
        Ends of the set of ranks that the comparisons of all pairs leave open.
    front : str
        Pareto front of privacy and utility: `FRONT`, `OPEN` or `DOMINATED`.
    """

    entry: Entry
    rank: int | None = None
    low: int | None = None
    high: int | None = None
    front: str = DOMINATED

    @property
    def ranks(self) -> str:
        """The set of ranks in words.

        Examples
        --------
        >>> from typing import Any, cast
        >>> entry = cast(Any, None)
        >>> [place.ranks for place in (Place(entry, 2, 1, 3), Place(entry, 4, 4, 4), Place(entry))]
        ['1-3', '4', '-']
        """
        if self.rank is None:
            return "-"
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True)
class Board:
    """The entries of one track of one edition.

    Attributes
    ----------
    places : tuple of Place
        Ranked ones by value, at equal values the more useful first; then those that are not ranked.
    p_holm : ndarray, shape (n_ranked, n_ranked)
        Two-sided p-values of equal values in that order, adjusted by Holm for all pairs; 1 on the diagonal.
    by : RankedBy
        The metric.
    """

    places: tuple[Place, ...]
    p_holm: NDArray[np.float64]
    by: RankedBy

    @property
    def ranked(self) -> tuple[Place, ...]:
        """The places that have a rank."""
        return tuple(place for place in self.places if place.rank is not None)


def board(entries: Sequence[Entry]) -> Board:
    """Rank entries by how exposed people are (`challenge.entry.ranked_by`).

    Parameters
    ----------
    entries : sequence of Entry
        One or more, of one edition and track; of a defacing track those that fail the gate, or for which
        no attacker counts, are not ranked.

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
    by = ranked_by(ordered[0])
    if not able:
        return Board(others, np.empty((0, 0)), by)
    estimates = [by.estimate(entry) for entry in able]
    value = np.array([one.value for one in estimates])
    higher = by.higher_is_better(able[0].track)
    sets = rank_sets(value, _draws(able, by), min(one.n for one in estimates), higher_is_better=higher)
    front = _front(able, value, sets.p_holm, higher)
    rows = zip(able, sets.rank.tolist(), sets.low.tolist(), sets.high.tolist(), front, strict=True)
    places = [Place(*row) for row in rows]
    keys = [(place.rank or 0, -usefulness(place.entry), place.entry.path) for place in places]
    order = sorted(range(len(places)), key=keys.__getitem__)
    return Board((*(places[i] for i in order), *others), sets.p_holm[np.ix_(order, order)], by)


def usefulness(entry: Entry) -> float:
    """Return the utility of a defacing system; -1, below any, where it was not measured."""
    return entry.utility["utility"].value if "utility" in entry.utility else -1.0


def but_attack(result: Result) -> Signature:
    """Return a signature without its attack, which differs where the strongest attackers do."""
    return replace(Signature.parse(result.signature), attack="strongest")


def _front(
    entries: Sequence[Entry], value: NDArray[np.float64], p: NDArray[np.float64], higher: bool
) -> list[str]:
    """Place each entry on the Pareto front or off it; those whose utility was not measured are off it."""
    measured = [i for i, entry in enumerate(entries) if "utility" in entry.utility]
    front = [DOMINATED] * len(entries)
    if not measured:
        return front
    utility = [entries[i].utility["utility"] for i in measured]
    own = value[measured]
    gap = (own[:, None] - own) * (1 if higher else -1)
    better = (gap > 0) & (p[np.ix_(measured, measured)] < ALPHA)
    on = pareto_front(np.stack([own, [one.value for one in utility]], axis=1), [higher, True])
    off = surely_dominated(better, [one.low for one in utility], [one.high for one in utility])
    for i, is_on, is_off in zip(measured, on, off, strict=True):
        front[i] = FRONT if is_on else DOMINATED if is_off else OPEN
    return front


def _draws(entries: Sequence[Entry], by: RankedBy) -> NDArray[np.float64]:
    drawn = [by.draws(entry) for entry in entries]
    expected = max(map(len, drawn))
    wrong = [
        f"{entry.path}: {len(own)} draws, expected {expected or 'those of its edition'}; "
        "evaluate the submission again with this kit"
        for entry, own in zip(entries, drawn, strict=True)
        if len(own) != expected or expected < 2
    ]
    if wrong:
        raise UserError(*wrong)
    return np.array(drawn)
