import numpy as np
import pytest

from baselines.informed import InformedError
from challenge.features import ImageFeatures
from challenge.linkage import learn_from, link

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


@pytest.mark.parametrize("references", [{"x": NONE}, {"x": face(1)}])
def test_a_list_without_any_face_ties(references: dict[str, ImageFeatures]) -> None:
    assert (link("deepface", [("a", "x"), ("b", "x")], {"a": NONE, "b": NONE}, references) == 0).all()


def test_geo_and_deepface_look_at_their_own_features() -> None:
    probe = ImageFeatures(True, "", {"deepface": np.zeros(128), "geo": np.zeros(38)})
    other = ImageFeatures(True, "", {"deepface": np.zeros(128), "geo": np.ones(38)})
    assert link("deepface", [("a", "x")], {"a": probe}, {"x": other})[0] == 0
    assert link("geo", [("a", "x")], {"a": probe}, {"x": other})[0] < 0


def test_faces_that_were_not_found_teach_nothing() -> None:
    """Ten people whose photographs are their scans turned; the map is learned from them by id."""
    rng = np.random.default_rng(0)
    turn = rng.normal(size=(4, 4))
    people = rng.normal(size=(12, 4))
    probes = {f"probe{i}": face(*person) for i, person in enumerate(people)} | {"lost": NONE}
    references = {f"photo{i}": face(*(person @ turn)) for i, person in enumerate(people)}
    key = {(p, r): p.removeprefix("probe") == r.removeprefix("photo") for p in probes for r in references}
    informed = learn_from("deepface", probes, references, key)
    assert informed.subjects == 12
    trials = [(p, r) for p in probes for r in references]
    scores = dict(zip(trials, link("deepface", trials, probes, references, informed.similarity), strict=True))
    own = [scores[f"probe{i}", f"photo{i}"] for i in range(12)]
    assert np.mean(own) > 0.9
    assert {score for (probe, _), score in scores.items() if probe == "lost"} == {min(scores.values())}
    with pytest.raises(InformedError, match="0 people"):
        learn_from("deepface", {"a": NONE}, references, {("a", "photo0"): True, ("a", "photo1"): False})
