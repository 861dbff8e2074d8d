"""What defacing costs a brain analysis: the defaced scan's against the original's.

Numbers only; `baselines.brain.analysis` segments the scans. Definitions, units and what
an index of 0.95 means are in docs/explanation/utility.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import raise_all
from mriprivacy.scoring.estimate import Estimate
from mriprivacy.scoring.intervals import around, ratio

TISSUES = ("gm", "wm", "csf")
# At this distance a registration of the head counts as failed in the index.
LOST_MM = 20.0


@dataclass(frozen=True, slots=True)
class BrainFindings:
    """What an analysis found in one scan.

    Attributes
    ----------
    brain : ndarray of bool
        The brain mask, on any grid that is the same for both scans of a pair.
    volumes_ml : tuple of float
        Grey matter, white matter, fluid; millilitres, more than 0 together.
    points_mm : ndarray, shape (n, 3)
        Where the registration to a template puts points of the original's brain; template space, mm.
    quality : mapping from str to float
        Image quality by name, at least `cnr`; NaN where not defined.
    """

    brain: NDArray[np.bool_]
    volumes_ml: tuple[float, float, float]
    points_mm: NDArray[np.float64]
    quality: Mapping[str, float]


def compare_brains(original: BrainFindings, defaced: BrainFindings | None) -> dict[str, float]:
    """Return every utility measure of one scan.

    Parameters
    ----------
    original, defaced : BrainFindings
        Of the scan before and after; None after, if the analysis of the defaced scan failed.

    Returns
    -------
    dict from str to float
        `brain_dice` (0 to 1); `brain_change`, `gm_change`, `wm_change`, `csf_change` (volume, relative,
        signed); `displacement_mm`; `<quality>_change` (relative, signed); `failed` (0 or 1); `utility`, the
        index, 0 to 1. All but the last two are NaN if the analysis failed.

    Raises
    ------
    ScoringError
        If the two were not made alike, or the original has no brain.

    Examples
    --------
    >>> brain = np.ones((2, 2, 2), bool)
    >>> before = BrainFindings(brain, (600.0, 400.0, 200.0), np.zeros((4, 3)), {"cnr": 2.0})
    >>> compare_brains(before, before)["utility"]
    1.0
    >>> after = BrainFindings(brain, (600.0, 400.0, 80.0), np.full((4, 3), [2.0, 0, 0]), {"cnr": 1.6})
    >>> {name: round(value, 3) for name, value in compare_brains(before, after).items()}
    {'brain_dice': 1.0, 'brain_change': -0.1, 'gm_change': 0.0, 'wm_change': 0.0, 'csf_change': -0.6,
     'displacement_mm': 2.0, 'cnr_change': -0.2, 'failed': 0.0, 'utility': 0.897}
    >>> compare_brains(before, None)["utility"]
    0.0
    """
    _check(original, defaced)
    names = [f"{name}_change" for name in ("brain", *TISSUES)]
    qualities = [f"{name}_change" for name in original.quality]
    if defaced is None:
        unknown = dict.fromkeys(["brain_dice", *names, "displacement_mm", *qualities], float("nan"))
        return {**unknown, "failed": 1.0, "utility": 0.0}
    both = np.count_nonzero(original.brain & defaced.brain)
    dice = 2 * both / (np.count_nonzero(original.brain) + np.count_nonzero(defaced.brain))
    before, after = np.array(original.volumes_ml), np.array(defaced.volumes_ml)
    volumes = [_relative(after.sum(), before.sum()), *map(_relative, after, before)]
    displacement = float(np.linalg.norm(defaced.points_mm - original.points_mm, axis=1).mean())
    changes = [_relative(defaced.quality[name], value) for name, value in original.quality.items()]
    measures = dict(
        zip(
            ["brain_dice", *names, "displacement_mm", *qualities],
            [dice, *volumes, displacement, *changes],
            strict=True,
        )
    )
    tissue = 1 - float(np.abs(after - before).sum()) / float(before.sum())
    parts = [
        dice,
        tissue,
        1 - displacement / LOST_MM,
        _alike(original.quality["cnr"], defaced.quality["cnr"]),
    ]
    index = float(np.prod(np.clip(parts, 0.0, 1.0)) ** (1 / len(parts)))
    return {**{name: float(value) for name, value in measures.items()}, "failed": 0.0, "utility": index}


def summarize_utility(
    scans: Sequence[Mapping[str, float]],
    subjects: Sequence[str],
    n_bootstrap: int = 1000,
    seed: int = 0,
    rescans: Sequence[tuple[str, Mapping[str, float]]] = (),
) -> dict[str, Estimate]:
    """Return the mean of every measure over scans, with intervals from resampling subjects.

    Parameters
    ----------
    scans : sequence of mapping
        From `compare_brains`, one a scan, with the same names.
    subjects : sequence of str
        The subject of each scan.
    n_bootstrap : int
        Draws of subjects.
    seed : int
        Seed of the draws.
    rescans : sequence of (subject, mapping)
        From `rescan_gaps`, of some of the subjects.

    Returns
    -------
    dict from str to Estimate
        `<name>_change` become their mean absolute value, and `<tissue>_bias` is the mean with its sign.
        Scans without a value (NaN) are left out of that measure, never out of `failed` and `utility`. `n`
        is the number of subjects with a value. With rescans also `<name>_vs_rescan`, the figure over the mean
        gap, both taken of the same draws of people; its `n` is the number of subjects with a gap. A measure
        in which no sessions differ has none.

    Raises
    ------
    ScoringError
        If there is no scan, not one subject a scan, or a rescan of another subject.

    Examples
    --------
    >>> rows = [{"gm_change": 0.02, "utility": 0.9}, {"gm_change": -0.04, "utility": 0.8}]
    >>> found = summarize_utility(rows, ["s1", "s2"])
    >>> {name: round(one.value, 3) for name, one in found.items()}
    {'gm_change': 0.03, 'gm_bias': -0.01, 'utility': 0.85}
    """
    problems = []
    if not scans:
        problems.append("scans: none; expected at least one")
    if len(scans) != len(subjects):
        problems.append(f"subjects: {len(subjects)} for {len(scans)} scans; expected one a scan")
    if unknown := sorted({subject for subject, _ in rescans} - set(subjects)):
        problems.append(f"rescans: of {', '.join(unknown[:5])}; expected only people who have a scan")
    raise_all(problems)
    people, person = np.unique(np.asarray(subjects), return_inverse=True)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(people), np.full(len(people), 1 / len(people)), size=n_bootstrap)
    found = {}
    for name in scans[0]:
        values = np.array([scan[name] for scan in scans], dtype=float)
        if name.endswith("_change"):
            found[name] = _mean(np.abs(values), person, draws)
            if name.removesuffix("_change") in ("brain", *TISSUES):
                found[name.replace("_change", "_bias")] = _mean(values, person, draws)
        else:
            found[name] = _mean(values, person, draws)
    whose = np.searchsorted(people, [subject for subject, _ in rescans])
    for name in rescans[0][1] if rescans else ():
        gaps = np.array([gap[name] for _, gap in rescans], dtype=float)
        if np.nansum(gaps) > 0 and name in found:
            values = np.abs(np.array([scan[name] for scan in scans], dtype=float))
            found[f"{name}_vs_rescan"] = _ratio((values, person), (gaps, whose), draws)
    return found


def rescan_gaps(
    volumes_ml: Sequence[Sequence[float]], quality: Sequence[Mapping[str, float]], subjects: Sequence[str]
) -> list[tuple[str, dict[str, float]]]:
    """Return how far the analyses of two sessions of one person lie apart, by nature.

    Parameters
    ----------
    volumes_ml : sequence of (grey, white, fluid)
        Of undefaced scans.
    quality : sequence of mapping
        Of the same scans.
    subjects : sequence of str
        The subject of each scan; people with one scan are left out.

    Returns
    -------
    list of (subject, dict from str to float)
        Absolute difference, relative to their mean, of every two scans of one person, by the names of
        `compare_brains` (`brain_change` and so on). Empty without two scans of one subject.

    Examples
    --------
    >>> quality = [{"cnr": 2.0}, {"cnr": 2.2}]
    >>> ((whose, gap),) = rescan_gaps([(600, 400, 200), (606, 404, 202)], quality, ["a", "a"])
    >>> whose, round(gap["gm_change"], 4), round(gap["cnr_change"], 4)
    ('a', 0.01, 0.0952)
    """
    rows = []
    for volumes, own in zip(volumes_ml, quality, strict=True):
        row = {"brain_change": float(np.sum(volumes))}
        row |= {f"{name}_change": float(value) for name, value in zip(TISSUES, volumes, strict=True)}
        rows.append(row | {f"{name}_change": value for name, value in own.items()})
    return [
        (subject, {name: abs(_relative(b[name], (a[name] + b[name]) / 2)) * 2 for name in a})
        for i, (subject, a) in enumerate(zip(subjects, rows, strict=True))
        for other, b in zip(subjects[i + 1 :], rows[i + 1 :], strict=True)
        if subject == other
    ]


def _relative(after: float, before: float) -> float:
    return float(after / before - 1) if before else float("nan")


def _alike(one: float, other: float) -> float:
    """Return the smaller over the larger of two ratios; 0 where one is missing or not positive."""
    if not (one > 0 and other > 0 and np.isfinite([one, other]).all()):
        return 0.0
    return min(one, other) / max(one, other)


def _mean(values: NDArray[np.float64], person: NDArray[np.int64], draws: NDArray[np.int64]) -> Estimate:
    """Return the mean over scans, +- t times its spread; each draw says how often every person is taken.

    The interval keeps within the range that the values can have: 0 and up unless one is negative, and up to
    1 if none is above. One person has the value alone.
    """
    value, replicates, n = _drawn(values, person, draws)
    variance = float(np.nanvar(replicates)) * n / (n - 1) if n > 1 else 0.0
    found = around(value, variance, n, fewest=2)
    if not found.bounded:
        return found
    low = found.low if np.nanmin(values) < 0 else max(found.low, 0.0)
    return replace(found, low=low, high=found.high if np.nanmax(values) > 1 else min(found.high, 1.0))


def _ratio(
    above: tuple[NDArray[np.float64], NDArray[np.int64]],
    below: tuple[NDArray[np.float64], NDArray[np.int64]],
    draws: NDArray[np.int64],
) -> Estimate:
    """Return the ratio of two means, each of values and their subjects; `n` is that of what is below."""
    value, replicates, _ = _drawn(*above, draws)
    scale, scales, n = _drawn(*below, draws)
    scales[scales == 0] = np.nan  # a draw of people whose sessions do not differ
    return ratio(value / scale, replicates / scales, n)


def _drawn(
    values: NDArray[np.float64], person: NDArray[np.int64], draws: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64], int]:
    """Return the mean over scans, that of every draw, and of how many people it is."""
    known = ~np.isnan(values)
    n = len(np.unique(person[known]))
    if n == 0:
        return float("nan"), np.full(len(draws), np.nan), 0
    sums = np.bincount(person[known], weights=values[known], minlength=draws.shape[1])
    counts = np.bincount(person[known], minlength=draws.shape[1])
    with np.errstate(invalid="ignore"):
        # Not a product of BLAS, which takes another order of sums on every processor.
        replicates = (draws.T * sums[:, None]).sum(axis=0) / (draws @ counts)
    return float(values[known].mean()), replicates, n


def _check(original: BrainFindings, defaced: BrainFindings | None) -> None:
    problems = []
    if not original.brain.any() or not sum(original.volumes_ml) > 0:
        problems.append("original: no brain; expected the analysis of a scan in which one was found")
    if "cnr" not in original.quality:
        problems.append(f"original: quality has {', '.join(original.quality) or 'nothing'}; expected cnr too")
    if defaced is not None:
        shapes: list[tuple[str, ArrayLike, ArrayLike]] = [
            ("brain", original.brain, defaced.brain),
            ("points_mm", original.points_mm, defaced.points_mm),
        ]
        for name, one, other in shapes:
            if np.shape(one) != np.shape(other):
                problems.append(f"{name}: shapes {np.shape(one)} and {np.shape(other)}; expected the same")
        if set(original.quality) != set(defaced.quality):
            problems.append("quality: the two scans have different measures; expected the same")
    raise_all(problems)
