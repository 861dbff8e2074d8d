"""The figure that rates systems protects the people who are worst off: its properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.scoring import exposure_figure, score_trials

pytestmark = pytest.mark.filterwarnings("ignore::mriprivacy.scoring.SmallSampleWarning")
NAMES = ("people_found_any", "people_found_all", "partial_auc")


def exposure(scores: np.ndarray) -> dict[str, float]:
    """Value of every figure of people; scores of every person with every photograph."""
    n = len(scores)
    probe, photo = np.divmod(np.arange(n * n), n)
    report = score_trials(scores.ravel(), probe == photo, probe, photo, 20)
    return {name: getattr(report, name).value for name in NAMES if getattr(report, name).known}


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, n))


def fail(scores: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Scans of some people fail to acquire: all their trials get the lowest score of the list."""
    return np.where(people[:, None], scores.min() - 1, scores)


@pytest.mark.parametrize("n", [12, 40, 200])
def test_a_minority_exposed_is_worse_than_all_linked_weakly(n: int) -> None:
    """A quarter of the people fully exposed, the others without a face: AUC .53, yet a quarter is linked."""
    quarter = np.arange(n) < n // 4
    exposed = fail(noise(n) + 30 * np.diag(quarter), ~quarter)
    weak = noise(n) + np.diag(np.full(n, 0.3))
    name = exposure_figure(n * (n - 1))
    assert exposure(exposed)[name] >= 0.25
    assert exposure(exposed)[name] > 1.5 * exposure(weak)[name]
    assert exposure(exposed)[name] > 1.5 * exposure(fail(noise(n), np.ones(n, bool)))[name]


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(0, 33), st.floats(0, 3))
def test_no_person_more_exposed_makes_the_list_less_exposed(seed: int, person: int, by: float) -> None:
    scores = noise(34, seed).round(1)
    raised = scores.copy()
    raised[person, person] += by
    before, after = exposure(scores), exposure(raised)
    assert all(after[name] >= before[name] - 1e-12 for name in before)
    assert len(before) == 3


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_failures_to_acquire_never_help(seed: int) -> None:
    """People who were never linked fail to acquire: nothing is gained, and others lose what hid them."""
    rng = np.random.default_rng(seed)
    scores = noise(34, seed) + 1.5 * np.eye(34)
    others = scores[~np.eye(34, dtype=bool)]
    safe = np.array([np.mean(others >= own) >= 0.1 for own in np.diag(scores)])
    failed = fail(scores, safe & (rng.random(34) < 0.5))
    before, after = exposure(scores), exposure(failed)
    assert all(after[name] >= before[name] - 1e-12 for name in before)


def test_the_partial_area_by_its_definition() -> None:
    """One person at a time: how far below FMR 10 % the own photograph stands, in tenths of it."""
    scores = noise(20, 3).round(1)
    others = scores[~np.eye(20, dtype=bool)]
    credit = []
    for own in np.diag(scores):
        before, after = np.mean(others > own), np.mean(others >= own)
        grid = np.linspace(0, 0.1, 200_001)
        share = np.clip((grid - before) / (after - before), 0, 1) if after > before else grid >= before
        credit.append(np.trapezoid(share, grid) / 0.1)
    assert exposure(scores)["partial_auc"] == pytest.approx(np.mean(credit), abs=1e-4)
    assert exposure(np.zeros((20, 20)))["partial_auc"] == pytest.approx(0.05)
    assert exposure(np.eye(20))["partial_auc"] == 1.0


def test_open_set_search_by_hand() -> None:
    """A hundred probes, each with its own photograph and another's, whose scores are 0.00 to 0.99."""
    people = np.arange(100)
    own = np.where(people < 60, 2.0, 0.895)  # above ten others, and below them
    scores, mated = np.r_[own, people / 100], np.arange(200) < 100
    probe, photo = np.r_[people, people], np.r_[people, (people + 1) % 100]
    report = score_trials(scores, mated, probe, photo, 50)
    assert report.fnir_at_fpir_10pct is not None
    assert report.fnir_at_fpir_10pct.value == pytest.approx(0.4 - 0.3)
    assert 0 <= report.fnir_at_fpir_10pct.low < 0.1 < report.fnir_at_fpir_10pct.high
    some = probe < 99
    fewer = score_trials(scores[some], mated[some], probe[some], photo[some], 50)
    assert f"{fewer.fnir_at_fpir_10pct:.2f}" == "n/a: needs 100 probes, the list has 99"
    assert fewer.exposure == fewer.partial_auc
