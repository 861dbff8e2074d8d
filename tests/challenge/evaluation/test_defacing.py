"""Who counts, whose scores are turned and what a lost scan costs: of attackers and checks made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.levels import AttackScores, Seen
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Check, Gate, Result
from mriprivacy.challenge.evaluation import defacing
from mriprivacy.challenge.evaluation.checks.audit import EVERYBODY, LINKS
from mriprivacy.challenge.evaluation.metrics import Ask
from mriprivacy.scoring.estimate import Estimate

ONE, TWO, FLAT = Attacker("geo", "ignorant"), Attacker("geo", "informed"), Attacker("volume", "ignorant")
SCORES = np.array([0.0, 1.0])
ATTACKERS = [AttackScores(ONE, SCORES), AttackScores(TWO, SCORES, 7), AttackScores(FLAT, np.zeros(2))]
PASSED, LOST = ImageFeatures(True, "", {}), ImageFeatures(False, "ended the worker", {}, lost=True)


def check(question: str, attacker: Attacker | str, passed: bool = False) -> Check:
    return Check(question, str(attacker), 0.5, 0.4, 0.6, passed)


@pytest.mark.parametrize(
    ("checks", "counting"),
    [
        ([], {ONE, TWO}),
        ([check(LINKS, ONE)], {ONE, TWO}),  # weak beside another one
        ([check(LINKS, ONE), check(LINKS, TWO)], set()),  # all that see anything are weak
        ([check(LINKS, ONE), check("no worse", TWO)], set()),
        ([check("no worse", TWO)], {ONE}),
        ([check("no worse", TWO, True), check(LINKS, ONE, True)], {ONE, TWO}),
        ([check("leak", EVERYBODY)], set()),
        ([check(LINKS, FLAT)], {ONE, TWO}),
    ],
)
def test_who_counts(checks: list[Check], counting: set[Attacker], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that failed the audit or acquired no face does not; a weak one does, beside others."""
    monkeypatch.setattr(defacing, "faceless_references", lambda references, attacker: {"faceless": 3})
    taken = SimpleNamespace(counts=lambda attacker: {"raw": 2})
    asks = defacing._asks(ATTACKERS, checks, {}, taken, {"probes": 9})  # type: ignore[arg-type]
    assert [ask.attacker for ask in asks] == [ONE, TWO, FLAT]
    assert {ask.attacker for ask in asks if ask.rates} == counting
    assert dict(asks[0].counts) == {"probes": 9, "faceless": 3, "raw": 2}
    assert dict(asks[1].counts) == {"probes": 9, "learned_from": 7, "faceless": 3, "raw": 2}


def result(attacker: Attacker, high: float = 0.9, rates: bool = True, trial_list: str = "all") -> Result:
    figures = {"auc": Estimate(high - 0.1, high - 0.2, high, 9)}
    return Result(attacker, trial_list, figures, {}, "", rates=rates)


@pytest.mark.parametrize(
    ("results", "turned"),
    [
        ([result(ONE, 0.49)], True),
        ([result(ONE, 0.5)], False),
        ([result(ONE, 0.4, rates=False)], False),
        ([result(ONE, 0.4, trial_list="matched")], False),
        ([result(TWO, 0.4)], False),
    ],
)
def test_scores_surely_below_chance_are_turned(results: list[Result], turned: bool) -> None:
    double = np.array([5.0, 6.0])
    (ask,), remarks = defacing._reversed([Ask(ONE, SCORES, {"probes": 9}, doppelganger=double)], results)
    sign = -1 if turned else 1
    assert ask.scores.tolist() == (sign * SCORES).tolist()
    assert ask.doppelganger is not None
    assert ask.doppelganger.tolist() == (sign * double).tolist()
    assert dict(ask.counts) == {"probes": 9, **({"sign_reversed": 1} if turned else {})}
    assert len(remarks) == sum(
        one.rates and one.trial_list == "all" and one.figures["auc"].high < 0.5 for one in results
    )
    assert defacing._turned(Ask(ONE, SCORES)).doppelganger is None


@pytest.mark.parametrize(
    ("scans", "references", "passed"),
    [([], [], 8), ([LOST], [], 8), ([LOST] * 3, [], 7), ([LOST] * 2, [LOST], 7), ([LOST] * 11, [], 0)],
)
def test_a_scan_that_ended_a_worker_passes_no_gate(
    scans: list[ImageFeatures], references: list[ImageFeatures], passed: int
) -> None:
    """Of ten scans eight passed; lost ones may be among the two that did not."""
    seen = Seen(
        {"dev": {"ok": PASSED}, "eval": {f"s{i}": one for i, one in enumerate(scans)}},
        {
            ("eval", defacing.DEFACED): {f"r{i}": one for i, one in enumerate(references)},
            ("eval", "raw"): {"photo": LOST},
        },
    )
    gate, lines = defacing._without_lost(Gate(8, 10, 0, 0.0), seen)
    assert gate is not None
    assert gate.passed == passed
    assert len(lines) == bool(scans or references)
    assert all("no pass of the gate" in line and "ended the worker" in line for line in lines)
    assert defacing._without_lost(None, seen) == (None, lines)


def test_images_are_counted_by_what_was_acquired() -> None:
    flat = ImageFeatures(False, "flat", {}, checks={"views_with_face": 1.0, "nose_mm": -9.0})
    counts = defacing._counts([PASSED, LOST, flat, PASSED])
    assert counts == {"probes": 4, "failures_to_acquire": 2, "without_nose": 1}


def test_groups_are_asked_of_the_strongest_attacker_of_each_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that count, on the whole list; groups do not count."""
    masks = dict.fromkeys(("all", "matched", "sex=F", "sex=M"), np.ones(2, bool))
    monkeypatch.setattr(defacing, "trial_masks", lambda context: masks)
    monkeypatch.setattr(defacing, "exposure_of", lambda context: "auc")
    geo, other = Attacker("deepface", "ignorant"), Attacker("deepface", "informed")
    results = [
        result(ONE, 0.7), result(geo, 0.8), result(TWO, 0.95, rates=False), result(other, 0.6),
        result(ONE, 0.99, trial_list="matched"),
    ]  # fmt: skip
    asks = [Ask(one, SCORES + i, doppelganger=SCORES - i) for i, one in enumerate((ONE, geo, TWO, other))]
    found = defacing._by_group(None, asks, results, {"probes": 9})  # type: ignore[arg-type]
    assert [ask.attacker for ask in found] == [geo, other]
    for ask, i in zip(found, (1, 3), strict=True):
        assert ask.scores.tolist() == (SCORES + i).tolist()
        assert ask.doppelganger is not None
        assert ask.doppelganger.tolist() == (SCORES - i).tolist()
        assert list(ask.trial_lists) == ["sex=F", "sex=M"]
        assert not ask.rates
        assert ask.counts == {"probes": 9}


def test_people_agree_in_attributes_that_are_known() -> None:
    sealed = SimpleNamespace(
        subjects={"a": "1", "b": "2", "c": "3"},
        attributes={"a": ("F", "18-29", "n/a"), "b": ("F", "30-44", "n/a"), "c": ("M", "30-44", "asian")},
    )
    pairs = np.array([["1", "1"], ["1", "2"], ["2", "3"], ["1", "3"]])
    context = SimpleNamespace(sealed=sealed, trials=SimpleNamespace(subjects=pairs))
    assert defacing._agreement(context).tolist() == [2, 1, 1, 0]  # type: ignore[arg-type]
