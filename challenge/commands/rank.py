"""`mriprivacy rank`: turn entries into LEADERBOARD.md."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from challenge.entry import read_entries
from challenge.leaderboard import leaderboard
from data_prep.files import whole_file


@dataclass
class Settings:
    """Keys of the command."""

    entries: str = MISSING
    output: str = MISSING


def run(settings: Settings) -> None:
    """Write `<output>/LEADERBOARD.md`."""
    entries = read_entries(Path(settings.entries))
    path = Path(settings.output) / "LEADERBOARD.md"
    with whole_file(path) as temporary:
        temporary.write_text(leaderboard(entries), encoding="utf-8")
    print(f"{path}: {len(entries)} systems")
