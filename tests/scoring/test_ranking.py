import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.scoring import Estimate, ScoringError, ranking

points = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=10)


@given(points)
def test_pareto_front_is_who_nobody_beats(rows: list[tuple[int, int]]) -> None:
    front = ranking.pareto_front(rows, [True, False])
    for (a, b), there in zip(rows, front, strict=True):
        beaten = any(c >= a and d <= b and (c, d) != (a, b) for c, d in rows)
        assert there == (not beaten)


def test_ranks_and_direction() -> None:
    assert ranking.ranks([0.1, 0.3, 0.3, 0.2], higher_is_better=True).tolist() == [4, 1, 1, 3]
    assert ranking.ranks([0.1, 0.3, 0.3, 0.2], higher_is_better=False).tolist() == [1, 3, 3, 2]


def test_the_order_of_ranking_and_averaging_matters() -> None:
    table = [[0.9, 0.1, 0.1], [0.3, 0.3, 0.3], [0.2, 0.2, 0.2]]
    assert ranking.metric_then_rank(table, higher_is_better=True).tolist() == [1, 2, 3]
    assert ranking.rank_then_aggregate(table, higher_is_better=True).tolist() == [2, 1, 2]


def drawn(means: list[float], sd: float, n: int = 1000) -> np.ndarray:
    return np.array(means)[:, None] + np.random.default_rng(0).normal(0, sd, (len(means), n))


def test_standings_of_systems_far_apart_and_alike() -> None:
    far = ranking.standings("abc", [0.1, 0.5, 0.3], drawn([0.1, 0.5, 0.3], 0.01), higher_is_better=True)
    assert [(s.system, s.rank, s.low, s.high, s.tier) for s in far] == [
        ("b", 1, 1, 1, 1),
        ("c", 2, 2, 2, 2),
        ("a", 3, 3, 3, 3),
    ]
    alike = ranking.standings("abc", [0.30, 0.31, 0.32], drawn([0.31] * 3, 0.05), higher_is_better=True)
    assert {s.tier for s in alike} == {1}
    assert all((s.low, s.high) == (1, 3) for s in alike)
    assert sum(s.p_first for s in alike) == pytest.approx(1)
    assert all(s.p_first == pytest.approx(1 / 3, abs=0.06) for s in alike)


def test_a_tier_is_led_by_its_best() -> None:
    tiers = ranking.tiers([0.5, 0.45, 0.2, 0.19], drawn([0.5, 0.45, 0.2, 0.19], 0.03), higher_is_better=True)
    assert tiers.tolist() == [1, 1, 2, 2]
    assert ranking.tiers([0.4], drawn([0.4], 0.1), higher_is_better=True).tolist() == [1]


def test_significance_rank_counts_wins() -> None:
    far = drawn([0.1, 0.3, 0.5], 0.01)
    assert ranking.significance_rank(far, higher_is_better=True).tolist() == [3, 2, 1]
    assert ranking.significance_rank(far, higher_is_better=False).tolist() == [1, 2, 3]
    assert ranking.significance_rank(drawn([0.3] * 3, 0.1), higher_is_better=True).tolist() == [1, 1, 1]


def test_the_strongest_attacker_decides_in_every_draw() -> None:
    worst = ranking.worst_case([0.4, 0.3], [[0.1] * 30, [0.5] * 30], 40, higher_is_better=True)
    assert worst == Estimate(0.3, 0.1, 0.1, 40)
    assert ranking.worst_case([0.4, 0.3], drawn([0.4, 0.3], 0.01), 40, higher_is_better=False).value == 0.4


def test_bands_are_earned_by_the_bound_and_utility_decides_within() -> None:
    linkability = [Estimate(0.1, 0.0, 0.19, 9), Estimate(0.1, 0.0, 0.21, 9), Estimate(0.15, 0.0, 0.2, 9)]
    found = ranking.privacy_then_utility(linkability, [0.5, 0.9, 0.6], [0.2, 0.4], higher_is_private=False)
    assert found.tolist() == [2, 3, 1]


def test_kendall_tau() -> None:
    assert ranking.kendall_tau([1, 2, 3, 4], [1, 2, 3, 4]) == pytest.approx(1)
    assert ranking.kendall_tau([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ranking.ranks([], higher_is_better=True), "nothing to rank"),
        (
            lambda: ranking.ranks([1, np.nan], higher_is_better=True),
            r"1 of 2 .* first nan at \(1,\)",
        ),
        (lambda: ranking.standings("ab", [1, 2], [[1, 2]], higher_is_better=True), r"shape \(1, 2\)"),
        (lambda: ranking.pareto_front([[1, 2]], [True]), "higher_is_better"),
        (lambda: ranking.kendall_tau([1, 2], [1]), "shapes"),
        (lambda: ranking.metric_then_rank([1, 2], higher_is_better=True), "a row a system"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        call()  # type: ignore[operator]
