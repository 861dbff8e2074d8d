"""`mriprivacy deface`: run a reference defacer on an edition; the result is a submission like any other."""

import json
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from mriprivacy import baselines
from mriprivacy.baselines.alignment.template import AlignmentError
from mriprivacy.baselines.defacers import DefacerError, deface, described
from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.intake.description import describe_reference
from mriprivacy.challenge.settings.groups import DefacerChoice
from mriprivacy.data_prep.cohorts.defacemask import describe_masks, mask_name, write_mask
from mriprivacy.data_prep.cohorts.deidentified import METHOD
from mriprivacy.data_prep.formats.atomic import OutputExistsError, whole_folder, write_whole
from mriprivacy.data_prep.formats.nifti import write_nifti
from mriprivacy.data_prep.formats.resumable import count_done, fingerprint, once, resumable_folder
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.scoring.errors import UserError


@dataclass
class DefaceSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition; public/ is enough")
    output: str = setting(REQUIRED, "folder of the submission")
    defacer: DefacerChoice = group(DefacerChoice, "remove_face")
    masks: str = setting(
        "",
        "folder for a BIDS derivative with a _defacemask of each scan, no part of a submission; empty: none",
    )
    cache: str = setting("", "folder in which registrations are kept; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


@dataclass(frozen=True)
class _MaskJob:
    original: Path
    defaced: Path
    target: Path


@dataclass(frozen=True)
class _DefaceJob:
    defacer: DefacerChoice
    source: Path
    target: Path
    cache: Path
    folder: Path


def check(settings: DefaceSettings) -> None:
    """Raise if there is no such defacer, or its program is not there."""
    described(settings.defacer.name, settings.defacer.command, settings.defacer.options)
    if settings.masks and Path(settings.masks).exists():
        raise OutputExistsError(f"{settings.masks} already exists; remove it, or give masks=ANOTHER")
    if settings.masks and Path(settings.output).resolve() in Path(settings.masks).resolve().parents:
        raise UserError(
            f"deface: masks is {settings.masks}, which is inside of output; expected a folder beside it: a "
            "submission with masks is refused"
        )


def run(settings: DefaceSettings) -> None:
    """Deface every scan of both splits and write the submission."""
    edition = open_edition(Path(settings.edition))
    defacer = settings.defacer
    first = defacer.system or defacer.name
    system, draw_of = (f"{first}-draw{defacer.draw}", first) if defacer.draw > 1 else (first, "")
    how = described(defacer.name, defacer.command, defacer.options)
    how += f", draw {defacer.draw}" if draw_of else ""
    cache = cache_folder(settings.cache)
    output, state = Path(settings.output), fingerprint("deface", edition.hash, defacer, how, _code())
    # A program of your own may have changed since the last run, so none of its scans are kept.
    kept = not defacer.command
    with resumable_folder(output, state) if kept else whole_folder(output) as folder:
        if done := count_done(folder):
            print(f"{settings.output}: {done} scans are there already")
        jobs = [
            _DefaceJob(
                defacer, split.scan(name), folder / split.name / "mri" / split.scan_name(name), cache, folder
            )
            for split in (edition.dev, edition.eval)
            for name in split.scans
        ]
        work(_deface_once if kept else _deface, jobs, f"deface with {system}", settings.compute)
        if defacer.name != "identity":
            _write_sidecars(edition, folder, f"mriprivacy {how}")
        describe_reference(folder, edition.name, "defacing", system, how, draw_of=draw_of)
    print(f"{settings.output}: {len(jobs)} scans defaced with {how}")
    if settings.masks:
        _write_masks(edition, settings, f"mriprivacy {how}")


def _write_masks(edition: Edition, settings: DefaceSettings, how: str) -> None:
    """Write a derivative dataset for each split: a submission may hold no file that was not asked for."""
    with whole_folder(Path(settings.masks)) as folder:
        jobs = [
            _MaskJob(
                split.scan(name),
                Path(settings.output, split.name, "mri", split.scan_name(name)),
                folder / split.name / mask_name(split.scan_name(name)),
            )
            for split in (edition.dev, edition.eval)
            for name in split.scans
        ]
        changed = work(_mask, jobs, "masks", settings.compute)
        for split in (edition.dev, edition.eval):
            contrasts = tuple(filter(None, (split.contrast, split.reference_contrast)))
            describe_masks(folder / split.name, contrasts, how, version("mriprivacy"))
    print(f"{settings.masks}: {len(jobs)} masks, of {min(changed)} to {max(changed)} voxels")


def _mask(job: _MaskJob) -> int:
    return write_mask(job.original, job.defaced, job.target)


def _write_sidecars(edition: Edition, folder: Path, how: str) -> None:
    """Write into one sidecar for all scans of a contrast, as BIDS inherits it, how they were defaced."""
    for split in (edition.dev, edition.eval):
        for contrast in filter(None, (split.contrast, split.reference_contrast)):
            sidecar = folder / split.name / "mri" / f"{contrast}.json"
            write_whole(sidecar, json.dumps({METHOD: [how]}, indent=1) + "\n")


def _code() -> list[bytes]:
    """Return the code that defaces: a submission is not continued by another one."""
    return [path.read_bytes() for path in sorted(Path(baselines.__file__).parent.rglob("*.py"))]


def _deface_once(job: _DefaceJob) -> None:
    once(job.folder, job.target.name, partial(_deface, job))


def _deface(job: _DefaceJob) -> None:
    defacer = job.defacer
    try:
        scan = deface(
            defacer.name,
            read_scan(job.source),
            cache=job.cache,
            command=defacer.command,
            options=defacer.options,
            draw=defacer.draw,
        )
    except (AlignmentError, DefacerError) as error:
        raise DefacerError(f"{job.source.name}: {error}") from error
    write_nifti(job.target, scan.data, scan.affine)
