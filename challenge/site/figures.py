"""Figures of a track: privacy against utility, stability of ranks, who is told apart from whom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator

from challenge.entry import Entry
from challenge.pages.plot import BAD, GOOD, INK, MUTED, PAPER, SERIES, Plot, chance, draw
from challenge.standing import ALPHA, Board, Place
from scoring import Estimate
from scoring.ranking import ranks

NAMED = 12  # systems that are named in the scatter; more are numbered
BLOBS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)  # parts of a system's likeliest rank, each with its size


@dataclass(frozen=True)
class _Point:
    place: Place
    privacy: Estimate
    utility: Estimate


def scatter(board: Board) -> Plot | None:
    """Draw privacy against utility, each system with an ellipse of its intervals; None without utility."""
    points = [
        _Point(place, place.entry.strongest().figures["auc"], place.entry.utility["utility"])
        for place in board.places
        if "utility" in place.entry.utility
    ]
    if not points:
        return None
    numbers = {place.entry.path: number for number, place in enumerate(board.places, start=1)}

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        front = sorted((p for p in points if p.place.front), key=lambda p: p.utility.value)
        if front:
            x = [p.utility.value for p in front]
            y = [p.privacy.value for p in front]
            axes.step(x, y, where="pre", color=SERIES[3], linewidth=1.5, label="Pareto front")
        for point in points:
            _ellipse(axes, point, 0.16 if len(points) <= NAMED else 0.05)
        axes.scatter([], [], s=30, color=SERIES[0], label="ranked")
        axes.scatter([], [], s=30, facecolor=PAPER, edgecolor=MUTED, label="not ranked")
        chance(axes, horizontal=True)
        axes.set(xlim=(-0.04, 1.04), ylim=_around(points)[::-1])
        if len(points) <= NAMED:
            _name_beside(axes, points)
        else:
            for p in points:
                number = numbers[p.place.entry.path]
                axes.annotate(
                    str(number),
                    (p.utility.value, p.privacy.value),
                    (4, 3),
                    textcoords="offset points",
                    fontsize=8,
                )
        axes.set_xlabel("utility (1: nothing lost) →")
        axes.set_ylabel("AUC of the strongest attacker ↑ private")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)

    rows = [
        (
            numbers[p.place.entry.path],
            p.place.entry.team,
            p.place.entry.system,
            *(p.utility.value, p.utility.low, p.utility.high),
            *(p.privacy.value, p.privacy.low, p.privacy.high),
            "yes" if p.place.front else "no",
            "yes" if p.place.rank is not None else "no",
        )
        for p in points
    ]
    best = ", ".join(_name(p.place.entry) for p in points if p.place.front) or "none"
    return draw(
        "privacy_utility",
        "Privacy against utility; ellipses are 95 % intervals, the dashed line is chance"
        + ("" if len(points) <= NAMED else "; numbers are rows of the table as it comes"),
        f"Scatter of {len(points)} systems, utility to the right, privacy up. On the Pareto front: {best}.",
        (6.4, 4.4) if len(points) <= NAMED else (10, 7),
        drawing,
        (
            *("number", "team", "system", "utility", "utility_low", "utility_high"),
            *("auc", "auc_low", "auc_high", "pareto", "ranked"),
        ),
        rows,
    )


def stability(board: Board, track: str, *, higher_is_better: bool) -> Plot | None:
    """Draw the ranks of each system over the draws as blobs (challengeR's figure); None for one system."""
    places = board.ranked
    if len(places) < 2:
        return None
    drawn = ranks(board.draws, higher_is_better=higher_is_better)
    shares = np.array([(drawn == rank).mean(axis=1) for rank in range(1, len(places) + 1)]).T

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        part = shares / shares.max(axis=1, keepdims=True)
        row, rank = np.nonzero(part >= BLOBS[0])
        size = np.searchsorted(BLOBS, part[row, rank], side="right") - 1
        for level in np.unique(size):
            own = size == level
            axes.scatter(rank[own] + 1, row[own], s=170 * BLOBS[level], color=SERIES[0], alpha=0.55, lw=0)
        low, high = (np.array([getattr(place, end) for place in places]) for end in ("low", "high"))
        axes.hlines(np.arange(len(places)), low, high, color=INK, linewidth=1)
        own_rank = [place.rank or 0 for place in places]
        axes.plot(own_rank, np.arange(len(places)), "|", color=INK, markersize=10, markeredgewidth=2)
        _systems(axes, places)
        axes.set_xlim(0.4, len(places) + 0.6)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("rank by AUC of the strongest attacker")

    rows = [
        (place.entry.team, place.entry.system, rank + 1, float(shares[i, rank]))
        for i, place in enumerate(places)
        for rank in np.flatnonzero(shares[i])
    ]
    first = ", ".join(_name(place.entry) for i, place in enumerate(places) if shares[i, 0] >= 0.05)
    return draw(
        f"{track}_ranks",
        "Stability of ranks: the larger a blob, the likelier that rank of a system; bar: middle 95 %",
        f"Ranks of {len(places)} systems over draws of subjects. First in at least 5 % of draws: {first}.",
        (6.2, 0.26 * len(places) + 1),
        drawing,
        ("team", "system", "rank", "share_of_draws"),
        rows,
    )


def significance(board: Board, track: str, *, higher_is_better: bool) -> Plot | None:
    """Draw which systems the data tell apart; None for a single system."""
    places, p = board.ranked, board.p_holm
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
        axes.set_xticks(np.arange(len(places)), [str(i) for i in range(1, len(places) + 1)])
        axes.set_xlabel("compared with")
        axes.broken_barh([(0, 0)], (0, 0), facecolor=GOOD, alpha=0.75, label="better")
        axes.broken_barh([(0, 0)], (0, 0), facecolor=BAD, alpha=0.75, label="worse")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)

    pairs = [(i, j) for i in range(len(places)) for j in range(i + 1, len(places))]
    rows = [
        (_name(places[i].entry), _name(places[j].entry), float(value[i] - value[j]), float(p[i, j]))
        for i, j in pairs
    ]
    apart = sum(p[i, j] < ALPHA for i, j in pairs)
    return draw(
        f"{track}_significance",
        "Who is told apart: the row is better or worse than the column (5 %, Holm over all pairs)",
        f"{apart} of {len(pairs)} pairs of systems are told apart.",
        (0.24 * len(places) + 3, 0.24 * len(places) + 1.1),
        drawing,
        ("first", "second", "auc_difference", "p_holm"),
        rows,
    )


def forest(entry: Entry, name: str) -> Plot | None:
    """Draw the AUC of every attacker on one system with its interval; None for a track without attackers."""
    shown = [result for result in entry.results if result.trial_list == "all"]
    if len(shown) < 2:
        return None

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        for rates, colour, marker in ((True, SERIES[0], "o"), (False, MUTED, "x")):
            own = [i for i, result in enumerate(shown) if result.rates == rates]
            if own:
                _intervals(axes, [shown[i].figures["auc"] for i in own], own, colour, marker)
        axes.set_yticks(range(len(shown)), [f"{r.name} · {r.level}" for r in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(0, 1)
        axes.set_xlabel("AUC on all trials (o: rates, x: does not)")
        chance(axes)

    rows = []
    for r in shown:
        auc = r.figures["auc"]
        rows.append((r.name, r.level, "yes" if r.rates else "no", auc.value, auc.low, auc.high))
    best = entry.strongest()
    return draw(
        name,
        "Every attacker, with 95 % intervals; the dashed line is chance",
        f"AUC of {len(shown)} attackers. Strongest: {best.name}, {best.level}, {best.figures['auc']:.2f}.",
        (5.6, 0.25 * len(shown) + 0.9),
        drawing,
        ("attacker", "level", "rates", "auc", "auc_low", "auc_high"),
        rows,
    )


def _intervals(axes: Axes, values: Sequence[Estimate], rows: Sequence[int], colour: str, marker: str) -> None:
    middle = np.array([one.value for one in values])
    ends = np.array([[one.low, one.high] for one in values]).T
    reach = np.maximum([middle - ends[0], ends[1] - middle], 0)
    axes.errorbar(middle, rows, xerr=reach, fmt=marker, color=colour, capsize=2, markersize=5, linewidth=1.4)


def _ellipse(axes: Axes, point: _Point, alpha: float) -> None:
    x, y = point.utility, point.privacy
    colour = SERIES[0] if point.place.rank is not None else MUTED
    axes.add_patch(
        Ellipse(
            ((x.low + x.high) / 2, (y.low + y.high) / 2),
            x.high - x.low,
            y.high - y.low,
            facecolor=colour,
            edgecolor=colour,
            alpha=alpha,
        )
    )
    face = SERIES[0] if point.place.rank is not None else PAPER
    axes.plot(x.value, y.value, "o", markersize=6, markerfacecolor=face, markeredgecolor=colour)


def _name_beside(axes: Axes, points: Sequence[_Point]) -> None:
    """Name points in a column beside the axes, each with a line to it: names never cover each other."""
    gap = 0.06  # of the height, what a line of text takes
    ordered = sorted(points, key=lambda p: -p.privacy.value)  # from below
    bottom, top = axes.get_ylim()
    heights = np.array([(p.privacy.value - bottom) / (top - bottom) for p in ordered])
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    heights -= max(heights[-1] - 1, 0)
    for i in range(len(heights) - 2, -1, -1):
        heights[i] = min(heights[i], heights[i + 1] - gap)
    for point, height in zip(ordered, heights, strict=True):
        axes.annotate(
            _short(point.place.entry),
            (point.utility.value, point.privacy.value),
            (1.04, height),
            xycoords="data",
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkB": 4},
        )


def _around(points: Sequence[_Point]) -> tuple[float, float]:
    ends = [end for p in points for end in (p.privacy.low, p.privacy.high, p.privacy.value, 0.5)]
    return max(min(ends) - 0.04, -0.02), min(max(ends) + 0.04, 1.02)


def _runs(mask: np.ndarray) -> list[tuple[float, int]]:
    """Return where runs of True begin, half a cell before, and how long they are."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(float(a) - 0.5, int(b - a)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _systems(axes: Axes, places: Sequence[Place]) -> None:
    labels = [f"{_short(place.entry)}  {i}" for i, place in enumerate(places, start=1)]
    axes.set_yticks(range(len(places)), labels)
    axes.set_ylim(len(places) - 0.4, -0.6)


def _name(entry: Entry) -> str:
    return f"{entry.team}/{entry.system}"


def _short(entry: Entry) -> str:
    return entry.system if len(entry.system) <= 24 else entry.system[:23] + "…"
