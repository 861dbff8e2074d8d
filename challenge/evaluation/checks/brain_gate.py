"""The brain gate: a defacer may take the face, not the brain; and what of the original is still there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import AlignmentError, average_brain, bring
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.baselines.face.surface import SurfaceError, head_mask, head_threshold
from mriprivacy.challenge.compute.parallel import Compute, Lost, by_reason
from mriprivacy.challenge.compute.sandbox import own_files, run_untrusted
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.entry import Gate
from mriprivacy.challenge.evaluation.checks.kept_face import KeptFace, compare_scans
from mriprivacy.scoring.metrics.utility import GateReport, brain_gate

# A refacer puts a nose, a chin and a throat where there was air, on real heads up to 43 mm away from the own
# head; nothing has to be put farther.
FAR_MM = 50.0
COARSE_MM = 4.0
# A scan that is the original but for fewer voxels of the head than this is the original: nothing was defaced.
LEAST_CHANGED = 0.01


@dataclass(frozen=True)
class Gated:
    """What the brain gate found in a submission.

    Attributes
    ----------
    gate : Gate or None
        Scans in whose original no brain is found are not counted; None where that is all of them.
    remarks : tuple of str
        One line a kind of problem, with the number of scans and five of them.
    kept : dict from id to KeptFace
        What of each original is still there; without scans on which a worker ended or with another grid.
    in_place : frozenset of str
        Scans whose brain is the original's, where it was: their heads lie as they lay.
    """

    gate: Gate | None
    remarks: tuple[str, ...] = ()
    kept: Mapping[str, KeptFace] = field(default_factory=dict)
    in_place: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _GateJob:
    original: Path
    defaced: Path
    mask: Path | None
    face: Path | None
    limit: float
    cache: Path


def apply_gate(
    edition: Edition,
    sealed: SealedKey,
    scans: Mapping[tuple[str, str], Path],
    limit: float,
    cache: Path,
    compute: Compute,
) -> Gated:
    """Apply the brain gate to every scan of a defacing submission, both splits.

    Parameters
    ----------
    edition : Edition
        Has the originals.
    sealed : SealedKey
        Has the true brains of a cohort that knows them; others are estimated (`estimate_brain`).
    scans : mapping from (split, probe) to Path
        The defaced scans.
    limit : float
        Largest share of the brain that may change.
    cache : Path
        Folder for registrations.
    compute : Compute
        Who does it.

    Returns
    -------
    Gated
    """
    jobs = {
        probe: _GateJob(
            edition.splits[split].scan(probe),
            path,
            sealed.brain_mask(probe),
            sealed.face_mask(probe),
            limit,
            cache,
        )
        for (split, probe), path in sorted(scans.items())
    }
    found = run_untrusted(_gate, list(jobs.values()), "brain gate", compute)
    looked = dict(zip(jobs, found, strict=True))
    kept = {probe: one[1] for probe, one in looked.items() if not isinstance(one, Lost) and one[1]}
    reports = {
        probe: report
        for probe, one in looked.items()
        if (report := _lost(one) if isinstance(one, Lost) else one[0]) is not None
    }
    unknown = [
        (probe, "not applied, for no brain is found in the original") for probe in jobs.keys() - reports
    ]
    remarks = [f"brain gate: {reason} ({told})" for reason, told in by_reason(sorted(unknown))]
    if not reports:
        return Gated(None, tuple(remarks), kept)
    estimated = sum(jobs[probe].mask is None for probe in reports)
    if estimated:
        remarks.append(
            "brain gate: no true brain is sealed; it was estimated, by registering an average head to the "
            f"original (scans: {estimated})"
        )
    problems = [(probe, problem) for probe, report in reports.items() for problem in report.problems]
    gate = Gate(
        passed=sum(report.passed for report in reports.values()),
        scans=len(reports),
        unchanged=sum(not report.differs for report in reports.values()),
        worst_changed=max(report.changed_share for report in reports.values()),
        failed=tuple(p for p, report in reports.items() if len(report.problems) > (not report.differs)),
        estimated=estimated,
    )
    remarks += [f"brain gate: {problem} ({told})" for problem, told in by_reason(problems)]
    return Gated(gate, tuple(remarks), kept, frozenset(reports.keys() - set(gate.failed)))


def _lost(lost: Lost) -> GateReport:
    return GateReport(
        same_grid=True,
        same_affine=True,
        finite=True,
        differs=True,
        changed_share=1.0,
        relative_change=1.0,
        same_kind=True,
        same_scale=True,
        added_share=1.0,
        problems=(lost.reason,),
    )


def _gate(job: _GateJob) -> tuple[GateReport | None, KeptFace | None]:
    """Compare a scan with its original; no report where it is not known where the original's brain is."""
    with own_files():
        original = read_scan(job.original)
        face = None if job.face is None else read_scan(job.face).data > 0
        try:
            brain = estimate_brain(original, job.cache) if job.mask is None else read_scan(job.mask).data > 0
        except AlignmentError:
            brain = None
    defaced = read_scan(job.defaced)
    kept = None
    if defaced.data.shape == original.data.shape:
        kept = compare_scans(original, defaced, brain, face)
    if brain is None:
        return None, kept
    report = brain_gate(
        original.data,
        defaced.data,
        brain,
        original.affine,
        defaced.affine,
        limit=job.limit,
        far=far_from_head(original),
    )
    return (_nothing_changed(report) if _undefaced(report, kept) else report), kept


def _undefaced(report: GateReport, kept: KeptFace | None) -> bool:
    return report.differs and kept is not None and kept.head > 1 - LEAST_CHANGED


def _nothing_changed(report: GateReport) -> GateReport:
    """Let the gate `differs` fail: a voxel here and there takes no face."""
    problem = f"the scan is the original but for less than {LEAST_CHANGED:.0%} of the head's voxels"
    return replace(report, differs=False, problems=(*report.problems, problem))


def estimate_brain(scan: Scan, cache: Path | None = None) -> NDArray[np.bool_]:
    """Estimate the brain mask of an undefaced head: of real people no true mask is known.

    Parameters
    ----------
    scan : Scan
        The original, in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations, shared with the reference defacers.

    Returns
    -------
    ndarray of bool, shape of `scan.data`
        The ICBM152 brain as the average head, registered with 12 parameters, brings it along.

    Raises
    ------
    AlignmentError
        If the head cannot be registered, or its brain lies outside of the field of view.
    """
    found = register(scan, cache).scan_to_head
    brain = bring(average_brain(), found, scan, outside=-100.0) > 0
    if not brain.any():
        raise AlignmentError("the registered brain lies outside of the field of view")
    return brain


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
    result: NDArray[np.bool_] = (distance > FAR_MM)[np.ix_(*nearest)]
    return result
