"""Where a system stands among the entries that lie in the same folder."""

from contextlib import suppress
from pathlib import Path

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import read_entry
from mriprivacy.challenge.leaderboard.comparable import comparable
from mriprivacy.challenge.leaderboard.standings import Board, board
from mriprivacy.data_prep.formats.atomic import inside
from mriprivacy.scoring.errors import UserError


def board_beside(entry: Entry, folder: Path) -> Board | None:
    """Rank an entry beside those of its edition and track in a folder that were made alike.

    Parameters
    ----------
    entry : Entry
        Of the track defacing or attack; attributes have no board.
    folder : Path
        Of entries, as `evaluate` writes them.
    """
    if entry.track == "attributes":
        return None
    own = (entry.edition, entry.edition_hash, entry.track)
    others = []
    for path in sorted((folder / entry.path).parent.glob("*.json")):
        with suppress(UserError):  # one that is none costs itself
            if path == inside(folder, (other := read_entry(path)).path):
                others.append(other)
    alike, _ = comparable([one for one in others if (one.edition, one.edition_hash, one.track) == own])
    return board(alike) if alike else None
