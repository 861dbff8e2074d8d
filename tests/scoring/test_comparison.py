from dataclasses import replace

import numpy as np
import pytest

from mriprivacy.scoring import DataError, ScoringError, compare, draw_systems, holm, score_trials


def lists(seed: int, shifts: dict[str, float], n: int = 40) -> tuple[dict[str, np.ndarray], tuple]:
    rng = np.random.default_rng(seed)
    probe, photo = np.divmod(np.arange(n * n), n)
    hard = rng.normal(size=n * n)
    systems = {k: hard + 0.3 * rng.normal(size=n * n) + s * (probe == photo) for k, s in shifts.items()}
    return systems, (probe == photo, probe, photo)


def test_draws_are_those_of_a_report() -> None:
    systems, table = lists(0, {"a": 1, "b": 2})
    draws = draw_systems(systems, *table, n_bootstrap=200, seed=3)
    for k, name in enumerate(systems):
        report = score_trials(systems[name], *table, n_bootstrap=200, seed=3)
        assert draws.values["eer"][k] == report.eer.value
        assert draws.values["linkability"][k] == report.linkability.value
        middle = np.median(draws.replicates["eer"][k])
        assert report.eer.low < middle < report.eer.high
    assert (draws.n, draws.systems) == (40, ("a", "b"))


def test_pairing_sees_what_overlapping_intervals_hide() -> None:
    systems, table = lists(1, {"a": 1.0, "b": 1.4})
    draws = draw_systems(systems, *table, n_bootstrap=400)
    a, b = (score_trials(s, *table, n_bootstrap=400).auc for s in systems.values())
    assert a.high > b.low
    (difference,) = compare(draws, "auc")
    assert difference.difference.high < 0
    assert difference.p_holm < 0.05
    assert "auc a - b" in str(difference)


def test_a_system_equals_itself() -> None:
    systems, table = lists(2, {"a": 1.0})
    draws = draw_systems({"a": systems["a"], "copy": systems["a"]}, *table, n_bootstrap=50)
    (same,) = compare(draws, "linkability")
    assert (same.difference.value, same.difference.low, same.difference.high, same.p) == (0, 0, 0, 1)


@pytest.mark.slow
def test_equal_systems_are_told_apart_as_often_as_promised() -> None:
    found = []
    for seed in range(300):
        systems, table = lists(seed, {"a": 1.0, "b": 1.0}, n=40)
        found.append(compare(draw_systems(systems, *table, n_bootstrap=200), "auc")[0].p < 0.05)
    assert 0.02 < np.mean(found) < 0.085


def test_p_has_no_floor_of_draws() -> None:
    """Counted draws gave 0.002 at best after 1,000 of them."""
    systems, table = lists(3, {"a": 0.5, "b": 3.0})
    assert compare(draw_systems(systems, *table, n_bootstrap=100), "auc")[0].p < 1e-6


def test_a_metric_that_is_not_defined_is_named() -> None:
    systems, table = lists(4, {"a": 1.0, "b": 2.0}, n=3)
    drawn = draw_systems(systems, *table, n_bootstrap=50)
    lacking = replace(drawn, replicates={"auc": np.full((2, 50), np.nan)})
    with pytest.raises(DataError, match="metric: auc is not defined for 3 subjects"):
        compare(lacking, "auc")


def test_bad_input_is_named() -> None:
    systems, table = lists(0, {"a": 1})
    with pytest.raises(ScoringError, match="systems: none"):
        draw_systems({}, *table)
    systems["a"][3] = np.nan
    with pytest.raises(ScoringError, match=r"systems\['a'\]: 1 of 1600 .* first nan at position 3"):
        draw_systems(systems, *table)
    with pytest.raises(ScoringError, match=r"p_values: 1 of 2 values out of range, first 2\.0 at position 1"):
        holm([0.5, 2])
    systems["a"][3] = 0
    with pytest.raises(ScoringError, match="metric: 'err'; expected one of eer"):
        compare(draw_systems(systems, *table, n_bootstrap=20), "err")
