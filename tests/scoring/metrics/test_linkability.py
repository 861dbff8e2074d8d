import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.scoring import (
    ScoringError,
    SmallSampleWarning,
    draw_systems,
    dsys_histogram,
    linkability,
    score_stream,
    score_trials,
    summarize,
)
from mriprivacy.scoring.metrics.linkability import from_halves
from mriprivacy.scoring.metrics.steps import Steps


@pytest.mark.parametrize("n", [2, 5, 20, 49, 200, 5000])
def test_perfect_separation_is_one_and_its_inverse_zero(n: int) -> None:
    rng = np.random.default_rng(n)
    m, non = rng.normal(size=n), rng.normal(size=n * 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        assert linkability(m - m.min() + non.max() + 0.001, non) == 1.0
        assert linkability(m - m.max() + non.min() - 0.001, non) == 0.0


def test_constant_scores_are_unlinkable() -> None:
    assert linkability(np.ones(40), np.ones(90)) == 0.0


@pytest.mark.parametrize(("n", "bound"), [(20, 0.04), (49, 0.025), (200, 0.012), (2000, 0.004)])
@pytest.mark.filterwarnings("ignore::mriprivacy.scoring.SmallSampleWarning")
def test_noise_is_about_zero_at_every_n(n: int, bound: float) -> None:
    rng = np.random.default_rng(1)
    values = [linkability(rng.normal(size=n), rng.normal(size=20 * n)) for _ in range(60)]
    assert np.mean(values) < bound


@pytest.mark.parametrize(("shift", "truth"), [(0.5, 0.1277), (1.0, 0.2929), (2.0, 0.6173)])
def test_bias_is_gone_on_normal_scores(shift: float, truth: float) -> None:
    """Truths by quadrature: the mean of tanh(log LR / 2) above 0 under N(shift, 1) against N(0, 1)."""
    rng = np.random.default_rng(2)
    values = [linkability(rng.normal(shift, 1, 40), rng.normal(0, 1, 1560)) for _ in range(200)]
    assert np.mean(values) == pytest.approx(truth, abs=0.02)
    large = linkability(rng.normal(shift, 1, 100_000), rng.normal(0, 1, 300_000))
    assert large == pytest.approx(truth, abs=0.006)


def test_no_increasing_transform_changes_it() -> None:
    rng = np.random.default_rng(4)
    m, n = rng.normal(1, 1, 60), rng.normal(0, 1, 900)
    for transform in (np.exp, np.arctan, lambda x: x**3, lambda x: 1e300 * x, np.sinh):
        assert linkability(transform(m), transform(n)) == linkability(m, n)


@pytest.mark.parametrize("outlier", [-1e9, 1e9, 1e300])
def test_one_outlier_moves_it_by_no_more_than_its_share(outlier: float) -> None:
    rng = np.random.default_rng(5)
    m, n = rng.normal(2, 1, 100), rng.normal(0, 1, 2000)
    one_m, one_n = np.r_[outlier, m[1:]], np.r_[outlier, n[1:]]
    assert linkability(one_m, n) == pytest.approx(linkability(m, n), abs=0.03)
    assert linkability(m, one_n) == pytest.approx(linkability(m, n), abs=0.03)


def test_the_histogram_fails_where_others_saw_it_fail() -> None:
    rng = np.random.default_rng(6)
    m, n = rng.normal(2, 1, 100), rng.normal(0, 1, 2000)
    assert dsys_histogram(m, n) > 0.5
    assert dsys_histogram(np.r_[m[:-1], 1e9], n) < 0.02
    assert dsys_histogram(m, n) == pytest.approx(dsys_histogram(-m, -n), abs=0.02)
    assert dsys_histogram(m[:19], n) == 0.0
    assert dsys_histogram(np.ones(50), np.ones(90)) == 0.0
    assert dsys_histogram(np.arange(20) + 20.0, np.arange(20.0)) == 0.5


def test_histogram_bin_for_bin() -> None:
    """Two classes in three bins of width 1: LR 1/2, 1 and infinite."""
    n = np.repeat([0.5, 1.5], [20, 10])
    m = np.repeat([0.5, 1.5, 2.5], [10, 10, 10])
    n[0], m[-1] = 0.0, 3.0
    # densities m: 1/3 each; n: 2/3, 1/3, 0; D = 0, 0, 1; trapezoid over centres .5, 1.5, 2.5
    assert dsys_histogram(m, n) == pytest.approx(0.5 * 1 / 3, abs=1e-12)


def test_omega() -> None:
    rng = np.random.default_rng(7)
    m, n = rng.normal(1, 1, 400), rng.normal(0, 1, 4000)
    values = [linkability(m, n, omega) for omega in (0.01, 0.1, 1, 10, 100)]
    assert values == sorted(values)
    assert values[0] < 0.05
    assert values[-1] > 0.95
    for omega in (0, -1, np.nan, np.inf):
        with pytest.raises(ScoringError, match="omega"):
            linkability(m, n, omega)


def test_small_samples_warn() -> None:
    with pytest.warns(SmallSampleWarning, match="10 mated"):
        linkability(np.arange(10), np.arange(50))
    with pytest.raises(ScoringError, match="two each"), pytest.warns(SmallSampleWarning):
        linkability([1], [0, 1])


def test_a_fair_guess_earns_nothing_in_the_other_half() -> None:
    """By hand: who decides where .9, .8 and .6 of the trials are mated, and not where .5 are."""
    mated, nonmated = np.array([[9.0, 5, 2], [8, 6, 2]]), np.array([[1.0, 5, 10], [2, 4, 10]])
    p = mated / (mated + nonmated)

    def earned(decided: int, paid: int) -> float:
        return sum(
            (1 - 2 * (1 - own) ** 2) * m / 16 - 2 * own**2 * n / 16
            for own, m, n in zip(p[decided], mated[paid], nonmated[paid], strict=True)
            if own > 0.5
        )

    expected = np.mean([0.25 * earned(k, k) + 0.75 * earned(k, 1 - k) for k in (0, 1)])
    found = from_halves(Steps(mated[None], nonmated[None]))
    assert float(found) == pytest.approx(expected, abs=1e-12)


def test_a_split_with_a_half_that_lacks_a_class_is_left_out() -> None:
    mated = np.array([[[4.0, 2.0, 1.0], [3.0, 3.0, 1.0]], [[7.0, 5.0, 2.0], [0.0, 0.0, 0.0]]])
    nonmated = np.array([[[1.0, 3.0, 9.0], [2.0, 4.0, 9.0]], [[3.0, 7.0, 18.0], [0.0, 0.0, 0.0]]])
    alone = float(from_halves(Steps(mated[:1], nonmated[:1])))
    assert 0 < alone < 1
    with np.errstate(all="raise"):  # nothing is divided by its empty classes
        assert float(from_halves(Steps(mated, nonmated))) == pytest.approx(alone, abs=1e-12)
        assert np.isnan(from_halves(Steps(mated[1:], nonmated[1:])))


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([0, 1, 3]))
@pytest.mark.filterwarnings("ignore::mriprivacy.scoring.SmallSampleWarning")
def test_one_number_in_every_function_whatever_the_names_and_the_order(seed: int, decimals: int) -> None:
    """`summarize` and `linkability` differed by .031, the stream by .017, other names moved it by .02."""
    rng = np.random.default_rng(seed)
    probe, photo = (side[: 15 * 15 - 20] for side in np.divmod(np.arange(15 * 15), 15))
    mated = probe == photo
    scores = (rng.normal(size=len(probe)) + mated).round(decimals)
    value = linkability(scores[mated], scores[~mated])
    order, names = rng.permutation(len(scores)), rng.permutation(15)
    listed = scores[order], mated[order], names[probe][order], names[photo][order]
    halves = [(listed[0][part], listed[1][part]) for part in (slice(50), slice(50, None))]
    drawn = draw_systems({"one": listed[0]}, *listed[1:], n_bootstrap=20)
    for other in (
        summarize(scores[mated][::-1], scores[~mated]).linkability,
        score_trials(scores, mated, probe, photo, 20).linkability.value,
        score_trials(*listed, 20).linkability.value,
        score_stream(lambda: halves).linkability,
        drawn.values["linkability"][0],
    ):
        assert other == pytest.approx(value, abs=1e-12)


def test_ten_times_as_many_half_samples_change_little(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    shifts = (0, 0.5, 1, 2, 3) * 4
    lists = [(rng.normal(shift, 1, 40), rng.normal(0, 1, 1560)) for shift in shifts]
    few = [linkability(*one) for one in lists]
    monkeypatch.setattr("mriprivacy.scoring.metrics.linkability.SPLITS", 400)
    assert np.abs(np.array(few) - [linkability(*one) for one in lists]).max() < 0.01


@pytest.mark.parametrize("widest", [1e308, 1.7e308])
def test_the_widest_scores_are_those_of_a_smaller_scale(widest: float) -> None:
    """Their range is no finite number, though their sum is 0."""
    mated, nonmated = np.linspace(-0.2, 1, 60), np.linspace(-1, 0.2, 60)
    assert dsys_histogram(widest * mated, widest * nonmated) == pytest.approx(dsys_histogram(mated, nonmated))
