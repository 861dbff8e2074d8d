"""Cross-fitted attackers: no person is scored by what was trained on them; no link where none is."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.baselines.attacks.training.informed import InformedError
from mriprivacy.challenge.attackers import cross_fitted
from mriprivacy.challenge.attackers.cross_fitted import FOLDS, _left_out, cross_fit
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.scoring import auc


def images(seed: int, people: int, shared: float):
    """Return two scans and a photograph a person, and whose they are; `shared`: how much is the person's."""
    rng = np.random.default_rng(seed)
    own, turn = rng.normal(size=(people, 5)), rng.normal(size=(2, 5, 8))
    sides, subjects = ({}, {}), {}
    for person, (side, names) in product(range(people), enumerate((("a", "b"), ("x",)))):
        for name in names:
            noise = rng.normal(size=8)
            sides[side][f"{name}{person}"] = ImageFeatures(
                True, "", {"geo": shared * own[person] @ turn[side] + noise}
            )
            subjects[f"{name}{person}"] = f"s{person:02d}"
    return (*sides, subjects)


@pytest.mark.parametrize("people", [12, 13, 20])
@pytest.mark.parametrize("seed", [None, 3])
def test_nobody_is_scored_by_what_was_trained_on_them(
    people: int, seed: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes, references, subjects = images(0, people, 1.0)
    trials = list(product(probes, references))
    trained, scored = [], []
    train, compare = cross_fitted.train_on, cross_fitted.compared

    def train_on(attack, known, shown, who, *others):
        trained.append({subjects[name] for name in (*known, *shown)})
        return train(attack, known, shown, who, *others)

    def compared(attack, asked, *others):
        scored.append({subjects[name] for pair in asked for name in pair})
        return compare(attack, asked, *others)

    monkeypatch.setattr(cross_fitted, "train_on", train_on)
    monkeypatch.setattr(cross_fitted, "compared", compared)
    scores, fewest = cross_fit("geo", trials, probes, references, subjects, seed)
    assert np.isfinite(scores).all()
    assert len(trained) == len(scored) == 15
    assert not any(one & other for one, other in zip(trained, scored, strict=True))
    assert fewest == min(map(len, trained)) >= 8


def area(seed: int, shared: float, key: int | None = None) -> float:
    probes, references, subjects = images(seed, 16, shared)
    trials = list(product(probes, references))
    mated = np.array([subjects[p] == subjects[r] for p, r in trials])
    scores, _ = cross_fit("geo", trials, probes, references, subjects, key)
    return auc(scores[mated], scores[~mated])


def test_it_links_people_and_nothing_else() -> None:
    """Pooled scores of trainings on different people favour no label where there is no link."""
    linked = [area(seed, 1.5) for seed in range(5)]
    nothing = [area(seed, 0.0) for seed in range(25)]
    shuffled = [area(seed, 1.5, key=seed) for seed in range(25)]
    assert min(linked) > 0.7
    for areas in (nothing, shuffled):
        assert abs(np.mean(areas) - 0.5) < 3.3 * np.std(areas, ddof=1) / 5


def test_too_few_people_are_an_error_and_no_guess() -> None:
    for people in (4, 10):
        probes, references, subjects = images(0, people, 1.0)
        with pytest.raises(InformedError):
            cross_fit("geo", list(product(probes, references)), probes, references, subjects)


def test_a_fold_goes_with_the_next_one() -> None:
    assert [_left_out(fold, fold, 3) for fold in range(3)] == [{0, 1}, {1, 2}, {2, 0}]
    assert _left_out(0, 2, 5) == {0, 2}
    assert _left_out(4, 4, 5) == {4, 0}


@pytest.mark.parametrize(("people", "folds"), [(6, 3), (7, 3), (8, 4), (9, 4), (40, FOLDS)])
def test_there_are_as_many_folds_as_people_make_pairs(
    people: int, folds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training leaves two folds out, of people in turn; its scores are of their trials."""
    names = [f"{i:02d}" for i in range(people)]
    faces = {name: ImageFeatures(True, "", {"geo": np.zeros(1)}) for name in names}
    trained = []

    def train(attack: str, probes: dict, references: dict, who: dict, shrinkages: object) -> SimpleNamespace:
        assert sorted(probes) == sorted(references) == sorted(who)
        trained.append(set(who))
        return SimpleNamespace(subjects=len(who), similarity=len(trained))

    monkeypatch.setattr(cross_fitted, "train_on", train)
    monkeypatch.setattr(
        cross_fitted, "compared", lambda attack, asked, probes, references, number: [number] * len(asked)
    )
    trials = [(one, other) for one in names for other in names]
    subjects = {name: name for name in names}
    scores, fewest = cross_fitted.cross_fit("geo", trials, faces, faces, subjects)
    assert len(trained) == folds * (folds - 1) // 2
    assert fewest == min(map(len, trained))
    for (one, other), number in zip(trials, scores, strict=True):
        out = {int(one) % folds, int(other) % folds}
        out |= {(int(one) + 1) % folds} if len(out) == 1 else set()
        assert trained[int(number) - 1] == {name for name in names if int(name) % folds not in out}


def test_five_people_make_no_folds() -> None:
    names = [str(i) for i in range(5)]
    faces = {name: ImageFeatures(True, "", {"geo": np.zeros(1)}) for name in names}
    with pytest.raises(InformedError, match="5 people; expected at least 6 for folds"):
        cross_fitted.cross_fit("geo", [("0", "0")], faces, faces, {name: name for name in names})
