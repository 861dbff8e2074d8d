"""What all defacers do to voxels: put values in, in the scan's own data type, and nothing else."""

import numpy as np
from numpy.typing import NDArray

from baselines.scan import Scan
from baselines.surface import no_signal


def air(scan: Scan) -> float:
    """Return the value that stands for no signal (`no_signal`), or the scan's minimum where that is more."""
    return max(no_signal(scan.data), float(scan.data.min()))


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
