"""Speed and memory of scoring against scikit-learn, both timed in one run; use ``-n 0 -m slow -s``."""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from mriprivacy import scoring

pytestmark = pytest.mark.slow


def seconds(call: Callable[[], object], repeats: int = 1) -> float:
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("n_mated", [5_000_000, 100_000, 10_000])
def test_ten_million_trials(n_mated: int) -> None:
    rng = np.random.default_rng(0)
    m, n = rng.normal(1, 1, n_mated), rng.normal(0, 1, 10_000_000 - n_mated)
    y, s = np.concatenate([np.ones(len(m)), np.zeros(len(n))]), np.concatenate([m, n])
    summary = scoring.summarize(m, n)
    assert summary.auc == pytest.approx(roc_auc_score(y, s), abs=1e-12)
    ours = seconds(lambda: scoring.summarize(m, n), repeats=3)
    curve = seconds(lambda: scoring.roc(m, n), repeats=3)
    theirs = seconds(lambda: (roc_auc_score(y, s), roc_curve(y, s)), repeats=2)
    tracemalloc.start()
    scoring.summarize(m, n)
    peak = tracemalloc.get_traced_memory()[1] / s.nbytes
    tracemalloc.stop()
    print(
        f"\n{n_mated:>9,} mated of 10 million: all figures {ours:.2f} s, ROC {curve:.2f} s, sklearn AUC + ROC"
    )
    print(
        f"          {theirs:.2f} s, ratio {theirs / ours:.1f}; memory beyond the input {peak:.2f} x the input"
    )
    assert theirs / ours >= 8
    assert peak <= 3


def test_a_thousand_draws_of_a_million_trials() -> None:
    rng = np.random.default_rng(0)
    probe, photo = np.divmod(np.arange(1_000_000), 1000)
    mated = probe == photo
    scores = rng.normal(size=1_000_000) + mated

    def one_draw() -> None:
        c = rng.multinomial(1000, np.full(1000, 1e-3))
        weight = np.where(mated, c[probe], c[probe] * c[photo])
        roc_auc_score(mated, scores, sample_weight=weight)
        roc_curve(mated, scores, sample_weight=weight)

    ours = seconds(lambda: scoring.score_trials(scores, mated, probe, photo, n_jobs=2), repeats=2)
    theirs = 1000 * seconds(one_draw, repeats=3)
    print(f"\n1,000 draws of 1 million trials: {ours:.1f} s; sklearn {theirs:.0f} s, {theirs / ours:.0f} x")
    assert ours <= 10
    assert theirs / ours >= 100
