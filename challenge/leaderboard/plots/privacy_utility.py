"""Privacy against utility."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from mriprivacy.challenge.leaderboard.plots.plot import MUTED, PAPER, SERIES, Plot, chance, draw
from mriprivacy.challenge.leaderboard.plots.ranks import name, short
from mriprivacy.challenge.leaderboard.standings import FRONT, Board, Place
from mriprivacy.scoring import Estimate

NAMED = 12  # systems that are named; of more the rank is shown
SHOWN = 0.05  # of utility at the least: closer systems are alike, and shall look so


@dataclass(frozen=True)
class _Point:
    place: Place
    privacy: Estimate
    utility: Estimate


def scatter(board: Board) -> Plot | None:
    """Draw privacy against utility, each system with an ellipse of its intervals; None without utility."""
    points = [
        _Point(place, board.by.estimate(place.entry), place.entry.utility["utility"])
        for place in board.places
        if "utility" in place.entry.utility
    ]
    if not points:
        return None

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        front = sorted((p for p in points if p.place.front == FRONT), key=lambda p: p.utility.value)
        if front:
            x = [p.utility.value for p in front]
            y = [p.privacy.value for p in front]
            axes.step(x, y, where="pre", color=SERIES[3], linewidth=1.5, label=f"Pareto front {FRONT}")
        for point in points:
            _ellipse(axes, point, 0.16 if len(points) <= NAMED else 0.05)
        axes.scatter([], [], s=30, color=SERIES[0], label="ranked")
        axes.scatter([], [], s=30, facecolor=PAPER, edgecolor=MUTED, label="not ranked")
        chance(axes, board.by.chance, horizontal=True)
        axes.set(xlim=across([p.utility for p in points]), ylim=_around(points, board.by.chance))
        if len(points) <= NAMED:
            _name_beside(axes, points)
        else:
            for p in points:
                at = (p.utility.value, p.privacy.value)
                axes.annotate(str(p.place.rank or ""), at, (4, 3), textcoords="offset points", fontsize=8)
        begins = "; the axis does not begin at 0" if axes.get_xlim()[0] > 0 else ""
        axes.set_xlabel(f"utility (1: nothing lost{begins}) →")
        axes.set_ylabel(f"{board.by.short} ↑ private")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)

    rows = [
        (
            p.place.rank,
            p.place.entry.team,
            p.place.entry.system,
            *(p.utility.value, p.utility.low, p.utility.high),
            *(p.privacy.value, p.privacy.low, p.privacy.high),
            p.place.front or "no",
        )
        for p in points
    ]
    best = ", ".join(name(p.place.entry) for p in points if p.place.front == FRONT) or "none"
    return draw(
        "privacy_utility",
        "Privacy against utility; ellipses are 95 % intervals, the dashed line is chance"
        + ("" if len(points) <= NAMED else "; numbers are ranks"),
        f"Scatter of {len(points)} systems, utility to the right, privacy up. On the Pareto front: {best}.",
        (6.4, 4.4) if len(points) <= NAMED else (10, 7),
        drawing,
        (
            *("rank", "team", "system", "utility", "utility_low", "utility_high"),
            *(board.by.name, f"{board.by.name}_low", f"{board.by.name}_high", "pareto"),
        ),
        rows,
    )


def across(utilities: Sequence[Estimate]) -> tuple[float, float]:
    """Return where the axis of utility begins and ends: around all intervals, never less than `SHOWN`.

    Examples
    --------
    >>> [round(end, 3) for end in across([Estimate(0.98, 0.96, 1, 9), Estimate(0.7, 0.5, 0.8, 9)])]
    [0.47, 1.03]
    >>> nan = float("nan")
    >>> across([Estimate(0.5, nan, nan, 1)]) == across([Estimate(0.5, 0.5, 0.5, 1)])
    True
    """
    ends = [end for one in utilities for end in (one.low, one.high, one.value) if not isnan(end)]
    low, high = min(ends), max(ends)
    margin = max(0.06 * (high - low), (SHOWN - (high - low)) / 2)
    return low - margin, high + margin


def _ellipse(axes: Axes, point: _Point, alpha: float) -> None:
    x, y = point.utility, point.privacy
    colour = SERIES[0] if point.place.rank is not None else MUTED
    if x.bounded and y.bounded:
        middle = (x.low + x.high) / 2, (y.low + y.high) / 2
        size = x.high - x.low, y.high - y.low
        axes.add_patch(Ellipse(middle, *size, facecolor=colour, edgecolor=colour, alpha=alpha))
    face = SERIES[0] if point.place.rank is not None else PAPER
    axes.plot(x.value, y.value, "o", markersize=6, markerfacecolor=face, markeredgecolor=colour)


def _name_beside(axes: Axes, points: Sequence[_Point]) -> None:
    """Name points in a column beside the axes, each with a line to it: names never cover each other."""
    gap = 0.06  # of the height, what a line of text takes
    ordered = sorted(points, key=lambda p: p.privacy.value, reverse=True)
    bottom, top = axes.get_ylim()
    heights = np.array([(p.privacy.value - bottom) / (top - bottom) for p in ordered])
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    heights -= max(heights[-1] - 1, 0)
    for i in range(len(heights) - 2, -1, -1):
        heights[i] = min(heights[i], heights[i + 1] - gap)
    for point, height in zip(ordered, heights, strict=True):
        axes.annotate(
            short(point.place.entry),
            (point.utility.value, point.privacy.value),
            (1.04, height),
            xycoords="data",
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkB": 4},
        )


def _around(points: Sequence[_Point], chance: float) -> tuple[float, float]:
    """Return the lower and the upper end of the axis of privacy: more private is up."""
    ends = [end for p in points for end in (p.privacy.low, p.privacy.high, p.privacy.value) if not isnan(end)]
    ends.append(chance)
    low, high = max(min(ends) - 0.04, -0.02), min(max(ends) + 0.04, 1.02)
    return high, low
