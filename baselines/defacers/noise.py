"""Bury the face in noise."""

import hashlib
from pathlib import Path

import numpy as np
from scipy import ndimage

from baselines.defacers.niimath_deface import face_region
from baselines.defacers.voxels import air, put
from baselines.scan import Scan
from baselines.surface import head_mask, head_threshold

SHARE = 0.3
REACH_MM = 10.0


def noise(scan: Scan, cache: Path | None = None) -> Scan:
    """Add Rician noise to the face of pydeface's mask, 10 mm of air in front of it included.

    The intensity above air is taken as the magnitude of a complex signal whose two parts get Gaussian noise;
    its standard deviation is 0.3 of the scan's 99th percentile (above air).

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`registration.register`).

    Returns
    -------
    Scan
        Same grid, affine and data type; voxels outside the face are unchanged. The noise is drawn from the
        content of the scan, so the same scan always comes out the same. Whoever has the original can tell
        the noise; nobody else can.
    """
    region = face_region(scan, cache)
    nothing = air(scan)
    smooth = ndimage.gaussian_filter(scan.data.astype(np.float32), 0.7 / scan.spacing)
    head = head_mask(smooth, head_threshold(smooth))
    region &= ndimage.distance_transform_edt(~head, sampling=scan.spacing) < REACH_MM
    own = scan.data[region].astype(np.float64) - nothing
    sigma = SHARE * (float(np.percentile(scan.data, 99)) - nothing)
    seed = hashlib.sha256(np.ascontiguousarray(scan.data).tobytes()).digest()
    rng = np.random.default_rng(np.frombuffer(seed, dtype=np.uint32))
    real, imaginary = rng.normal(0.0, sigma, (2, own.size))
    return put(scan, region, nothing + np.hypot(own + real, imaginary))
