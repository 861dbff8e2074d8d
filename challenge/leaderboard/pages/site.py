"""The site: an overview, a page an edition and a page a system, all from entries and nothing else."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.leaderboard import tables
from mriprivacy.challenge.leaderboard.pages.card import card
from mriprivacy.challenge.leaderboard.pages.glossary import Guide
from mriprivacy.challenge.leaderboard.pages.html import page
from mriprivacy.challenge.leaderboard.pages.markdown import (
    GROUPS,
    RANKS,
    RATED,
    READ,
    SUPERSEDED,
    SYNTHETIC,
    Section,
    sections,
)
from mriprivacy.challenge.leaderboard.pages.markdown import signatures as signed
from mriprivacy.challenge.leaderboard.plots.attribute_gains import attribute_gains
from mriprivacy.challenge.leaderboard.plots.forest import forest, utility_forest
from mriprivacy.challenge.leaderboard.plots.plot import Plot
from mriprivacy.challenge.leaderboard.plots.privacy_utility import scatter
from mriprivacy.challenge.leaderboard.plots.ranks import sets_of_ranks, significance
from mriprivacy.challenge.leaderboard.standings import Board, Place
from mriprivacy.challenge.leaderboard.system_tables import of_system
from mriprivacy.challenge.leaderboard.tables import BoardTable
from mriprivacy.challenge.leaderboard.verdict import of_entry
from mriprivacy.data_prep.formats.atomic import OutsideError, inside, write_whole

FILES = "files.txt"


def write_site(folder: Path, entries: Sequence[Entry], guide: Guide | None = None) -> list[Path]:
    """Write the site of entries; the same bytes for the same entries.

    Parameters
    ----------
    folder : Path
        Where. Files of an earlier site (listed in its `files.txt`) that are no more part of it are removed.
    entries : sequence of Entry
        From `challenge.entry.entry_file.read_entries`.
    guide : Guide, optional
        Where submissions go.

    Returns
    -------
    list of Path
        Every file, `index.html` first.
    """
    written = {PurePosixPath(name): text for name, text in pages(entries, guide)}
    written[PurePosixPath(FILES)] = "".join(f"{name}\n" for name in sorted(written))
    places = {name: inside(folder, str(name)) for name in written}
    for stale in _listed(folder) - set(written):
        inside(folder, str(stale)).unlink(missing_ok=True)
    for name, text in written.items():
        write_whole(places[name], text)
    return list(places.values())


def pages(entries: Sequence[Entry], guide: Guide | None = None) -> Iterator[tuple[str, str]]:
    """Yield the name below the site's folder and the text of every file."""
    guide, editions = guide or Guide(), sections(entries)
    shown = [(section, _figures(section)) for section in editions]
    yield (
        "index.html",
        page("index.html", shown=[_context(s, f, f"{slug(s)}/") for s, f in shown], guide=guide),
    )
    yield "words.html", page("words.html", guide=guide)
    for section, figures in shown:
        folder = slug(section)
        context = _context(section, figures, "")
        yield f"{folder}/index.html", page("edition.html", **context, guide=guide)
        for table in [table for own in context["tables"].values() for table in own]:
            yield f"{folder}/{table.name}.tsv", table.tsv()
        for plot in figures.values():
            yield f"{folder}/{plot.name}.tsv", plot.tsv()
        places = {
            place.entry.path: (place, board) for board in section.boards.values() for place in board.places
        }
        for entry in section.entries:
            yield from _system(section, entry, *places.get(entry.path, (None, None)))


def slug(section: Section) -> str:
    """Return the folder of an edition: its name, and enough of its hash that no two share it."""
    return f"{section.edition.replace('/', '-')}-{section.edition_hash[:8]}"


def _figures(section: Section) -> dict[str, Plot]:
    found: dict[str, Plot | None] = {}
    for track, board in section.boards.items():
        if track == "defacing":
            found["privacy_utility"] = scatter(board)
        found[f"{track}_ranks"] = sets_of_ranks(board, track)
        found[f"{track}_significance"] = significance(board, track)
    return {name: plot for name, plot in found.items() if plot is not None}


def _context(section: Section, figures: dict[str, Plot], prefix: str) -> dict[str, Any]:
    """Return what the pages say of an edition; links start with `prefix`."""
    by_track: dict[str, list[BoardTable]] = {}
    if defacers := section.track("defacing"):
        by_track["defacing"] = [tables.defacing(section.boards["defacing"]), tables.read(defacers)]
        by_track["defacing"] += [tables.by_attacker(defacers), tables.groups(defacers)]
    if "attack" in section.boards:
        by_track["attack"] = [tables.attack(section.boards["attack"])]
    if readers := section.track("attributes"):
        by_track["attributes"] = [tables.attributes(readers)]
    return {
        "section": section,
        "slug": slug(section),
        "prefix": prefix,
        "link": lambda path: f"{prefix}{page_name(path)}",
        "tables": by_track,
        "figures": figures,
        "signatures": signed(section.entries),
        "texts": {
            "synthetic": SYNTHETIC,
            "superseded": SUPERSEDED.format(section.superseded_by),
            "ranks": RANKS,
            "rated": RATED,
            "read": READ,
            "groups": GROUPS,
            "attacks": section.about_attacks,
        },
    }


def page_name(path: str) -> str:
    """Return the page of an entry.

    Examples
    --------
    >>> page_name("synth-2026.1/team__blur-1.0.json")
    'team__blur-1.0.html'
    """
    return f"{PurePosixPath(path).stem}.html"


def _system(
    section: Section, entry: Entry, place: Place | None, board: Board | None
) -> Iterator[tuple[str, str]]:
    folder, name = slug(section), PurePosixPath(entry.path).stem
    drawn = (
        forest(entry, f"{name}-attackers"),
        attribute_gains(entry, f"{name}-attribute_gains"),
        utility_forest(entry, f"{name}-utility_figure"),
    )
    plots = [plot for plot in drawn if plot is not None] if entry.track != "attack" else []
    made = of_system(entry)
    for plot in plots:
        yield f"{folder}/{plot.name}.tsv", plot.tsv()
    for table in made:
        yield f"{folder}/{name}-{table.name}.tsv", table.tsv()
    yield f"{folder}/{name}.card.md", card(entry, board)
    yield (
        f"{folder}/{name}.html",
        page(
            "system.html",
            section=section,
            entry=entry,
            name=name,
            place=place,
            ranked=len(board.ranked) if board else 0,
            plots=plots,
            tables=made,
            verdict=of_entry(entry, board),
            signatures=signed([entry]),
        ),
    )


def _listed(folder: Path) -> set[PurePosixPath]:
    """Return what an earlier site wrote here; a name that leads elsewhere is nothing it wrote."""
    listing = folder / FILES
    text = listing.read_text(encoding="utf-8", errors="replace") if listing.is_file() else ""
    found = set()
    for name in text.splitlines():
        with suppress(OutsideError):
            found.add(inside(folder, name).relative_to(folder))
    return set(map(PurePosixPath, found))
