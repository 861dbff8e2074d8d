import numpy as np
import pytest
from scipy.stats import beta, binom, binomtest, norm
from scipy.stats import t as student

from mriprivacy.scoring.intervals import (
    CONTRACTS,
    ListSize,
    _area,
    _spread,
    around,
    clopper_pearson,
    difference,
    estimate,
    leans,
    ratio,
)

MANY = ListSize(12, 10**6, 1000)


def test_two_perfect_figures_do_not_differ_by_exactly_nothing() -> None:
    """Percentiles of draws printed 0.000 [0.000, 0.000] for twelve people without an error on either side."""
    perfect = estimate("auc", 1.0, 0.0, MANY)
    found = difference(perfect, perfect, 0.0)
    assert found.value == 0
    assert found.high == -found.low == pytest.approx(perfect.high - perfect.low)


def test_a_difference_is_as_narrow_as_the_two_go_together() -> None:
    one, other = (estimate("auc", value, 0.004, MANY) for value in (0.8, 0.7))
    found = [difference(one, other, correlation) for correlation in (-0.5, 0.0, 0.5, 0.95)]
    widths = [gap.high - gap.low for gap in found]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[1] / 2


def test_a_difference_needs_what_its_parts_need() -> None:
    known, lacking = estimate("auc", 0.8, 0.004, MANY), estimate("auc", 0.8, 0.004, ListSize(3, 10**6))
    for pair in ((known, lacking), (lacking, known)):
        found = difference(*pair, 0.5)
        assert (found.value, found.bounded) == (0, False)
        assert found.needs == "4 people with a mated trial, the list has 3"


def test_a_ratio_of_three_people_has_no_interval() -> None:
    """Percentiles of draws of two people held the truth in half of the cases."""
    draws = np.array([0.5, 1.0, 2.0, np.nan, 0.0])
    assert not ratio(1.0, draws, 3).bounded
    assert not ratio(0.0, draws, 9).bounded
    found = ratio(1.0, draws, 9)
    reach = student.ppf(0.975, 8) * np.sqrt(np.log(2) ** 2 * 2 / 3 * 9 / 8)
    assert (np.log(found.low), np.log(found.high)) == pytest.approx((-reach, reach))


@pytest.mark.parametrize(("k", "n"), [(0, 12), (3, 12), (12, 12), (1, 4)])
def test_shares_at_the_edges_are_those_of_so_many_people(k: int, n: int) -> None:
    """People linked 0.00 [0.00, 0.00] of twelve, as it was, is 0 to .265."""
    exact = binomtest(k, n).proportion_ci(method="exact")
    share = k / n
    found = estimate("people_found_any", share, share * (1 - share) / n, ListSize(n, 10**6))
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert clopper_pearson(k / n, n, 0.9) == pytest.approx(
        tuple(binomtest(k, n).proportion_ci(0.9, method="exact")), abs=1e-9
    )


def test_more_spread_counts_for_fewer_people_and_less_for_no_more() -> None:
    narrow, plain, wide = (estimate("rank1", 0.5, 0.25 / n, MANY) for n in (100, 12, 6))
    assert (narrow.low, narrow.high) == (plain.low, plain.high)
    assert wide.low < plain.low < plain.high < wide.high


def test_an_area_by_hand() -> None:
    """Twelve people: one more at chance, of a weight as in a draw, then a share of so many."""
    value, variance, n = 0.9, 0.002, 12
    smoothed = (12 * value + 0.5) / 13
    spread = variance * (12 / 13) ** 2 + 0.4**2 * beta(1, 12).var()
    size = smoothed * (1 - smoothed) / spread * (norm.ppf(0.975) / student.ppf(0.975, 11)) ** 2
    expected = [beta.ppf(0.025, value * size, size * 0.1 + 1), beta.ppf(0.975, value * size + 1, size * 0.1)]
    found = estimate("auc", value, variance, ListSize(n, 132))
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
    mirrored = estimate("eer", 1 - value, variance, ListSize(n, 132))
    inverted = estimate("auc", 1 - value, variance, ListSize(n, 132))
    for other in (mirrored, inverted):
        assert (other.low, other.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-9)


@pytest.mark.parametrize("metric", sorted(CONTRACTS))
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_no_interval_is_a_point_and_all_hold_the_value(metric: str, value: float) -> None:
    found = estimate(metric, value, 0.0, MANY)
    if CONTRACTS[metric].construction == "none":
        assert (found.value, found.bounded) == (value, False)
        assert found.needs
    else:
        assert (-1 if metric == "gain" else 0) <= found.low <= value <= found.high <= 1
        assert found.high - found.low > 0.1
    assert not estimate(metric, value, 0.0, ListSize(3, 10**6, 1000)).bounded


def test_a_spread_is_never_narrower_than_that_of_t() -> None:
    """On noise the truth is an end that no quantile reaches."""
    value, variance, n = 0.2, 0.01, 10
    reach = student.ppf(0.975, n - 1) * 0.1
    low, high = _spread(value, value, variance, n, 0.95)
    inner = _area(value, value, variance, n, 0.95)
    assert (low, high) == pytest.approx(
        (max(0.0, min(inner[0], value - reach)), max(inner[1], value + reach))
    )
    assert low < inner[0]


def test_draws_that_lean_to_one_side_count_for_that_side() -> None:
    """Six of twelve scans fail: the EER is .5, and stays there however many more fail."""
    failed = np.arange(13) / 12
    draws = np.repeat(np.minimum(failed, 0.5), np.round(1e4 * binom.pmf(np.arange(13), 12, 0.5)).astype(int))
    below, above = leans(0.5, draws)
    assert (below, above) == (pytest.approx(2 * np.mean((draws - 0.5) ** 2) / draws.var()), 1.0)
    assert below > 2
    symmetric, leaning = (estimate("eer", 0.5, draws.var(), MANY, lean=k) for k in ((1, 1), (below, above)))
    assert leaning.low < symmetric.low - 0.05
    assert leaning.high == symmetric.high
    assert estimate("auc", 0.5, 0.01, MANY, lean=(3, 3)) == estimate("auc", 0.5, 0.01, MANY)
    assert leans(0.5, np.array([0.4, 0.6, np.nan])) == pytest.approx((1.0, 1.0))
    for nothing in ([0.5, 0.5], [np.nan], []):
        assert leans(0.5, np.array(nothing)) == (1.0, 1.0)


def test_the_cost_after_calibration_on_the_list_itself_has_no_interval() -> None:
    """It covered 7 to 61 %."""
    found = estimate("min_cllr", 0.5, 0.01, MANY)
    assert (found.value, found.bounded) == (0.5, False)
    assert found.needs.startswith("a calibration on other people")


def test_a_mean_is_that_of_t() -> None:
    found, few = around(2.0, 0.04, 12), around(2.0, 0.04, 3)
    assert (found.low, found.high) == pytest.approx(
        (2 - 0.2 * student.ppf(0.975, 11), 2 + 0.2 * student.ppf(0.975, 11))
    )
    assert not few.bounded
    assert "needs 4 people, the list has 3" in str(few)


@pytest.mark.parametrize("name", ["auc", "one_vs_rest_auc"])
def test_areas_go_from_chance_to_one(name: str) -> None:
    assert CONTRACTS[name].ends == (0.5, 1.0)


@pytest.mark.parametrize("metric", ["auc", "partial_auc", "one_vs_rest_auc", "eer", "linkability", "gain"])
@pytest.mark.parametrize("value", [0.0, 0.2, 0.5, 0.7, 1.0])
@pytest.mark.parametrize(("n", "variance"), [(4, 0.02), (12, 0.004), (200, 0.0)])
def test_one_more_person_by_hand(metric: str, value: float, n: int, variance: float) -> None:
    """The next person stands at chance or at the far end, whichever is farther; all else is a textbook's."""
    chance, full = {"auc": (0.5, 1.0), "one_vs_rest_auc": (0.5, 1.0), "eer": (0.5, 0.0)}.get(
        metric, (0.0, 1.0)
    )
    if (value > chance > full) or (value < chance < full):
        full = 1.0 - full  # inverted scores
    far = full if abs(value - full) > abs(value - chance) else chance
    moved = (n * value + far) / (n + 1)
    spread = variance * n**2 / (n + 1) ** 2 + (far - value) ** 2 * n / ((n + 1) ** 2 * (n + 2))
    if metric == "gain":
        reach = student.ppf(0.975, n - 1) * np.sqrt(spread)
        low, high = max(value - reach, -1.0), min(value + reach, 1.0)
    else:
        size = moved * (1 - moved) / spread * (norm.ppf(0.975) / student.ppf(0.975, n - 1)) ** 2
        k = value * size
        low = beta.ppf(0.025, k, size - k + 1) if k > 0 else 0.0
        high = beta.ppf(0.975, k + 1, size - k) if k < size else 1.0
        if metric == "linkability":
            reach = student.ppf(0.975, n - 1) * np.sqrt(spread)
            low, high = max(0.0, min(low, value - reach)), min(1.0, max(high, value + reach))
    found = estimate(metric, value, variance, ListSize(n, 10**6, 1000))
    assert (found.low, found.high) == pytest.approx((min(low, value), max(high, value)), abs=1e-9)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_share_at_an_edge_has_no_spread_to_count(value: float) -> None:
    spread, plain = (estimate("rank1", value, variance, MANY) for variance in (0.01, 0.0))
    assert (spread.low, spread.high) == (plain.low, plain.high)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_how_many_people_an_interval_needs(n: int) -> None:
    assert estimate("auc", 0.7, 0.01, ListSize(n, 100)).bounded == (n >= 4)
    assert ratio(2.0, np.array([1.0, 2.0, 4.0]), n).bounded == (n >= 4)
    assert around(2.0, 1.0, n).bounded == (n >= 4)
    assert around(2.0, 1.0, n, fewest=5).bounded == (n >= 5)


@pytest.mark.parametrize(("metric", "least"), [("tmr_at_fmr_1pct", 1000), ("tmr_at_fmr_01pct", 10_000)])
def test_how_many_nonmated_trials_a_rate_needs(metric: str, least: int) -> None:
    assert np.isnan(estimate(metric, 0.5, 0.01, ListSize(12, least - 1)).value)
    assert estimate(metric, 0.5, 0.01, ListSize(12, least)).value == 0.5
    assert np.isnan(estimate("fnir_at_fpir_10pct", 0.5, 0.01, ListSize(12, 10**6, 99)).value)
    assert estimate("fnir_at_fpir_10pct", 0.5, 0.01, ListSize(12, 10**6, 100)).value == 0.5


def test_a_list_of_people_alone_has_no_other_size() -> None:
    assert ListSize(12) == ListSize(12, 0, 0)
