"""Figures for pages: matplotlib's SVG inlined, its colours taken from the page, its data kept beside it.

matplotlib, because it is a dependency already, its SVG needs no script and no network, and is the same bytes
on every run; an interactive library would put megabytes of script into every page.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from mriprivacy.challenge.leaderboard.tables import tsv
from mriprivacy.data_prep.formats.tables.foreign_text import one_line

# Colours that the page sets, light or dark (pages/templates/style.css), by the stand-in they are drawn with.
INK, MUTED, GRID, PAPER = "#010001", "#010002", "#010003", "#010004"
SERIES = ("#010011", "#010012", "#010013", "#010014")
GOOD, BAD = "#010021", "#010022"
_NAMES = {INK: "ink", MUTED: "muted", GRID: "line", PAPER: "paper", GOOD: "good", BAD: "bad"}
_NAMES |= {colour: f"series-{i}" for i, colour in enumerate(SERIES, start=1)}

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: small, searchable, read aloud
    "svg.hashsalt": "mriprivacy",  # ids do not differ between runs
    "text.parse_math": False,  # a $ in a name is a $
    "font.size": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


ROW, BELOW = 0.24, 0.58  # inches: a row of a panel, and what its ticks and label take


@dataclass(frozen=True)
class Plot:
    """A figure and its data.

    Attributes
    ----------
    name : str
        Of its file of data, and of its place on the page.
    title, alt : str
        What it shows; the same in words, for readers who cannot see it.
    svg : Markup
        To be put into a page as it is.
    header : tuple of str
        Columns of the data.
    rows : tuple of tuple
        The data.
    """

    name: str
    title: str
    alt: str
    svg: Markup
    header: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def tsv(self) -> str:
        """Return the data as tab-separated text."""
        return tsv(self.header, self.rows)


def draw(
    name: str,
    title: str,
    alt: str,
    size: tuple[float, float],
    drawing: Callable[[Figure], None],
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    layout: Literal["constrained"] | None = "constrained",
) -> Plot:
    """Draw a figure.

    Parameters
    ----------
    name, title, alt, header, rows
        As in `Plot`.
    size : tuple of float
        Width and height, inches; text is 10 points high.
    drawing : callable
        Draws on a matplotlib figure, in the colours of this module.
    layout : str, optional
        Of matplotlib; None where `drawing` arranges axes itself (`panels_of_rows`).
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout=layout)
        drawing(figure)
        text = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(text, format="svg", metadata=nothing)
    svg = _inline(text.getvalue(), name, one_line(alt))
    return Plot(name, title, alt, svg, tuple(header), tuple(map(tuple, rows)))


def height(panels: Sequence[int]) -> float:
    """Return how high a figure of panels of so many rows is, inches."""
    return sum(ROW * rows + BELOW for rows in panels)


def label(text: str, longest: int = 44) -> str:
    """Return text as a figure has room for.

    Examples
    --------
    >>> label("deepface(Dlib)+raw · informed"), label("x" * 99, longest=4)
    ('deepface(Dlib)+raw · informed', 'xxx…')
    """
    text = one_line(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def panels_of_rows(figure: Figure, panels: Sequence[Sequence[str]]) -> list[Axes]:
    """Put panels of named rows below each other, and return their axes, the first row on top.

    The layout is worked out from the longest name: matplotlib's own takes several times as long as drawing,
    and every system has two such figures.

    Parameters
    ----------
    figure : Figure
        As high as `height` says, and without a layout of matplotlib's.
    panels : sequence of sequence of str
        Names of the rows of each panel.
    """
    small = FontProperties(size=mpl.rcParams["ytick.labelsize"])
    panels = [[label(name) for name in rows] for rows in panels]
    names = [name for rows in panels for name in rows]
    widest = max(text_to_path.get_text_width_height_descent(name, small, ismath=False)[0] for name in names)
    width, tall = figure.get_size_inches()
    left = min((widest + 10) / 72, 0.7 * width)  # the tick and its distance; some letters are very wide
    top, made = tall - 0.05, []
    for rows in panels:
        bottom = top - ROW * len(rows)
        axes = figure.add_axes(
            (left / width, bottom / tall, 1 - (left + 0.15) / width, (top - bottom) / tall)
        )
        axes.yaxis.set_visible(False)  # a tick is five artists, and a board has thousands of rows
        axes.xaxis.set_label_coords(0.5, -0.3 / (ROW * len(rows)))  # or every tick's label is measured for it
        across = axes.get_yaxis_transform()
        axes.hlines(range(len(rows)), 0, 1, transform=across, color=GRID, linewidth=0.8, zorder=0)
        for row, name in enumerate(rows):
            at = (0, row)
            axes.annotate(
                name,
                at,
                (-6, 0),
                xycoords=across,
                textcoords="offset points",
                fontsize=9,
                ha="right",
                va="center",
            )
        axes.set_ylim(len(rows) - 0.4, -0.6)
        made.append(axes)
        top = bottom - BELOW
    return made


def chance(axes: Axes, value: float = 0.5, *, horizontal: bool = False) -> None:
    """Mark where guessing stands."""
    line = axes.axhline if horizontal else axes.axvline
    line(value, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)


def _inline(text: str, name: str, alt: str) -> Markup:
    """Return the SVG of a file as an element of a page: ids its own, colours the page's, text read aloud."""
    text = text[text.index("<svg") :]
    width = re.search(r'<svg[^>]* width="([\d.]+)pt"', text)
    box = re.search(r'viewBox="[^"]*"', text)
    assert width is not None
    assert box is not None
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>|<!--.*?-->", "", body, flags=re.DOTALL)
    # A hundredth of a point is not visible; what labels say stays as it is.
    body = re.sub(r"<[^>]*>", lambda tag: re.sub(r"-?\d+\.\d{3,}", _rounded, tag[0]), body)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', body))
    body = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", body)
    body = body.replace("xlink:href", "href")
    body = re.sub(r"(font(?:-family)?: (?:[\d.]+px )?)'[^;\"]*", r"\1var(--sans)", body)
    body = re.sub(r' transform="rotate\(-?0 [^)]*\)"', "", body)
    for colour, variable in _NAMES.items():
        body = body.replace(colour, f"var(--{variable})")
    points = float(width[1])
    opening = Markup('<svg {} role="img" aria-label="{}" style="width: {}px">').format(
        Markup(box[0]), alt, round(points * 4 / 3)
    )
    return opening + Markup(re.sub(r"\s*\n\s*", "\n", body))


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
