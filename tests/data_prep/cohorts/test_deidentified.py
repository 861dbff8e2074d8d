"""Scans that are marked as defaced, as BIDS writes it."""

import json
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.data_prep.cohorts.deidentified import METHOD, deidentified_note
from tests.helpers.engine import ENGINE_WORDS

SCAN = "sub-1/ses-a/anat/sub-1_ses-a_acq-x_T1w.nii.gz"


def note(root: Path, name: str, content: str) -> str:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return deidentified_note(root, [root / SCAN, root / "sub-2" / "anat" / "sub-2_T1w.nii.gz"])


SAID = json.dumps({METHOD: ["pydeface 2.0.2"]})


@pytest.mark.parametrize(
    ("name", "scans"),
    [
        ("T1w.json", 2),
        ("acq-x_T1w.json", 1),
        ("sub-1/sub-1_T1w.json", 1),
        ("sub-1/ses-a/anat/sub-1_ses-a_acq-x_T1w.json", 1),
        ("sub-1/ses-a/anat/sub-1_ses-a_acq-x_mod-T1w_defacemask.nii.gz", 1),
        ("sub-2/anat/sub-2_mod-T1w_defacemask.nii.gz", 1),
        ("derivatives/masks/sub-2/anat/sub-2_mod-T1w_defacemask.nii.gz", 1),
    ],
)
def test_sidecars_count_as_bids_inherits_them(name: str, scans: int, tmp_path: Path) -> None:
    assert note(tmp_path, name, SAID).startswith(f"{scans} of 2 scans are marked as de-identified ('")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("T2w.json", SAID),
        ("acq-y_T1w.json", SAID),
        ("sub-1/ses-a/anat/sub-1_ses-a_acq-x_mod-T2w_defacemask.nii.gz", ""),
        ("derivatives/masks/sub-2/anat/sub-2_mod-T2w_defacemask.nii.gz", ""),
        ("derivatives/masks/sub-3/anat/sub-3_mod-T1w_defacemask.nii.gz", ""),
        ("T1w.json", "{}"),
        ("T1w.json", '{"DeidentificationMethod": []}'),
        ("T1w.json", '{"DeidentificationMethod": ""}'),
        ("T1w.json", '{"DeidentificationMethod": [7]}'),
        ("T1w.json", "no JSON"),
        ("../T1w.json", SAID),
    ],
)
def test_others_do_not(name: str, content: str, tmp_path: Path) -> None:
    assert note(tmp_path / "dataset", name, content) == ""


def test_build_says_so(own_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own_cohort / "T2w.json").write_text(SAID)
    words = ["edition.hair_removal=none", "seed=1", f"output={tmp_path / 'edition'}", *ENGINE_WORDS]
    assert main(["build", f"cohort.root={own_cohort}", *words]) == 0
    assert "10 of 10 scans are marked as de-identified ('pydeface 2.0.2'" in capsys.readouterr().out
