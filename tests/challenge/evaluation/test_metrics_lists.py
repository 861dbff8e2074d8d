"""What is scored of each score list, and how results are put together; scoring itself is made up."""

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mriprivacy.challenge.compute.engines import Compute
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.evaluation import draws, metrics
from mriprivacy.challenge.evaluation.metrics import (
    Ask,
    ScoreList,
    against_distractors,
    reported,
    verification,
)
from mriprivacy.scoring import SmallSampleWarning
from mriprivacy.scoring.estimate import Estimate

ONE, TWO = Attacker("geo", "ignorant"), Attacker("geo", "informed")
MATED = np.array([True, False, False, True, False])
PEOPLE = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, 2]])
PROBES = np.array([0, 0, 1, 1, 1])
SCORES = np.array([5.0, 1.0, 2.0, 6.0, 3.0])
NOTHING = Estimate(np.nan, np.nan, np.nan, 9, "1,000 non-mated trials")
ALL, WOMEN = np.ones(5, bool), np.array([True, True, False, False, False])


def report(n: int = 2) -> Any:
    figures = {"auc": Estimate(0.7, 0.6, 0.8, 9), "tmr_at_fmr_1pct": NOTHING}
    return SimpleNamespace(n_mated=n, n_nonmated=3, n_subjects=4, estimates=lambda: figures)


def context() -> Any:
    return SimpleNamespace(
        trials=SimpleNamespace(mated=MATED, people=PEOPLE, probes=PROBES),
        protocol=SimpleNamespace(bootstrap=200, bootstrap_seed=7),
        compute=Compute("sequential"),
    )


def test_every_list_is_scored_by_its_own_trials_and_groups_at_the_threshold_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A list that is not there is left out. Of three non-mated trials none may be accepted, so it is 5."""
    jobs: list[ScoreList] = []
    monkeypatch.setattr(
        metrics, "trial_masks", lambda context: {"all": ALL, "matched": ~WOMEN, "sex=F": WOMEN}
    )
    monkeypatch.setattr(metrics, "_signature", lambda c, s, attacker, name: f"{attacker} {name}")
    monkeypatch.setattr(
        metrics, "reported", lambda own, label, compute: jobs.extend(own) or list(map(of, own))
    )

    def of(job: ScoreList) -> Any:
        return report(int(job.mated.sum()))

    monkeypatch.setattr(metrics, "_identity", lambda job: {"identity": NOTHING, "auc_doppelganger": HALF})
    double = np.array([4.0, 1.0, 2.0, 3.0, 3.0])
    asks = [
        Ask(ONE, SCORES, {"probes": 9, "subjects": 8}, ["sex=F", "all", "sex=X"], doppelganger=double),
        Ask(TWO, -SCORES, rates=False),
    ]
    found = verification(context(), None, asks)  # type: ignore[arg-type]
    assert [(one.attacker, one.trial_list, one.rates) for one in found] == [
        (ONE, "sex=F", True), (ONE, "all", True), (TWO, "all", False), (TWO, "matched", False)
    ]  # fmt: skip
    assert [one.signature for one in found] == [f"{one.attacker} {one.trial_list}" for one in found]
    assert [dict(one.counts) for one in found[:2]] == [
        {"mated": m, "nonmated": 3, "subjects": 8, "probes": 9} for m in (1, 2)
    ]
    assert dict(found[2].counts) == {"mated": 2, "nonmated": 3, "subjects": 4}
    assert all(set(one.figures) == {"auc", "auc_doppelganger"} for one in found)  # what is known
    assert [job.threshold for job in jobs] == [5.0, None, None, None]
    women, every, _, matched = jobs
    assert (women.scores.tolist(), women.doppelganger.tolist()) == ([5, 1], [4, 1])  # type: ignore[union-attr]
    assert (women.people.tolist(), women.probes.tolist()) == ([[0, 0], [0, 1]], [0, 0])
    assert women.mated.tolist() == [True, False]
    assert every.doppelganger.tolist() == double.tolist()  # type: ignore[union-attr]
    assert (matched.scores.tolist(), matched.doppelganger) == ([-2, -6, -3], None)
    assert {(job.draws, job.seed) for job in jobs} == {(200, 7)}


HALF = Estimate(0.5, 0.4, 0.6, 9)


def test_a_score_list_is_scored_by_both_people_of_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        metrics, "score_trials", lambda *given, **more: asked.append((given, more)) or "report"
    )
    job = ScoreList(SCORES, MATED, PEOPLE, PROBES, 11, 12, 0.5, SCORES + 1)
    assert metrics._score(job) == ("report", [])
    (((scores, mated, probe, reference, n, seed), more),) = asked
    assert (scores is SCORES, mated is MATED, n, seed) == (True, True, 11, 12)
    assert (probe.tolist(), reference.tolist()) == ([0, 0, 1, 1, 1], [0, 1, 0, 1, 2])
    assert (more["probes"] is PROBES, more["threshold"]) == (True, 0.5)
    pair = SimpleNamespace(auc_doppelganger="control", identity="lacks")
    monkeypatch.setattr(metrics, "score_identity", lambda *given: asked.append(given) or pair)
    assert metrics._identity(job) == {"auc_doppelganger": "control", "identity": "lacks"}
    scores, double, mated, probe, reference, n, seed = asked[1]
    assert (scores is SCORES, double.tolist(), mated is MATED, n, seed) == (
        True, (SCORES + 1).tolist(), True, 11, 12
    )  # fmt: skip
    assert (probe.tolist(), reference.tolist()) == ([0, 0, 1, 1, 1], [0, 1, 0, 1, 2])
    assert metrics._identity(ScoreList(SCORES, MATED, PEOPLE, PROBES, 1, 1)) == {}


def test_warnings_of_workers_are_given_once_more_where_figures_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def score(*_: object, **__: object) -> str:
        warnings.warn("few", SmallSampleWarning, stacklevel=1)
        warnings.warn("of a library", RuntimeWarning, stacklevel=1)
        return "report"

    monkeypatch.setattr(metrics, "score_trials", score)
    job = ScoreList(SCORES, MATED, PEOPLE, PROBES, 1, 1)
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        assert reported([job, job], "figures", Compute("sequential")) == ["report"] * 2
    told = [one for one in noted if one.category is SmallSampleWarning]
    assert [str(one.message) for one in told] == ["few", "few"]
    assert {one.filename for one in told} == {__file__}


def test_workers_are_asked_for_by_all_scores_in_all_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(metrics, "worth", lambda compute, n: asked.append(n) or compute)
    monkeypatch.setattr(draws, "worth", lambda compute, n: asked.append(n) or compute)
    lists = [ScoreList(SCORES, MATED, PEOPLE, PROBES, n, 1) for n in (10, 20)]
    metrics._enough(Compute("sequential"), lists)
    draws.drawn(context(), [SCORES, SCORES, SCORES], 7, 1)
    assert asked == [5 * 10 + 5 * 20, 3 * 5 * 7]


def test_mated_trials_meet_strangers_in_a_list_of_their_own_by_which_nobody_is_ranked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(
        metrics, "score_trials", lambda *given, **more: asked.append((given, more)) or report(4)
    )
    monkeypatch.setattr(metrics, "_signature", lambda c, s, attacker, name: name)
    subjects = {"p": "s1", "q": "s2", "r": "s1", "t": "s2", "d": "x1", "e": "x2"}
    own = context()
    pairs = (("p", "r"), ("p", "t"), ("q", "r"), ("q", "t"))
    own.trials = SimpleNamespace(
        pairs=pairs,
        mated=np.array([True, False, False, True]),
        subjects=np.array([[subjects[one] for one in pair] for pair in pairs]),
    )
    own.sealed = SealedKey(None, {}, {}, subjects)  # type: ignore[arg-type]
    strangers = (("p", "d"), ("q", "d"), ("q", "e"))
    own.edition = SimpleNamespace(eval=SimpleNamespace(distractor_trials=strangers))
    sent = SimpleNamespace(distractor_scores=[0.1, 0.2, 0.3])
    (found,) = against_distractors(own, sent, Ask(ONE, np.array([5.0, 1.0, 2.0, 6.0]), {"probes": 2}))
    ((scores, mated, probe, reference, n, seed), more), *_ = asked
    assert scores.tolist() == [5, 6, 0.1, 0.2, 0.3]
    assert mated.tolist() == [True, True, False, False, False]
    assert probe.tolist() == ["s1", "s2", "s1", "s2", "s2"]
    assert reference.tolist() == ["s1", "s2", "x1", "x1", "x2"]
    assert more["probes"].tolist() == ["p", "q", "p", "q", "q"]
    assert (n, seed) == (200, 7)
    assert (found.trial_list, found.rates, found.signature) == ("distractors", False, "distractors")
    assert dict(found.counts) == {"mated": 4, "nonmated": 3, "subjects": 4, "probes": 2}
    own.edition.eval.distractor_trials = ()
    assert against_distractors(own, sent, Ask(ONE, SCORES)) == []


@pytest.mark.parametrize(
    ("track", "attacker", "trial_list", "suffix", "network"),
    [
        ("defacing", "deepface(Dlib)+raw/informed", "all", "", "signed"),
        ("defacing", "deepface(Dlib)+raw/informed", "sex=F", ",sex=F", "signed"),
        ("defacing", "volume+sex/informed", "probes", "", ""),
        ("defacing", "volume+sex/informed", "undefaced", ",undefaced", ""),
        ("defacing", "volume+sex/informed", "photo", ",photo", "signed"),
        ("defacing", "volume+raw/informed", "all", "", "signed"),
        ("defacing", "geo+sex/informed", "probes", "", "signed"),
        ("attack", "mine/submitted", "matched", ",matched", "sent"),
    ],
)
def test_a_signature_names_the_list_and_the_networks_that_were_asked(
    track: str, attacker: str, trial_list: str, suffix: str, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outlines of scans are read without a network; what others send is named by themselves."""
    monkeypatch.setattr(metrics, "attacks_of", lambda protocol: "attacks")
    monkeypatch.setattr(
        metrics, "signed", lambda one, attacks: Attacker(one.attack, one.level, "signed", one.target)
    )
    monkeypatch.setattr(metrics, "result_code", lambda *given: "abcd")
    own = context()
    own.protocol.attacks, own.protocol.brain_engine = ["geo"], "builtin"
    own.edition = SimpleNamespace(name="synth/1", hash="0123456789")
    sent = SimpleNamespace(track=track, team="team", system="system", networks="sent")
    one = Attacker.parse(attacker)
    found = metrics._signature(own, sent, one, trial_list)
    named = Attacker(one.attack, one.level, network or one.network, one.target)
    assert f"ed:synth/1@01234567 | tr:{track}/eval{suffix} | att:{named} | " in found
    assert "ci:subject-bootstrap,200" in found
    assert "sys:team/system" in found
