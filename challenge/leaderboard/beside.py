"""Where a system stands among the entries that lie in the same folder."""

from pathlib import Path

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import examine_entries
from mriprivacy.challenge.leaderboard.comparable import comparable
from mriprivacy.challenge.leaderboard.standings import Board, board


def board_beside(entry: Entry, folder: Path) -> Board | None:
    """Rank an entry beside those of its edition and track in a folder that were made alike.

    Parameters
    ----------
    entry : Entry
        Of the track defacing or attack; attributes have no board.
    folder : Path
        Of entries, at any depth.
    """
    if entry.track == "attributes":
        return None
    own = (entry.edition, entry.edition_hash, entry.track)
    others = examine_entries(folder).entries if any(folder.glob("*/*.json")) else ()
    alike, _ = comparable([one for one in others if (one.edition, one.edition_hash, one.track) == own])
    return board(alike) if alike else None
