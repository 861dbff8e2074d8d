"""A tiny cohort of noise, for the layers that do not look at faces."""

from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image

N_SUBJECTS = 10


SHAPE = (32, 30, 28)


def write_tiny_cohort(root: Path, n_subjects: int = N_SUBJECTS) -> Path:
    """Write random volumes and photos as a BIDS cohort, and return its folder."""
    rng = np.random.default_rng(5)
    rows = ["participant_id\tsex\tage\tethnicity\tsite"]
    # Stored left to right and back to front, so that the released orientation differs from the cohort's.
    affine = np.array([[-1.0, 0, 0, 15], [0, -1.0, 0, 20], [0, 0, 1.5, -20], [0, 0, 0, 1]])
    for number in range(1, n_subjects + 1):
        subject = f"sub-{number:02d}"
        ethnicity = ("asian", "african")[number // 2 % 2]
        rows.append(f"{subject}\t{'FM'[number % 2]}\t{20 + 5 * (number % 20)}\t{ethnicity}\tParis")
        data = rng.integers(0, 900, SHAPE).astype(np.int16)
        scan = nib.Nifti1Image(data, affine)
        scan.header["descrip"] = f"{subject} scanned 2019-03-04".encode()
        scan_path = root / subject / "anat" / f"{subject}_T2w.nii.gz"
        scan_path.parent.mkdir(parents=True)
        nib.save(scan, scan_path)
        mask_path = root / "derivatives" / "truth" / subject / "anat"
        mask_path.mkdir(parents=True)
        mask = np.zeros(SHAPE, np.uint8)
        mask[4:20, 8:22, 8:20] = 1
        nib.save(nib.Nifti1Image(mask, affine), mask_path / f"{subject}_space-T2w_desc-brain_mask.nii.gz")
        for condition in ("raw", "bald"):
            for photo in ("01", "02")[: 1 + number % 2]:
                path = root / "sourcedata" / "photos" / condition / f"{subject}_photo-{photo}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(rng.integers(0, 255, (20, 16, 3), dtype=np.uint8)).save(path, dpi=(300, 300))
    (root / "participants.tsv").write_text("\n".join(rows) + "\n")
    (root / "dataset_description.json").write_text('{"Synthetic": true}')  # noise shows no real person
    return root


def with_doppelgangers(root: Path) -> Path:
    """Add a photograph of a doppelganger, of noise, for each photograph of a tiny cohort."""
    rng = np.random.default_rng(6)
    for condition in ("raw", "bald"):
        for own in sorted((root / "sourcedata" / "photos" / condition).glob("*.png")):
            path = root / "derivatives" / "truth" / "doppelgangers" / condition / own.name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (20, 16, 3), dtype=np.uint8)).save(path)
    return root
