"""What a grand-challenge evaluation container does: score what lies in /input, once or whenever it is asked.

`python -m mriprivacy.challenge.export.grand_challenge.grand_challenge_run TRACK INPUT OUTPUT GROUND_TRUTH
STEP COLUMNS [risk_counts]`, in mode `$API_METHOD`:
`exec` scores and ends, `invoke` serves `GET /health` and `POST /invoke` (201 when `metrics.json` is written).

The platform shows the last line of stderr to the participant. In mode `invoke` it writes a line of its own
after ours, "Invoke endpoint returned status 422", and then ends the container with SIGTERM: ours is repeated.
"""

import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NoReturn

from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.export.columns import CHOICES, STEP, platform_scores
from mriprivacy.challenge.export.grand_challenge.jobs import assemble
from mriprivacy.challenge.export.scorer import score
from mriprivacy.challenge.intake.bounded_lines import bounded
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.challenge.intake.submission import TABLES
from mriprivacy.data_prep.formats.atomic import write_whole

PORT = 4743
RISK_COUNTS = "risk_counts"


@dataclass(frozen=True)
class JobPlaces:
    """Where a container finds and leaves things, and what it shows (`challenge.export.columns`).

    `risk_counts`: also the counts of the risk report, which are not in steps.
    """

    track: str
    source: Path
    output: Path
    truth: Path
    step: float = STEP
    columns: str = CHOICES[0]
    risk_counts: bool = False


def main(words: Sequence[str], method: str) -> int:
    """Score once, or serve until the platform ends the process."""
    source, output, truth = (Path(word) for word in words[1:4])
    places = JobPlaces(words[0], source, output, truth, float(words[4]), words[5], RISK_COUNTS in words[6:])
    if method.lower() == "invoke":
        server = make_server(places)
        signal.signal(signal.SIGTERM, lambda *_: server.end())
        server.serve_forever()
    return evaluate_input(places).status


@dataclass(frozen=True)
class Outcome:
    """How an evaluation ended: the exit status, and the line for the participant; empty if it succeeded."""

    status: int
    line: str = ""


def evaluate_input(places: JobPlaces) -> Outcome:
    """Write `metrics.json`; for an invalid submission write none, and say why on stderr.

    The platform shows the last line of stderr to the participant, the first 1,024 characters of it, so all
    problems stand in one. The lines before are for the organizers alone: any other error is there, with its
    traceback.
    """
    (places.output / "metrics.json").unlink(missing_ok=True)  # of the submission before
    try:
        metrics = _metrics(places)
    except SubmissionError as error:
        outcome = Outcome(2, "; ".join(bounded(error.problems, joint=len("; "))))
    except Exception as error:
        traceback.print_exc()
        kind = type(error).__name__
        outcome = Outcome(1, f"the evaluation failed ({kind}); the organizers have the details in their logs")
    else:
        write_whole(places.output / "metrics.json", json.dumps(metrics, indent=1) + "\n")
        return Outcome(0)
    print(outcome.line, file=sys.stderr, flush=True)
    return outcome


def _metrics(places: JobPlaces) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        submission = places.source
        if (places.source / "predictions.json").is_file():
            submission = Path(folder)
            edition = open_edition(places.truth, images=places.track not in TABLES)
            assemble(places.source, edition, places.track, submission)
        elif (places.source / "predictions.zip").is_file():
            submission = places.source / "predictions.zip"
        entry = score(places.truth, submission, places.track)
        metrics = {
            "aggregates": platform_scores(entry, places.step, places.columns),
            "signatures": [result.signature for result in entry.results],
            "warnings": list(entry.warnings),
        }
        if not places.risk_counts:
            return metrics
        # A container that scores tables has no libraries for images.
        from mriprivacy.challenge.export.risk_counts import risk_counts

        return metrics | {"risk": risk_counts(places.truth, submission)}


class EvaluationServer(HTTPServer):
    """Serves one container, and keeps how its last evaluation ended."""

    last = Outcome(0)

    def end(self) -> NoReturn:
        """End the process; what was wrong with the last submission is the last line of stderr."""
        if self.last.line:
            os.write(2, f"{self.last.line}\n".encode())  # a signal may come while something is printed
        raise SystemExit(0)


def make_server(places: JobPlaces, address: str = "0.0.0.0", port: int = PORT) -> EvaluationServer:
    """Return the server, listening; one request at a time, as the platform asks."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200 if self.path == "/health" else 404)

        def do_POST(self) -> None:
            if self.path != "/invoke":
                self._answer(404)
                return
            server.last = Outcome(0)
            outcome = server.last = evaluate_input(places)
            self._answer({0: 201, 2: 422}.get(outcome.status, 500), outcome.line)

        def _answer(self, status: int, line: str = "") -> None:
            body = line.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the last line of stderr is the participant's."""

    server = EvaluationServer((address, port), Handler)
    return server


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ.get("API_METHOD", "exec")))
