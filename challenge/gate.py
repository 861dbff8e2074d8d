"""The brain gate: a defacer may take the face, not the brain."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from baselines.scan import read_scan
from challenge.edition import Edition
from challenge.guard import Lost, run_untrusted
from challenge.sealed import SealedKey
from challenge.work import Compute
from scoring.utility import GateReport, brain_gate

_LOST = GateReport(
    same_grid=True,
    same_affine=True,
    finite=True,
    differs=True,
    changed_share=1.0,
    relative_change=1.0,
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
        share of a brain that was changed. Empty where the cohort came without brain masks.
    warnings : list of str
        One line a kind of problem, with the number of scans.
    """
    jobs = []
    for (split, probe), path in sorted(scans.items()):
        mask = sealed.brain_mask(probe)
        if mask is None:
            return {}, ["no sealed brain masks: the brain gate was not applied"]
        jobs.append(_Job(edition.splits[split].scan(probe), path, mask, limit))
    found = run_untrusted(_gate, jobs, "brain gate", compute)
    reports = [_LOST if isinstance(report, Lost) else report for report in found]
    problems = [problem for report in reports for problem in report.problems]
    gate: dict[str, object] = {
        "passed": sum(report.passed for report in reports),
        "scans": len(reports),
        "unchanged": sum(not report.differs for report in reports),
        "worst_changed": max(report.changed_share for report in reports),
    }
    counted = {problem: problems.count(problem) for problem in problems}
    return gate, [f"brain gate: {problem} (scans: {count})" for problem, count in counted.items()]


def _gate(job: _Job) -> GateReport:
    original, defaced, mask = read_scan(job.original), read_scan(job.defaced), read_scan(job.mask)
    return brain_gate(
        original.data, defaced.data, mask.data > 0, original.affine, defaced.affine, limit=job.limit
    )
