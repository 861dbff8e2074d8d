"""What an attacker does to a scan before it is drawn."""

import numpy as np
import pytest

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import head_mask, head_threshold
from mriprivacy.baselines.face.undo import UNDOINGS, lowered, smoothed

GRID = np.indices((60, 60, 60)) - 30
RADIUS = np.sqrt((GRID**2).sum(axis=0))
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
BALL = np.where(RADIUS < 15, 100.0, 0.0).astype(np.float32)


@pytest.mark.parametrize("name", UNDOINGS)
def test_the_grid_stays_and_the_scan_that_was_given_too(name: str) -> None:
    scan = Scan(BALL.copy(), AFFINE)
    found = UNDOINGS[name](scan)
    assert found.data.shape == BALL.shape
    assert found.data.dtype == np.float32
    np.testing.assert_array_equal(found.affine, AFFINE)
    np.testing.assert_array_equal(scan.data, BALL)


@pytest.mark.parametrize("name", UNDOINGS)
@pytest.mark.parametrize("offset", [-1024.0, 7.0])
def test_an_offset_of_the_intensities_changes_nothing_else(name: str, offset: float) -> None:
    noise = np.random.default_rng(0).normal(0, 2, BALL.shape).astype(np.float32)
    there = UNDOINGS[name](Scan(BALL + np.abs(noise), AFFINE)).data
    moved = UNDOINGS[name](Scan(BALL + np.abs(noise) + offset, AFFINE)).data
    share = np.abs((moved - offset) - there) > 8
    assert share.mean() < 0.01


def test_bright_tissue_moves_the_surface_inwards() -> None:
    ramp = np.clip(25 - RADIUS, 0, 10).astype(np.float32) * 10  # from 0 at 25 voxels to 100 at 15

    def reach(data: np.ndarray) -> float:
        return float(RADIUS[head_mask(data, head_threshold(data))].max())

    assert reach(lowered(Scan(ramp, AFFINE)).data) < reach(ramp) - 1


def test_blocks_are_smoothed() -> None:
    blocks = np.kron(np.indices((6, 6, 6)).sum(axis=0) % 2, np.ones((10, 10, 10))).astype(np.float32)
    steps = np.abs(np.diff(smoothed(Scan(blocks, AFFINE)).data, axis=0))
    assert steps.max() < 0.5 * np.abs(np.diff(blocks, axis=0)).max()


@pytest.mark.parametrize("name", UNDOINGS)
@pytest.mark.parametrize("value", [0.0, 5.0, -3.0])
def test_a_flat_scan_stays_flat(name: str, value: float) -> None:
    found = UNDOINGS[name](Scan(np.full((20, 20, 20), value, np.float32), AFFINE)).data
    assert np.isfinite(found).all()
    assert np.ptp(found) == pytest.approx(0, abs=1e-4)
