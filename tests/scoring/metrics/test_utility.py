"""The brain gate on arrays made by hand, and on properties that any gate must have."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mriprivacy.scoring.errors import ScoringError
from mriprivacy.scoring.metrics.utility import _brain_change, brain_gate

EYE = np.eye(4)


def head() -> tuple[NDArray, NDArray[np.bool_]]:
    """A 10 x 10 x 10 head of intensities 100 to 199 whose upper half is brain."""
    scan = np.full((10, 10, 10), 100.0) + np.arange(100).reshape(10, 10, 1)
    brain = np.zeros(scan.shape, bool)
    brain[:, :, 5:] = True
    return scan, brain


def test_a_face_set_to_air_passes() -> None:
    scan, brain = head()
    defaced = np.where(brain, scan, 0)
    report = brain_gate(scan, defaced, brain, EYE, EYE)
    assert report.passed
    assert report.changed_share == report.relative_change == 0.0


def test_the_input_itself_fails_one_gate_only() -> None:
    scan, brain = head()
    report = brain_gate(scan, scan.copy(), brain, EYE, EYE)
    assert not report.passed
    assert not report.differs
    assert len(report.problems) == 1


@pytest.mark.parametrize(("lost", "passes"), [(25, True), (26, False)])
def test_the_limit_is_a_share_of_the_brains_voxels(lost: int, passes: bool) -> None:
    scan, brain = head()  # 500 voxels of brain, 5 % of them are 25
    scan[brain] = np.linspace(100, 101, 500)
    defaced = scan.copy()
    where = np.argwhere(brain)[:lost]
    defaced[tuple(where.T)] += 1.0  # large against the span of 1, small against the mean of 100
    report = brain_gate(scan, defaced, brain, EYE, EYE)
    assert report.changed_share == pytest.approx(lost / 500)
    assert report.relative_change < 0.01
    assert report.passed is passes


@pytest.mark.parametrize(("gain", "passes"), [(1.049, True), (1.051, False)])
def test_relative_change_of_a_gain_is_the_gain(gain: float, passes: bool) -> None:
    scan, brain = head()
    report = brain_gate(scan, scan * gain, brain, EYE, EYE, limit=1.0)
    assert report.relative_change == pytest.approx(gain - 1)
    assert (report.relative_change <= 0.05) is passes


def test_rounding_to_integers_is_no_change() -> None:
    scan, brain = head()
    noisy = scan + np.random.default_rng(3).uniform(0, 1, scan.shape)
    report = brain_gate(noisy, np.where(brain, np.rint(noisy), 0).astype(np.int16), brain, EYE, EYE)
    assert report.passed


def test_a_blank_volume_and_one_of_nan_lose_the_whole_brain() -> None:
    scan, brain = head()
    for empty in (np.zeros_like(scan), np.full_like(scan, np.nan), np.full_like(scan, np.inf)):
        report = brain_gate(scan, empty, brain, EYE, EYE)
        assert not report.passed
        assert (report.changed_share, report.relative_change) == (1.0, 1.0)
        assert report.finite is bool(np.isfinite(empty).all())


def test_one_bad_voxel_outside_the_brain_is_seen() -> None:
    scan, brain = head()
    defaced = scan.copy()
    defaced[0, 0, 0] = np.nan
    report = brain_gate(scan, defaced, brain, EYE, EYE)
    assert report.problems == ("there are voxels that are not finite",)


@pytest.mark.parametrize(
    "sent",
    [np.zeros((10, 10, 9)), np.zeros((10, 10, 10, 1)), np.zeros(()), np.full((10, 10, 10), "a")],
    ids=["cropped", "4-D", "scalar", "text"],
)
def test_another_grid_vouches_for_nothing(sent: NDArray) -> None:
    scan, brain = head()
    report = brain_gate(scan, sent, brain, EYE, EYE)
    assert not report.same_grid
    assert report.changed_share == report.relative_change == 1.0
    assert not report.passed


def test_a_turned_grid_of_the_same_shape_fails() -> None:
    scan, brain = head()
    turned = scan[::-1]
    flip = EYE.copy()
    flip[0, 0], flip[0, 3] = -1, 9
    report = brain_gate(scan, turned, brain, EYE, flip)
    assert not report.same_affine
    assert not report.passed


@pytest.mark.parametrize(("shift", "same"), [(0.009, True), (0.011, False), (np.nan, False)])
def test_affine_tolerance_is_in_mm_at_the_worst_corner(shift: float, same: bool) -> None:
    scan, brain = head()
    scaled = EYE.copy()
    scaled[0, 0] += shift / 9  # the far corner, nine voxels away, moves by `shift`
    assert brain_gate(scan, scan * 0, brain, EYE, scaled).same_affine is same


def test_an_affine_of_another_shape_is_another_affine() -> None:
    scan, brain = head()
    assert not brain_gate(scan, scan * 0, brain, EYE, np.eye(3)).same_affine


def test_what_the_organizer_did_wrong_comes_all_at_once() -> None:
    scan, brain = head()
    scan[0, 0, 0] = np.inf
    with pytest.raises(ScoringError) as caught:
        brain_gate(scan, scan, brain & False, np.eye(3), EYE, limit=5)
    assert len(str(caught.value).splitlines()) == 4


@pytest.mark.parametrize("mask", [np.ones((10, 10, 9), bool), np.ones((10, 10, 10), np.uint8)])
def test_a_mask_that_does_not_fit_is_refused(mask: NDArray) -> None:
    with pytest.raises(ScoringError, match="brain_mask"):
        brain_gate(head()[0], head()[0], mask, EYE, EYE)


def test_a_black_brain_is_changed_by_any_light() -> None:
    brain = np.ones((4, 4, 4), bool)
    black = np.zeros(brain.shape)
    assert brain_gate(black, black + 1, brain, EYE, EYE).relative_change == 1.0


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1), limit=st.floats(0, 1))
def test_shares_are_shares_and_a_wider_limit_never_fails_more(seed: int, share: float, limit: float) -> None:
    rng = np.random.default_rng(seed)
    scan = rng.normal(100, 20, (6, 6, 6)).astype(np.float32)
    brain = rng.random(scan.shape) < 0.5
    brain[0, 0, 0] = True
    defaced = np.where(rng.random(scan.shape) < share, 0, scan)
    report = brain_gate(scan, defaced, brain, EYE, EYE, limit=limit)
    wider = brain_gate(scan, defaced, brain, EYE, EYE, limit=min(1.0, limit + 0.1))
    assert 0 <= report.changed_share <= 1
    assert report.changed_share == pytest.approx(np.mean(defaced[brain] != scan[brain]))
    assert wider.passed or not report.passed
    outside = np.where(brain, scan, defaced)
    assert brain_gate(scan, outside, brain, EYE, EYE).changed_share == 0


def test_a_mask_is_no_image() -> None:
    scan, brain = head()
    report = brain_gate(scan, (scan > 150).astype(np.uint8), brain, EYE, EYE)
    assert not report.same_kind
    assert brain_gate(scan, scan.astype(complex), brain, EYE, EYE).same_kind is False
    assert brain_gate(scan, scan.astype(np.float32) * 0.5, brain, EYE, EYE).same_kind


@pytest.mark.parametrize(
    ("stored", "same"),
    [
        (lambda scan: scan.astype(np.float32), True),
        (lambda scan: np.rint(scan).astype(np.int32), True),
        (lambda scan: (scan / scan.max()).astype(np.float32), False),
        (lambda scan: scan * 256, False),
    ],
    ids=["float", "integer", "0 to 1", "256 times"],
)
def test_the_scale_of_the_values_stays_however_they_are_stored(stored, same: bool) -> None:
    scan, brain = head()
    defaced = stored(np.where(brain, scan, 0))
    report = brain_gate(scan, defaced, brain, EYE, EYE)
    assert report.same_kind
    assert report.same_scale is same
    assert report.passed is same
    assert any("another scale" in problem for problem in report.problems) is not same


def test_nothing_may_be_added_far_from_the_head() -> None:
    scan, brain = head()
    far = np.zeros(scan.shape, bool)
    far[:, :2, :5] = True
    hidden = scan.copy()
    hidden[0, 0, 0] += 50  # one of 100 voxels
    report = brain_gate(scan, hidden, brain, EYE, EYE, far=far)
    assert report.added_share == pytest.approx(0.01)
    assert report.problems == ("something was added in the air far from the head",)
    darker = np.where(far, 0, scan)
    assert brain_gate(scan, darker, brain, EYE, EYE, far=far).passed
    faint = scan.copy()
    faint[far] += 0.05 * (scan.max() - scan.min())
    assert brain_gate(scan, faint, brain, EYE, EYE, far=far).passed
    with pytest.raises(ScoringError, match="far: "):
        brain_gate(scan, hidden, brain, EYE, EYE, far=far[1:])


@pytest.mark.parametrize("end", [-1e6, 1e6])
def test_a_few_extreme_voxels_of_the_brain_do_not_hide_what_is_added(end: float) -> None:
    scan, brain = head()
    brain_voxels = np.flatnonzero(brain)
    scan.flat[brain_voxels[: brain_voxels.size // 200]] = end
    far = np.zeros(scan.shape, bool)
    far[:, :2, :5] = True
    hidden = np.where(far, scan + 50, scan)
    assert brain_gate(scan, hidden, brain, EYE, EYE, far=far).added_share == 1.0


@pytest.mark.parametrize("end", [-1e6, 1e6])
def test_a_few_extreme_voxels_do_not_widen_what_is_tolerated(end: float) -> None:
    before = np.linspace(100.0, 200.0, 1000)
    before[:5] = end
    share, relative = _brain_change(before, before + 5.0)
    assert share == 1.0
    assert relative == pytest.approx(5000 / np.abs(before).sum(), rel=1e-9)
