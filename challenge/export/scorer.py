"""Score one submission where a platform runs it: the same intake and the same figures as `evaluate`.

For the tracks of tables this imports numpy, scipy, pandas, joblib and threadpoolctl alone, so that it runs on
the stock image of Codabench; for defacing it needs an image with the whole kit.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Protocol, current_fields
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.submission import TABLES, received


def score(reference: Path, submission: Path, track: str) -> Entry:
    """Return the entry of a submission.

    Parameters
    ----------
    reference : Path
        From `challenge.export.reference_data.write_reference`.
    submission : Path
        A folder or a zip, as the platform hands it over.
    track : str
        What the phase is about; a submission to another track is refused.

    Raises
    ------
    SubmissionError
        With every problem of intake, one line each, to be shown to the participant: they name files of the
        submission and nothing else. Whatever else is raised is not for participants.
    """
    images = track not in TABLES
    edition, sealed = open_edition(reference, images), open_sealed(reference, images)
    # Tables take seconds; a platform may not let processes share memory.
    compute = Compute() if images else Compute("sequential")
    with tempfile.TemporaryDirectory() as scratch, received(submission, edition, compute, track) as accepted:
        protocol = _protocol(edition.description)
        context = Context(edition, sealed, protocol, Path(scratch) / "cache", compute)
        context.cache.mkdir()
        entry = evaluate(context, accepted, paired=False).entry
        # Shown to the participant: what intake says without the key. The others quote scores.
        return replace(entry, warnings=accepted.warnings)


def _protocol(description: object) -> Protocol:
    """Return the protocol; `export` has checked it, which takes omegaconf, and the stock image has none."""
    assert isinstance(description, dict)
    return Protocol(**current_fields(description))
