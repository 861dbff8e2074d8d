"""An edition of noise gives nothing away; one with a planted cue does."""

import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image

from challenge.audit import giveaways
from challenge.edition import open_edition
from challenge.sealed import open_sealed
from data_prep.edition import EditionConfig, build_edition
from tests.conftest import write_tiny_cohort

CONFIG = EditionConfig(id="tiny", seed=3)


def audit(cohort: Path, output: Path) -> dict[str, tuple[float, float, float]]:
    build_edition(cohort, output, CONFIG)
    reports = giveaways(open_edition(output), open_sealed(output), n_bootstrap=200)
    return {name: (report.auc.low, report.auc.value, report.auc.high) for name, report in reports.items()}


def plant_brightness(planted: Path) -> None:
    """Make who is bright in the scanner bright on the photograph."""
    rng = np.random.default_rng(0)
    for subject in sorted(path.name for path in planted.glob("sub-*")):
        gain = rng.uniform(0.2, 1.0)
        path = planted / subject / "anat" / f"{subject}_T2w.nii.gz"
        image = nib.load(path)
        data = (np.asarray(image.dataobj) * gain).astype(np.int16)
        nib.save(nib.Nifti1Image(data, image.affine), path)
        for photo in planted.glob(f"sourcedata/photos/raw/{subject}_*.png"):
            pixels = np.asarray(Image.open(photo)) * gain
            Image.fromarray(pixels.astype(np.uint8)).save(photo)


def test_noise_gives_nothing_away_and_brightness_does(tmp_path: Path) -> None:
    cohort = write_tiny_cohort(tmp_path / "cohort", 18)
    for low, _, high in audit(cohort, tmp_path / "fair").values():
        assert low <= 0.5 <= high
    planted = Path(shutil.copytree(cohort, tmp_path / "planted"))
    plant_brightness(planted)
    for low, value, _ in audit(planted, tmp_path / "unfair").values():
        assert value > 0.7
        assert low > 0.5
