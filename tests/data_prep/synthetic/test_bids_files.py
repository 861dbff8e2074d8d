import json

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.data_prep.cohorts.cohort_files import truth_paths
from mriprivacy.data_prep.synthetic import bids_files as bids
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort


def test_descriptions_say_that_people_are_synthetic(tmp_path):
    bids.write_descriptions(tmp_path, SyntheticCohort(), 2)
    description = json.loads((tmp_path / "dataset_description.json").read_text())
    assert "synthetic" in description["Name"].lower()
    assert "synthetic" in description["Acknowledgements"]
    assert description["Synthetic"] is True
    assert description["GeneratedBy"][0]["Name"] == "mriprivacy"
    assert "synthetic" in (tmp_path / "README.md").read_text()
    truth = json.loads((tmp_path / "derivatives" / "truth" / "dataset_description.json").read_text())
    assert truth["DatasetType"] == "derivative"


def test_participants_are_a_bids_table(tmp_path):
    row = {"participant_id": "sub-0001", "sex": "F", "age": "30", "ethnicity": "asian"}
    row |= {"african": "0.100", "asian": "0.700", "european": "0.200"}
    bids.write_participants(tmp_path, [row])
    assert (tmp_path / "participants.tsv").read_text() == (
        "participant_id\tsex\tage\tethnicity\tafrican\tasian\teuropean\n"
        "sub-0001\tF\t30\tasian\t0.100\t0.700\t0.200\n"
    )
    assert set(json.loads((tmp_path / "participants.json").read_text())) == set(row)


@pytest.mark.parametrize("session", ["", "ses-2"])
def test_scan_and_truth_come_back_as_they_went(tmp_path, session):
    data = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    affine = np.diag([1.5, 1.5, 1.5, 1.0])
    path = bids.scan_path(tmp_path, "sub-01", "T2w", session)
    bids.write_scan(path, data, affine, bids.scan_sidecar("T2w", SyntheticCohort().scans))
    truth = {"brain_masks": (data > 30).astype(np.uint8), "labels": (data % 7).astype(np.uint8)}
    bids.write_truth(tmp_path, path, truth, affine, {"nose tip": (1.0, -2.5, 3.0)})
    back = nib.load(path)
    np.testing.assert_array_equal(np.asarray(back.dataobj), data)
    np.testing.assert_array_equal(back.affine, affine)
    paths = truth_paths(tmp_path, "sub-01", session, "T2w")
    for name, volume in truth.items():
        image = nib.load(paths[name])
        assert image.get_data_dtype() == np.uint8
        np.testing.assert_array_equal(np.asarray(image.dataobj), volume)
    assert paths["landmarks"].read_text() == "name\tx\ty\tz\nnose tip\t1.000\t-2.500\t3.000\n"
    assert path.with_name(path.name.replace(".nii.gz", ".json")).is_file()


def test_photograph_has_no_metadata(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (20, 20, 3)).astype(np.uint8)
    path = bids.photo_path(tmp_path, "sub-01", "raw", 1)
    bids.write_picture(path, picture)
    with Image.open(path) as image:
        assert image.info == {}
        np.testing.assert_array_equal(np.asarray(image), picture)
