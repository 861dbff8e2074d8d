"""Blur the face: the weakest thing that still counts as doing something."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from baselines.defacers.niimath_deface import face_region
from baselines.defacers.voxels import put
from baselines.scan import Scan

SIGMA_MM = 4.0


def blur(scan: Scan, cache: Path | None = None) -> Scan:
    """Replace the face of pydeface's mask by itself, smoothed with a Gaussian of 4 mm standard deviation.

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`registration.register`).

    Returns
    -------
    Scan
        Same grid, affine and data type; voxels outside the face are unchanged. The Gaussian sees the whole
        scan, is cut at 4 standard deviations, and meets the border's value beyond the grid.
    """
    region = face_region(scan, cache)
    if not region.any():
        return put(scan, region, 0.0)
    sigma = SIGMA_MM / scan.spacing
    reach = np.ceil(4 * sigma).astype(int) + 1
    box = tuple(
        slice(max(0, side.start - r), side.stop + r)
        for side, r in zip(ndimage.find_objects(region.astype(np.int8))[0], reach, strict=True)
    )
    smooth = ndimage.gaussian_filter(scan.data[box].astype(np.float32), sigma, mode="nearest", truncate=4.0)
    return put(scan, region, smooth[region[box]])
