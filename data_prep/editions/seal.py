"""Write what an edition consists of besides scans and photos, seal it, and list what is public."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions.leaks import find_leaks, header_text, is_telling
from mriprivacy.data_prep.editions.metadata import METADATA, write_metadata
from mriprivacy.data_prep.editions.plan import Plan, SplitPlan, photos_of_real_people
from mriprivacy.data_prep.editions.trials import Trial
from mriprivacy.data_prep.formats.atomic import sync_tree, write_whole
from mriprivacy.data_prep.formats.manifest import COMMITMENT, blank_times, write_commitment, write_manifest
from mriprivacy.data_prep.formats.schema import (
    AGE_COLUMNS,
    ATTRIBUTE_COLUMNS,
    DISTRACTORS,
    KEY_COLUMNS,
    SEALED_KEY_COLUMNS,
    SUBJECT_COLUMNS,
    TRIAL_COLUMNS,
)
from mriprivacy.data_prep.formats.tables.tsv import write_table


def seal_edition(plan: Plan, folder: Path) -> str:
    """Write every table, the commitment and the manifest of an edition whose scans and photos are released.

    Parameters
    ----------
    plan : Plan
        From `plan_edition`.
    folder : Path
        Holds what `release_scan` and `release_photo` wrote.

    Returns
    -------
    str
        The edition hash: SHA-256 of `MANIFEST.sha256`.

    Raises
    ------
    CohortError
        If a scan or a photo of the plan was not released, something sealed is found in `public/`, or the
        faces of a photograph of a real person were not checked.
    """
    if unseen := [photo.source for photo in photos_of_real_people(plan) if photo.cut is None]:
        raise CohortError(
            f"{unseen[0]}: its faces were not checked ({len(unseen)} photographs of real people); expected "
            "PhotoItem.cut of each, which `mriprivacy build` decides"
        )
    targets = [scan.target for scan in plan.scans]
    targets += [photo.target for photo in (*plan.photos, *plan.doppelgangers)]
    lacking = [target.as_posix() for target in targets if not (folder / target).is_file()]
    if lacking:
        raise CohortError(f"not released yet: {', '.join(lacking[:5])} ({len(lacking)} files)")
    public, sealed = folder / "public", folder / "sealed"
    sealed.mkdir(exist_ok=True)
    sealed.chmod(0o700)
    for split in plan.splits:
        _write_split(split, plan.description, public / split.name)
    evaluation = next(split for split in plan.splits if split.name == "eval")
    _write_sealed(evaluation, plan, sealed)
    if plan.distractors:
        pairs = [(probe, distractor) for probe in evaluation.attributes for distractor in plan.distractors]
        order = np.random.default_rng(len(pairs)).permutation(len(pairs))  # every label is nonmated
        write_table(public / "eval" / DISTRACTORS, TRIAL_COLUMNS, [pairs[i] for i in order])
    _write_json(public / "edition.json", plan.description)
    write_metadata(public, plan.description)
    write_commitment(public, sealed)
    leaks = find_leaks(public, _secrets(plan), _expected(plan))
    if leaks:
        raise CohortError(*leaks)
    edition_hash = write_manifest(public)
    blank_times(folder)
    sync_tree(sealed)
    return edition_hash


def _secrets(plan: Plan) -> set[str]:
    """Return the nonce, the cohort's subjects, names of their files, telling ones without ending, headers."""
    photos = (*plan.photos, *plan.doppelgangers)
    files = {scan.source.name for scan in plan.scans} | {photo.source.name for photo in photos}
    stems = {stem for stem in (name.split(".")[0] for name in files) if is_telling(stem)}
    headers = set().union(*(header_text(scan.source) for scan in plan.scans))
    return {plan.nonce, *(subject for _, subject, _ in plan.subjects), *files, *stems, *headers}


def _expected(plan: Plan) -> set[str]:
    """Return the names of all public files but the manifest."""
    images = [scan.target for scan in plan.scans] + [photo.target for photo in plan.photos]
    public = [target.relative_to("public") for target in images if target.parts[0] == "public"]
    names = {name.as_posix() for name in public} | {COMMITMENT, "edition.json"}
    for split in plan.splits:
        tables = ["trials.tsv", "mri/participants.tsv", "mri/dataset_description.json"]
        tables += ["key.tsv", "attributes.tsv"] if split.name == "dev" else []
        names |= {f"{split.name}/{name}" for name in tables}
    return names | set(METADATA) | ({f"eval/{DISTRACTORS}"} if plan.distractors else set())


def _write_split(split: SplitPlan, description: dict[str, Any], folder: Path) -> None:
    """Write what is public; key and attributes of `dev` only."""
    mri = folder / "mri"
    _write_json(
        mri / "dataset_description.json",
        {
            "Name": f"{description['id']} {description['version']} {split.name}",
            "BIDSVersion": "1.10.0",
            "DatasetType": "raw",
            "License": description["licence"],
        },
    )
    scans = [*split.attributes, *(split.references if "references" in description else ())]
    write_table(mri / "participants.tsv", ["participant_id"], [(name,) for name in sorted(scans)])
    write_table(folder / "trials.tsv", TRIAL_COLUMNS, [(t.probe, t.reference) for t in split.trials])
    if split.name == "dev":
        rows = [(t.probe, t.reference, _label(t)) for t in split.trials]
        write_table(folder / "key.tsv", KEY_COLUMNS, rows)
        write_table(folder / "attributes.tsv", ATTRIBUTE_COLUMNS, _attribute_rows(split))


def _write_sealed(split: SplitPlan, plan: Plan, sealed: Path) -> None:
    rows = [(t.probe, t.reference, _label(t), "yes" if t.matched else "no") for t in split.trials]
    write_table(sealed / "key.tsv", SEALED_KEY_COLUMNS, rows)
    write_table(sealed / "attributes.tsv", ATTRIBUTE_COLUMNS, _attribute_rows(split))
    write_table(sealed / "subjects.tsv", SUBJECT_COLUMNS, plan.subjects)
    if plan.ages:
        aged = [(probe, f"{age:.9g}") for probe, age in plan.ages.items()]
        write_table(sealed / "ages.tsv", AGE_COLUMNS, aged)
    write_whole(sealed / "nonce", plan.nonce + "\n")


def _label(trial: Trial) -> str:
    return "mated" if trial.mated else "nonmated"


def _attribute_rows(split: SplitPlan) -> list[tuple[str, ...]]:
    return [(probe, *attributes) for probe, attributes in split.attributes.items()]


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=2, allow_nan=False) + "\n")
