"""Defacers that keep, remove or change the voxels under a registered mask.

Each takes a scan (a head in any orientation, voxel size and contrast) and a folder in which registrations are
kept (`alignment.registration.register`). It returns a scan of the same grid, affine and data type, in which
all voxels that its mask does not name are the same, bit for bit. The mask is pydeface's face mask, or the
ICBM152 brain for `skull_strip`.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import HEAD_TO_PYDEFACE, average_brain, bring, pydeface_mask
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import head_mask, head_threshold, no_signal

BLUR_MM = 4.0  # standard deviation of the Gaussian
BLOCK_MM = 8.0
NOISE_SHARE = 0.3  # of the scan's 99th percentile
NOISE_REACH_MM = 10.0  # of air in front of the face
BRAIN_MARGIN_MM = 4.0


def identity(scan: Scan, cache: Path | None = None) -> Scan:
    """Return a copy of the scan, voxel by voxel the same."""
    return Scan(np.array(scan.data), scan.affine)


def remove_face(scan: Scan, cache: Path | None = None) -> Scan:
    """Set the face to air, after `niimath -deface TEMPLATE MASK`, with our own registration and border."""
    return put(scan, face_region(scan, cache), air(scan))


def blur(scan: Scan, cache: Path | None = None) -> Scan:
    """Replace the face by itself, smoothed with a Gaussian of 4 mm standard deviation.

    The Gaussian sees the whole scan, is cut at 4 standard deviations, and meets the border's value beyond the
    grid.
    """
    region = face_region(scan, cache)
    if not region.any():
        return put(scan, region, 0.0)
    sigma = BLUR_MM / scan.spacing
    reach = np.ceil(4 * sigma).astype(int) + 1
    box = tuple(
        slice(max(0, side.start - r), side.stop + r)
        for side, r in zip(ndimage.find_objects(region.astype(np.int8))[0], reach, strict=True)
    )
    smooth = ndimage.gaussian_filter(scan.data[box].astype(np.float32), sigma, mode="nearest", truncate=4.0)
    return put(scan, region, smooth[region[box]])


def voxelize(scan: Scan, cache: Path | None = None) -> Scan:
    """Replace the face by the means of blocks of about 8 mm.

    Blocks follow the voxel grid, whole voxels along each axis. A block at the border of the face is the mean
    of its voxels inside.
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


def noise(scan: Scan, cache: Path | None = None, draw: int = 1) -> Scan:
    """Add Rician noise to the face, 10 mm of air in front of it included.

    The intensity above air is taken as the magnitude of a complex signal whose two parts get Gaussian noise;
    its standard deviation is 0.3 of the scan's 99th percentile (above air). The noise is drawn from the
    content of the scan, so that the same scan always comes out the same: it can be computed from the original
    alone. Further draws, from 2, have other noise, and each comes out the same, too.
    """
    region = face_region(scan, cache)
    nothing = air(scan)
    smooth = ndimage.gaussian_filter(scan.data.astype(np.float32), 0.7 / scan.spacing)
    head = head_mask(smooth, head_threshold(smooth))
    region &= ndimage.distance_transform_edt(~head, sampling=scan.spacing) < NOISE_REACH_MM
    own = scan.data[region].astype(np.float64) - nothing
    sigma = NOISE_SHARE * (float(np.percentile(scan.data, 99)) - nothing)
    seed = hashlib.sha256(np.ascontiguousarray(scan.data).tobytes())
    if draw > 1:
        seed.update(f"draw {draw}".encode())
    rng = np.random.default_rng(np.frombuffer(seed.digest(), dtype=np.uint32))
    real, imaginary = rng.normal(0.0, sigma, (2, own.size))
    return put(scan, region, nothing + np.hypot(own + real, imaginary))


def skull_strip(scan: Scan, cache: Path | None = None) -> Scan:
    """Set everything farther than 4 mm from the registered brain to air.

    An affine fit misses a brain's own outline by some millimetres: the margin keeps the brain whole at
    the price of some meninges and inner skull. A voxel outside the template's field of view is not brain.
    """
    to_brain = bring(average_brain(), register(scan, cache).scan_to_head, scan, outside=-100.0)
    return put(scan, to_brain < -BRAIN_MARGIN_MM, air(scan))


def face_region(scan: Scan, cache: Path | None = None) -> NDArray[np.bool_]:
    """Return where pydeface's mask, registered to the scan, gives voxels up.

    A voxel is face where the mask, sampled trilinearly, is below one half. A voxel outside the template's
    field of view takes the fate of the nearest voxel of its border: what is in front of the face goes
    with it.
    """
    scan_to_pydeface = HEAD_TO_PYDEFACE @ register(scan, cache).scan_to_head
    return bring(pydeface_mask(), scan_to_pydeface, scan, outside=None) < 0.5


def air(scan: Scan) -> float:
    """Return the value that stands for no signal (`no_signal`), or the scan's minimum where that is more."""
    return max(no_signal(scan.data), float(scan.data.min()))


def put(scan: Scan, where: NDArray[np.bool_], values: NDArray[Any] | float) -> Scan:
    """Return a copy of the scan with `values` at `where`; all other voxels stay bit for bit.

    Parameters
    ----------
    scan : Scan
        The original.
    where : ndarray of bool, shape of `scan.data`
        Voxels to set.
    values : ndarray, shape (number of voxels set,), or float
        What to set. For integer scans rounded to nearest (halves to even) and clipped to the type's range.

    Examples
    --------
    >>> scan = Scan(np.array([[[1, 2, 3]]], np.int16), np.eye(4))
    >>> put(scan, scan.data > 1, 99999.6).data.tolist()
    [[[1, 32767, 32767]]]
    """
    data = scan.data.copy()
    if np.issubdtype(data.dtype, np.integer):
        limits = np.iinfo(data.dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    data[where] = values
    return Scan(data, scan.affine)
