"""Whether a face is in every defaced scan; where the kit cannot tell, that is no protection."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.alignment.presence import CANNOT_TELL, VERDICTS, WHOLE, Presence, judge, presence
from mriprivacy.baselines.alignment.registration import coarse
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.baselines.face.surface import no_signal
from mriprivacy.challenge.compute.parallel import Compute, Lost, by_reason
from mriprivacy.challenge.compute.sandbox import own_files, run_untrusted
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry.entry import ORIGINAL_TOO


@dataclass(frozen=True)
class FacesLeft:
    """What is left of faces in a submission.

    Attributes
    ----------
    counts : dict from str to int
        Scans by verdict, every one of `VERDICTS`; `ORIGINAL_TOO` counts those that are unknown and whose
        originals are unknown, too.
    remarks : tuple of str
        Why it is unknown, with the number of scans and five of them.
    whole : frozenset of str
        The probes in which there is a whole face.
    heads : dict from str to ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm, of each probe where it is known.
    """

    counts: dict[str, int]
    remarks: tuple[str, ...]
    whole: frozenset[str]
    heads: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class _PresenceJob:
    original: Path
    defaced: Path
    in_place: bool
    cache: Path


@dataclass(frozen=True)
class _Looked:
    """The verdict on a defaced scan, and whether the kit cannot read its original either."""

    seen: Presence
    original_too: bool = False


def look_for_faces(
    edition: Edition,
    scans: Mapping[tuple[str, str], Path],
    in_place: Collection[str],
    cache: Path,
    compute: Compute,
) -> FacesLeft:
    """Give a verdict on every scan of a defacing submission, both splits.

    Parameters
    ----------
    edition : Edition
        Has the originals.
    scans : mapping from (split, probe) to Path
        The defaced scans.
    in_place : collection of str
        Those whose heads lie as the originals' do (`challenge.evaluation.checks.brain_gate.Gated`): they are
        looked for where the original is registered, which is surer, for it is whole.
    cache : Path
        Folder for registrations, shared with the brain gate and the re-analysis.
    compute : Compute
        Who does it.

    Returns
    -------
    FacesLeft
    """
    jobs = {
        probe: _PresenceJob(edition.splits[split].scan(probe), path, probe in in_place, cache)
        for (split, probe), path in sorted(scans.items())
    }
    found = run_untrusted(_look, list(jobs.values()), "faces left", compute)
    looked = {
        probe: _Looked(Presence(CANNOT_TELL, reason=one.reason)) if isinstance(one, Lost) else one
        for probe, one in zip(jobs, found, strict=True)
    }
    counts = Counter(one.seen.verdict for one in looked.values())
    told = [(probe, _told(one)) for probe, one in looked.items() if not one.seen.readable]
    return FacesLeft(
        {verdict: counts[verdict] for verdict in VERDICTS}
        | {ORIGINAL_TOO: sum(one.original_too for one in looked.values())},
        tuple(f"faces: {reason} ({names})" for reason, names in by_reason(told)),
        frozenset(probe for probe, one in looked.items() if one.seen.verdict == WHOLE),
        {probe: one.seen.scan_to_head for probe, one in looked.items() if one.seen.scan_to_head is not None},
    )


def not_found(whole: Collection[str], found: Mapping[str, bool]) -> list[str]:
    """Say in which scans there is a whole face that no attacker found: their figures do not show it.

    Parameters
    ----------
    whole : collection of str
        From `FacesLeft`.
    found : mapping from str to bool
        Whether attackers found a face in the scan of a probe.

    Examples
    --------
    >>> not_found({"a", "b"}, {"a": True, "b": False, "c": False})
    ['faces: there is a whole one that no attacker found; what it gives away is not known (1 scan: b)']
    """
    told = "there is a whole one that no attacker found; what it gives away is not known"
    missed = [(probe, told) for probe, is_found in found.items() if probe in whole and not is_found]
    return [f"faces: {reason} ({names})" for reason, names in by_reason(missed)]


def _look(job: _PresenceJob) -> _Looked:
    defaced = read_scan(job.defaced)
    before = _where_it_lay(job, defaced) if job.in_place else None
    if before and before.readable:
        return _Looked(before)
    seen = presence(defaced, job.cache)
    if seen.readable:
        return _Looked(seen)
    # What remains may be too little to register, and the brain may lie where it lay all the same.
    before = before if job.in_place else _where_it_lay(job, defaced)
    return _Looked(before) if before else _Looked(seen, original_too=True)


def _where_it_lay(job: _PresenceJob, defaced: Scan) -> Presence | None:
    """Give the verdict on a scan whose head lies where the original's does; None where that is unknown."""
    with own_files():
        before = presence(read_scan(job.original), job.cache)
    if before.scan_to_head is None:
        return None
    return judge(coarse(defaced), before.scan_to_head, no_signal(defaced.data))


def _told(one: _Looked) -> str:
    """Return why it is unknown, without figures in which scans differ."""
    whose = "in these scans and in their originals" if one.original_too else "in these scans"
    return f"cannot tell {whose} whether a face is left: {one.seen.reason.partition(' (')[0]}"
