"""Every released scan beside its original: a face left, a brain cut, heads exchanged.

What fails goes back to those who defaced, scan by scan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.alignment.presence import (
    CANNOT_TELL,
    CUT,
    DEFACED,
    NO_HEAD,
    WHOLE,
    Presence,
    judge,
    presence,
)
from mriprivacy.baselines.alignment.registration import coarse, register
from mriprivacy.baselines.alignment.template import AlignmentError
from mriprivacy.baselines.face.scan import Scan, ScanError, read_scan
from mriprivacy.baselines.face.surface import no_signal
from mriprivacy.challenge.compute.parallel import Compute, some
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.challenge.evaluation.checks.brain_gate import LEAST_CHANGED, estimate_brain, far_from_head
from mriprivacy.challenge.evaluation.checks.kept_face import KeptFace, compare_scans, lattice
from mriprivacy.challenge.evaluation.checks.whose_face import others_faces
from mriprivacy.challenge.risk.scan_pairs import ScanPair
from mriprivacy.scans.scan_file import open_scan
from mriprivacy.scoring.errors import UserError
from mriprivacy.scoring.metrics.utility import brain_gate

NOT_DEFACED, FACE_LEFT = "not defaced", "face left"
CUT_BRAIN, SWAPPED, OTHERWISE = "brain changed", "swapped", "changed otherwise"
FAILURES = (NOT_DEFACED, FACE_LEFT, CUT_BRAIN, SWAPPED, OTHERWISE, CANNOT_TELL)
MEANINGS = {
    NOT_DEFACED: "the released scan is the original",
    FACE_LEFT: "surface at eyes, nose, mouth or chin: a face that was left, blurred or replaced",
    CUT_BRAIN: "defacing cut or changed the brain",
    SWAPPED: "the released scan is of another person of the release",
    OTHERWISE: "grid, position or scale was changed, or something was put beside the head",
    CANNOT_TELL: "the kit cannot read the scan, which is no protection",
}
BRAIN_LIMIT = 0.05  # of the brain may change
SAME_BRAIN = 0.9  # correlation: of one brain above, even rescaled or smoothed
CLOSER = 0.1
MOST_FACELESS = 0.5  # of the originals: with more, these are not originals

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class CheckedScan:
    """One released scan beside its original.

    Attributes
    ----------
    name, subject : str
        Of the scan.
    verdict : str
        On the released scan, one of `baselines.alignment.presence.VERDICTS`, with the parts that are missing.
    original : str
        The verdict on the original.
    kept_face : float
        Share of the face's voxels that are the original's; NaN where unknown.
    brain_change : float
        Share of the brain's voxels that changed; NaN where unknown.
    failures : tuple of (str, str)
        Kind, one of `FAILURES`, and details.
    """

    name: str
    subject: str
    verdict: str
    original: str
    kept_face: float = float("nan")
    brain_change: float = float("nan")
    failures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Seen:
    """What a worker found, with what is compared with all other scans."""

    checked: CheckedScan
    kept: KeptFace | None = None
    brain: Mask | None = field(default=None, repr=False)  # on the lattice


def check_scans(pairs: Sequence[ScanPair], cache: Path, compute: Compute) -> list[CheckedScan]:
    """Check every released scan.

    Parameters
    ----------
    pairs : sequence of ScanPair
        The release.
    cache : Path
        Folder for registrations.
    compute : Compute
        Who does it.

    Returns
    -------
    list of CheckedScan
        In the order of the pairs.

    Raises
    ------
    UserError
        If an original cannot be read, or most of them have no face.
    """
    _require_readable([pair.original for pair in pairs])
    seen = work(partial(_check, cache=cache), list(pairs), "released scans", compute)
    faceless = [one.checked.name for one in seen if one.checked.original.startswith((DEFACED, NO_HEAD))]
    if len(faceless) > MOST_FACELESS * len(seen):
        raise UserError(
            f"original: {len(faceless)} of {len(seen)} originals have no face ({some(faceless)}), so "
            "they were "
            "defaced before; expected the scans as they were acquired"
        )
    whose = {one.checked.name: one.checked.subject for one in seen}
    swapped = _swapped(seen, whose)
    return [
        replace(one.checked, failures=(*one.checked.failures, (SWAPPED, swapped[one.checked.name])))
        if one.checked.name in swapped
        else one.checked
        for one in seen
    ]


def _require_readable(originals: Sequence[Path]) -> None:
    """Raise with every file that is no scan by its header: before hours of work, not after them."""
    problems = []
    for path in originals:
        try:
            open_scan(path)
        except ScanError as error:
            problems.append(str(error))
    if problems:
        raise UserError(*problems)


def _check(pair: ScanPair, cache: Path) -> _Seen:
    original = read_scan(pair.original)  # the hospital's own: an error is for people
    try:
        lies = register(original, cache).scan_to_head
        before = judge(coarse(original), lies, no_signal(original.data))
        brain: Mask | None = estimate_brain(original, cache)
    except AlignmentError as error:
        before, brain = Presence(CANNOT_TELL, reason=str(error)), None
    if not before.readable:
        before = presence(original, cache)
    try:
        released = read_scan(pair.released)
    except (ScanError, OSError) as error:
        reason = str(error).removeprefix(f"{pair.released}: ")
        failed = CheckedScan(
            pair.name, pair.subject, CANNOT_TELL, str(before), failures=((CANNOT_TELL, reason),)
        )
        return _Seen(failed)
    failures: list[tuple[str, str]] = []
    if released.data.shape != original.data.shape or not np.allclose(
        released.affine, original.affine, atol=1e-2
    ):
        failures.append((OTHERWISE, f"{_shape(original)} before, {_shape(released)} after"))
        after = presence(released, cache)
        failures += _of_face(before, after, float("nan"))
        return _Seen(CheckedScan(pair.name, pair.subject, str(after), str(before), failures=tuple(failures)))
    kept = compare_scans(original, released, brain)
    change = float("nan")
    if brain is not None:
        report = brain_gate(
            original.data,
            released.data,
            brain,
            original.affine,
            released.affine,
            BRAIN_LIMIT,
            far_from_head(original),
        )
        change = report.changed_share
        found_wrong = [problem for problem in report.problems if "is the original" not in problem]
        if found_wrong:
            of_brain = max(change, report.relative_change) > BRAIN_LIMIT
            failures.append((CUT_BRAIN if of_brain else OTHERWISE, "; ".join(found_wrong)))
    if before.scan_to_head is not None and not failures:  # the brain has not moved: the head lies as it lay
        after = judge(coarse(released), before.scan_to_head, no_signal(released.data))
    else:
        after = presence(released, cache)
    if kept.head > 1 - LEAST_CHANGED:
        failures.append((NOT_DEFACED, f"{kept.head:.1%} of the head is unchanged"))
    else:
        failures += _of_face(before, after, kept.face)
    checked = CheckedScan(
        pair.name, pair.subject, str(after), str(before), kept.face, change, tuple(failures)
    )
    return _Seen(checked, kept, None if brain is None else brain[lattice(original)])


def _shape(scan: Scan) -> str:
    spacing = " x ".join(f"{mm:.2g}" for mm in scan.spacing)
    return f"{' x '.join(map(str, scan.data.shape))} voxels of {spacing} mm"


def _of_face(before: Presence, after: Presence, kept: float) -> list[tuple[str, str]]:
    """Return the failure of a scan in which there is a face, whole or in part, or that cannot be read."""
    if after.verdict == CANNOT_TELL:
        too = "" if before.readable else "; nor can it read the original"
        return [(CANNOT_TELL, after.reason + too)]
    if after.verdict not in (WHOLE, CUT):
        return []
    parts = f"missing: {', '.join(after.missing)}" if after.missing else "eyes, nose, mouth and chin"
    share = "" if np.isnan(kept) else f"; {kept:.0%} of the voxels about the face are the original's"
    return [(FACE_LEFT, f"{after.verdict}, {parts}{share}")]


def _swapped(seen: Sequence[_Seen], whose: Mapping[str, str]) -> dict[str, str]:
    """Name released scans whose brain or face is that of another person's original."""
    kept = {one.checked.name: one.kept for one in seen if one.kept is not None}
    found = (
        {one.scan: f"the face of {one.face}" for one in others_faces(kept, whose)} if len(kept) > 1 else {}
    )
    for shape in {one.original_lattice.shape for one in kept.values()}:
        same = [one for one in seen if one.kept is not None and one.kept.original_lattice.shape == shape]
        found |= _other_brains(same)
    return found


def _other_brains(seen: Sequence[_Seen]) -> dict[str, str]:
    found = {}
    originals = [one.kept.original_lattice for one in seen if one.kept is not None]
    for one in seen:
        if one.brain is None or one.kept is None or not one.brain.any():
            continue
        own = _standard(one.kept.defaced_lattice[one.brain])
        alike = np.array([float(own @ _standard(other[one.brain])) for other in originals])
        alike = np.where(
            [other.checked.subject == one.checked.subject and other is not one for other in seen], -1, alike
        )
        mine = alike[next(i for i, other in enumerate(seen) if other is one)]
        best = int(alike.argmax())
        if alike[best] >= SAME_BRAIN and alike[best] > mine + CLOSER:
            found[one.checked.name] = f"the head of {seen[best].checked.name}"
    return found


def _standard(values: NDArray[np.float32]) -> NDArray[np.float64]:
    centred = values.astype(np.float64) - values.mean(dtype=np.float64)
    return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-9))
