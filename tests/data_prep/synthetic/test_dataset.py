import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from PIL import Image

from data_prep.cohort import read_cohort
from data_prep.synthetic.bids import brain_mask_path, photo_path, scan_path
from data_prep.synthetic.dataset import contact_sheet, subject_ids, write_dataset, write_person
from data_prep.synthetic.settings import PhotoSettings, ScanSettings, SyntheticCohort

CONFIG = SyntheticCohort(subjects=2, scans=ScanSettings(spacing_mm=3.0), photos=PhotoSettings(pixels=160))


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    rows = [write_person(CONFIG, subject, folder) for subject in subject_ids(CONFIG)]
    write_dataset(CONFIG, rows, folder)
    contact_sheet(folder)
    return folder


def test_dataset_is_what_build_reads(dataset):
    people = read_cohort(dataset, "T2w", [18, 30, 45, 60])
    assert [person.subject for person in people] == ["sub-0001", "sub-0002"]
    assert all(person.brain_mask is not None for person in people)
    assert all(set(person.photos["01"]) == {"raw", "bald"} for person in people)


def test_the_official_validator_finds_no_error(dataset):
    validator = Path(sys.executable).with_name("bids-validator-deno")
    run = subprocess.run(
        [validator, "--json", str(dataset)], capture_output=True, text=True, timeout=120, check=False
    )
    issues = json.loads(run.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_nothing_depends_on_workers_or_order(dataset, tmp_path):
    reverse = subject_ids(CONFIG)[::-1]
    Parallel(n_jobs=2)(delayed(write_person)(CONFIG, subject, tmp_path) for subject in reverse)
    here = hashes(dataset)
    assert {name: here[name] for name in hashes(tmp_path)} == hashes(tmp_path)


def test_another_seed_makes_other_people(dataset, tmp_path):
    other = replace(CONFIG, seed=CONFIG.seed + 1)
    write_person(other, "sub-0001", tmp_path)
    for path in (scan_path, brain_mask_path):
        assert path(tmp_path, "sub-0001", "T2w").read_bytes() != path(dataset, "sub-0001", "T2w").read_bytes()


def test_files_give_nothing_away(dataset):
    """All scans share one header, all photographs one size; neither says who it is."""
    import gzip

    headers = {gzip.decompress(scan_path(dataset, s, "T2w").read_bytes())[:352] for s in subject_ids(CONFIG)}
    assert len(headers) == 1
    sidecars = {(dataset / s / "anat" / f"{s}_T2w.json").read_bytes() for s in subject_ids(CONFIG)}
    assert len(sidecars) == 1


def test_contact_sheet_shows_everybody(dataset):
    with Image.open(dataset / "sourcedata" / "contact_sheet.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape[0] > 200
    assert pixels[:, :600].std() > 20
    assert photo_path(dataset, "sub-0001", "raw", 1).is_file()


def test_ids_are_opaque_and_enough():
    assert len(set(subject_ids(SyntheticCohort(subjects=200)))) == 200
    with pytest.raises(ValueError, match=r"cohort\.subjects is 0"):
        subject_ids(SyntheticCohort(subjects=0))
