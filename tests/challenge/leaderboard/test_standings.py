from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.leaderboard.standings import Board, board, equal, holm_of_pairs, tiers
from mriprivacy.scoring import Draws, compare
from mriprivacy.scoring.errors import UserError
from tests.helpers.board_entries import draws, made_up


def defacers(*numbers: int) -> list[Entry]:
    return [made_up(number) for number in numbers]


def test_the_order_of_entries_does_not_matter() -> None:
    def seen(found: Board) -> list[tuple[object, ...]]:
        return [(p.entry.system, p.tier, p.rank, p.low, p.high, p.front) for p in found.places]

    first = board(defacers(0, 1, 2), higher_is_better=False)
    for other in permutations(defacers(0, 1, 2)):
        found = board(other, higher_is_better=False)
        assert seen(found) == seen(first)
        assert np.array_equal(found.p_holm, first.p_holm)
        assert np.array_equal(found.draws, first.draws)


def test_ranks_lie_in_their_intervals_and_tiers_are_told_apart_from_their_leader() -> None:
    found = board(defacers(*range(20)), higher_is_better=False)
    ranked = found.ranked
    assert all(place.low <= place.rank <= place.high for place in ranked)
    by_auc = sorted(range(len(ranked)), key=lambda i: ranked[i].rank)
    for earlier, later in pairwise(by_auc):
        assert ranked[earlier].tier <= ranked[later].tier
    leaders = {ranked[i].tier: i for i in reversed(by_auc)}
    for i, place in enumerate(ranked):
        assert i == leaders[place.tier] or found.p_holm[leaders[place.tier], i] >= 0.05


def test_within_a_tier_the_more_useful_stands_first() -> None:
    found = board(defacers(*range(20)), higher_is_better=False).ranked
    for earlier, later in pairwise(found):
        if earlier.tier == later.tier:
            assert earlier.entry.utility["utility"].value >= later.entry.utility["utility"].value


def test_the_front_is_what_nobody_beats_in_both() -> None:
    found = board(defacers(*range(20)), higher_is_better=False).ranked
    points = [(-p.entry.strongest().figures["auc"].value, p.entry.utility["utility"].value) for p in found]
    for place, own in zip(found, points, strict=True):
        beaten = any(a >= own[0] and b >= own[1] and (a, b) != own for a, b in points)
        assert place.front == (not beaten)


def test_what_was_not_measured_is_on_no_front_and_stands_last_in_its_tier() -> None:
    blind = replace(made_up(1), utility={})
    found = board([blind, replace(made_up(2), draws=blind.draws)], higher_is_better=False)
    assert not next(p for p in found.places if p.entry.system == blind.system).front


def test_attacks_are_ranked_the_other_way_round() -> None:
    entries = [made_up(number, "attack") for number in range(6)]
    found = board(entries, higher_is_better=True).places
    values = [place.entry.strongest().figures["auc"].value for place in found]
    assert values[0] == max(values)
    assert found[0].rank == 1


def test_entries_without_draws_are_named() -> None:
    old = [replace(entry, draws=()) for entry in defacers(0, 1)]
    with pytest.raises(UserError, match="evaluate the submission again") as error:
        board([*old, made_up(2)], higher_is_better=False)
    assert len(error.value.problems) == 2


def test_one_system_is_a_tier_and_a_front() -> None:
    (place,) = board(defacers(3), higher_is_better=False).places
    assert (place.tier, place.rank, place.low, place.high, place.front) == (1, 1, 1, 1, True)


def test_constant_systems_are_not_told_apart_from_themselves() -> None:
    p = equal(np.array([0.5, 0.5, 0.9]), np.array([[0.5] * 99, [0.5] * 99, [0.9] * 99]), 12)
    assert p[0, 1] == 1
    assert p[0, 2] < 1e-9
    assert tiers(np.array([0.5, 0.5, 0.9]), p).tolist() == [1, 1, 2]


def test_the_t_test_agrees_with_counting_draws_where_that_can_tell() -> None:
    drawn = np.array([draws(0.6, 1), draws(0.63, 2), draws(0.66, 3)])
    values = {"auc": np.array([0.6, 0.63, 0.66])}
    counted = compare(Draws(("a", "b", "c"), values, {"auc": drawn}, 1000), "auc")
    ours = holm_of_pairs(equal(values["auc"], drawn, 1000))[np.triu_indices(3, 1)]
    assert [c.p_holm for c in counted] == pytest.approx(ours.tolist(), abs=0.05)


def test_a_hundred_systems_can_be_told_apart() -> None:
    """A thousand draws can count to p = 0.002 at best: times fifty, no two would differ."""
    values = np.linspace(0.5, 0.9, 60)
    drawn = np.array([draws(float(value), i) for i, value in enumerate(values)])
    assert max(tiers(values, equal(values, drawn, 40))) > 2
