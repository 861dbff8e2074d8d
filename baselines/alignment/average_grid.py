"""The grid of the average head: scans are brought to it, and looked at where it has its parts."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.alignment.mutual_information import normalized_mutual_information
from mriprivacy.baselines.alignment.template import average_brain, average_head, bring
from mriprivacy.baselines.face.scan import Scan, settled
from mriprivacy.baselines.face.surface import SurfaceError, head_mask, head_threshold

STEP_MM = 4.0
# In the world of the average head: its first voxel and its extents.
CORNER_MM = (-100.0, -130.0, -160.0)
EXTENTS = (51, 76, 71)
NEAR_BRAIN_MM = 12.0
BEHIND_FACE_MM = 40.0
AROUND_STEPS = 4
LEAST_IN_VIEW = 2000  # voxels of the grid; half a brain and its surroundings have 7,000
# Of `OnGrid.brain_similarity`: what it is where brain lies on brain, and where it does not, stands in
# docs/results/presence.md.
LEAST_BRAIN_NMI = 1.03

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class OnGrid:
    """A scan, brought to the grid; each array of shape `EXTENTS`.

    Attributes
    ----------
    data : ndarray
        Intensities; beyond the field of view that of no signal.
    head : ndarray of bool
        Where the head is.
    seen : ndarray of bool
        What lies in the field of view.
    """

    data: NDArray[np.float32]
    head: Mask
    seen: Mask

    @property
    def brain_similarity(self) -> float | None:
        """Normalized mutual information of scan and average head, in the head and about the brain.

        From 1 to 2; None where too little of it is in the field of view.
        """
        compared = places().near_brain & self.seen & self.head
        if compared.sum() < LEAST_IN_VIEW:
            return None
        return normalized_mutual_information(self.data[compared], places().head[compared])


def on_grid(small: Scan, scan_to_head: NDArray[np.float64], air: float = 0.0) -> OnGrid:
    """Bring a reduced scan to the grid.

    Parameters
    ----------
    small : Scan
        From `baselines.alignment.registration.coarse`.
    scan_to_head : ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm.
    air : float
        The intensity beyond the field of view.

    Raises
    ------
    SurfaceError
        If no head can be separated from air.
    """
    to_scan = settled(np.linalg.inv(scan_to_head))
    ones = Scan(np.ones(small.data.shape, np.float32), small.affine)
    data = bring(small, to_scan, grid(), outside=air)
    return OnGrid(
        data,
        head_mask(data, head_threshold(small.data)),
        seen=bring(ones, to_scan, grid(), outside=0.0) > 0.5,
    )


def brain_similarity(small: Scan, scan_to_head: NDArray[np.float64]) -> float | None:
    """Return `OnGrid.brain_similarity` of a scan whose air is 0; None where there is no head either."""
    try:
        return on_grid(small, scan_to_head).brain_similarity
    except SurfaceError:
        return None


@dataclass(frozen=True)
class Places:
    """The average head on the grid, and places in it; each of shape `EXTENTS`.

    Attributes
    ----------
    head : ndarray
        Intensities of the average head.
    near_brain : ndarray of bool
        The brain and `NEAR_BRAIN_MM` around it.
    beyond_brain : ndarray of bool
        The head beyond that, behind the face.
    around : ndarray of bool
        Air around the head, above the neck, further than any head reaches.
    """

    head: NDArray[np.float32]
    near_brain: Mask
    beyond_brain: Mask
    around: Mask


@cache
def places() -> Places:
    """Return the places of the average head."""
    head = bring(average_head(), np.eye(4), grid(), outside=0.0)
    brain = bring(average_brain(), np.eye(4), grid(), outside=-100.0)
    inside = head_mask(head, head_threshold(average_head().data))
    _, y, z = axes()
    behind = (y < BEHIND_FACE_MM)[None, :, None]
    return Places(
        head,
        near_brain=brain > -NEAR_BRAIN_MM,
        beyond_brain=inside & (brain < -NEAR_BRAIN_MM) & behind,
        # Neither the neck below nor noses in front of where the average head ends count.
        around=~ndimage.binary_dilation(inside, iterations=AROUND_STEPS) & (z > 0)[None, None, :],
    )


@cache
def grid() -> Scan:
    """Return an empty scan with the voxels of the grid.

    Examples
    --------
    >>> grid().data.shape, grid().spacing.tolist()
    ((51, 76, 71), [4.0, 4.0, 4.0])
    """
    affine = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    affine[:3, 3] = CORNER_MM
    return Scan(np.zeros(EXTENTS, np.float32), affine)


def axes() -> tuple[NDArray[Any], ...]:
    """Return the millimetres of the grid along each axis."""
    steps = (STEP_MM * np.arange(n, dtype=np.float64) for n in EXTENTS)
    return tuple(corner + own for corner, own in zip(CORNER_MM, steps, strict=True))
