"""Galleries drawn one by one give what the formula gives; the person who is named is the one that leaks."""

from itertools import combinations

import numpy as np
import pytest

from mriprivacy.challenge.risk.singling_out import (
    FEWEST_TO_NAME,
    choose,
    galleries,
    headline_gallery,
    risk_in_gallery,
    single_out,
    worst_off,
)


def by_hand(row: np.ndarray, own: int, others: list[int], size: int) -> float:
    """The share of galleries in which an own score comes first, each gallery written out; ties at random."""
    found = []
    for gallery in combinations(others, size - 1):
        rivals = row[list(gallery)]
        found.append(0.0 if (rivals > row[own]).any() else 1 / (1 + (rivals == row[own]).sum()))
    return float(np.mean(found))


@pytest.mark.parametrize("size", [2, 5])
@pytest.mark.parametrize("ties", [False, True])
def test_galleries_written_out(size: int, ties: bool) -> None:
    n, rng = 7, np.random.default_rng(size)
    scores = rng.integers(0, 4, (n, n)).astype(float) if ties else rng.normal(size=(n, n))
    found = risk_in_gallery(scores, size)
    people = range(n)
    attack = [by_hand(scores[i], i, [j for j in people if j != i], size) for i in people]
    control = [
        by_hand(scores[i], j, [k for k in people if k not in (i, j)], size)
        for i in people
        for j in people
        if i != j
    ]
    assert found.attack == pytest.approx(np.mean(attack))
    assert found.control == pytest.approx(np.mean(control)) == pytest.approx(1 / size)


def test_scores_that_are_all_the_same_are_chance_and_no_proof_of_safety() -> None:
    found = single_out(np.zeros((24, 24)), [str(i) for i in range(24)])
    assert found.headline.risk.attack == pytest.approx(0.1)
    assert found.headline.risk.risk.value == pytest.approx(0)
    assert found.headline.risk.risk.high > 0.05
    assert found.worst is not None
    assert not found.worst.stands_out


def test_the_curve_falls_where_people_are_found_in_small_galleries_alone() -> None:
    scores = np.random.default_rng(0).normal(size=(200, 200)) + 1.5 * np.eye(200)
    curve = single_out(scores, [str(i) for i in range(200)]).curve
    attacks = [one.risk.attack for one in curve]
    assert [one.gallery for one in curve] == [2, 5, 10, 20, 50, 100]
    assert attacks == sorted(attacks, reverse=True)
    assert all(one.risk.control == pytest.approx(1 / one.gallery) for one in curve)


@pytest.mark.parametrize("n", [12, 40, 200])
def test_a_planted_person_is_named(n: int) -> None:
    scores = np.random.default_rng(n).normal(size=(n, n))
    scores[7, 7] += 9
    worst = worst_off(scores, [f"sub-{i}" for i in range(n)])
    assert worst.person == "sub-7"
    assert worst.stands_out


def test_where_no_person_leaks_one_seldom_stands_out() -> None:
    names = [str(i) for i in range(24)]
    found = [worst_off(np.random.default_rng(k).normal(size=(24, 24)), names).stands_out for k in range(200)]
    assert np.mean(found) < 0.15


def test_the_attacker_that_sees_is_chosen_by_what_it_does_to_other_people() -> None:
    rng = np.random.default_rng(1)
    blind = [rng.normal(size=(24, 24)) for _ in range(4)]
    scores, chosen = choose([*blind, rng.normal(size=(24, 24)) + 6 * np.eye(24)])
    assert set(chosen.tolist()) == {4}
    assert (scores.argmax(axis=1) == np.arange(24)).mean() > 0.9


def test_sizes_of_galleries() -> None:
    assert galleries(4) == (2,)
    assert all(size in galleries(n) for n in range(4, 300) for size in [headline_gallery(n)])


def test_the_interval_is_as_high_as_that_of_any_attacker_and_pays_for_the_choice() -> None:
    rng = np.random.default_rng(4)
    exposed = np.diag([9.0] * 8 + [0.0] * 32)
    blind, seeing = rng.normal(size=(40, 40)), rng.normal(size=(40, 40)) + exposed
    alone, tried = risk_in_gallery(seeing, 20).risk, risk_in_gallery(blind, 20, [blind, seeing]).risk
    assert tried.value == risk_in_gallery(blind, 20).risk.value
    assert risk_in_gallery(blind, 20).risk.high < alone.high
    assert tried.high == alone.high
    three = risk_in_gallery(seeing, 20, [blind, seeing, blind]).risk
    assert 0 < three.low < risk_in_gallery(seeing, 20, [blind, seeing]).risk.low < alone.low
    assert (three.value, three.high) == (alone.value, alone.high)
    assert risk_in_gallery(seeing, 20, [seeing]).risk == alone


def test_a_person_of_fewer_than_eleven_is_not_named_however_exposed() -> None:
    for n in range(4, 14):
        scores = np.random.default_rng(n).normal(size=(n, n))
        scores[2, 2] = 1e6
        worst = single_out(scores, [str(i) for i in range(n)]).worst
        assert (worst is not None) == (n >= FEWEST_TO_NAME)
        assert worst is None or (worst.person, worst.stands_out) == ("2", True)
        assert worst_off(scores, [str(i) for i in range(n)]).stands_out == (n >= FEWEST_TO_NAME)


def test_of_few_people_the_interval_reaches_beyond_the_value() -> None:
    # Own successes come in sevenths, those of the control in sixths: an upper end lay below the value.
    held = 0
    for hospital in range(40):
        rng = np.random.default_rng([321, hospital])
        exposed = rng.random(8) < 0.25
        scores = rng.normal(size=(8, 8)) + np.diag(np.where(exposed, 9.0, 0.0))
        risk = risk_in_gallery(scores, 2).risk
        assert risk.high > risk.value or risk.value == 1
        held += risk.low <= 0.25 <= risk.high
    assert held >= 35
