"""The board of 2026.1 beside that of today, from the same entries, and why each system moved.

    uv run python -m docs.experiments.two_boards ENTRIES > board.md

ENTRIES is a folder of entries, as `entries/`. Printed is Markdown: the defacing track of each edition in it.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.entry.entry import Entry, Result, may_be_ranked
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.standings import Board, board, usefulness
from mriprivacy.scoring import holm
from mriprivacy.scoring.ranking import ALPHA, paired_p

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Old:
    """Where the rule of 2026.1 puts an entry.

    Attributes
    ----------
    entry : Entry
        Whose.
    best : Result
        Of the attacker with the highest AUC, chosen and rated on the same people.
    tier : int
        From 1; no system of a tier differs significantly from its first one.
    """

    entry: Entry
    best: Result
    tier: int


def best_attacker(entry: Entry) -> Result:
    """Return the result with the highest AUC on all trials, of the attackers that count."""
    counting = [one for one in entry.results if one.rates and one.trial_list == "all"]
    return max(counting, key=lambda one: one.figures["auc"].value)


def tiers(values: Floats, p: Floats) -> NDArray[np.int64]:
    """Part systems by the chain of 2026.1: a tier ends before the first that is worse than its leader.

    Parameters
    ----------
    values : ndarray, shape (n_systems,)
        Lower is better.
    p : ndarray, shape (n_systems, n_systems)
        Of pairs; Holm adjusts for the systems that are still to be placed.

    Examples
    --------
    >>> tiers(np.array([0.5, 0.9, 0.6]), np.array([[1, 0.01, 0.2], [0.01, 1, 0.2], [0.2, 0.2, 1]])).tolist()
    [1, 2, 1]
    """
    tier = np.ones(len(values), np.int64)
    rest, number = np.argsort(values, kind="stable"), 1
    while len(rest):
        leader, others = rest[0], rest[1:]
        worse = holm(p[leader, others]) < ALPHA if len(others) else np.zeros(0, bool)
        length = 1 + (int(np.argmax(worse)) if worse.any() else len(others))
        tier[rest[:length]] = number
        rest, number = rest[length:], number + 1
    return tier


def old_board(entries: Sequence[Entry]) -> list[Old]:
    """Return the entries that may be ranked by the rule of 2026.1: by tier, in a tier the more useful first.

    The spread of a difference is that of the AUC draws of an entry, which are of the attackers chosen today.
    """
    able = sorted((one for one in entries if may_be_ranked(one)), key=lambda one: one.path)
    if not able:
        return []
    best = [best_attacker(one) for one in able]
    value = np.array([one.figures["auc"].value for one in best])
    people = min(one.figures["auc"].n for one in best)
    tier = tiers(value, paired_p(value, [one.draws for one in able], people))
    found = [Old(*row) for row in zip(able, best, tier.tolist(), strict=True)]
    return sorted(found, key=lambda one: (one.tier, -usefulness(one.entry), one.entry.path))


def steps(old: Sequence[Old], new: Board) -> dict[str, list[int]]:
    """Return the places of each entry, from 1, under four rules: one thing changes from each to the next.

    The rule of 2026.1; by AUC of the best attacker, without tiers; by AUC of the attackers chosen on other
    people; the order of today.
    """
    rules: tuple[Callable[[Old], tuple[float, ...]], ...] = (
        lambda one: (one.best.figures["auc"].value, -usefulness(one.entry)),
        lambda one: (one.entry.strongest().figures["auc"].value, -usefulness(one.entry)),
    )
    orders = [list(old), *(sorted(old, key=rule) for rule in rules)]
    paths = [[one.entry.path for one in order] for order in orders]
    paths.append([place.entry.path for place in new.ranked])
    return {one.entry.path: [order.index(one.entry.path) + 1 for order in paths] for one in old}


def why(one: Old, places: Sequence[int], new: Board, shared: int) -> str:
    """Say which of the three changes moved a system, and by which figures.

    Parameters
    ----------
    one : Old
        The system.
    places : sequence of int
        Its places by the four rules of `steps`.
    new : Board
        Today's.
    shared : int
        Systems in its tier.
    """
    entry, by = one.entry, new.by
    best, chosen = one.best.figures["auc"].value, entry.strongest().figures["auc"].value
    reasons = (
        f"in its tier of {shared} the more useful stood first, and its utility is {usefulness(entry):.3f}",
        f"the attacker is chosen on other people: AUC {best:.2f} becomes {chosen:.2f}",
        f"people count, not trials: AUC {chosen:.2f}, {by.short} {by.estimate(entry).value:.2f}",
    )
    parts = [
        f"{'Up' if after < before else 'Down'} {abs(after - before)}: {reason}."
        for (before, after), reason in zip(pairwise(places), reasons, strict=True)
        if after != before
    ]
    return " ".join(parts) if parts else "The same place by every rule."


def markdown(entries: Sequence[Entry]) -> str:
    """Return both boards of the defacing entries of one edition as a table, and a line for each move."""
    old, new = {one.entry.path: one for one in old_board(entries)}, board(entries)
    places, count = steps(list(old.values()), new), [one.tier for one in old.values()].count
    head = (
        "system",
        "old place",
        "tier",
        "AUC",
        "best attacker",
        "new ranks",
        new.by.short,
        "chosen attacker",
    )
    rows, moves = [], []
    for place in new.ranked:
        entry, one = place.entry, old[place.entry.path]
        name, was = f"{entry.team}/{entry.system}", places[entry.path]
        cells = (name, was[0], one.tier, f"{one.best.figures['auc']:.2f}", one.best.attacker, place.ranks)
        rows.append((*cells, f"{new.by.estimate(entry):.2f}", entry.strongest().attacker))
        moves.append(f"* {name}, from {was[0]} to {was[-1]}. {why(one, was, new, count(one.tier))}")
    left = [f"{place.entry.team}/{place.entry.system}" for place in new.places if place.rank is None]
    return "\n".join(
        [
            f"## {entries[0].edition} ({entries[0].edition_hash[:8]})",
            "",
            f"Rows are in the new order: by {new.by.title}.",
            "",
            *(f"| {' | '.join(map(str, row))} |" for row in (head, ("---",) * len(head), *rows)),
            "",
            _pairs(new, old),
            *(["", f"Ranked by neither rule: {', '.join(left)}."] if left else []),
            "",
            *moves,
            "",
        ]
    )


def _pairs(new: Board, old: dict[str, Old]) -> str:
    """Say how many pairs the tiers part, and the tests of all pairs."""
    tier = np.array([old[place.entry.path].tier for place in new.ranked])
    first, second = np.triu_indices(len(tier), 1)
    parted, differ = tier[first] != tier[second], new.p_holm[first, second] < ALPHA
    return (
        f"Of {len(first)} pairs of systems the old tiers part {parted.sum()}. Tests of all pairs part "
        f"{differ.sum()}, of which the tiers parted {(parted & differ).sum()}."
    )


def main(folder: Path) -> None:
    """Print both boards of every edition with defacing entries."""
    entries = [one for one in read_entries(folder) if one.track == "defacing"]
    for edition in sorted({(one.edition, one.edition_hash) for one in entries}):
        print(markdown([one for one in entries if (one.edition, one.edition_hash) == edition]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
