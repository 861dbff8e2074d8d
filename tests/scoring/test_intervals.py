import numpy as np
import pytest
from scipy.stats import t

from mriprivacy.scoring.intervals import logit_t, percentile


def test_percentile_leaves_out_what_is_not_defined() -> None:
    draws = np.r_[np.arange(101.0), np.nan]
    assert (percentile(50, draws, 9).low, percentile(50, draws, 9).high) == pytest.approx((2.5, 97.5))
    assert np.isnan(percentile(0.5, np.array([np.nan]), 9).low)


def test_logit_interval_by_hand_and_by_symmetry() -> None:
    draws = 1 / (1 + np.exp(-np.array([1.0, 2.0, 3.0])))
    found = logit_t(draws[1], draws, n=11, resolution=1e-9)
    reach = t.ppf(0.975, 10) * np.sqrt(2 / 3)
    assert np.log(found.high / (1 - found.high)) == pytest.approx(2 + reach)
    mirrored = logit_t(1 - draws[1], 1 - draws, n=11, resolution=1e-9)
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - found.high, 1 - found.low))


def test_logit_interval_at_the_ends_and_without_spread() -> None:
    assert logit_t(1.0, np.ones(9), 5, 0.01) == percentile(1.0, np.ones(9), 5)
    assert logit_t(0.5, np.full(9, 0.5), 5, 0.01).high == 0.5
    inside = logit_t(0.99, np.array([0.95, 1.0, 1.0]), 5, 0.01)
    assert 0 < inside.low < 0.99 < inside.high < 1


def test_draws_of_one_are_taken_half_a_step_inside() -> None:
    """Near 1, where most draws are perfect: the interval of the definition, written out."""
    draws, step = np.array([0.97, 0.99, 1.0, 1.0, 1.0]), 0.002
    logits = np.log(np.minimum(draws, 0.999) / (1 - np.minimum(draws, 0.999)))
    reach = t.ppf(0.975, 11) * np.sqrt(np.mean((logits - logits.mean()) ** 2))
    centre = np.log(0.99 / 0.01)
    found = logit_t(0.99, draws, n=12, resolution=step)
    expected = [1 / (1 + np.exp(-(centre + side * reach))) for side in (-1, 1)]
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-12)
