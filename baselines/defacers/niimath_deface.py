"""Remove the face: pydeface's template mask, brought to the scan by niimath's registration."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines.defacers.registration import register
from baselines.defacers.template import HEAD_TO_PYDEFACE, bring, pydeface_mask
from baselines.defacers.voxels import air, put
from baselines.scan import Scan


def face_region(scan: Scan, cache: Path | None = None) -> NDArray[np.bool_]:
    """Return where pydeface's mask, registered to the scan, gives voxels up.

    A voxel is face where the mask, sampled trilinearly, is below one half. A voxel outside the template's
    field of view takes the fate of the nearest voxel of its border: what is in front of the face goes
    with it.
    """
    scan_to_pydeface = HEAD_TO_PYDEFACE @ register(scan, cache).scan_to_head
    return bring(pydeface_mask(), scan_to_pydeface, scan, outside=None) < 0.5


def niimath_deface(scan: Scan, cache: Path | None = None) -> Scan:
    """Set the face to air; the same steps as `niimath -deface TEMPLATE MASK`.

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`registration.register`).

    Returns
    -------
    Scan
        Same grid, affine and data type; voxels outside the face are unchanged.
    """
    return put(scan, face_region(scan, cache), air(scan))
