"""Against the answers of four published programs to scores by rule (vectors/programs.json).

Where an answer is another one, the test says why, and checks that this is the whole difference.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mriprivacy.scoring import (
    ScoringError,
    auc,
    cllr,
    dsys_histogram,
    eer,
    eer_threshold,
    min_cllr,
    rates_at,
    roc,
    rocch_eer,
    tmr_at_fmr,
    zebra,
)
from mriprivacy.scoring.metrics.steps import steps
from mriprivacy.scoring.metrics.verification import auc_of

SETS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "programs.json").read_text())["sets"]
FINITE = tuple(name for name in SETS if name != "infinite")
SPLIT = 2.0**-12  # less than any two scores of a set lie apart


def scores(rule: dict[str, Any]) -> np.ndarray:
    i = np.arange(rule["count"])
    whole = rule.get("square", 0) * i * i + rule.get("times", 0) * i + rule.get("plus", 0)
    listed = (whole % rule.get("modulo", 1) - rule.get("minus", 0)) / rule.get("over", 1)
    return np.r_[listed, np.array([float(x) for x in rule.get("also", [])])]


def both(name: str) -> tuple[np.ndarray, np.ndarray]:
    return scores(SETS[name]["mated"]), scores(SETS[name]["nonmated"])


def test_the_sets_are_what_they_are_called() -> None:
    def ties(name: str) -> int:
        return len(np.intersect1d(*both(name)))

    assert len(FINITE) == 15
    assert both("separable")[0].min() > both("separable")[1].max()
    assert auc(*both("inverted")) < 0.02
    assert both("touching")[0].min() == both("touching")[1].max()
    assert np.ptp(np.concatenate(both("constant"))) == 0
    assert [len(x) for x in both("one_each")] == [1, 1]
    assert min(ties("ties"), ties("board"), ties("few_nonmated")) >= 3
    assert np.isinf(np.concatenate(both("infinite"))).sum() == 3
    for name in FINITE:
        assert np.diff(np.unique(np.concatenate(both(name)))).min(initial=1) > 2 * SPLIT


@pytest.mark.parametrize("name", FINITE)
def test_pyllr(name: str) -> None:
    m, n = both(name)
    theirs = SETS[name]["pyllr"]
    hull = steps(m, n).hull()
    assert (hull.mated.tolist(), hull.nonmated.tolist()) == (theirs["hull_mated"], theirs["hull_nonmated"])
    # Theirs is found by numerical search: the largest Bayes error of any prior.
    assert rocch_eer(m, n) == pytest.approx(theirs["rocch_eer"], abs=1e-9)
    assert auc_of(hull) == pytest.approx(1 - theirs["hull_miss_area"], abs=1e-12)
    assert cllr(m, n) == pytest.approx(theirs["cllr"], rel=1e-12)
    assert min_cllr(m, n) == pytest.approx(theirs["min_cllr"], abs=1e-12)


def test_pyllr_takes_infinite_scores_that_we_refuse() -> None:
    """A failure to acquire is the lowest finite score; equal ranks give equal metrics."""
    m, n = both("infinite")
    with pytest.raises(ScoringError, match=r"mated: 2 of 22 .*inf at position 20;[^\n]*\nnonmated: 1 of 41 "):
        min_cllr(m, n)
    m, n = np.nan_to_num(m, posinf=1e9), np.nan_to_num(n, neginf=-1e9)
    theirs = SETS["infinite"]["pyllr"]
    assert rocch_eer(m, n) == pytest.approx(theirs["rocch_eer"], abs=1e-9)
    assert min_cllr(m, n) == pytest.approx(theirs["min_cllr"], abs=1e-12)
    assert cllr(m, n) == pytest.approx(theirs["cllr"], rel=1e-12)  # right and infinite costs nothing


@pytest.mark.parametrize("name", [name for name in FINITE if "error" not in SETS[name]["zebra"]])
def test_zebra(name: str) -> None:
    """Their log-likelihood ratios rise by a millionth over the list, "to preserve monotonicity"."""
    m, n = both(name)
    theirs = SETS[name]["zebra"]
    assert zebra(m, n).expected == pytest.approx(theirs["expected"], abs=2e-7)
    assert min_cllr(m, n) == pytest.approx(theirs["min_cllr"], abs=1e-6)
    # Their worst case takes every non-mated trial for lower than the mated ones of the same score.
    split = zebra(m + SPLIT, n)
    assert split.worst_case == pytest.approx(theirs["worst_case"], abs=1e-6)
    assert split.tag == theirs["tag"]
    assert zebra(m, n).worst_case <= theirs["worst_case"] + 1e-12
    if not len(np.intersect1d(m, n)):
        assert zebra(m, n) == split


def test_zebra_crashes_with_one_trial_of_each() -> None:
    assert SETS["one_each"]["zebra"] == {"error": "IndexError"}
    assert zebra(*both("one_each")).worst_case == pytest.approx(np.log10(2))


@pytest.mark.parametrize("name", FINITE)
def test_linkability_of_voiceprivacy(name: str) -> None:
    theirs = float(SETS[name]["voiceprivacy"]["linkability"])
    if name == "constant":  # they divide by a width of 0
        assert np.isnan(theirs)
        theirs = 0.0
    assert dsys_histogram(*both(name)) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("name", FINITE)
def test_bob(name: str) -> None:
    m, n = both(name)
    theirs = SETS[name]["bob"]
    assert cllr(m, n) == pytest.approx(theirs["cllr"], rel=1e-12)
    for t, far, frr in zip(theirs["thresholds"], theirs["far"], theirs["frr"], strict=True):
        rates = rates_at(m, n, t)
        assert (rates.fmr, rates.fnmr) == pytest.approx((far, frr), abs=1e-12)
        assert (rates.far, rates.frr) == pytest.approx((far, frr), abs=1e-12)  # without failures
    # They answer the mean of both rates at the nearest threshold, we the crossing between two.
    at = rates_at(m, n, theirs["eer_threshold"])
    assert theirs["eer"] == pytest.approx((at.fmr + at.fnmr) / 2, abs=1e-12)
    assert min(at.fmr, at.fnmr) - 1e-12 <= eer(m, n) <= max(at.fmr, at.fnmr) + 1e-12
    ours = rates_at(m, n, eer_threshold(m, n))
    assert max(ours.fmr, ours.fnmr) <= max(at.fmr, at.fnmr)
    for bound in (0.01, 0.1):
        if isinstance(theirs[f"tmr_at_far_{bound:g}"], str):  # they want two trials of each
            assert name == "one_each"
            continue
        # Their thresholds are non-mated scores; one between them can accept more mated trials.
        assert tmr_at_fmr(m, n, bound) >= theirs[f"tmr_at_far_{bound:g}"] - 1e-12
        if name not in ("overlapping", "few_nonmated", "distances"):
            assert tmr_at_fmr(m, n, bound) == pytest.approx(theirs[f"tmr_at_far_{bound:g}"], abs=1e-12)


@pytest.mark.parametrize("name", [name for name in FINITE if name != "one_each"])
def test_curves_of_bob(name: str) -> None:
    m, n = both(name)
    theirs = SETS[name]["bob"]
    # Theirs is a trapezoid over 2,000 thresholds in logarithmic steps of the rates.
    assert auc(m, n) == pytest.approx(theirs["auc"], abs=1e-3)
    curve = roc(m, n)
    for far, frr in zip(theirs["roc_far"], theirs["roc_frr"], strict=True):
        assert _on(curve.fmr, curve.tmr, far, 1 - frr)
    # Theirs approximates the normal quantile; 0 and 1 it moves into the range, where ours is infinite.
    for rate, deviate in ((theirs["far"], theirs["det_far"]), (theirs["frr"], theirs["det_frr"])):
        x, y = np.array(rate, float), np.array(deviate, float)
        inside = (x > 0) & (x < 1)
        ours = type(curve)(x, x, 1 - x).probit()
        assert ours[0][inside] == pytest.approx(y[inside], abs=1e-6)
        assert ours[1][inside] == pytest.approx(y[inside], abs=1e-6)
        assert np.isinf(ours[0][~inside]).all()


def _on(x: np.ndarray, y: np.ndarray, at: float, height: float) -> bool:
    """Whether a point lies on one of the straight pieces between ascending vertices."""
    dx, dy = np.diff(x), np.diff(y)
    along = (
        (x[:-1] <= at + 1e-9) & (at <= x[1:] + 1e-9) & (y[:-1] <= height + 1e-9) & (height <= y[1:] + 1e-9)
    )
    return bool((along & (np.abs(dx * (height - y[:-1]) - dy * (at - x[:-1])) < 1e-12)).any())
