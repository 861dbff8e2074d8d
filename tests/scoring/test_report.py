import numpy as np
import pytest

from mriprivacy import scoring
from mriprivacy.scoring import ScoringError, roc, score_trials
from mriprivacy.scoring.metrics.linkability import dsys_of_hull
from mriprivacy.scoring.metrics.steps import Steps, posterior
from mriprivacy.scoring.report import figures, last_axis, variances
from mriprivacy.scoring.trials import trials
from tests.helpers import oracles

pytestmark = pytest.mark.filterwarnings("ignore::mriprivacy.scoring.SmallSampleWarning")


def sparse_list(seed: int, subjects: int = 12, n: int = 150) -> tuple[np.ndarray, ...]:
    """Several probes and photos a subject, missing pairs, ties."""
    rng = np.random.default_rng(seed)
    probe, reference = rng.integers(0, subjects, n), rng.integers(0, subjects, n)
    probe[:subjects] = reference[:subjects] = np.arange(subjects)
    scores = (rng.normal(size=n) + (probe == reference)).round(1)
    return scores, probe == reference, probe, reference


@pytest.mark.parametrize("seed", range(20))
def test_a_draw_is_the_list_with_subjects_really_copied(seed: int) -> None:
    scores, mated, probe, reference = sparse_list(seed)
    listed = trials(scores, mated, probe, reference)
    counts = listed.draw(20, seed)
    found = figures(listed, counts, None)
    assert counts.sum(0).tolist() == [12.0] * 20
    for b in range(20):
        m, n = oracles.drawn_twice(scores, probe, reference, counts[:, b])
        assert found["eer"][b] == pytest.approx(scoring.eer(m, n), abs=1e-12)
        assert found["auc"][b] == pytest.approx(scoring.auc(m, n), abs=1e-12)
        assert found["min_cllr"][b] == pytest.approx(scoring.min_cllr(m, n), abs=1e-12)
        assert found["tmr_at_fmr_1pct"][b] == pytest.approx(scoring.tmr_at_fmr(m, n, 0.01), abs=1e-12)
        for name, enough in (("people_found_any", any), ("people_found_all", all)):
            own = [[np.mean(n >= s) <= 0.01 for s in scores[mated & (probe == who)]] for who in range(12)]
            hit = np.array([enough(linked) for linked in own])
            assert found[name][b] == pytest.approx(hit @ counts[:, b] / 12, abs=1e-12)


def test_values_are_those_of_the_functions() -> None:
    scores, mated, probe, reference = sparse_list(1, subjects=40, n=900)
    report = score_trials(scores, mated, probe, reference, n_bootstrap=50)
    m, n = scores[mated], scores[~mated]
    assert report.eer.value == pytest.approx(scoring.eer(m, n), abs=1e-12)
    assert report.auc.value == pytest.approx(scoring.auc(m, n), abs=1e-12)
    assert report.min_cllr.value == pytest.approx(scoring.min_cllr(m, n), abs=1e-12)
    assert report.linkability.value == pytest.approx(scoring.linkability(m, n), abs=1e-12)
    assert report.n_mated + report.n_nonmated == 900
    assert report.n_subjects == report.eer.n == 40
    assert "eer" in str(report)


def test_order_names_and_threads_change_nothing() -> None:
    scores, mated, probe, reference = sparse_list(2, subjects=40, n=900)
    names = np.array([f"sub-{i:03d}" for i in range(40)])
    order = np.random.default_rng(0).permutation(900)
    one = score_trials(scores, mated, probe, reference, 130)
    two = score_trials(
        scores[order], mated[order], names[probe][order], names[reference][order], 130, n_jobs=2
    )
    assert one == two
    assert one != score_trials(scores, mated, probe, reference, 130, seed=1)


def test_constant_and_perfect_lists() -> None:
    probe, reference = np.divmod(np.arange(900), 30)
    mated = probe == reference
    constant = score_trials(np.zeros(900), mated, probe, reference, 50)
    assert (constant.eer.value, constant.auc.value, constant.linkability.value) == (0.5, 0.5, 0.0)
    assert constant.eer.low < 0.5 < constant.eer.high  # the next person may have a face
    assert constant.rank1 is not None
    assert constant.rank1.value == pytest.approx(1 / 30)
    perfect = score_trials(mated * 1.0, mated, probe, reference, 50)
    assert (perfect.eer.value, perfect.auc.value, perfect.linkability.value) == (0.0, 1.0, 1.0)
    assert 0.7 < perfect.linkability.low < 1 == perfect.linkability.high
    assert 0.8 < perfect.auc.low < 1 == perfect.auc.high
    assert perfect.gallery_size == 30
    assert score_trials(mated * -1.0, mated, probe, reference, 50).eer.value == 1.0


def test_rank1_needs_to_know_the_probes() -> None:
    probe, reference = np.divmod(np.arange(400), 20)
    twice = [np.r_[x, x] for x in (np.eye(20).ravel(), probe == reference, probe, reference)]
    assert score_trials(*twice, 20).rank1 is None
    named = score_trials(*twice, 20, probes=np.r_[probe, probe + 20])
    assert named.rank1 is not None
    assert named.rank1.value == 1.0


def test_two_and_three_subjects_work_and_distractors_are_drawn_apart() -> None:
    for n in (2, 3):
        probe, reference = np.divmod(np.arange(n * n), n)
        report = score_trials(np.arange(n * n), probe == reference, probe, reference, 20)
        assert 0 <= report.eer.value <= 1
        assert not report.eer.bounded
        assert str(report.auc).endswith(f"[n/a: needs 4 people with a mated trial, the list has {n}] (n={n})")
    listed = trials([3, 2, 1, 0], [True, True, False, False], ["a", "b", "a", "b"], ["a", "b", "x", "y"])
    counts = listed.draw(30, 0)
    assert listed.subjects.tolist() == ["a", "b", "x", "y"]
    assert (counts[:2].sum(0) == 2).all()
    assert (counts[2:].sum(0) == 2).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([1, np.nan], [1, 0], ["a", "a"], ["a", "b"]),
            "scores: 1 of 2 values not finite, first nan",
        ),
        (([1, 2], [1, 0], ["a"], ["a", "b"]), "lengths differ: .*probe_subjects has 1"),
        (([1, 2], [1, 2], ["a", "a"], ["a", "b"]), "mated: 1 of 2 values not 0 or 1, first 2 at position 1"),
        (
            ([1, 2], [1, 1], ["a", "a"], ["a", "b"]),
            r"mated between two subjects, first \['a', 'b'\] at position 1",
        ),
        (([1, 2, 3], [1, 0, 0], ["a"] * 3, ["a", "a", "b"]), "trials of one subject are labelled nonmated"),
        (([1, 2], [1, 1], ["a", "a"], ["a", "a"]), "one subject"),
        (([1, 2], [0, 0], ["a", "a"], ["b", "c"]), "no mated trial among 2"),
        (([1, 2], ["mated", "no"], ["a", "a"], ["b", "c"]), "mated: values of type"),
        (([], [], [], []), "scores: empty"),
        (([1, 2], [1, 0], ["a", None], ["a", "b"]), "probe_subjects: 1 of 2 identifiers missing, first None"),
        (([1, 2], [1, 0], [["a"], ["a"]], ["a", "b"]), "probe_subjects: array of shape"),
        (([1, 2], True, ["a", "a"], ["a", "b"]), "mated: array of shape"),
    ],
)
def test_bad_lists_are_named(arguments: tuple, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        score_trials(*arguments)


@pytest.mark.parametrize("n", [4, 5, 8, 12])
def test_small_editions_have_intervals(n: int) -> None:
    rng = np.random.default_rng(n)
    probe, reference = np.divmod(np.arange(n * n), n)
    mated = probe == reference
    report = score_trials(rng.normal(size=n * n) + mated, mated, probe, reference, 100)
    for name, estimate in report.estimates().items():
        assert estimate.bounded == (not estimate.needs)
        if estimate.bounded:
            assert 0 <= estimate.low < estimate.high <= 1, name
    assert report.auc.bounded
    assert not report.tmr_at_fmr_1pct.known


def test_people_found_are_people_not_trials() -> None:
    """A thousand non-mated scores, ten of each from 0.00 to 0.99: only 0.99 may be a false match."""
    own = {"a": [2.0, 2.0], "b": [2.0, 0.5], "c": [0.985], "d": [0.98]}  # d ties with a non-mated score
    people = [name for name, scores in own.items() for _ in scores]
    strangers = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")] * 250
    probe, reference = people + [p for p, _ in strangers], people + [r for _, r in strangers]
    scores = [score for linked in own.values() for score in linked] + [i / 100 for i in range(100)] * 10
    report = score_trials(scores, [True] * 6 + [False] * 1000, probe, reference, n_bootstrap=200)
    assert report.people_found_any.value == 3 / 4
    assert report.people_found_all.value == 2 / 4
    assert report.tmr_at_fmr_1pct.value == 4 / 6
    for one in (report.people_found_any, report.people_found_all):
        assert 0 <= one.low < one.value < one.high <= 1
        assert one.n == 4


def test_a_part_of_a_list_is_judged_at_the_threshold_of_the_whole() -> None:
    rng = np.random.default_rng(3)
    probe, reference = (np.repeat(each, 2) for each in np.divmod(np.arange(30 * 30), 30))
    mated = probe == reference
    scores = np.round(rng.normal(size=1800) + 2 * mated, 1)  # with ties
    scores[probe < 10] += 1  # these people match everybody
    curve = roc(scores[mated], scores[~mated])
    threshold = curve.threshold[np.count_nonzero(curve.fmr <= 0.01) - 1]
    whole = score_trials(scores, mated, probe, reference, 50)
    again = score_trials(scores, mated, probe, reference, 50, threshold=threshold)
    assert (again.people_found_any.value, again.people_found_all.value) == (
        whole.people_found_any.value,
        whole.people_found_all.value,
    )
    part = probe < 10
    found = score_trials(scores[part], mated[part], probe[part], reference[part], 50, threshold=threshold)
    assert found.people_found_any.bounded  # the list of the threshold resolves it, whatever the part does
    linked = scores[part & mated].reshape(10, 2) >= threshold
    assert found.people_found_any.value == linked.any(axis=1).mean()
    assert found.people_found_all.value == linked.all(axis=1).mean()
    own = score_trials(scores[part], mated[part], probe[part], reference[part], 50)
    assert not own.people_found_any.known
    assert str(found.tmr_at_fmr_1pct) == str(own.tmr_at_fmr_1pct)
    for bound, share in ((np.inf, 0.0), (-np.inf, 1.0)):
        ends = score_trials(scores, mated, probe, reference, 50, threshold=bound)
        assert (ends.people_found_any.value, ends.people_found_all.value) == (share, share)


def test_strangers_are_nobody_to_be_found() -> None:
    scores = [3.0, 1.0, 0.0, 2.0, 0.0]
    report = score_trials(scores, [1, 1, 0, 0, 0], list("ababa"), list("abbxy"), n_bootstrap=50, threshold=2)
    assert (report.people_found_any.value, report.people_found_any.n) == (0.5, 2)


def test_a_threshold_that_is_no_number_is_refused() -> None:
    """It gave 0.000 [0.000, 0.000]."""
    probe, reference = np.divmod(np.arange(16), 4)
    with pytest.raises(ScoringError, match="threshold: nan; expected a score"):
        score_trials(np.arange(16.0), probe == reference, probe, reference, 50, threshold=np.nan)


def test_non_mated_trials_that_share_one_person_can_be_drawn() -> None:
    """Sixty people who meet only the first of them: draws without that person left no non-mated trial."""
    people = np.arange(60)
    probe = np.r_[people, np.tile(people[1:], 25)]
    photo = np.r_[people, np.zeros(59 * 25, int)]
    mated = probe == photo
    scores = np.random.default_rng(0).normal(size=len(probe)) + mated
    report = score_trials(scores, mated, probe, photo, 50, probes=probe)
    assert 0 < report.auc.low < report.auc.value < report.auc.high < 1


def test_the_level_of_the_intervals() -> None:
    scores, mated, probe, reference = sparse_list(1, subjects=40, n=900)
    narrow, wide = (score_trials(scores, mated, probe, reference, 50, level=level) for level in (0.8, 0.99))
    for one, other in zip(narrow.estimates().values(), wide.estimates().values(), strict=True):
        assert (one.value, one.n) == (other.value, other.n) or not one.known
        assert not one.bounded or other.low <= one.low <= one.high <= other.high
    assert wide.auc.low < narrow.auc.low < narrow.auc.high < wide.auc.high
    assert "99 % intervals" in str(wide)
    with pytest.raises(ScoringError, match="level: 95; expected a confidence level"):
        score_trials(scores, mated, probe, reference, 50, level=95)


def test_the_variance_of_draws_is_that_of_people_not_of_their_sample() -> None:
    """Draws of n people vary by (n - 1)/n of what people do; the noise of pairs is known of some figures."""
    scores, mated, probe, reference = sparse_list(3, subjects=5, n=60)
    listed = trials(scores, mated, probe, reference)
    draws = {"of_no_pairs": np.array([0.0, 1.0, 2.0, np.nan]), "linkability": np.array([0.2, 0.4, 0.2, 0.4])}
    people = int(listed.paired.sum())
    found = variances(listed, draws, 0)
    assert found["of_no_pairs"] == pytest.approx(2 / 3 * people / (people - 1), rel=1e-12)
    assert found["linkability"] == pytest.approx(0.01 * people / (people - 1), rel=1e-12)


def linked_mean(scores: np.ndarray, mated: np.ndarray, probe: np.ndarray) -> float:
    """The share of people whose best mated score is accepted, over false match rates from 0 to 10 %.

    Of non-mated scores equal to it a growing share is accepted, and of its person the same share.
    """
    others, rates = scores[~mated], (np.arange(20_000) + 0.5) / 200_000
    found = []
    for who in np.unique(probe[mated]):
        best = scores[mated & (probe == who)].max()
        above, from_it = np.mean(others > best), np.mean(others >= best)
        ramp = (rates >= above) if from_it == above else (rates - above) / (from_it - above)
        found.append(np.clip(ramp, 0, 1).mean())
    return float(np.mean(found))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("digits", [0, 1, 9])
def test_people_linked_on_average_are_counted_rate_by_rate(seed: int, digits: int) -> None:
    """With few digits many scores are equal."""
    scores, mated, probe, reference = sparse_list(seed, subjects=20, n=700)
    scores = (scores + np.random.default_rng(seed).normal(size=700) * 1e-3).round(digits)
    value = score_trials(scores, mated, probe, reference, n_bootstrap=50).partial_auc.value
    assert value == pytest.approx(linked_mean(scores, mated, probe), abs=2e-4)


def test_a_draw_is_the_list_only_if_everyone_is_drawn_once() -> None:
    """Of a person without non-mated trials too: drawn twice, the hull is corrected as that of a draw."""
    rng = np.random.default_rng(3)
    probe, reference = np.repeat(np.arange(6), 6), np.tile(np.arange(6), 6)
    probe, reference = np.r_[probe, [6] * 3], np.r_[reference, [6] * 3]
    mated = probe == reference
    listed = trials(mated + rng.normal(size=39), mated, probe, reference)
    assert listed.optimism > 0.01
    alone = np.where(np.arange(7) == 6, 2.0, 1.0)
    counts = np.stack([np.ones(7), alone], axis=1)
    found = figures(listed, counts, None)["linkability"]
    weights, nonmated = listed.weigh(counts)
    assert nonmated[:, 0].tolist() == nonmated[:, 1].tolist()
    curves = Steps(last_axis(weights), last_axis(nonmated))
    hull = dsys_of_hull(curves, posterior(curves))
    assert found == pytest.approx(hull - np.array([1, 2]) * listed.optimism)
