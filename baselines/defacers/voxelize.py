"""Show the face in blocks of 8 mm: what a mosaic does to a photograph."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from baselines.defacers.niimath_deface import face_region
from baselines.defacers.voxels import put
from baselines.scan import Scan

BLOCK_MM = 8.0


def voxelize(scan: Scan, cache: Path | None = None) -> Scan:
    """Replace the face of pydeface's mask by the means of blocks of about 8 mm.

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`registration.register`).

    Returns
    -------
    Scan
        Same grid, affine and data type; voxels outside the face are unchanged. Blocks follow the voxel grid,
        whole voxels along each axis. A block at the border of the face is the mean of its voxels inside.
    """
    region = face_region(scan, cache)
    if not region.any():
        return put(scan, region, 0.0)
    step = np.maximum(1, np.rint(BLOCK_MM / scan.spacing)).astype(int)
    index = np.argwhere(region) // step
    block = np.ravel_multi_index(tuple(index.T), tuple(np.array(scan.data.shape) // step + 1))
    numbers, inverse = np.unique(block, return_inverse=True)
    means = ndimage.mean(scan.data[region].astype(np.float64), inverse, np.arange(len(numbers)))
    return put(scan, region, np.asarray(means)[inverse])
