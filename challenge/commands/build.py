"""`mriprivacy build`: turn a cohort into an edition, public/ and sealed/."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mriprivacy import baselines
from mriprivacy.baselines.attacks.registry import BETWEEN_SCANS, make_attack
from mriprivacy.baselines.hair.check import why_failed
from mriprivacy.baselines.hair.removal import remove_hair
from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute, by_reason
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.challenge.edition.encryption import LOCKED, check_recipients, lock
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.protocol import Protocol, attacks_of, protocol_problems
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.entry.entry import TOLERATED
from mriprivacy.challenge.release.hair_left import hair_left
from mriprivacy.challenge.release.leaks_found import leaks_found
from mriprivacy.challenge.release.photograph_cuts import cut_photographs
from mriprivacy.challenge.release.published import published, verdict
from mriprivacy.challenge.release.seen_images import face_in, why_no_original, why_unusable
from mriprivacy.challenge.release.versions import (
    changes,
    inherited,
    inherited_protocol,
    mark_superseded,
    splits_of,
    superseding,
)
from mriprivacy.challenge.settings.runner import run_command
from mriprivacy.data_prep.cohorts.bids import is_synthetic
from mriprivacy.data_prep.cohorts.cohort_files import CohortFiles
from mriprivacy.data_prep.cohorts.deidentified import deidentified_note
from mriprivacy.data_prep.cohorts.distractors import Distractors, find_distractors
from mriprivacy.data_prep.editions.build_edition import EditionConfig, plan_edition, seal_edition
from mriprivacy.data_prep.editions.edition_config import check_config
from mriprivacy.data_prep.editions.plan import Plan
from mriprivacy.data_prep.editions.release import PhotoItem, ScanItem, release_photo, release_scan
from mriprivacy.data_prep.formats.manifest import SUPERSEDED
from mriprivacy.data_prep.formats.resumable import count_done, fingerprint, once, resumable_folder, start_anew
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.data_prep.inspection.named_faces import faces_of, replaced_pictures
from mriprivacy.data_prep.inspection.plan_file import PLAN, PlanError, open_questions, read_plan
from mriprivacy.data_prep.inspection.planned_people import planned_people
from mriprivacy.scoring.errors import UserError

SHORTEST_SEED = 2**64
_LONGEST_SEED = 1000  # digits
NO_SEED = -1


@dataclass
class BidsCohort(CohortFiles):
    """Where the people are (`cohort=bids`): a BIDS dataset, and its photographs."""

    root: str = setting(
        "",
        "folder of a BIDS dataset, with or without sessions, and participants.tsv; required without a plan",
    )


@dataclass
class BuildSettings:
    """Keys of the command."""

    output: str = setting(REQUIRED, "folder of the edition")
    plan: str = setting(
        "", "folder of a plan that inspect wrote and a person signed off; nothing else is asked"
    )
    seed: int = setting(
        NO_SEED,
        "seed of splits, ids and the order of lists, as secret as the key; required without a plan",
    )
    starting_kit: bool = setting(
        False, "also make starting_kit/: README and a valid submission of each track, in minutes"
    )
    recipients: list[str] = setting(
        [], "public keys, age1...: sealed.age for their holders instead of sealed/ (see lock)"
    )
    smallest_group: int = setting(
        2, "people, at least, whose files are of one grid, type and number; 1: any number", at_least=1
    )
    accept_links: bool = setting(
        False, "release scans of real people although their files link them with other scans (MRI-to-MRI)"
    )
    cohort: BidsCohort = group(BidsCohort, "bids")
    distractors: Distractors = group(Distractors, "none")
    protocol: Protocol = group(Protocol, "standard")
    cache: str = setting("", "folder for registrations of real heads; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")
    edition: EditionConfig = group(EditionConfig, "custom", name="standard")


def check(settings: BuildSettings) -> None:
    """Raise if no edition can be made, or if no system can be evaluated by its protocol."""
    listed = bool(settings.edition.public_list)
    if listed and settings.seed != NO_SEED:
        raise UserError(
            f"seed is given, and list {settings.edition.public_list} is drawn by its name; leave seed out"
        )
    given = {"cohort.root": bool(settings.cohort.root), "seed": listed or settings.seed != NO_SEED}
    if missing := [key for key, is_given in given.items() if not is_given]:
        raise UserError(
            f"build: missing {', '.join(missing)}; add {' '.join(f'{key}=...' for key in missing)} to the "
            "command, or plan=... (mriprivacy inspect writes one)"
        )
    if problems := protocol_problems(settings.protocol):
        raise UserError(*problems)
    for attack in attacks_of(settings.protocol):
        make_attack(attack)  # or a line on why an attack of your own cannot be made
        if attack in BETWEEN_SCANS and not settings.edition.reference_contrast:
            raise UserError(
                f"protocol.attacks: {attack} compares scans with scans, and the references of this edition "
                "are photographs; leave it out, or give edition.reference_contrast"
            )
    check_config(settings.edition)


def inherit(settings: BuildSettings, overridden: Collection[str]) -> BuildSettings:
    """Return settings as a plan says, and in which all else is as in the edition to be superseded."""
    if settings.plan:
        settings, overridden = _planned(settings, overridden)
    if not settings.edition.supersedes:
        return settings
    old = open_edition(Path(settings.edition.supersedes), images=False)
    distractors = old.description.get("distractors", 0)
    if distractors and "distractors" not in overridden:
        raise UserError(
            f"distractors: {old.name} has photographs of {distractors} distractors; give distractors=lfw "
            f"distractors.root=... distractors.count={distractors} as before, or distractors=none"
        )
    return replace(
        settings,
        edition=inherited(
            settings.edition, old.description, overridden, is_synthetic(Path(settings.cohort.root))
        ),
        protocol=inherited_protocol(settings.protocol, old.description, overridden),
    )


def _planned(settings: BuildSettings, overridden: Collection[str]) -> tuple[BuildSettings, Collection[str]]:
    """Return settings with all that a plan decides, and the keys that are decided by then."""
    plan = read_plan(Path(settings.plan))
    if plan.synthetic and not is_synthetic(Path(plan.root)):
        raise PlanError(
            f"{settings.plan}/{PLAN}: synthetic is true, and the dataset does not say so; expected false for "
            "real people"
        )
    if questions := (*open_questions(plan), *replaced_pictures(plan)):
        raise PlanError(*(f"{settings.plan}/{PLAN}: {question}" for question in questions))
    decided = {
        name: value for name, value in plan.edition.items() if value not in ("", []) and name != "seed"
    }
    twice = sorted(
        {"cohort.root", "cohort.photos", "seed", *(f"edition.{name}" for name in decided)} & {*overridden}
    )
    if twice:
        raise UserError(
            *(f"build: {key} is given, and the plan decides it; edit {settings.plan}/{PLAN}" for key in twice)
        )
    seed = str(plan.edition.get("seed", ""))
    if not (seed.isascii() and seed.isdecimal() and len(seed) <= _LONGEST_SEED):
        raise PlanError(
            f"{settings.plan}/{PLAN}: edition.seed is no whole number of at most {_LONGEST_SEED} digits; "
            "expected the one drawn by inspect"
        )
    if "smallest_group" not in overridden:
        settings = replace(settings, smallest_group=plan.smallest_group)
    settings = replace(
        settings,
        seed=int(seed),
        cohort=replace(settings.cohort, root=plan.root, photos=plan.photos or settings.cohort.photos),
        edition=replace(settings.edition, **decided),
    )
    return settings, {*overridden, *(f"edition.{name}" for name in decided)}


def run(settings: BuildSettings) -> None:
    """Plan the edition, look who is in its photographs, release what is not released yet, seal the key."""
    settings.edition.seed = settings.seed
    settings.edition.protocol = asdict(settings.protocol)
    strangers = find_distractors(settings.distractors, settings.seed)
    old = _released(settings.edition.supersedes)
    decided = read_plan(Path(settings.plan)) if settings.plan else None
    plan = plan_edition(
        Path(settings.cohort.root),
        settings.edition,
        settings.cohort,
        strangers,
        splits_of(old) if old else {},
        planned_people(decided) if decided else (),
    )
    plan = superseding(plan, old) if old else plan
    check_seed(plan, settings.seed)
    _check_scans(plan, settings.compute)
    faces_told = _faces_of_originals(plan, settings)
    print("\n".join(faces_told), end="\n" if faces_told else "", flush=True)  # before hours of work
    faces_meant = faces_of(decided) if decided else None
    plan = cut_photographs(plan, Path(settings.cohort.root), settings.cohort, settings.compute, faces_meant)
    state = fingerprint("build", asdict(settings.edition), plan, _state_of_sources(plan), _hair_removal())
    if settings.recipients:
        check_recipients(settings.recipients)
    with resumable_folder(Path(settings.output), state) as folder:
        if (folder / LOCKED).exists():  # ended between locking and renaming: what is sealed is locked, too
            start_anew(folder)
        if done := count_done(folder):
            images = len(plan.scans) + len(plan.photos) + len(plan.doppelgangers)
            print(f"{settings.output}: {done} of {images} images are there already")
        work(partial(_scan_once, folder), plan.scans, "release scans", settings.compute)
        hairless = settings.edition.hair_removal == "builtin"
        release = partial(_photo_once, folder, hairless)
        seen = work(release, plan.photos, "release photographs", settings.compute)
        hair_told = hair_left(plan, [reason for _, reason in seen])
        if plan.doppelgangers:
            seal = partial(_photo_once, folder, hairless, prefix="doppelganger-")
            work(seal, plan.doppelgangers, "seal photographs of doppelgangers", settings.compute)
        seal_edition(plan, folder)
        leaks = leaks_found(folder, settings.smallest_group, settings.accept_links, settings.compute)
        if old:
            mark_superseded(old, open_edition(folder))
        if settings.recipients:
            lock(folder, settings.recipients)
    for remark in plan.remarks:
        print(remark)
    if note := deidentified_note(Path(settings.cohort.root), [scan.source for scan in plan.scans]):
        print(note)
    if old:
        print("\n".join(f"{old.name} -> {change}" for change in changes(old.description, plan.description)))
    for photo, (count, _) in zip(plan.photos, seen, strict=True):
        if count > 1:
            print(f"{photo.source}: {count} faces; the largest is taken")
    print(f"{settings.output}: {_contents(plan, settings)}")
    print("\n".join([*leaks, *faces_told, *hair_told]))
    if settings.starting_kit:
        run_command("export", _starting_kit(settings))
    beside = " and starting_kit" if settings.starting_kit else ""
    sealed = LOCKED if settings.recipients else "sealed"
    print(f"publish {settings.output}/public{beside}; keep {settings.output}/{sealed} to yourself")
    if old:
        print(f"{old.root / SUPERSEDED}: written; publish it, too, beside the rest of {old.name}")
    if line := verdict(open_edition(Path(settings.output), images=False), published()):
        print(line)


def check_seed(plan: Plan, seed: int) -> None:
    """Refuse a seed that can be guessed: with the people's names it rebuilds the key, at 11 us a guess.

    Everybody can make the people of a synthetic cohort, and build a public list, so their keys are no secret.
    """
    if not plan.description["synthetic"] and "list" not in plan.description and seed < SHORTEST_SEED:
        raise UserError(
            f"seed is {seed}, which can be guessed, and with it the key; for real people expected one "
            f'of 2^64 or more: seed=$(python3 -c "import secrets; print(secrets.randbits(128))"), kept like '
            "the key"
        )


def _check_scans(plan: Plan, compute: Compute) -> None:
    """Refuse scans of real people that an attack would refuse: they cannot be evaluated."""
    if plan.description["synthetic"]:
        return
    reasons = work(why_unusable, [scan.source for scan in plan.scans], "read scans", compute)
    if problems := [reason for reason in reasons if reason]:
        raise UserError(*problems)


def _released(path: str) -> Edition | None:
    """Open the edition that is to be superseded, which must be as it was released."""
    if not path:
        return None
    if problems := verify_edition(Path(path)):
        raise UserError(*problems)
    return open_edition(Path(path))


def _faces_of_originals(plan: Plan, settings: BuildSettings) -> list[str]:
    """Say which scans of real people are no originals with a face, and what follows for the ranking."""
    if plan.description["synthetic"] or "defacing" not in plan.description["tracks"]:
        return []
    jobs = [scan.source for scan in plan.scans]
    found = work(partial(face_in, cache_folder(settings.cache)), jobs, "heads", settings.compute)
    reasons = [
        (scan.name, why.partition(" (")[0])  # without figures, in which scans differ
        for scan, seen in zip(jobs, found, strict=True)
        if (why := why_no_original(seen))
    ]
    lines = [f"faces: {why} ({names})" for why, names in by_reason(reasons)]
    unknown = sum(not seen.readable for seen in found)
    if unknown > TOLERATED * len(jobs):
        lines.append(
            f"faces: unknown in {unknown} of {len(jobs)} scans, so no defacing system will be ranked; leave "
            "these people out (mriprivacy inspect says which)"
        )
    return lines


def _contents(plan: Plan, settings: BuildSettings) -> str:
    references = sum(len(split.references) for split in plan.splits)
    kinds = f"{len(plan.scans)} scans, {references} photographs"
    if settings.edition.reference_contrast:
        kinds = f"{len(plan.scans)} scans, {references} of them references"
    if distractors := len(plan.distractors):
        kinds += f", {distractors} of distractors"
    if sealed := len({photo.reference for photo in plan.doppelgangers}):
        kinds += f", {sealed} of doppelgangers (sealed)"
    return f"{kinds}; " + ", ".join(f"{split.name} {len(split.trials)} trials" for split in plan.splits)


def _starting_kit(settings: BuildSettings) -> list[str]:
    """Return the words by which `export` makes the kit, of what is public; it may be made again."""
    folders = [f"edition={settings.output}/public", f"output={settings.output}/starting_kit"]
    return ["target=starting_kit", *folders, *settings.compute.words()]


def _state_of_sources(plan: Plan) -> list[tuple[str, int, int]]:
    """Size and time of every file of the cohort: an edition is not continued from another state of it."""
    sources = [path for scan in plan.scans for path in (scan.source, *(source for source, _ in scan.truth))]
    sources += [photo.source for photo in (*plan.photos, *plan.doppelgangers)]
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in sources]


def _hair_removal() -> list[bytes]:
    """Return the code that edits photographs: an edition is not continued by another one."""
    return [path.read_bytes() for path in sorted(Path(baselines.__file__).parent.rglob("*.py"))]


def _scan_once(folder: Path, item: ScanItem) -> None:
    once(folder, item.probe, partial(release_scan, item, folder))


def _photo_once(folder: Path, hairless: bool, item: PhotoItem, prefix: str = "") -> tuple[int, str]:
    """Release a photograph; return how many faces are in it, and why hair removal failed, if it did.

    No faces are counted where no hair is removed. A doppelganger's photograph has the id of the person's own,
    so that `prefix` tells the two pieces of work apart.
    """

    def release() -> tuple[int, str]:
        found = []

        def without_hair(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
            bald = remove_hair(picture)
            found.append((bald.faces, why_failed(picture, bald)))
            return bald.picture

        release_photo(item, folder, without_hair if hairless and item.condition == "bald" else None)
        return found[0] if found else (0, "")

    count, reason = once(folder, f"{prefix}{item.reference}-{item.condition}", release)
    return count, reason
