"""`mriprivacy check`: validate a submission against the public edition; needs no key."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.intake.description import sent
from mriprivacy.challenge.intake.submission import received
from mriprivacy.challenge.leaderboard.verdict import block, of_submission
from mriprivacy.challenge.settings.printing import Printing, one_of_both, show
from mriprivacy.data_prep.formats.settings import REQUIRED, group, same_setting, setting


@dataclass
class CheckSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition; public/ is enough")
    submission: str = setting(REQUIRED, "folder of the submission, or a zip of its content")
    compute: Compute = group(Compute, "loky")
    format: str = same_setting(Printing, "format")
    verbose: bool = same_setting(Printing, "verbose")
    quiet: bool = same_setting(Printing, "quiet")


check = one_of_both


def run(settings: CheckSettings) -> None:
    """Say that the submission is valid, or raise with everything that is wrong with it."""
    edition = open_edition(Path(settings.edition))
    with received(sent(settings.submission), edition, settings.compute) as submission:
        verdict = block(of_submission(submission), {"submission": settings.submission})
        show(verdict, settings, whole=[f"note: {note}" for note in submission.warnings])
