"""Metrics of a list of scores as a block for the terminal, as JSON, as CSV and as LaTeX."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mriprivacy.scoring import Estimate

FORMATS = ("text", "json", "csv", "latex")
NAMES = {
    "auc": "AUC",
    "eer": "EER",
    "linkability": "linkability",
    "min_cllr": "min Cllr, bit",
    "tmr_at_fmr_1pct": "TMR at FMR 1 %",
    "tmr_at_fmr_01pct": "TMR at FMR 0.1 %",
    "partial_auc": "linked, mean to FMR 10 %",
    "people_found_any": "people linked at FMR 1 %",
    "people_found_all": "people linked in every trial",
    "rank1": "rank-1 of {gallery}",
}
_LATEX = {char: f"\\{char}" for char in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class Block:
    """What a command prints.

    Attributes
    ----------
    above, below : tuple of str
        Lines above and below the table.
    header : tuple of str
        Of the table; empty where there is none.
    rows : tuple of tuple of str
        A metric each; the first cell is its name.
    data : dict
        The same with every digit, for machines.
    """

    above: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    below: tuple[str, ...]
    data: dict[str, Any]

    def show(self, form: str) -> str:
        """Return the block in one of `FORMATS`."""
        return {"text": self.text, "json": self.json, "csv": self.csv, "latex": self.latex}[form]()

    def text(self) -> str:
        """Return lines for a terminal, the columns aligned."""
        widths = [max(len(row[i]) for row in (self.header, *self.rows)) for i in range(len(self.header))]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in ((self.header, *self.rows) if self.header else ())
        ]
        return "\n".join((*self.above, *table, *self.below))

    def json(self) -> str:
        """Return the data as JSON; what is not defined is null."""
        return json.dumps(_defined(self.data), indent=1, ensure_ascii=True, allow_nan=False)

    def csv(self) -> str:
        """Return a row a metric, every digit of each figure; empty cells where it is not defined."""
        metrics = self.data["metrics"]
        columns = dict.fromkeys(key for one in metrics.values() for key in _flat(one))
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("metric", *columns))
        for name, one in metrics.items():
            flat = _flat(one)
            table.writerow((name, *(flat.get(key) for key in columns)))
        return text.getvalue().rstrip("\n")

    def latex(self) -> str:
        """Return a `tabular` of plain LaTeX; the other lines are comments above it."""
        comments = [f"% {line}" for line in (*self.above, *self.below)]
        rows = [" & ".join(map(latex, row)) + r" \\" for row in (self.header, *self.rows)]
        begin = rf"\begin{{tabular}}{{l{'r' * (len(self.header) - 1)}}}"
        middle = [r"\hline", rows[0], r"\hline", *rows[1:], r"\hline"]
        return "\n".join([*comments, begin, *middle, r"\end{tabular}"])


def interval(one: Estimate, form: str = ".3f") -> str:
    """Return the interval of a figure; `n/a` where there is none.

    Examples
    --------
    >>> interval(Estimate(0.5, 0.4, 0.6, 9)), interval(Estimate(0.5, float("nan"), float("nan"), 9))
    ('[0.400, 0.600]', 'n/a')
    """
    ends = (one.low, one.high)
    return "n/a" if any(map(math.isnan, ends)) else f"[{one.low:{form}}, {one.high:{form}}]"


def number(value: float, form: str = ".3f") -> str:
    """Return a figure; `n/a` where it is not defined."""
    return "n/a" if math.isnan(value) else f"{value:{form}}"


def missing(estimates: Mapping[str, Estimate]) -> tuple[str, ...]:
    """Return a line for every cause for which metrics have no value, by their labels.

    Examples
    --------
    >>> nan = float("nan")
    >>> missing({"TMR": Estimate(nan, nan, nan, 9, "1,000 non-mated trials, the list has 72")})
    ('no TMR: needs 1,000 non-mated trials, the list has 72',)
    """
    lacking = {label: one.needs for label, one in estimates.items() if not one.known}
    return tuple(
        f"no {', '.join(label for label, other in lacking.items() if other == needs)}: needs {needs}"
        for needs in dict.fromkeys(lacking.values())
    )


def latex(text: str) -> str:
    r"""Escape text for LaTeX.

    Examples
    --------
    >>> latex("a_b 1 %")
    'a\\_b 1 \\%'
    """
    return "".join(_LATEX.get(char, char) for char in text)


def notes(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return warnings as notes, each cause once."""
    return tuple(f"note: {' '.join(text.split())}" for text in dict.fromkeys(warnings))


def _flat(figures: Mapping[str, Any], of: str = "") -> dict[str, Any]:
    """Return figures by column, those of a difference as `difference_low` and the like; NaN is empty.

    Examples
    --------
    >>> _flat({"p": 0.1, "difference": {"value": 0.5, "low": float("nan")}})
    {'p': 0.1, 'difference': 0.5, 'difference_low': None}
    """
    found: dict[str, Any] = {}
    for key, value in _defined(figures).items():
        column = of if of and key == "value" else "_".join(filter(None, (of, key)))
        found |= _flat(value, column) if isinstance(value, dict) else {column: value}
    return found


def _defined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _defined(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
