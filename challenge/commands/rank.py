"""`mriprivacy rank`: turn entries into LEADERBOARD.md and the site."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from mriprivacy.challenge.evaluation.entry import read_entries
from mriprivacy.challenge.leaderboard.glossary import Guide
from mriprivacy.challenge.leaderboard.markdown import leaderboard
from mriprivacy.data_prep.formats.atomic import whole_file


@dataclass
class Settings:
    """Keys of the command."""

    entries: str = MISSING
    output: str = MISSING
    site: bool = True
    contact: str = ""
    home: str = ""


def run(settings: Settings) -> None:
    """Write `<output>/LEADERBOARD.md` and `<output>/site`."""
    entries = read_entries(Path(settings.entries))
    path = Path(settings.output) / "LEADERBOARD.md"
    guide = Guide(settings.contact, settings.home)
    text = leaderboard(entries, guide)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"{path}: {len(entries)} systems")
    if settings.site:
        from mriprivacy.challenge.leaderboard.site import write_site

        written = write_site(Path(settings.output) / "site", entries, guide)
        print(f"{written[0]}: {len(written)} files")
