"""Draws of the defacer `noise`: the first as it always was, others by their number alone."""

import hashlib

import numpy as np
import pytest

from mriprivacy.baselines.defacers import DEFACERS, RANDOMISED, deface, masked
from mriprivacy.baselines.face.scan import Scan


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Scan:
    """A ball with air around it, whose front half is taken for the face: nothing is registered."""
    grid = np.indices((24, 24, 24)) - 12.0
    data = np.where(np.linalg.norm(grid, axis=0) < 9, 800, 0).astype(np.int16)
    data[12:, 12:, 12:] //= 2
    monkeypatch.setattr(masked, "face_region", lambda scan, cache: grid[1] > 0)
    return Scan(data, np.diag([2.0, 2.0, 2.0, 1.0]))


def test_the_first_draw_has_the_random_numbers_of_older_kits(
    scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[bytes] = []
    made = np.random.default_rng

    def noted(seed: np.ndarray) -> np.random.Generator:
        seeds.append(seed.tobytes())
        return made(seed)

    monkeypatch.setattr(masked.np.random, "default_rng", noted)
    first = deface("noise", scan).data
    assert np.array_equal(deface("noise", scan, draw=1).data, first)
    for draw in range(2, 12):
        deface("noise", scan, draw=draw)
    assert seeds[:2] == [hashlib.sha256(scan.data.tobytes()).digest()] * 2
    assert len(set(seeds)) == 11


def test_draws_differ_and_each_comes_out_the_same(scan: Scan) -> None:
    draws = [deface("noise", scan, draw=n).data for n in (1, 2, 3, 12)]
    face = draws[0] != scan.data
    elsewhere = ~face & (draws[1] == scan.data)
    for n, one in zip((1, 2, 3, 12), draws, strict=True):
        assert np.array_equal(deface("noise", scan, draw=n).data, one)
        assert np.array_equal(one[elsewhere], scan.data[elsewhere])
    for i, one in enumerate(draws):
        for other in draws[i + 1 :]:
            assert np.mean(one[face] != other[face]) > 0.9
            assert abs(np.corrcoef((one - scan.data)[face], (other - scan.data)[face])[0, 1]) < 0.5


def test_a_mean_of_draws_is_nearer_to_the_scan_than_any_of_them(scan: Scan) -> None:
    draws = np.array([deface("noise", scan, draw=n).data for n in range(1, 9)], float)
    head = (draws[0] != scan.data) & (scan.data > 0)
    off = [one[head].std() for one in (*draws, draws.mean(axis=0))]
    assert off[-1] < 0.75 * min(off[:-1])


def test_a_defacer_without_random_numbers_has_one_draw() -> None:
    assert set(RANDOMISED) < set(DEFACERS)
    data = np.arange(27, dtype=np.int16).reshape(3, 3, 3)
    assert np.array_equal(deface("identity", Scan(data, np.eye(4)), draw=2).data, data)
