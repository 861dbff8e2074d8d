from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.baselines.attacks.registry import similarity
from mriprivacy.baselines.attacks.training.informed import InformedError
from mriprivacy.challenge.attackers import linkage
from mriprivacy.challenge.attackers.features import ImageFeatures, VectorError
from mriprivacy.challenge.attackers.linkage import (
    adapt_to,
    left_out_of,
    link,
    linked,
    lowest,
    own_compare,
    shuffled,
    train_on,
)

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


class Own:
    """An attack of one's own, with the two lengths that its sides have."""

    def embed(self, look: object) -> None: ...


@pytest.mark.parametrize(
    ("probes", "references", "told"),
    [((2, 3), (4, 3), False), ((2, 3), (4, 2), True), ((0, 3), (4, 2), False), ((2, 3), (0, 2), False)],
)
def test_sides_of_an_own_attack_are_of_one_length_where_both_are_seen(
    probes: tuple[int, int], references: tuple[int, int], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linkage, "is_own", lambda name: name == "own:Own")
    monkeypatch.setattr(linkage, "make_attack", lambda name: Own())
    compare = own_compare("own:Own")
    if told:
        with pytest.raises(VectorError, match="embed returned 3 numbers a scan and 2 a photograph"):
            compare(np.zeros(probes), np.zeros(references))
    elif len(np.zeros(probes)) and len(np.zeros(references)):
        assert compare(np.zeros(probes), np.zeros(references)).shape == (2, 4)
    else:
        linkage._require_equals("own:Own", "", np.zeros(probes), np.zeros(references))
    assert own_compare("deepface") is similarity


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (np.zeros((2, 4)), ""),
        ([[1, 2, 3, 4], [5, 6, 7, 8]], ""),
        (np.zeros((4, 2)), r"float64 of shape \(4, 2\); expected finite numbers of shape \(2, 4\)"),
        (np.zeros((1, 2, 4)), r"float64 of shape \(1, 2, 4\)"),
        (np.full((2, 4), np.inf), r"inf at place \(0, 0\)"),
    ],
)
def test_an_own_comparison_is_of_every_probe_with_every_reference(
    found: object, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compare(probes: np.ndarray, references: np.ndarray) -> object:
        assert (probes.shape, references.shape) == ((2, 3), (4, 5))
        return found

    monkeypatch.setattr(linkage, "is_own", lambda name: True)
    monkeypatch.setattr(linkage, "make_attack", lambda name: SimpleNamespace(compare=compare))
    asked = own_compare("own:Own")
    if told:
        with pytest.raises(VectorError, match=told):
            asked(np.zeros((2, 3)), np.zeros((4, 5)))
    else:
        scores = asked(np.zeros((2, 3)), np.zeros((4, 5)))
        assert (scores.dtype, scores.tolist()) == (np.float64, np.asarray(found).tolist())


def test_an_ignorant_attacker_takes_no_other_things_for_faces_and_asks_the_own_comparison(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that is given another comparison takes all there is."""
    flat = ImageFeatures(False, "flat", {"deepface": np.zeros(1)})
    trials = [("a", "x"), ("a", "y")]
    asked = []

    def own(attack: str) -> object:
        asked.append(attack)
        return lambda probes, references: 7 - abs(probes - references.T)

    monkeypatch.setattr(linkage, "own_compare", own)
    references = {"x": face(3), "y": flat}
    assert linked("deepface", trials, {"a": face(1)}, references) == pytest.approx([5, np.nan], nan_ok=True)
    assert asked == ["deepface"]
    assert linked("deepface", trials, {"a": face(1)}, references, similarity).tolist() == [-2, -1]
    assert asked == ["deepface"]


def test_who_is_trained_on_is_named_by_the_key_or_by_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(linkage, "train", lambda *given: asked.append(given) or "trained")
    monkeypatch.setattr(linkage, "adapt", lambda *given: asked.append(given) or "adapted")
    probes, references = {"a": face(1), "lost": NONE, "b": face(2)}, {"x": face(3)}
    assert train_on("deepface", probes, references, {"a": "one", "x": "one"}) == "trained"
    rows, who, others, whose, shrinkages = asked[0]
    assert (rows.tolist(), who) == ([[1], [2]], ["one", "b"])
    assert (others.tolist(), whose, shrinkages) == ([[3]], ["one"], linkage.SHRINKAGES)
    train_on("deepface", probes, references, {}, ((0.1, 0.2),))
    assert asked[1][-1] == ((0.1, 0.2),)
    assert adapt_to("deepface", probes, references) == "adapted"
    assert [side.tolist() for side in asked[2]] == [[[1], [2]], [[3]]]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([3.0, np.nan, -1.0], [3, -1, -1]),
        ([3.0, np.inf, -np.inf], [3, 3, 3]),
        ([np.nan, np.nan], [0, 0]),
        ([], []),
    ],
)
def test_what_is_no_number_is_lowest(scores: list[float], expected: list[float]) -> None:
    assert lowest(np.array(scores)).tolist() == expected
