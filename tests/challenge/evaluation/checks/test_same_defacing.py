"""The test that tells two samples apart is silent where they are alike, and sees what is missing."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.evaluation.checks import same_defacing
from mriprivacy.challenge.evaluation.checks.kept_face import KeptFace
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


def scan(number: int, shape: tuple[int, int, int] = (9, 5, 4)) -> KeptFace:
    rng = np.random.default_rng(number)
    before, after = rng.normal(size=(2, *shape)).astype(np.float32)
    none = np.zeros((1, 1, 1), np.float32)
    return KeptFace(number / 10, number / 20, before, after, none, none, none > 0)


def test_samples_are_told_apart_by_features_by_copies_and_by_what_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every fourth voxel of the original, or of the change; of a defaced scan also what is kept."""
    asked: list[list[Floats | None]] = []
    tested: list[tuple] = []
    monkeypatch.setattr(same_defacing, "_block", lambda rows: asked.append(list(rows)) or np.zeros((3, 1)))
    monkeypatch.setattr(same_defacing, "two_sample", lambda *given: tested.append(given) or "found")
    vectors = {"volume": np.ones(2), "geo": np.zeros(3)}
    scans = {
        "dev": {"a": ImageFeatures(True, "", vectors), "b": ImageFeatures(False, "", {})},
        "eval": {"c": ImageFeatures(True, "", {"geo": np.full(3, 2.0)})},
    }
    kept = {"a": scan(1), "c": scan(3)}
    for defaced in (True, False):
        asked.clear()
        assert split_test(scans, kept, {"a": "s1", "b": "s2", "c": "s3"}, defaced) == "found"
        shown = [[None if row is None else row.tolist() for row in rows] for rows in asked]
        assert shown[:2] == [[[0, 0, 0], None, [2, 2, 2]], [[1, 1], None, None]]  # geo, then volume
        sides = [one.defaced - one.original if defaced else one.original for one in kept.values()]
        first, last = (np.asarray(side[::4, ::4, ::4], float).ravel().tolist() for side in sides)
        assert shown[2] == [first, None, last]
        assert len(first) == 3 * 2 * 1
        assert shown[3:] == ([[[0.1, 0.05], None, [0.3, 0.15]]] if defaced else [])
        blocks, second, people = tested[-1]
        assert (len(blocks), second.tolist(), people) == (
            3 + defaced,
            [False, False, True],
            ["s1", "s2", "s3"],
        )


def test_features_are_standardized_and_what_is_missing_is_the_mean() -> None:
    """Two columns of 1, 3 and 5 and of 4, 4 and 4; the second scan lacks both, and a number of the third."""
    found = _block([np.array([1.0, 4.0]), None, np.array([5.0, np.nan]), np.array([3.0, 4.0])])
    # NaN counts as 0 in the mean: 8 / 3; the first column is 1, 3, 5, 3 and its spread 2 ** .5.
    second = np.array([4, 8 / 3, 8 / 3, 4])
    missing = np.array([0, 1, 0, 0.0])
    columns = [np.array([1.0, 3, 5, 3]), second, missing]
    expected = np.stack([(c - c.mean()) / c.std() for c in columns], axis=1) / 3**0.5
    assert found == pytest.approx(expected)
    assert _block([None, None]).tolist() == [[0], [0]]
    same = _block([np.array([7.0]), np.array([7.0])])
    assert same.tolist() == [[0, 0], [0, 0]]  # no spread is no difference
