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

_FEW = 3  # problems of a file that are printed: one with more is another kind of file


@dataclass
class ShowSettings:
    """Keys of the command."""

    entry: str = setting(REQUIRED, "file of an entry, as evaluate writes it; `show ENTRY` is enough")
    format: str = setting("text", "what is printed; csv: every figure, a row each", choices=FORMATS)
    verbose: bool = setting(False, "also print everything that the verdict sums up")


def run(settings: ShowSettings) -> None:
    """Print the verdict; its ranks are among the entries that lie beside it."""
    path = Path(settings.entry)
    if path.is_dir():
        raise UserError(f"{path}: is a folder; expected the file of one entry{_such_as(path)}")
    try:
        entry = read_entry(path)
    except UserError as error:  # it does not name the file
        first = [f"{path}: {one.removeprefix('the file: ')}" for one in error.problems[:_FEW]]
        if (more := len(error.problems) - _FEW) > 0:
            first.append(f"{path}: {more} more problems; expected a file that 'mriprivacy evaluate' wrote")
        raise UserError(*first) from error
    if settings.format == "csv":
        print(figures([entry]).to_csv(index=False, lineterminator="\n"), end="")
        return
    folder = path.absolute().parent.parent
    is_in_place = path.absolute() == folder / entry.path
    verdict = of_entry(entry, board_beside(entry, folder) if is_in_place else None)
    print(block(verdict, {"entry": path}).show(settings.format))
    if settings.verbose and settings.format == "text":
        print("\n".join([summary(entry), *(f"note: {note}" for note in entry.warnings)]))


def _such_as(folder: Path) -> str:
    """Name an entry in a folder, and the command for all of them."""
    entries = sorted(folder.rglob("*__*.json"))
    return f", such as {entries[0]}; 'mriprivacy rank' shows all" if entries else ""
