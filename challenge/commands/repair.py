"""`mriprivacy repair`: go on with a log of submissions that was cut, emptied or written by a wrong clock."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.submission_log.log import LOG, head, read_log
from mriprivacy.challenge.submission_log.lost_lines import repair
from mriprivacy.data_prep.formats.settings import REQUIRED, setting


@dataclass
class RepairSettings:
    """Keys of the command."""

    record: str = setting(REQUIRED, "folder with the log of submissions")


def run(settings: RepairSettings) -> None:
    """Write into the log what is wrong with it, and print it."""
    folder = Path(settings.record)
    if (line := repair(folder)) is None:
        print(f"{LOG}: nothing to repair")
        return
    print(f"{LOG}: line {line.number} says from now on: {line.note}")
    print("Submissions in lost lines no longer count towards the limits of their teams.")
    print(f"Publish the new head {head(read_log(folder))} beside the earlier one.")
