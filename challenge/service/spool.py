"""What arrived at the service, on disk: whole submissions by ticket, and their answers.

A ticket follows from the platform, the track and the bytes, by a secret of the service, so what is sent twice
is one submission. Each one is a folder that appears by a rename; after a kill it is there as a whole, or not
at all.
"""

import hashlib
import hmac
import json
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mriprivacy.data_prep.formats.atomic import sync, sync_tree, whole_file
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError

SUBMISSION, ABOUT, ANSWER, ATTEMPTS = "submission.zip", "about.json", "answer.json", "attempts"
STATES = ("evaluated", "refused", "over limit", "failed")
_FINAL = ("evaluated", "refused")  # the same bytes would end so again
_PIECE = 1 << 20
_LARGEST = 1 << 20  # bytes of what is kept beside a zip
_ABOUT = {"platform": str, "track": str, "sha256": str, "arrived": int}
_ARRIVING = ".partial-"
_SECRET, _SECRET_BYTES = "tickets.key", 32
MANY = 3  # evaluations begun without an end: the fault may lie in the submission


@dataclass(frozen=True)
class Answer:
    """What may be shown of a submission.

    Attributes
    ----------
    state : str
        One of `STATES`.
    lines : tuple of str
        In words, the most important first; what a platform's channel carries.
    scores : mapping from str to float
        By column of the platform; empty if there is none.
    again : bool
        Whether the same bytes may be accepted later, though they were refused.
    """

    state: str
    lines: tuple[str, ...]
    scores: Mapping[str, float] = field(default_factory=dict)
    again: bool = False

    @property
    def final(self) -> bool:
        """Whether to send the same bytes again would change nothing."""
        return self.state in _FINAL and not self.again


@dataclass(frozen=True)
class Item:
    """A submission in the spool.

    Attributes
    ----------
    folder : Path
        Its own; its name is the ticket.
    platform, track : str
        Who forwarded it, and the track that the platform's phase is about.
    sha256 : str
        Of the zip.
    arrived : int
        Nanoseconds since 1970; the order of evaluation.
    """

    folder: Path
    platform: str
    track: str
    sha256: str
    arrived: int

    @property
    def ticket(self) -> str:
        """What the platform asks with."""
        return self.folder.name

    @property
    def archive(self) -> Path:
        """The zip."""
        return self.folder / SUBMISSION

    def answer(self) -> Answer | None:
        """Return the answer, if there is one."""
        if not (self.folder / ANSWER).exists():
            return None
        content = {"again": False} | _read(self.folder / ANSWER)  # which older kits did not write
        state, again = content.get("state"), content["again"]
        lines: Any = content.get("lines")
        scores: Any = content.get("scores")
        good = state in STATES and isinstance(again, bool)
        good &= isinstance(lines, list) and all(isinstance(line, str) for line in lines)
        good &= isinstance(scores, dict) and all(type(one) in (int, float) for one in scores.values())
        if not good:
            raise _odd(self.folder / ANSWER)
        return Answer(str(state), tuple(lines), scores, again)

    def is_done(self) -> bool:
        """Return whether there is an answer that is final."""
        answer = self.answer()
        return answer is not None and answer.final

    def keep(self, answer: Answer) -> None:
        """Keep an answer."""
        _write(self.folder / ANSWER, asdict(answer))

    def close(self, answer: Answer) -> None:
        """Keep the answer of an evaluation that ended, and forget how often it began.

        After an answer that is final the zip is not needed: the same bytes have the same ticket.
        """
        self.keep(answer)
        (self.folder / ATTEMPTS).unlink(missing_ok=True)
        if answer.final:
            self.archive.unlink(missing_ok=True)

    def attempt(self) -> int:
        """Count one more evaluation that begins; return how many began before and did not end."""
        before = self.attempts()
        with whole_file(self.folder / ATTEMPTS) as temporary:
            temporary.write_text(f"{before + 1}", encoding="ascii")
        return before

    def attempts(self) -> int:
        """Return how many evaluations began and did not end."""
        path = self.folder / ATTEMPTS
        text = path.read_text(encoding="ascii", errors="replace") if path.exists() else ""
        return int(text) if text.isdecimal() else 0  # empty after a power cut

    def reopen(self) -> None:
        """Forget an answer that was not final."""
        (self.folder / ANSWER).unlink(missing_ok=True)


def ticket_secret(folder: Path) -> bytes:
    """Return the secret of a service from which tickets follow; it is made when it is first asked for.

    The hash of a zip stands in the log, which may be published, and a platform's token in its bundle.

    Raises
    ------
    UserError
        If the file is there and is not as this function writes it.
    """
    path = folder / _SECRET
    if not path.exists():
        with whole_file(path) as temporary:
            temporary.write_bytes(secrets.token_bytes(_SECRET_BYTES))
            sync(temporary)
        sync(folder)
    secret = path.read_bytes()
    if len(secret) != _SECRET_BYTES:
        raise UserError(
            f"{path}: has {len(secret)} bytes; expected {_SECRET_BYTES}: remove it; tickets change"
        )
    return secret


def ticket_of(secret: bytes, platform: str, track: str, sha256: str) -> str:
    """Return the ticket of a zip, which cannot be found without the service's secret."""
    return hmac.new(secret, f"{platform} {track} {sha256}".encode(), "sha256").hexdigest()[:32]


def receive(
    spool: Path, secret: bytes, platform: str, track: str, length: int, read: Callable[[int], bytes]
) -> tuple[Item, bool]:
    """Write what arrives into the spool, unless it is there; return it, and whether it is new.

    Parameters
    ----------
    spool : Path
        Of all submissions, a private folder.
    secret : bytes
        From `ticket_secret`.
    platform, track : str
        Who forwards it, and the track that its phase is about.
    length : int
        Bytes that were announced.
    read : callable
        Gives at most so many bytes of them.

    Raises
    ------
    UserError
        If fewer arrive than were announced; nothing is left of them.
    """
    arriving = Path(tempfile.mkdtemp(prefix=_ARRIVING, dir=spool))
    try:
        digest, left = hashlib.sha256(), length
        with (arriving / SUBMISSION).open("wb") as stream:
            while left:
                piece = read(min(_PIECE, left))
                if not piece:
                    raise UserError(f"the submission: {left} of {length} bytes did not arrive; send it again")
                digest.update(piece)
                stream.write(piece)
                left -= len(piece)
        about = {"platform": platform, "track": track, "sha256": digest.hexdigest()}
        _write(arriving / ABOUT, about | {"arrived": time.time_ns()})
        sync_tree(arriving)
        ticket = ticket_of(secret, platform, track, digest.hexdigest())
        new = False
        old = find(spool, ticket)
        # What is left of one that an organizer removed does not stand in the way.
        if old is None or not (old.archive.is_file() or old.is_done()):
            shutil.rmtree(spool / ticket, ignore_errors=True)
        with suppress(OSError):  # it is there, and a folder does not replace one that is not empty
            arriving.rename(spool / ticket)
            new = True
        sync(spool)
        item = find(spool, ticket)
        assert item is not None, "a submission that was written is not there"
        return item, new
    finally:
        shutil.rmtree(arriving, ignore_errors=True)


def find(spool: Path, ticket: str) -> Item | None:
    """Return what a ticket stands for; None for any text that is no ticket of this spool."""
    if not re.fullmatch("[0-9a-f]{32}", ticket, re.ASCII) or not (spool / ticket / ABOUT).is_file():
        return None
    content = _read(spool / ticket / ABOUT)
    if {name: type(value) for name, value in content.items()} != _ABOUT:
        raise _odd(spool / ticket / ABOUT)
    return Item(spool / ticket, **content)


def waiting(spool: Path) -> list[Item]:
    """Return what has no answer yet, and remove what a kill left half there.

    The first to arrive is first, so that of two versions the later one stays; but what was begun `MANY` times
    without an end comes behind all others.
    """
    for half in spool.glob(f"{_ARRIVING}*"):
        shutil.rmtree(half, ignore_errors=True)
    left = []
    for path in spool.iterdir():
        try:
            item = find(spool, path.name)
            answer = item.answer() if item else None
        except UserError as error:  # a damaged one costs itself
            print(*error.problems, sep="\n", file=sys.stderr, flush=True)
            continue
        if item is None:
            continue
        if answer is None:
            left.append(item)
        elif answer.final:  # a kill came before
            item.archive.unlink(missing_ok=True)
    return sorted(left, key=lambda item: (item.attempts() >= MANY, item.arrived))


def _read(path: Path) -> dict[str, Any]:
    return read_json_object(path, name=str(path), max_bytes=_LARGEST)


def _odd(path: Path) -> UserError:
    return UserError(f"{path}: is not as this kit writes it; remove its folder, and the team sends again")


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")
        sync(temporary)
    sync(path.parent)
