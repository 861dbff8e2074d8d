"""`mriprivacy build`: turn a cohort into an edition, public/ and sealed/."""

from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from omegaconf import MISSING

from baselines.bald import remove_hair
from baselines.render import make_views
from challenge.protocol import Protocol, written
from challenge.work import Compute
from challenge.work import run as work
from data_prep.distractors import Distractors, find_distractors
from data_prep.edition import EditionConfig, plan_edition, seal_edition
from data_prep.images import CohortFiles
from data_prep.plan import Plan
from data_prep.release import PhotoItem, ScanItem, release_photo, release_scan
from data_prep.resume import count_done, fingerprint, once, resumable_folder


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
    distractors: Distractors = field(default_factory=Distractors)
    protocol: Protocol = field(default_factory=Protocol)
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Plan the edition, release what is not released yet, and seal the key."""
    settings.edition.seed = settings.seed
    make_views(settings.protocol.views, settings.protocol.lights)  # or a line that says what is none
    settings.edition.protocol = written(settings.protocol)
    strangers = find_distractors(settings.distractors, settings.seed)
    plan = plan_edition(Path(settings.cohort.root), settings.edition, settings.cohort, strangers)
    state = fingerprint("build", asdict(settings.edition), plan, _state_of_sources(plan))
    with resumable_folder(Path(settings.output), state) as folder:
        if done := count_done(folder):
            print(
                f"{settings.output}: {done} of {len(plan.scans) + len(plan.photos)} images are there already"
            )
        work(partial(_scan_once, folder), plan.scans, "release scans", settings.compute)
        hairless = settings.edition.hair_removal == "builtin"
        work(partial(_photo_once, folder, hairless), plan.photos, "release photographs", settings.compute)
        seal_edition(plan, folder)
    for remark in plan.remarks:
        print(remark)
    counts = ", ".join(f"{split.name} {len(split.trials)} trials" for split in plan.splits)
    references = sum(len(split.references) for split in plan.splits)
    kinds = f"{len(plan.scans)} scans, {references} photographs"
    if settings.edition.reference_contrast:
        kinds = f"{len(plan.scans)} scans, {references} of them references"
    if strangers:
        kinds += f", {len(strangers)} of strangers"
    print(f"{settings.output}: {kinds}; {counts}")
    print(f"publish {settings.output}/public; keep {settings.output}/sealed to yourself")


def _state_of_sources(plan: Plan) -> list[tuple[str, int, int]]:
    """Size and time of every file of the cohort: an edition is not continued from another state of it."""
    sources = [path for scan in plan.scans for path in (scan.source, *(source for source, _ in scan.truth))]
    sources += [photo.source for photo in plan.photos]
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in sources]


def _scan_once(folder: Path, item: ScanItem) -> None:
    once(folder, item.probe, partial(release_scan, item, folder))


def _photo_once(folder: Path, hairless: bool, item: PhotoItem) -> None:
    edit = _without_hair if hairless and item.condition == "bald" else None
    once(folder, f"{item.reference}-{item.condition}", partial(release_photo, item, folder, edit))


def _without_hair(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return remove_hair(picture).picture
