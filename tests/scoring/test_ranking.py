"""Sets of ranks: an irrelevant system reorders nothing, and equal systems are rarely called different."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.scoring import ScoringError, holm, ranking

points = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=10)
PEOPLE = 40
Floats = np.ndarray


def drawn(means: list[float], sd: float, n: int = 1000) -> Floats:
    return np.array(means)[:, None] + np.random.default_rng(0).normal(0, sd, (len(means), n))


def measured(
    rng: np.random.Generator, truth: list[float], people: int = PEOPLE, draws: int = 400
) -> tuple[Floats, Floats]:
    """Means over people, and the same in draws of people; half of what is hard is common to all systems."""
    hard = rng.normal(size=people)
    figures = np.array(truth)[:, None] + 0.2 * (hard + rng.normal(size=(len(truth), people)))
    counts = rng.multinomial(people, np.full(people, 1 / people), size=draws).T
    return figures.mean(1), figures @ counts / people


@given(points)
def test_pareto_front_is_what_no_system_beats(rows: list[tuple[int, int]]) -> None:
    front = ranking.pareto_front(rows, [True, False])
    for (a, b), there in zip(rows, front, strict=True):
        beaten = any(c >= a and d <= b and (c, d) != (a, b) for c, d in rows)
        assert there == (not beaten)


def test_systems_far_apart_and_alike() -> None:
    far = ranking.rank_sets([0.1, 0.5, 0.3], drawn([0.1, 0.5, 0.3], 0.01), 40, higher_is_better=True)
    assert far.rank.tolist() == far.low.tolist() == far.high.tolist() == [3, 1, 2]
    other = ranking.rank_sets([0.1, 0.5, 0.3], drawn([0.1, 0.5, 0.3], 0.01), 40, higher_is_better=False)
    assert other.rank.tolist() == other.low.tolist() == other.high.tolist() == [1, 3, 2]
    alike = ranking.rank_sets([0.3, 0.31, 0.31], drawn([0.31] * 3, 0.05), 40, higher_is_better=True)
    assert (alike.rank.tolist(), alike.low.tolist(), alike.high.tolist()) == ([3, 1, 1], [1] * 3, [3] * 3)


def test_a_noisy_fourth_system_reorders_nothing_among_three() -> None:
    """A .55, B .60 and C .65 stood in tiers 1, 2, 3; with X at .54 all four were one tier, and C led it."""
    rng = np.random.default_rng(21)
    value, noise = np.array([0.55, 0.60, 0.65]), 0.008 * rng.normal(size=(3, 1000))
    three = ranking.rank_sets(value, value[:, None] + noise, 100, higher_is_better=False)
    assert three.low.tolist() == three.high.tolist() == [1, 2, 3]
    value, noise = np.append(value, 0.54), np.vstack([noise, 0.2 * rng.normal(size=1000)])
    four = ranking.rank_sets(value, value[:, None] + noise, 100, higher_is_better=False)
    assert np.argsort(four.rank[:3]).tolist() == [0, 1, 2]
    assert (four.p_holm[:3, :3][np.triu_indices(3, 1)] < 0.05).all()
    # X may be anywhere; it opens one rank for each of the others, and closes none between them.
    assert (four.low.tolist(), four.high.tolist()) == ([1, 2, 3, 1], [2, 3, 4, 4])


@given(st.integers(0, 10_000), st.integers(2, 6), st.floats(0.3, 0.9), st.floats(0, 0.5))
def test_one_system_more_changes_no_order(seed: int, count: int, extra: float, noise: float) -> None:
    rng = np.random.default_rng(seed)
    value, draws = measured(rng, list(rng.uniform(0.4, 0.9, count)), draws=60)
    before = ranking.rank_sets(value, draws, PEOPLE, higher_is_better=False)
    more = np.vstack([draws, extra + noise * rng.normal(size=draws.shape[1])])
    after = ranking.rank_sets(np.append(value, extra), more, PEOPLE, higher_is_better=False)
    assert np.array_equal(np.argsort(before.rank), np.argsort(after.rank[:-1]))
    # Holm asks more of a larger family, never less: no pair becomes significant, no verdict turns round.
    assert (after.p_holm[:-1, :-1] >= before.p_holm).all()
    assert (after.low[:-1] <= before.low + 1).all()
    for sets in (before, after):
        assert (sets.low <= sets.rank).all()
        assert (sets.rank <= sets.high).all()


@pytest.mark.parametrize("count", [3, 10, 20, 40])
def test_equal_systems_are_rarely_called_different(count: int) -> None:
    """At most 5 % of boards; 150 boards show 17 or more in 0.1 % of cases at 5 %."""
    rng = np.random.default_rng(count)
    false = 0
    for _ in range(150):
        value, draws = measured(rng, [0.6] * count, draws=200)
        false += bool((ranking.rank_sets(value, draws, PEOPLE, higher_is_better=False).low > 1).any())
    assert false <= 16


def test_the_sets_hold_the_true_ranks() -> None:
    rng = np.random.default_rng(0)
    truth = [0.5, 0.55, 0.55, 0.6, 0.8]  # the second and the third may each be 2 or 3
    held = 0
    for _ in range(150):
        value, draws = measured(rng, truth, draws=200)
        sets = ranking.rank_sets(value, draws, PEOPLE, higher_is_better=False)
        held += bool((sets.low <= [1, 3, 3, 4, 5]).all() and (sets.high >= [1, 2, 2, 4, 5]).all())
    assert held >= 134


def test_eight_systems_differ_significantly_after_a_thousand_draws() -> None:
    """Counted draws give p = 0.002 at best, .056 after Holm: systems from .52 to 1.00 shared rank 1."""
    value = np.array([0.52, 0.58, 0.64, 0.7, 0.77, 0.84, 0.92, 1.0])
    draws = drawn(value.tolist(), 0.01)
    draws[-1] = 1.0  # perfect separation: no draw moves it
    sets = ranking.rank_sets(value, draws, 40, higher_is_better=False)
    assert sets.low.tolist() == sets.high.tolist() == list(range(1, 9))
    assert sets.p_holm[0, 1] < 1e-3


def test_without_spread_the_sign_test_of_people_decides() -> None:
    for n, expected in ((1, 1.0), (2, 0.5), (12, 2**-11)):
        assert ranking.paired_p([0.5, 1.0], [[0.5] * 99, [1.0] * 99], n)[0, 1] == expected
    assert ranking.paired_p([0.5, 0.5], [[0.5] * 99, [0.5] * 99], 12)[0, 1] == 1


def test_few_draws_make_p_larger() -> None:
    value = np.array([0.5, 0.6])
    many, few = (ranking.paired_p(value, drawn([0.5, 0.6], 0.02, n), 1000)[0, 1] for n in (2000, 5))
    assert few > 10 * many


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_closed_test_of_bonferroni(p: list[float]) -> None:
    """Adjusted p of i: the largest over sets containing i of size * smallest p; by sorting, over suffixes."""
    expected = []
    for i in range(len(p)):
        at_least = [q for q in p if q >= p[i]]
        below = sorted(q for q in p if q < p[i])
        steps = [min(1.0, q * (len(p) - k)) for k, q in enumerate(below)]
        expected.append(max([*steps, min(1.0, p[i] * len(at_least))]))
    np.testing.assert_allclose(holm(p), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ranking.rank_sets([], [[]], 9, higher_is_better=True), "values: empty"),
        (
            lambda: ranking.paired_p([1, np.nan], [[1, 2], [1, 2]], 9),
            r"values: 1 of 2 .* first nan at \(1,\)",
        ),
        (lambda: ranking.paired_p([1, 2], [[1, 2]], 9), r"replicates: shape \(1, 2\)"),
        (lambda: ranking.paired_p([1, 2], [[1], [2]], 9), "two draws or more"),
        (lambda: ranking.paired_p([1, 2], [1, 2], 9), r"replicates: shape \(2,\) for values of shape \(2,\)"),
        (lambda: ranking.paired_p([[1], [2]], [[1, 2], [2, 3]], 9), r"for values of shape \(2, 1\)"),
        (lambda: ranking.paired_p([1, 2], [[1, 2], [2, 3]], 0), "n: 0"),
        (lambda: ranking.pareto_front([[1, 2]], [True]), "points: shape"),
        (lambda: ranking.pareto_front([1, 2], [True]), "points: shape"),
    ],
)
def test_bad_input_is_named(call: object, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        call()  # type: ignore[operator]


@pytest.mark.parametrize(("people", "wider"), [(3, 3 / 2), (2, 2.0), (1, 1.0), (100, 100 / 99)])
def test_the_spread_of_few_people_is_widened_by_what_drawing_narrows_it(people: int, wider: float) -> None:
    replicates = np.array([[0.5, 0.6, 0.7], [0.5, 0.5, 0.5]])
    spread, _ = ranking.spread_of_pairs(replicates, people)
    assert spread[0, 1] ** 2 == pytest.approx(0.01 * wider)


def test_a_p_value_is_taken_up_to_one() -> None:
    assert ranking.holm([0.0, 1.0]).tolist() == [0.0, 1.0]
    for wrong in (-0.01, 1.01):
        with pytest.raises(ScoringError, match="p_values"):
            ranking.holm([0.5, wrong])
