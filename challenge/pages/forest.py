"""Every attacker on one system."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from challenge.entry import Entry
from challenge.pages.plot import MUTED, SERIES, Plot, chance, draw
from scoring import Estimate


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
