from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.leaderboard.standings import Board, board
from mriprivacy.scoring.errors import UserError
from tests.helpers.board_entries import estimate, made_up


def defacers(*numbers: int) -> list[Entry]:
    return [made_up(number) for number in numbers]


def auc(entry: Entry) -> float:
    return entry.strongest().figures["auc"].value


def with_auc(entry: Entry, value: float, spread: float, seed: int) -> Entry:
    """The same entry with this AUC, and draws of its own around it."""
    first, *others = entry.results
    first = replace(first, figures={**first.figures, "auc": estimate(value, 2 * spread)})
    draws = value + spread * np.random.default_rng(seed).normal(size=1000)
    weak = [replace(one, rates=False) for one in others]
    return replace(entry, results=(first, *weak), draws=tuple(draws.clip(0, 1).round(4).tolist()))


def test_the_order_of_entries_does_not_matter() -> None:
    def seen(found: Board) -> list[tuple[object, ...]]:
        return [(p.entry.system, p.rank, p.low, p.high, p.front) for p in found.places]

    first = board(defacers(0, 1, 2))
    for other in permutations(defacers(0, 1, 2)):
        found = board(other)
        assert seen(found) == seen(first)
        assert np.array_equal(found.p_holm, first.p_holm)


def test_sets_of_ranks_count_significant_pairs() -> None:
    ranked = (found := board(defacers(*range(20)))).ranked
    for i, place in enumerate(ranked):
        apart = [j for j in range(len(ranked)) if found.p_holm[i, j] < 0.05]
        better = sum(auc(ranked[j].entry) < auc(place.entry) for j in apart)
        assert (place.low, place.high) == (1 + better, len(ranked) - len(apart) + better)
        assert place.low <= place.rank <= place.high
    assert [place.rank for place in ranked] == sorted(place.rank for place in ranked)


def test_privacy_stands_first_and_utility_decides_between_equals_alone() -> None:
    a, b, c = defacers(0, 1, 2)
    equal = [with_auc(a, 0.6, 0.1, 0), with_auc(b, 0.6, 0.1, 1), with_auc(c, 0.59, 0.1, 2)]
    places = board(equal).places
    assert places[0].entry.system == c.system
    assert places[1].entry.utility["utility"].value >= places[2].entry.utility["utility"].value
    assert [place.rank for place in places] == [1, 2, 2]


def test_an_irrelevant_entry_reorders_nothing() -> None:
    """A .55, B .60 and C .65 stood in tiers 1, 2, 3; with X at .54 all four were one tier, and C led it."""
    a, b, c, x = defacers(0, 1, 2, 3)
    three = [with_auc(a, 0.55, 0.006, 0), with_auc(b, 0.6, 0.006, 1), with_auc(c, 0.65, 0.006, 2)]
    before = board(three)
    assert [place.ranks for place in before.places] == ["1", "2", "3"]
    after = board([*three, with_auc(x, 0.54, 0.2, 3)])
    assert [p.entry.system for p in after.places] == [x.system, a.system, b.system, c.system]
    assert [place.ranks for place in after.places] == ["1-4", "1-2", "2-3", "3-4"]
    assert (after.p_holm[1:, 1:][np.triu_indices(3, 1)] < 0.05).all()


def test_the_front_is_what_no_system_beats_in_both() -> None:
    found = (whole := board(defacers(*range(20)))).ranked
    utility = [place.entry.utility["utility"] for place in found]
    points = [(-auc(p.entry), own.value) for p, own in zip(found, utility, strict=True)]
    seen = set()
    for i, place in enumerate(found):
        beaten = any(a >= points[i][0] and b >= points[i][1] and (a, b) != points[i] for a, b in points)
        surely = any(
            whole.p_holm[i, j] < 0.05 and points[j][0] > points[i][0] and utility[j].low > utility[i].high
            for j in range(len(found))
        )
        assert place.front == ("★" if not beaten else "" if surely else "☆")
        seen.add(place.front)
    assert seen == {"★", "☆", ""}


def test_what_was_not_measured_is_on_no_front() -> None:
    blind = replace(made_up(1), utility={})
    found = board([blind, replace(made_up(2), draws=blind.draws)])
    assert not next(p for p in found.places if p.entry.system == blind.system).front


def test_attacks_are_ranked_the_other_way_round() -> None:
    found = board([made_up(number, "attack") for number in range(6)]).places
    values = [auc(place.entry) for place in found]
    assert values == sorted(values, reverse=True)
    assert found[0].rank == 1


def test_entries_without_draws_are_named() -> None:
    old = [replace(entry, draws=()) for entry in defacers(0, 1)]
    with pytest.raises(UserError, match="evaluate the submission again") as error:
        board([*old, made_up(2)])
    assert len(error.value.problems) == 2


def test_one_system_has_one_rank_and_is_the_front() -> None:
    (place,) = board(defacers(3)).places
    assert (place.ranks, place.rank, place.front) == ("1", 1, "★")


def test_sixty_systems_can_differ_significantly() -> None:
    """A thousand draws can count to p = 0.002 at best: times 1,770 pairs, no two would differ."""
    values = np.linspace(0.5, 0.9, 60)
    found = board([with_auc(made_up(i), float(v), 0.02, i) for i, v in enumerate(values) if i % 9 != 8])
    assert max(place.low for place in found.ranked) > 20
