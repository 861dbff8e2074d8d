"""Masks of what a defacer changed, as BIDS names them: a derivative dataset beside a submission."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np

from mriprivacy.data_prep.cohorts.deidentified import MASK, METHOD
from mriprivacy.data_prep.formats.atomic import write_whole
from mriprivacy.data_prep.formats.nifti import write_nifti

_BIDS = "1.11.1"


def mask_name(scan: str) -> str:
    """Return the name of the mask of a scan, with the entity that says of which contrast it is.

    Examples
    --------
    >>> mask_name("sub-1/anat/sub-1_T2w.nii.gz")
    'sub-1/anat/sub-1_mod-T2w_defacemask.nii.gz'
    """
    stem, _, contrast = scan.removesuffix(".nii.gz").rpartition("_")
    return f"{stem}_mod-{contrast}_{MASK}.nii.gz"


def write_mask(original: Path, defaced: Path, target: Path) -> int:
    """Write 1 where a defaced scan differs from its original and 0 elsewhere; return how many voxels differ.

    Parameters
    ----------
    original, defaced : Path
        NIfTI of one shape. A voxel that is no number in both is the same.
    target : Path
        `.nii.gz` of 8-bit integers, on the grid of the defaced scan.
    """
    image = nib.load(defaced)
    before, after = np.asanyarray(nib.load(original).dataobj), np.asanyarray(image.dataobj)
    changed = (before != after) & ~((before != before) & (after != after))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(target, changed.astype(np.uint8), image.affine)
    return int(changed.sum())


def describe_masks(folder: Path, contrasts: tuple[str, ...], how: str, kit: str) -> None:
    """Write what makes a folder of masks a BIDS derivative: its description, and a sidecar for each contrast.

    Parameters
    ----------
    folder : Path
        With the masks, named by `mask_name`.
    contrasts : tuple of str
        Of the scans.
    how : str
        The defacer, in words.
    kit : str
        Version of the kit.
    """
    about = {
        "Name": f"Masks of what was changed by {how}",
        "BIDSVersion": _BIDS,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "mriprivacy", "Version": kit}],
    }
    write_whole(folder / "dataset_description.json", json.dumps(about, indent=1) + "\n")
    for contrast in contrasts:
        sidecar = {
            "Description": "1: the defacer changed this voxel; 0: it did not",
            METHOD: [how],
            "SkullStripped": False,  # asked of each derivative; the grid is that of the whole scan
        }
        write_whole(folder / f"mod-{contrast}_{MASK}.json", json.dumps(sidecar, indent=1) + "\n")
