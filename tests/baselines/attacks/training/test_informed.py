"""The informed attacker on people whose two sides are known linear views of one thing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from mriprivacy.baselines.attacks.registry import similarity
from mriprivacy.baselines.attacks.training.informed import FOLDS, SHRINKAGES, InformedError, left_out, train
from mriprivacy.baselines.attacks.training.standardize import Sides
from mriprivacy.scoring import auc

Cohort = tuple[np.ndarray, np.ndarray, list[str]]


def cohort(people: int = 80, noise: float = 0.5, seed: int = 0) -> Cohort:
    """Scans see a person through one matrix and an offset, photographs through another one."""
    rng = np.random.default_rng(seed)
    person = rng.normal(size=(people, 6))
    scans = person @ rng.normal(size=(6, 30)) + noise * rng.normal(size=(people, 30)) + 5
    photos = person @ rng.normal(size=(6, 20)) + noise * rng.normal(size=(people, 20)) - 3
    return scans, photos, [f"p{i}" for i in range(people)]


def area(scores: np.ndarray) -> float:
    mated = np.eye(len(scores), dtype=bool)
    return auc(scores[mated], scores[~mated])


def test_finds_what_distances_cannot() -> None:
    scans, photos, who = cohort()
    attack = train(scans[:50], who[:50], photos[:50], who[:50])
    assert attack.subjects == 50
    assert area(attack.similarity(scans[50:], photos[50:])) > 0.95
    assert 0.3 < area(similarity(scans[50:, :20], photos[50:])) < 0.7


def test_shuffled_labels_teach_nothing() -> None:
    """Twenty shuffles, so that one lucky one does not decide."""
    scans, photos, who = cohort()
    rng = np.random.default_rng(1)
    areas = []
    for _ in range(20):
        wrong = [who[i] for i in rng.permutation(50)]
        attack = train(scans[:50], who[:50], photos[:50], wrong)
        areas.append(area(attack.similarity(scans[50:], photos[50:])))
    assert abs(np.mean(areas) - 0.5) < 0.08


def test_several_images_of_a_person_count_as_pairs() -> None:
    scans, photos, who = cohort()
    again = scans[:50] + 0.5 * np.random.default_rng(2).normal(size=(50, 30))
    attack = train(np.vstack([scans[:50], again]), who[:50] * 2, photos[:50], who[:50])
    assert attack.subjects == 50
    assert area(attack.similarity(scans[50:], photos[50:])) > 0.95


@settings(max_examples=5)
@given(st.permutations(range(40)))
def test_order_of_rows_changes_nothing(order: list[int]) -> None:
    scans, photos, who = cohort(40)
    attack = train(scans, who, photos, who)
    mixed = train(scans[order], [who[i] for i in order], photos, who)
    assert mixed.weights == pytest.approx(attack.weights, abs=1e-9)
    assert mixed.similarity(scans, photos) == pytest.approx(attack.similarity(scans, photos), abs=1e-9)


def test_units_of_features_change_nothing() -> None:
    scans, photos, who = cohort()
    units = np.random.default_rng(3).uniform(0.01, 100, 30)
    plain = train(scans[:50], who[:50], photos[:50], who[:50])
    scaled = train(units * scans[:50], who[:50], photos[:50], who[:50])
    assert scaled.similarity(units * scans[50:], photos[50:]) == pytest.approx(
        plain.similarity(scans[50:], photos[50:]), abs=1e-9
    )


def test_a_defacer_that_leaves_nothing_gives_constant_features_and_chance() -> None:
    scans, photos, who = cohort()
    nothing = np.ones_like(scans)
    attack = train(nothing[:50], who[:50], photos[:50], who[:50])
    scores = attack.similarity(nothing[50:], photos[50:])
    assert np.isfinite(scores).all()
    assert area(scores) == pytest.approx(0.5, abs=0.2)


def test_no_person_left_out_is_in_the_training() -> None:
    """Features without any bond between the sides: trained on themselves, all people would be found."""
    rng = np.random.default_rng(5)
    scans, photos, who = rng.normal(size=(40, 30)), rng.normal(size=(40, 30)), [f"p{i}" for i in range(40)]
    scores = left_out(scans, who, photos, who, [(0.2, 0.2)])
    seen = np.isfinite(scores)
    mated = np.eye(40, dtype=bool)
    assert seen[mated].all()
    assert seen.sum() == 40 * 40 // FOLDS
    assert auc(scores[mated], scores[seen & ~mated]) == pytest.approx(0.5, abs=0.15)
    inside = train(scans, who, photos, who, [(0.2, 0.2)]).similarity(scans, photos)
    assert area(inside) > 0.95


def test_what_is_noise_looks_like_noise_to_who_was_left_out() -> None:
    """Maps are weighed without them: weighed with them, noise would be above chance."""
    areas = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scans, photos, who = (
            rng.normal(size=(24, 30)),
            rng.normal(size=(24, 30)),
            [f"p{i}" for i in range(24)],
        )
        scores = left_out(scans, who, photos, who)
        seen, mated = np.isfinite(scores), np.eye(24, dtype=bool)
        areas.append(auc(scores[mated], scores[seen & ~mated]))
    assert np.mean(areas) == pytest.approx(0.5, abs=0.02)


def test_too_few_others_give_no_score() -> None:
    """Of eight of 35 people seven are left out together: the eighth is in no training."""
    scans, photos, _ = cohort(8)
    who = [f"a{i}" for i in range(8)]
    everybody = who + [f"b{i:02}" for i in range(27)]
    seen = np.isfinite(left_out(scans, who, photos, who, everybody=everybody))
    assert np.argwhere(seen).tolist() == [[7, 7]]


def test_attacks_leave_out_the_same_people_whoever_shows_a_face() -> None:
    """So that scores of several attacks can be fused: compared together here, compared together there."""
    scans, photos, who = cohort(40)
    some = [i for i in range(40) if i % 3]
    every = left_out(scans, who, photos, who, [(0.2, 0.2)], who)
    few = left_out(scans[some], [who[i] for i in some], photos, who, [(0.2, 0.2)], who)
    compared = np.isfinite(every)[some]
    compared[:, [i for i in range(40) if i not in some]] = False
    assert np.array_equal(np.isfinite(few), compared)


def test_scores_are_measured_by_those_of_the_cohort() -> None:
    """By hand: a score that is as high as any of the cohort's is no sign of one person."""
    scans, photos, who = cohort(20)
    attack = train(scans, who, photos, who, [(0.5, 0.5)]).maps
    plain = Sides(attack.probe, attack.reference)
    score = plain.similarity(scans[:1], photos[1:2])[0, 0, 0]
    sides = (plain.similarity(scans[:1], photos)[0, 0], plain.similarity(scans, photos[1:2])[0, :, 0])
    expected = np.mean([(score - side.mean()) / side.std() for side in sides])
    assert attack.similarity(scans[:1], photos[1:2])[0, 0, 0] == pytest.approx(expected)


def test_maps_trained_together_are_those_trained_alone() -> None:
    scans, photos, who = cohort(20)
    together = train(scans, who, photos, who).maps.similarity(scans, photos)
    for shrinkage, scores in zip(SHRINKAGES, together, strict=True):
        (alone,) = train(scans, who, photos, who, [shrinkage]).maps.similarity(scans, photos)
        assert scores == pytest.approx(alone)


@pytest.mark.parametrize("shrinkage", [(0.2, 0.2), (1.0, 1.0), (0.5, 1.0)])
def test_every_kind_of_map_finds_what_both_sides_share(shrinkage: tuple[float, float]) -> None:
    scans, photos, who = cohort()
    attack = train(scans[:50], who[:50], photos[:50], who[:50], [shrinkage])
    assert area(attack.similarity(scans[50:], photos[50:])) > 0.9


def test_ridge_predicts_photographs_as_sklearn_does() -> None:
    """With that of photographs the identity, the map of scans spans what ridge regression predicts."""
    scans, photos, who = cohort()
    share = 0.5
    attack = train(scans, who, photos, who, [(share, 1.0)])
    x, y = ((side - side.mean(0)) / side.std(0) for side in (scans, photos))
    penalty = share / (1 - share) * len(x)  # the identity's share of the covariance, whose trace is d
    predicted = Ridge(alpha=penalty, fit_intercept=False).fit(x, y).predict(x)
    ours = x @ attack.maps.probe.directions[0]
    rest = predicted - ours @ np.linalg.lstsq(ours, predicted, rcond=None)[0]
    assert np.linalg.norm(rest) < 1e-8 * np.linalg.norm(predicted)


def test_people_without_a_photograph_are_not_in_the_training() -> None:
    scans, photos, who = cohort(20)
    attack = train(scans, who, photos[: 2 * FOLDS], who[: 2 * FOLDS])
    assert attack.subjects == 2 * FOLDS
    with pytest.raises(InformedError, match=r"7 people of dev .* at least 8"):
        train(scans, who, photos[:7], who[:7])
    with pytest.raises(ValueError, match="references: 20 rows of features and 19 subjects"):
        train(scans, who, photos, who[:19])


def test_a_decomposition_that_does_not_converge_is_done_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Met once, with the average face pasted on everybody; such a matrix is not the same on every machine."""
    scans, photos, who = cohort()
    expected = train(scans, who, photos, who, [(0.5, 0.5)]).similarity(scans, photos)

    def fail(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr(np.linalg, "svd", fail)
    found = train(scans, who, photos, who, [(0.5, 0.5)]).similarity(scans, photos)
    assert found == pytest.approx(expected, abs=1e-9)


def test_those_left_out_decide_nothing() -> None:
    """Every block of left-out scores is what `train` makes of all others alone, weights included."""
    scans, photos, who = cohort(24, noise=2.0)
    scores = left_out(scans, who, photos, who)
    blocks = {tuple(np.flatnonzero(np.isfinite(row))) for row in scores}
    assert len(blocks) == FOLDS
    weights = []
    for out in blocks:
        others = [i for i in range(24) if i not in out]
        names = [who[i] for i in others]
        alone = train(scans[others], names, photos[others], names)
        weights.append(alone.weights)
        expected = alone.similarity(scans[list(out)], photos[list(out)])
        assert scores[np.ix_(out, out)] == pytest.approx(expected, abs=1e-9)
    assert np.ptp(weights, axis=0).max() > 0.1  # or weights by everybody would pass
