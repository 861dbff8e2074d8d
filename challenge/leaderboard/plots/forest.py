"""Every attacker on one system, and everything that it costs: a row each, with its interval."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.leaderboard.plots.plot import (
    MUTED,
    SERIES,
    Plot,
    chance,
    draw,
    height,
    panels_of_rows,
)
from mriprivacy.scoring import Estimate

# Measures of utility that share an axis, by what its label says.
SCALES: dict[str, Callable[[str], bool]] = {
    "1: nothing lost; the axis does not begin at 0": lambda measure: measure in ("utility", "brain_dice"),
    "share of the original's; 0: nothing changed": lambda measure: (
        measure.endswith(("_change", "_bias")) or measure == "failed"
    ),
    "mm; 0: nothing moved": lambda measure: measure == "displacement_mm",
    "times the difference of two sessions": lambda measure: measure.endswith("_vs_rescan"),
}


def forest(entry: Entry, name: str) -> Plot | None:
    """Draw the AUC of every attacker on one system with its interval; None for a track without attackers."""
    shown = [result for result in entry.results if result.trial_list == "all"]
    if len(shown) < 2 or entry.track == "attributes":
        return None
    names = [f"{r.name} · {r.level}" for r in shown]

    def drawing(figure: Figure) -> None:
        (axes,) = panels_of_rows(figure, [names])
        for rates, colour, marker in ((True, SERIES[0], "o"), (False, MUTED, "x")):
            own = [i for i, result in enumerate(shown) if result.rates == rates]
            if own:
                draw_intervals(axes, [shown[i].figures["auc"] for i in own], own, colour, marker)
        axes.set_xlim(0, 1)
        axes.set_xlabel("AUC on all trials (o: counts, x: does not count)")
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
        (5.6, height([len(names)])),
        drawing,
        ("attacker", "level", "rates", "auc", "auc_low", "auc_high"),
        rows,
        layout=None,
    )


def utility_forest(entry: Entry, name: str) -> Plot | None:
    """Draw every measure of utility with its interval, like scales together; None where none was measured."""
    panels = {
        scale: own
        for scale, belongs in SCALES.items()
        if (own := [measure for measure in entry.utility if belongs(measure)])
    }
    if not panels:
        return None
    count = sum(map(len, panels.values()))

    def drawing(figure: Figure) -> None:
        made = panels_of_rows(figure, list(panels.values()))
        for axes, (scale, own) in zip(made, panels.items(), strict=True):
            draw_intervals(axes, [entry.utility[measure] for measure in own], range(len(own)), SERIES[0], "o")
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.set_xlabel(scale)
            if scale.startswith(("mm", "times")):
                axes.set_xlim(left=0)

    rows = [
        (measure, scale, one.value, one.low, one.high, one.n)
        for scale, own in panels.items()
        for measure in own
        for one in [entry.utility[measure]]
    ]
    index = f" The index is {entry.utility['utility']:.3f}." if "utility" in entry.utility else ""
    return draw(
        name,
        "What brain analysis still finds, with 95 % intervals",
        f"{count} measures of utility.{index}",
        (5.6, height([len(own) for own in panels.values()])),
        drawing,
        ("measure", "scale", "value", "low", "high", "subjects"),
        rows,
        layout=None,
    )


def draw_intervals(
    axes: Axes, values: Sequence[Estimate], rows: Sequence[int], colour: str, marker: str
) -> None:
    """Draw values with their intervals, each in its row."""
    middle = np.array([one.value for one in values])
    ends = np.array([[one.low, one.high] for one in values]).T
    reach = np.maximum([middle - ends[0], ends[1] - middle], 0)
    axes.errorbar(middle, rows, xerr=reach, fmt=marker, color=colour, capsize=2, markersize=5, linewidth=1.4)
