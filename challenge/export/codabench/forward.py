"""The scoring program of a bundle without a key: forward a submission to the organizer's service.

`python3 forward.py SUBMISSION SCORES`, with `service.json` beside it. The standard library alone, and nothing
of the kit: everybody who can see the benchmark can download this program.
"""

import json
import os
import stat
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TIME = (1980, 1, 1, 0, 0, 0)
_WORKERS_NOTE = "metadata"  # another one at each run, so it would make another zip of the same submission
_PAUSES = (0.5, 1, 2, 5, 10, 20)  # seconds between two questions; the last one again and again
_SILENCE = 60  # seconds after which a question is asked again
_LARGEST_ANSWER = 1 << 20
_LATER = "the organizers' service has no answer yet; send the same submission again later to get it"
_TOKEN = "MRIPRIVACY_TOKEN"  # of an image of the organizer's own; where it is not, the bundle has the token


class Unanswered(Exception):
    """The service did not give an answer; caught in `main`, its text is for the participant."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPEN = urllib.request.build_opener(_NoRedirect).open


def main(words: list[str]) -> int:
    """Write the scores that the service tells and return 0; for any other answer say why and return 2."""
    submission, scores = Path(words[0]), Path(words[1])
    about = json.loads(Path(__file__).with_name("service.json").read_text(encoding="utf-8"))
    token = os.environ.get(_TOKEN) or about["token"]
    end = time.monotonic() + about["seconds"]
    try:
        with tempfile.TemporaryDirectory() as scratch:
            archive = Path(scratch) / "submission.zip"
            pack(submission, archive)
            answer = ask(about["url"], about["track"], token, archive, end)
    except Unanswered as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:  # its text may name what is not the participant's business
        print(f"the scoring program failed ({type(error).__name__}); tell the organizers", file=sys.stderr)
        return 1
    done = answer.get("state") == "evaluated" and bool(answer.get("scores"))
    for line in answer.get("lines", []):
        print(line, file=sys.stdout if done else sys.stderr)
    if not done:
        return 2
    partial = scores.with_name(f".{scores.name}")
    partial.write_text(json.dumps(answer["scores"], indent=1) + "\n", encoding="utf-8")
    partial.replace(scores)
    return 0


def pack(folder: Path, archive: Path) -> None:
    """Write a zip of everything in a folder, links as links; the same folder gives the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for path in _below(folder):
            about = path.lstat()
            name = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode("utf-8")
            if name == _WORKERS_NOTE:
                continue
            member = zipfile.ZipInfo(name + ("/" if stat.S_ISDIR(about.st_mode) else ""), _TIME)
            member.create_system = 3  # Unix, so that the kind of a file counts
            member.external_attr = (stat.S_IFMT(about.st_mode) | 0o600) << 16
            if stat.S_ISREG(about.st_mode):
                member.file_size = about.st_size
                with path.open("rb") as source, target.open(member, "w") as stream:
                    while piece := source.read(1 << 20):
                        stream.write(piece)
            else:
                target.writestr(member, str(path.readlink()) if path.is_symlink() else "")


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _below(path)


def ask(url: str, track: str, token: str, archive: Path, end: float) -> dict[str, Any]:
    """Send a zip and wait for its answer; to ask twice is no harm, so every question is repeated.

    Raises
    ------
    Unanswered
        If there is no answer in time, or the service refuses the question itself.
    """
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/zip"}
    ticket, turn = "", 0
    while True:
        try:
            if not ticket:
                _check_size(_json(urllib.request.Request(f"{url}/health")), archive)
                size = {"Content-Length": str(archive.stat().st_size)}
                with archive.open("rb") as body:
                    request = urllib.request.Request(f"{url}/submissions/{track}", body, head | size)
                    ticket = _json(request)["ticket"]
            answer = _json(urllib.request.Request(f"{url}/submissions/{ticket}", headers=head))
            if answer.get("state") != "waiting":
                return answer
            problem = _LATER
        except urllib.error.HTTPError as error:
            problem = f"the organizers' service refused the question (HTTP {error.code}); tell the organizers"
            if error.code < 500 and not (ticket and error.code == 404):
                raise Unanswered(problem) from error
            ticket = ticket if error.code != 404 else ""  # it was removed there
        except (OSError, ValueError, KeyError) as error:  # no connection, a restart, or no JSON
            problem = f"the organizers' service cannot be reached ({type(error).__name__}); try again later"
        pause = _PAUSES[min(turn, len(_PAUSES) - 1)]
        turn += 1
        if time.monotonic() + pause > end:
            raise Unanswered(problem)
        time.sleep(pause)


def _json(request: urllib.request.Request) -> dict[str, Any]:
    with _OPEN(request, timeout=_SILENCE) as answer:
        content = json.loads(answer.read(_LARGEST_ANSWER))
    if not isinstance(content, dict):
        raise ValueError
    return content


def _check_size(service: dict[str, Any], archive: Path) -> None:
    """Raise unless the service takes a zip of this size: asked before, for it does not read a larger one."""
    size, most = archive.stat().st_size, service["largest"]
    if size > most:
        raise Unanswered(f"the submission: has {size} bytes; expected 1 to {most} for this edition")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
