"""The pose of a head against that of the average head."""

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.scan import Scan

DIGITS = 6  # of a rotation, whose last bits differ from machine to machine


def upright(scan: Scan, scan_to_head: NDArray[np.float64]) -> Scan:
    """Turn a head to the pose of the average head. Its header turns; no voxel is touched.

    Parameters
    ----------
    scan : Scan
        A head.
    scan_to_head : ndarray, shape (4, 4)
        World of the scan -> world of the average head, affine (`Presence.scan_to_head`). The rotation nearest
        to it is taken, so that no head is stretched.

    Returns
    -------
    Scan
        The same voxels. However little a head is turned, it is turned back: with a least turn, two scans of
        one head on either side of it would be drawn from sides that differ by it.

    Examples
    --------
    >>> turned = np.array([[0.0, -2, 0, 5], [2, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    >>> upright(Scan(np.zeros((2, 2, 2)), np.eye(4)), turned).affine[:2, :2].tolist()
    [[0.0, -1.0], [1.0, 0.0]]
    """
    turn = np.eye(4)
    turn[:3, :3] = np.round(_rotation(scan_to_head), DIGITS) + 0.0
    return Scan(scan.data, turn @ scan.affine)


def turn_of(scan_to_head: NDArray[np.float64]) -> float:
    """Return by how many degrees a head is turned against the average head, about whatever axis.

    Parameters
    ----------
    scan_to_head : ndarray, shape (4, 4)
        Affine; the rotation nearest to it counts.

    Examples
    --------
    >>> quarter = np.array([[0.0, -2, 0, 5], [2, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    >>> round(turn_of(quarter))
    90
    """
    return float(np.degrees(np.arccos(np.clip((np.trace(_rotation(scan_to_head)) - 1) / 2, -1, 1))))


def _rotation(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation nearest to the linear part of an affine map."""
    u, _, v = np.linalg.svd(matrix[:3, :3])
    return np.asarray(u @ v)
