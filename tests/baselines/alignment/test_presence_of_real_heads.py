"""Eight versions of a real head: whole, half, sheared, defaced, stripped. Brains and atlases are no heads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.alignment.presence import (
    CANNOT_TELL,
    CUT,
    DEFACED,
    NO_HEAD,
    WHOLE,
    presence,
)
from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import average_brain, average_head
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.scan import Scan
from tests.helpers.degraded import Change, ghosted, halved, mirrored, noisy, shaded, tilted

pytestmark = pytest.mark.slow

VERSIONS: dict[str, Change] = {
    "as it is": lambda scan: scan,
    "nodding": tilted((10, 0, 0)),
    "head back": tilted((-10, 0, 0)),
    "looking aside": tilted((0, 0, 20)),
    "noise 5 %": noisy(0.05),
    "ghost 5 %": ghosted(0.05),
    "shaded": shaded,
    "mirrored": mirrored,
}


def without(
    where: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray], scan: Scan, cache: Path
) -> Scan:
    """Blank a part of a head, given in the world of the average head, mm."""
    to_head = register(scan, cache).scan_to_head @ scan.affine
    index = np.stack(np.meshgrid(*(np.arange(n) for n in scan.data.shape), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(index @ to_head[:3, :3].T + to_head[:3, 3], -1, 0)
    return Scan(np.where(where(x, y, z), 0, scan.data), scan.affine)


MADE: dict[str, tuple[str, Callable[[Scan, Path], Scan]]] = {
    "whole": (WHOLE, lambda scan, _: scan),
    "right half": (CUT, lambda scan, cache: without(lambda x, y, z: x < 0, scan, cache)),
    "left half": (CUT, lambda scan, cache: without(lambda x, y, z: x > 0, scan, cache)),
    "lower face gone": (CUT, lambda scan, cache: without(lambda x, y, z: (z < -55) & (y > 0), scan, cache)),
    "sheared": (DEFACED, lambda scan, cache: without(lambda x, y, z: y > 72 + 0.3 * z, scan, cache)),
    "quickshear": (DEFACED, lambda scan, cache: deface("quickshear", scan, cache)),
    "remove_face": (DEFACED, lambda scan, cache: deface("remove_face", scan, cache)),
    "skull_strip": (NO_HEAD, lambda scan, cache: deface("skull_strip", scan, cache)),
}


# The package's plane does not turn with a head that looks aside: an eye stays.
OTHERWISE = {("quickshear", "looking aside"): CUT}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("made", MADE)
def test_of_each_the_right_verdict(
    made: str, version: str, real_head: Scan, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.getbasetemp() / "registrations"
    expected, make = MADE[made]
    found = presence(make(VERSIONS[version](halved(real_head)), cache), cache)
    assert found.verdict == OTHERWISE.get((made, version), expected)


def test_brains_and_atlases_are_no_heads(tmp_path: Path) -> None:
    brain = average_brain()
    labels = np.where(brain.data > 0, 1 + (np.indices(brain.data.shape).sum(axis=0) // 12) % 90, 0)
    atlas = Scan(labels.astype(np.float32), brain.affine)
    bare = Scan(np.where(brain.data > 0, average_head().data, 0), brain.affine)
    assert presence(bare, tmp_path).verdict == NO_HEAD
    assert presence(atlas, tmp_path).verdict in (NO_HEAD, CANNOT_TELL)
