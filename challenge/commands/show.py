"""`mriprivacy show ENTRY`: the verdict on an evaluated system, or all of its figures."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.entry.entry_file import read_entry
from mriprivacy.challenge.entry.figures import figures
from mriprivacy.challenge.leaderboard.beside import board_beside
from mriprivacy.challenge.leaderboard.metric_block import FORMATS
from mriprivacy.challenge.leaderboard.pages.terminal import summary
from mriprivacy.challenge.leaderboard.verdict import block, of_entry
from mriprivacy.data_prep.formats.settings import REQUIRED, setting
from mriprivacy.scoring.errors import UserError


@dataclass
class ShowSettings:
    """Keys of the command."""

    entry: str = setting(REQUIRED, "file of an entry, as evaluate writes it; `show ENTRY` is enough")
    format: str = setting("text", "what is printed; csv: every figure, a row each", choices=FORMATS)
    verbose: bool = setting(False, "also print everything that the verdict sums up")


def run(settings: ShowSettings) -> None:
    """Print the verdict; its ranks are among the entries that lie beside it."""
    path = Path(settings.entry)
    try:
        entry = read_entry(path)
    except UserError as error:  # it does not name the file
        raise UserError(*(f"{path}: {one.removeprefix('the file: ')}" for one in error.problems)) from error
    if settings.format == "csv":
        print(figures([entry]).to_csv(index=False, lineterminator="\n"), end="")
        return
    folder = path.absolute().parent.parent
    is_in_place = path.absolute() == folder / entry.path
    verdict = of_entry(entry, board_beside(entry, folder) if is_in_place else None)
    print(block(verdict, {"entry": path}).show(settings.format))
    if settings.verbose and settings.format == "text":
        print("\n".join([summary(entry), *(f"note: {note}" for note in entry.warnings)]))
