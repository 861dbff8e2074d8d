"""Draws of subjects: those of one list are those of `scoring`, and the seed is of the organizer alone."""

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mriprivacy.challenge.compute.engines import Compute
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CHOSEN, Result
from mriprivacy.challenge.evaluation import draws, strongest_attacker
from mriprivacy.challenge.evaluation.draws import both_signs, drawn, secret_seed, strongest_draws
from mriprivacy.challenge.evaluation.metrics import Ask
from mriprivacy.challenge.evaluation.strongest_attacker import _held, rate_strongest
from mriprivacy.scoring import DataError, Estimate, draw_systems
from mriprivacy.scoring.intervals import ListSize, estimate

PEOPLE = np.array([(one, other) for one in range(12) for other in range(12)])
MATED = PEOPLE[:, 0] == PEOPLE[:, 1]
RNG = np.random.default_rng(0)
LISTS = [MATED + RNG.normal(size=144), 0.3 * MATED + RNG.normal(size=144)]
ONE, TWO = Attacker("geo", "ignorant"), Attacker("geo", "informed")


@pytest.fixture
def context(tmp_path: Path) -> SimpleNamespace:
    (tmp_path / "nonce").write_bytes(b"secret")
    return SimpleNamespace(
        trials=SimpleNamespace(mated=MATED, people=PEOPLE),
        protocol=SimpleNamespace(bootstrap=30, bootstrap_seed=5),
        compute=Compute("sequential"),
        sealed=SimpleNamespace(root=tmp_path),
    )


def test_each_list_has_the_draws_it_has_by_itself(context: SimpleNamespace) -> None:
    found = drawn(context, LISTS, 20, 3)  # type: ignore[arg-type]
    assert found.systems == ("0", "1")
    together = draw_systems({"a": LISTS[0], "b": LISTS[1]}, MATED, PEOPLE[:, 0], PEOPLE[:, 1], 20, 3)
    for name, values in together.values.items():
        assert found.values[name] == pytest.approx(values, nan_ok=True)
        assert found.replicates[name] == pytest.approx(together.replicates[name], nan_ok=True)
    assert found.n == together.n


def test_the_seed_is_of_the_nonce(context: SimpleNamespace) -> None:
    digest = hashlib.sha256(b"secretdraws of subjects").hexdigest()
    assert secret_seed(context.sealed) == int(digest[:16], 16)


def test_the_best_of_each_draw_is_of_those_that_count(context: SimpleNamespace) -> None:
    def result(attacker: Attacker, rates: bool = True, trial_list: str = "all") -> SimpleNamespace:
        return SimpleNamespace(attacker=attacker, rates=rates, trial_list=trial_list)

    scores = {ONE: LISTS[0], TWO: LISTS[1]}
    every = drawn(context, LISTS, 30, secret_seed(context.sealed))  # type: ignore[arg-type]
    name = draws.exposure_of(context)  # type: ignore[arg-type]
    both = strongest_draws(context, [result(ONE), result(TWO)], scores)  # type: ignore[arg-type]
    assert set(both) == {"auc", name}
    for figure, values in both.items():
        assert list(values) == every.replicates[figure].max(axis=0).round(4).tolist()
    some = [result(ONE, False), result(TWO), result(ONE, True, "matched")]
    alone = strongest_draws(context, some, scores)  # type: ignore[arg-type]
    assert list(alone["auc"]) == every.replicates["auc"][1].round(4).tolist()
    assert strongest_draws(context, [result(ONE, False)], scores) == {}  # type: ignore[arg-type]
    chosen = strongest_draws(context, [result(ONE), result(TWO), result(ONE, True, CHOSEN)], scores)  # type: ignore[arg-type]
    assert len(chosen["auc"]) == 30
    assert chosen["auc"] != both["auc"]
    assert [one.tolist() for one in both_signs(LISTS)] == [
        one.tolist() for one in (*LISTS, -LISTS[0], -LISTS[1])
    ]


def test_an_interval_of_choices_is_of_people(context: SimpleNamespace) -> None:
    values, size = np.array([0.6, 0.7, 0.8]), ListSize(10, 900)
    assert _held("auc", 0.7, values, size) == estimate("auc", 0.7, values.var() * 10 / 9, size)
    few = SimpleNamespace(**{**vars(context), "trials": SimpleNamespace(mated=MATED[:1], people=PEOPLE[:1])})
    ask = SimpleNamespace(rates=True, scores=LISTS[0][:1])
    assert rate_strongest(few, None, [ask], {}) == ([], None)  # type: ignore[arg-type, list-item]
    assert rate_strongest(context, None, [], {}) == ([], None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("people", "spread"), [(1, 1.0), (5, 1.25), (11, 1.1)])
def test_the_variance_of_draws_is_that_of_one_person_less(people: int, spread: float) -> None:
    """One person alone has no interval, and is no error."""
    values, size = np.array([0.4, 0.6]), ListSize(people, 900)
    found, expected = _held("auc", 0.5, values, size), estimate("auc", 0.5, 0.01 * spread, size)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), nan_ok=True)


def chosen_of(systems: list[Any], *how: Any) -> SimpleNamespace:
    """Choose the last of the attackers as they are for all trials but the first, and with another sign."""
    chosen = np.full(144, len(systems) - 1)
    chosen[:10] = 0
    replicates = {"auc": np.array([0.6, 0.8]), "unknown": np.array([0.1, 0.2])}
    return SimpleNamespace(
        chosen=chosen, scores=LISTS[0], replicates=replicates, asked=(systems, *how),
        same_choice=lambda doubles: doubles[-1],
    )  # fmt: skip


def test_the_chosen_attackers_are_one_result_named_after_the_one_that_is_chosen_most(
    context: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def strongest(*given: Any) -> SimpleNamespace:
        asked.append(given)
        return chosen_of(*given)

    def verification(context: object, submission: object, asks: list[Ask]) -> list[Result]:
        (ask,) = asks
        asked.append(ask)
        figures = {"auc": Estimate(0.7, 0.5, 0.9, 12), "eer": Estimate(0.4, 0.3, 0.5, 12)}
        return [Result(ask.attacker, ask.trial_lists[0], figures, ask.counts, "", rates=ask.rates)]

    monkeypatch.setattr(strongest_attacker, "strongest", strongest)
    monkeypatch.setattr(strongest_attacker, "verification", verification)
    asks = [Ask(ONE, LISTS[0], doppelganger=-LISTS[0]), Ask(TWO, LISTS[1], doppelganger=LISTS[1] + 1)]
    weak = Ask(Attacker("volume", "ignorant"), LISTS[0], rates=False)
    (result,), scores = rate_strongest(context, None, [*asks, weak], {"probes": 9})  # type: ignore[arg-type]
    assert scores is LISTS[0]
    systems, mated, probe, reference, metric, n, seed = asked[0]
    assert [one.tolist() for one in systems] == [one.tolist() for one in both_signs(LISTS)]
    assert (mated is MATED, probe.tolist(), reference.tolist()) == (True, *PEOPLE.T.tolist())
    assert (metric, n, seed) == (draws.exposure_of(context), 30, 5)  # type: ignore[arg-type]
    assert (asked[1].scores is LISTS[0], asked[1].rates) == (True, True)
    assert asked[1].doppelganger.tolist() == (-LISTS[1] - 1).tolist()
    assert (result.attacker, result.trial_list, result.rates) == (TWO, CHOSEN, True)
    assert dict(result.counts) == {"probes": 9, "chosen_from": 2}
    auc, expected = result.figures["auc"], estimate("auc", 0.7, 0.01 * 12 / 11, ListSize(12, 132))
    assert (auc.value, auc.low, auc.high) == pytest.approx((0.7, expected.low, expected.high))
    assert (result.figures["eer"], set(result.figures)) == (Estimate(0.4, 0.3, 0.5, 12), {"auc", "eer"})
    # Where one has no doppelgangers there are none; and where none rates, the choice is from all.
    lone = replace(asks[0], doppelganger=None, rates=False)
    (result,), _ = rate_strongest(context, None, [lone, replace(asks[1], rates=False)], {})  # type: ignore[arg-type]
    assert (asked[-1].doppelganger, asked[-1].rates, dict(result.counts)) == (None, False, {"chosen_from": 2})


@pytest.mark.parametrize(("people", "rated"), [(4, True), (3, False)])
def test_four_people_are_enough_to_choose_by_others(
    people: int, rated: bool, context: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are counted by the probes of mated trials."""
    own = MATED & (PEOPLE[:, 0] < people)
    few = SimpleNamespace(**{**vars(context), "trials": SimpleNamespace(mated=own, people=PEOPLE)})
    result = Result(ONE, CHOSEN, {"auc": Estimate(0.7, 0.5, 0.9, 12)}, {}, "")
    monkeypatch.setattr(strongest_attacker, "strongest", chosen_of)
    monkeypatch.setattr(strongest_attacker, "verification", lambda *_: [result])
    found, scores = rate_strongest(few, None, [Ask(ONE, LISTS[0])], {})  # type: ignore[arg-type]
    assert (len(found), scores is LISTS[0]) == (rated, rated)

    def sparse(*_: object) -> SimpleNamespace:
        raise DataError("no part of the list is left")

    monkeypatch.setattr(strongest_attacker, "strongest", sparse)
    assert rate_strongest(few, None, [Ask(ONE, LISTS[0])], {}) == ([], None)  # type: ignore[arg-type]
