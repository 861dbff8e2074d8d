"""Is a face in a scan? Where the average head has its face, surface is looked for, eyes to chin.

A detector fires on heads without a face, and a nose alone is no face. So the head is registered, and rays go
from the front to where eyes, nose, mouth and chin are. That they miss says something only if it is sure where
they should arrive: if the brain is where the registration puts it. Else the verdict is "cannot tell", which
is a failure of the kit and never protection.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.alignment.average_grid import (
    LEAST_BRAIN_NMI,
    STEP_MM,
    OnGrid,
    axes,
    on_grid,
    places,
)
from mriprivacy.baselines.alignment.registration import coarse, register
from mriprivacy.baselines.alignment.template import AlignmentError
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import SurfaceError, no_signal
from mriprivacy.scans.scan_file import without_padding

WHOLE, CUT, DEFACED, NO_HEAD, CANNOT_TELL = "whole face", "cut", "defaced", "no head", "cannot tell"
VERDICTS = (WHOLE, CUT, DEFACED, NO_HEAD, CANNOT_TELL)

# Of a part's rays, so many must meet surface for the part to be there.
ENOUGH = 0.5
_THERE, _MISSING, _BEYOND = "there", "missing", "beyond the field of view"
LARGEST_CLOSED_CM2 = 10.0  # of surface where the field of view begins, in all parts together
DEPTH_MM = 12.0  # of the field of view behind the least depth of a part: without it a part is beyond the view
# Normalized mutual information over the whole scan (`Registration.similarity`): half a head has .055.
LEAST_SIMILARITY = 1.05
# Degrees between a scan and the average head: real heads have up to 7, synthetic ones 22, and people look up.
LARGEST_TURN = 60.0
# Of the average head behind the face and beyond the brain: less is a brain alone.
LEAST_BEYOND_BRAIN = 0.15
# Of what lies beyond 16 mm from the average head, in the field of view: more is air that was taken for head.
MOST_AROUND = 0.5

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Presence:
    """A verdict on a scan.

    Attributes
    ----------
    verdict : str
        One of `VERDICTS`. "whole face": there is surface at eyes, nose, mouth and chin, anybody's. "cut":
        some of them are missing, or the field of view ends before the face. "defaced": all are missing, and
        the rest of the head is there. "no head": a brain alone. "cannot tell": none of these can be decided.
    missing : tuple of str
        Parts of the face without surface, such as `chin (beyond the field of view)`.
    reason : str
        Why it is unknown; else empty.
    scan_to_head : ndarray, shape (4, 4), or None
        World of the scan -> world of the average head, mm; None where it is unknown. Left out of comparisons.
    """

    verdict: str
    missing: tuple[str, ...] = ()
    reason: str = ""
    scan_to_head: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    @property
    def readable(self) -> bool:
        """Whether the scan was understood."""
        return self.verdict != CANNOT_TELL

    def __str__(self) -> str:
        """Return the verdict in one line.

        Examples
        --------
        >>> print(Presence(CUT, ("mouth", "chin (beyond the field of view)")))
        cut: mouth, chin (beyond the field of view)
        >>> print(Presence(CANNOT_TELL, reason="every voxel is the same"))
        cannot tell: every voxel is the same
        """
        if self.verdict == CANNOT_TELL:
            return f"{self.verdict}: {self.reason}"
        return f"{self.verdict}: {', '.join(self.missing)}" if self.verdict == CUT else self.verdict


@dataclass(frozen=True)
class _Part:
    """A part of the face: between which x and z its rays go, and how far in front surface must be, mm."""

    name: str
    x: tuple[float, float]
    z: tuple[float, float]
    least_y: float


# Faces of real and synthetic heads (docs/results/presence.md): eyes at y 93 to 101, noses 114 to 142, mouths
# 114 to 131, chins 94 to 127. A part may lie 8 to 16 mm deeper.
PARTS = (
    _Part("right eye", (23, 39), (-24, -8), 86),
    _Part("left eye", (-39, -23), (-24, -8), 86),
    _Part("nose", (-8, 8), (-44, -24), 104),
    _Part("mouth", (-16, 16), (-84, -60), 98),
    _Part("chin", (-16, 16), (-108, -84), 90),
)


def presence(scan: Scan, cache: Path | None = None) -> Presence:
    """Say whether a scan shows a face.

    Parameters
    ----------
    scan : Scan
        A head, or what is left of it, in any voxel size, contrast and pose; in the orientation that its
        affine says.
    cache : Path, optional
        Folder for registrations (`baselines.alignment.registration.register`).

    Returns
    -------
    Presence
        The same for the same voxels and affine.

    Raises
    ------
    SetupError
        If niimath is missing.

    Examples
    --------
    >>> print(presence(Scan(np.zeros((32, 32, 32), np.float32), np.diag([4.0, 4.0, 4.0, 1.0]))))
    cannot tell: every voxel is the same: there is no head to register
    """
    scan = replace(scan, data=without_padding(scan.data))
    verdict = _placed(scan, cache, strict=False)
    # More fits, where one way round got stuck.
    return verdict if verdict.readable else _placed(scan, cache, strict=True)


def _placed(scan: Scan, cache: Path | None, strict: bool) -> Presence:
    try:
        found = register(scan, cache, strict)
    except AlignmentError as error:
        return Presence(CANNOT_TELL, reason=str(error))
    if found.similarity < LEAST_SIMILARITY:
        said = f"normalized mutual information {found.similarity:.3f}; expected at least {LEAST_SIMILARITY}"
        return Presence(CANNOT_TELL, reason=f"the scan has little in common with a head ({said})")
    return judge(coarse(scan), found.scan_to_head, no_signal(scan.data))


def judge(small: Scan, scan_to_head: NDArray[np.float64], air: float = 0.0) -> Presence:
    """Say the same of a reduced scan whose place is known.

    Parameters
    ----------
    small : Scan
        From `baselines.alignment.registration.coarse`.
    scan_to_head : ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm.
    air : float
        The intensity beyond the field of view.
    """
    try:
        placed = on_grid(small, scan_to_head, air)
    except SurfaceError as error:
        return Presence(CANNOT_TELL, reason=str(error))
    if (turn := turn_of(scan_to_head)) > LARGEST_TURN:
        said = f"the head is turned by {turn:.0f} degrees: is the orientation in the header right?"
        return Presence(CANNOT_TELL, reason=said)
    if reason := _why_lost(placed):
        return Presence(CANNOT_TELL, reason=reason)
    rays = {part.name: _rays(part, placed.head, placed.seen) for part in PARTS}
    # The tip of a nose may touch the border; a face that was cut by it has a flat front.
    is_cut = sum(one.closed.sum() for one in rays.values()) * STEP_MM**2 / 100 > LARGEST_CLOSED_CM2
    states = {name: one.state(is_cut) for name, one in rays.items()}
    missing = tuple(name for name, state in states.items() if state != _THERE)
    beyond = _BEYOND in states.values()
    shown = tuple(f"{name} ({_BEYOND})" if states[name] == _BEYOND else name for name in missing)
    if not missing:
        verdict = WHOLE
    elif len(missing) < len(PARTS):
        verdict = CUT
    elif _share(placed.head, places().beyond_brain & placed.seen) < LEAST_BEYOND_BRAIN:
        verdict = NO_HEAD
    else:
        verdict = CUT if beyond else DEFACED
    return Presence(verdict, shown, scan_to_head=scan_to_head)


def turn_of(scan_to_head: NDArray[np.float64]) -> float:
    """Return by how many degrees a head is turned against the average head, about whatever axis.

    Parameters
    ----------
    scan_to_head : ndarray, shape (4, 4)
        Affine; the rotation nearest to it counts.

    Examples
    --------
    >>> quarter = np.array([[0.0, -2, 0, 5], [2, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    >>> round(turn_of(quarter))
    90
    """
    u, _, v = np.linalg.svd(scan_to_head[:3, :3])
    return float(np.degrees(np.arccos(np.clip((np.trace(u @ v) - 1) / 2, -1, 1))))


def _why_lost(placed: OnGrid) -> str:
    """Say why a head is not where it should be; empty where it is."""
    if _share(placed.head, places().around & placed.seen) > MOST_AROUND:
        return "no head could be separated from the air: padding, or noise as bright as tissue"
    found = placed.brain_similarity
    if found is None:
        return "too little of a brain is in the field of view"
    if found < LEAST_BRAIN_NMI:
        return (
            "the head could not be registered (normalized mutual information about the brain "
            f"{found:.3f}; expected at least {LEAST_BRAIN_NMI}): is the orientation in the header right?"
        )
    return ""


@dataclass(frozen=True)
class _Rays:
    """Rays from the front to a part; each array has shape (x, z).

    Attributes
    ----------
    hit : ndarray of bool
        The head is met before the ray is too deep.
    closed : ndarray of bool
        It is met where the field of view begins: what is in front of it was not scanned.
    unseen : ndarray of bool
        The field of view does not hold where the surface should be.
    """

    hit: Mask
    closed: Mask
    unseen: Mask

    def state(self, is_cut: bool) -> str:
        """Say whether the part is there, beyond the field of view, or missing."""
        hit, unseen = (
            (self.hit & ~self.closed, self.unseen | self.closed) if is_cut else (self.hit, self.unseen)
        )
        if hit.mean() >= ENOUGH:
            return _THERE
        return _BEYOND if unseen.mean() >= ENOUGH else _MISSING


def _rays(part: _Part, head: Mask, seen: Mask) -> _Rays:
    x, y, z = axes()
    columns = np.ix_(_within(x, part.x), np.ones(len(y), bool), _within(z, part.z))
    own, view = head[columns], seen[columns]
    first = len(y) - 1 - own[:, ::-1].argmax(axis=1)
    hit = own.any(axis=1) & (y[first] >= part.least_y)
    before = np.take_along_axis(view, np.minimum(first + 1, len(y) - 1)[:, None], axis=1)[:, 0]
    depths = _within(y, (part.least_y - DEPTH_MM, part.least_y + STEP_MM))
    return _Rays(hit, hit & ~before, ~view[:, depths].any(axis=1))


def _within(values: NDArray[np.float64], ends: tuple[float, float]) -> Mask:
    return (values >= ends[0]) & (values <= ends[1])


def _share(mask: Mask, where: Mask) -> float:
    """Return how much of a place is in the mask; 0 of an empty one."""
    return float((mask & where).sum() / max(1, where.sum()))
