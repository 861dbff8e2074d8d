"""The report as a page: one file that asks nothing of the network."""

from markupsafe import Markup
from matplotlib.figure import Figure

from mriprivacy.challenge.leaderboard.pages.html import page
from mriprivacy.challenge.leaderboard.plots.plot import MUTED, SERIES, Plot, draw
from mriprivacy.challenge.risk.assessment import Assessment
from mriprivacy.challenge.risk.report.risk_sections import NOT_STATED, sections
from mriprivacy.challenge.risk.report.risk_summary import recipient_name

TITLE = "Re-identification risk of defaced head MRI"
_MARKERS = ("o", "s", "^", "D", "v")


def report_page(found: Assessment) -> str:
    """Return the report as HTML."""
    plot = curve(found)
    return page(
        "risk.html",
        title=TITLE,
        release=found.terms.release or NOT_STATED,
        sections=sections(found),
        curve=plot.svg if plot else Markup(),
    )


def curve(found: Assessment) -> Plot | None:
    """Draw the risk over the size of the gallery, by recipient; None where none was tested."""
    if not found.tested:
        return None
    lines = [(recipient_name(one), one.after.curve) for one in found.tested if one.after is not None]

    def drawing(figure: Figure) -> None:
        draw_curve(figure, found, (*SERIES, MUTED))

    rows = [
        (name, point.gallery, *_numbers(point.risk.risk.value, point.risk.risk.low, point.risk.risk.high))
        for name, points in lines
        for point in points
    ]
    return draw(
        "risk-curve",
        "Risk of being found, by size of the gallery",
        f"Risk of being found over the size of the gallery, for {len(lines)} recipients; the table "
        "has the figures.",
        (6.2, 3.4 + 0.2 * len(lines)),
        drawing,
        ("recipient", "gallery", "risk", "low", "high"),
        rows,
    )


def draw_curve(figure: Figure, found: Assessment, colours: tuple[str, ...]) -> None:
    """Draw on a figure, in these colours."""
    axes = figure.add_subplot()
    lines = [(recipient_name(one), one.after.curve) for one in found.tested if one.after is not None]
    sizes = sorted({point.gallery for _, points in lines for point in points})
    for number, (name, points) in enumerate(lines):
        shift = 1 + 0.02 * (number - (len(lines) - 1) / 2)
        x = [point.gallery * shift for point in points]
        values = [100 * point.risk.risk.value for point in points]
        below = [100 * (point.risk.risk.value - point.risk.risk.low) for point in points]
        above = [100 * (point.risk.risk.high - point.risk.risk.value) for point in points]
        axes.errorbar(
            x,
            values,
            [below, above],
            color=colours[number % len(colours)],
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=5,
            linewidth=1.5,
            elinewidth=1,
            capsize=2,
            label=name,
        )
    axes.set_xscale("log")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(-3, 103)
    axes.set_xlabel("people in the gallery (N)")
    axes.set_ylabel("risk beyond the control, %")
    figure.legend(loc="outside lower left", fontsize=8.5)


def _numbers(*values: float) -> tuple[str, ...]:
    return tuple("n/a" if value != value else f"{value:.4f}" for value in values)
