"""`mriprivacy verify`: whether an edition, and the log of its submissions, are what they were."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.edition.encryption import LOCKED, key_problems, opened
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition, public_folder
from mriprivacy.challenge.edition.sealed import open_sealed, organizer_folder
from mriprivacy.challenge.release.published import published, verdict
from mriprivacy.challenge.submission_log.log import LOG, head, read_log
from mriprivacy.data_prep.formats.settings import REQUIRED, setting
from mriprivacy.scoring.errors import UserError


@dataclass
class VerifySettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition; public/ is enough")
    identity: str = setting("", "file with the secret key of a locked edition; empty: it stays locked")
    record: str = setting("", "folder with the log of submissions; empty: none is checked")
    head: str = setting("", "earlier head of the log: nothing before it may have changed")


def run(settings: VerifySettings) -> None:
    """Say what was verified, or raise with every deviation."""
    path = Path(settings.edition)
    if settings.head and not settings.record:
        raise UserError("head= is the hash of a log of submissions; say which log with record=FOLDER")
    home = organizer_folder(path)
    if problems := [*verify_edition(path), *key_problems(home), *_lost_key(path)]:
        raise UserError(*problems)
    edition = open_edition(path)
    print(f"{edition.name}: every public file is as released (edition {edition.hash})")
    if line := verdict(edition, published()):
        print(line)
    print(_verify_key(home, settings.identity))
    if settings.record:
        _verify_log(Path(settings.record), settings.head)


def _lost_key(path: Path) -> list[str]:
    """Say that a folder which shall hold public/ and a key holds none; the public folder alone needs none."""
    home = organizer_folder(path)
    if public_folder(path) == path or (home / "sealed").is_dir() or (home / LOCKED).is_file():
        return []
    return [
        f"{path}: no sealed/ and no {LOCKED} beside public/. In an organizer's folder this means that the "
        "key is lost: put one of them back from your backup. A participant's copy has no key: verify it "
        f"with edition={path / 'public'}"
    ]


def _verify_key(home: Path, identity: str) -> str:
    """Compare the key with its commitment where it can be read, and say what was compared."""
    if identity:
        with opened(home, Path(identity)) as root:
            open_sealed(root)
        return f"{LOCKED} opens with {identity}: all sealed files are what KEY.commitment commits to"
    if (home / "sealed").is_dir():
        open_sealed(home)
        return "key, attributes and all other sealed files are what KEY.commitment commits to"
    if (home / LOCKED).is_file():
        return f"{LOCKED} was not opened; identity=FILE compares what is in it with KEY.commitment"
    return (
        f"public files only: no sealed/ or {LOCKED} is beside them on this machine, so the key was not "
        "compared with its commitment"
    )


def _verify_log(folder: Path, published: str) -> None:
    events = read_log(folder, published)
    if not events:
        raise UserError(f"{folder}: no {LOG} here; expected the record= of evaluate")
    if published:
        print(f"{LOG}: nothing up to the line with the hash {published} was changed")
    print(f"{LOG}: a whole chain of {len(events)} events; publish its head {head(events)}")
