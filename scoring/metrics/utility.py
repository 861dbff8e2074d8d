"""What defacing may not cost: gates a defaced scan must pass before its privacy counts for anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import raise_all

AFFINE_TOLERANCE_MM = 0.01
CHANGE_TOLERANCE = 0.01
# What counts as added where there was air, of the brain's intensity span, and how much of that air may be.
ADDED_TOLERANCE = 0.1
ADDED_LIMIT = 0.001
# By how many times the brain's intensity span may grow or shrink before it is another scale; a gain within it
# is for the limits on change to refuse.
SCALE_FACTOR = 4.0


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gates found in one defaced scan.

    Attributes
    ----------
    same_grid : bool
        Shape as the original.
    same_affine : bool
        No voxel of the grid lies more than 0.01 mm from where the original has it.
    finite : bool
        No NaN or infinity anywhere.
    differs : bool
        At least one voxel has another value than in the original.
    changed_share : float
        Share of the brain's voxels that changed by more than 1 % of the brain's intensity span, in [0, 1].
        The span goes from the 1st to the 99th percentile of the original inside the brain. A voxel that is
        not finite changed. 1 if the grids differ.
    relative_change : float
        Mean absolute difference inside the brain over the mean absolute original there, at least 0. A voxel
        that is not finite counts as set to 0. 1 if the grids differ.
    same_kind : bool
        Real numbers, more than two of them: an image, not a mask.
    same_scale : bool
        The brain's intensity span is between a quarter and four times the original's, whatever the numbers
        are stored as. True if the grids differ, or the original's brain is all one value.
    added_share : float
        Share of the voxels far from the head that became brighter by more than 10 % of the brain's span, in
        [0, 1]; 0 where it is not known what is far.
    problems : tuple of str
        One line a gate that failed, without figures of this scan, so that lines can be counted over scans.

    Examples
    --------
    >>> brain = np.ones((2, 2, 2), bool)
    >>> report = brain_gate(brain * 100.0, brain * 0.0, brain, np.eye(4), np.eye(4))
    >>> report.passed, report.changed_share, report.relative_change
    (False, 1.0, 1.0)
    >>> print("; ".join(report.problems))
    the scan is no image any more: no real numbers, or two values at most;
    more than 5% of the brain's voxels changed; the brain's intensities changed by more than 5%
    """

    same_grid: bool
    same_affine: bool
    finite: bool
    differs: bool
    changed_share: float
    relative_change: float
    same_kind: bool
    same_scale: bool
    added_share: float
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no gate failed."""
        return not self.problems


def brain_gate(
    original: NDArray[Any],
    defaced: NDArray[Any],
    brain_mask: NDArray[np.bool_],
    original_affine: ArrayLike,
    defaced_affine: ArrayLike,
    limit: float = 0.05,
    far: NDArray[np.bool_] | None = None,
) -> GateReport:
    """Check that a defacer kept the grid, did something, and left the brain alone.

    Parameters
    ----------
    original : ndarray, shape (i, j, k)
        Intensities before defacing, finite.
    defaced : ndarray
        Intensities after defacing; whatever a participant sent.
    brain_mask : ndarray of bool, shape of `original`
        The brain, of the original.
    original_affine, defaced_affine : array_like, shape (4, 4)
        Voxel index to world, mm.
    limit : float
        The largest `changed_share` and the largest `relative_change` that pass, in [0, 1].
    far : ndarray of bool, shape of `original`, optional
        Air so far from the head that nothing may be added there, in more than 0.1 % of its voxels.

    Returns
    -------
    GateReport
        `passed` if no gate failed. A scan that is the original, as that of the reference `identity`, fails
        the gate `differs` and no other.

    Raises
    ------
    ScoringError
        If the organizer's side is at fault: an original that is not 3-D or not finite, a mask of another
        shape or without a voxel, an affine that is not 4 x 4, a limit outside [0, 1].

    Examples
    --------
    >>> scan = np.arange(64.0).reshape(4, 4, 4)
    >>> brain = scan >= 32
    >>> faceless = np.where(scan < 16, 0, scan)
    >>> brain_gate(scan, faceless, brain, np.eye(4), np.eye(4)).passed
    True
    >>> brain_gate(scan, scan, brain, np.eye(4), np.eye(4)).problems
    ('the scan is the original, voxel for voxel',)
    """
    _check(original, brain_mask, original_affine, limit, far)
    numbers = np.asarray(defaced).dtype.kind in "fiub"
    same_kind = numbers and _is_image(np.asarray(defaced))
    same_grid = np.shape(defaced) == np.shape(original) and numbers
    same_affine = _same_affine(np.asarray(original_affine), defaced_affine, original.shape)
    if same_grid:
        finite = bool(np.isfinite(defaced).all())
        differs = not np.array_equal(original, defaced)
        same_scale = _same_scale(original[brain_mask], defaced[brain_mask])
        changed_share, relative_change = _brain_change(original[brain_mask], defaced[brain_mask])
        added_share = 0.0 if far is None else _added(original, defaced, original[brain_mask], far)
    else:
        finite = numbers and bool(np.isfinite(defaced).all())
        same_scale = True
        differs, changed_share, relative_change, added_share = True, 1.0, 1.0, 0.0
    gates = [
        (same_grid, "the grid is not the original's"),
        (same_affine, f"the affine moves voxels by more than {AFFINE_TOLERANCE_MM} mm"),
        (same_kind, "the scan is no image any more: no real numbers, or two values at most"),
        (same_scale, "the brain's intensities are on another scale than the original's: was it rescaled?"),
        (finite, "there are voxels that are not finite"),
        (differs, "the scan is the original, voxel for voxel"),
        (changed_share <= limit, f"more than {limit:.0%} of the brain's voxels changed"),
        (relative_change <= limit, f"the brain's intensities changed by more than {limit:.0%}"),
        (added_share <= ADDED_LIMIT, "something was added in the air far from the head"),
    ]
    problems = tuple(line for passed, line in gates if not passed)
    return GateReport(
        same_grid,
        same_affine,
        finite,
        differs,
        changed_share,
        relative_change,
        same_kind,
        same_scale,
        added_share,
        problems,
    )


def _check(
    original: NDArray[Any],
    brain_mask: NDArray[np.bool_],
    original_affine: ArrayLike,
    limit: float,
    far: NDArray[np.bool_] | None,
) -> None:
    problems = []
    if original.ndim != 3:
        problems.append(f"original: shape {original.shape}; expected one 3-D volume")
    elif not np.isfinite(original).all():
        bad = np.count_nonzero(~np.isfinite(original))
        problems.append(f"original: {bad} voxels are not finite; expected numbers everywhere")
    if brain_mask.shape != original.shape:
        problems.append(f"brain_mask: shape {brain_mask.shape}; expected the original's {original.shape}")
    elif brain_mask.dtype != bool:
        problems.append(f"brain_mask: values of type {brain_mask.dtype}; expected bool")
    elif not brain_mask.any():
        problems.append("brain_mask: no voxel is set; expected a brain")
    if far is not None and (far.shape != original.shape or far.dtype != bool):
        problems.append(f"far: {far.dtype} of shape {far.shape}; expected bool of shape {original.shape}")
    if np.shape(original_affine) != (4, 4):
        problems.append(f"original_affine: shape {np.shape(original_affine)}; expected (4, 4)")
    if not 0 <= limit <= 1:
        problems.append(f"limit: {limit}; expected a share in [0, 1]")
    raise_all(problems)


def _same_affine(original: NDArray[Any], defaced: ArrayLike, shape: tuple[int, ...]) -> bool:
    """Compare where the two affines put the eight corners of the grid: no voxel can be farther apart."""
    if np.shape(defaced) != (4, 4):
        return False
    ends = [(0, max(0, extent - 1)) for extent in shape]
    corners = np.array([(i, j, k, 1) for i in ends[0] for j in ends[1] for k in ends[2]], dtype=float)
    apart = (corners @ (np.asarray(defaced, dtype=float) - original).T)[:, :3]
    return bool((np.linalg.norm(apart, axis=1) <= AFFINE_TOLERANCE_MM).all())


def _brain_change(before: NDArray[Any], after: NDArray[Any]) -> tuple[float, float]:
    before, after = before.astype(float), after.astype(float)
    lost = ~np.isfinite(after)
    difference = np.abs(np.where(lost, 0.0, after) - before)
    low, high = np.percentile(before, [1, 99])
    changed = lost | (difference > CHANGE_TOLERANCE * (high - low))
    total = np.abs(before).sum()
    if total == 0:
        return float(changed.mean()), float(difference.any())
    return float(changed.mean()), float(difference.sum() / total)


def _same_scale(before: NDArray[Any], after: NDArray[Any]) -> bool:
    """Compare the spans of two brains, from the 1st to the 99th percentile of what is finite."""
    after = after[np.isfinite(after)]
    if after.size == 0:
        return False
    spans = [float(np.ptp(np.percentile(brain.astype(float), [1, 99]))) for brain in (before, after)]
    return spans[0] == 0 or 1 / SCALE_FACTOR <= spans[1] / spans[0] <= SCALE_FACTOR


def _is_image(data: NDArray[Any]) -> bool:
    """Say whether there are more than two values; volumes are large, so the first difference ends it."""
    finite = data[np.isfinite(data)]
    if finite.size == 0:
        return False
    low, high = finite.min(), finite.max()
    return bool(((finite != low) & (finite != high)).any())


def _added(
    original: NDArray[Any], defaced: NDArray[Any], brain: NDArray[Any], far: NDArray[np.bool_]
) -> float:
    if not far.any():
        return 0.0
    low, high = np.percentile(brain.astype(float), [1, 99])
    rise = defaced[far].astype(float) - original[far].astype(float)
    return float(np.mean(np.isfinite(rise) & (rise > ADDED_TOLERANCE * (high - low))))
