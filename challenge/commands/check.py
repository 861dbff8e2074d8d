"""`mriprivacy check`: validate a submission against the public edition; needs no key."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.intake.submission import received
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting


@dataclass
class CheckSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition; public/ is enough")
    submission: str = setting(REQUIRED, "folder of the submission, or a zip of its content")
    compute: Compute = group(Compute, "loky")


def run(settings: CheckSettings) -> None:
    """Say that the submission is valid, or raise with everything that is wrong with it."""
    edition = open_edition(Path(settings.edition))
    with received(Path(settings.submission), edition, settings.compute) as submission:
        for warning in submission.warnings:
            print(f"warning: {warning}")
        print(f"{settings.submission}: a valid submission to track {submission.track} of {edition.name}")
