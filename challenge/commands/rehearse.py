"""`mriprivacy rehearse`: rate a defacing system on the open people of `dev`; needs no key."""

from dataclasses import dataclass, replace
from pathlib import Path

from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.submission import DefacingSubmission, received
from mriprivacy.challenge.leaderboard.terminal import summary
from mriprivacy.challenge.leaderboard.verdict import block, of_entry
from mriprivacy.challenge.settings.printing import Printing, one_of_both, show
from mriprivacy.data_prep.formats.settings import REQUIRED, group, same_setting, setting
from mriprivacy.scoring.errors import UserError

REHEARSAL = "dev and eval change places here: no entry, no rank; an evaluation rates the people of eval"


@dataclass
class RehearseSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition; public/ is enough")
    submission: str = setting(REQUIRED, "folder of a defacing submission, or a zip of its content")
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")
    format: str = same_setting(Printing, "format")
    verbose: bool = same_setting(Printing, "verbose")
    quiet: bool = same_setting(Printing, "quiet")


check = one_of_both


def run(settings: RehearseSettings) -> None:
    """Check the submission, run the attackers on the people of `dev`, and print the verdict."""
    from mriprivacy.challenge.evaluation.rehearsal import rehearsed

    edition = open_edition(Path(settings.edition))
    cache = cache_folder(settings.cache)
    with received(Path(settings.submission), edition, settings.compute) as submission:
        if not isinstance(submission, DefacingSubmission):
            raise UserError(
                f"rehearse takes a submission of the track defacing, found {submission.track}; for scores of "
                "dev: 'mriprivacy attack split=dev ...' and 'mriprivacy score SCORES key=EDITION/dev/key.tsv'"
            )
        swapped, key, scans = rehearsed(edition, submission)
        context = Context(
            swapped, key, read_protocol(edition.description), cache, settings.compute, rehearsal=True
        )
        entry = evaluate(context, scans, paired=False).entry
    verdict = of_entry(entry)
    verdict = replace(
        verdict,
        title=f"rehearsal on dev: {verdict.title}",
        lines=tuple(line for line in verdict.lines if line.what != "rank"),
        data={**verdict.data, "rehearsal": True},
    )
    whole = [summary(entry), *(f"note: {note}" for note in entry.warnings)]
    show(block(verdict, {}), settings, [f"note: {REHEARSAL}"], whole)
