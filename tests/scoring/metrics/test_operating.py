import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.scoring import (
    ScoringError,
    auc,
    cllr,
    dcf,
    dsys_histogram,
    eer,
    eer_threshold,
    min_dcf,
    rates_at,
    roc,
    summarize,
)

tied = st.lists(st.integers(0, 6), min_size=1, max_size=14).map(lambda x: np.array(x, dtype=float))


@settings(max_examples=100)
@given(tied, tied)
def test_thresholds_by_trying_all(m: np.ndarray, n: np.ndarray) -> None:
    tried = [np.inf, *np.unique(np.r_[m, n])]
    worst = [max(np.mean(n >= t), np.mean(m < t)) for t in tried]
    threshold = eer_threshold(m, n)
    rates = rates_at(m, n, threshold)
    assert max(rates.fmr, rates.fnmr) == pytest.approx(min(worst))
    assert min(rates.fmr, rates.fnmr) - 1e-12 <= eer(m, n) <= max(rates.fmr, rates.fnmr) + 1e-12
    assert min_dcf(m, n, 0.1) == pytest.approx(min(dcf(m, n, t, 0.1) for t in tried))
    assert min_dcf(m, n, 0.1) <= 1


def test_rates_of_a_system_by_hand() -> None:
    """ISO/IEC 19795-1: of 10 probes 2 fail, of 20 references 5; a failure is a rejection."""
    rates = rates_at([3, 1], [2, 0, 0, 0], 2, failure_to_acquire=0.2, failure_to_enrol=0.25)
    assert (rates.fmr, rates.fnmr) == (0.25, 0.5)
    assert rates.far == pytest.approx(0.25 * 0.6)
    assert rates.frr == pytest.approx(0.25 + 0.75 * 0.2 + 0.6 * 0.5)


def test_cost_of_nist_by_hand() -> None:
    """Prior .01, a miss ten times as dear: .1 of all misses plus .99 of all false matches, over .1."""
    assert dcf([3, 1], [2, 0, 0, 0], 2, 0.01, cost_miss=10) == pytest.approx((0.1 * 0.5 + 0.99 * 0.25) / 0.1)
    assert min_dcf([1, 1], [0], 0.01) == 0.0
    found = dcf([3, 1], [2, 0, 0, 0], 2, 0.2, cost_miss=5, cost_false=2)
    assert found == pytest.approx((0.2 * 5 * 0.5 + 0.8 * 2 * 0.25) / min(0.2 * 5, 0.8 * 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rates_at([1], [0], np.nan), "threshold: nan"),
        (lambda: rates_at([1], [0], 0, failure_to_acquire=2), "failure_to_acquire: 2; expected a share"),
        (lambda: dcf([1], [0], 0, prior=1), "prior: 1; expected a chance"),
        (lambda: dcf([1], [0], 0, prior=0), "prior: 0; expected a chance"),
        (lambda: min_dcf([1], [0], cost_false=np.inf), "cost_false: inf; expected a cost above 0"),
        (lambda: min_dcf([1], [0], cost_miss=0), "cost_miss: 0; expected a cost above 0"),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        call()


@pytest.mark.parametrize("function", [auc, eer, roc, cllr, summarize, dsys_histogram, eer_threshold])
def test_labels_and_scores_in_place_of_two_classes_are_refused(function) -> None:
    """`auc(y_true, y_score)`, the order of scikit-learn, gave .5 or any other number."""
    with pytest.raises(ScoringError, match=r"mated: 0 and 1 alone.*expected the scores of mated trials"):
        function([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])


def test_without_a_prior_one_trial_in_a_hundred_is_mated() -> None:
    m, n = np.array([4.0, 3, 2, 1]), np.array([2.0, 0, 5])
    assert dcf(m, n, 2.5) == dcf(m, n, 2.5, prior=0.01) != dcf(m, n, 2.5, prior=0.02)
    assert min_dcf(m, n) == min_dcf(m, n, prior=0.01) != min_dcf(m, n, prior=0.5)
