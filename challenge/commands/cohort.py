"""`mriprivacy cohort`: write a cohort as a BIDS dataset, a synthetic one or IXI as it was downloaded."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.data_prep.cohorts.ixi import read_ixi, write_ixi
from mriprivacy.data_prep.formats.atomic import whole_folder
from mriprivacy.data_prep.formats.resumable import count_done, fingerprint, once, resumable_folder
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort, check_settings
from mriprivacy.data_prep.synthetic.contact_sheet import contact_sheets
from mriprivacy.data_prep.synthetic.dataset import write_dataset, write_person
from mriprivacy.data_prep.synthetic.people.person import Person, draw_people


@dataclass
class CohortToWrite(SyntheticCohort):
    """A cohort to write: `source` is synthetic, or ixi with its folder and table (`cohort=ixi`)."""

    source: str = setting("synthetic", "set by cohort=", choices=("synthetic", "ixi"), chosen=True)
    root: str = setting("", "folder of the scans, IXI012-HH-1211-T1.nii.gz and so on", only=("ixi",))
    table: str = setting("", "IXI.xls, or the same as .csv", only=("ixi",))
    contrasts: list[str] = setting(
        ["T1w", "T2w"], "some of T1w, T2w, PDw; only people who have all of them", only=("ixi",)
    )


@dataclass
class CohortSettings:
    """Keys of the command."""

    output: str = setting(REQUIRED, "folder of the dataset")
    seed: int = setting(7, "the same seed gives the same people, scans and photographs")
    cohort: CohortToWrite = group(CohortToWrite, "synthetic")
    compute: Compute = group(Compute, "loky")


def check(settings: CohortSettings) -> None:
    """Raise with every setting of which no people can be made."""
    if settings.cohort.source != "ixi":
        check_settings(settings.cohort)


def run(settings: CohortSettings) -> None:
    """Draw the people, then scan and photograph each; people already written are not made again."""
    if settings.cohort.source == "ixi":
        _ixi(settings.cohort, Path(settings.output))
        return
    cohort = SyntheticCohort(
        **{one.name: getattr(settings.cohort, one.name) for one in fields(SyntheticCohort)}
    )
    people = draw_people(cohort)
    state = fingerprint("cohort", asdict(cohort))
    with resumable_folder(Path(settings.output), state) as folder:
        if done := count_done(folder):
            print(f"{settings.output}: {done} of {len(people)} people are there from an earlier run")
        write: Callable[[Person], dict[str, str]] = partial(_write_once, cohort, folder)
        rows = work(write, people, "synthetic people", settings.compute)
        write_dataset(cohort, rows, folder)
        sheets = contact_sheets(folder)
    print(f"{settings.output}: {len(rows)} synthetic people; look at sourcedata/{sheets[0].name}")


def _ixi(cohort: CohortToWrite, output: Path) -> None:
    people, remarks = read_ixi(Path(cohort.root), Path(cohort.table), cohort.contrasts)
    with whole_folder(output) as folder:
        write_ixi(people, folder)
    for remark in remarks:
        print(remark)
    print(f"{output}: {len(people)} people of IXI with {', '.join(cohort.contrasts)}; no photographs")


def _write_once(config: SyntheticCohort, folder: Path, person: Person) -> dict[str, str]:
    row: dict[str, str] = once(folder, person.subject, partial(write_person, config, person, folder))
    return row
