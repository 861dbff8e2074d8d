"""What an attacker may do to a defaced scan before it is drawn: each undoes what some defacer does.

A defacer that hides a face from the outermost surface at the usual threshold alone has hidden it from nobody:
blocks and noise are smoothed, another threshold shows another surface, thin flaps come off. What
each gains, and what was tried and gains nothing: docs/results/attacks.md.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import head_mask, head_threshold, no_signal

SMOOTHED_MM = 2.5
LOWERED = 2.0
THIN_MM = 3.0  # radius of the ball of the opening: what is thinner than twice of it goes


def smoothed(scan: Scan) -> Scan:
    """Smooth noise and blocks, by a Gaussian of 2.5 mm.

    Examples
    --------
    >>> scan = Scan(np.eye(9, dtype=np.float32)[..., None] * np.ones(9, np.float32), np.eye(4))
    >>> bool(smoothed(scan).data.max() < 0.5)
    True
    """
    data = scan.data.astype(np.float32)
    return replace(scan, data=ndimage.gaussian_filter(data, SMOOTHED_MM / scan.spacing))


def lowered(scan: Scan) -> Scan:
    """Square the intensities above no signal: bright tissue alone stays above the threshold of the head.

    Examples
    --------
    >>> data = np.repeat(np.float32([0, 50, 100]), 900).reshape(3, 30, 30)
    >>> np.unique(lowered(Scan(data, np.eye(4))).data).tolist()
    [0.0, 25.0, 100.0]
    """
    data, floor = scan.data.astype(np.float32), no_signal(scan.data)
    reach = max(float(np.percentile(data, 99.5)) - floor, 1e-6)
    return replace(scan, data=np.clip((data - floor) / reach, 0, 1) ** LOWERED * reach + floor)


def opened(scan: Scan) -> Scan:
    """Take off flaps and stalks thinner than 6 mm: a morphological opening of the head.

    A closed shell counts as a head to its middle and stays (`challenge.evaluation.kept_face` finds those).

    Raises
    ------
    SurfaceError
        If there is no head.

    Examples
    --------
    >>> data = np.zeros((40, 40, 40), np.float32)
    >>> data[10:30, 10:30, 10:30] = 100
    >>> data[30:36, 19:22, 19:22] = 100  # a stalk
    >>> kept = opened(Scan(data, np.eye(4))).data
    >>> float(kept[15, 20, 20]), float(kept[34, 20, 20])
    (100.0, 0.0)
    """
    threshold = head_threshold(scan.data)
    head = head_mask(scan.data, threshold)
    core = _deeper_than(head, THIN_MM, scan)
    thin = head & _deeper_than(~core, THIN_MM, scan)
    return replace(scan, data=np.where(thin, no_signal(scan.data), scan.data).astype(np.float32))


UNDOINGS: dict[str, Callable[[Scan], Scan]] = {one.__name__: one for one in (smoothed, lowered, opened)}


def _deeper_than(mask: NDArray[np.bool_], mm: float, scan: Scan) -> NDArray[np.bool_]:
    deeper: NDArray[np.bool_] = ndimage.distance_transform_edt(mask, sampling=scan.spacing) > mm
    return deeper
