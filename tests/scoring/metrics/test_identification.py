import numpy as np
import pytest

from mriprivacy.scoring import ScoringError, cmc


def test_by_hand() -> None:
    scores = np.array([[3, 1, 2], [5, 4, 6], [1, 1, 1]], dtype=float)
    probe, subject = np.divmod(np.arange(9), 3)
    found = cmc(scores.ravel(), probe == subject, probe, subject)
    np.testing.assert_allclose(found.rate, [(1 + 0 + 1 / 3) / 3, (1 + 0 + 2 / 3) / 3, 1.0], atol=1e-15)
    assert (found.gallery_size, found.n_probes, found.chance) == (3, 3, 1 / 3)


def test_several_photos_count_once_with_the_best() -> None:
    found = cmc([1, 9, 5, 6], [True, True, False, False], ["p"] * 4, ["a", "a", "b", "b"])
    assert found.rate.tolist() == [1.0, 1.0]
    assert found.gallery_size == 2


def test_constant_scores_are_chance_and_probes_without_mate_are_left_out() -> None:
    probe, subject = np.divmod(np.arange(12), 4)
    found = cmc(np.zeros(12), probe == subject, probe, subject)
    np.testing.assert_allclose(found.rate, [0.25, 0.5, 0.75, 1.0])
    assert cmc([1, 0, 7], [True, False, False], [0, 0, 1], ["a", "b", "a"]).n_probes == 1
    with pytest.raises(ScoringError, match="no mated trial"):
        cmc([1.0], [False], [0], ["a"])


@pytest.mark.parametrize("labels", [["mated", "nonmated", "nonmated", "mated"], [1, 0, 2, 1], [1, 0, 0.5, 1]])
def test_labels_that_are_none_are_refused(labels: list[object]) -> None:
    """Every text counts as true: "nonmated" was taken for mated."""
    with pytest.raises(ScoringError, match="mated: "):
        cmc([3, 1, 2, 2], labels, [0, 0, 1, 1], ["a", "b", "b", "a"])


def test_ones_and_zeros_are_labels() -> None:
    words = [0, 0, 1, 1], ["a", "b", "b", "a"]
    assert cmc([3, 1, 2, 2], [1, 0, 1, 0], *words).rate.tolist() == [0.75, 1.0]


def test_the_curve_goes_on_to_the_rank_of_the_largest_gallery() -> None:
    """The first probe is third of three, the second first of two."""
    found = cmc(
        [1, 2, 3, 9, 8], [True, False, False, True, False], [0, 0, 0, 1, 1], ["a", "b", "c", "b", "a"]
    )
    assert found.rate.tolist() == [0.5, 0.5, 1.0]
    assert (found.gallery_size, found.n_probes) == (2, 2)
