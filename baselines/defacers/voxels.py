"""What all defacers do to voxels: put values in, in the scan's own data type, and nothing else."""

import numpy as np
from numpy.typing import NDArray

from baselines.scan import Scan


def air(scan: Scan) -> float:
    """Return the value that stands for no signal: 0 where the scan's range holds it, else its minimum."""
    low, high = float(scan.data.min()), float(scan.data.max())
    return 0.0 if low <= 0.0 <= high else low


def put(scan: Scan, where: NDArray[np.bool_], values: NDArray | float) -> Scan:
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
