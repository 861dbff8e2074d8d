"""The enumeration of docs/results/risk_coverage.md, against draws and against counts of coins."""

import numpy as np
import pytest

from docs.experiments.risk_exact import distribution, first_of, guessed
from mriprivacy.challenge.risk.control_rate import FINEST
from mriprivacy.challenge.risk.singling_out import risk_in_gallery


def test_a_sum_of_successes_has_the_distribution_of_draws() -> None:
    unexposed = np.zeros(FINEST + 1)
    unexposed[[0, FINEST // 2]] = 0.75, 0.25
    found = distribution(6, 0.25, unexposed)
    assert found.sum() == pytest.approx(1)
    rng = np.random.default_rng(0)
    draws = np.where(rng.random((20_000, 6)) < 0.25, 1.0, 0.5 * (rng.random((20_000, 6)) < 0.25)).sum(axis=1)
    counted = np.bincount((2 * draws).astype(int), minlength=13) / len(draws)
    assert np.abs(counted - found[:: FINEST // 2]).max() < 0.015


def test_the_chance_to_come_first_is_that_of_the_report() -> None:
    chances = first_of(11, 5)
    assert chances.mean() == pytest.approx(1 / 5)
    scores = np.tile(np.arange(12.0), (12, 1))  # person i has 11 - i others above
    assert risk_in_gallery(scores, 5).attack == pytest.approx(chances.mean())
    assert chances[0] == 1
    assert chances[8] == 0  # eight above: of three others no four can be drawn


def test_of_twelve_guesses_no_set_of_sums_is_within_the_band() -> None:
    assert guessed(12) == "| 12 | 9 | 92.7 % | 98.1 % |"
