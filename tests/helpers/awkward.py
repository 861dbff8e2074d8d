"""A cohort as clinics have them: unknown attributes, sessions, other voxels, masks of 0 and 255, plain files.

The people are noise, and so are their photographs. The one real head among them has no known brain.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

import nibabel as nib
import numpy as np
from PIL import Image

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.data_prep.editions.build_edition import EditionConfig


class Person(NamedTuple):
    """A row of participants.tsv, and how the scans of the person are stored."""

    sex: str
    age: str
    ethnicity: str
    sessions: int = 0  # 0: files without the entity ses
    voxel_mm: tuple[float, float, float] = (1.0, 1.0, 1.5)
    directions: str = "LPS"
    mask_value: float = 1
    mask_ending: str = ".nii.gz"


PEOPLE = {
    "sub-01": Person("M", "25", "asian", 2, (0.8, 0.8, 0.8), "RAS", 255),
    "sub-02": Person("n/a", "25", "asian"),
    "sub-03": Person("M", "n/a", "asian", 3, (2.0, 1.0, 1.0), "LIP", 255, ".nii"),
    "sub-04": Person("M", "26", "n/a", 0, (1.2, 0.9, 0.9), "RAS", 0.7),
    "sub-05": Person("n/a", "n/a", "n/a", 2, mask_ending=".nii"),
    "sub-06": Person("n/a", "n/a", "n/a"),
    "sub-07": Person("female", "89+", "african", 2, mask_value=255),
    "sub-08": Person("F", "70", "african", 0, (1.0, 1.0, 3.0), "PIR", 255),
    "sub-09": Person("f", "71", "african"),
    "sub-10": Person("F", "n/a", "african", 1, mask_ending=".nii"),
    "sub-11": Person("m", "27", "asian", 0, (1.5, 1.5, 1.5), "ASL"),
    "sub-12": Person("MALE", "28", "asian", 1),
    "sub-13": Person("M", "29", "asian", 2, (0.9, 1.1, 1.3), "SRA", 255, ".nii"),
    "sub-14": Person("F", "72", "african"),
}
SHAPE = (24, 26, 22)  # right to left, back to front, foot to head, in each person
HEAD = "sub-15"
# Nearly all people are in eval, so that its matched list is long enough to be scored.
CONFIG = EditionConfig(id="awkward", seed=6, contrast="T1w", hair_removal="none", dev_share=0.2)


def brain(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return the true brain of a person of noise, RAS+: off the middle on each axis, so that turns show."""
    mask = np.zeros(shape, bool)
    mask[3:17, 4:16, 9:20] = True
    return mask


def write_awkward_cohort(root: Path) -> Path:
    """Write the people of noise with their true brains as a BIDS cohort of T1w scans; return its folder."""
    rng = np.random.default_rng(8)
    rows = ["participant_id\tsex\tage\tethnicity"]
    for subject, person in PEOPLE.items():
        rows.append("\t".join((subject, *person[:3])))
        for session in [f"ses-{number}" for number in range(1, person.sessions + 1)] or [""]:
            stem = "_".join(part for part in (subject, session) if part)
            scan = rng.integers(100, 900, SHAPE).astype(np.int16)
            mask = (brain() * person.mask_value).astype(np.uint8 if person.mask_value >= 1 else np.float32)
            anat = root / subject / session / "anat"
            _save(anat / f"{stem}_T1w{person.mask_ending}", scan, person)
            truth = root / "derivatives" / "truth" / subject / session / "anat"
            _save(truth / f"{stem}_space-T1w_desc-brain_mask{person.mask_ending}", mask, person)
        for number in range(1, 2 + int(subject[-1]) % 2):
            write_photo(root, subject, number, rng)
    (root / "participants.tsv").write_text("\n".join(rows) + "\n")
    (root / "dataset_description.json").write_text('{"Synthetic": true}')  # noise shows no real person
    return root


def with_head(root: Path, head: Scan) -> Path:
    """Add a person with a real head, and forget all brains: they are known of all people or of none."""
    shutil.rmtree(root / "derivatives")
    path = root / HEAD / "anat" / f"{HEAD}_T1w.nii"
    path.parent.mkdir(parents=True)
    nib.save(nib.Nifti1Image(np.rint(head.data).astype(np.int16), head.affine), path)
    write_photo(root, HEAD, 1, np.random.default_rng(9))
    with (root / "participants.tsv").open("a") as stream:
        stream.write(f"{HEAD}\tn/a\tn/a\tn/a\n")
    return root


def write_photo(root: Path, subject: str, number: int, rng: np.random.Generator) -> None:
    """Write a photograph of noise."""
    path = root / "sourcedata" / "photos" / "raw" / f"{subject}_photo-{number:02d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 255, (20, 16, 3), dtype=np.uint8)).save(path)


def _save(path: Path, data: np.ndarray, person: Person) -> None:
    """Save a RAS+ volume in the person's voxel size and directions."""
    image = nib.Nifti1Image(data, np.diag([*person.voxel_mm, 1.0]))
    wanted = nib.orientations.axcodes2ornt(person.directions)
    turn = nib.orientations.ornt_transform(nib.io_orientation(image.affine), wanted)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image.as_reoriented(turn), path)
