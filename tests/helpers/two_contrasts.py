"""A cohort whose people have two contrasts and no photographs."""

from pathlib import Path

import nibabel as nib
import numpy as np

from mriprivacy.data_prep.editions.build_edition import EditionConfig

SIDE, FRONT, PEOPLE = 16, 10, 24
CONFIG = EditionConfig(id="between", contrast="T1w", references="T2w", seed=3, hair_removal="given")


def write_two_contrasts(root: Path) -> Path:
    """Write noise with a pattern in front that a person has in both contrasts; return its folder."""
    rng = np.random.default_rng(1)
    rows = ["participant_id\tsex\tage\tethnicity"]
    for number in range(PEOPLE):
        subject = f"sub-{number:02d}"
        rows.append(f"{subject}\t{'FM'[number % 2]}\t{20 + number}\tn/a")
        face = np.kron(rng.normal(0, 100, (4, 1, 4)), np.ones((4, 1, 4)))
        affine = np.eye(4)
        affine[:3, 3] = rng.uniform(-90, 90, 3)  # where the head lay, in both contrasts
        for contrast in ("T1w", "T2w"):
            data = rng.normal(500, 30, (SIDE, SIDE, SIDE))
            data[:, FRONT:] += face
            path = root / subject / "anat" / f"{subject}_{contrast}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            nib.save(nib.Nifti1Image(data.astype(np.int16), affine), path)
    (root / "participants.tsv").write_text("\n".join(rows) + "\n")
    (root / "dataset_description.json").write_text('{"Synthetic": true}')
    return root
