"""Utility measures of findings made by hand: definitions, ends of the scale, and intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.scoring.errors import ScoringError
from mriprivacy.scoring.metrics.utility_measures import (
    BrainFindings,
    compare_brains,
    rescan_gaps,
    summarize_utility,
)


def found(
    brain: np.ndarray | None = None,
    volumes: tuple[float, float, float] = (700.0, 450.0, 200.0),
    shift_mm: float = 0.0,
    cnr: float = 2.0,
) -> BrainFindings:
    if brain is None:
        brain = np.zeros((10, 10, 10), bool)
        brain[2:8, 2:8, 2:8] = True
    points = np.random.default_rng(0).normal(0, 50, (30, 3)) + np.array([0, shift_mm, 0])
    return BrainFindings(brain, volumes, points, {"cnr": cnr, "snr_total": 5.0})


def test_an_untouched_scan_has_all() -> None:
    measures = compare_brains(found(), found())
    assert measures["utility"] == measures["brain_dice"] == 1.0
    assert all(measures[name] == 0 for name in measures if name.endswith("_change"))
    assert measures["displacement_mm"] == measures["failed"] == 0.0


def test_a_scan_without_a_brain_has_nothing() -> None:
    measures = compare_brains(found(), None)
    assert (measures["utility"], measures["failed"]) == (0.0, 1.0)
    assert np.isnan(measures["brain_dice"])


def test_units_and_signs_by_hand() -> None:
    smaller = np.zeros((10, 10, 10), bool)
    smaller[2:8, 2:8, 2:5] = True  # half of the brain
    measures = compare_brains(found(), found(smaller, (350.0, 450.0, 220.0), 3.0, 1.0))
    assert measures["brain_dice"] == pytest.approx(2 / 3)
    assert measures["gm_change"] == pytest.approx(-0.5)
    assert measures["csf_change"] == pytest.approx(0.1)
    assert measures["brain_change"] == pytest.approx(1020 / 1350 - 1)
    assert measures["displacement_mm"] == pytest.approx(3.0)
    assert measures["cnr_change"] == pytest.approx(-0.5)
    parts = [2 / 3, 1 - 370 / 1350, 1 - 3 / 20, 0.5]
    assert measures["utility"] == pytest.approx(np.prod(parts) ** 0.25)


@pytest.mark.parametrize(
    "worse",
    [
        found(np.eye(10, dtype=bool)[..., None] & np.zeros(10, bool)),
        found(volumes=(2000.0, 450.0, 700.0)),
        found(shift_mm=25.0),
        found(cnr=0.0),
        found(cnr=float("nan")),
        found(cnr=float("inf")),
    ],
    ids=["no overlap", "volumes", "lost", "no contrast", "nan", "infinite"],
)
def test_any_part_that_is_lost_is_a_utility_of_zero(worse: BrainFindings) -> None:
    assert compare_brains(found(), worse)["utility"] == 0.0


@settings(max_examples=50)
@given(volume=st.floats(0.1, 3), shift=st.floats(0, 40), cnr=st.floats(0.01, 100), kept=st.integers(1, 6))
def test_the_index_is_a_share_and_never_gains_by_more_harm(
    volume: float, shift: float, cnr: float, kept: int
) -> None:
    brain = np.zeros((10, 10, 10), bool)
    brain[2:8, 2:8, 2 : 2 + kept] = True
    one = compare_brains(found(), found(brain, (700 * volume, 450.0, 200.0), shift, cnr))["utility"]
    more = compare_brains(found(), found(brain, (700 * volume, 450.0, 200.0), shift + 1, cnr))["utility"]
    assert 0 <= more <= one <= 1
    assert (one == 1) == (kept == 6 and volume == 1 and shift == 0 and cnr == 2)


def test_intervals_resample_people_not_scans() -> None:
    rng = np.random.default_rng(1)
    own = rng.normal(0.9, 0.05, 40)
    rows = [{"utility": value} for value in np.repeat(own, 5)]
    repeated = summarize_utility(rows, [f"s{i}" for i in np.repeat(np.arange(40), 5)])["utility"]
    once = summarize_utility([{"utility": value} for value in own], [f"s{i}" for i in range(40)])["utility"]
    assert repeated.n == once.n == 40
    assert repeated.value == pytest.approx(once.value)
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))
    half = 1.96 * own.std() / np.sqrt(40)  # the normal approximation, independently
    assert (once.low, once.high) == pytest.approx((own.mean() - half, own.mean() + half), abs=0.003)


def test_failures_count_and_do_not_hide() -> None:
    rows = [compare_brains(found(), found()), compare_brains(found(), None)]
    summary = summarize_utility(rows, ["a", "b"])
    assert summary["utility"].value == summary["failed"].value == 0.5
    assert (summary["brain_dice"].value, summary["brain_dice"].n) == (1.0, 1)
    alone = summarize_utility(rows[1:], ["b"])
    assert np.isnan(alone["brain_dice"].value)
    assert alone["brain_dice"].n == 0


def test_change_is_without_sign_and_bias_with_it() -> None:
    rows = [compare_brains(found(), found(volumes=(700 * f, 450.0, 200.0))) for f in (0.9, 1.1)]
    summary = summarize_utility(rows, ["a", "b"])
    assert summary["gm_change"].value == pytest.approx(0.1)
    assert summary["gm_bias"].value == pytest.approx(0.0, abs=1e-12)
    assert "cnr_bias" not in summary


def test_rescans_are_pairs_of_one_person() -> None:
    volumes = [(600, 400, 200), (500, 300, 100), (660, 400, 200), (630, 400, 200)]
    quality = [{"cnr": 2.0}] * 4
    assert rescan_gaps(volumes[:2], quality[:2], ["a", "b"]) == []
    with pytest.raises(ValueError, match=r"shorter|longer"):
        rescan_gaps(volumes[:2], quality[:2], ["a"])
    with pytest.raises(ValueError, match=r"shorter|longer"):
        rescan_gaps(volumes[:2], quality[:1], ["a", "a"])
    gaps = rescan_gaps(volumes, quality, ["a", "b", "a", "a"])
    assert [subject for subject, _ in gaps] == ["a", "a", "a"]
    assert [gap["gm_change"] for _, gap in gaps] == pytest.approx([60 / 630, 30 / 615, 30 / 645])
    assert {gap["cnr_change"] for _, gap in gaps} == {0.0}


def test_what_no_pair_has_or_differs_in_has_no_unit() -> None:
    quality = [{"cnr": 2.0, "snr": np.nan}, {"cnr": 2.2, "snr": 3.0}]
    gaps = rescan_gaps([(600, 400, 200)] * 2, quality, ["a", "a"])
    scans = [{"gm_change": 0.1, "cnr_change": 0.1, "snr_change": 0.1}] * 3
    summary = summarize_utility(scans, ["a", "a", "b"], rescans=gaps)
    assert [name for name in summary if name.endswith("rescan")] == ["cnr_change_vs_rescan"]
    assert summary["cnr_change_vs_rescan"].value == pytest.approx(0.1 / (0.2 / 2.1))
    assert (summary["cnr_change"].n, summary["cnr_change_vs_rescan"].n) == (2, 1)


def test_the_interval_of_a_ratio_holds_the_scatter_of_both_sides() -> None:
    """Against a ratio of means drawn independently, and wider than with the gap taken as exact."""
    rng = np.random.default_rng(3)
    changes, gap = rng.gamma(4, 0.01, 60), rng.gamma(2, 0.01, 60)
    people = [f"s{i:02d}" for i in range(60)]
    rescans = [(person, {"gm_change": own}) for person, own in zip(people[:12], gap, strict=False)]
    scans = [{"gm_change": own} for own in changes]
    summary = summarize_utility(scans, people, 4000, rescans=rescans[::-1])
    alone, ratio = summary["gm_change"], summary["gm_change_vs_rescan"]
    assert summarize_utility(scans, people, 4000) == {
        name: summary[name] for name in ("gm_change", "gm_bias")
    }
    assert ratio.value == pytest.approx(changes.mean() / gap[:12].mean())
    assert ratio.n == 12
    # The delta method with t of 11: people are drawn, so 12 of 60 are a random number of them.
    relative = np.hypot(changes.std() / changes.mean() / 60**0.5, gap[:12].std() / gap[:12].mean() / 12**0.5)
    assert np.log(ratio.high / ratio.low) == pytest.approx(2 * 2.2 * relative, rel=0.25)
    assert ratio.high / ratio.low > 1.5 * alone.high / alone.low


def without_cnr(quality: dict[str, float]) -> BrainFindings:
    return BrainFindings(np.ones(3, bool), (1.0, 1.0, 1.0), np.zeros((1, 3)), quality)


def test_a_brain_of_a_millilitre_is_one() -> None:
    small = found(volumes=(0.4, 0.3, 0.2))
    assert compare_brains(small, small)["utility"] == 1.0


@pytest.mark.parametrize(
    ("original", "defaced", "message"),
    [
        (found(np.zeros((10, 10, 10), bool)), None, "no brain"),
        (found(volumes=(0.0, 0.0, 0.0)), None, "no brain"),
        (found(), found(np.ones((9, 9, 9), bool)), "brain: shapes"),
        (without_cnr({}), None, "quality has nothing; expected cnr too"),
        (without_cnr({"snr_gm": 1.0, "cjv": 1.0}), None, "quality has snr_gm, cjv; expected cnr too"),
    ],
)
def test_findings_that_do_not_belong_together_are_refused(
    original: BrainFindings, defaced: BrainFindings | None, message: str
) -> None:
    with pytest.raises(ScoringError, match=message):
        compare_brains(original, defaced)


def test_nothing_to_summarize_is_refused() -> None:
    with pytest.raises(ScoringError, match="expected at least one"):
        summarize_utility([], [])
    with pytest.raises(ScoringError, match="one a scan"):
        summarize_utility([{"utility": 1.0}], [])
    with pytest.raises(ScoringError, match="rescans: of b; expected only people who have a scan"):
        summarize_utility([{"utility": 1.0}], ["a"], rescans=[("b", {"gm_change": 0.1})])


@pytest.mark.parametrize("n", [2, 4, 12, 40])
def test_intervals_hold_the_mean(n: int) -> None:
    """Percentiles of draws held it in 52, 79, 90 and 94 of 100 cases."""
    rng = np.random.default_rng(n)
    truth, held = 0.8, []
    for _ in range(300):
        rows = [{"utility": value} for value in rng.normal(truth, 0.02, n)]
        one = summarize_utility(rows, [str(i) for i in range(n)], 100)["utility"]
        held.append(one.low <= truth <= one.high)
    assert 0.92 <= np.mean(held) <= 0.99


def test_one_person_has_no_interval_and_no_interval_leaves_the_range() -> None:
    alone = summarize_utility([{"utility": 0.9}], ["a"])["utility"]
    assert (alone.value, alone.bounded) == (0.9, False)
    assert f"{alone:.2f}" == "0.90 [n/a: needs 2 people, the list has 1]"
    rows = [{"utility": 0.99, "gm_change": -0.01}, {"utility": 0.9, "gm_change": 0.03}]
    found = summarize_utility(rows, ["a", "b"])
    assert (found["utility"].high, found["gm_change"].low) == (1.0, 0.0)
    assert found["gm_bias"].low < 0
