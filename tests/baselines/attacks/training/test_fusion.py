"""Fusion beats its parts, ignores noise, and says likelihood ratios."""

import numpy as np
import pytest

from mriprivacy.baselines.attacks.training.fusion import fuse
from mriprivacy.scoring import auc, cllr, min_cllr


def scores(n: int, strength: tuple[float, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mated = np.arange(n) % 10 == 0
    return np.stack([s * mated + rng.normal(size=n) for s in strength], axis=1), mated


def test_two_independent_attacks_are_better_than_either() -> None:
    fusion = fuse(*scores(2000, (1.0, 1.5), 0))
    asked, mated = scores(4000, (1.0, 1.5), 1)
    fused = fusion(asked)
    single = [auc(asked[mated, k], asked[~mated, k]) for k in range(2)]
    assert auc(fused[mated], fused[~mated]) > max(single) + 0.02
    # Two normal scores of equal spread: the ideal area is that of their root sum of squares.
    assert auc(fused[mated], fused[~mated]) == pytest.approx(0.899, abs=0.02)


def test_the_fused_score_is_a_log_likelihood_ratio() -> None:
    asked, mated = scores(6000, (1.0, 1.5), 2)
    fused = fuse(*scores(6000, (1.0, 1.5), 3))(asked)
    assert cllr(fused[mated], fused[~mated]) == pytest.approx(min_cllr(fused[mated], fused[~mated]), abs=0.03)


def test_noise_and_constants_are_ignored() -> None:
    train, mated = scores(2000, (1.0, 0.0), 4)
    fusion = fuse(np.column_stack([train, np.full(2000, 7.0)]), mated)
    assert abs(fusion.weights[1]) < 0.1 * fusion.weights[0]
    assert fusion.weights[2] == 0


@pytest.mark.parametrize("value", [True, False])
def test_one_kind_of_trials_teaches_nothing(value: bool) -> None:
    with pytest.raises(ValueError, match="expected some of both kinds"):
        fuse(np.zeros((5, 2)), [value] * 5)
