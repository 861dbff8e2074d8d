"""Another scan of a person as what a recipient holds, on images: synthetic heads of two sessions, defaced."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.challenge.cli import main

PEOPLE = 4

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People with two sessions, and the report on their release; the first person's second scan is whole."""
    root = tmp_path_factory.mktemp("second")
    words = [
        f"cohort.subjects={PEOPLE}",
        f"cohort.scans.second_sessions={PEOPLE}",
        "cohort.scans.spacing_mm=3",
    ]
    assert main(["cohort", "cohort=synthetic", *words, "seed=5", f"output={root / 'people'}"]) == 0
    for path in sorted((root / "people").glob("sub-*/ses-*/anat/*.nii.gz")):
        scan = read_scan(path)
        released = deface("remove_face", scan, root / "cache")
        target = root / "defaced" / path.relative_to(root / "people")
        target.parent.mkdir(parents=True)
        whole = "sub-0001_ses-2" in path.name
        nib.save(nib.Nifti1Image(np.asarray((scan if whole else released).data), scan.affine), target)
    words = [f"original={root / 'people'}", f"released={root / 'defaced'}", f"cache={root / 'cache'}"]
    assert main(["risk", *words, f"output={root / 'risk'}"]) == 0
    return root


def test_both_recipients_of_a_second_scan_are_tested(folder: Path) -> None:
    report = json.loads((folder / "risk" / "report.json").read_text())
    assert (report["people"], report["scans"]) == (PEOPLE, 2 * PEOPLE)
    found = {(one["key"], one["trained"]): one for one in report["linkage"]}
    for key in ("nothing", "scan"):
        one = found[key, False]
        assert one["people"] == PEOPLE
        assert "of two sessions" in one["what"]
        assert any(name.startswith("brain") for name in one["attackers"])
        # Before defacing two scans of a person are linked: the attackers see people at all.
        assert one["before"]["headline"]["risk"]["risk"]["value"] > 0.8
        assert one["auc_before"]["value"] > 0.9
    assert found["scan", True]["why_not"].startswith("needs 12 people with a second scan")


def test_the_scan_that_was_not_defaced_is_sent_back(folder: Path) -> None:
    rows = [line.split("\t") for line in (folder / "risk" / "failures.tsv").read_text().splitlines()]
    assert ["sub-0001_ses-2_T2w", "not defaced"] in [row[:2] for row in rows]


def test_the_release_alone_links_two_sessions_by_the_brain(folder: Path) -> None:
    """Defacing leaves the brain, so two defaced scans of a person are linked; the report must show it."""
    report = json.loads((folder / "risk" / "report.json").read_text())
    one = next(one for one in report["linkage"] if one["key"] == "nothing")
    assert one["auc"]["value"] > 0.7
