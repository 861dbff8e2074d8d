"""The adapted attacker has images of both sides, but no key that joins them."""

import numpy as np
import pytest

from mriprivacy.baselines.attacks.registry import similarity
from mriprivacy.baselines.attacks.training.adapted import AdaptedError, adapt
from mriprivacy.scoring import auc


def area(scores: np.ndarray) -> float:
    mated = np.eye(len(scores), dtype=bool)
    return auc(scores[mated], scores[~mated])


def test_few_people_are_enough_to_know_that_one_side_is_brighter() -> None:
    rng = np.random.default_rng(4)
    person = rng.normal(size=(60, 30))
    scans, photos = (person + 0.8 * rng.normal(size=person.shape) + rng.normal(0, 4, 30) for _ in range(2))
    sides = adapt(scans[:10], photos[5:12])
    assert area(sides.similarity(scans[12:], photos[12:])) > 0.9
    assert area(similarity(scans[12:], photos[12:])) < 0.85


def test_who_is_who_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    scans, photos = rng.normal(size=(9, 5)), rng.normal(size=(9, 5))
    other = adapt(scans, photos[rng.permutation(9)])
    assert other.similarity(scans, photos) == pytest.approx(adapt(scans, photos).similarity(scans, photos))


def test_a_defacer_that_leaves_nothing_leaves_chance() -> None:
    rng = np.random.default_rng(0)
    scores = adapt(np.ones((9, 5)), rng.normal(size=(9, 5))).similarity(
        np.ones((9, 5)), rng.normal(size=(9, 5))
    )
    assert area(scores) == 0.5


def test_too_few_images_or_other_features() -> None:
    with pytest.raises(AdaptedError, match="3 scans and 9 photographs"):
        adapt(np.zeros((3, 5)), np.zeros((9, 5)))
    with pytest.raises(AdaptedError, match="scans have 4 features and photographs 5"):
        adapt(np.zeros((9, 4)), np.zeros((9, 5)))
