"""The brain gate: a defacer may take the face, not the brain."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from baselines.scan import Scan, read_scan
from baselines.surface import SurfaceError, head_mask, head_threshold
from challenge.edition import Edition
from challenge.guard import Lost, run_untrusted
from challenge.sealed import SealedKey
from challenge.work import Compute, by_reason
from scoring.utility import GateReport, brain_gate

# A refacer puts a nose, a chin and a throat where there was air, on real heads up to 43 mm away from the own
# head; nothing has to be put farther.
FAR_MM = 50.0
COARSE_MM = 4.0

_LOST = GateReport(
    same_grid=True,
    same_affine=True,
    finite=True,
    differs=True,
    changed_share=1.0,
    relative_change=1.0,
    same_kind=True,
    added_share=1.0,
    problems=("could not be compared within the limits of time and memory",),
)


@dataclass(frozen=True)
class _Job:
    original: Path
    defaced: Path
    mask: Path
    limit: float


def apply_gate(
    edition: Edition,
    sealed: SealedKey,
    scans: Mapping[tuple[str, str], Path],
    limit: float,
    compute: Compute,
) -> tuple[dict[str, object], list[str]]:
    """Apply the brain gate to every scan of a defacing submission, both splits.

    Parameters
    ----------
    edition : Edition
        Has the originals.
    sealed : SealedKey
        Has the true brains.
    scans : mapping from (split, probe) to Path
        The defaced scans.
    limit : float
        Largest share of the brain that may change.
    compute : Compute
        Who does it.

    Returns
    -------
    gate : dict
        `passed` and `scans`, how many; `unchanged`, how many are the original; `worst_changed`, the largest
        share of a brain that was changed; `failed`, the probes that failed any gate but that of being
        unchanged. Empty where the cohort came without brain masks.
    warnings : list of str
        One line a kind of problem, with the number of scans and five of them.
    """
    jobs, probes = [], []
    for (split, probe), path in sorted(scans.items()):
        mask = sealed.brain_mask(probe)
        if mask is None:
            return {}, ["no sealed brain masks: the brain gate was not applied"]
        jobs.append(_Job(edition.splits[split].scan(probe), path, mask, limit))
        probes.append(probe)
    found = run_untrusted(_gate, jobs, "brain gate", compute)
    reports = [_LOST if isinstance(report, Lost) else report for report in found]
    problems = [
        (probe, one) for probe, report in zip(probes, reports, strict=True) for one in report.problems
    ]
    gate: dict[str, object] = {
        "passed": sum(report.passed for report in reports),
        "scans": len(reports),
        "unchanged": sum(not report.differs for report in reports),
        "worst_changed": max(report.changed_share for report in reports),
        "failed": [p for p, r in zip(probes, reports, strict=True) if len(r.problems) > (not r.differs)],
    }
    return gate, [f"brain gate: {problem} ({told})" for problem, told in by_reason(problems)]


def _gate(job: _Job) -> GateReport:
    original, defaced, mask = read_scan(job.original), read_scan(job.defaced), read_scan(job.mask)
    return brain_gate(
        original.data,
        defaced.data,
        mask.data > 0,
        original.affine,
        defaced.affine,
        limit=job.limit,
        far=far_from_head(original),
    )


def far_from_head(scan: Scan) -> NDArray[np.bool_]:
    """Return the air more than 50 mm away from the head, on the scan's grid, found at about 4 mm.

    Examples
    --------
    >>> data = np.zeros((80, 8, 8), np.float32)
    >>> data[:8] = 100
    >>> far = far_from_head(Scan(data, np.diag([2.0, 2.0, 2.0, 1.0])))
    >>> int(np.flatnonzero(far.any(axis=(1, 2)))[0])
    32
    """
    step = np.maximum(1, np.floor(COARSE_MM / scan.spacing)).astype(int)
    thin = scan.data[tuple(slice(None, None, s) for s in step)].astype(np.float32)
    try:
        head = head_mask(thin, head_threshold(thin))
    except SurfaceError:
        return np.zeros(scan.data.shape, bool)
    distance = ndimage.distance_transform_edt(~head, sampling=scan.spacing * step)
    nearest = [np.arange(n) // s for n, s in zip(scan.data.shape, step, strict=True)]
    return (distance > FAR_MM)[np.ix_(*nearest)]
