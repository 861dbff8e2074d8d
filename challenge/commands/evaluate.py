"""`mriprivacy evaluate`: score a submission with the sealed key and write its entry."""

from dataclasses import dataclass, field
from pathlib import Path

from omegaconf import MISSING

from challenge.edition import open_edition
from challenge.entry import write_entry
from challenge.evaluation import Evaluator, evaluate
from challenge.leaderboard import summary
from challenge.protocol import read_protocol
from challenge.sealed import open_sealed
from challenge.settings import cache_folder
from challenge.submission import received
from challenge.work import Compute


@dataclass
class Settings:
    """Keys of the command."""

    edition: str = MISSING
    submission: str = MISSING
    output: str = MISSING
    cache: str = ""
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Check the submission as a participant would, evaluate it, write its entry below `output`."""
    root = Path(settings.edition)
    edition = open_edition(root)
    evaluator = Evaluator(
        edition,
        open_sealed(root),
        read_protocol(edition.description),
        cache_folder(settings.cache),
        settings.compute,
    )
    with received(Path(settings.submission), edition) as submission:
        entry = evaluate(evaluator, submission)
    path = write_entry(Path(settings.output), entry)
    for warning in entry.warnings:
        print(f"warning: {warning}")
    print(summary(entry))
    print(f"{path}: written")
