"""`mriprivacy evaluate`: score a submission with the sealed key and write its entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.encryption import opened
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import open_edition, public_folder
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry_file import write_entry
from mriprivacy.challenge.evaluation.context import Context, Evaluation
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.description import sent
from mriprivacy.challenge.intake.sender import check_name, teams_of_entries
from mriprivacy.challenge.intake.submission import Submission, received
from mriprivacy.challenge.leaderboard.beside import board_beside
from mriprivacy.challenge.leaderboard.pages.terminal import summary
from mriprivacy.challenge.leaderboard.verdict import block, of_entry
from mriprivacy.challenge.release.published import standard_note
from mriprivacy.challenge.settings.printing import Printing, one_of_both, show, verdict_only
from mriprivacy.challenge.submission_log.admission import Turn, allowed
from mriprivacy.challenge.submission_log.evidence import as_received
from mriprivacy.challenge.submission_log.log import Limits
from mriprivacy.challenge.submission_log.organizer_key import signed, signing_key
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.atomic import can_be_written
from mriprivacy.data_prep.formats.settings import REQUIRED, group, same_setting, setting
from mriprivacy.scoring.errors import UserError


@dataclass
class EvaluateSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition with public/ and sealed/")
    submission: str = setting(REQUIRED, "folder of the submission, or a zip of its content")
    output: str = setting(REQUIRED, "folder of entries; writes EDITION/TEAM__SYSTEM.json in it")
    report: str = setting("", "folder of the organizer's reports, as secret as the key; empty: none")
    show_faces: bool = setting(False, "in the report, renders of people who are not synthetic")
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    identity: str = setting("", "file with the secret key of a locked edition")
    sign_with: str = setting("", "file with the secret key that signs the entry; empty: not signed")
    record: str = setting("", "folder of the log of submissions; empty: no log, and no limit holds")
    team: str = setting(
        "", "team that sent it, if known: then no team_token is asked for, and a reserved name may stand"
    )
    limits: Limits = field(default_factory=Limits)
    compute: Compute = group(Compute, "loky")
    format: str = same_setting(Printing, "format")
    verbose: bool = same_setting(Printing, "verbose")
    quiet: bool = same_setting(Printing, "quiet")


check = one_of_both


def run(settings: EvaluateSettings) -> None:
    """Check the submission as a participant would, evaluate it, write its entry below `output`."""
    with opened(Path(settings.edition), Path(settings.identity) if settings.identity else None) as root:
        _evaluate(settings, root)


def _evaluate(settings: EvaluateSettings, root: Path) -> None:
    if settings.team and (wanted := fields.name(settings.team)) is not None:
        raise UserError(f"evaluate: team is {settings.team!r}; expected {wanted}")
    sent(settings.submission)
    for folder in filter(None, (settings.output, settings.report, settings.record)):
        can_be_written(Path(folder))  # now, not after hours of attacks
    edition = open_edition(root)
    if problems := verify_edition(root):
        raise UserError(*problems)
    key = None
    if settings.sign_with:
        key = signing_key(Path(settings.sign_with), [public_folder(root), Path(settings.output)])
    context = Context(
        edition,
        open_sealed(root),
        read_protocol(edition.description),
        cache_folder(settings.cache),
        settings.compute,
    )
    turn = _turn(settings, context) if settings.record else None
    with _received(settings, context, turn) as (submission, received_on):
        evaluation = evaluate(context, submission)
        entry = signed(as_received(evaluation.entry, received_on, context.sealed), key)
        evaluation = replace(evaluation, entry=entry)
        report = _report(settings, evaluation, context, submission)
    written = write_entry(Path(settings.output), entry)
    files = {"entry": written} | ({"report": report} if report else {})
    whole = [summary(entry), *(f"note: {note}" for note in entry.warnings)]
    show(block(of_entry(entry, board_beside(entry, Path(settings.output))), files), settings, whole=whole)
    if turn:
        told = turn.close(evaluation, submission, context)
        if not verdict_only(settings):
            print(f"to tell team {entry.team}: {told.line}")


@contextmanager
def _received(
    settings: EvaluateSettings, context: Context, turn: Turn | None
) -> Iterator[tuple[Submission, str]]:
    """Give the submission and the day on which the log received it; empty without a log."""
    others = teams_of_entries(Path(settings.output), context.edition.name)
    if turn:
        with turn.entered(settings.team, others, settings.compute) as entered:
            yield entered
        return
    path = Path(settings.submission)
    with received(path, context.edition, settings.compute) as submission:
        check_name(submission, settings.team, others, from_outside=path.is_file())
        yield submission, ""


def _turn(settings: EvaluateSettings, context: Context) -> Turn:
    record = Path(settings.record)
    may, notes = allowed(context, settings.limits, record, Path(settings.output))
    if not verdict_only(settings):
        standard = (
            ""
            if settings.limits.open_key
            else standard_note(context.edition.key_of, "list" in context.edition.description)
        )
        for line in filter(None, (*notes, standard)):
            print(line)
    return Turn(record, context.edition, Path(settings.submission), settings.limits, may)


def _report(
    settings: EvaluateSettings, evaluation: Evaluation, context: Context, submission: Submission
) -> Path | None:
    if not settings.report:
        return None
    from mriprivacy.challenge.leaderboard.pages.report import write_report

    folder = Path(settings.report)
    return write_report(folder, evaluation, context, submission, faces=settings.show_faces)
