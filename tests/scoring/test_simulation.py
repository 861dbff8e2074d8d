"""Corners of the grid of docs/results/scoring_simulation.md: no interval covers less than 90 %."""

import numpy as np
import pytest

from mriprivacy.scoring.report import figures, replicates, variances
from mriprivacy.scoring.trials import trials
from tests.helpers import difference_simulation
from tests.helpers.difference_simulation import Lookalikes, Rescans
from tests.helpers.scoring_simulation import GRID, Setting

CORNERS = (
    Setting(4, shift=2.0),
    Setting(12, shift=3.3),
    Setting(12, shift=1.0, others=3),
    Setting(12, shift=3.3, failures=0.3),
    Setting(12, shift=2.0, failures=0.6),
    Setting(40, shift=0.0),
    Setting(40, shift=3.3, share=0.25),
)


def test_truths() -> None:
    """Closed forms of the normal model."""
    truth = Setting(40, shift=1.0).truth()
    assert truth["eer"] == pytest.approx(0.308538, abs=1e-6)
    assert truth["auc"] == pytest.approx(0.760250, abs=1e-6)
    assert truth["tmr_at_fmr_1pct"] == pytest.approx(0.0924, abs=0.002)
    assert truth["people_found_any"] == truth["tmr_at_fmr_1pct"]
    assert Setting(40, shift=0.0).truth()["linkability"] == 0.0
    assert Setting(40, shift=1.0, failures=0.3).truth()["auc"] == pytest.approx(
        0.49 * 0.760250 + 0.21 + 0.045, abs=1e-6
    )
    assert Setting(40, shift=1.0, failures=0.6).truth()["eer"] == 0.5
    assert Setting(40, shift=20.0, failures=0.3).truth()["eer"] == pytest.approx(0.3, abs=1e-6)


def test_the_noise_of_pairs_is_not_counted_three_times() -> None:
    """Sparse lists were covered by 99 %, by intervals half as wide again as needed."""
    setting, found = Setting(60, shift=0.5, others=2), []
    for seed in range(60):
        listed = trials(*setting.trial_list(np.random.default_rng([seed, 7]))[:4])
        draws = replicates(listed, listed.draw(100, seed), None)
        value = figures(listed, np.ones((60, 1)), None)["auc"][0]
        found.append((value, variances(listed, draws, seed)["auc"], draws["auc"].var()))
    value, estimated, drawn = np.array(found).T
    assert 0.6 * value.var() < estimated.mean() < 2 * value.var()
    assert drawn.mean() > 1.5 * estimated.mean()


@pytest.mark.parametrize("setting", CORNERS, ids=str)
def test_corners_are_covered(setting: Setting) -> None:
    for name, row in setting.coverage(lists=80, n_bootstrap=100).items():
        assert row["covered"] >= 0.9, name


@pytest.mark.parametrize(
    "case",
    [
        Lookalikes(4, 2, 1),
        Lookalikes(12, 2, 1),
        Lookalikes(40, 3.3, 3.3),
        Rescans(12, 4, 5),
        Rescans(40, 12, 1),
    ],
    ids=str,
)
def test_corners_of_differences_and_ratios_are_covered(case: difference_simulation.Case) -> None:
    """Percentiles of draws held 84 to 89 % of the first, second and fourth."""
    assert difference_simulation.coverage(case, 150) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("case", difference_simulation.GRID, ids=str)
def test_all_differences_and_ratios_are_covered(case: difference_simulation.Case) -> None:
    assert difference_simulation.coverage(case, 400, 2) >= 0.9 - 0.03


@pytest.mark.slow
@pytest.mark.parametrize("setting", GRID, ids=str)
def test_the_whole_grid_is_covered(setting: Setting) -> None:
    """Less twice the error of 400 lists."""
    for name, row in setting.coverage(lists=400, n_jobs=2).items():
        assert row["covered"] >= 0.9 - 0.03, name
