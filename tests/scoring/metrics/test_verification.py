import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score, roc_curve

from mriprivacy import scoring
from mriprivacy.scoring import ScoringError
from tests.helpers import oracles

tied = st.lists(st.integers(0, 6), min_size=1, max_size=14).map(lambda x: np.array(x, dtype=float))
any_finite = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=14).map(np.array)


@settings(max_examples=200)
@given(tied, tied)
def test_agrees_with_definitions_under_heavy_ties(m: np.ndarray, n: np.ndarray) -> None:
    assert scoring.eer(m, n) == pytest.approx(oracles.eer(m, n), abs=1e-12)
    assert scoring.rocch_eer(m, n) == pytest.approx(oracles.rocch_eer(m, n), abs=1e-12)
    assert scoring.auc(m, n) == pytest.approx(oracles.auc(m, n), abs=1e-12)
    assert scoring.min_cllr(m, n) == pytest.approx(oracles.min_cllr(m, n), abs=1e-12)
    for bound in (0.0, 0.1, 0.25, 0.5, 1.0):
        assert scoring.tmr_at_fmr(m, n, bound) == pytest.approx(oracles.tmr_at_fmr(m, n, bound), abs=1e-12)


@settings(max_examples=300)
@given(any_finite, any_finite)
def test_any_finite_range(m: np.ndarray, n: np.ndarray) -> None:
    assert scoring.eer(m, n) == pytest.approx(oracles.eer(m, n), abs=1e-12)
    assert scoring.auc(m, n) == pytest.approx(oracles.auc(m, n), abs=1e-12)
    assert 0 <= scoring.dsys_histogram(m, n) <= 1 + 1e-9


@settings(max_examples=200)
@given(tied, tied)
def test_inversion_and_swap(m: np.ndarray, n: np.ndarray) -> None:
    assert scoring.auc(m, n) + scoring.auc(-m, -n) == pytest.approx(1, abs=1e-12)
    assert scoring.eer(m, n) + scoring.eer(-m, -n) == pytest.approx(1, abs=1e-12)
    assert scoring.eer(m, n) == pytest.approx(scoring.eer(-n, -m), abs=1e-12)


def test_against_scipy_and_sklearn() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        m, n = rng.integers(3, 12, 40) / 3, rng.integers(0, 10, 170) / 3
        u = mannwhitneyu(m, n).statistic / (len(m) * len(n))
        y, s = np.r_[np.ones(40), np.zeros(170)], np.r_[m, n]
        assert scoring.auc(m, n) == pytest.approx(u, abs=1e-12)
        assert scoring.auc(m, n) == pytest.approx(roc_auc_score(y, s), abs=1e-12)
        fmr, tmr, threshold = roc_curve(y, s, drop_intermediate=False)
        curve = scoring.roc(m, n)
        at = {t: (x, y) for t, x, y in zip(threshold, fmr, tmr, strict=True)}
        for t, x, y in zip(curve.threshold, curve.fmr, curve.tmr, strict=True):
            assert (x, y) == pytest.approx(at[t], abs=1e-12)
        flat = np.isin(np.round(fmr, 12), np.round(curve.fmr, 12))  # elsewhere the curve is straight
        np.testing.assert_allclose(np.interp(fmr[~flat], curve.fmr, curve.tmr), tmr[~flat], atol=1e-12)
        assert np.trapezoid(curve.tmr, curve.fmr) == pytest.approx(scoring.auc(m, n), abs=1e-12)


@pytest.mark.parametrize(
    ("mated", "nonmated", "eer", "auc"),
    [
        ([1, 1, 1], [1, 1], 0.5, 0.5),  # what a face detector that never fires produces
        ([3, 4], [1, 2], 0.0, 1.0),
        ([1, 2], [3, 4], 1.0, 0.0),
        ([2, 3, 4, 5], [1, 2, 3, 4], 0.375, 11.5 / 16),
        ([0.9, 0.8, 0.4], [0.5, 0.3, 0.2, 0.1], 0.25, 11 / 12),
        ([2], [2], 0.5, 0.5),
    ],
)
def test_tables_worked_by_hand(mated: list, nonmated: list, eer: float, auc: float) -> None:
    assert scoring.eer(mated, nonmated) == pytest.approx(eer, abs=1e-15)
    assert scoring.auc(mated, nonmated) == pytest.approx(auc, abs=1e-15)


def test_order_and_pieces_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    m, n = rng.normal(1, 1, 500).round(2), rng.normal(0, 1, 20_000).round(2)
    before = [f(m, n) for f in (scoring.eer, scoring.auc, scoring.min_cllr, scoring.linkability)]
    monkeypatch.setattr("mriprivacy.scoring.metrics.steps._PIECE", 512)
    m, n = rng.permutation(m), rng.permutation(n)
    assert before == [f(m, n) for f in (scoring.eer, scoring.auc, scoring.min_cllr, scoring.linkability)]


METRICS = [
    "eer",
    "rocch_eer",
    "auc",
    "linkability",
    "dsys_histogram",
    "cllr",
    "min_cllr",
    "tmr_at_fmr",
    "zebra",
    "roc",
]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("mated", "nonmated", "message"),
    [
        ([1, np.nan, np.nan], [1], "mated: 2 of 3 values not finite, first nan at position 1"),
        ([1], [0, np.inf], "nonmated: 1 of 2 values not finite, first inf at position 1"),
        ([], [1], "mated: empty"),
        ([[1, 2]], [1], r"mated: array of shape \(1, 2\)"),
        (["a"], [1], "mated: values of type <U1"),
        ([1j], [1], "mated: values of type complex128"),
    ],
)
def test_bad_input_is_named(metric: str, mated: list, nonmated: list, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        getattr(scoring, metric)(mated, nonmated)


def test_all_problems_at_once() -> None:
    with pytest.raises(ScoringError, match=r"(?s)mated: empty.*nonmated: 1 of 1 values not finite"):
        scoring.eer([], [np.nan])


@pytest.mark.parametrize("fmr", [-0.1, 1.1, np.nan])
def test_tmr_refuses_a_rate_that_is_none(fmr: float) -> None:
    with pytest.raises(ScoringError, match="fmr"):
        scoring.tmr_at_fmr([1], [0], fmr)


@pytest.mark.parametrize("metric", [scoring.eer, scoring.auc])
def test_masked_scores_are_refused(metric) -> None:  # type: ignore[no-untyped-def]
    """numpy would forget the mask and count what it hides."""
    hidden = np.ma.masked_array([1.0, 99.0], [False, True])
    with pytest.raises(ScoringError, match="mated: 1 of 2 values masked"):
        metric(hidden, [0.0, 1.0])
    assert metric(np.ma.masked_array([2.0, 3.0]), [0.0, 1.0]) in (0.0, 1.0)
