from dataclasses import replace

import numpy as np
import pytest

from mriprivacy.baselines.attacks.registry import similarity
from mriprivacy.baselines.attacks.training.informed import InformedError
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.linkage import adapt_to, left_out_of, link, shuffled, train_on

NONE = ImageFeatures(False, "no face found", {})


def face(*values: float) -> ImageFeatures:
    return ImageFeatures(True, "", {"deepface": np.array(values)})


def test_scores_follow_the_ids_not_the_positions() -> None:
    probes = {"a": face(0, 0), "b": face(10, 0)}
    references = {"x": face(10, 1), "y": face(0, 2)}
    trials = [("b", "x"), ("a", "x"), ("a", "y"), ("b", "y")]
    expected = [-1, -np.hypot(10, 1), -2, -np.hypot(10, 2)]
    assert link("deepface", trials, probes, references) == pytest.approx(expected)
    backwards = link("deepface", trials[::-1], dict(reversed(probes.items())), references)
    assert backwards[::-1] == pytest.approx(expected)


def test_a_failure_to_acquire_gets_the_lowest_score_of_the_list() -> None:
    probes = {"a": face(0), "b": face(5), "c": NONE}
    references = {"x": face(0), "y": NONE}
    trials = [(p, r) for p in probes for r in references]
    scores = dict(zip(trials, link("deepface", trials, probes, references), strict=True))
    assert scores["a", "x"] == 0
    assert scores["b", "x"] == -5
    assert {score for trial, score in scores.items() if "c" in trial or "y" in trial} == {-5}


def test_what_the_detector_fired_on_is_for_those_who_learned() -> None:
    """A head without a nose is a failure to acquire of the ignorant; what needs no face is compared still."""
    checks = {"views_with_face": 1.0, "nose_mm": -9.0}
    flat = ImageFeatures(False, "flat", {"deepface": np.zeros(1)}, checks=checks)
    outlined = replace(flat, faceless={"deepface": np.array([7.0])})
    trials, references = [("a", "x"), ("b", "x"), ("c", "x")], {"x": face(0)}
    probes = {"a": flat, "b": face(5), "c": outlined}
    assert link("deepface", trials, probes, references) == pytest.approx([-7, -5, -7])
    assert link("deepface", trials, probes, references, similarity) == pytest.approx([0, -5, 0])


@pytest.mark.parametrize("references", [{"x": NONE}, {"x": face(1)}])
def test_a_list_without_any_face_ties(references: dict[str, ImageFeatures]) -> None:
    assert (link("deepface", [("a", "x"), ("b", "x")], {"a": NONE, "b": NONE}, references) == 0).all()


def test_geo_and_deepface_look_at_their_own_features() -> None:
    probe = ImageFeatures(True, "", {"deepface": np.zeros(128), "geo": np.zeros(38)})
    other = ImageFeatures(True, "", {"deepface": np.zeros(128), "geo": np.ones(38)})
    assert link("deepface", [("a", "x")], {"a": probe}, {"x": other})[0] == 0
    assert link("geo", [("a", "x")], {"a": probe}, {"x": other})[0] < 0


def test_faces_that_were_not_found_teach_nothing() -> None:
    """Ten people whose photographs are their scans turned; the map is trained on them by id."""
    rng = np.random.default_rng(0)
    turn = rng.normal(size=(4, 4))
    people = rng.normal(size=(12, 4))
    probes = {f"probe{i}": face(*person) for i, person in enumerate(people)} | {"lost": NONE}
    references = {f"photo{i}": face(*(person @ turn)) for i, person in enumerate(people)}
    who = {name: name.removeprefix("probe").removeprefix("photo") for name in (*probes, *references)}
    informed = train_on("deepface", probes, references, who)
    assert informed.subjects == 12
    trials = [(p, r) for p in probes for r in references]
    scores = dict(zip(trials, link("deepface", trials, probes, references, informed.similarity), strict=True))
    own = [scores[f"probe{i}", f"photo{i}"] for i in range(12)]
    assert np.mean(own) > 0.9
    assert {score for (probe, _), score in scores.items() if probe == "lost"} == {min(scores.values())}
    with pytest.raises(InformedError, match="0 people"):
        train_on("deepface", {"a": NONE}, references, {"a": "0", "photo0": "0"})
    adapted = link(
        "deepface", trials, probes, references, adapt_to("deepface", probes, references).similarity
    )
    assert adapted.min() == adapted[trials.index(("lost", "photo0"))]


def test_left_out_scores_are_those_of_trials_within_a_fold() -> None:
    rng = np.random.default_rng(1)
    people = rng.normal(size=(10, 4))
    probes = {f"p{i}": face(*person) for i, person in enumerate(people)} | {"p-lost": NONE}
    references = {f"r{i}": face(*person) for i, person in enumerate(people)}
    who = {name: name[1:] for name in (*probes, *references) if name != "p-lost"}
    trials = [(p, r) for p in probes for r in references]
    scores = dict(zip(trials, left_out_of("deepface", trials, probes, references, who), strict=True))
    seen = {trial for trial, score in scores.items() if np.isfinite(score)}
    assert {(f"p{i}", f"r{i}") for i in range(10)} <= seen
    assert len(seen) == 20
    assert not any("p-lost" in trial for trial in seen)


def test_a_shuffled_key_says_nothing_and_keeps_photographs_together() -> None:
    """Every person gets any person's photographs, their own as often as another's."""
    who = {"a": "1", "x": "1", "x2": "1", "b": "2", "y": "2", "c": "3", "z": "3"}
    given = np.zeros((3, 3))
    for seed in range(900):
        key = shuffled(who, {"x", "x2", "y", "z"}, seed)
        assert key["x"] == key["x2"]
        assert {key["x"], key["y"], key["z"]} == {"1", "2", "3"}
        assert {name: key[name] for name in "abc"} == {"a": "1", "b": "2", "c": "3"}
        for photo in "xyz":
            given[int(who[photo]) - 1, int(key[photo]) - 1] += 1
    assert np.abs(given / 900 - 1 / 3).max() < 0.06
