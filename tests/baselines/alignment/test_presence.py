"""Verdicts on the average head as it is cut, defaced, stripped and turned; and on a real head."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mriprivacy.baselines.alignment.presence import (
    CANNOT_TELL,
    CUT,
    DEFACED,
    NO_HEAD,
    WHOLE,
    Presence,
    judge,
    presence,
)
from mriprivacy.baselines.alignment.registration import coarse, register
from mriprivacy.baselines.alignment.template import average_brain, average_head
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.scan import Scan
from tests.helpers.degraded import cut, halved

# With air in front: the field of view of the average head itself ends in its nose.
HEAD = Scan(np.pad(average_head().data, [(0, 0), (0, 20), (0, 0)]), average_head().affine)
WORLD = np.stack(np.meshgrid(*(np.arange(n) for n in HEAD.data.shape), indexing="ij")) * 2.0
X, Y, Z = (WORLD[axis] + HEAD.affine[axis, 3] for axis in range(3))
BRAIN = np.pad(average_brain().data, [(0, 0), (0, 20), (0, 0)], constant_values=-100)


def without(where: np.ndarray) -> Scan:
    return Scan(np.where(where, 0, HEAD.data), HEAD.affine)


def verdict(scan: Scan, scan_to_head: np.ndarray | None = None) -> Presence:
    """Judge a scan whose place is known: it is the template."""
    return judge(coarse(scan), np.eye(4) if scan_to_head is None else scan_to_head)


def shortened(axis: int, keep: slice) -> Scan:
    """End the field of view of the average head."""
    index = [slice(None)] * 3
    index[axis] = keep
    affine = HEAD.affine.copy()
    affine[axis, 3] += 2.0 * (keep.start or 0)
    return Scan(HEAD.data[tuple(index)], affine)


@pytest.mark.parametrize(
    ("where", "expected", "missing"),
    [
        (np.zeros_like(X, bool), WHOLE, ()),
        (X < 0, CUT, ("left eye",)),
        (X > 0, CUT, ("right eye",)),
        ((Y > 60) & (Z < -50), CUT, ("mouth", "chin")),
        (Z < -80, CUT, ("chin",)),
        ((Y > 70) & (Z > -28) & (Z < 20), CUT, ("right eye", "left eye")),
        ((Y > 96) & (Z < -20), CUT, ("nose", "mouth")),
        ((Y > 60) & (Z < 5), DEFACED, ()),
        (BRAIN < -3, NO_HEAD, ()),
        (BRAIN > 3, WHOLE, ()),
    ],
    ids=["whole", "left", "right", "low", "chin", "eyes", "sheared", "defaced", "stripped", "hollow"],
)
def test_what_is_missing_is_named(where: np.ndarray, expected: str, missing: tuple[str, ...]) -> None:
    found = verdict(without(where))
    assert found.verdict == expected
    if expected in (WHOLE, CUT):
        assert set(missing) <= set(found.missing)
    if expected == CUT:
        assert len(found.missing) < 5
    assert found.readable
    assert not found.reason


def test_a_nose_alone_is_no_face() -> None:
    nose = (np.abs(X) < 14) & (Z < -20) & (Z > -55)
    found = verdict(without((Y > 60) & (Z < 5) & ~nose))
    assert (found.verdict, found.missing) == (CUT, ("right eye", "left eye", "mouth", "chin"))


@pytest.mark.parametrize(
    ("axis", "keep", "missing"),
    [
        (2, slice(28, None), ("mouth", "chin")),
        (0, slice(46, None), ("left eye",)),
        (1, slice(None, 85), ("right eye", "left eye", "nose", "mouth", "chin")),
    ],
    ids=["bottom", "left", "front"],
)
def test_a_field_of_view_that_ends_in_the_face_cuts_it(
    axis: int, keep: slice, missing: tuple[str, ...]
) -> None:
    """A face that was never scanned was not removed."""
    found = verdict(shortened(axis, keep))
    assert found.verdict == CUT
    assert {f"{name} (beyond the field of view)" for name in missing} <= set(found.missing)


def test_a_head_that_fills_the_field_of_view_in_front_is_cut() -> None:
    found = verdict(average_head())
    assert found.verdict == CUT
    assert {"nose (beyond the field of view)", "mouth (beyond the field of view)"} <= set(found.missing)


@pytest.mark.parametrize("change", [lambda d: d[:, ::-1], lambda d: d[:, :, ::-1]], ids=["back", "down"])
def test_a_registration_that_does_not_hold_tells_nothing(
    change: Callable[[np.ndarray], np.ndarray],
) -> None:
    found = verdict(Scan(np.ascontiguousarray(change(HEAD.data)), HEAD.affine))
    assert found.verdict == CANNOT_TELL
    assert not found.readable
    assert "orientation" in found.reason


@pytest.mark.parametrize(("degrees", "readable"), [(40, True), (75, False)])
def test_a_head_turned_too_far_is_not_seen_from_the_front(degrees: float, readable: bool) -> None:
    """A registration finds it, and the pictures of the attackers show something else than a face."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("x", degrees, degrees=True).as_matrix()
    found = verdict(Scan(HEAD.data, turn @ HEAD.affine), np.linalg.inv(turn))
    assert found.readable == readable
    assert readable or "turned by 75 degrees" in found.reason


def test_noise_as_bright_as_tissue_tells_nothing() -> None:
    """As in the uniform images of MP2RAGE: the head is the whole box, and every ray meets it."""
    rng = np.random.default_rng(0)
    air = HEAD.data < 0.1 * HEAD.data.max()
    noise = rng.uniform(0, np.percentile(HEAD.data, 99.5), HEAD.data.shape)
    assert verdict(Scan(np.where(air, noise, HEAD.data), HEAD.affine)).verdict == CANNOT_TELL


def test_units_of_intensity_do_not_matter() -> None:
    for gain, offset in ((1000.0, 0.0), (1e-3, 0.0)):
        scan = Scan(gain * HEAD.data + offset, HEAD.affine)
        assert verdict(scan).verdict == WHOLE
        assert verdict(Scan(gain * without((Y > 60) & (Z < 5)).data, HEAD.affine)).verdict == DEFACED


def test_where_the_scan_lies_does_not_matter() -> None:
    moved = np.eye(4)
    moved[:3, 3] = (40, -25, 130)
    back = np.linalg.inv(moved)
    for scan in (HEAD, without((Y > 60) & (Z < 5))):
        there = Scan(scan.data, moved @ scan.affine)
        assert verdict(there, back) == verdict(scan)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_flat_scan_tells_nothing(value: float) -> None:
    found = presence(Scan(np.full((32, 32, 32), value, np.float32), np.diag([4.0, 4.0, 4.0, 1.0])))
    assert found.verdict == CANNOT_TELL


@pytest.mark.long
def test_noise_tells_nothing(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(100, 20, (48, 48, 48)).astype(np.float32)
    assert presence(Scan(noise, np.diag([4.0, 4.0, 4.0, 1.0])), tmp_path).verdict == CANNOT_TELL


@pytest.mark.long
def test_a_real_head_as_scanners_and_defacers_change_it(real_head: Scan, tmp_path: Path) -> None:
    head = halved(real_head)
    in_head = register(head, tmp_path).scan_to_head @ head.affine
    x, y, z = (
        in_head[axis, 0] * np.arange(head.data.shape[0])[:, None, None]
        + in_head[axis, 1] * np.arange(head.data.shape[1])[:, None]
        + in_head[axis, 2] * np.arange(head.data.shape[2])
        + in_head[axis, 3]
        for axis in range(3)
    )
    sheared = Scan(np.where(y > 100 + 0.15 * z, 0, head.data), head.affine)
    half = Scan(np.where(x < 0, 0, head.data), head.affine)
    lying = Scan(np.ascontiguousarray(head.data.transpose(2, 0, 1)), head.affine)
    expected = {
        WHOLE: [head],
        DEFACED: [deface("quickshear", head, tmp_path)],
        CUT: [sheared, half, cut(0, 0, 34)(head)],
        CANNOT_TELL: [lying],
    }
    for name, scans in expected.items():
        assert [presence(scan, tmp_path).verdict for scan in scans] == [name] * len(scans)


@pytest.mark.long
def test_padding_is_no_head(tmp_path: Path) -> None:
    """A border of -9999 in place of air, as programs that resample leave it."""
    padded = np.pad(HEAD.data.astype(np.float32), 6, constant_values=-9999)
    affine = HEAD.affine.copy()
    affine[:3, 3] -= 6 * 2.0
    assert presence(Scan(padded, affine), tmp_path).verdict == presence(HEAD, tmp_path).verdict
