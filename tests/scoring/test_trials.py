"""A list that is sorted once and weighed again, against a loop over its trials."""

import numpy as np
import pytest

from mriprivacy.scoring import trials as module
from mriprivacy.scoring.errors import ScoringError
from mriprivacy.scoring.trials import Trials, trials


def people(seed: int, n: int = 9, n_distractors: int = 3) -> Trials:
    """Everybody with everybody, scores with ties; distractors are references alone."""
    rng = np.random.default_rng(seed)
    probes = [f"p{i}" for i in range(n)]
    references = [*probes, *(f"s{i}" for i in range(n_distractors))]
    pairs = [(a, b) for a in probes for b in references]
    scores = rng.integers(0, 12, len(pairs)) + np.array([3.0 * (a == b) for a, b in pairs])
    return trials(scores, [a == b for a, b in pairs], *zip(*pairs, strict=True))


@pytest.mark.parametrize("rows", [1, 7, 4096])
@pytest.mark.parametrize("most", [1, 3, 3000])
def test_every_trial_weighs_as_often_as_its_people_are_drawn(
    rows: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mated trials as often as their person, non-mated ones as the product of both; exactly."""
    monkeypatch.setattr(module, "_ROWS", rows)
    listed = people(most)
    counts = np.random.default_rng(rows).integers(0, most + 1, (len(listed.subjects), 5)).astype(float)
    mated, nonmated = np.zeros((2, listed.n_pieces, 5))
    thresholds = sorted(set(listed.scores[listed.mated].tolist()), reverse=True)
    for score, is_mated, a, b in zip(
        listed.scores, listed.mated, listed.probe, listed.reference, strict=True
    ):
        # Pieces: above the highest mated score, it, between it and the next, the next, ...
        at = next((2 * i + (score == t) for i, t in enumerate(thresholds) if score >= t), 2 * len(thresholds))
        (mated if is_mated else nonmated)[at] += counts[a] if is_mated else counts[a] * counts[b]
    weighed = listed.weigh(counts)
    for found, expected in zip(weighed, (mated, nonmated), strict=True):
        # Pieces that hold no trial at all may be left out.
        assert np.array_equal(found[found.any(axis=1)], expected[expected.any(axis=1)])


@pytest.mark.parametrize("seed", range(4))
def test_a_draw_counts_where_two_people_of_a_nonmated_trial_are_in_it(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WITNESSES", 1)
    listed = people(seed)
    counts = np.random.default_rng(seed).integers(0, 4, (len(listed.subjects), 400)) // 3
    drawn = counts > 0
    pairs = [(a, b) for a, b, m in zip(listed.probe, listed.reference, listed.mated, strict=True) if not m]
    expected = np.any([drawn[a] & drawn[b] for a, b in pairs], axis=0)
    assert 0.1 < expected.mean() < 0.99
    assert np.array_equal(listed._both_classes(counts.astype(float)), expected)


def test_people_and_distractors_are_drawn_apart() -> None:
    listed = people(0)
    counts = listed.draw(50, 1)
    assert (counts[listed.paired].sum(axis=0) == 9).all()
    assert (counts[~listed.paired].sum(axis=0) == 3).all()
    assert np.array_equal(counts, listed.draw(50, 1))
    assert not np.array_equal(counts, listed.draw(50, 2))
    assert counts[listed.paired].mean() == pytest.approx(1.0)
    # A draw with replacement: of nine people, each is left out of a share (8/9)^9 of the draws.
    many = listed.draw(4000, 3)
    assert (many[listed.paired] == 0).mean() == pytest.approx((8 / 9) ** 9, abs=0.01)


def test_two_people_who_share_one_pair_are_drawn_until_both_are_there() -> None:
    listed = trials([3.0, 1.0, 2.0, 0.0], [True, True, False, False], list("abab"), list("abba"))
    assert (listed.draw(200, 0) == 1).all()


@pytest.mark.parametrize(
    ("mated", "probes", "references", "words"),
    [
        (
            [True, False],
            ["a", "a"],
            ["b", "b"],
            r"1 of 2 trials are called mated .*first \['a', 'b'\] at position 0",
        ),
        ([True, False], ["a", "a"], ["a", "a"], r"1 of 2 trials of one subject .*\['a', 'a'\] at position 1"),
        ([True, True], ["a", "a"], ["a", "a"], "one subject; expected at least two"),
        ([True, True], ["a", "b"], ["a", "b"], "no nonmated.trial among 2"),
        ([False, False], ["a", "b"], ["b", "a"], "no mated trial among 2"),
    ],
)
def test_lists_that_cannot_be_resampled(
    mated: list[bool], probes: list[str], references: list[str], words: str
) -> None:
    with pytest.raises(ScoringError, match=words):
        trials([1.0, 2.0], mated, probes, references)
