"""Every figure of entries in one long table: a row each, for pandas and spreadsheets."""

import csv
import io
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.scoring import Estimate

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("edition", "track", "team", "system"),
    *("attacker", "level", "trial_list", "counts_for_rank"),
    *("metric", "value", "low", "high", "n", "signature"),
)
Row = tuple[str | bool | float | int, ...]


def read_figures(folder: Path | str) -> "pd.DataFrame":
    """Read every figure of every entry below a folder.

    Parameters
    ----------
    folder : Path or str
        Of entries, as `evaluate` writes them.

    Returns
    -------
    DataFrame
        With `COLUMNS`; NaN where a value or an interval is not known. Figures of a system that are no
        attacker's (utility, what is kept of faces) have an empty `attacker`.

    Raises
    ------
    UserError
        If there is no entry, or with one line for each file that is none.

    Examples
    --------
    >>> found = read_figures("entries")  # doctest: +SKIP
    >>> found.query("metric == 'auc' and trial_list == 'all'").groupby("system").value.max()  # doctest: +SKIP
    """
    import pandas as pd

    return pd.DataFrame(figures(read_entries(Path(folder))), columns=list(COLUMNS))


def figures(entries: Iterable[Entry]) -> list[Row]:
    """Return a row of `COLUMNS` for every figure."""
    return [row for entry in entries for row in _of(entry)]


def as_csv(entries: Iterable[Entry]) -> str:
    """Return the same as CSV with a header, every digit; empty where a figure is not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(value) for value in row] for row in figures(entries))
    return text.getvalue().rstrip("\n")


def _of(entry: Entry) -> Iterator[Row]:
    own = (entry.edition, entry.track, entry.team, entry.system)
    for result in entry.results:
        who = (result.name, result.level, result.trial_list, result.rates)
        for metric, one in result.figures.items():
            yield (*own, *who, metric, *_parts(one), result.signature)
    for metric, one in {**entry.utility, **entry.face}.items():
        yield (*own, "", "", "", False, metric, *_parts(one), "")


def _parts(one: Estimate) -> tuple[float, float, float, int]:
    return one.value, one.low, one.high, one.n


def _cell(value: str | bool | float) -> str | bool | float:
    return "" if isinstance(value, float) and math.isnan(value) else value
