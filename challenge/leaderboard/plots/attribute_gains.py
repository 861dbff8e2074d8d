"""What attributes are predicted from the scans of one system, as a picture: gains over guessing."""

from matplotlib.figure import Figure

from mriprivacy.challenge.entry.entry import AGE, IMAGE_LISTS, Entry, Result
from mriprivacy.challenge.leaderboard.plots.forest import draw_intervals
from mriprivacy.challenge.leaderboard.plots.plot import SERIES, Plot, chance, draw, height, panels_of_rows
from mriprivacy.challenge.leaderboard.system_tables import READ_FROM

# Figures that share an axis, by its label; both are 0 for a guess.
SHARES = "gain in accuracy; 0: a guess"
YEARS = "gain in years; 0: a guess"


def attribute_gains(entry: Entry, name: str) -> Plot | None:
    """Draw the gain of every classifier over guessing, with its interval; None where none was scored.

    Parameters
    ----------
    entry : Entry
        Of any track.
    name : str
        Of the plot.
    """
    panels: dict[str, list[Result]] = {}
    for result in entry.results:
        if result.trial_list in IMAGE_LISTS and _gain(result) in result.figures:
            panels.setdefault(YEARS if result.name.endswith(AGE) else SHARES, []).append(result)
    if not panels:
        return None

    def drawing(figure: Figure) -> None:
        labels = [[f"{r.name} · {READ_FROM[r.trial_list]}" for r in own] for own in panels.values()]
        made = panels_of_rows(figure, labels)
        for axes, (scale, own) in zip(made, panels.items(), strict=True):
            values = [r.figures[_gain(r)] for r in own]
            draw_intervals(axes, values, range(len(own)), SERIES[0], "o")
            chance(axes, 0.0)
            axes.set_xlabel(scale)

    rows = [
        (r.name, READ_FROM[r.trial_list], _gain(r), one.value, one.low, one.high, one.n)
        for own in panels.values()
        for r in own
        for one in [r.figures[_gain(r)]]
    ]
    best = max(rows, key=lambda row: (row[2] == "gain", row[3]))
    return draw(
        name,
        "What is predicted better than by a guess (dashed), with 95 % intervals",
        f"Gains of {len(rows)} classifiers. Largest: {best[0]} from {best[1]}, {best[3]:.2f}.",
        (5.6, height([len(own) for own in panels.values()])),
        drawing,
        ("attribute", "predicted_from", "measure", "value", "low", "high", "subjects"),
        rows,
        layout=None,
    )


def _gain(result: Result) -> str:
    return "gain" if "gain" in result.figures else "gain_years"
