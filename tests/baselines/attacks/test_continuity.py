"""No cliffs on few people: scores of every level follow the features without a jump."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from mriprivacy.baselines.attacks.registry import similarity
from mriprivacy.baselines.attacks.training.adapted import adapt
from mriprivacy.baselines.attacks.training.fusion import fuse
from mriprivacy.baselines.attacks.training.informed import left_out, train
from mriprivacy.scoring import auc

pytestmark = pytest.mark.long

PEOPLE = 12
WHO = [f"p{i:02}" for i in range(PEOPLE)]
MATED = np.eye(PEOPLE, dtype=bool)
NOISE = 1e-6  # standard deviations of a feature


def cohort(seed: int, signal: float = 1.0) -> np.ndarray:
    """Features of two attacks: attack, side, people of dev then of eval, feature."""
    rng = np.random.default_rng(seed)
    person = rng.normal(size=(2 * PEOPLE, 5))
    views = [[person @ rng.normal(size=(5, 20)) for _ in range(2)] for _ in range(2)]
    return signal * np.array(views) + 3 * rng.normal(size=(2, 2, 2 * PEOPLE, 20))


def ignorant(features: np.ndarray) -> np.ndarray:
    return similarity(*features[0, :, PEOPLE:])


def adapted(features: np.ndarray) -> np.ndarray:
    return adapt(*features[0, :, :PEOPLE]).similarity(*features[0, :, PEOPLE:])


def informed(features: np.ndarray) -> np.ndarray:
    (scans, photos), asked = features[0, :, :PEOPLE], features[0, :, PEOPLE:]
    return train(scans, WHO, photos, WHO).similarity(*asked)


def fusion(features: np.ndarray) -> np.ndarray:
    practice, scores = [], []
    for scans, photos in features:
        dev = scans[:PEOPLE], WHO, photos[:PEOPLE], WHO
        practice.append(left_out(*dev))
        scores.append(train(*dev).similarity(scans[PEOPLE:], photos[PEOPLE:]))
    left = np.stack(practice, axis=-1)
    usable = np.isfinite(left).all(axis=-1)
    return fuse(left[usable], MATED[usable])(np.stack(scores, axis=-1))


LEVELS = [ignorant, adapted, informed, fusion]
Level = Callable[[np.ndarray], np.ndarray]


def area(scores: np.ndarray) -> float:
    return auc(scores[MATED], scores[~MATED])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(2))
def test_scores_do_not_jump_between_two_cohorts(level: Level, seed: int) -> None:
    """Go to the steepest place on the way from one cohort to another: there, too, nothing jumps.

    A choice among maps that changes anywhere on the way is met, which noise around one cohort may miss.
    """
    start, end = cohort(seed), cohort(seed + 100)
    places = np.linspace(0, 1, 25)
    scores = [level(start + t * (end - start)) for t in places]
    k = int(np.argmax([np.abs(b - a).max() for a, b in pairwise(scores)]))
    (low, first), (high, last) = (places[k], scores[k]), (places[k + 1], scores[k + 1])
    while high - low > NOISE:
        middle = (low + high) / 2
        between = level(start + middle * (end - start))
        if np.abs(between - first).max() > np.abs(last - between).max():
            high, last = middle, between
        else:
            low, first = middle, between
    assert np.abs(last - first).max() < 1e-3
    assert abs(area(last) - area(first)) <= 0.002


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("signal", [0.0, 1.0, 3.0])
def test_small_noise_moves_no_area(level: Level, signal: float) -> None:
    for seed in range(3):
        features = cohort(seed, signal)
        noise = NOISE * features.std(axis=2, keepdims=True)
        moved = features + noise * np.random.default_rng(seed).normal(size=features.shape)
        assert abs(area(level(moved)) - area(level(features))) <= 0.002


@pytest.mark.parametrize("level", LEVELS)
def test_equal_people_make_no_cliff(level: Level) -> None:
    """Two people of dev with the same scan: eigenvalues of 0, and scores that tie until noise parts them."""
    for seed in range(3):
        features = cohort(seed)
        features[:, :, 1] = features[:, :, 0]
        features[:, :, 3] = features[:, :, 2]
        noise = NOISE * features.std(axis=2, keepdims=True)
        moved = features + noise * np.random.default_rng(seed).normal(size=features.shape)
        assert np.abs(level(moved) - level(features)).max() < 1e-3
        assert abs(area(level(moved)) - area(level(features))) <= 0.002
