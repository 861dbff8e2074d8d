"""Stability of ranks, and significant pairwise differences."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.leaderboard.plots.plot import BAD, GOOD, INK, MUTED, SERIES, Plot, draw
from mriprivacy.challenge.leaderboard.standings import ALPHA, Board, Place
from mriprivacy.scoring.ranking import ranks

MANY = 30  # systems; with more, rows are narrower and not every column is numbered
BLOBS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)  # parts of a system's likeliest rank, each with its size


def stability(board: Board, track: str, *, higher_is_better: bool) -> Plot | None:
    """Draw the ranks of each system over the draws as blobs (challengeR's figure); None for one system."""
    order = _by_rank(board)
    places = [board.places[i] for i in order]
    if len(places) < 2:
        return None
    drawn = ranks(board.draws[order], higher_is_better=higher_is_better)
    shares = np.array([(drawn == rank).mean(axis=1) for rank in range(1, len(places) + 1)]).T

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        part = shares / shares.max(axis=1, keepdims=True)
        row, rank = np.nonzero(part >= BLOBS[0])
        size = np.searchsorted(BLOBS, part[row, rank], side="right") - 1
        for level in np.unique(size):
            own = size == level
            axes.scatter(
                rank[own] + 1,
                row[own],
                s=(600 * _row(places)) * BLOBS[level],
                color=SERIES[0],
                alpha=0.55,
                lw=0,
            )
        low, high = (np.array([getattr(place, end) for place in places]) for end in ("low", "high"))
        axes.hlines(np.arange(len(places)), low, high, color=INK, linewidth=1)
        own_rank = [place.rank or 0 for place in places]
        axes.plot(
            own_rank, np.arange(len(places)), "|", color=INK, markersize=40 * _row(places), markeredgewidth=2
        )
        _systems(axes, places)
        axes.set_xlim(0.4, len(places) + 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("rank by AUC of the strongest attacker")

    rows = [
        (place.entry.team, place.entry.system, rank + 1, float(shares[i, rank]))
        for i, place in enumerate(places)
        for rank in np.flatnonzero(shares[i])
    ]
    first = ", ".join(name(place.entry) for i, place in enumerate(places) if shares[i, 0] >= 0.05)
    return draw(
        f"{track}_ranks",
        f"Stability of ranks, {track}: the larger a blob, the likelier that rank; bar: middle 95 %",
        f"Ranks of {len(places)} systems over draws of subjects. First in at least 5 % of draws: {first}.",
        (6.2, _row(places) * len(places) + 1),
        drawing,
        ("team", "system", "rank", "share_of_draws"),
        rows,
    )


def significance(board: Board, track: str, *, higher_is_better: bool) -> Plot | None:
    """Draw which systems the data tell apart; None for a single system."""
    order = _by_rank(board)
    places, p = [board.places[i] for i in order], board.p_holm[np.ix_(order, order)]
    if len(places) < 2:
        return None
    value = np.array([place.entry.strongest().figures["auc"].value for place in places])
    gap = (value[:, None] - value[None]) * (1 if higher_is_better else -1)
    verdict = np.where(p < ALPHA, np.sign(gap), 0).astype(int)

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        axes.grid(False)
        for row in range(len(places)):
            for sign, colour in ((1, GOOD), (-1, BAD)):
                axes.broken_barh(
                    _runs(verdict[row] == sign), (row - 0.46, 0.92), facecolor=colour, alpha=0.75
                )
        axes.plot(np.arange(len(places)), np.arange(len(places)), ".", color=MUTED, markersize=3)
        _systems(axes, places)
        axes.set_xlim(-0.5, len(places) - 0.5)
        columns = range(0, len(places), 1 if len(places) <= MANY else 5)
        axes.set_xticks(columns, [str(places[i].rank) for i in columns])
        axes.set_xlabel("compared with (rank)")
        axes.broken_barh([(0, 0)], (0, 0), facecolor=GOOD, alpha=0.75, label="better")
        axes.broken_barh([(0, 0)], (0, 0), facecolor=BAD, alpha=0.75, label="worse")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

    pairs = [(i, j) for i in range(len(places)) for j in range(i + 1, len(places))]
    rows = [
        (name(places[i].entry), name(places[j].entry), float(value[i] - value[j]), float(p[i, j]))
        for i, j in pairs
    ]
    apart = sum(p[i, j] < ALPHA for i, j in pairs)
    return draw(
        f"{track}_significance",
        f"Significant pairwise differences, {track}: the row is better or worse than the column "
        "(5 %, Holm over all pairs)",
        f"{apart} of {len(pairs)} pairs of systems differ significantly.",
        (_row(places) * len(places) + 3, _row(places) * len(places) + 1.1),
        drawing,
        ("first", "second", "auc_difference", "p_holm"),
        rows,
    )


def name(entry: Entry) -> str:
    """Return team and system."""
    return f"{entry.team}/{entry.system}"


def short(entry: Entry) -> str:
    """Return the system, cut where it would not fit beside a figure."""
    return entry.system if len(entry.system) <= 24 else entry.system[:23] + "…"


def _by_rank(board: Board) -> list[int]:
    """Return the positions of ranked places, by rank."""
    return sorted(range(len(board.ranked)), key=lambda i: board.ranked[i].rank or 0)


def _row(places: Sequence[Place]) -> float:
    """Return the height of a row, inches."""
    return 0.26 if len(places) <= MANY else 0.15


def _systems(axes: Axes, places: Sequence[Place]) -> None:
    labels = [f"{short(place.entry)}  {place.rank}" for place in places]
    axes.set_yticks(range(len(places)), labels, fontsize=9 if len(places) <= MANY else 7)
    axes.set_ylim(len(places) - 0.4, -0.6)


def _runs(mask: np.ndarray) -> list[tuple[float, int]]:
    """Return where runs of True begin, half a cell before, and how long they are."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(float(a) - 0.5, int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
