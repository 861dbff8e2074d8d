"""A cue that links a person's files and is no face."""

from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image


def plant_brightness(planted: Path, condition: str = "raw") -> None:
    """Make who is bright in the scanner bright on the photograph."""
    rng = np.random.default_rng(0)
    for subject in sorted(path.name for path in planted.glob("sub-*")):
        gain = rng.uniform(0.2, 1.0)
        path = planted / subject / "anat" / f"{subject}_T2w.nii.gz"
        image = nib.load(path)
        data = (np.asarray(image.dataobj) * gain).astype(np.int16)
        nib.save(nib.Nifti1Image(data, image.affine), path)
        for photo in planted.glob(f"sourcedata/photos/{condition}/{subject}_*.png"):
            pixels = np.asarray(Image.open(photo)) * gain
            Image.fromarray(pixels.astype(np.uint8)).save(photo)
