"""A corner of the simulated hospitals: intervals hold what was planted, the person named is exposed."""

import numpy as np
import pytest

from docs.experiments.risk_coverage import cell, first_of, headline_gallery


@pytest.mark.parametrize("way", ["outline", "attribute"])
@pytest.mark.parametrize("rate", [0.0, 0.25])
def test_intervals_hold_the_planted_risk(way: str, rate: float) -> None:
    found = cell(way, 12, rate, 60)
    assert np.mean([one.covered for one in found]) >= 0.86  # 95 % of 60 is 52 or more in 99 of 100
    assert np.mean([one.risk.risk.high - one.risk.risk.low for one in found]) < 0.9


def test_the_worst_off_person_is_a_planted_one() -> None:
    named = [one for one in cell("face left", 40, 0.25, 30) if one.named]
    assert len(named) >= 25
    assert np.mean([one.planted for one in named]) > 0.95


def test_the_planted_risk_is_that_of_scores_drawn_at_random() -> None:
    rng, size = np.random.default_rng(0), headline_gallery(24)
    columns = 0.5 * rng.normal(size=(20000, size))
    scores = columns + rng.normal(size=(20000, size))
    scores[:, 0] += 3.0
    assert first_of(size, 3.0, 0.5) == pytest.approx((scores.argmax(axis=1) == 0).mean(), abs=0.01)
    assert first_of(size, 0.0, 0.5) == pytest.approx(1 / size, abs=1e-4)
