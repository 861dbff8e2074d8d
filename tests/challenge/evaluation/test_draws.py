"""Draws of subjects: those of one list are those of `scoring`, and the seed is of the organizer alone."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.challenge.compute.engines import Compute
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CHOSEN
from mriprivacy.challenge.evaluation import draws
from mriprivacy.challenge.evaluation.draws import both_signs, drawn, secret_seed, strongest_draws
from mriprivacy.challenge.evaluation.strongest_attacker import _held, rate_strongest
from mriprivacy.scoring import draw_systems
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
