"""`mriprivacy cohort`: write a synthetic cohort as a BIDS dataset."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from omegaconf import MISSING

from baselines.render import prepare_off_screen
from challenge.work import Compute
from challenge.work import run as work
from data_prep.resume import count_done, fingerprint, once, resumable_folder
from data_prep.synthetic.contact_sheet import contact_sheets
from data_prep.synthetic.dataset import write_dataset, write_person
from data_prep.synthetic.likeness import draw_people
from data_prep.synthetic.people import Person
from data_prep.synthetic.settings import SyntheticCohort


@dataclass
class Settings:
    """Keys of the command."""

    output: str = MISSING
    seed: int = 7
    cohort: SyntheticCohort = field(default_factory=SyntheticCohort)
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Draw the people, then scan and photograph each; people already written are not made again."""
    prepare_off_screen()
    people = draw_people(settings.cohort)
    state = fingerprint("cohort", asdict(settings.cohort))
    with resumable_folder(Path(settings.output), state) as folder:
        if done := count_done(folder):
            print(f"{settings.output}: {done} of {len(people)} people are there from an earlier run")
        write: Callable[[Person], dict[str, str]] = partial(_write_once, settings.cohort, folder)
        rows = work(write, people, "synthetic people", settings.compute)
        write_dataset(settings.cohort, rows, folder)
        sheets = contact_sheets(folder)
    print(f"{settings.output}: {len(rows)} synthetic people; look at sourcedata/{sheets[0].name}")


def _write_once(config: SyntheticCohort, folder: Path, person: Person) -> dict[str, str]:
    row: dict[str, str] = once(folder, person.subject, partial(write_person, config, person, folder))
    return row
