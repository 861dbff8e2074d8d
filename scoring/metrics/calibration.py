"""Calibration: the information in scores that are taken as log-likelihood ratios."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mriprivacy.scoring.errors import Floats, ScoringError, as_classes
from mriprivacy.scoring.metrics.steps import Steps, posterior, sort_both, spread, steps

FULL_DISCLOSURE = 0.5 / np.log(2)  # bits; the integral of the binary entropy over all priors
_LARGEST = 1e300
_PIECE = 1 << 16  # scores taken at a time, so that no temporary is as large as the input
_TAGS = ((0.0, "0"), (1.0, "A"), (2.0, "B"), (4.0, "C"), (5.0, "D"), (6.0, "E"), (np.inf, "F"))


def cllr(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """Cost of the scores taken as natural log-likelihood ratios, in bits.

    Parameters
    ----------
    mated, nonmated : array_like, shape (n,)
        Finite natural log-likelihood ratios. Scores on any other scale give a large, meaningless value:
        use `min_cllr` for them.

    Returns
    -------
    float
        At least 0; 1 for scores that say nothing (all zero); above 1 the scores mislead.

    Notes
    -----
    Brümmer and du Preez 2006: the mean of log2(1 + 1/LR) over mated and of log2(1 + LR) over nonmated
    trials, halved.

    Examples
    --------
    >>> cllr([0, 0], [0])
    1.0
    """
    m, n = as_classes(mated, nonmated)
    for name, scores in (("mated", m), ("nonmated", n)):
        if np.abs(scores).max() > _LARGEST:
            raise ScoringError(
                f"{name}: {scores[np.argmax(np.abs(scores))]!r}; expected a log-likelihood ratio whose "
                f"cost is a number: at most {_LARGEST:g}"
            )
    return cllr_of(*sort_both(m, n))


def min_cllr(mated: ArrayLike, nonmated: ArrayLike) -> float:
    """Cost in bits after the best monotone calibration: the information in the scores, whatever their scale.

    Arguments and errors as `cllr`. In [0, 1]: 0 for perfect separation, 1 for constant or inverted scores.
    Source: Brümmer and du Preez 2006; calibration by pool adjacent violators on tied scores taken together.

    Examples
    --------
    >>> min_cllr([3, 1], [2, 0])
    0.5
    >>> min_cllr([5, 5], [5])
    1.0
    """
    return float(min_cllr_of(steps(mated, nonmated)))


@dataclass(frozen=True, slots=True)
class Zebra:
    """ZEBRA's two figures (Nautsch et al. 2020).

    Attributes
    ----------
    expected : float
        Expected disclosure over all priors in bits: 0 is full privacy, 0.7213 full disclosure.
    worst_case : float
        Largest |log10 LR| of any trial, after Laplace's rule of succession.
    tag : str
        Category of the worst case: "0" none, then "A" (up to 10:1) to "F" (above 10^6:1).
    """

    expected: float
    worst_case: float
    tag: str

    def __str__(self) -> str:
        return f"{self.expected:.3f} bit, worst case {self.worst_case:.2f} ({self.tag})"


def zebra(mated: ArrayLike, nonmated: ArrayLike) -> Zebra:
    """Measure expected and worst-case disclosure (ZEBRA); arguments and errors as `cllr`.

    Notes
    -----
    Nautsch, Patino, Tomashenko et al., The Privacy ZEBRA, Interspeech 2020. The expected disclosure is the
    area between the prior entropy and the cross-entropy of the calibrated scores,
    integrated over the prior in closed form on the hull itself, so constant scores give 0. The worst case
    cannot be read off the hull, whose ends are 0 and infinite in every finite sample: as published, one
    more mated and one more non-mated trial are put at either end (Laplace's rule of succession), and the
    classes keep their sizes. The authors' program takes trials of equal score one by one; here they stay
    together.

    Examples
    --------
    >>> print(zebra([1, 1, 1], [1, 1]))
    0.000 bit, worst case 0.05 (A)
    """
    return zebra_of(steps(mated, nonmated).hull())


def min_cllr_of(curves: Steps, fitted: Floats | None = None) -> Floats:
    """Minimum Cllr of one ROC, or of each replicate, from their `posterior`; shape (...)."""
    p = posterior(curves) if fitted is None else fitted
    mated = _bits(curves.mated, p).sum(-1) / curves.n_mated
    nonmated = _bits(curves.nonmated, 1 - p).sum(-1) / curves.n_nonmated
    result: Floats = (mated + nonmated) / 2
    return result


def cllr_of(mated: Floats, nonmated: Floats) -> float:
    """Cllr of sorted scores: in a fixed order, so that rounding does not depend on that of the list."""
    return (_mean_bits(mated, -1.0) + _mean_bits(nonmated, 1.0)) / 2


def zebra_of(hull: Steps) -> Zebra:
    """ZEBRA's figures of one hull."""
    m, n = hull.mated / hull.n_mated, hull.nonmated / hull.n_nonmated
    expected = float(_mutual_information(m, n).sum())
    padded = Steps(np.r_[0, 1, hull.mated, 0, 1], np.r_[1, 0, hull.nonmated, 1, 0]).hull()
    trials = padded.mated + padded.nonmated
    ends = np.cumsum(trials)
    holds = (ends > 2) & (ends - trials < ends[-1] - 2)  # not of the trials that were put there alone
    odds = np.log10(padded.mated[holds]) - np.log10(padded.nonmated[holds])
    worst = float(np.abs(odds - np.log10(hull.n_mated / hull.n_nonmated)).max())
    worst = 0.0 if worst < 1e-12 else worst
    tag = next(name for bound, name in _TAGS if worst <= bound)
    return Zebra(expected, worst, tag)


def _mean_bits(x: Floats, sign: float) -> float:
    pieces = [x[i : i + _PIECE] for i in range(0, len(x), _PIECE)]
    sums = spread(lambda piece: np.logaddexp(0.0, sign * piece).sum(), pieces)
    return math.fsum(sums) / len(x) / math.log(2)


def _bits(weight: Floats, p: Floats) -> Floats:
    """Weighted surprise in bits; a weight of 0 counts 0, even at p = 0."""
    some = weight > 0
    return np.where(some, -weight * np.log2(np.where(some, p, 1.0)), 0.0)


def _mutual_information(m: Floats, n: Floats) -> Floats:
    """Bits of a block of masses m, n, integrated over the prior: the integral of u ln u is elementary."""
    total, contrast = m + n, (m - n) / (m + n)
    inner = np.abs(contrast) < 1
    shrink = np.zeros_like(total)
    r = contrast[inner]
    shrink[inner] = (1 - r**2) * np.where(r == 0, 1.0, np.arctanh(r) / np.where(r == 0, 1.0, r))
    result: Floats = total / (4 * np.log(2)) * (1 - shrink)
    return result
