"""The test that tells two samples apart is silent where they are alike, and sees what is missing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.evaluation.checks import same_defacing
from mriprivacy.challenge.evaluation.checks.same_defacing import (
    LARGEST_P,
    LEAST_ACCURACY,
    RIDGE,
    TwoSample,
    _block,
    split_test,
    two_sample,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def test_samples_of_one_kind_are_not_told_apart() -> None:
    found = [
        two_sample(
            [np.random.default_rng(seed).normal(size=(30, 40))], np.arange(30) < 15, list(map(str, range(30)))
        )
        for seed in range(30)
    ]
    assert not any(one.differ for one in found)
    assert 0.2 < np.mean([one.p for one in found]) < 0.8


def test_people_are_permuted_and_not_their_scans() -> None:
    """Six people with five scans each: a split of them is one of twenty, whatever their scans are like."""
    person = np.repeat(np.arange(6), 5)
    features = np.random.default_rng(0).normal(size=(6, 4))[person]
    assert two_sample([features], person < 3, person.astype(str).tolist()).p > 0.01


@pytest.mark.parametrize("missing", [True, False])
def test_a_split_without_faces_is_told_apart(missing: bool) -> None:
    rng = np.random.default_rng(0)
    scans = {
        split: {
            f"{split}{i}": ImageFeatures(
                True, "", {} if missing and split == "dev" else {"geo": rng.normal(size=6)}
            )
            for i in range(12)
        }
        for split in ("dev", "eval")
    }
    subjects = {name: name for own in scans.values() for name in own}
    assert split_test(scans, {}, subjects, defaced=True).differ == missing


@pytest.mark.parametrize("share", [12, 4])
def test_accuracy_is_a_share_and_high_where_samples_lie_apart(share: int) -> None:
    second = np.arange(24) < share
    noise = np.random.default_rng(0).normal(size=(24, 5))
    people = list(map(str, range(24)))
    assert 0.7 < two_sample([noise + 9 * second[:, None]], second, people).accuracy <= 1
    assert 0.2 < two_sample([noise], second, people).accuracy < 0.8


@pytest.mark.parametrize("columns", [1, 10, 1000])
def test_a_block_weighs_the_same_however_many_columns_it_has(columns: int) -> None:
    rows = list(np.random.default_rng(columns).normal(3, 7, size=(20, columns)))
    whole = _block(rows)
    assert (whole**2).sum() / 20 == pytest.approx(columns / whole.shape[1], rel=1e-9)
    with_one_missing = _block([*rows, None])
    assert np.isfinite(with_one_missing).all()
    assert (with_one_missing**2).sum() / 21 == pytest.approx(1, rel=1e-9)


def left_out(features: Floats, second: Bools) -> float:
    """Balanced accuracy of a ridge classifier that is trained anew without each scan."""
    weight = RIDGE * (features**2).sum() / len(features) + 1e-9
    target = np.where(second, 1 / second.sum(), -1 / (~second).sum())
    guess = []
    for i in range(len(features)):
        own, others = features[i], np.delete(features, i, axis=0)
        kernel = others @ others.T + weight * np.eye(len(others))
        guess.append(own @ others.T @ np.linalg.solve(kernel, np.delete(target, i)) > 0)
    right = np.array(guess) == second
    return float(right[second].mean() + right[~second].mean()) / 2


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_and_p_are_those_of_classifiers_trained_anew(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(same_defacing, "PERMUTATIONS", 19)
    rng = np.random.default_rng(seed)
    features, person = rng.normal(size=(21, 6)), np.repeat(np.arange(7), 3)
    features[person < 2] += 0.7
    found = two_sample([features[:, :2], features[:, 2:]], person < 2, person.astype(str).tolist())
    rng = np.random.default_rng(0)
    shuffles = [np.arange(7), *(rng.permutation(7) for _ in range(19))]
    values = np.array([left_out(features, (order < 2)[person]) for order in shuffles])
    assert found.accuracy == pytest.approx(values[0])
    assert found.p == pytest.approx(np.mean(values >= values[0] - 1e-9))


def test_samples_differ_that_are_told_apart_beyond_doubt_and_by_much() -> None:
    assert TwoSample(LEAST_ACCURACY + 0.01, LARGEST_P - 0.001).differ
    for accuracy, p in ((LEAST_ACCURACY, 0.0), (1.0, LARGEST_P)):
        assert not TwoSample(accuracy, p).differ


@pytest.mark.parametrize(("columns", "more"), [(3, 1), (4, 2), (7, 2), (8, 3), (16, 5)])
def test_a_fourth_as_many_columns_say_what_is_missing(columns: int, more: int) -> None:
    rows = [np.arange(float(columns)), None, np.ones(columns)]
    found = _block(rows)
    assert found.shape == (3, columns + more)
    assert np.allclose(found[:, columns:], found[:, -1:])
