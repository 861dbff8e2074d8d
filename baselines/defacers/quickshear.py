"""Quickshear, as its authors publish it: one plane that shears the face off below the brain.

Schimke and Hale, HealthSec 2011. The package quickshear draws the plane in a brain mask of ours.
"""

import warnings
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.orientations import apply_orientation, axcodes2ornt, ornt_transform
from numpy.typing import NDArray
from quickshear import quickshear as published

from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import average_brain, bring
from mriprivacy.baselines.defacers.errors import DefacerError
from mriprivacy.baselines.defacers.masked import air, put
from mriprivacy.baselines.face.scan import Scan

BUFFER_MM = 10.0  # the package's buffer is 10 voxels, of about 1 mm in the paper


def quickshear(scan: Scan, cache: Path | None = None) -> Scan:
    """Set everything in front of and below a plane under the brain to air.

    The brain is the registered ICBM152 one. The published program draws the plane 10 mm below it.

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`registration.register`).

    Returns
    -------
    Scan
        Same grid, affine and data type; the voxels kept are unchanged. What is sheared off is set to `air`,
        which is the published program's 0 in all scans but those stored with an offset.

    Raises
    ------
    DefacerError
        If too little of the brain lies in the field of view.
    """
    brain = bring(average_brain(), register(scan, cache).scan_to_head, scan, outside=-100.0) > 0
    if not brain.any():
        return put(scan, brain, 0.0)
    return put(scan, sheared_off(brain, scan.affine), air(scan))


def sheared_off(
    brain: NDArray[np.bool_], affine: NDArray[np.float64], buffer: float = BUFFER_MM
) -> NDArray[Any]:
    """Return where the published program removes voxels, given a brain mask.

    The program draws its plane over as many columns, from the front, as the scan has rows. So it stops inside
    the face where slices are thick, and can fail where there are more rows than columns. Here it gets the
    brain in a field of view with as many columns as rows, padded behind and above. For a brain inside the
    field of view that changes nothing else.

    Parameters
    ----------
    brain : ndarray of bool
        True inside the brain.
    affine : ndarray, shape (4, 4)
        Voxel -> world, mm.
    buffer : float
        Distance of the plane below the brain, mm, along the axis that runs up.

    Returns
    -------
    ndarray of bool, shape of `brain`
        True where the face goes.

    Raises
    ------
    DefacerError
        If the brain fills a single column.

    Examples
    --------
    >>> brain = np.zeros((3, 8, 8), bool)
    >>> brain[1, 2:6, 5:7] = brain[1, 2:4, 4] = True
    >>> sheared_off(brain, np.eye(4), buffer=1.0)[1].sum(axis=1).tolist()  # from back to front
    [0, 0, 0, 1, 2, 3, 4, 5]
    """
    to_rps = ornt_transform(nib.io_orientation(affine), axcodes2ornt("RPS"))
    seen = apply_orientation(brain, to_rps)  # right, back, up: what the program works in
    if np.count_nonzero(seen.any(axis=(0, 2))) < 2:
        raise DefacerError("hardly any of the brain lies in the field of view")
    _, back, up = seen.shape
    side = max(back, up)
    square = np.pad(seen, [(0, 0), (0, side - back), (0, side - up)]).astype(np.uint8)
    height = nib.affines.voxel_sizes(affine)[to_rps[:, 0] == 2].item()
    mask = nib.Nifti1Image(square, np.diag([1.0, -1.0, 1.0, 1.0]))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Arrays of 2-dimensional vectors", DeprecationWarning)
        kept = published(nib.Nifti1Image(np.ones_like(square), mask.affine), mask, buffer / height)
    gone = np.asanyarray(kept.dataobj)[:, :back, :up] == 0
    result: NDArray[Any] = apply_orientation(
        gone, ornt_transform(axcodes2ornt("RPS"), nib.io_orientation(affine))
    )
    return result
