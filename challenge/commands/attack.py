"""`mriprivacy attack`: run an attack, the kit's or your own, on an edition or on loose images."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.alignment.presence import WHOLE, Presence
from mriprivacy.baselines.attacks.registry import BETWEEN_SCANS, make_attack
from mriprivacy.baselines.attacks.training.informed import MIN_SUBJECTS, InformedError
from mriprivacy.baselines.face.photo import SUFFIXES
from mriprivacy.challenge.attackers.acquisition import COLUMNS, crowded, faceless, seen
from mriprivacy.challenge.attackers.cross_fitted import FOLDS, cross_fit
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, extract
from mriprivacy.challenge.attackers.linkage import Compare, adapt_to, link, lowest, people, train_on
from mriprivacy.challenge.attackers.loose_images import find_images
from mriprivacy.challenge.attackers.networks import declared, described, networks_of, system_name
from mriprivacy.challenge.attackers.photographs import taken_photographs
from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute, some
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.challenge.edition.public import Edition, Split, open_edition
from mriprivacy.challenge.intake.description import describe_reference
from mriprivacy.challenge.release.seen_images import face_in
from mriprivacy.challenge.settings.groups import AttackChoice, attack_name, camera_of
from mriprivacy.data_prep.formats.atomic import whole_folder
from mriprivacy.data_prep.formats.schema import DISTRACTORS, NOT_AVAILABLE, SCORE_COLUMNS
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.scoring.errors import UserError

SCAN_SUFFIXES = (".nii", ".nii.gz")


@dataclass
class AttackSettings:
    """Keys of the command: an edition, or probes and photos."""

    output: str = setting(REQUIRED, "folder of the submission, or of scores and renders")
    edition: str = setting("", "folder of an edition; public/ is enough; or else probes and photos:")
    split: str = setting("eval", "split of the edition", choices=("dev", "eval"))
    probes: str = setting("", "folder of NIfTI scans (photographs may be among them)")
    photos: str = setting("", "folder of PNG and JPEG photographs (scans may be among them)")
    attack: AttackChoice = group(AttackChoice, "deepface")
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    embeddings: str = setting("", "folder for the vectors that identify reads; empty: none are written")
    compute: Compute = group(Compute, "loky")


def check(settings: AttackSettings) -> None:
    """Raise for a camera that is none, or keys that do not go together."""
    attack = settings.attack
    camera_of(attack)
    if attack.level != "ignorant" and not settings.edition:
        raise UserError(f"attack: attack.level={attack.level} is trained on dev; expected edition=...")
    if settings.edition and (settings.probes or settings.photos):
        raise UserError("attack: give either edition=... or probes=... and photos=..., not both")
    if settings.edition:
        return
    if attack.condition != "raw":
        raise UserError(
            f"attack: attack.condition is {attack.condition!r}; loose photographs are taken as they "
            "are: run mriprivacy bald photos=DIR output=BALD first, then give photos=BALD"
        )
    if not (settings.probes and settings.photos):
        raise UserError("attack: give edition=... , or both probes=DIR and photos=DIR")


def run(settings: AttackSettings) -> None:
    """Attack what the settings name."""
    if settings.edition:
        _attack_edition(settings)
    else:
        _attack_loose(settings)


def _attack_edition(settings: AttackSettings) -> None:
    edition = open_edition(Path(settings.edition))
    condition = settings.attack.condition
    if condition not in edition.conditions:
        raise UserError(
            f"attack: attack.condition is {condition!r}; this edition has {', '.join(edition.conditions)}"
        )
    level = settings.attack.level
    if settings.attack.name in BETWEEN_SCANS and not edition.eval.reference_contrast:
        raise UserError(
            f"attack: attack={settings.attack.name} compares scans with scans; "
            "the references of this edition are photographs"
        )
    known_people = len(set(people(edition.dev.key).values()))
    needed, why = MIN_SUBJECTS, ""
    if settings.split == "dev":  # two folds of people are left out of each training
        needed, why = MIN_SUBJECTS * FOLDS // (FOLDS - 2), " with split=dev, which leaves people out"
    if level == "informed" and known_people < needed:
        raise UserError(
            f"attack: attack.level=informed needs {needed} people in dev{why}; this edition has "
            f"{known_people}; take attack.level=ignorant or adapted, or an edition of more people"
        )
    if level != "informed" and not edition.eval.reference_contrast:
        _check_comparable(settings)
    with whole_folder(Path(settings.output)) as folder:
        name, split = attack_name(settings.attack), edition.splits[settings.split]
        paths, remarks = _taken(edition, split, settings)
        probes, references = _features(split, paths, settings)
        sides = {"probes": probes, "references": references}
        compare: Compare | None = None
        if settings.split == "dev" and level == "informed":
            scores = _left_out(name, split, probes, references)
        else:
            compare = _compare(name, edition, settings)
            scores = link(name, split.trials, probes, references, compare)
        _write_scores(folder / "scores.tsv", split.trials, scores)
        if split.distractor_trials:
            distractors, more = _taken(edition, split, settings, "distractors")
            remarks += more
            extraction = _extraction(settings)
            faces = extract(distractors, "photo", extraction, "faces of distractors", settings.compute)
            sides["distractors"] = faces
            others = link(name, split.distractor_trials, probes, faces, compare)
            _write_scores(folder / DISTRACTORS, split.distractor_trials, others)
        if settings.embeddings:
            who = people(split.key)
            _write_embeddings(settings, probes, references, who)
        what = condition if level == "ignorant" else f"{condition}_{level}"
        system = system_name(name, what)
        networks = networks_of(name)
        describe_reference(folder, edition.name, "attack", system, described(networks), declared(networks))
    for reference, count in crowded(references).items():
        print(f"{paths[reference]}: {count} faces; the largest is taken")
    print("\n".join(remarks), end="\n" if remarks else "")
    print(f"{settings.output}: {len(split.trials)} trials of {settings.split} scored; {_fta(sides)}")


def _taken(
    edition: Edition, split: Split, settings: AttackSettings, what: str = ""
) -> tuple[dict[str, Path], list[str]]:
    """Return the references of a split, or its distractors, as an evaluation takes them, and remarks."""
    condition, name = settings.attack.condition, what or split.name
    wanted = split.distractors if what else split.references
    shots = {(name, c): {one: split.reference(one, c) for one in wanted} for c in ("raw", condition)}
    cache = cache_folder(settings.cache)
    taken = taken_photographs(shots, edition.description, cache, settings.compute)
    return taken.paths[name, condition], taken.remarks


def _features(
    split: Split, references: dict[str, Path], settings: AttackSettings
) -> tuple[dict[str, ImageFeatures], dict[str, ImageFeatures]]:
    """Return the features of all scans and of all references of a split."""
    extraction = _extraction(settings)
    scans = {probe: split.scan(probe) for probe in split.probes}
    label = f"faces of {'references' if split.reference_contrast else 'photographs'} of {split.name}"
    return (
        extract(scans, "scan", extraction, f"faces of scans of {split.name}", settings.compute),
        extract(references, split.reference_kind, extraction, label, settings.compute),
    )


def _attack_loose(settings: AttackSettings) -> None:
    probe_paths = find_images(Path(settings.probes), "probes", (*SCAN_SUFFIXES, *SUFFIXES))
    photo_paths = find_images(Path(settings.photos), "photos", (*SCAN_SUFFIXES, *SUFFIXES))
    if len({_is_photo(path) for path in (*probe_paths.values(), *photo_paths.values())}) > 1:
        _check_comparable(settings)
    with whole_folder(Path(settings.output)) as folder:
        probes = _loose(probe_paths, "probe", settings, folder / "renders")
        references = _loose(photo_paths, "reference", settings, folder / "renders" / "references")
        sides = ((probe_paths, probes), (photo_paths, references))
        missing = [
            f"{paths[name]}: no face found; expected a portrait seen from the front, "
            "at least 80 pixels wide; crop it, turn it upright or leave it out"
            for paths, images in sides
            for name in faceless(images)
            if _is_photo(paths[name])
        ]
        if any(all(map(_is_photo, paths.values())) and not _acquired(images) for paths, images in sides):
            raise UserError(*missing)  # no face to compare with
        trials = [(probe, reference) for probe in probe_paths for reference in photo_paths]
        scores = link(attack_name(settings.attack), trials, probes, references)
        _write_scores(folder / "scores.tsv", trials, scores)
        if settings.embeddings:
            named = {name: _bids_subject(path) for path_of, _ in sides for name, path in path_of.items()}
            _write_embeddings(settings, probes, references, named)
        verdicts = _verdicts(probe_paths, settings), _verdicts(photo_paths, settings)
        rows = _rows(probes, "probe", verdicts[0]) + _rows(references, "reference", verdicts[1])
        write_table(folder / "images.tsv", (*COLUMNS, "verdict"), rows)
        (folder / "attack.json").write_text(json.dumps(_made_by(settings), indent=2) + "\n")
    for line in missing:
        print(line)
    for paths, found in zip((probe_paths, photo_paths), verdicts, strict=True):
        for name, verdict in found.items():
            if verdict.verdict != WHOLE:
                print(f"{paths[name]}: {verdict}")
    for paths, images in sides:
        for name, count in crowded(images).items():
            print(f"{paths[name]}: {count} faces; the largest is taken")
    fta = _fta({"probes": probes, "references": references})
    print(f"{settings.output}: {len(trials)} trials scored; {fta}")
    print(f"look at {settings.output}/renders; scores.tsv: higher means more likely the same person")


def _verdicts(paths: Mapping[str, Path], settings: AttackSettings) -> dict[str, Presence]:
    """Return what `inspect`, `build` and `qc` say of the scans among images."""
    scans = {name: path for name, path in paths.items() if not _is_photo(path)}
    look = partial(face_in, cache_folder(settings.cache))
    return dict(zip(scans, work(look, list(scans.values()), "verdicts", settings.compute), strict=True))


def _rows(
    images: Mapping[str, ImageFeatures], side: str, verdicts: Mapping[str, Presence]
) -> list[tuple[str, ...]]:
    return [(*row, str(verdicts.get(row[0], NOT_AVAILABLE))) for row in seen(images, side)]


def _made_by(settings: AttackSettings) -> dict[str, Any]:
    """Return how scores were made, as far as they depend on it."""
    attack = settings.attack
    return {
        "attack": attack.name,
        "networks": networks_of(attack_name(attack)),  # name: sha256 of the weight file
        "camera": asdict(camera_of(attack)),
        "kit": version("mriprivacy"),
    }


def _check_comparable(settings: AttackSettings) -> None:
    """Refuse to compare features of scans and photographs that only a trained attacker can compare."""
    attack = settings.attack
    if not make_attack(attack_name(attack)).comparable:
        raise UserError(
            f"attack: {attack.name} has different features for scans and for photographs, so it must be "
            f"trained to link them: attack.level is {attack.level!r}; expected attack.level=informed and "
            "edition=..."
        )


def _is_photo(path: Path) -> bool:
    return not path.name.lower().endswith(SCAN_SUFFIXES)  # a photograph may have any other name


def _loose(
    paths: dict[str, Path], side: str, settings: AttackSettings, renders: Path
) -> dict[str, ImageFeatures]:
    """Return the features of a folder in which scans and photographs may stand together."""
    photos = {name: path for name, path in paths.items() if _is_photo(path)}
    scans = {name: path for name, path in paths.items() if name not in photos}
    extraction = _extraction(settings, renders)
    found = extract(scans, "scan", extraction, f"faces of {side} scans", settings.compute)
    return found | extract(photos, "photo", extraction, f"faces of {side} photographs", settings.compute)


def _extraction(settings: AttackSettings, renders: Path | None = None) -> Extraction:
    attack = settings.attack
    return Extraction(
        attacks=(attack_name(attack),),
        camera=camera_of(attack),
        cache=cache_folder(settings.cache),
        renders=renders,
    )


def _compare(attack: str, edition: Edition, settings: AttackSettings) -> Compare | None:
    """Return how an attacker compares; what it is trained or adapted on are people of the other split.

    The key of `eval` is sealed, so an informed attacker is trained on `dev` alone.
    """
    level = settings.attack.level
    if level == "ignorant":
        return None
    other = edition.splits["eval" if settings.split == "dev" else "dev"]
    known = _features(other, _taken(edition, other, settings)[0], settings)
    if level == "adapted":
        return adapt_to(attack, *known).similarity
    return train_on(attack, *known, people(other.key)).similarity


def _left_out(
    attack: str, split: Split, probes: dict[str, ImageFeatures], references: dict[str, ImageFeatures]
) -> NDArray[np.float64]:
    """Score the trials of `dev` by attackers that were trained on other people of `dev`."""
    who = people(split.key)
    subjects = {name: who.get(name, name) for name in (*probes, *references)}
    try:
        return lowest(cross_fit(attack, split.trials, probes, references, subjects)[0])
    except InformedError as error:
        raise UserError(
            f"attack: attack.level=informed on dev leaves people out: {error}; take attack.level=ignorant "
            "or adapted, or an edition of more people"
        ) from error


def _write_scores(path: Path, trials: Sequence[tuple[str, str]], scores: NDArray[np.float64]) -> None:
    rows = [
        (probe, reference, f"{score:.9g}") for (probe, reference), score in zip(trials, scores, strict=True)
    ]
    write_table(path, SCORE_COLUMNS, rows)


def _write_embeddings(
    settings: AttackSettings,
    probes: dict[str, ImageFeatures],
    photos: dict[str, ImageFeatures],
    who: Mapping[str, str],
) -> None:
    """Write what `identify` reads; images of one person stand together."""
    attack = attack_name(settings.attack)
    with whole_folder(Path(settings.embeddings)) as folder:
        for side, images in (("probes", probes), ("photos", photos)):
            vectors = {n: i.vectors[attack] for n, i in images.items() if attack in i.vectors}
            rows = sorted((who.get(name, NOT_AVAILABLE), name) for name in vectors)
            np.save(folder / f"{side}.npy", np.array([vectors[name] for _, name in rows]))
            columns = ("image", "subject")
            write_table(folder / f"{side}.tsv", columns, [(name, subject) for subject, name in rows])
            print(f"{settings.embeddings}/{side}.npy: {len(rows)} vectors of {len(images)} images")


def _bids_subject(path: Path) -> str:
    """Return whose image it is by a file name like sub-01_T2w.nii.gz."""
    head, _, rest = path.name.partition("_")
    return head if head.startswith("sub-") and rest else NOT_AVAILABLE


def _acquired(images: Mapping[str, ImageFeatures]) -> bool:
    return any(image.acquired for image in images.values())


def _fta(sides: Mapping[str, dict[str, ImageFeatures]]) -> str:
    return "; ".join(_fta_of(side, images) for side, images in sides.items())


def _fta_of(side: str, images: dict[str, ImageFeatures]) -> str:
    failed = [f"{name} ({images[name].reason})" for name in faceless(images)]
    if not failed:
        return f"a face in every one of {len(images)} {side}"
    return f"failure to acquire: {len(failed)} of {len(images)} {side} ({some(failed)}), scored lowest"
