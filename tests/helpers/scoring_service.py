"""A scoring service in a process of its own, on loopback, and a client that asks it."""

import io
import json
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.intake.description import DESCRIPTION, TOKEN
from mriprivacy.challenge.intake.submission import write_submission_json
from mriprivacy.challenge.submission_log.tokens import TEAMS, new_token
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers.hostile_archives import members, packed


@dataclass(frozen=True)
class Service:
    """Where it listens, what to show, and its process."""

    url: str
    token: str
    process: "subprocess.Popen[str]"

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)


def make_token(edition: Path, record: Path, platform: str) -> str:
    """Make a token with the command and return what it prints."""
    words = ["serve-scores", f"edition={edition}", f"record={record}", f"new_token={platform}"]
    with redirect_stdout(io.StringIO()) as printed:
        assert main(words) == 0
    return printed.getvalue().strip()


@cache
def team_token(record: Path, team: str) -> str:
    """Return the token of a team, which is made when it is first asked for."""
    return new_token(record / TEAMS, team)


@contextmanager
def served(edition: Path, record: Path, token: str, port: int = 0, *words: str) -> Iterator[Service]:
    """Start the service; it is dead when the block ends."""
    code = "import sys; from mriprivacy.challenge.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [
        *(sys.executable, "-c", code, "serve-scores"),
        *(f"edition={edition}", f"record={record}", f"output={record.parent / 'entries'}", f"port={port}"),
        *(f"cache={record.parent / 'cache'}", "compute=sequential", "limits.open_key=true"),
        *("limits.per_day=0", "limits.total=0", *words),
    ]
    log = (record.parent / "service.log").open("a")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process, log:
        late = threading.Timer(120, process.kill)  # no test waits for its start without a limit
        late.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("serving at "):
                    late.cancel()
                    yield Service(line.split()[2].rstrip(";"), token, process)
                    return
            raise AssertionError((record.parent / "service.log").read_text())
        finally:
            late.cancel()
            process.kill()


def add_token(folder: Path, token: str) -> None:
    """Put a token into the description of a submission."""
    about = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps(about | {TOKEN: token}, indent=2))


def request(url: str, token: str | None, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    """Return status and content of an answer."""
    head = {"Authorization": f"Bearer {token}"} if token is not None else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, head), timeout=60) as answer:
            return int(answer.status), json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def table(
    edition: Edition, folder: Path, team: str, scores: Mapping[tuple[str, str], float], token: str = ""
) -> bytes:
    """Return the zip of a submission of the track attack."""
    write_submission_json(
        folder,
        edition=edition.name,
        track="attack",
        team=team,
        system="s",
        description="A table.",
        contact="a@example.org",
        licence="MIT",
    )
    if token:
        add_token(folder, token)
    rows = [(probe, reference, repr(float(score))) for (probe, reference), score in scores.items()]
    write_table(folder / "scores.tsv", SCORE_COLUMNS, rows)
    return packed(members(folder))
