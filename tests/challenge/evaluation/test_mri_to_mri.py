"""An edition without photographs: T1w scans are linked with T2w scans; none, one or both are defaced.

The heads are noise with a pattern in front that a person has in both contrasts: a face that costs nothing.
"""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.evaluation.checks.brain_gate import apply_gate
from mriprivacy.challenge.evaluation.checks.face_presence import FacesLeft
from mriprivacy.challenge.evaluation.checks.metadata_leak import metadata_leaks
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.intake.submission import SubmissionError, check_submission
from mriprivacy.challenge.leaderboard.standings import board
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.editions.leaks import find_leaks
from mriprivacy.data_prep.formats.manifest import public_files
from tests.helpers.engine import ENGINE
from tests.helpers.two_contrasts import CONFIG, FRONT, PEOPLE, SIDE, write_two_contrasts

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("between")
    config = EditionConfig(**{**vars(CONFIG), "tracks": ["defacing", "attack"]})
    build_edition(write_two_contrasts(root / "cohort"), root / "edition", config)
    return root / "edition"


def test_both_sides_are_one_bids_dataset_a_split(folder: Path) -> None:
    edition, sealed = open_edition(folder), open_sealed(folder)
    assert edition.description["references"] == "T2w"
    assert edition.conditions == ("raw",)
    for split in edition.splits.values():
        assert len(split.probes) == len(split.references) == PEOPLE / 2
        assert len(split.trials) == (PEOPLE / 2) ** 2
        assert all(split.scan(probe).name.endswith("_T1w.nii.gz") for probe in split.probes)
        assert all(split.reference(name, "raw").name.endswith("_T2w.nii.gz") for name in split.references)
        assert not (split.folder / "photos").exists()
        for probe, reference in split.trials[:40]:
            same = sealed.subjects[probe] == sealed.subjects[reference]
            one, other = (front(split.scan(name)) for name in (probe, reference))
            assert same == (np.corrcoef(one, other)[0, 1] > 0.9)
    assert "references T2w" in (folder / "public" / "README.md").read_text()
    public = folder / "public"
    assert find_leaks(public, set(sealed.subjects.values()), public_files(public)) == ()
    validator = Path(sys.executable).parent / "bids-validator-deno"
    if validator.exists():
        mri = folder / "public" / "eval" / "mri"
        run = subprocess.run([validator, "--ignoreWarnings", mri], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout


def test_where_a_head_lay_is_told_of_neither_scan(folder: Path) -> None:
    edition = open_edition(folder)
    for name in edition.eval.scans:
        image = nib.load(edition.eval.scan(name))
        middle = image.affine @ [*(np.array(image.shape) - 1) / 2, 1]
        assert middle[:3] == pytest.approx([0, 0, 0], abs=1e-4)
    for report in metadata_leaks(edition, open_sealed(folder), n_bootstrap=100).values():
        assert report.auc.low <= 0.5 <= report.auc.high


def front(path: Path) -> NDArray[np.float64]:
    """Return the mean of every block of the face, shape (16,)."""
    data = np.asarray(nib.load(path).dataobj, np.float64)[:, FRONT:]
    return data.reshape(4, 4, SIDE - FRONT, 4, 4).mean(axis=(1, 2, 4)).ravel()


def fake_extract(
    paths, kind, extraction, label, compute, untrusted=False, heads=()
) -> dict[str, ImageFeatures]:
    assert kind == "scan"
    assert untrusted == ("defaced" in label)
    vectors = {name: front(path) for name, path in paths.items()}
    return {
        name: ImageFeatures(True, "", dict.fromkeys(extraction.attacks, v)) for name, v in vectors.items()
    }


def submit(edition: Edition, folder: Path, deface, system: str = "own") -> Path:
    about = {"team": "t", "system": system, "description": "A test.", "contact": "a@b.org", "licence": "MIT"}
    write_submission_json(folder, edition=edition.name, track="defacing", **about)
    for split in edition.splits.values():
        for name in split.scans:
            image = nib.load(split.scan(name))
            data = deface(np.asarray(image.dataobj).astype(np.float32))
            path = folder / split.name / "mri" / split.scan_name(name)
            path.parent.mkdir(parents=True)
            nib.save(nib.Nifti1Image(data, image.affine), path)
    return folder


def behind(scan: Scan, cache: Path) -> NDArray[np.bool_]:
    """Estimate the brain: what is not in front."""
    brain = np.zeros(scan.data.shape, bool)
    brain[:, :FRONT] = True
    return brain


def judge(
    folder: Path, submission: Path, monkeypatch: pytest.MonkeyPatch, compute: Compute = ENGINE
) -> Entry:
    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.extract", fake_extract)
    monkeypatch.setattr("mriprivacy.challenge.evaluation.checks.brain_gate.estimate_brain", behind)
    monkeypatch.setattr(
        "mriprivacy.challenge.evaluation.defacing.measure_utility", lambda *_: ({}, [])
    )  # there is no brain
    monkeypatch.setattr(
        "mriprivacy.challenge.evaluation.defacing.look_for_faces",
        lambda *_: FacesLeft({}, (), frozenset(), {}),
    )  # nor a head that could be registered
    edition = open_edition(folder)
    protocol = Protocol(attacks=["deepface", "volume"], networks=["Dlib"], bootstrap=20, reanalysed=1)
    cache = submission / ".." / "cache"
    context = Context(edition, open_sealed(folder), protocol, cache, compute)
    return evaluate(context, check_submission(submission, edition)).entry


def aucs(entry: Entry) -> dict[str, float]:
    chosen = (result for result in entry.results if result.trial_list == "all" and "auc" in result.figures)
    return {f"{result.name}/{result.level}": result.figures["auc"].value for result in chosen}


def mirrored(data: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn light into dark in front: every face becomes another, as far from the others as before."""
    out = data.copy()
    out[:, FRONT:] = 1000 - out[:, FRONT:]
    return out


def brainless(data: NDArray[np.float32]) -> NDArray[np.float32]:
    out = mirrored(data)
    out[:, :FRONT] = 0
    return out


@pytest.mark.slow
def test_a_defacer_that_maps_faces_is_told_by_linking_defaced_with_defaced(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = judge(folder, submit(open_edition(folder), tmp_path / "mirrored", mirrored), monkeypatch)
    found = aucs(entry)
    attacks = ("deepface(Dlib)", "volume")
    levels = ("ignorant", "adapted", "informed")
    expected = {f"{a}+{c}/{level}" for a in attacks for c in ("raw", "defaced") for level in levels}
    assert expected | {"fusion/informed"} <= set(found)
    assert found["deepface(Dlib)+raw/ignorant"] < 0.5  # who takes scans as they come is led astray
    assert found["deepface(Dlib)+defaced/ignorant"] > 0.95
    assert found["deepface(Dlib)+raw/informed"] > 0.9  # an attacker trained on dev is not
    assert entry.strongest().figures["auc"].value > 0.95
    assert any("deepface(Dlib)+defaced" in check.attacker for check in entry.checks)


@pytest.mark.slow
def test_a_face_taken_off_both_sides_links_by_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)

    def taken_off(data: NDArray[np.float32]) -> NDArray[np.float32]:
        out = data.copy()
        out[:, FRONT:] = rng.normal(0, 30, out[:, FRONT:].shape)
        return out

    found = aucs(judge(folder, submit(open_edition(folder), tmp_path / "gone", taken_off), monkeypatch))
    assert all(0.2 < value < 0.8 for name, value in found.items() if "+" in name)


def test_without_true_brains_a_defacer_is_ranked_by_estimated_ones(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that returns its input, or takes the brain too, is not."""
    edition, sealed = open_edition(folder), open_sealed(folder)
    assert all(sealed.brain_mask(name) is None for name in edition.eval.scans)
    kept = judge(
        folder,
        submit(edition, tmp_path / "mirrored", mirrored, "mirrored"),
        monkeypatch,
        Compute("sequential"),
    )
    # The attackers are the dear part of an evaluation; what they find decides nothing here.
    gates = {}
    for system, change in {"returned": lambda data: data, "brainless": brainless}.items():
        scans = check_submission(submit(edition, tmp_path / system, change, system), edition).scans
        gates[system] = apply_gate(edition, sealed, scans, 0.05, tmp_path, Compute("sequential")).gate
    returned, lost = (replace(kept, system=name, gate=gate) for name, gate in gates.items())
    n = 2 * PEOPLE  # probes and references of both splits
    assert (kept.gate.passed, kept.gate.scans, kept.gate.estimated) == (n, n, n)
    assert returned.gate.unchanged == n
    assert len(lost.gate.failed) == n
    assert any("no true brain is sealed" in remark for remark in kept.warnings)
    ranked = board([kept, returned, lost]).ranked
    assert [place.entry.system for place in ranked] == ["mirrored"]


def test_references_are_part_of_a_defacing_submission(folder: Path, tmp_path: Path) -> None:
    edition = open_edition(folder)
    submission = submit(edition, tmp_path / "s", mirrored)
    name = edition.eval.scan_name(edition.eval.references[0])
    (submission / "eval" / "mri" / name).unlink()
    with pytest.raises(SubmissionError, match=f"lacks files: eval/mri/{name}"):
        check_submission(submission, edition)


def test_a_reference_that_is_not_in_the_dataset_is_told(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder / "public", tmp_path / "public"))
    name = open_edition(copy).dev.references[0]
    table = copy / "dev" / "mri" / "participants.tsv"
    table.write_text(table.read_text().replace(f"{name}\n", ""))
    assert main(["attack", f"edition={copy}", f"output={tmp_path / 'out'}"]) == 2
