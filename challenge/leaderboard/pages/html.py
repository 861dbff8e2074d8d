"""Pages from templates: what a participant wrote is escaped, and nothing is asked of the network."""

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from mriprivacy.challenge.leaderboard.tables import BoardTable, Cell
from mriprivacy.data_prep.formats.tables.foreign_text import visible

# Nothing but what is in the page itself, should anything else ever get into one.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mriprivacy.challenge.leaderboard"),
        autoescape=select_autoescape(["html"], default=True),
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loader = environment.loader
    assert loader is not None
    environment.globals |= {
        "policy": POLICY,
        "key": _key,
        "named": _named,
        "style": Markup(loader.get_source(environment, "style.css")[0]),
        "script": Markup(loader.get_source(environment, "table.js")[0]),
    }
    environment.filters |= {"prose": prose, "stacked": stacked, "breakable": breakable, "unbroken": unbroken}
    return environment


def _seen(value: Any) -> Any:
    """Return what is put into a page, with nothing in it that hides; a page's own markup as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _text(text: str) -> Markup:
    """Return text as markup that shows it."""
    return escape(_seen(text))


def prose(text: str) -> Markup:
    """Return text with what stands between backticks as code.

    Examples
    --------
    >>> prose("`a < b` & c")
    Markup('<code>a &lt; b</code> &amp; c')
    """
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(_seen(part)) if i % 2 else _text(part)
        for i, part in enumerate(parts)
    )


def breakable(text: str) -> Markup:
    """Return text that may be broken behind a slash or a plus between two names.

    Examples
    --------
    >>> breakable("geo+raw/informed")
    Markup('geo+<wbr>raw/<wbr>informed')
    >>> breakable("+0.12")
    Markup('+0.12')
    """
    return Markup("<wbr>").join(_text(part) for part in re.split(r"(?<=/)|(?<=[\w)]\+)(?=[a-z])", text))


def unbroken(text: str) -> str:
    r"""Return text in which no line ends inside an interval.

    Examples
    --------
    >>> unbroken("0.17 [0.01, 0.60]").replace("\N{NO-BREAK SPACE}", "_")
    '0.17 [0.01,_0.60]'
    """
    return re.sub(r"(\[[^\s\]]+,) (?=[^\s\]]+\])", "\\1\N{NO-BREAK SPACE}", text)


def stacked(text: str) -> Markup:
    """Return a cell whose interval or remark in brackets goes below its figure: columns stay narrow.

    Examples
    --------
    >>> stacked("0.71 [0.53, 0.85] ×")
    Markup('0.71 × <span class="below">[0.53, 0.85]</span>')
    >>> stacked("links undefaced scans (AUC above .5)")
    Markup('links undefaced scans (AUC above .5)')
    """
    found = re.fullmatch(r"(\S+) (\[[^\]]*\]|\([^)]*\))( ×)?", text)
    if not found:
        return breakable(text)
    return Markup('{} <span class="below">{}</span>').format(
        _seen(found[1] + (found[3] or "")), _seen(found[2])
    )


def page(template: str, **context: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        One of `challenge/pages/templates`.
    **context
        What it names; a name it lacks is an error.
    """
    return _environment().get_template(template).render(**context).rstrip() + "\n"


def _key(cell: Cell) -> str:
    """Return what a cell is sorted by; empty for a figure that is not available."""
    return "" if cell.key is None or cell.key != cell.key else f"{cell.key:.4g}"


def _named(table: BoardTable) -> int:
    """Return the column that names a row: the one with a system, or else the first."""
    first = table.rows[0] if table.rows else ()
    return next((i for i, cell in enumerate(first) if cell.entry), 0)
