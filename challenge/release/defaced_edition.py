"""An edition of defaced scans: that of a defacing submission, for attacks alone.

People, splits, references, trials and the sealed key are those of the edition that was defaced; scans are
those that were sent. Ids and the order of lists are drawn anew, so that no table of one edition, such as
scores of undefaced scans, fits the other. The nonce stays: draws of people are the same, and an attack is
compared with the kit's own attackers draw by draw (`challenge.leaderboard.best_known`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from PIL import Image

from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.edition.defaced import RULES, Defaced
from mriprivacy.challenge.edition.public import Edition, Split
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.intake.submission import DefacingSubmission
from mriprivacy.data_prep.editions.plan import Plan, SplitPlan
from mriprivacy.data_prep.editions.release import PhotoItem, ScanItem, release_photo
from mriprivacy.data_prep.editions.seal import seal_edition
from mriprivacy.data_prep.editions.trials import Trial
from mriprivacy.data_prep.formats.nifti import write_nifti
from mriprivacy.data_prep.formats.secrets import generator, opaque_ids
from mriprivacy.scans.scan_file import open_scan

# Of the edition that was defaced alone: which one it replaces, its address and its day.
_NOT_INHERITED = ("supersedes", "doi", "released")


@dataclass(frozen=True)
class _DefacedScan:
    sent: Path
    original: Path
    target: Path


def write_defaced(
    edition: Edition,
    sealed: SealedKey,
    submission: DefacingSubmission,
    name: tuple[str, str],
    folder: Path,
    compute: Compute,
) -> str:
    """Write `public/` and `sealed/` of the edition that a defacing submission makes of another one.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Whose scans were defaced.
    submission : DefacingSubmission
        As intake accepted it.
    name : (id, version)
        Of the new edition.
    folder : Path
        Empty.
    compute : Compute
        Who writes the scans.

    Returns
    -------
    str
        The edition hash, the same for the same edition, submission and name.
    """
    of = Defaced(edition.name, edition.hash, submission.team, submission.system, submission.sha256)
    plan = _plan(edition, sealed, of, name)
    jobs = [
        _DefacedScan(submission.scans[item.split, _old(item.source)], item.source, folder / item.target)
        for item in plan.scans
    ]
    run(_write_scan, jobs, "scans", compute)
    run(partial(_write_photo, folder), plan.photos, "photographs", compute)
    return seal_edition(plan, folder)


def _write_scan(job: _DefacedScan) -> None:
    """Write what attackers see of a scan, in float32 (intake asks that this loses nothing), on its grid."""
    voxels = np.asarray(nib.squeeze_image(open_scan(job.sent).image).dataobj, np.float32)
    write_nifti(job.target, voxels, open_scan(job.original).image.affine)


def _write_photo(folder: Path, item: PhotoItem) -> None:
    release_photo(item, folder)


def _old(source: Path) -> str:
    """Return the id of a scan in the edition that was defaced, from its place there."""
    return source.parent.parent.name


def _plan(edition: Edition, sealed: SealedKey, of: Defaced, name: tuple[str, str]) -> Plan:
    """Decide on everything but the voxels: the plan that `seal_edition` writes."""
    nonce = (sealed.root / "nonce").read_text().strip()
    seed, purpose = int(nonce, 16), ("defaced", *name, of.submission_sha256)
    ids: dict[str, str] = {}
    for prefix, old in _prefixed(edition).items():
        ids |= opaque_ids(prefix, old, seed, *purpose)
    splits: list[SplitPlan] = []
    scans: list[ScanItem] = []
    photos: list[PhotoItem] = []
    for split in edition.splits.values():
        order = generator(seed, "trials", split.name, *purpose).permutation(len(split.trials))
        splits.append(_split(split, sealed, ids, order.tolist()))
        scans += [_scan(split, sealed, ids, own) for own in split.scans]
        photos += _photos(split, sealed, ids, edition.conditions)
    rows = [
        (ids[own], sealed.subjects[own], split.name)
        for split in edition.splits.values()
        for own in (*split.probes, *split.references, *split.distractors)
    ]
    return Plan(
        description=_description(edition.description, of, name),
        splits=tuple(splits),
        scans=tuple(sorted(scans, key=lambda item: item.probe)),
        photos=tuple(sorted(photos, key=lambda item: (item.reference, item.condition))),
        subjects=tuple(sorted(rows)),
        nonce=nonce,
        distractors=tuple(sorted(ids[own] for own in edition.eval.distractors)),
        ages=dict(sorted((ids[probe], age) for probe, age in sealed.ages.items())),
    )


def _prefixed(edition: Edition) -> Mapping[str, Iterable[str]]:
    splits = edition.splits.values()
    scans = [own for split in splits for own in split.scans]
    photos = [own for split in splits for own in split.references if not split.reference_contrast]
    return {"sub-": scans, "ph-": photos, "ds-": edition.eval.distractors}


def _description(description: Mapping[str, Any], of: Defaced, name: tuple[str, str]) -> dict[str, Any]:
    kept = {key: value for key, value in description.items() if key not in _NOT_INHERITED}
    about = {field: value for field, value in asdict(of).items() if field in RULES}
    new_id, version = name
    return kept | {
        "id": new_id,
        "version": version,
        "tracks": ["attack"],
        "superseded_by": None,
        "defaced": about,
    }


def _split(split: Split, sealed: SealedKey, ids: Mapping[str, str], order: list[int]) -> SplitPlan:
    """Return the lists of a split under new ids, trials in a new order; which match is known of `eval`."""
    attributes = split.attributes or sealed.attributes
    trials = []
    for probe, reference in (split.trials[i] for i in order):
        known = sealed.trials.get((probe, reference))
        mated = known.mated if known else split.key[probe, reference]
        trials.append(Trial(ids[probe], ids[reference], mated, known.matched if known else False))
    return SplitPlan(
        split.name,
        tuple(trials),
        dict(sorted((ids[probe], attributes[probe]) for probe in split.probes)),
        tuple(sorted(ids[reference] for reference in split.references)),
    )


def _scan(split: Split, sealed: SealedKey, ids: Mapping[str, str], own: str) -> ScanItem:
    contrast = split.contrast if own in split.probes else split.reference_contrast
    target = Path("public", split.name, "mri", ids[own], "anat", f"{ids[own]}_{contrast}.nii.gz")
    return ScanItem(sealed.subjects[own], split.name, ids[own], split.scan(own), target, ())


def _photos(
    split: Split, sealed: SealedKey, ids: Mapping[str, str], conditions: Iterable[str]
) -> Iterable[PhotoItem]:
    if split.reference_contrast:
        return
    for own in (*split.references, *split.distractors):
        for condition in conditions:
            source = split.photo(own, condition)
            target = Path("public", split.name, "photos", condition, f"{ids[own]}.png")
            with Image.open(source) as picture:
                whole = (0, 0, *picture.size)  # it was cut when it was released
            yield PhotoItem(sealed.subjects[own], split.name, ids[own], condition, source, target, whole)
