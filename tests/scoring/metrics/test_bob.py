"""Against bob.measure 6.1, wherever it answers and the answer is right (its hull and min_cllr do not)."""

import bob.measure
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.scoring import cllr, eer, roc, tmr_at_fmr

tied = st.lists(st.integers(-4, 4), min_size=1, max_size=40).map(lambda x: np.array(x, dtype=float))


@settings(max_examples=300)
@given(tied, tied)
def test_error_rates_at_every_threshold(mated: np.ndarray, nonmated: np.ndarray) -> None:
    curve = roc(mated, nonmated)
    for threshold, fmr, tmr in zip(curve.threshold, curve.fmr, curve.tmr, strict=True):
        if np.isfinite(threshold):
            theirs = bob.measure.farfrr(nonmated, mated, float(threshold))
            assert (fmr, 1 - tmr) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.slow
@settings(max_examples=300)
@given(tied, tied)
def test_eer_is_theirs_where_the_roc_has_a_vertex_there_and_else_between_their_rates(
    mated: np.ndarray, nonmated: np.ndarray
) -> None:
    """They answer the mean of the two rates at the nearest threshold, we the crossing itself."""
    threshold = bob.measure.eer_threshold(nonmated, mated)
    fmr, fnmr = bob.measure.farfrr(nonmated, mated, threshold)
    low, high = sorted((fmr, fnmr))
    assert low - 1e-12 <= eer(mated, nonmated) <= high + 1e-12


@settings(max_examples=300)
@given(tied, tied, st.sampled_from([0.01, 0.1, 0.25, 0.5]))
def test_true_match_rate_is_the_best_of_all_their_thresholds(
    mated: np.ndarray, nonmated: np.ndarray, bound: float
) -> None:
    rates = [bob.measure.farfrr(nonmated, mated, t) for t in (*mated, *nonmated, np.inf)]
    best = max(1 - fnmr for fmr, fnmr in rates if fmr <= bound)
    assert tmr_at_fmr(mated, nonmated, bound) == pytest.approx(best, abs=1e-12)


@settings(max_examples=300)
@given(tied, tied)
def test_cllr(mated: np.ndarray, nonmated: np.ndarray) -> None:
    assert cllr(mated, nonmated) == pytest.approx(bob.measure.calibration.cllr(nonmated, mated), abs=1e-12)
