"""`mriprivacy verify`: whether an edition, and the log of its submissions, are what they were."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from challenge.edition import open_edition
from challenge.errors import InputError
from challenge.integrity import verify_edition
from challenge.record import LOG, head, read_log
from challenge.sealed import open_sealed, sealed_folder


@dataclass
class Settings:
    """Keys of the command."""

    edition: str = MISSING
    record: str = ""
    head: str = ""


def run(settings: Settings) -> None:
    """Say what was verified, or raise with every deviation."""
    path = Path(settings.edition)
    problems = verify_edition(path)
    if problems:
        raise InputError(*problems)
    edition = open_edition(path)
    print(f"{edition.name}: every public file is as released (edition {edition.hash})")
    if sealed_folder(path) is None:
        print("nothing sealed here, so the key was not compared with its commitment")
    else:
        open_sealed(path)
        print("key, attributes and all other sealed files are what KEY.commitment commits to")
    if settings.record:
        events = read_log(Path(settings.record), settings.head)
        if not events:
            raise InputError(f"{settings.record}: no {LOG} here; expected the record= of evaluate")
        print(f"{LOG}: a whole chain of {len(events)} events; publish its head {head(events)}")
