"""`mriprivacy inspect`: read a dataset and portraits as they are, and propose a plan to sign off."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from mriprivacy.baselines.hair.removal import Picture
from mriprivacy.challenge.attackers.features import Extraction
from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute, some
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.challenge.edition.protocol import Rendering
from mriprivacy.challenge.release.cohort_sheet import write_sheets
from mriprivacy.challenge.release.seen_images import look_at_all, with_faces_of, without_hair
from mriprivacy.data_prep.cohorts.bids import is_synthetic
from mriprivacy.data_prep.cohorts.cohort_files import dicom_hint
from mriprivacy.data_prep.cohorts.deidentified import deidentified_note
from mriprivacy.data_prep.cohorts.people_table import read_people
from mriprivacy.data_prep.formats.atomic import whole_folder, write_whole
from mriprivacy.data_prep.formats.schema import SCAN_CONTRASTS
from mriprivacy.data_prep.formats.settings import REQUIRED, group, same_setting, setting
from mriprivacy.data_prep.inspection.dataset_files import (
    PHOTO_FOLDERS,
    DatasetFiles,
    Portraits,
    find_dataset,
    find_portraits,
)
from mriprivacy.data_prep.inspection.plan_file import PLAN, CohortPlan, open_questions, plan_text, read_plan
from mriprivacy.data_prep.inspection.proposal import (
    PHOTOGRAPHS,
    SeenImages,
    carried_over,
    differences,
    propose,
    usual_contrast,
)
from mriprivacy.scoring.errors import UserError

_MOST = 8  # lines of a list that are printed


@dataclass
class InspectSettings:
    """Keys of the command."""

    root: str = setting("", "folder of a BIDS dataset; empty: that of the earlier plan")
    output: str = setting(REQUIRED, "folder of the plan: plan.toml to edit, and contact sheets")
    photos: str = setting(
        "", "folder of portraits; empty: sourcedata/photos or photos below root; none: no photographs"
    )
    contrast: str = setting(
        "", f"BIDS suffix of the scans: {', '.join(SCAN_CONTRASTS)}; empty: that of most people"
    )
    plan: str = setting("", "folder of an earlier plan, whose decisions stand; what changed is printed")
    faces: bool = setting(True, "also look for a face in every scan, some seconds each")
    spacing_mm: float = same_setting(Rendering, "spacing_mm")
    cache: str = setting("", "folder for faces of scans; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


def check(settings: InspectSettings) -> None:
    """Raise if there is nothing to inspect."""
    if not settings.root and not settings.plan:
        raise UserError("inspect: missing root; add root=... to the command")
    if settings.contrast and settings.contrast not in SCAN_CONTRASTS:
        raise UserError(
            f"inspect: contrast is {settings.contrast!r}; expected one of {', '.join(SCAN_CONTRASTS)}"
        )


def run(settings: InspectSettings) -> None:
    """Read, look, propose, and print what a person has to decide."""
    old = read_plan(Path(settings.plan)) if settings.plan else None
    root = Path(settings.root or (old.root if old else "")).resolve()
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; expected a BIDS dataset with folders sub-*")
    files = find_dataset(root)
    if not files.scans:
        raise UserError(
            f"{root}: no scan in it; expected sub-*/anat/sub-*_T1w.nii.gz or another of "
            f"{', '.join(SCAN_CONTRASTS)}{dicom_hint(root)}"
        )
    table = read_people(root / "participants.tsv")
    album = _album(settings, root, old)
    portraits = find_portraits(album, {*files.subjects, *table.people}) if album else None
    if portraits is None and len({scan.contrast for scan in files.scans}) == 1:
        raise UserError(
            f"{root}: scans of one contrast and no photographs; expected photos=DIR, or scans of a second "
            "contrast to compare with"
        )
    seen, contrasts = _seen(files, portraits, settings, old)
    bald = _bald(seen, contrasts, settings)
    failed = {path: f"hair removal fails: {why}" for path, (_, why) in bald.items() if why}
    seen = replace(seen, remarks={**seen.remarks, **failed})
    plan = propose(files, table, portraits, seen, (root, album), contrasts, is_synthetic(root))
    plan = _hair_kept(plan, failed)
    if old:
        plan = carried_over(plan, old)
    with whole_folder(Path(settings.output)) as folder:
        write_whole(folder / PLAN, plan_text(plan))
        sheets = write_sheets(plan, seen, {path: picture for path, (picture, _) in bald.items()}, folder)
        for path in folder.iterdir():
            path.chmod(0o600)  # they name people, and show them; the plan holds the seed
    if note := deidentified_note(root, [scan.path for scan in files.scans if scan.contrast in contrasts]):
        print(note)
    _report(plan, old, settings.output, [sheet.name for sheet in sheets])


def _album(settings: InspectSettings, root: Path, old: CohortPlan | None) -> Path | None:
    """Return the folder of photographs, or None where scans are compared with scans."""
    if settings.photos == "none":
        return None
    if settings.photos or (old and old.photos):
        album = Path(settings.photos or (old.photos if old else "")).resolve()
        if not album.is_dir():
            raise UserError(f"{album}: no such folder; photos=DIR is a folder of portraits")
        return album
    return next((root / name for name in PHOTO_FOLDERS if (root / name).is_dir()), None)


def _seen(
    files: DatasetFiles, portraits: Portraits | None, settings: InspectSettings, old: CohortPlan | None
) -> tuple[SeenImages, tuple[str, str]]:
    """Look at the images; return what was seen, and of what kind probes and references are."""
    photos = [path for own in portraits.of.values() for path in own] if portraits else []
    seen = look_at_all([scan.path for scan in files.scans], photos, settings.compute)
    before = str(old.edition.get("contrast", "")) if old else ""
    probes = settings.contrast or before or usual_contrast(files, seen.unusable)
    references = PHOTOGRAPHS if portraits else usual_contrast(files, seen.unusable, besides=probes)
    if not (probes and references):
        reasons = Counter(seen.unusable[scan.path] for scan in files.scans if scan.path in seen.unusable)
        raise UserError(
            *(f"scans cannot be used: {why} ({count} scans)" for why, count in reasons.most_common())
        )
    if settings.faces:
        scans = [scan.path for scan in files.scans if scan.contrast in (probes, references)]
        camera = Rendering(spacing_mm=settings.spacing_mm)
        extraction = Extraction(attacks=(), camera=camera, cache=cache_folder(settings.cache))
        seen = with_faces_of(scans, seen, extraction, settings.compute)
    return seen, (probes, references)


def _bald(
    seen: SeenImages, contrasts: tuple[str, str], settings: InspectSettings
) -> dict[Path, tuple[Picture, str]]:
    """Try hair removal on the photographs of one person each: what fails is shown before it is published."""
    if contrasts[1] != PHOTOGRAPHS:
        return {}
    paths = [path for path, faces in seen.faces.items() if len(faces) == 1]
    return dict(zip(paths, work(without_hair, paths, "remove hair", settings.compute), strict=True))


def _hair_kept(plan: CohortPlan, failed: Collection[Path]) -> CohortPlan:
    """Propose photographs as they are, where `build` would refuse what hair removal made of real people."""
    taken = {Path(plan.photos) / name for person in plan.people if person.included for name in person.photos}
    names = sorted(path.name for path in taken.intersection(failed))
    if not names or plan.synthetic:
        return plan
    remark = (
        f"hair removal fails on {len(names)} of {len(taken)} photographs ({some(names)}); proposed: "
        'hair_removal = "none". "given" takes photographs without hair of your own'
    )
    return replace(plan, edition={**plan.edition, "hair_removal": "none"}, remarks=(*plan.remarks, remark))


def _report(plan: CohortPlan, old: CohortPlan | None, output: str, sheets: list[str]) -> None:
    included = [person for person in plan.people if person.included]
    what = plan.edition["references"]
    against = "photographs" if what == PHOTOGRAPHS else f"{what} scans"
    scans = f"{plan.edition['contrast']} scans"
    print(f"{len(plan.people)} people: {len(included)} included, {scans} against {against}")
    out = [f"{person.subject}: out, {person.why}" for person in plan.people if not person.included]
    print("\n".join([*out[:_MOST], *([f"... and {len(out) - _MOST} more"] if len(out) > _MOST else [])]))
    for remark in plan.remarks:
        print(remark)
    if old:
        for line in differences(plan, old):
            print(f"changed: {line}")
    for question in open_questions(plan):
        print(f"to do: {question}")
    print(f"look at {output}/{some(sheets)}; read and edit {output}/{PLAN}")
    print(f"then: mriprivacy build plan={output} output=EDITION")
