"""Editions with distractors, and editions without photographs, on the platforms."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.export.grand_challenge.jobs import assemble
from mriprivacy.challenge.export.packing import FILES, text
from mriprivacy.challenge.export.reference_data import write_reference
from mriprivacy.challenge.export.scorer import score
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.intake.submission import check_submission
from mriprivacy.data_prep.editions.build_edition import (
    EditionConfig,
    build_edition,
    plan_edition,
    seal_edition,
)
from mriprivacy.data_prep.editions.release import release_photo, release_scan
from mriprivacy.data_prep.formats.atomic import whole_folder
from mriprivacy.data_prep.formats.schema import DISTRACTORS, SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table


@pytest.fixture(scope="module")
def with_distractors(tiny_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("distractors")
    noise = np.random.default_rng(0).integers(0, 255, (20, 16, 3), dtype=np.uint8)
    photos = {name: root / f"{name}.png" for name in ("Ada", "Bo")}
    for path in photos.values():
        Image.fromarray(noise).save(path)
    about = {"id": "with-distractors", "version": "1", "licence": "proprietary", "citation": "LFW"}
    config = EditionConfig(**about, hair_removal="none", seed=1)  # type: ignore[arg-type]
    plan = plan_edition(tiny_cohort, config, distractors=photos)
    seen = tuple(replace(p, cut=(0, 0, 16, 20)) if p.source in photos.values() else p for p in plan.photos)
    plan = replace(plan, photos=seen)
    with whole_folder(root / "edition") as folder:
        for scan in plan.scans:
            release_scan(scan, folder)
        for photo in plan.photos:
            release_photo(photo, folder)
        seal_edition(plan, folder)
    return root / "edition"


@pytest.fixture(scope="module")
def between_scans(tiny_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("between")
    cohort = Path(shutil.copytree(tiny_cohort, root / "cohort"))
    for path in cohort.glob("sub-*/anat/*_T2w.nii.gz"):
        shutil.copy(path, path.with_name(path.name.replace("T2w", "T1w")))
    config = EditionConfig(
        contrast="T1w", references="T2w", tracks=["defacing", "attack"], seed=1, hair_removal="given"
    )
    build_edition(cohort, root / "edition", config)
    return root / "edition"


def submit(edition: Edition, folder: Path) -> dict[str, dict[str, float]]:
    """Write scores of every trial; return the same by probe, distractors among the references."""
    about = {"team": "team", "system": "one", "description": "x", "contact": "a@b.example", "licence": "MIT"}
    write_submission_json(folder, edition=edition.name, track="attack", **about)
    by_probe: dict[str, dict[str, float]] = {}
    lists = {"scores.tsv": edition.eval.trials, DISTRACTORS: edition.eval.distractor_trials}
    for name, trials in lists.items():
        if trials:
            rows = [(p, r, repr(float(sum(map(ord, p + r)) % 97))) for p, r in trials]
            write_table(folder / name, SCORE_COLUMNS, rows)
            for probe, reference, value in rows:
                by_probe.setdefault(probe, {})[reference] = float(value)
    return by_probe


@pytest.mark.parametrize("kind", ["with_distractors", "between_scans"])
def test_a_table_and_the_same_from_jobs_are_scored(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    root = request.getfixturevalue(kind)
    edition = open_edition(root)
    write_reference(root, "attack", tmp_path / "reference")
    by_probe = submit(edition, tmp_path / "table")
    entry = score(tmp_path / "reference", tmp_path / "table", "attack")
    lists = {result.trial_list for result in entry.results}
    assert ("distractors" in lists) == (kind == "with_distractors")
    jobs = []
    for number, (probe, scores) in enumerate(by_probe.items()):
        socket = {"slug": "scores", "relative_path": "scores.json"}
        image = {"name": Path(edition.eval.scan_name(probe)).name}
        inputs = [{"socket": {"slug": "head-mri"}, "image": image}]
        jobs.append({"pk": str(number), "inputs": inputs, "outputs": [{"socket": socket}]})
        path = tmp_path / "input" / str(number) / "output" / "scores.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(scores))
    (tmp_path / "input" / "predictions.json").write_text(json.dumps(jobs))
    assemble(tmp_path / "input", edition, "attack", tmp_path / "assembled")
    again = score(tmp_path / "reference", tmp_path / "assembled", "attack")
    assert [r.figures for r in again.results] == [r.figures for r in entry.results]


def test_both_sides_are_defaced_by_jobs(between_scans: Path, tmp_path: Path) -> None:
    import SimpleITK

    edition = open_edition(between_scans)
    jobs = []
    for split in edition.splits.values():
        for scan in split.scans:
            socket = {"slug": "defaced-head-mri", "relative_path": "images/defaced"}
            inputs = [{"socket": {"slug": "head-mri"}, "image": {"name": split.scan(scan).name}}]
            jobs.append({"pk": scan, "inputs": inputs, "outputs": [{"socket": socket}]})
            path = tmp_path / "input" / scan / "output" / "images" / "defaced" / "out.mha"
            path.parent.mkdir(parents=True)
            SimpleITK.WriteImage(SimpleITK.ReadImage(str(split.scan(scan))), str(path))
    (tmp_path / "input" / "predictions.json").write_text(json.dumps(jobs))
    assemble(tmp_path / "input", edition, "defacing", tmp_path / "assembled")
    assert check_submission(tmp_path / "assembled", edition).track == "defacing"


def test_the_starting_kit_says_what_is_compared(with_distractors: Path, between_scans: Path) -> None:
    def readme(root: Path) -> str:
        edition = open_edition(root)
        return text("starting_kit.md", edition, tracks=edition.tracks, files=FILES, kit="0.1.0")

    assert "photographs of distractors" in readme(with_distractors)
    assert "probes are T1w, references T2w" in readme(between_scans)
    assert "photograph" not in readme(between_scans)
