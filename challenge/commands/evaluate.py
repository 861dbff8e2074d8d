"""`mriprivacy evaluate`: score a submission with the sealed key and write its entry."""

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from omegaconf import MISSING

from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.encryption import opened
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry_file import write_entry
from mriprivacy.challenge.evaluation.context import Context, Evaluation
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.description import read_claims
from mriprivacy.challenge.intake.submission import Submission, SubmissionError, received
from mriprivacy.challenge.leaderboard.terminal import summary
from mriprivacy.challenge.submission_log.admission import Turn
from mriprivacy.challenge.submission_log.log import Limits
from mriprivacy.scoring.errors import UserError


@dataclass
class Settings:
    """Keys of the command."""

    edition: str = MISSING
    submission: str = MISSING
    output: str = MISSING
    report: str = ""
    show_faces: bool = False
    cache: str = ""
    identity: str = ""
    record: str = ""
    team: str = ""
    limits: Limits = field(default_factory=Limits)
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Check the submission as a participant would, evaluate it, write its entry below `output`."""
    with opened(Path(settings.edition), Path(settings.identity) if settings.identity else None) as root:
        _evaluate(settings, root)


def _evaluate(settings: Settings, root: Path) -> None:
    edition = open_edition(root)
    if problems := verify_edition(root):
        raise UserError(*problems)
    context = Context(
        edition,
        open_sealed(root),
        read_protocol(edition.description),
        cache_folder(settings.cache),
        settings.compute,
    )
    path = Path(settings.submission)
    turn = Turn(Path(settings.record), edition, path, settings.limits) if settings.record else None
    try:
        with received(path, edition, settings.compute) as submission:
            if settings.team not in ("", submission.team):
                error = SubmissionError(f"submission.json: team is {submission.team}; it was sent by another")
                error.claimed = read_claims(submission.folder)
                raise error
            received_on = turn.admit(submission) if turn else ""
            with turn.attempted(submission) if turn else nullcontext():
                evaluation = evaluate(context, submission)
                entry = replace(evaluation.entry, received=received_on)
                evaluation = replace(evaluation, entry=entry)
                report = _report(settings, evaluation, context, submission)
    except SubmissionError as error:
        if turn and path.exists():  # a slip of the organizer's is nothing that a team sent
            turn.refuse(settings.team, error)
        raise
    written = write_entry(Path(settings.output), entry)
    for warning in entry.warnings:
        print(f"warning: {warning}")
    print(summary(entry))
    if turn:
        print(turn.close(evaluation, submission, context))
    for path in [written, *report]:
        print(f"{path}: written")


def _report(
    settings: Settings, evaluation: Evaluation, context: Context, submission: Submission
) -> list[Path]:
    if not settings.report:
        return []
    from mriprivacy.challenge.leaderboard.report import write_report

    folder = Path(settings.report)
    return [write_report(folder, evaluation, context, submission, faces=settings.show_faces)]
