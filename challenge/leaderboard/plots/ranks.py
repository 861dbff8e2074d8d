"""Sets of ranks, and significant pairwise differences."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.leaderboard.plots.plot import BAD, GOOD, INK, MUTED, SERIES, Plot, draw
from mriprivacy.challenge.leaderboard.standings import Board, Place
from mriprivacy.scoring.ranking import ALPHA

MANY = 30  # systems; with more, rows are narrower and not every column is numbered


def sets_of_ranks(board: Board, track: str) -> Plot | None:
    """Draw the ranks that the data leave open for each system; None for a single system."""
    places = board.ranked
    if len(places) < 2:
        return None

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        rows = np.arange(len(places))
        low, high = (np.array([getattr(place, end) for place in places]) for end in ("low", "high"))
        thick = 30 * _row(places)
        axes.hlines(rows, low - 0.25, high + 0.25, color=SERIES[0], linewidth=thick, alpha=0.55)
        axes.plot([place.rank or 0 for place in places], rows, "o", color=INK, markersize=4)
        _systems(axes, places)
        axes.set_xlim(0.4, len(places) + 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(f"rank by {board.by.short}")

    first = ", ".join(name(place.entry) for place in places if place.low == 1)
    return draw(
        f"{track}_ranks",
        f"Ranks that the data leave open, {track}; all bars together hold the true ranks with 95 % "
        "confidence; dot: rank by value",
        f"Sets of ranks of {len(places)} systems. May be first: {first}.",
        (6.2, _row(places) * len(places) + 1),
        drawing,
        ("team", "system", "rank", "low", "high"),
        [(p.entry.team, p.entry.system, p.rank, p.low, p.high) for p in places],
    )


def significance(board: Board, track: str) -> Plot | None:
    """Draw the significant pairwise differences; None for a single system."""
    places, p = board.ranked, board.p_holm
    if len(places) < 2:
        return None
    value = np.array([board.by.estimate(place.entry).value for place in places])
    gap = (value[:, None] - value[None]) * (1 if board.by.higher_is_better(track) else -1)
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
        if verdict.any():
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
        else:  # an empty picture with a legend looks broken
            axes.set_title("no pair differs significantly", fontsize=9, color=INK, loc="left")

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
        ("first", "second", f"{board.by.name}_difference", "p_holm"),
        rows,
    )


def name(entry: Entry) -> str:
    """Return team and system."""
    return f"{entry.team}/{entry.system}"


def short(entry: Entry) -> str:
    """Return the system, cut where it would not fit beside a figure."""
    return entry.system if len(entry.system) <= 24 else entry.system[:23] + "…"


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
