"""The brain engine that is an extra: by a stand-in for the package, and by itself where it is installed."""

import importlib.metadata
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.alignment.registration import coarse
from mriprivacy.baselines.brain import engines as brain_engine
from mriprivacy.baselines.brain.analysis import BrainError, analyse
from mriprivacy.baselines.brain.engines import EngineError, deepbet_mask, engine_version
from mriprivacy.baselines.face.scan import Scan
from tests.helpers.in_ci import needs_extra


class Network:
    """Has the interface of deepbet 1.0.2: takes an image, returns brain, mask on the same grid and volume."""

    def __init__(self, no_gpu: bool) -> None:
        assert no_gpu

    def run(self, image: nib.Nifti1Image) -> tuple[nib.Nifti1Image, nib.Nifti1Image, float]:
        data = np.asarray(image.dataobj)
        assert data.dtype == np.float32
        assert data.max() > 0, "Not enough foreground to calculate bounding box"
        mask = (data > np.percentile(data, 70)).astype(np.uint8)
        return image, nib.Nifti1Image(mask, image.affine), float(mask.sum())


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepbet", SimpleNamespace(BrainExtraction=Network))
    monkeypatch.setattr(brain_engine, "version", lambda name: "1.0.2")
    brain_engine._network.cache_clear()
    yield
    brain_engine._network.cache_clear()


def test_where_it_is_missing_a_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepbet", None)
    with pytest.raises(EngineError, match=r"not installed .*uv sync --extra deepbet"):
        engine_version("deepbet")
    monkeypatch.undo()
    if find_spec("deepbet"):
        assert engine_version("deepbet") == f"deepbet {importlib.metadata.version('deepbet')}"


@pytest.mark.usefixtures("installed")
def test_its_mask_is_brought_to_the_grid_that_is_asked_for() -> None:
    data = np.zeros((40, 44, 48), np.int16)
    data[10:30, 12:32, 14:34] = 100
    turned = nib.Nifti1Image(data, np.diag([1.0, 1, 1, 1])).as_reoriented(
        np.array([[2, -1], [0, 1], [1, -1]])
    )
    scan = Scan(np.asarray(turned.dataobj), turned.affine)
    assert engine_version("deepbet") == "deepbet 1.0.2"
    small = coarse(scan, 2.0)
    mask = deepbet_mask(scan, small)
    assert mask.shape == small.data.shape
    assert mask.sum() == pytest.approx(1000, rel=0.1)
    assert (small.data[mask] > 40).all()


@pytest.mark.usefixtures("installed")
def test_a_scan_without_a_brain_is_told() -> None:
    empty = Scan(np.zeros((20, 20, 20), np.int16), np.eye(4))
    with pytest.raises(EngineError, match=r"finds no brain .*Not enough foreground"):
        deepbet_mask(empty, empty)


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
def test_the_analysis_takes_its_mask(real_head: Scan, tmp_path: Path) -> None:
    """The stand-in calls the brighter part of the head brain: it is what is left of it near the brain."""
    image = nib.as_closest_canonical(nib.Nifti1Image(real_head.data, real_head.affine))
    head = Scan(np.asarray(image.dataobj)[::2, ::2, ::2], image.affine @ np.diag([2.0, 2, 2, 1]))
    own, theirs = analyse(head, tmp_path), analyse(head, tmp_path, engine="deepbet")
    assert (own.scan_to_head == theirs.scan_to_head).all()
    small = coarse(head, 2.0)
    bright = deepbet_mask(head, small)
    assert ((theirs.labels > 0) <= bright).all()
    assert not np.array_equal(own.labels, theirs.labels)
    with pytest.raises(BrainError):
        analyse(Scan(np.zeros((20, 20, 20), np.int16), np.eye(4)), engine="deepbet")


@pytest.mark.slow
@needs_extra(find_spec("deepbet") is not None, "deepbet is an extra")
def test_the_network_itself_agrees_with_the_kit(real_head: Scan, tmp_path: Path) -> None:
    own, theirs = (
        analyse(real_head, tmp_path, engine=engine).labels > 0 for engine in ("builtin", "deepbet")
    )
    assert 2 * (own & theirs).sum() / (own.sum() + theirs.sum()) > 0.9
