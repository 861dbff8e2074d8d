import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, roc_auc_score

from mriprivacy.scoring import ScoringError, score_ages, score_attributes
from mriprivacy.scoring.metrics.attributes import _draw


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_sklearn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, guess = rng.choice(list("ABC"), 80, p=[0.6, 0.3, 0.1]), rng.choice(list("ABC"), 80)
    p = rng.dirichlet(np.ones(3), 80).round(1)
    p[:, 0] += 1 - p.sum(1)
    report = score_attributes(truth, guess, np.arange(80), 50, probabilities=p, classes=list("ABC"))
    assert report.accuracy.value == pytest.approx(accuracy_score(truth, guess), abs=1e-12)
    assert report.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(truth, guess), abs=1e-12)
    assert report.macro_f1.value == pytest.approx(f1_score(truth, guess, average="macro"), abs=1e-12)
    assert report.auc is not None
    areas = [roc_auc_score(truth == c, p[:, k]) for k, c in enumerate("ABC")]
    assert report.auc.value == pytest.approx(np.mean(areas), abs=1e-12)
    assert report.gain.value == pytest.approx(report.accuracy.value - np.mean(truth == "A"), abs=1e-12)
    assert report.accuracy.low <= report.accuracy.value <= report.accuracy.high


def test_a_class_that_is_guessed_and_never_true_is_no_class_of_the_truth() -> None:
    truth, guess = ["a", "a", "b", "b", "b"], ["a", "none", "b", "b", "none"]
    report = score_attributes(truth, guess, np.arange(5), 50)
    assert report.balanced_accuracy.value == pytest.approx((1 / 2 + 2 / 3) / 2, abs=1e-12)
    assert report.macro_f1.value == pytest.approx(f1_score(truth, guess, average="macro"), abs=1e-12)
    assert report.accuracy.value == pytest.approx(3 / 5, abs=1e-12)


def test_guessing_the_majority_gains_nothing() -> None:
    report = score_attributes(["F"] * 30 + ["M"] * 10, ["F"] * 40, np.arange(40), 100)
    assert report.gain.value == 0.0
    assert -0.1 < report.gain.low < 0 < report.gain.high < 0.1  # the next person may be unlike these
    assert (report.accuracy.value, report.balanced_accuracy.value) == (0.75, 0.5)
    assert "F" in str(report)


def test_scans_of_one_subject_are_drawn_together() -> None:
    truth, guess = ["F", "M"] * 20, ["F"] * 40
    apart = score_attributes(truth * 4, guess * 4, np.arange(160), 400).accuracy
    together = score_attributes(truth * 4, guess * 4, np.tile(np.arange(40), 4), 400).accuracy
    assert together.high - together.low > 1.6 * (apart.high - apart.low)


def test_all_right_of_twelve_is_no_certainty() -> None:
    """It was 1.000 [1.000, 1.000]; so was the interval of two people."""
    report = score_attributes(["F"] * 6 + ["M"] * 6, ["F"] * 6 + ["M"] * 6, np.arange(12), 50)
    low = binomtest(12, 12).proportion_ci(method="exact").low
    assert (report.accuracy.low, report.accuracy.high) == (pytest.approx(low, abs=1e-9), 1.0)
    for one in (report.balanced_accuracy, report.macro_f1):
        assert 0.6 < one.low < 0.95
        assert one.high == 1.0
    assert report.gain.low < 0.5 < report.gain.high
    few = score_attributes(list("FFM"), list("FFM"), [1, 2, 3], 50)
    ages = score_ages([20, 30, 70], [25, 30, 60], [1, 2, 3], 50)
    for one in (few.accuracy, few.macro_f1, few.gain, ages.mae, ages.gain):
        assert one.known
        assert not one.bounded
    assert f"{ages.mae:.1f}" == "5.0 [n/a: needs 4 people, the list has 3]"


@pytest.mark.parametrize("people", [12, 40])
@pytest.mark.parametrize("chance", [0.5, 0.75, 0.95])
def test_intervals_hold_the_truth(people: int, chance: float) -> None:
    """Two classes as frequent, each person right with one chance; percentiles held 46 to 93 %."""
    rng, held = np.random.default_rng([people, round(100 * chance)]), []
    for _ in range(150):
        truth = rng.random(people) < 0.5
        guess = truth ^ (rng.random(people) >= chance)
        if truth.all() or not truth.any():
            continue
        found = score_attributes(truth, guess, np.arange(people), 100)
        three = found.accuracy, found.balanced_accuracy, found.macro_f1
        held.append([one.low <= chance <= one.high for one in three])
    assert np.mean(held, axis=0).min() >= 0.9


def test_ages() -> None:
    report = score_ages([20, 30, 70], [25, 30, 60], [1, 2, 3], 50)
    assert report.mae.value == 5.0
    assert report.median == 30
    assert report.gain.value == pytest.approx(50 / 3 - 5)
    assert "years" in str(report)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((["a"], ["a", "b"], [1, 2]), {}, "lengths differ"),
        ((["a", None], ["a", "b"], [1, 2]), {}, "truth: 1 of 2 values missing, first None at position 1"),
        ((["a", "b"], ["a", "b"], [1, 1]), {}, "subjects: 1 found"),
        ((["a", "b"], ["a", "b"], [1, 2]), {"n_bootstrap": 1}, "n_bootstrap: 1"),
        ((["a", "b"], ["a", "b"], [1, 2]), {"probabilities": [[1], [0]], "classes": ["a"]}, "no column for"),
        ((["a", "b"], ["a", "b"], [1, 2]), {"probabilities": [[1, 0]], "classes": ["a", "b"]}, "shape"),
    ],
)
def test_bad_input_is_named(arguments: tuple, options: dict, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        score_attributes(*arguments, **options)


def test_one_and_one_point_nought_are_one_class() -> None:
    """They were compared as text, and nothing was right."""
    assert score_attributes([0, 1, 1, 0], [0.0, 1.0, 1.0, 0.0], [1, 2, 3, 4], 50).accuracy.value == 1
    with pytest.raises(ScoringError, match="predicted: text; expected numbers, as the truth has"):
        score_attributes([0, 1, 1, 0], list("0110"), [1, 2, 3, 4], 50)


def test_what_is_masked_is_not_unmasked() -> None:
    hidden = np.ma.masked_array([0, 1, 1, 0], [False, True, False, False])
    with pytest.raises(ScoringError, match="truth: 1 of 4 values masked"):
        score_attributes(hidden, [0, 1, 1, 0], [1, 2, 3, 4], 50)


def test_the_interval_of_an_age_error_is_that_of_the_draws() -> None:
    """By a loop over the draws: t with one degree of freedom less than people, n / (n - 1) for the draws."""
    rng = np.random.default_rng(4)
    truth, guess = rng.uniform(20, 80, 9), rng.uniform(20, 80, 9)
    who = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7])
    found = score_ages(truth, guess, who, n_bootstrap=20, seed=3)
    counts = _draw(8, 20, 3)
    assert np.array_equal(counts[:, 0], np.ones(8))
    for one, error in (
        (found.mae, np.abs(guess - truth)),
        (found.gain, np.abs(np.median(truth) - truth) - np.abs(guess - truth)),
    ):
        draws = [np.repeat(error, column[who].astype(int)).mean() for column in counts.T[1:]]
        reach = student.ppf(0.975, 7) * np.sqrt(np.var(draws) * 8 / 7)
        assert (one.value, one.n) == (pytest.approx(error.mean()), 8)
        assert (one.low, one.high) == pytest.approx((one.value - reach, one.value + reach))
