"""All figures of two arrays of scores from one sort, for lists too large to sort once a figure."""

from __future__ import annotations

from dataclasses import dataclass, fields

from numpy.typing import ArrayLike

from mriprivacy.scoring.errors import as_classes
from mriprivacy.scoring.metrics.calibration import Zebra, cllr_of, min_cllr_of, zebra_of
from mriprivacy.scoring.metrics.linkability import dsys_of, linkability_of, warn_if_small
from mriprivacy.scoring.metrics.steps import corners, sort_both
from mriprivacy.scoring.metrics.verification import auc_of, eer_at, eer_of, tmr_within


@dataclass(frozen=True, slots=True)
class Summary:
    """Point values of every verification figure; each is what the function of its name gives.

    Attributes
    ----------
    eer, rocch_eer, auc, linkability, dsys_histogram, cllr, min_cllr : float
    tmr_at_fmr_1pct, tmr_at_fmr_01pct : float
        True match rate at a false match rate of at most 1 % and 0.1 %.
    zebra : Zebra
    n_mated, n_nonmated : int
    """

    eer: float
    rocch_eer: float
    auc: float
    linkability: float
    dsys_histogram: float
    cllr: float
    min_cllr: float
    tmr_at_fmr_1pct: float
    tmr_at_fmr_01pct: float
    zebra: Zebra
    n_mated: int
    n_nonmated: int

    def __str__(self) -> str:
        values = [(f.name, getattr(self, f.name)) for f in fields(self)]
        return "\n".join(f"{k:<17} {v:.4f}" if isinstance(v, float) else f"{k:<17} {v}" for k, v in values)


def summarize(mated: ArrayLike, nonmated: ArrayLike) -> Summary:
    """Every point figure from one sort; arguments and errors as `scoring.eer`.

    Examples
    --------
    >>> import numpy as np
    >>> from mriprivacy.scoring import auc
    >>> summary = summarize(np.arange(40) + 30, np.arange(50))
    >>> summary.auc == auc(np.arange(40) + 30, np.arange(50)), summary.n_mated
    (True, 40)
    """
    m, n = sort_both(*as_classes(mated, nonmated))
    n_mated, n_nonmated = len(m), len(n)
    warn_if_small(n_mated)
    cost, histogram = cllr_of(m, n), dsys_of(m, n)
    curve = corners(m, n)
    del m, n  # what a figure needs no more is let go: the list may be as large as a third of the memory
    hull = curve.hull()
    area, linked, disclosed = float(auc_of(curve)), linkability_of(curve), zebra_of(hull)
    fmr, tmr = curve.vertices()
    return Summary(
        eer=float(eer_at(fmr, tmr)),
        rocch_eer=float(eer_of(hull)),
        auc=area,
        linkability=linked,
        dsys_histogram=histogram,
        cllr=cost,
        min_cllr=float(min_cllr_of(hull)),
        tmr_at_fmr_1pct=float(tmr_within(fmr, tmr, 0.01)),
        tmr_at_fmr_01pct=float(tmr_within(fmr, tmr, 0.001)),
        zebra=disclosed,
        n_mated=n_mated,
        n_nonmated=n_nonmated,
    )
