"""What defacing costs brain analysis: every scan of `eval` is analysed before and after, and compared."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from nibabel.affines import apply_affine

from mriprivacy.baselines.brain.analysis import BrainAnalysis, BrainError, analyse
from mriprivacy.baselines.brain.engines import engine_version
from mriprivacy.baselines.face.scan import read_scan, settled
from mriprivacy.challenge.attackers.features import readable
from mriprivacy.challenge.compute.code_hash import code_of
from mriprivacy.challenge.compute.parallel import Lost, by_reason
from mriprivacy.challenge.compute.sandbox import own_files, run_untrusted
from mriprivacy.challenge.entry.entry import Gate
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.metrics import defined
from mriprivacy.challenge.intake.submission import DefacingSubmission
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.scoring import Estimate
from mriprivacy.scoring.metrics.utility_measures import (
    BrainFindings,
    compare_brains,
    rescan_gaps,
    summarize_utility,
)


@dataclass(frozen=True)
class _BrainJob:
    original: Path
    defaced: Path
    cache: Path
    engine: str


@dataclass(frozen=True)
class _Measured:
    """One scan's measures, what its original holds, and why an analysis failed; `original` None if there."""

    measures: dict[str, float]
    original: BrainAnalysis | None
    fault: str


def measure_utility(
    context: Context, submission: DefacingSubmission, gate: Gate | None
) -> tuple[dict[str, Estimate], list[str]]:
    """Analyse the scans of `eval` again and compare them with the originals.

    Parameters
    ----------
    context : Context
        Has the originals, says whose scan it is and how many are analysed; its cache keeps the analyses of
        originals and the registrations.
    submission : DefacingSubmission
        Has the defaced scans.
    gate : Gate or None
        From `challenge.evaluation.checks.brain_gate.apply_gate`; a scan named in `failed` has the index 0.

    Returns
    -------
    utility : dict from str to Estimate
        Of `scoring.metrics.utility_measures.summarize_utility`; where people have two sessions, also
        `<name>_vs_rescan`, in units of the gap between sessions. Empty if no original can be analysed.
    warnings : list of str
        Scans that could not be analysed, by reason.
    """
    protocol, split = context.protocol, context.edition.eval
    probes = sorted(split.probes)
    if protocol.reanalysed >= 0:
        probes = probes[: protocol.reanalysed]
    if not probes:
        return {}, ["utility: not measured (protocol.reanalysed is 0)"]
    engine = protocol.brain_engine
    engine_version(engine)  # or a line that says how to get it
    jobs = [
        _BrainJob(split.scan(probe), submission.scans["eval", probe], context.cache, engine)
        for probe in probes
    ]
    found = run_untrusted(_compare, jobs, "brains of defaced scans", context.compute)
    pairs = [
        # A scan that is the end of a worker fails; its original is looked at again, for what it holds.
        _failed(job, one.reason) if isinstance(one, Lost) else one
        for job, one in zip(jobs, found, strict=True)
    ]
    known = [(probe, pair) for probe, pair in zip(probes, pairs, strict=True) if pair.original is not None]
    remarks = [
        f"utility: {fault} ({told})"
        for fault, told in by_reason(
            (probe, pair.fault) for probe, pair in zip(probes, pairs, strict=True) if pair.fault
        )
    ]
    if not known:
        return {}, remarks
    failed = set(gate.failed) if gate else set()
    rows = [{**pair.measures, "utility": 0.0} if probe in failed else pair.measures for probe, pair in known]
    subjects = [context.sealed.subjects[probe] for probe, _ in known]
    originals = [pair.original for _, pair in known if pair.original is not None]
    gaps = rescan_gaps(
        [tuple(one.volumes_ml) for one in originals], [one.quality for one in originals], subjects
    )
    figures = summarize_utility(rows, subjects, protocol.bootstrap, protocol.bootstrap_seed, gaps)
    return defined(figures), remarks


def _failed(job: _BrainJob, reason: str) -> _Measured:
    try:
        with own_files():
            original = _kept(job.original, job)
    except BrainError as error:
        return _Measured({}, None, f"left out, for no brain is found in the original: {_plain(error)}")
    return _Measured(
        compare_brains(_findings(original, original), None), original, f"analysis failed: {reason}"
    )


def _compare(job: _BrainJob) -> _Measured:
    try:
        with own_files():
            original = _kept(job.original, job)
    except BrainError:
        return _failed(job, "")
    try:
        defaced = _kept(job.defaced, job)
        if defaced.labels.shape != original.labels.shape:
            raise BrainError("another grid")
    except BrainError as error:
        return _failed(job, _plain(error))
    before, after = _findings(original, original), _findings(defaced, original)
    return _Measured(compare_brains(before, after), original, "")


def _plain(error: Exception) -> str:
    """Return what an error says up to its first figure, so that lines can be counted over scans."""
    return str(error).split("(")[0].split(";")[0].strip()


def _findings(own: BrainAnalysis, original: BrainAnalysis) -> BrainFindings:
    grey, white, fluid = map(float, own.volumes_ml)
    points = settled(apply_affine(own.scan_to_head, original.points))
    return BrainFindings(own.labels > 0, (grey, white, fluid), points, own.quality)


def _kept(path: Path, job: _BrainJob) -> BrainAnalysis:
    """Analyse a scan, or take what is kept under the hash of its file, of the code and of the engine."""
    engine = engine_version(job.engine).encode()
    digest = hashlib.sha256(
        path.read_bytes() + code_of("mriprivacy.baselines.brain.analysis").encode() + engine
    ).hexdigest()
    kept = job.cache / f"brain-{digest}"
    if kept.is_file():
        with readable(kept), np.load(kept, allow_pickle=False) as stored:
            quality = dict(zip(stored["names"].tolist(), stored["quality"].tolist(), strict=True))
            return BrainAnalysis(
                stored["labels"], stored["volumes_ml"], stored["scan_to_head"], stored["points"], quality
            )
    found = analyse(read_scan(path), job.cache, job.engine)
    arrays = {
        "labels": found.labels,
        "volumes_ml": found.volumes_ml,
        "scan_to_head": found.scan_to_head,
        "points": found.points,
        "names": np.array(list(found.quality)),
        "quality": np.array(list(found.quality.values())),
    }
    with whole_file(kept) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return found
