"""`mriprivacy check`: validate a submission against the public edition; needs no key."""

from dataclasses import dataclass, field
from pathlib import Path

from omegaconf import MISSING

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.intake.submission import received


@dataclass
class Settings:
    """Keys of the command."""

    edition: str = MISSING
    submission: str = MISSING
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Say that the submission is valid, or raise with everything that is wrong with it."""
    edition = open_edition(Path(settings.edition))
    with received(Path(settings.submission), edition, settings.compute) as submission:
        for warning in submission.warnings:
            print(f"warning: {warning}")
        print(f"{settings.submission}: a valid submission to track {submission.track} of {edition.name}")
