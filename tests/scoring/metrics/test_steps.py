"""Pieces of an ROC, by hand and against plain counting."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from mriprivacy.scoring.errors import DataError
from mriprivacy.scoring.metrics import steps as module
from mriprivacy.scoring.metrics.steps import Steps, corners, count_below, posterior, steps, thresholds


def pairs(curve: Steps) -> list[tuple[int, int]]:
    return list(zip(curve.mated.tolist(), curve.nonmated.tolist(), strict=True))


def made(*pieces: tuple[int, int]) -> Steps:
    return Steps(*np.array(pieces).T)


def test_neighbours_of_one_class_are_joined_and_mixed_pieces_are_not() -> None:
    curve = made((0, 0), (1, 0), (2, 0), (1, 1), (2, 3), (0, 0), (0, 2), (0, 1), (5, 0), (0, 0))
    assert pairs(curve.pooled()) == [(3, 0), (1, 1), (2, 3), (0, 3), (5, 0)]
    assert pairs(curve.filled()) == [(1, 0), (2, 0), (1, 1), (2, 3), (0, 2), (0, 1), (5, 0)]
    assert pairs(made((0, 0), (0, 0), (1, 2), (3, 0), (0, 0)).filled()) == [(1, 2), (3, 0)]
    whole = made((1, 1), (1, 2), (1, 0))
    assert pairs(whole.pooled()) == pairs(whole.filled()) == pairs(whole)


@pytest.mark.parametrize("piece", [1, 3, 1000])
@pytest.mark.parametrize(
    ("n_mated", "n_nonmated", "values"), [(40, 50, 9), (5, 90, 200), (5, 90, 7), (1, 1, 2)]
)
def test_pieces_are_counts_of_scores(
    n_mated: int, n_nonmated: int, values: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the share of the classes, ties, and the pieces that threads get."""
    monkeypatch.setattr(module, "_PIECE", piece)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        m, n = rng.integers(0, values, n_mated) * 1.0, rng.integers(-2, values - 1, n_nonmated) * 1.0
        every = np.unique(np.r_[m, n])[::-1]
        expected = made(*((int((m == v).sum()), int((n == v).sum())) for v in every)).pooled()
        assert pairs(steps(m, n).pooled()) == pairs(expected)
        assert pairs(corners(np.sort(m), np.sort(n)).pooled()) == pairs(expected)
        raw, lowest = thresholds(np.sort(m), np.sort(n))
        assert (np.diff(lowest) < 0).all()
        assert np.cumsum(raw.mated).tolist() == [int((m >= v).sum()) for v in lowest]
        assert np.cumsum(raw.nonmated).tolist() == [int((n >= v).sum()) for v in lowest]
        assert pairs(raw.pooled()) == pairs(expected)
        below, upto = count_below(np.unique(m), n)
        assert below.tolist() == [int((n < v).sum()) for v in np.unique(m)]
        assert upto.tolist() == [int((n <= v).sum()) for v in np.unique(m)]


@pytest.mark.parametrize("omega", [1.0, 0.25, 4.0])
def test_the_posterior_is_an_isotonic_fit_of_each_roc(omega: float) -> None:
    """Against scikit-learn's, one after the other; pieces without trials take the value above them."""
    rng = np.random.default_rng(0)
    mated, nonmated = rng.integers(0, 4, (2, 3, 2, 12)).astype(float)
    mated[..., 0] += 1
    nonmated[..., 5] = mated[..., 5] = 0
    found = posterior(Steps(mated, nonmated), omega)
    for at in np.ndindex(3, 2):
        m, n = omega * mated[at] / mated[at].sum(), nonmated[at] / nonmated[at].sum()
        seen = m + n > 0
        fit = IsotonicRegression(increasing=False).fit_transform(
            np.arange(12)[seen], (m[seen] / (m + n)[seen]), sample_weight=(m + n)[seen]
        )
        rank = np.cumsum(seen) - 1
        assert found[at] == pytest.approx(fit[np.maximum(rank, 0)], abs=1e-9)


def test_a_hull_in_stretches_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    curve = Steps(rng.integers(0, 3, 100), rng.integers(0, 3, 100))
    whole = pairs(curve.hull())
    slopes = [m / (m + n) for m, n in whole]
    assert slopes == sorted(slopes, reverse=True)
    assert sum(m for m, _ in whole) == curve.mated.sum()
    for piece in (1, 7, 99):
        monkeypatch.setattr(module, "_PIECE", piece)
        assert pairs(curve.hull()) == whole
    assert pairs(made((0, 0), (0, 0)).hull()) == []


@pytest.mark.parametrize(("mated", "nonmated"), [([1, 2], [0, 0]), ([0, 0], [1, 2])])
def test_a_class_without_trials_has_no_rates(mated: list[int], nonmated: list[int]) -> None:
    with pytest.raises(DataError, match="a class holds no trials"):
        Steps(np.array(mated), np.array(nonmated)).vertices()
