"""Replace the face by the average one, after AFNI's refacer and `niimath -reface`; niimath registers.

AFNI's refacer and `niimath -reface` composite a *shell*: positive where an artificial face goes in, zero
where the subject stays, negative where air goes in. The shell here is the average head of voxface inside
the face that voxface's mask gives up. Two things are done so that nothing of the own face survives: the
air in front of the average face is part of the shell and clears what sticks out of it, and beyond the
template's field of view the region goes on (nearest border voxel) and is filled with air.
"""

from pathlib import Path

import numpy as np

from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import average_brain, average_face, average_head, bring
from mriprivacy.baselines.defacers.masked import air, put
from mriprivacy.baselines.face.scan import Scan

BLEND_MM = 3.0
BRAIN_MARGIN_MM = 2.0
# Of the average head's 99th percentile; below it there is air around the head, not skin.
AIR_SHARE = 0.08


def replace_face(scan: Scan, cache: Path | None = None) -> Scan:
    """Put the average face, brightness-matched, in the place of the subject's.

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`registration.register`).

    Returns
    -------
    Scan
        Same grid, affine and data type. Voxels outside the average's face, and within 2 mm of its brain, are
        unchanged. Over the first 3 mm inside the face the average is blended in, except in air. All is
        unchanged where the scan has no face, or none in its field of view.
    """
    scan_to_head = register(scan, cache).scan_to_head
    depth = bring(average_face(), scan_to_head, scan, outside=None)
    to_brain = bring(average_brain(), scan_to_head, scan, outside=None)
    region = (depth > 0) & (to_brain < -BRAIN_MARGIN_MM)
    face = bring(average_head(), scan_to_head, scan, outside=0.0)[region]
    own = scan.data[region].astype(np.float32)
    nothing = air(scan)
    threshold = AIR_SHARE * float(np.percentile(average_head().data, 99))
    tissue = face > threshold
    level = np.percentile(own[tissue], 95) - nothing if tissue.any() else 0.0
    if level <= 0:  # there is nothing that a face could be matched to
        return scan
    # One factor: what is bright tissue in the average is as bright, in the median, as the subject's own.
    bright = tissue & (own > nothing + 0.25 * level)
    gain = (np.median(own[bright]) - nothing) / np.median(face[bright])
    share = np.where(tissue, np.clip(depth[region] / BLEND_MM, 0.0, 1.0), 1.0)
    pasted = np.where(tissue, nothing + gain * face, nothing)
    return put(scan, region, share * pasted + (1.0 - share) * own)
