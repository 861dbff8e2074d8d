"""`mriprivacy build`: turn a cohort into an edition, public/ and sealed/."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from omegaconf import MISSING

from challenge.protocol import Protocol
from challenge.work import Compute
from challenge.work import run as work
from data_prep.edition import EditionConfig, plan_edition, seal_edition
from data_prep.files import whole_folder
from data_prep.images import CohortFiles
from data_prep.release import PhotoItem, ScanItem, release_photo, release_scan


@dataclass
class Cohort(CohortFiles):
    """Where the people are (`cohort=bids`): a BIDS dataset, and its photographs."""

    root: str = MISSING


@dataclass
class Settings:
    """Keys of the command."""

    output: str = MISSING
    seed: int = MISSING
    cohort: Cohort = field(default_factory=Cohort)
    edition: EditionConfig = field(default_factory=EditionConfig)
    protocol: Protocol = field(default_factory=Protocol)
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Plan the edition, release every scan and photograph, seal the key."""
    settings.edition.seed = settings.seed
    settings.edition.protocol = asdict(settings.protocol)
    plan = plan_edition(Path(settings.cohort.root), settings.edition, settings.cohort)
    with whole_folder(Path(settings.output)) as folder:
        scan: Callable[[ScanItem], None] = partial(release_scan, folder=folder)
        photo: Callable[[PhotoItem], None] = partial(release_photo, folder=folder)
        work(scan, plan.scans, "release scans", settings.compute)
        work(photo, plan.photos, "release photographs", settings.compute)
        seal_edition(plan, folder)
    counts = ", ".join(f"{split.name} {len(split.trials)} trials" for split in plan.splits)
    print(f"{settings.output}: {len(plan.scans)} scans, {len(plan.photos)} photographs; {counts}")
    print(f"publish {settings.output}/public; keep {settings.output}/sealed to yourself")
