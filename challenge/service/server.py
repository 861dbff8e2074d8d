"""The door of the scoring service: HTTP on loopback, for a proxy that adds TLS.

`POST /submissions/TRACK` with a zip is answered with a ticket, `GET /submissions/TICKET` with what may be
told so far, `GET /health` with 200. The first two need `Authorization: Bearer TOKEN`.
"""

import json
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mriprivacy.challenge.intake.bounded_lines import bounded
from mriprivacy.challenge.intake.sender import SenderError
from mriprivacy.challenge.service.room import FullError, Room
from mriprivacy.challenge.service.spool import Answer, Item, find, receive, waiting
from mriprivacy.challenge.submission_log.tokens import PLATFORMS, holder_of
from mriprivacy.data_prep.formats.atomic import private_folder
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.scoring.errors import UserError

_MOST_CONNECTIONS = 128
_MOST_WAITING = 1000
_NO_ROOM = "too many submissions are waiting; send it again later"
_SILENCE = (
    60  # seconds without a byte, or until a request's head is there, after which a connection is closed
)
_SLOWEST = 16_000  # bytes a second of a body, after as long
_LONGEST_TOKEN = 200
_DRAIN = 5  # seconds for which what follows a refused head is read
_SMALL = 1 << 20  # bytes of a refused body that are read, so that the client sees why


class RefusedRequest(Exception):
    """A request that is answered with a status of its own, and a line; caught where requests are answered."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status, self.line = status, line


@dataclass(frozen=True)
class Desktop:
    """What lies between the door, which has many threads, and the one evaluation behind it.

    Attributes
    ----------
    folder : Path
        Of the service: its tokens and the spool.
    tracks : tuple of str
        Of the edition.
    largest : int
        Bytes of a zip at most.
    secret : bytes
        From which tickets follow (`spool.ticket_secret`).
    vouch : callable
        Given a zip and its track, raises SenderError unless it has its team's token.
    """

    folder: Path
    tracks: tuple[str, ...]
    largest: int
    secret: bytes
    vouch: Callable[[Path, str], None]
    _line: "queue.Queue[Item]" = field(default_factory=queue.Queue)
    _room: Room = field(default_factory=Room)
    _reopening: threading.Lock = field(default_factory=threading.Lock)

    @property
    def spool(self) -> Path:
        """The folder of what arrived."""
        return private_folder(self.folder / "spool")

    def resume(self) -> int:
        """Put everything without an answer into the line; return how many that is."""
        left = waiting(self.spool)
        for item in left:
            self._line.put(item)
        return len(left)

    def next(self) -> Item:
        """Wait for the next submission to be evaluated."""
        return self._line.get()

    def platform(self, token: str) -> str:
        """Return the platform that asks."""
        platform = holder_of(self.folder / PLATFORMS, token) if len(token) <= _LONGEST_TOKEN else None
        if platform is None:
            raise RefusedRequest(401, "no token of this service")
        return platform

    def take_in(self, token: str, track: str, length: int, read: Callable[[int], bytes]) -> Item:
        """Write a submission to the spool and put it into the line; what is there already is not put again.

        An answer that the same bytes need not have once more (over a limit today, a fault) is forgotten.
        """
        platform = self.platform(token)
        if track not in self.tracks:
            raise RefusedRequest(404, f"no such track; this edition asks for {', '.join(self.tracks)}")
        if not 0 < length <= self.largest:
            raise RefusedRequest(
                413, f"the submission: has {length} bytes; expected 1 to {self.largest} for this edition"
            )
        if self._line.qsize() >= _MOST_WAITING:
            raise RefusedRequest(503, _NO_ROOM)
        try:
            with self._room.reserve(self.spool, length):
                item, new = receive(self.spool, self.secret, platform, track, length, read)
        except FullError as error:
            raise RefusedRequest(503, _NO_ROOM) from error
        except UserError as error:
            raise RefusedRequest(400, error.problems[0]) from error
        with self._reopening:
            answer = item.answer()
            if answer.final if answer else not new:
                return item
            try:  # here, so that others wait for no submission without its team's token
                self.vouch(item.archive, track)
            except SenderError as error:
                item.close(Answer("refused", bounded(error.problems), again=error.again))
                item.archive.unlink(missing_ok=True)
                return item
            item.reopen()
            self._line.put(item)
        return item

    def again(self, item: Item) -> None:
        """Put a submission behind all others."""
        self._line.put(item)

    def answer(self, token: str, ticket: str) -> Answer | None:
        """Return the answer to a platform's own submission, None if there is none yet."""
        platform = self.platform(token)
        item = find(self.spool, ticket)
        if item is None or item.platform != platform:
            raise RefusedRequest(404, "no such ticket")
        return item.answer()


def make_server(desktop: Desktop, host: str, port: int) -> ThreadingHTTPServer:
    """Return the server, listening; `serve_forever` is for the caller."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "mriprivacy", ""
        timeout = _SILENCE
        _left = 0  # bytes of the body that were not read
        _read_bytes = 0
        _begun = 0.0  # when its head was there
        _late: threading.Timer

        def handle_one_request(self) -> None:
            """Hang up on a head that comes in drops, byte by byte, so that it holds no place for long."""
            self._late = threading.Timer(_SILENCE, self._hang_up)
            self._late.daemon = True
            self._late.start()
            try:
                super().handle_one_request()
            finally:
                self._late.cancel()

        def _hang_up(self) -> None:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        def do_GET(self) -> None:
            self._answered(self._get)

        def do_POST(self) -> None:
            self._answered(self._post)

        def _get(self) -> dict[str, Any]:
            if self.path == "/health":
                return {"state": "serving", "largest": desktop.largest}
            place, _, ticket = self.path.removeprefix("/").partition("/")
            if place != "submissions":
                raise RefusedRequest(404, "nothing here")
            answer = desktop.answer(self._token(), ticket)
            return asdict(answer) if answer else {"state": "waiting"}

        def _post(self) -> dict[str, Any]:
            place, _, track = self.path.removeprefix("/").partition("/")
            # With two lengths, or none that holds, a proxy may see another end of the body than we do.
            given = self.headers.get_all("Content-Length") or [""]
            length = given[0] if len(given) == 1 and "Transfer-Encoding" not in self.headers else ""
            if not (length.isascii() and length.isdigit() and len(length) < 16):
                self.close_connection = True  # where the next request begins is not known
                raise RefusedRequest(411, "no Content-Length, or not one alone")
            self._left = int(length)
            token = self._token()
            if place != "submissions":
                raise RefusedRequest(404, "nothing here")
            return {
                "state": "waiting",
                "ticket": desktop.take_in(token, track, self._left, self._read).ticket,
            }

        def _read(self, most: int) -> bytes:
            piece = self.rfile.read1(min(most, self._left))
            self._left -= len(piece)
            self._read_bytes += len(piece)
            if self._read_bytes < (time.monotonic() - self._begun - _SILENCE) * _SLOWEST:
                raise TimeoutError
            return piece

        def _token(self) -> str:
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            return token.strip() if kind == "Bearer" else ""

        def _answered(self, work: Callable[[], dict[str, Any]]) -> None:
            self._late.cancel()
            self._left, self._read_bytes, self._begun = 0, 0, time.monotonic()
            # A body that is not read would be taken for the next request, and its answer go to another.
            bodies = (
                {"Content-Length", "Transfer-Encoding"} if self.command == "GET" else {"Transfer-Encoding"}
            )
            self.close_connection |= any(self.headers.get(name) is not None for name in bodies)
            try:
                status, content = 200, work()
            except RefusedRequest as error:
                status, content = error.status, {"state": "no", "lines": [error.line]}
            except TimeoutError:  # silent for too long
                self.close_connection = True
                return
            except Exception as error:  # its text may name a place of this machine
                print(f"{type(error).__name__}: {one_line(str(error))}", file=sys.stderr, flush=True)
                status, content = 500, {"state": "no", "lines": ["the service failed; send it again later"]}
            self.close_connection |= bool(self._left)
            raw = json.dumps(content).encode("ascii")
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("Cache-Control", "no-store")
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(raw)
            self.wfile.flush()
            self._begun -= _SILENCE - _DRAIN  # who is refused does not hold a place for long
            with suppress(OSError):
                while self._read_bytes < _SMALL and self._read(_SMALL):
                    pass

        def log_message(self, format: str, *args: object) -> None:
            """Print a request in one line, whatever is in it; a token is in no part of it."""
            print(one_line(format % args)[:300], file=sys.stderr, flush=True)

    return _Server((host, port), Handler)


class _Server(ThreadingHTTPServer):
    """At most so many connections at once; more of them wait in the system's line."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *words: Any) -> None:
        self._room = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        super().__init__(*words)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._room.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:  # no further thread can be started
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print one line: a client that went away is no fault of the kit."""
        print(f"a connection ended: {type(sys.exception()).__name__}", file=sys.stderr, flush=True)
