"""What the log of submissions says of entries: whether they are what was evaluated."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import LARGEST, file_digest
from mriprivacy.challenge.submission_log.head import HEAD, RecordError, way_out
from mriprivacy.challenge.submission_log.log import LOG, Event
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError


@dataclass(frozen=True)
class Compared:
    """Entries beside a log.

    Attributes
    ----------
    good : tuple of Entry
        Those that the log does not contradict.
    problems : tuple of str
        One line for each entry that is not what the log says was evaluated.
    unchecked : tuple of str
        Names of those that the log knows no digest of; they are among the good ones.
    """

    good: tuple[Entry, ...]
    problems: tuple[str, ...]
    unchecked: tuple[str, ...]


def as_received(entry: Entry, day: str, sealed: SealedKey) -> Entry:
    """Return an entry with the day on which the log received it, and a salt; as it is without a log.

    A holder of a submission can compute its figures for a guessed key. Without a salt, the digest of the
    entry in a log that others see would say whether the guess is right. The salt follows from the sealed
    nonce, so an evaluation that is repeated gives the same entry. It stands in the entry: a holder of the
    entry can compare it with the log.

    Parameters
    ----------
    entry : Entry
        Of an evaluation.
    day : str
        From the log; empty without one.
    sealed : SealedKey
        Has the nonce, 256 bits.
    """
    if not day:
        return entry
    nonce = (sealed.root / "nonce").read_bytes()
    salt = hashlib.sha256(nonce + b"salt of an entry" + entry.submission_sha256.encode()).hexdigest()
    return replace(entry, received=day, salt=salt)


def compare_with_log(folder: Path, entries: Sequence[Entry], events: Sequence[Event]) -> Compared:
    """Compare entries with the digests in a log; of each system of an edition the last one counts.

    Parameters
    ----------
    folder : Path
        Of the entries.
    entries : sequence of Entry
        Read from it.
    events : sequence of Event
        The log.
    """
    digests = {(e.edition, e.team, e.system): e for e in events if e.entry}
    good: list[Entry] = []
    problems: list[str] = []
    unchecked: list[str] = []
    for entry in entries:
        logged = digests.get((entry.edition, entry.team, entry.system))
        if logged is not None and logged.entry != file_digest(folder / entry.path):
            problems.append(
                f"{folder / entry.path}: is not what line {logged.number} of {LOG} says was evaluated; it "
                "was changed since, so evaluate the submission again"
            )
            continue
        good.append(entry)
        if logged is None:
            unchecked.append(entry.path)
    return Compared(tuple(good), tuple(problems), tuple(unchecked))


def check_begin(record: Path, entries: Path, edition: str) -> str:
    """Say that a new log begins, if one does; limits never start anew without a word.

    Raises
    ------
    RecordError
        If entries of the edition were received by a log, and there is none.
    """
    if (record / LOG).exists() or (record / HEAD).exists():
        return ""
    for path in sorted((entries / edition.replace("/", "-")).glob("*.json")):
        day = ""
        with suppress(UserError):  # a file that is no entry says nothing; `rank` names it
            day = str(read_json_object(path, name="the file", max_bytes=LARGEST).get("received", ""))
        if day:
            raise RecordError(
                f"{record}: holds no log, but {path} was received on {day} by one, which is lost or "
                f"elsewhere; {way_out(record)}"
            )
    return f"{record}: holds no log; a new one begins here, and the limits of all teams begin with it"
