"""`mriprivacy verify`: whether an edition, and the log of its submissions, are what they were."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from mriprivacy.challenge.edition.encryption import LOCKED
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed, sealed_folder
from mriprivacy.challenge.submission_log.log import LOG, head, read_log
from mriprivacy.data_prep.formats.kit_errors import InputError


@dataclass
class Settings:
    """Keys of the command."""

    edition: str = MISSING
    record: str = ""
    head: str = ""


def run(settings: Settings) -> None:
    """Say what was verified, or raise with every deviation."""
    path = Path(settings.edition)
    if settings.head and not settings.record:
        raise InputError("head= is the hash of a log of submissions; say which log with record=FOLDER")
    problems = verify_edition(path)
    if problems:
        raise InputError(*problems)
    edition = open_edition(path)
    print(f"{edition.name}: every public file is as released (edition {edition.hash})")
    if sealed_folder(path) is not None:
        open_sealed(path)
        print("key, attributes and all other sealed files are what KEY.commitment commits to")
    elif (path / LOCKED).is_file():
        print(
            f"{LOCKED} was not opened: unlock compares it with KEY.commitment, and so does every evaluation"
        )
    else:
        print("nothing sealed here, so the key was not compared with its commitment")
    if settings.record:
        _verify_log(Path(settings.record), settings.head)


def _verify_log(folder: Path, published: str) -> None:
    events = read_log(folder, published)
    if not events:
        raise InputError(f"{folder}: no {LOG} here; expected the record= of evaluate")
    if published:
        print(f"{LOG}: nothing up to the line with the hash {published} was changed")
    print(f"{LOG}: a whole chain of {len(events)} events; publish its head {head(events)}")
