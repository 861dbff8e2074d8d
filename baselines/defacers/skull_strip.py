"""Keep the brain only: the ICBM152 brain, brought to the scan by niimath's registration, with a margin."""

from pathlib import Path

from baselines.defacers.registration import register
from baselines.defacers.template import average_brain, bring
from baselines.defacers.voxels import air, put
from baselines.scan import Scan

MARGIN_MM = 4.0


def skull_strip(scan: Scan, cache: Path | None = None) -> Scan:
    """Set everything farther than 4 mm from the registered brain to air.

    An affine fit misses a brain's own outline by some millimetres: the margin keeps the brain whole at
    the price of some meninges and inner skull. A voxel outside the template's field of view is not brain.

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`registration.register`).

    Returns
    -------
    Scan
        Same grid, affine and data type; the voxels kept are unchanged.
    """
    to_brain = bring(average_brain(), register(scan, cache).scan_to_head, scan, outside=-100.0)
    return put(scan, to_brain < -MARGIN_MM, air(scan))
