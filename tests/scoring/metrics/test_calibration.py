import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from sklearn.isotonic import IsotonicRegression

from mriprivacy.scoring import ScoringError, cllr, min_cllr, zebra
from mriprivacy.scoring.metrics.calibration import FULL_DISCLOSURE
from mriprivacy.scoring.metrics.steps import steps

tied = st.lists(st.integers(0, 6), min_size=1, max_size=14).map(lambda x: np.array(x, dtype=float))


def test_cllr_by_hand() -> None:
    assert cllr([0], [0]) == 1.0
    assert cllr([np.log(3)], [-np.log(3)]) == pytest.approx(np.log2(4 / 3), abs=1e-15)
    assert cllr([-1e299], [1e299]) > 1e299
    assert cllr([1e299], [-1e299]) == 0.0
    with pytest.raises(ScoringError, match=r"mated: .*-1.7e\+308.*expected a log-likelihood ratio"):
        cllr([1.0, -1.7e308], [0.0])  # it was infinite


@settings(max_examples=200)
@given(tied, tied)
def test_no_scale_costs_less_than_the_best_calibration(m: np.ndarray, n: np.ndarray) -> None:
    best = min_cllr(m, n)
    assert 0 <= best <= 1 + 1e-12
    for scale, shift in ((1, -3), (0.3, -1), (2, -5), (0, 0)):
        assert best <= cllr(scale * m + shift, scale * n + shift) + 1e-12


@settings(max_examples=60)
@given(tied, tied)
def test_expected_disclosure_is_the_integral_over_the_prior(m: np.ndarray, n: np.ndarray) -> None:
    hull = steps(m, n).hull()
    a, b = hull.mated / len(m), hull.nonmated / len(n)

    def information(prior: float) -> float:
        mix = prior * a + (1 - prior) * b
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = prior * a * np.log2(a / mix), (1 - prior) * b * np.log2(b / mix)
        return float(np.nansum(terms))

    assert zebra(m, n).expected == pytest.approx(quad(information, 0, 1)[0], abs=1e-7)


def test_zebra_of_nothing_and_everything() -> None:
    nothing, everything = zebra(np.ones(30), np.ones(50)), zebra(np.ones(30), np.zeros(50))
    assert (nothing.expected, nothing.tag) == (0.0, "A")
    assert nothing.worst_case == pytest.approx(np.log10(31 / 51 * 50 / 30))
    assert everything.expected == pytest.approx(0.5 / np.log(2), abs=1e-12)
    # Top: 31 mated and 1 non-mated trial at odds of 30 to 50; bottom: 1 and 51.
    assert everything.worst_case == pytest.approx(np.log10(31 * 50 / 30))
    assert everything.tag == "B"
    assert zebra(np.zeros(30), np.ones(50)).expected == 0.0
    even = zebra(np.ones(30), np.ones(30))
    assert (even.worst_case, even.tag) == (0.0, "0")


@settings(max_examples=100)
@given(tied, tied)
def test_agrees_with_another_pav_that_pools_ties(m: np.ndarray, n: np.ndarray) -> None:
    """scikit-learn's isotonic fit to the labels, weighted to equal priors, read as likelihood ratios."""
    labels, scores = np.r_[np.ones(len(m)), np.zeros(len(n))], np.r_[m, n]
    weights = np.where(labels == 1, 1 / len(m), 1 / len(n))
    p = IsotonicRegression(y_min=0, y_max=1).fit(scores, labels, weights).predict(scores)
    with np.errstate(divide="ignore"):
        cost = np.mean(-np.log2(p[labels == 1])) / 2 + np.mean(-np.log2(1 - p[labels == 0])) / 2
    assert min_cllr(m, n) == pytest.approx(cost, abs=1e-12)


def test_trials_that_were_put_there_alone_are_no_worst_case() -> None:
    """With the best and the worst score two trials are put, one of each class; they are no block.

    Of 100 mated and 2 non-mated trials, all of one score, the block is of 101 and 3.
    """
    worst = np.log10(101 / 3) - np.log10(100 / 2)
    assert zebra(np.ones(100), np.ones(2)).worst_case == pytest.approx(abs(worst))
    assert zebra(np.ones(2), np.ones(100)).worst_case == pytest.approx(abs(worst))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_ratio_still_has_a_cost(sign: int) -> None:
    assert cllr([sign * 1e300], [0.0]) > 0
    with pytest.raises(ScoringError, match="at most 1e\\+300"):
        cllr([sign * 1.1e300], [0.0])


def test_full_disclosure_is_the_area_below_the_binary_entropy() -> None:
    priors = np.linspace(0, 1, 200_001)[1:-1]
    entropy = -(priors * np.log2(priors) + (1 - priors) * np.log2(1 - priors))
    assert entropy.mean() == pytest.approx(FULL_DISCLOSURE, abs=1e-4)
