"""The tables of a leaderboard, made once and shown as Markdown and as HTML."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mriprivacy.challenge.entry.entry import (
    CANNOT_TELL,
    CHOSEN,
    DEFACED_SCANS,
    EVERY_LEVEL,
    IMAGE_LISTS,
    ORACLE,
    ORIGINAL_TOO,
    Entry,
    Result,
)
from mriprivacy.challenge.entry.ranked_by import RankedBy
from mriprivacy.challenge.leaderboard.best_known import marks
from mriprivacy.challenge.leaderboard.standings import FRONT, OPEN, Board, Place
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.data_prep.formats.tables.foreign_text import one_line

PARTS = ("all", CHOSEN, *IMAGE_LISTS)  # lists of everybody; all others are of a part of the people


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table.

    Attributes
    ----------
    text : str
        As shown.
    key : float or None
        What a column is sorted by; None sorts by text, and `nan` last.
    entry : str
        `Entry.path` of the entry it names, for a link; empty for none.
    """

    text: str
    key: float | None = None
    entry: str = ""


@dataclass(frozen=True)
class BoardTable:
    """Rows under a header, and the name the table is kept under as a file."""

    name: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold figures: they are aligned to the right and sorted by value."""
        columns = range(len(self.header))
        return [not self.rows or any(row[i].key is not None for row in self.rows) for i in columns]

    def tsv(self) -> str:
        """Return the table as tab-separated text, cells as shown."""
        return tsv(self.header, [[cell.text for cell in row] for row in self.rows])


def defacing(board: Board) -> BoardTable:
    """Return the ranking of defacing systems."""
    others = [name for name in ("auc", "eer", "linkability") if name != board.by.name]
    header = (
        "ranks",
        "system",
        f"{board.by.short} {board.by.arrow('defacing')}",
        "utility ↑",
        "Pareto",
        "strongest attacker",
        *(_HEADS[name] for name in others),
        "AUC, ignorant only ↓",
        "FTA",
        "brain gate",
    )
    rows = []
    for place in board.places:
        entry, best = place.entry, place.entry.strongest()
        rows.append(
            (
                *_first(place, board.by),
                estimate(entry, "utility", ".3f"),
                Cell(place.front, {FRONT: 0, OPEN: 1}.get(place.front, 2)),
                Cell(f"{best.attacker} {marks(entry)}".strip()),
                *(figure(name, best) for name in others),
                figure("auc", entry.strongest_of("ignorant")),
                _fta(best),
                Cell(gate(entry)),
            )
        )
    table = _with_presence(
        BoardTable("defacing", "Defacing systems, ranked", header, tuple(rows)), board.places
    )
    strongest = [place.entry.strongest() for place in board.places]
    return _dated(with_identity(table, strongest, {"identity ↓": "identity"}), board)


_HEADS = {"auc": "AUC ↓", "eer": "EER % ↑", "linkability": "linkability ↓"}


def attack(board: Board) -> BoardTable:
    """Return the ranking of attacks."""
    others = [name for name in ("auc", "eer", "linkability", "rank1") if name != board.by.name]
    heads = {"auc": "AUC ↑", "eer": "EER % ↓", "linkability": "linkability ↑", "rank1": "rank-1 ↑"}
    header = (
        "ranks",
        "system",
        f"{board.by.short} {board.by.arrow('attack')}",
        *(heads[name] for name in others),
        "AUC, matched non-mated ↑",
    )
    rows = []
    for place in board.places:
        best = place.entry.strongest()
        matched = next((r for r in place.entry.results if r.trial_list == "matched"), None)
        rows.append(
            (*_first(place, board.by), *(figure(name, best) for name in others), figure("auc", matched))
        )
    return _dated(BoardTable("attack", "Attacks, ranked", header, tuple(rows)), board)


def attributes(entries: Iterable[Entry]) -> BoardTable:
    """Return what submitted predictions of attributes reached."""
    header = ("system", "attribute", "accuracy ↑", "balanced accuracy ↑", "gain over the majority guess ↑")
    names = ("accuracy", "balanced_accuracy", "gain")
    rows = [
        (system(entry), Cell(result.name), *(figure(name, result) for name in names))
        for entry in sorted(entries, key=lambda entry: entry.path)
        for result in entry.results
    ]
    return BoardTable("attributes", "Attributes predicted from scans", header, tuple(rows))


def read(entries: Sequence[Entry]) -> BoardTable:
    """Return what is read of people from defaced scans; of several attacks the one that gains most."""
    rows = []
    for entry in entries:
        cells = [system(entry)]
        for attribute in Attributes._fields:
            best = _most_read(entry, attribute, "gain")
            cells += [figure("accuracy", best), figure("gain", best)]
        best = _most_read(entry, "age", "gain_years")
        rows.append((*cells, figure("mae_years", best), figure("gain_years", best)))
    header = [f"{attribute}: {what} ↓" for attribute in Attributes._fields for what in ("accuracy", "gain")]
    header += ["age: error, years ↑", "age: gain, years ↓"]
    caption = "Sex, age group, ethnicity and age as predicted from defaced scans"
    return BoardTable("attributes_read", caption, ("system", *header), tuple(rows))


def _most_read(entry: Entry, attribute: str, gain: str) -> Result | None:
    found = [r for r in entry.results if r.trial_list == DEFACED_SCANS and r.name.endswith(f"+{attribute}")]
    return max(found, key=lambda r: r.figures[gain].value, default=None)


def attackers(entries: Sequence[Entry]) -> BoardTable:
    """Return every attacker on every defacing system, and whether the system is rated by it."""
    names = ("eer", "auc", "linkability", "people_found_any", "people_found_all")
    header = (
        *("system", "attacker", "level", "EER %", "AUC", "linkability"),
        *("people linked at FMR 1 %", "in every trial", "rates"),
    )
    rows = [
        (
            system(entry),
            Cell(r.name),
            Cell(r.level),
            *(figure(name, r) for name in names),
            Cell("reference" if r.level == ORACLE else "yes" if r.rates else "no"),
        )
        for entry in entries
        for r in entry.results
        if r.trial_list == "all"
    ]
    return BoardTable("attackers", "Every attacker, on all trials", header, tuple(rows))


def by_attacker(entries: Sequence[Entry]) -> BoardTable:
    """Return the AUC of every attacker on every defacing system, an attacker a row."""
    shown = [{str(r.attacker): r for r in entry.results if r.trial_list == "all"} for entry in entries]
    names = dict.fromkeys(name for results in shown for name in results)
    rows = [(Cell(name), *(judged("auc", results.get(name)) for results in shown)) for name in names]
    caption = "AUC of every attacker, on all trials (×: failed the audit or no attacker, does not count)"
    header = ("attacker", *(system(entry).text for entry in entries))
    return BoardTable("by_attacker", caption, header, tuple(rows))


def groups(entries: Sequence[Entry]) -> BoardTable:
    """Return the AUC of each level's strongest attacker on the trial lists of a part of the people."""
    lists = dict.fromkeys(r.trial_list for e in entries for r in e.results if r.trial_list not in PARTS)
    rows = []
    for entry in entries:
        for best in [*filter(None, map(entry.strongest_of, EVERY_LEVEL))] or [entry.strongest()]:
            found = {r.trial_list: r for r in entry.results if r.attacker == best.attacker}
            shown = (figure("auc", found.get(name)) for name in lists)
            rows.append((system(entry), Cell(str(best.attacker)), *shown))
    caption = "AUC of the strongest attacker of each level by group"
    return BoardTable("groups", caption, ("system", "attacker", *lists), tuple(rows))


def system(entry: Entry) -> Cell:
    """Name an entry."""
    return Cell(f"{entry.team}/{entry.system}", entry=entry.path)


def figure(name: str, result: Result | None) -> Cell:
    """Show a figure of a result with its interval; EER in percent."""
    if result is None or name not in result.figures:
        return Cell("n/a", float("nan"))  # no such figure, or so few people that it is not defined
    one = result.figures[name]
    if name == "eer":
        one = replace(one, value=100 * one.value, low=100 * one.low, high=100 * one.high)
        return Cell(f"{one:.1f}" if one.bounded else f"{one.value:.1f} [n/a]", result.figures[name].value)
    return Cell(f"{one:.2f}" if one.bounded else f"{one.value:.2f} [n/a]", one.value)


def judged(name: str, result: Result | None) -> Cell:
    """Show a figure of an attacker, with a × where it does not count."""
    shown = figure(name, result)
    return shown if result is None or result.rates else Cell(f"{shown.text} ×", shown.key)


def estimate(entry: Entry, name: str, form: str) -> Cell:
    """Show a figure of an entry's utility."""
    if name not in entry.utility:
        return Cell("n/a", float("nan"))
    return Cell(f"{entry.utility[name]:{form}}", entry.utility[name].value)


def gate(entry: Entry) -> str:
    """Say how a defacing system fared at the brain gate."""
    if not entry.gate:
        return "not applied"
    passed, scans = entry.gate.passed, entry.gate.scans
    if entry.gate.unchanged == scans:
        return "unchanged"
    return "passed" if passed == scans else f"failed on {scans - passed}/{scans}"


def _first(place: Place, metric: RankedBy) -> tuple[Cell, Cell, Cell]:
    """Return the set of ranks, the system, and the figure it is ranked by."""
    by = metric.estimate(place.entry)
    key = float("nan") if place.low is None or place.high is None else place.low + place.high / 1000
    return Cell(place.ranks, key), system(place.entry), Cell(f"{by:.2f}", by.value)


def with_identity(
    table: BoardTable, results: Sequence[Result | None], columns: Mapping[str, str]
) -> BoardTable:
    """Add columns of doppelgangers after the AUC, a result a row, where any result has the figures.

    Parameters
    ----------
    table : BoardTable
        With a column whose header begins with AUC.
    results : sequence of Result or None
        Of its rows.
    columns : mapping from header to name of a figure
        To add.
    """
    if not any(result and name in result.figures for result in results for name in columns.values()):
        return table
    after = 1 + next(i for i, head in enumerate(table.header) if head.startswith("AUC"))
    rows = [
        (*row[:after], *(figure(name, result) for name in columns.values()), *row[after:])
        for row, result in zip(table.rows, results, strict=True)
    ]
    header = (*table.header[:after], *columns, *table.header[after:])
    return replace(table, header=header, rows=tuple(rows))


def _with_presence(table: BoardTable, places: Sequence[Place]) -> BoardTable:
    """Add in how many scans it is unknown whether a face is left, where any entry says so."""
    if not any(place.entry.presence for place in places):
        return table
    cells = [_cannot_tell(place.entry) for place in places]
    rows = tuple((*row, cell) for row, cell in zip(table.rows, cells, strict=True))
    return replace(table, header=(*table.header, "cannot tell"), rows=rows)


def _cannot_tell(entry: Entry) -> Cell:
    if not entry.presence:
        return Cell("n/a", float("nan"))
    scans = sum(n for verdict, n in entry.presence.items() if verdict != ORIGINAL_TOO)
    failed = entry.presence.get(CANNOT_TELL, 0)
    return Cell(f"{failed}/{scans}", failed / max(scans, 1))


def _dated(table: BoardTable, board: Board) -> BoardTable:
    """Add the days on which submissions were accepted, where any is known."""
    days = [place.entry.received for place in board.places]
    if not any(days):
        return table
    rows = [(*row, Cell(day or "n/a")) for row, day in zip(table.rows, days, strict=True)]
    return replace(table, header=(*table.header, "received"), rows=tuple(rows))


def _fta(result: Result) -> Cell:
    failed, probes = result.counts["failures_to_acquire"], result.counts["probes"]
    flat = result.counts.get("without_nose", 0)
    return Cell(f"{failed}/{probes}" + (f" ({flat} flat)" if flat else ""), failed / max(probes, 1))


def tsv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    r"""Return rows as tab-separated text, floats to six digits, nothing in a cell that ends it.

    Examples
    --------
    >>> tsv(["a", "b"], [[1 / 3, "x"]])
    'a\tb\n0.333333\tx\n'
    """
    lines = [[_cell(value) for value in row] for row in (header, *rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _cell(value: object) -> str:
    if value is None or value != value:
        return "n/a"
    return f"{value:.6g}" if isinstance(value, float) else one_line(" ".join(str(value).split()))
