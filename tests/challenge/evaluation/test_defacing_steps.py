"""What each step of an evaluation is given, and where its results go; every step is made up."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.levels import FUSED, AttackScores, Control, Seen
from mriprivacy.challenge.attackers.photographs import Photographs
from mriprivacy.challenge.compute.engines import Compute
from mriprivacy.challenge.edition.protocol import Protocol, Rendering
from mriprivacy.challenge.edition.public import Edition, Split
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Check, Gate, Result
from mriprivacy.challenge.evaluation import defacing
from mriprivacy.challenge.evaluation.checks.audit import LINKS
from mriprivacy.challenge.evaluation.checks.brain_gate import Gated
from mriprivacy.challenge.evaluation.checks.face_presence import FacesLeft
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.scoring.estimate import Estimate

IGNORANT, INFORMED = Attacker("geo", "ignorant", target="raw"), Attacker("geo", "informed", target="raw")
CROSSED = Attacker("geo", "cross-fitted", target="raw")
MATED = np.array([True, False, False, True])
LAY = {"p0": np.diag([1.0, 1, 1.1, 1]), "r3": np.diag([1.0, 1, 0.9, 1]), "gone": np.eye(4)}


def split(name: str, number: int, contrast: str = "") -> Split:
    """Two probes and two references, p0, p1, r0 and r1 of dev, of eval p2 and so on."""
    probes, references = (tuple(f"{side}{number + i}" for i in range(2)) for side in "pr")
    pairs = tuple((p, r) for p in probes for r in references)
    return Split(name, Path(name), "T1w", probes, references, pairs, {}, {}, contrast)


def edition(contrast: str = "") -> Edition:
    conditions = ["raw"] if contrast else ["raw", "bald"]
    dev, evaluation = split("dev", 0, contrast), split("eval", 2, contrast)
    return Edition(Path("public"), {"id": "x", "version": "1", "conditions": conditions}, dev, evaluation)


def context(
    doubles: dict[str, dict[str, Path]] | None = None, contrast: str = "", rehearsal: bool = False
) -> Any:
    subjects = {f"{side}{i}": f"s{i}" for side in "pr" for i in range(4)}
    sealed = SimpleNamespace(subjects=subjects, doppelgangers=lambda c: (doubles or {}).get(c, {}))
    return SimpleNamespace(
        edition=edition(contrast), sealed=sealed, protocol=Protocol(attacks=["geo"], in_brain_change=0.07),
        cache=Path("cache"), compute=Compute("sequential"), rehearsal=rehearsal,
        trials=SimpleNamespace(mated=MATED, subjects=np.array([["s2", "s3"]])),
    )  # fmt: skip


def submission(contrast: str = "") -> Any:
    both = edition(contrast).splits.items()
    scans = {(name, one): Path("sent", one) for name, own in both for one in own.scans}
    return SimpleNamespace(scans=scans, track="defacing")


def looked(
    monkeypatch: pytest.MonkeyPatch, doubles: dict[str, dict[str, Path]], contrast: str = ""
) -> tuple[Any, list[tuple[Any, ...]]]:
    """Look with an attack that sees of an image its path."""
    asked = []

    def extract(paths: dict[str, Path], *how: Any) -> dict[str, Path]:
        asked.append((paths, *how))
        return dict(paths)

    def taken(shots: Any, description: Any, cache: Path, compute: Compute) -> Photographs:
        assert (description["id"], cache, compute) == ("x", Path("cache"), Compute("sequential"))
        return Photographs(shots, {})

    monkeypatch.setattr(defacing, "extract", extract)
    monkeypatch.setattr(defacing, "taken_photographs", taken)
    found = defacing._look(context(doubles, contrast), submission(contrast), LAY)
    return found, asked


def test_every_image_is_looked_at_once_and_defaced_scans_where_their_heads_lie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doubles = {"raw": {"r2": Path("double.png")}}
    (original, defaced, doppelgangers, taken, seconds), asked = looked(monkeypatch, doubles)
    assert original.scans == {
        "dev": {p: Path(f"dev/mri/{p}/anat/{p}_T1w.nii.gz") for p in ("p0", "p1")},
        "eval": {p: Path(f"eval/mri/{p}/anat/{p}_T1w.nii.gz") for p in ("p2", "p3")},
    }
    assert defaced.scans == {
        name: {p: Path("sent", p) for p in own}
        for name, own in (("dev", ("p0", "p1")), ("eval", ("p2", "p3")))
    }
    photos = {
        (name, c): {r: Path(f"{name}/photos/{c}/{r}.png") for r in own}
        for name, own in (("dev", ("r0", "r1")), ("eval", ("r2", "r3")))
        for c in ("raw", "bald")
    }
    assert original.photos == defaced.photos == photos
    assert doppelgangers == doubles
    assert taken.paths == {**photos, ("doppelganger", "raw"): doubles["raw"]}
    labels = ["faces of released scans", "faces of defaced scans", "faces of photographs"]
    assert [(kind, label) for _, kind, _, label, *_ in asked] == list(
        zip(("scan", "scan", "photo"), labels, strict=True)
    )
    assert [untrusted for *_, untrusted, _ in asked] == [False, True, False]
    (_, before), (_, heads), (_, photographed) = ((one[0], one[-1]) for one in asked)
    assert before == photographed == {}
    assert heads == {"('dev', '') p0": LAY["p0"]}
    assert set(seconds) == {*labels, "hair removal"}
    extraction = asked[0][2]
    assert all(one[2] == extraction for one in asked)
    protocol = context().protocol
    assert (extraction.attacks, extraction.cache, extraction.renders) == (("geo",), Path("cache"), None)
    assert extraction.camera == Rendering(protocol.spacing_mm, protocol.size, protocol.views, protocol.lights)


def test_references_that_are_scans_are_linked_as_released_and_as_defaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (original, defaced, doppelgangers, _, _), asked = looked(monkeypatch, {}, "T2w")
    every = {(name, c) for name in ("dev", "eval") for c in ("raw", "defaced")}
    assert set(original.photos) == set(defaced.photos) == every
    assert original.photos["eval", "defaced"] == original.photos["eval", "raw"]  # undefaced on both sides
    assert defaced.photos["eval", "defaced"] == {r: Path("sent", r) for r in ("r2", "r3")}
    for seen in (original, defaced):
        assert seen.photos["dev", "raw"] == {
            r: Path(f"dev/mri/{r}/anat/{r}_T2w.nii.gz") for r in ("r0", "r1")
        }
        assert {name: set(own) for name, own in seen.scans.items()} == {
            "dev": {"p0", "p1"}, "eval": {"p2", "p3"}
        }  # fmt: skip
    assert doppelgangers == {}
    assert (asked[-1][1], asked[-1][3]) == ("scan", "faces of references")
    assert asked[1][-1] == {"('dev', '') p0": LAY["p0"], "('eval', 'defaced') r3": LAY["r3"]}


@pytest.mark.parametrize("among", [None, {CROSSED}])
def test_attackers_are_run_on_both_states_and_with_every_shuffled_key_once(
    among: set[Attacker] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of undefaced scans are fused of the same ones: of those that were trained, or that are named."""
    original, defaced = Seen({}, {}), Seen({"eval": {}}, {})
    control, zero = Control({}, MATED), np.zeros(4)
    ran, fitted = [], []

    def run_attackers(edition: Edition, protocol: Protocol, seen: Seen, *more: Any) -> tuple[Any, Any]:
        ran.append((seen, *more))
        found = [AttackScores(one, zero) for one in (IGNORANT, INFORMED, FUSED)]
        return found, ["not trained"] if seen is defaced else ["of undefaced scans"]

    def run_cross_fitted(edition: Edition, protocol: Protocol, seen: Seen, *more: Any) -> tuple[Any, Any]:
        fitted.append((seen, *more))
        return [AttackScores(CROSSED, zero)], ["not fitted"] if seen is defaced else ["of undefaced scans"]

    def keys(edition: Edition, protocol: Protocol, seen: Seen, mated: Any, seeds: range, asked: Any) -> Any:
        assert (seen is defaced, mated is MATED, asked) == (True, True, among)
        some = {INFORMED: np.array(seeds)}
        return some if min(seeds) else {**some, FUSED: np.array(seeds)}

    def crossed_keys(e: Edition, p: Protocol, seen: Seen, subjects: Any, mated: Any, seeds: range) -> Any:
        assert (seen is defaced, subjects["p3"], mated is MATED) == (True, "s3", True)
        return {CROSSED: 100 + np.array(seeds)}

    for name, stub in (
        ("run_attackers", run_attackers), ("run_cross_fitted", run_cross_fitted),
        ("shuffled_key_aucs", keys), ("cross_fitted_shuffled_aucs", crossed_keys),
    ):  # fmt: skip
        monkeypatch.setattr(defacing, name, stub)
    attackers, remarks, ceiling, shuffled = defacing._attack(context(), original, defaced, control, among)
    assert [one.attacker for one in attackers] == [IGNORANT, INFORMED, FUSED, CROSSED]
    assert [one.attacker for one in ceiling] == [IGNORANT, INFORMED, FUSED, CROSSED]
    assert remarks == ["not trained", "not fitted"]
    subjects = context().sealed.subjects
    assert ran == [(defaced, among, control), (original, among or {INFORMED})]
    assert fitted == [(defaced, subjects, control), (original, subjects)]
    assert {one: values.tolist() for one, values in shuffled.items()} == {
        INFORMED: list(range(10)), FUSED: list(range(5)), CROSSED: list(range(100, 110))
    }  # fmt: skip


def check(question: str, attacker: Attacker, passed: bool) -> Check:
    return Check(question, str(attacker), 0.5, 0, 1, passed)


@pytest.mark.parametrize(
    ("checks", "again"),
    [
        ([], False),
        ([check(LINKS, INFORMED, False)], False),
        ([check("no worse", INFORMED, True)], False),
        ([check("no worse", IGNORANT, False)], False),  # it is no part of the fusion
        ([check("no worse", FUSED, False)], False),  # nor of itself
        ([check("no worse", INFORMED, False)], True),
    ],
)
def test_all_is_run_again_without_the_fusion_of_one_that_links_by_something_else(
    checks: list[Check], again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(INFORMED, target="bald")
    attackers = [AttackScores(one, np.zeros(4)) for one in (IGNORANT, INFORMED, other, FUSED)]
    asked: list[Any] = []

    def ask(context: object, original: str, defaced: str, control: str, among: Any = None) -> Any:
        assert (original, defaced, control) == ("original", "defaced", "control")
        asked.append(among)
        return defacing._Audited(attackers, [f"run {len(asked)}"], checks, {"attackers": float(len(asked))})

    monkeypatch.setattr(defacing, "_ask", ask)
    found = defacing._audited(None, "original", "defaced", "control")  # type: ignore[arg-type]
    assert asked == ([None, {other}] if again else [None])
    assert found.remarks == [f"run {len(asked)}"]
    assert found.seconds == {"attackers": 3.0 if again else 1.0}


def test_attackers_are_audited_by_what_was_found_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        defacing, "_attack", lambda *given: asked.append(given) or ("own", ["lacking"], "ceiling", "shuffled")
    )
    monkeypatch.setattr(defacing, "audit", lambda *given: asked.append(given) or ["check"])
    given = ("context", "original", "defaced", "control", "among")
    found = defacing._ask(*given)  # type: ignore[arg-type]
    assert asked == [given, ("context", "own", "ceiling", "shuffled")]
    assert (found.attackers, found.remarks, found.checks) == ("own", ["lacking"], ["check"])
    assert list(found.seconds) == ["attackers", "audit"]
    defacing._ask(*given[:-1])  # type: ignore[arg-type]
    assert asked[2][-1] is None


def judged(
    monkeypatch: pytest.MonkeyPatch, own: Any, high: float = 0.9, contrast: str = ""
) -> tuple[Any, dict[str, list[Any]]]:
    """Judge a system with steps that say who they are; returns also what each was given, by name."""
    calls: dict[str, list[Any]] = {}

    def step(name: str, result: Any) -> None:
        def call(*given: Any, **more: Any) -> Any:
            calls.setdefault(name, []).append((*given, *more.values()))
            return result(*given) if callable(result) else result

        monkeypatch.setattr(defacing, name, call)

    face = ImageFeatures(True, "", {})
    lost = ImageFeatures(False, "ended the worker", {}, lost=True)
    scans = {"dev": {"p0": face, "p1": face}, "eval": {"p2": face, "p3": lost}}
    shots = {(name, "raw"): {"r": face} for name in ("dev", "eval")}
    defaced = Seen(scans, {**shots, ("eval", "defaced"): {"r": face}} if contrast else shots)
    original = Seen({"dev": {}, "eval": {"p2": face}}, shots)
    doubles = {"raw": {"r2": face}} if high == 0.9 else {}
    taken = SimpleNamespace(remarks=["hair"], counts=lambda attacker: {})
    figures = {"auc": Estimate(high - 0.1, 0.1, high, 9)}

    def figured(context: object, submission: object, asks: list[Any]) -> list[Result]:
        return [Result(ask.attacker, ask.trial_lists[0], figures, {}, "", rates=ask.rates) for ask in asks]

    attacker = AttackScores(INFORMED, np.arange(4.0), 8)
    audited = defacing._Audited([attacker], ["not trained"], [check("audit", INFORMED, True)], {"audit": 1.0})
    chosen = Result(INFORMED, "chosen", figures, {}, "")
    predicted = Result(Attacker("geo", "informed", target="sex"), "probes", figures, {}, "")
    found = ([predicted], [check("labels", INFORMED, True)], ["no labels"])
    gated = Gated(Gate(4, 4, 0, 0.0), ("gated",), {"p2": "kept"}, frozenset({"p2"}))  # type: ignore[dict-item]
    step("apply_gate", gated)
    step("look_for_faces", FacesLeft({"whole": 2}, ("presence",), frozenset({"p3"}), LAY))
    step("_look", (original, defaced, doubles, taken, {"looking": 5.0}))
    step("games", ["a game"])
    step("face_figures", {"kept_share": figures["auc"]})
    step("_audited", audited)
    step("leak_checks", [check("leak", INFORMED, True)])
    step("verification", figured)
    step("rate_strongest", ([chosen], np.arange(4.0)))
    step("_by_group", lambda context, asks, results, counts: [replace(asks[0], trial_lists=["sex=F"])])
    step("_agreement", np.ones(4))
    step("predict_from_images", found)
    step("measure_utility", ({"utility": figures["auc"]}, ["no brain"]))
    return defacing.judge_defacing(own, submission(contrast)), calls


def test_what_every_step_found_is_in_the_judgement(monkeypatch: pytest.MonkeyPatch) -> None:
    own = context()
    found, calls = judged(monkeypatch, own)
    assert [(str(one.attacker), one.trial_list) for one in found.results] == [
        (str(INFORMED), "all"), (str(INFORMED), "chosen"), (str(INFORMED), "sex=F"),
        ("attributes/oracle", "all"), ("geo+sex/informed", "probes"),
    ]  # fmt: skip
    assert [one.rates for one in found.results] == [True, True, True, False, True]
    assert list(found.remarks) == [
        "gated", "presence",
        "faces: there is a whole one that no attacker found; what it gives away is not known (1 scan: p3)",
        "faces: ended the worker (1 scan: p3); no pass of the gate",
        "hair", "not trained", "no labels", "no brain",
    ]  # fmt: skip
    assert [one.question for one in found.checks] == ["audit", "leak", "labels"]
    assert (found.gate.passed, found.gate.scans) == (3, 4)
    assert (found.games, found.presence) == (["a game"], {"whole": 2})
    assert (set(found.face), set(found.utility)) == ({"kept_share"}, {"utility"})
    assert found.chosen.tolist() == found.scores[INFORMED].tolist() == [0, 1, 2, 3]
    assert found.scores[Attacker("attributes", "oracle")].tolist() == [1, 1, 1, 1]
    assert {name: list(images) for name, images in found.images.items()} == {
        "released": ["p2"], "defaced": ["p2", "p3"], "reference_raw": ["r"], "doppelganger_raw": ["r2"]
    }  # fmt: skip
    assert set(found.seconds) == {
        "brain gate", "faces left", "looking", "games", "audit", "figures", "strongest attacker",
        "attributes", "utility",
    }  # fmt: skip
    assert found.seconds["looking"] == 5
    assert 1 <= found.seconds["audit"] < 2
    assert all(0 <= s < 2 for step, s in found.seconds.items() if step != "looking")
    scans = submission().scans
    assert calls["apply_gate"] == [(own.edition, own.sealed, scans, 0.07, own.cache, own.compute)]
    assert calls["look_for_faces"] == [(own.edition, scans, frozenset({"p2"}), own.cache, own.compute)]
    ((_, _, heads),) = calls["_look"]
    assert heads is LAY
    ((_, _, _, control),) = calls["_audited"]
    assert (list(control.photos), control.mated is MATED) == (["raw"], True)
    ((_, kept, original, defaced),) = calls["games"]
    assert kept == {"p2": "kept"}
    assert (set(original.scans["eval"]), set(defaced.scans["eval"])) == ({"p2"}, {"p2", "p3"})
    assert len(calls["verification"]) == 2
    counts = {"probes": 2, "failures_to_acquire": 1, "without_nose": 0}
    (ask,) = calls["verification"][0][2]
    assert dict(ask.counts) == {**counts, "learned_from": 8}
    assert calls["_by_group"][0][3] == calls["rate_strongest"][0][3] == counts
    assert calls["measure_utility"][0][2] is found.gate
    assert calls["leak_checks"] == [(own.edition, own.sealed, own.compute)]


def test_scores_below_chance_are_turned_in_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    found, calls = judged(monkeypatch, context(), high=0.4)
    told = "links with the sign reversed: AUC 0.30 [0.10, 0.40], below chance; its scores are negated"
    assert f"{INFORMED}: {told}" in found.remarks
    assert found.scores[INFORMED].tolist() == [0, -1, -2, -3]
    assert len(calls["verification"]) == 3
    for ask in (
        calls["verification"][1][2][0],
        calls["rate_strongest"][0][2][0],
        calls["_by_group"][0][1][0],
    ):
        assert ask.scores.tolist() == [0, -1, -2, -3]
    assert calls["_audited"][0][3] is None  # there are no doppelgangers
    assert "doppelganger_raw" not in found.images


def test_a_rehearsal_asks_nothing_that_takes_people_of_both_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    found, calls = judged(monkeypatch, context(rehearsal=True))
    assert not {"leak_checks", "predict_from_images"} & set(calls)
    assert [one.question for one in found.checks] == ["audit"]
    assert "no labels" not in found.remarks
    assert "attributes" not in found.seconds
    assert not any(one.trial_list == "probes" for one in found.results)
    asked = Context.__dataclass_fields__["rehearsal"].default
    assert asked is False


@pytest.mark.parametrize("contrast", ["", "T2w"])
def test_remarks_on_references_are_on_those_that_were_released(
    contrast: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(defacing, "remarks_on_references", lambda *given: asked.append(given) or ["told"])
    found, _ = judged(monkeypatch, context(contrast=contrast), contrast=contrast)
    ((released, kind),) = asked
    assert set(released) == {("dev", "raw"), ("eval", "raw")}
    assert kind == ("scans" if contrast else "photographs")
    assert "told" in found.remarks
    assert ("reference_defaced" in found.images) == bool(contrast)
