"""What a grand-challenge evaluation container does: score what lies in /input, once or whenever it is asked.

`python -m mriprivacy.challenge.export.grand_challenge.grand_challenge_run TRACK INPUT OUTPUT GROUND_TRUTH
STEP COLUMNS`, in mode `$API_METHOD`:
`exec` scores and ends, `invoke` serves `GET /health` and `POST /invoke` (201 when `metrics.json` is written).
"""

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.export.columns import CHOICES, STEP, platform_scores
from mriprivacy.challenge.export.grand_challenge.jobs import assemble
from mriprivacy.challenge.export.scorer import score
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.challenge.intake.submission import TABLES
from mriprivacy.challenge.intake.told import bounded
from mriprivacy.data_prep.formats.atomic import write_whole

PORT = 4743


@dataclass(frozen=True)
class Places:
    """Where a container finds and leaves things, and what it shows (`challenge.export.columns`)."""

    track: str
    source: Path
    output: Path
    truth: Path
    step: float = STEP
    columns: str = CHOICES[0]


def main(words: Sequence[str], method: str) -> int:
    """Score once, or serve until the platform ends the process."""
    source, output, truth = (Path(word) for word in words[1:4])
    places = Places(words[0], source, output, truth, float(words[4]), words[5])
    if method.lower() == "invoke":
        make_server(places).serve_forever()
    return evaluate_input(places)


def evaluate_input(places: Places) -> int:
    """Write `metrics.json` and return 0; for an invalid submission write none, and say why on stderr.

    The platform shows the last line of stderr to the participant, so all problems stand in one. The lines
    before are for the organizers alone: any other error is there, with its traceback.
    """
    (places.output / "metrics.json").unlink(missing_ok=True)  # of the submission before
    try:
        metrics = _metrics(places)
    except SubmissionError as error:
        print("; ".join(bounded(error.problems, joint=len("; "))), file=sys.stderr, flush=True)
        return 2
    except Exception as error:
        traceback.print_exc()
        told = (
            f"the evaluation failed ({type(error).__name__}); the organizers have the details in their logs"
        )
        print(told, file=sys.stderr, flush=True)
        return 1
    write_whole(places.output / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    return 0


def _metrics(places: Places) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        submission = places.source
        if (places.source / "predictions.json").is_file():
            submission = Path(folder)
            edition = open_edition(places.truth, images=places.track not in TABLES)
            assemble(places.source, edition, places.track, submission)
        elif (places.source / "predictions.zip").is_file():
            submission = places.source / "predictions.zip"
        entry = score(places.truth, submission, places.track)
    signatures = [result.signature for result in entry.results]
    aggregates = platform_scores(entry, places.step, places.columns)
    return {"aggregates": aggregates, "signatures": signatures, "warnings": list(entry.warnings)}


def make_server(places: Places, address: str = "0.0.0.0", port: int = PORT) -> HTTPServer:
    """Return the server, listening; one request at a time, as the platform asks."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200 if self.path == "/health" else 404)

        def do_POST(self) -> None:
            if self.path != "/invoke":
                self._answer(404)
                return
            self._answer({0: 201, 2: 422}.get(evaluate_input(places), 500))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the last line of stderr is the participant's."""

    return HTTPServer((address, port), Handler)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ.get("API_METHOD", "exec")))
