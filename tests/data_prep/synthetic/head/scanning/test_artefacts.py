from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings
from mriprivacy.data_prep.synthetic.head.landmarks import ibug_landmarks
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.artefacts import beside_metal, ghosted, pressed_ears
from mriprivacy.data_prep.synthetic.head.scanning.scanner import scan_head
from mriprivacy.data_prep.synthetic.head.tissues import LABEL

NOTHING = ScanSettings(["T2w"], spacing_mm=3.0, cut=0.0, noise=0.0, pads=0.0, motion=0.0, dental=0.0)
HEAD = {"macrodetails/caucasian-male-young": 1.0}


def scanned(**changed):
    return scan_head(head_mesh(HEAD), np.random.default_rng(3), replace(NOTHING, **changed))


@pytest.fixture(scope="module")
def plain():
    return scanned()


@pytest.fixture(scope="module")
def blocks():
    """A bright block in the middle of nothing."""
    signal = np.zeros((6, 40, 40), np.float32)
    signal[:, 12:28, 12:28] = 100
    return signal


@pytest.mark.parametrize("fault", ["motion", "dental"])
def test_a_fault_changes_the_picture_and_not_the_truth(fault, plain):
    scan = scanned(**{fault: 1.0})
    assert (scan.images["T2w"] != plain.images["T2w"]).any()
    np.testing.assert_array_equal(scan.labels, plain.labels)
    np.testing.assert_array_equal(scan.face, plain.face)
    for name, point in plain.landmarks.items():
        np.testing.assert_array_equal(scan.landmarks[name], point)


def test_metal_is_in_the_teeth_and_far_from_the_brain(plain):
    scan = scanned(dental=1.0)
    changed = scan.images["T2w"] != plain.images["T2w"]
    from_teeth = ndimage.distance_transform_edt(plain.labels != LABEL["tooth"], sampling=3.0)
    assert from_teeth[changed].max() < 25
    assert not changed[plain.brain > 0].any()
    assert scan.images["T2w"][changed].min() < 10


def test_pads_press_the_ears_and_nothing_else(plain):
    scan = scanned(pads=1.0)
    np.testing.assert_array_equal(scan.brain, plain.brain)
    for name, point in plain.landmarks.items():
        np.testing.assert_array_equal(scan.landmarks[name], point)
    width = [np.ptp(np.argwhere(s.labels[:, :, 30:60] > 0)[:, 0]) * 3 for s in (plain, scan)]
    assert 6 <= width[0] - width[1] <= 30


def test_pads_move_ears_alone():
    head = head_mesh(HEAD)
    pressed = pressed_ears(head)
    moved = np.linalg.norm(pressed.vertices - head.vertices, axis=1)
    assert moved.max() > 5
    assert (moved > 0).mean() < 0.15
    face = [f"ibug-{n:02d}" for n in range(3, 16)] + [f"ibug-{n}" for n in range(18, 69)]
    before, after = ibug_landmarks(head), ibug_landmarks(pressed)
    assert max(np.abs(after[name] - before[name]).max() for name in face) < 0.5


def test_no_motion_leaves_the_picture(blocks):
    np.testing.assert_array_equal(ghosted(blocks, 0.0, 7), blocks)


def test_ghosts_lie_along_the_phase_axis_as_far_as_the_head_moved_often(blocks):
    moved = ghosted(blocks, 0.5, 9)
    outside = moved.copy()
    outside[:, 11:29] = 0
    assert outside[:, :, :12].max() == outside[:, :, 28:].max() == 0  # beside the block: none
    rows = np.flatnonzero(outside.max(axis=(0, 2)))
    assert set(rows) <= {2, 3, 36, 37}
    assert len(rows) == 4
    assert 0 < outside.max() < 30


def test_metal_leaves_a_hole_and_its_signal_piles_up_on_one_side():
    signal = np.full((31, 31, 31), 100, np.float32)
    metal = beside_metal(signal, np.eye(4), np.array([15.0, 15, 15]), 8.0)
    assert metal[15, 15, 15] == 0
    assert metal[15, 15, 24] > 180
    assert metal[15, 15, 6] == metal[15, 24, 15] == metal[0, 0, 0] == 100
    assert (signal == 100).all()  # not changed in place


@pytest.mark.parametrize(("coil", "sign"), [(0.0, 0), (3.0, 1)])
def test_the_coil_shades_as_strongly_as_asked(coil, sign, plain):
    image, even = (scanned(coil=c).images["T2w"].astype(float) for c in (coil, 0.0))
    inner = plain.brain > 0
    spread = np.std(np.log(np.maximum(image, 1) / np.maximum(even, 1))[inner])
    assert np.sign(np.round(spread, 3)) == sign


def test_another_site_has_other_scanners(plain):
    scan = scan_head(head_mesh(HEAD), np.random.default_rng(3), NOTHING, site=1)
    assert plain.scanner in (0, 1)
    assert scan.scanner == plain.scanner + 2
    np.testing.assert_array_equal(scan.labels, plain.labels)
    assert (scan.images["T2w"] != plain.images["T2w"]).mean() > 0.1
