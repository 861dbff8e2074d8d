"""The attack that sees no face finds planted cues, and nothing where there is nothing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.attacks.metadata_only import MetadataOnlyError, nearest, photo_facts, trained
from mriprivacy.scoring import auc

N = 60


def sides(rng: np.random.Generator, cue: float, column: int) -> tuple[np.ndarray, np.ndarray]:
    """Facts of N people on both sides; one column of either side shares a cue of some strength."""
    scans, photos = rng.normal(size=(N, 21)), rng.normal(size=(N, 5))
    scans[:, 4:8], photos[:, 3:] = 256.0, 480.0
    common = rng.normal(size=N)
    scans[:, column] += cue * common
    photos[:, min(column, 2)] += cue * common
    return scans, photos


def area(scores: np.ndarray) -> float:
    mated = np.eye(len(scores), dtype=bool)
    return float(auc(scores[mated], scores[~mated]))


@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_cue_both_sides_have_is_found_by_both(column: int) -> None:
    rng = np.random.default_rng(1)
    known, unknown = sides(rng, 5.0, column), sides(rng, 5.0, column)
    who = [str(i) for i in range(N)]
    assert area(nearest(*unknown)) > 0.6
    assert area(trained((known[0], who, known[1], who), *unknown)) > 0.8


def test_training_finds_a_cue_across_columns() -> None:
    """Such as a scanner whose affine goes with dark photographs; reversed, too."""
    rng = np.random.default_rng(2)
    known, unknown = sides(rng, 5.0, 12), sides(rng, 5.0, 12)
    who = [str(i) for i in range(N)]
    assert area(trained((known[0], who, -known[1], who), unknown[0], -unknown[1])) > 0.8


def test_chance_is_chance() -> None:
    rng = np.random.default_rng(3)
    who = [str(i) for i in range(N)]
    areas = []
    for _ in range(20):
        known, unknown = sides(rng, 0.0, 1), sides(rng, 0.0, 1)
        areas.append((area(nearest(*unknown)), area(trained((known[0], who, known[1], who), *unknown))))
    assert np.abs(np.mean(areas, axis=0) - 0.5).max() < 0.03


def test_too_few_to_train_on() -> None:
    scans, photos = sides(np.random.default_rng(0), 0.0, 1)
    with pytest.raises(MetadataOnlyError):
        trained((scans[:3], ["a", "b", "c"], photos[:3], ["a", "b", "c"]), scans, photos)


def test_facts_of_a_photograph(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (30, 20), (100, 100, 100)).save(path)
    place, size, brightness, width, height = photo_facts(path, 0.25)
    assert (place, brightness, width, height) == (0.25, 100, 30, 20)
    assert size == pytest.approx(np.log(path.stat().st_size))
