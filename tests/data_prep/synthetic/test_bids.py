import json

import nibabel as nib
import numpy as np
from PIL import Image

from data_prep.synthetic import bids
from data_prep.synthetic.settings import SyntheticCohort


def test_descriptions_say_that_people_are_synthetic(tmp_path):
    bids.write_descriptions(tmp_path, SyntheticCohort(), 2)
    description = json.loads((tmp_path / "dataset_description.json").read_text())
    assert "synthetic" in description["Name"].lower()
    assert "synthetic" in description["Acknowledgements"]
    assert description["GeneratedBy"][0]["Name"] == "mriprivacy"
    assert "synthetic" in (tmp_path / "README.md").read_text()
    truth = json.loads((tmp_path / "derivatives" / "truth" / "dataset_description.json").read_text())
    assert truth["DatasetType"] == "derivative"


def test_participants_are_a_bids_table(tmp_path):
    row = {"participant_id": "sub-0001", "sex": "F", "age": "30", "ethnicity": "asian"}
    bids.write_participants(tmp_path, [row])
    assert (tmp_path / "participants.tsv").read_text() == (
        "participant_id\tsex\tage\tethnicity\nsub-0001\tF\t30\tasian\n"
    )
    assert set(json.loads((tmp_path / "participants.json").read_text())) == set(row)


def test_scan_comes_back_as_it_went(tmp_path):
    data = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    affine = np.diag([1.5, 1.5, 1.5, 1.0])
    bids.write_scan(tmp_path, "sub-01", "T2w", data, affine, bids.t2w_sidecar(1.5))
    bids.write_brain_mask(tmp_path, "sub-01", "T2w", (data > 30).astype(np.uint8), affine)
    back, back_affine = bids.read_scan(bids.scan_path(tmp_path, "sub-01", "T2w"))
    np.testing.assert_array_equal(back, data)
    np.testing.assert_array_equal(back_affine, affine)
    mask = nib.load(bids.brain_mask_path(tmp_path, "sub-01", "T2w"))
    assert mask.get_data_dtype() == np.uint8
    assert (tmp_path / "sub-01" / "anat" / "sub-01_T2w.json").is_file()


def test_photograph_has_no_metadata(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (20, 20, 3)).astype(np.uint8)
    bids.write_photo(tmp_path, "sub-01", "raw", 1, picture)
    with Image.open(bids.photo_path(tmp_path, "sub-01", "raw", 1)) as image:
        assert image.info == {}
        np.testing.assert_array_equal(np.asarray(image), picture)
