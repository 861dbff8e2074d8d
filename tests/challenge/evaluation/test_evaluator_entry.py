"""What an entry takes from the judgement, the submission and the edition; no system is judged."""

import time
import warnings
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from mriprivacy.challenge.edition.defaced import Defaced
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Check, Gate, Result
from mriprivacy.challenge.evaluation import evaluator
from mriprivacy.challenge.evaluation.context import Evaluation, Judged, timed
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.scoring import SmallSampleWarning
from mriprivacy.scoring.estimate import Estimate

ONE = Attacker("geo", "ignorant")
HALF = Estimate(0.5, 0.4, 0.6, 9)
DESCRIPTION = {
    "synthetic": True, "licence": "CC0", "citation": "cite", "supersedes": "older", "released": "2026-01-31",
    "doi": "10.1/edition",
}  # fmt: skip


def context(description: dict[str, Any]) -> Any:
    edition = SimpleNamespace(name="synth/1", hash="ab" * 32, description=description)
    return SimpleNamespace(edition=edition, protocol=SimpleNamespace(attacks=["geo"], brain_engine="builtin"))


def submission(track: str = "defacing") -> Any:
    return SimpleNamespace(
        track=track, team="team", system="system", description="A line.", sha256="cd" * 32, doi="10.1/mine",
        orcids="0000", draw_of="first", warnings=("intake\nnoted",),
    )  # fmt: skip


JUDGED = Judged(
    results=[Result(ONE, "all", {"auc": HALF}, {}, "")],
    remarks=["told\ttwice"],
    scores={ONE: np.zeros(2)},
    chosen=np.ones(2),
    seconds={"figures": 1.26, "audit": 0.04},
    gate=Gate(1, 2, 0, 0.5),
    checks=[Check("question", "geo/ignorant", 0.5, 0.4, 0.6, True)],
    utility={"utility": HALF},
    face={"kept_share": HALF},
    presence={"whole": 3},
    games=["a\ngame"],
    images={"defaced": {}},
)


def evaluated(
    monkeypatch: pytest.MonkeyPatch, description: dict[str, Any], track: str, paired: bool = True
) -> tuple[Evaluation, list[Any]]:
    asked = []

    def judge(context: object, submission: object) -> Judged:
        # Sums of several threads may differ in the last bit.
        assert {one["num_threads"] for one in threadpool_info()} == {1}
        for _ in range(2):
            warnings.warn("few people", SmallSampleWarning, stacklevel=1)
        warnings.warn("of a library", RuntimeWarning, stacklevel=1)
        return JUDGED

    def draws(context: object, results: object, scores: object) -> dict[str, tuple[float, ...]]:
        asked.append((results is JUDGED.results, scores is JUDGED.scores))
        return {"auc": (0.5, 0.6), "partial_auc": (0.1, 0.2), "people_found_any": (9.0,)}

    monkeypatch.setattr(evaluator, "_judge", judge)
    monkeypatch.setattr(evaluator, "strongest_draws", draws)
    monkeypatch.setattr(evaluator, "exposure_of", lambda context: "partial_auc")
    return evaluate(context(description), submission(track), paired), asked


def test_an_entry_says_what_was_found_sent_and_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = evaluated(monkeypatch, DESCRIPTION, "defacing")
    entry = found.entry
    assert (found.scores, found.images) == (JUDGED.scores, JUDGED.images)
    assert found.chosen is JUDGED.chosen
    assert asked == [(True, True)]
    assert (entry.edition, entry.edition_hash, entry.synthetic) == ("synth/1", "ab" * 32, True)
    assert (entry.track, entry.team, entry.system, entry.description) == (
        "defacing", "team", "system", "A line."
    )  # fmt: skip
    assert (entry.submission_sha256, entry.doi, entry.orcids) == ("cd" * 32, "10.1/mine", "0000")
    assert (entry.draw_of, entry.kit) == ("first", version("mriprivacy"))
    assert (list(entry.results), list(entry.checks)) == (JUDGED.results, JUDGED.checks)
    assert (entry.gate, entry.utility, entry.face, entry.presence) == (
        JUDGED.gate, JUDGED.utility, JUDGED.face, JUDGED.presence
    )  # fmt: skip
    assert entry.seconds == {"figures": 1.3, "audit": 0.0}
    assert len(entry.warnings) == 3  # the two of one text once, that of a library not
    assert [line[:3] for line in entry.warnings] == ["int", "tol", "few"]
    assert not any("\n" in line for line in (*entry.warnings, *entry.games))
    assert len(entry.games) == 1
    assert (entry.draws, entry.exposure, entry.exposure_draws) == ((0.5, 0.6), "partial_auc", (0.1, 0.2))
    assert (entry.licence, entry.citation, entry.supersedes) == ("CC0", "cite", "older")
    assert (entry.released, entry.edition_doi, entry.defaced) == ("2026-01-31", "10.1/edition", None)


def test_what_is_not_declared_is_empty_and_attributes_have_no_exposure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = evaluated(monkeypatch, {}, "attributes")[0].entry
    assert (entry.synthetic, entry.exposure, entry.exposure_draws) == (False, "", ())
    declared = (entry.licence, entry.citation, entry.supersedes, entry.released, entry.edition_doi)
    assert declared == ("",) * 5


def test_an_entry_that_is_not_compared_in_pairs_needs_no_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = evaluated(monkeypatch, DESCRIPTION, "attack", paired=False)
    assert (asked, found.entry.draws, found.entry.exposure_draws) == ([], (), ())
    assert found.entry.exposure == "partial_auc"


@pytest.mark.parametrize("paired", [True, False])
def test_whose_scans_are_attacked_is_told_with_the_code_of_those_figures_if_compared(
    paired: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = Defaced("synth/1", "ab" * 32, "team", "system", "cd" * 32)
    monkeypatch.setattr(Defaced, "of_edition", lambda description: of)
    monkeypatch.setattr(evaluator, "result_code", lambda *given: " ".join(map(str, given)))
    found = evaluator._defaced(context({}), paired)
    assert found is not None
    assert found.code == ("defacing ['geo'] builtin" if paired else of.code)
    monkeypatch.setattr(Defaced, "of_edition", lambda description: None)
    assert evaluator._defaced(context({}), paired) is None


@pytest.mark.parametrize(("high", "told"), [(0.49, True), (0.5, False), (0.6, False)])
def test_scores_surely_below_chance_are_taken_for_distances(
    high: float, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Result(ONE, "all", {"auc": Estimate(0.3, 0.1, high, 9)}, {}, "")
    other = Result(ONE, "matched", {"auc": Estimate(0.3, 0.1, 0.4, 9)}, {}, "")
    strangers = Result(ONE, "distractors", {}, {}, "", rates=False)
    monkeypatch.setattr(evaluator, "verification", lambda *_: [own, other])
    monkeypatch.setattr(evaluator, "against_distractors", lambda *_: [strangers])
    sent = SimpleNamespace(system="mine", scores=[1.0, 2.0])
    found = evaluator._judge_attack(None, sent)  # type: ignore[arg-type]
    assert list(found.results) == [own, other, strangers]
    assert len(found.remarks) == told
    assert all("AUC is 0.30 [0.10, 0.49], below chance" in line for line in found.remarks)
    ((attacker, scores),) = found.scores.items()
    assert (str(attacker), scores.tolist()) == ("mine/submitted", [1.0, 2.0])
    assert list(found.seconds) == ["figures"]


def test_attributes_of_fewer_than_two_people_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def scored(context: object, submission: object, attacker: Attacker, predicted: dict[str, str]) -> Any:
        asked[str(attacker)] = predicted
        return None if attacker.attack == "age_group" else Result(attacker, "probes", {}, {}, "")

    asked: dict[str, dict[str, str]] = {}
    monkeypatch.setattr(evaluator, "scored_predictions", scored)
    sent = SimpleNamespace(
        attributes={"p": Attributes("F", "60+", "asian"), "q": Attributes("M", "60+", "x")}
    )
    found = evaluator._judge_attributes(None, sent)  # type: ignore[arg-type]
    assert [result.name for result in found.results] == ["sex", "ethnicity"]
    assert found.remarks == ["age_group: known of fewer than two people of eval; not scored"]
    assert asked == {
        "sex/submitted": {"p": "F", "q": "M"},
        "age_group/submitted": {"p": "60+", "q": "60+"},
        "ethnicity/submitted": {"p": "asian", "q": "x"},
    }


def test_a_step_is_timed_by_the_clock() -> None:
    made, seconds = timed("step", lambda wait, then: time.sleep(wait) or then, 0.02, then="made")
    assert made == "made"
    assert list(seconds) == ["step"]
    assert 0.02 <= seconds["step"] < 20  # whatever else the machine does
