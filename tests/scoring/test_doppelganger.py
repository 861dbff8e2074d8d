"""Identity: what the own photograph links beyond the doppelganger's."""

import numpy as np
import pytest

from mriprivacy.scoring import ScoringError, auc, score_identity, score_trials
from tests.helpers import reference


def listed(n: int = 24, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    probe, photo = np.divmod(np.arange(n * n), n)
    mated = probe == photo
    own = np.random.default_rng(seed).normal(size=n * n) + 1.5 * mated
    other = np.where(mated, np.random.default_rng(seed + 1).normal(size=n * n) + 0.5, own)
    return own, other, mated, np.stack([probe, photo], axis=1)


def test_equals_an_independent_reference() -> None:
    own, other, mated, people = listed()
    found = score_identity(own, other, mated, people[:, 0], people[:, 1], 60, 3)
    for told, value in zip(
        (found.auc_doppelganger, found.identity),
        reference.identity(own, other, people, mated, 60, 3),
        strict=True,
    ):
        assert (told.value, told.n) == pytest.approx((value[0], value[3]), abs=1e-12)
        # Of an AUC the kit takes the noise of single pairs off, by draws of its own.
        assert (told.low, told.high) == pytest.approx(value[1:3], abs=0.02)


def test_draws_are_those_of_the_own_figure() -> None:
    """The AUC of the doppelganger's list alone is what `score_trials` says of it, interval and all."""
    own, other, mated, people = listed()
    found = score_identity(own, other, mated, people[:, 0], people[:, 1], 60, 3)
    alone = score_trials(other, mated, people[:, 0], people[:, 1], 60, 3).auc
    assert found.auc_doppelganger == alone
    assert found.identity.value == pytest.approx(auc(own[mated], own[~mated]) - alone.value)


def test_the_interval_is_paired() -> None:
    """What is common to both lists cancels: equal lists leave what the two sides of an interval differ by."""
    own, _, mated, people = listed()
    found = score_identity(own, own, mated, people[:, 0], people[:, 1], 60, 3)
    alone = found.auc_doppelganger
    assert found.identity.value == 0
    assert found.identity.high - found.identity.low < 0.5 * (alone.high - alone.low)


def test_lists_of_another_length_are_refused() -> None:
    own, other, mated, people = listed()
    with pytest.raises(ScoringError):
        score_identity(own, other[:-1], mated, people[:, 0], people[:, 1], 60, 3)
