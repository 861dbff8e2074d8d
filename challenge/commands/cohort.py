"""`mriprivacy cohort`: write a synthetic cohort as a BIDS dataset."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from omegaconf import MISSING

from baselines.render import prepare_off_screen
from challenge.work import Compute
from challenge.work import run as work
from data_prep.files import whole_folder
from data_prep.synthetic.dataset import contact_sheet, subject_ids, write_dataset, write_person
from data_prep.synthetic.settings import SyntheticCohort


@dataclass
class Settings:
    """Keys of the command."""

    output: str = MISSING
    seed: int = 7
    cohort: SyntheticCohort = field(default_factory=SyntheticCohort)
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Draw every person, then scan and photograph each, and write the tables."""
    prepare_off_screen()
    with whole_folder(Path(settings.output)) as folder:
        write: Callable[[str], dict[str, str]] = partial(write_person, settings.cohort, folder=folder)
        rows = work(write, subject_ids(settings.cohort), "synthetic people", settings.compute)
        write_dataset(settings.cohort, rows, folder)
        contact_sheet(folder)
    print(f"{settings.output}: {len(rows)} synthetic people; look at sourcedata/contact_sheet.png")
