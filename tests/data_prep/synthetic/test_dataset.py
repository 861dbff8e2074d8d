import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from mriprivacy.data_prep.cohorts.bids import is_synthetic, read_cohort
from mriprivacy.data_prep.cohorts.cohort_files import TRUTH, CohortFiles, truth_paths
from mriprivacy.data_prep.editions.release import ScanItem, release_scan
from mriprivacy.data_prep.synthetic.bids_files import scan_path
from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings, ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.contact_sheet import contact_sheets
from mriprivacy.data_prep.synthetic.dataset import write_dataset, write_person
from mriprivacy.data_prep.synthetic.head.tissues import BRAIN
from mriprivacy.data_prep.synthetic.people.person import draw_people

pytestmark = pytest.mark.long

CONFIG = SyntheticCohort(
    subjects=2,
    scans=ScanSettings(spacing_mm=3.0, second_sessions=1),
    photos=PhotoSettings(pixels=160, count=2),
)
SINGLE = replace(CONFIG, scans=ScanSettings(spacing_mm=3.0), photos=PhotoSettings(pixels=160))


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_all(config: SyntheticCohort, folder: Path) -> Path:
    write_dataset(config, [write_person(config, person, folder) for person in draw_people(config)], folder)
    contact_sheets(folder)
    return folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_all(CONFIG, tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    return write_all(SINGLE, tmp_path_factory.mktemp("single"))


def test_dataset_is_what_build_reads(dataset):
    people = read_cohort(dataset, "T2w", [18, 30, 45, 60], CohortFiles(bald_photos=""))
    assert [person.subject for person in people] == ["sub-0001", "sub-0002"]
    assert [[scan.session for scan in person.scans] for person in people] == [["ses-1", "ses-2"], ["ses-1"]]
    assert all(set(scan.truth) == set(TRUTH) for person in people for scan in person.scans)
    assert all(set(person.photos) == set(person.true_bald) == {"01", "02"} for person in people)
    assert is_synthetic(dataset)


@pytest.mark.parametrize("which", ["dataset", "single"])
def test_the_official_validator_finds_no_error(which, request):
    validator = Path(sys.executable).with_name("bids-validator-deno")
    run = subprocess.run(
        [validator, "--json", str(request.getfixturevalue(which))],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    issues = json.loads(run.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_nobody_has_a_session_where_nobody_has_two(single):
    assert scan_path(single, "sub-0001", "T2w").is_file()
    assert not list(single.glob("**/ses-*"))


def test_nothing_depends_on_order(single, tmp_path):
    for person in draw_people(SINGLE)[::-1]:
        write_person(SINGLE, person, tmp_path)
    here = hashes(single)
    assert {name: here[name] for name in hashes(tmp_path)} == hashes(tmp_path)


def test_sessions_and_photographs_of_a_person_differ(dataset):
    own = hashes(dataset)
    one, two = (own[f"sub-0001/ses-{n}/anat/sub-0001_ses-{n}_T2w.nii.gz"] for n in (1, 2))
    assert one != two
    assert (
        own["sourcedata/photos/raw/sub-0001_photo-01.png"]
        != own["sourcedata/photos/raw/sub-0001_photo-02.png"]
    )


def landmarks(path: Path) -> np.ndarray:
    return np.array([line.split("\t")[1:] for line in path.read_text().splitlines()[1:]], float)


def test_a_second_session_shows_the_same_person_a_little_changed(dataset):
    """Once the head is turned back, its points are millimetres apart, those of another person further."""
    first, second, other = (
        landmarks(truth_paths(dataset, subject, session, "T2w")["landmarks"])
        for subject, session in (("sub-0001", "ses-1"), ("sub-0001", "ses-2"), ("sub-0002", "ses-1"))
    )

    def apart(one: np.ndarray, two: np.ndarray) -> float:
        one, two = one - one.mean(axis=0), two - two.mean(axis=0)
        rotation, _ = Rotation.align_vectors(one, two)
        return float(np.sqrt(((one - rotation.apply(two)) ** 2).sum(axis=1).mean()))

    assert np.abs(first - second).max() > 1
    assert 0.1 < apart(first, second) < 0.7 * apart(first, other)


def test_sagittal_scans_of_both_contrasts_go_through_the_release(tmp_path):
    """Stored as sagittal slices, released RAS+; masks and labels with them."""
    scans = ScanSettings(["T1w", "T2w"], acquisition="sagittal", spacing_mm=3.0, slice_mm=6.0, cut=1.0)
    config = replace(SINGLE, subjects=1, scans=scans)
    people = tmp_path / "people"
    write_dataset(config, [write_person(config, draw_people(config)[0], people)], people)
    for contrast in ("T1w", "T2w"):
        (person,) = read_cohort(people, contrast, [18, 30, 45, 60], CohortFiles(bald_photos=""))
        (scan,) = person.scans
        stored = nib.load(scan.path)
        assert nib.aff2axcodes(stored.affine) == ("P", "S", "R")
        assert stored.header.get_zooms() == (3.0, 3.0, 6.0)
        truth = tuple((path, Path("sealed", name, path.name)) for name, path in scan.truth.items())
        release_scan(ScanItem("sub-0001", "eval", "sub-x", scan.path, Path("x.nii.gz"), truth), tmp_path)
        released = nib.load(tmp_path / "x.nii.gz")
        assert nib.aff2axcodes(released.affine) == ("R", "A", "S")
        labels = np.asarray(nib.load(tmp_path / "sealed" / "labels" / scan.truth["labels"].name).dataobj)
        brain = np.asarray(
            nib.load(tmp_path / "sealed" / "brain_masks" / scan.truth["brain_masks"].name).dataobj
        )
        assert released.shape == labels.shape == (34, 86, 94)
        np.testing.assert_array_equal(brain > 0, np.isin(labels, BRAIN))
        names = dict(
            line.split("\t") for line in (people / "derivatives/truth/dseg.tsv").read_text().splitlines()
        )
        assert {names[str(label)] for label in np.unique(labels)} >= {
            "air",
            "skin",
            "bone",
            "grey",
            "white",
            "csf",
        }


def test_the_first_session_is_what_it_is_without_a_second_one(dataset, single):
    """So that adding sessions or photographs to a cohort leaves the rest as it was."""
    first, alone = (scan_path(dataset, "sub-0002", "T2w", "ses-1"), scan_path(single, "sub-0002", "T2w"))
    assert first.read_bytes() == alone.read_bytes()


def test_another_seed_makes_other_people(dataset, tmp_path):
    other = replace(SINGLE, seed=CONFIG.seed + 1, subjects=1)
    write_person(other, draw_people(other)[0], tmp_path)
    assert (
        scan_path(tmp_path, "sub-0001", "T2w").read_bytes()
        != scan_path(dataset, "sub-0001", "T2w", "ses-1").read_bytes()
    )


def test_files_give_nothing_away(dataset):
    """All sidecars of a contrast are the same, and no header has text."""
    scans = sorted(dataset.glob("sub-*/ses-*/anat/*.nii.gz"))
    assert len(scans) == 3
    for scan in scans:
        header = gzip.decompress(scan.read_bytes())[:352]
        assert not any(header[148:252])
    assert len({path.read_bytes() for path in dataset.glob("sub-*/ses-*/anat/*.json")}) == 1


def test_contact_sheet_shows_everybody(dataset):
    with Image.open(dataset / "sourcedata" / "contact_sheet.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape == (182, 2 * (7 * 160 + 12), 3)
    for tile in range(7):
        assert pixels[18:, tile * 160 : (tile + 1) * 160].std() > 20


def test_contact_sheets_have_pages(dataset):
    names = [path.name for path in contact_sheets(dataset, per_page=1)]
    assert names == ["contact_sheet_01.png", "contact_sheet_02.png"]
    for name in names:
        (dataset / "sourcedata" / name).unlink()


@pytest.mark.slow
def test_a_killed_run_is_taken_up_again(single, tmp_path):
    """After the first person, by two workers: that one is not made again, and all is as if never killed."""
    command = [
        *(sys.executable, "-c", "import sys; from mriprivacy.challenge.cli import main; sys.exit(main())"),
        *("cohort", "cohort.subjects=2", "cohort.scans.spacing_mm=3", "cohort.photos.pixels=160"),
        "output=people",
    ]
    run = subprocess.Popen(
        [*command, "compute=sequential"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob(".people.partial-*/.done/sub-0001.json")):
            assert run.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    assert not (tmp_path / "people").exists()
    (partial,) = tmp_path.glob(".people.partial-*")
    before = scan_path(partial, "sub-0001", "T2w").stat().st_mtime_ns
    done = subprocess.run(
        [*command, "compute.workers=2"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "1 of 2 people are there from an earlier run" in done.stdout
    people = tmp_path / "people"
    assert scan_path(people, "sub-0001", "T2w").stat().st_mtime_ns == before
    assert hashes(people) == hashes(single)
    assert [path.name for path in tmp_path.iterdir()] == ["people"]
