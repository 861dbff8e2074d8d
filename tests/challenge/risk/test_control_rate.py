"""The interval of a risk, against binomials written out; few people and odd controls."""

from math import comb

import numpy as np
import pytest

from mriprivacy.challenge.risk.control_rate import controlled_risk, of_several


def unified(k: int, n: int, chance: float, level: float = 0.95) -> tuple[float, float]:
    """The interval for k of n by likelihood ratio with mid-p, every outcome written out."""
    risks = [i / 1000 for i in range(1001)]

    def outcomes(risk: float) -> list[float]:
        p = risk + (1 - risk) * chance
        return [comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(n + 1)]

    best = [max(column) for column in zip(*map(outcomes, risks), strict=True)]
    kept = []
    for risk in risks:
        found = outcomes(risk)
        ratio = [a / b for a, b in zip(found, best, strict=True)]
        before = sum(p for p, r in zip(found, ratio, strict=True) if r > ratio[k] * (1 + 1e-9))
        same = sum(p for p, r in zip(found, ratio, strict=True) if abs(r - ratio[k]) <= ratio[k] * 1e-9)
        if before + same / 2 < level:
            kept.append(risk)
    return (kept[0], kept[-1]) if kept else (0.0, 0.0)


@pytest.mark.parametrize(("k", "n", "chance"), [(3, 12, 0.25), (0, 12, 0.25), (9, 12, 0.5), (12, 12, 0.5)])
def test_the_interval_is_that_of_binomials_written_out(k: int, n: int, chance: float) -> None:
    control = np.array([1.0] * round(chance * 20) + [0.0] * round((1 - chance) * 20))
    found = controlled_risk(np.array([1.0] * k + [0.0] * (n - k)), control)
    low, high = unified(k, n, chance)
    value = max(0.0, (k / n - chance) / (1 - chance))
    assert found.risk.low == pytest.approx(min(low, value), abs=0.0026)
    assert found.risk.high == pytest.approx(max(high, value), abs=0.0026)


def test_attack_and_control_are_shares_and_the_risk_is_what_is_beyond() -> None:
    found = controlled_risk(np.array([1.0, 1, 0, 0]), np.array([0.25]))
    assert (found.attack, found.control) == (0.5, 0.25)
    assert found.risk.value == pytest.approx(1 / 3)


def test_no_success_is_no_risk_but_no_proof_of_none() -> None:
    risks = [controlled_risk(np.zeros(n), np.array([0.1])).risk for n in (12, 40, 200)]
    assert [risk.value for risk in risks] == [0, 0, 0]
    assert all(risk.low == 0 for risk in risks)
    assert risks[0].high > risks[1].high > risks[2].high > 0


def test_more_people_narrow_the_interval() -> None:
    widths = []
    for n in (12, 48, 192, 3000):
        risk = controlled_risk(np.array([1.0, 0, 0, 0] * (n // 4)), np.array([0.0])).risk
        assert risk.low < 0.25 < risk.high
        widths.append(risk.high - risk.low)
    assert widths == sorted(widths, reverse=True)


def test_few_people_and_a_control_that_is_always_right_have_no_interval() -> None:
    assert controlled_risk(np.ones(3), np.array([0.2])).risk.needs == "4 people, there are 3"
    certain = controlled_risk(np.ones(9), np.ones(9)).risk
    assert not certain.known
    assert certain.needs == "a control that is not always right"


def test_everybody_found_reaches_one() -> None:
    risk = controlled_risk(np.ones(24), np.array([0.1])).risk
    assert risk.high == risk.value == 1
    assert risk.low > 0.8


@pytest.mark.long
def test_where_no_attack_sees_anything_the_best_of_many_seldom_lies_above_0() -> None:
    rng, control = np.random.default_rng(2), np.array([1.0, 0, 0, 0])
    one, best = 0, 0
    for _ in range(200):
        success = (rng.random((8, 24)) < 0.25).astype(float)
        alone = [controlled_risk(own, control) for own in success]
        several = [controlled_risk(own, control, len(success)) for own in success]
        one += any(own.beyond_chance for own in alone)
        best += max((of_several(own, several) for own in several), key=lambda r: r.risk.value).beyond_chance
    assert one > 40  # of eight at 95 % each, a third
    assert best <= 18  # 5 % of 200 is 10; more than 18 in one of 100


def test_the_strongest_of_several_is_held_though_another_was_chosen() -> None:
    control = np.full(40, 0.1)
    seeing, blind = np.array([1.0] * 10 + [0.1] * 30), np.full(40, 0.1)
    tried = [controlled_risk(own, control, 2) for own in (blind, seeing)]
    risk = of_several(tried[0], tried).risk
    assert risk.value == pytest.approx(0)
    assert risk.low <= risk.value
    assert risk.high == tried[1].risk.high > 0.25
