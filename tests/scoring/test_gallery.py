"""Blocks against the whole matrix: the same figures, ranks and candidates, however they are cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from mriprivacy import scoring
from mriprivacy.scoring import ScoringError, search_gallery
from mriprivacy.scoring import gallery as gallery
from mriprivacy.scoring.metrics.identification import ranks


def people(seed: int, n: int = 60, images: int = 3) -> tuple[np.ndarray, list[str], np.ndarray, list[str]]:
    """Probes of `n` people, of whom some are not in the gallery; each of those that are has some images."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=(n, 8))
    who = rng.integers(0, n, 2 * n)
    shown = np.repeat(np.arange(5, n), rng.integers(1, images + 1, n - 5))
    probes, photos = true[who] + rng.normal(size=(2 * n, 8)), true[shown] + rng.normal(size=(len(shown), 8))
    return probes, [f"p{x:03}" for x in who], photos, [f"p{x:03}" for x in shown]


@pytest.mark.parametrize(("columns", "rows", "images"), [(8192, 512, 3), (16, 7, 3), (1, 1, 3), (16, 50, 1)])
def test_blocks_give_what_the_matrix_gives(
    columns: int, rows: int, images: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes, who, photos, shown = people(1, images=images)
    monkeypatch.setattr(gallery, "COLUMNS", columns)
    report = search_gallery(probes, who, photos, shown, top=5, rows=rows)
    scores, same = -cdist(probes, photos), np.array(who)[:, None] == np.array(shown)
    m, n = scores[same], scores[~same]
    assert report.figures.exact
    assert (report.figures.n_mated, report.figures.n_nonmated) == (len(m), len(n))
    assert report.figures.auc == pytest.approx(scoring.auc(m, n), abs=1e-12)
    assert report.figures.eer == pytest.approx(scoring.eer(m, n), abs=1e-12)
    assert report.figures.min_cllr == pytest.approx(scoring.min_cllr(m, n), abs=1e-12)
    known = same.any(axis=1)
    code = np.unique(shown, return_inverse=True)[1]
    probe, image = (np.broadcast_to(x, scores.shape)[known].ravel() for x in (np.arange(120)[:, None], code))
    rank = ranks(scores[known].ravel(), same[known].ravel(), probe, image)
    np.testing.assert_array_equal(
        report.rank[known], (1 + rank.above + rank.level / 2)[np.argsort(rank.probe)]
    )
    assert np.isnan(report.rank[~known]).all()
    np.testing.assert_array_equal(report.candidates, np.argsort(-scores, axis=1, kind="stable")[:, :5])
    best = np.where(same, scores, -np.inf).max(axis=1)
    np.testing.assert_allclose(report.best[known], best[known])
    assert (n >= report.threshold + 1e-9).mean() <= 0.01
    assert (best[known] >= report.threshold - 1e-9).mean() == report.linked[known].mean()
    assert report.linked[known].mean() >= scoring.tmr_at_fmr(m, n, 0.01) * 0.99
    assert report.people == len(set(shown))


def test_a_tie_stands_in_the_middle_and_a_gallery_of_one_image_many_times_tells_nothing() -> None:
    report = search_gallery(np.ones((4, 3)), [0, 1, 2, 9], np.ones((4, 3)), [0, 1, 2, 3])
    assert report.rank[:3].tolist() == [2.5] * 3
    assert report.figures.auc == 0.5
    assert not report.linked.any()
    assert np.isinf(report.threshold)
    assert report.candidates[0].tolist() == [0, 1, 2, 3]
    assert "3 of 4 probes" in str(report)


@settings(max_examples=10)
@given(st.integers(0, 10**6), st.floats(0.1, 1000), st.floats(-50, 50))
def test_scale_and_place_of_embeddings_change_no_rank(seed: int, scale: float, shift: float) -> None:
    probes, who, photos, shown = people(seed, 12)
    first = search_gallery(probes, who, photos, shown)
    other = search_gallery(probes * scale + shift, who, photos * scale + shift, shown, rows=5)
    np.testing.assert_array_equal(first.rank, other.rank)
    assert first.figures.auc == pytest.approx(other.figures.auc, abs=1e-9)


def test_binned_within_the_bound_it_states() -> None:
    probes, who, photos, shown = people(3)
    codes = np.unique(who + shown, return_inverse=True)[1]
    sides = gallery.Embeddings(probes, codes[: len(who)]), gallery.Embeddings(photos, codes[len(who) :])
    whole, few = (gallery.mated(*sides, most) for most in (1000, 9))
    assert (whole.exact, few.exact) == (True, False)
    exact, binned = (
        gallery.conclude(m, sides[1], [gallery.search(*sides, m, slice(0, 120))]) for m in (whole, few)
    )
    assert abs(exact.figures.auc - binned.figures.auc) <= binned.figures.auc_bound
    assert abs(exact.figures.eer - binned.figures.eer) <= binned.figures.eer_bound


@pytest.mark.parametrize(
    ("probes", "who", "photos", "shown", "message"),
    [
        (np.ones(3), [0], np.ones((1, 2)), [0], r"probes: float64 of shape \(3,\)"),
        (
            np.ones((1, 2)),
            [0],
            np.ones((1, 3)),
            [0],
            "gallery: vectors of 3 numbers, those of the probes have 2",
        ),
        (np.ones((1, 2)), [0, 1], np.ones((1, 2)), [0], "probes: 1 vectors and 2 subjects"),
        (np.ones((1, 2)), [0], np.ones((3, 2)), [0, 1, 0], "images of one person stand apart"),
        (np.ones((1, 2)), [0], np.ones((1, 2)), [1], "holds no subject of the probes"),
        (np.ones((1, 2)), [0], np.ones((1, 2)), [0], "holds one person"),
        (np.full((1, 2), np.nan), [0], np.ones((2, 2)), [0, 1], "not finite"),
        (np.ones((1, 2)), [0], np.array([[1, 1], [1, np.inf]]), [0, 1], "rows 0 to 2 are not finite"),
    ],
)
def test_what_cannot_be_compared_is_named(probes, who, photos, shown, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScoringError, match=message):
        search_gallery(probes, who, photos, shown)
