"""What an attacker may do to a defaced scan before it is drawn: each undoes what some defacer does.

A face that is hidden only from the outermost surface at the usual threshold is not hidden: blocks and noise
are smoothed, a higher threshold shows another surface. What each gains stands in
docs/results/attacks.md, what was tried and gains nothing in docs/decisions/0041-attackers-that-undo.md.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import ndimage

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import no_signal

SMOOTHED_MM = 2.5
LOWERED = 2.0


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


UNDOINGS: dict[str, Callable[[Scan], Scan]] = {one.__name__: one for one in (smoothed, lowered)}
