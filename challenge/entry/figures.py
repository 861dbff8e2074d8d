"""Every figure of entries in one long table: a row each, for pandas and spreadsheets."""

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

    The tutorial for researchers uses it.
    """
    return figures(read_entries(Path(folder)))


def figures(entries: Iterable[Entry]) -> "pd.DataFrame":
    """Return a row of `COLUMNS` for every figure.

    Examples
    --------
    >>> figures([]).columns[:4].tolist()
    ['edition', 'track', 'team', 'system']
    """
    import pandas as pd

    return pd.DataFrame([row for entry in entries for row in _of(entry)], columns=list(COLUMNS))


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
