"""Which attackers are run, trained, scored and fused, and on what; every attack is made up."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mriprivacy.baselines.attacks.training.adapted import AdaptedError
from mriprivacy.baselines.attacks.training.informed import InformedError
from mriprivacy.challenge.attackers import cross_fitted, levels
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.levels import (
    FUSED,
    AttackScores,
    Control,
    Seen,
    run_attackers,
    shuffled_key_aucs,
)
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.entry.attacker import Attacker

MATED = np.array([True, False, False, True])
NAN = np.nan
FACE, NONE = ImageFeatures(True, "", {"geo": np.zeros(1)}), ImageFeatures(False, "no face found", {})
DEV, EVAL = {"p0": FACE, "p1": NONE, "p2": FACE}, {"p3": FACE, "p4": FACE}
PHOTOS = {
    (split, condition): {f"r{i}": ImageFeatures(True, condition, {}) for i in numbers}
    for split, numbers in (("dev", (0, 1, 2)), ("eval", (3, 4)))
    for condition in ("raw", "bald")
}
SEEN = Seen({"dev": DEV, "eval": EVAL}, PHOTOS)
DOUBLES = {c: {"r3": ImageFeatures(True, f"double {c}", {})} for c in ("raw", "bald")}
SUBJECTS = {"p0": "r0", "r0": "r0", "p1": "r1", "r1": "r1"}
ONE, OTHER = (Attacker("geo", "informed", target=c) for c in ("raw", "bald"))


def edition(contrast: str = "") -> Any:
    key = {(f"p{i}", f"r{j}"): i == j for i in range(2) for j in range(2)}
    dev = SimpleNamespace(key=key, probes=("p0", "p1"), references=("r0", "r1"))
    trials = tuple((p, r) for p in ("p3", "p4") for r in ("r3", "r4"))
    evaluation = SimpleNamespace(
        trials=trials, probes=("p3", "p4"), references=("r3", "r4"), reference_contrast=contrast
    )
    return SimpleNamespace(dev=dev, eval=evaluation)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """Stubs of all that an attack does, and what each was given."""
    asked: dict[str, list[Any]] = {"linked": [], "train_on": [], "left_out_of": [], "fused": []}
    level = {None: 10.0, "adapted": 20.0, "informed": 30.0}

    def linked(
        attack: str, trials: Any, probes: Any, references: Any, compare: str | None = None
    ) -> np.ndarray:
        assert (attack, trials, probes) == ("geo", edition().eval.trials, EVAL)
        asked["linked"].append(references)
        base = level[compare] + (100 if references is PHOTOS["eval", "bald"] else 0)
        if references in DOUBLES.values():
            return np.array([1.0, NAN, 2.0, 3.0])
        return np.array([base, NAN, base - 1, base + 7])

    def adapt_to(attack: str, probes: Any, references: Any) -> SimpleNamespace:
        assert (attack, probes, references in PHOTOS.values()) == ("geo", DEV, True)
        return SimpleNamespace(similarity="adapted")

    def train_on(attack: str, probes: Any, references: Any, subjects: Any) -> SimpleNamespace:
        asked["train_on"].append((attack, probes, references, subjects))
        return SimpleNamespace(similarity="informed", subjects=8 + len(asked["train_on"]))

    def left_out_of(attack: str, trials: Any, probes: Any, references: Any, subjects: Any) -> Any:
        asked["left_out_of"].append((attack, trials, probes, references, subjects))
        return len(asked["left_out_of"])

    def fused(practice: Any, labels: Any, parts: Any) -> np.ndarray:
        asked["fused"].append((list(practice), list(labels), [one.tolist() for one in parts]))
        return np.array([5.0, NAN, 4.0, 6.0]) + 10 * len(asked["fused"])

    for name, stub in (
        ("linked", linked), ("adapt_to", adapt_to), ("train_on", train_on), ("left_out_of", left_out_of),
        ("_fused", fused), ("make_attack", lambda name: SimpleNamespace(comparable=True)),
    ):  # fmt: skip
        monkeypatch.setattr(levels, name, stub)
    return asked


def run(among: Any = None, control: Control | None = None, contrast: str = "") -> tuple[Any, list[str]]:
    return run_attackers(edition(contrast), Protocol(attacks=["geo"]), SEEN, among, control)


def test_every_level_is_run_in_every_condition_and_fusion_last(calls: dict[str, list[Any]]) -> None:
    found, remarks = run()
    names = [f"geo+{c}/{level}" for c in ("raw", "bald") for level in ("ignorant", "adapted", "informed")]
    assert [str(one.attacker) for one in found] == [*names, "fusion/informed"]
    assert remarks == []
    assert [one.trained_on for one in found] == [0, 2, 9, 0, 2, 10, 10]
    assert all(one.doppelganger is None for one in found)
    lows = [
        np.where(np.isnan(row), np.nanmin(row), row).tolist()
        for base in (10, 20, 30, 110, 120, 130)
        for row in [np.array([base, NAN, base - 1, base + 7])]
    ]
    assert [one.scores.tolist() for one in found] == [*lows, [15, 14, 14, 16]]
    for i, condition in enumerate(("raw", "bald")):
        assert calls["train_on"][i] == ("geo", DEV, PHOTOS["dev", condition], SUBJECTS)
        dev_trials = tuple(edition().dev.key)
        assert calls["left_out_of"][i] == ("geo", dev_trials, DEV, PHOTOS["dev", condition], SUBJECTS)
    (((practice, labels, parts)),) = calls["fused"]
    assert (practice, labels) == ([1, 2], [True, False, False, True])
    assert [(part[0], np.isnan(part[1])) for part in parts] == [(30, True), (130, True)]


def test_doppelgangers_take_the_place_of_the_own_photograph_in_mated_trials(
    calls: dict[str, list[Any]],
) -> None:
    found, _ = run(control=Control(DOUBLES, MATED))
    alone, _ = run()
    for one, other in zip(found, alone, strict=True):
        if one.attacker != FUSED:
            assert one.scores.tolist() == other.scores.tolist()
            low = one.scores[2]  # of the list, where nothing is seen
            assert one.doppelganger.tolist() == [1, 1, low, 3]
    assert [parts for *_, parts in calls["fused"]][1] == [
        pytest.approx([1, NAN, base - 1, 3], nan_ok=True) for base in (30, 130)
    ]
    assert found[-1].scores.tolist() == [15, 14, 14, 16]
    assert found[-1].doppelganger.tolist() == [25, 14, 14, 26]
    shown = [own["r3"].reason for own in calls["linked"][:12]]
    assert shown == ["raw", "double raw"] * 3 + ["bald", "double bald"] * 3


@pytest.mark.parametrize(("among", "fused"), [({ONE}, False), ({ONE, OTHER}, True), (set(), False)])
def test_those_that_are_named_are_fused_if_they_are_two(
    among: set[Attacker], fused: bool, calls: dict[str, list[Any]]
) -> None:
    found, _ = run(among)
    assert len(found) == 6 + fused
    assert len(calls["left_out_of"]) == len(among)
    assert len(calls["fused"]) == fused


@pytest.mark.parametrize(
    ("contrast", "levels_run"), [("", ["informed"]), ("T2w", ["ignorant", "adapted", "informed"])]
)
def test_an_attack_that_compares_no_scan_with_a_photograph_compares_scans(
    contrast: str, levels_run: list[str], calls: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels, "make_attack", lambda name: SimpleNamespace(comparable=False))
    found, _ = run(contrast=contrast)
    assert [one.attacker.level for one in found] == [*levels_run * 2, "informed"]


@pytest.mark.parametrize(
    ("name", "error", "count"), [("adapt_to", AdaptedError, 1), ("train_on", InformedError, 2)]
)
def test_what_could_not_be_trained_is_told_and_the_rest_goes_on(
    name: str,
    error: type[Exception],
    count: int,
    calls: dict[str, list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = getattr(levels, name)

    def too_few(attack: str, probes: Any, references: Any, *more: Any) -> Any:
        if references is PHOTOS["dev", "raw"]:
            raise error("2 people")
        return before(attack, probes, references, *more)

    monkeypatch.setattr(levels, name, too_few)
    found, remarks = run()
    assert remarks == ["geo+raw: not trained to link: 2 people"]
    assert [one.attacker.target for one in found] == ["raw"] * count + ["bald"] * 3


def test_a_fusion_that_could_not_be_trained_is_told(
    calls: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise ValueError("no pairs")

    monkeypatch.setattr(levels, "_fused", none)
    found, remarks = run()
    assert remarks == ["fusion: not trained: no pairs"]
    assert len(found) == 6


def test_splits_of_which_a_name_is_in_both_are_no_edition(calls: dict[str, list[Any]]) -> None:
    for side in ("probes", "references"):
        own = edition()
        setattr(own.eval, side, getattr(own.dev, side)[:1])
        with pytest.raises(AssertionError):
            run_attackers(own, Protocol(attacks=["geo"]), SEEN)


@pytest.mark.parametrize("among", [None, {ONE}, {ONE, OTHER}])
def test_every_shuffled_key_trains_every_attacker_anew_and_their_fusion(
    among: set[Attacker] | None, calls: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its own pairs: p0 has the photograph r1, so that the pair is mated. Seed 9 trains nothing."""
    given, areas = [], []

    def shuffled(subjects: Any, references: Any, seed: int) -> dict[str, str]:
        given.append((subjects, references, seed))
        return {"p0": "r0", "p1": "r1", "r0": "r1", "r1": "r0", "seed": str(seed)}

    train = levels.train_on

    def train_on(attack: str, probes: Any, references: Any, who: Any) -> Any:
        if who["seed"] == "9":
            raise InformedError("too few")
        return train(attack, probes, references, who)

    def compared(attack: str, trials: Any, probes: Any, references: Any, compare: str) -> np.ndarray:
        assert (attack, trials, probes, compare) == ("geo", edition().eval.trials, EVAL, "informed")
        return np.array([3.0, 1.0, NAN, 2.0]) + (references is PHOTOS["eval", "bald"])

    def auc(mated: np.ndarray, nonmated: np.ndarray) -> float:
        areas.append((mated.tolist(), nonmated.tolist()))
        return float(len(areas))

    for name, stub in (("shuffled", shuffled), ("train_on", train_on), ("compared", compared), ("auc", auc)):
        monkeypatch.setattr(levels, name, stub)
    found = shuffled_key_aucs(edition(), Protocol(attacks=["geo"]), SEEN, MATED, [4, 9, 5], among)
    assert given == [(SUBJECTS, {"r0", "r1"}, seed) for seed in (4, 9, 5)]
    both = among is None or len(among) == 2
    assert list(found) == [ONE, OTHER, *([FUSED] if both else [])]
    assert all(len(own) == 2 for own in found.values())
    assert areas[:2] == [([3, 2], [1, 1]), ([4, 3], [2, 2])]
    assert found[ONE].tolist() == [1, 1 + len(found)]
    pairs = [(p, r) for p in ("p0", "p1") for r in ("r0", "r1")]
    assert [one[:4] for one in calls["left_out_of"][:2]] == [
        ("geo", pairs, DEV, PHOTOS["dev", c]) for c in ("raw", "bald")
    ]
    if both:
        (practice, labels, parts), _ = calls["fused"]
        assert (practice, labels) == ([1, 2], [False, True, True, False])
        assert [part[0] for part in parts] == [3, 4]
        assert areas[2] == ([15, 16], [14, 14])


def test_cross_fitted_attackers_are_scored_by_the_key_of_eval_and_lost_faces_lowest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With doppelgangers only mated trials are scored anew, by the same trainings."""
    asked: list[Any] = []

    def cross_fit(
        attack: str, trials: Any, probes: Any, references: Any, subjects: Any, *more: Any, **named: Any
    ) -> Any:
        asked.append((attack, list(trials), probes, references, subjects, more, named))
        if references is PHOTOS["eval", "bald"]:
            raise InformedError("too few")
        found = np.array([3.0, NAN, 1.0, 2.0])[: len(trials)]
        return (found + 10 if named else found), 8

    monkeypatch.setattr(cross_fitted, "cross_fit", cross_fit)
    protocol, own = Protocol(attacks=["geo"]), edition()
    found, remarks = cross_fitted.run_cross_fitted(own, protocol, SEEN, SUBJECTS, Control(DOUBLES, MATED))
    expected = "expected 8 people of eval with faces outside of any two of 6 folds"
    assert remarks == [f"cross-fitted: not trained: geo+bald; {expected}"]
    (one,) = found
    assert str(one.attacker) == "geo+raw/cross-fitted"
    assert (one.scores.tolist(), one.trained_on) == ([3, 1, 1, 2], 8)
    assert one.doppelganger.tolist() == [13, 1, 1, 1]  # nothing is seen of the second and the fourth
    every = list(own.eval.trials)
    assert asked[0] == ("geo", every, EVAL, PHOTOS["eval", "raw"], SUBJECTS, (), {})
    assert asked[1][1] == [every[0], every[3]]
    assert asked[1][2:] == (EVAL, PHOTOS["eval", "raw"], SUBJECTS, (), {"shown": DOUBLES["raw"]})
    alone, _ = cross_fitted.run_cross_fitted(own, protocol, SEEN, SUBJECTS)
    assert alone[0].doppelganger is None
    asked.clear()
    areas = cross_fitted.cross_fitted_shuffled_aucs(own, protocol, SEEN, SUBJECTS, MATED, [4, 5])
    assert [one[-2] for one in asked] == [(4,), (5,)] * 2
    assert {str(one): values.tolist() for one, values in areas.items()} == {
        "geo+raw/cross-fitted": [1.0, 1.0]
    }


@pytest.mark.parametrize(("scores", "differ"), [([1.0, 1.0], False), ([1.0, 1.0 + 1e-12], True)])
def test_scores_that_differ_by_anything_differ(scores: list[float], differ: bool) -> None:
    assert AttackScores(ONE, np.array(scores)).scores_differ == differ
