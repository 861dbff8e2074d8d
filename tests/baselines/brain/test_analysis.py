"""The brain analysis on a real head and on synthetic ones whose brain is known."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.alignment.registration import coarse
from mriprivacy.baselines.brain.analysis import FLUID, GREY, WHITE, BrainError, analyse, quality
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import scan_head
from mriprivacy.data_prep.synthetic.people.person import draw_person

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registrations")


@pytest.fixture(scope="module")
def synthetic() -> tuple[Scan, Scan]:
    """A synthetic T2w head at 2 mm, and its true brain."""
    person = draw_person("sub-0002", 7, SyntheticCohort())
    made = scan_head(head_mesh(person.weights), np.random.default_rng(2), ScanSettings(spacing_mm=2.0))
    return Scan(made.images["T2w"], made.affine), Scan((made.brain > 0).astype(np.float32), made.affine)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_the_brain_of_a_synthetic_t2w_head_is_the_true_one(synthetic: tuple[Scan, Scan], cache: Path) -> None:
    scan, brain = synthetic
    assert dice(analyse(scan, cache).labels > 0, coarse(brain, 2.0).data > 0.5) > 0.93


def test_a_real_t1w_head_has_a_brain_of_human_size(real_head: Scan, cache: Path) -> None:
    found = analyse(real_head, cache)
    grey, white, fluid = found.volumes_ml
    assert 1000 < found.volumes_ml.sum() < 1700
    assert 1.1 < grey / white < 2.2
    assert 50 < fluid < 400
    data = coarse(real_head, 2.0).data  # T1w: white is brighter than grey, grey than fluid
    middles = [np.median(data[found.labels == label]) for label in (WHITE, GREY, FLUID)]
    assert middles == sorted(middles, reverse=True)


@pytest.mark.slow
def test_the_same_head_gives_the_same_bits_in_any_orientation(synthetic: tuple[Scan, Scan]) -> None:
    scan, _ = synthetic
    first, again = analyse(scan), analyse(scan)
    assert np.array_equal(first.labels, again.labels)
    assert first.quality == again.quality
    turned = nib.Nifti1Image(scan.data, scan.affine).as_reoriented(np.array([[2, -1], [0, 1], [1, -1]]))
    other = analyse(Scan(np.asarray(turned.dataobj), turned.affine))
    assert dice(first.labels > 0, other.labels > 0) > 0.999
    assert other.volumes_ml == pytest.approx(first.volumes_ml, rel=1e-3)


@pytest.mark.slow
def test_gain_and_type_change_nothing(synthetic: tuple[Scan, Scan]) -> None:
    scan, _ = synthetic
    louder = analyse(Scan(scan.data.astype(np.float32) * 3.7, scan.affine))
    assert louder.volumes_ml == pytest.approx(analyse(scan).volumes_ml, rel=0.01)


@pytest.mark.parametrize("kind", ["blank", "noise", "no head"])
def test_where_there_is_no_brain_none_is_found(kind: str) -> None:
    grid = np.diag([4.0, 4.0, 4.0, 1.0])
    noise = np.random.default_rng(0).normal(100, 20, (48, 56, 48)).astype(np.float32)
    data = {"blank": noise * 0, "noise": noise, "no head": np.where(noise > 190, noise, 0)}[kind]
    with pytest.raises(BrainError):
        analyse(Scan(data, grid))


def test_quality_by_hand() -> None:
    """Tissues of known mean and spread on a black background; formulas of MRIQC written out again."""
    rng = np.random.default_rng(0)
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[10:30, 10:30, 10:16], labels[10:30, 10:30, 16:24], labels[10:30, 10:30, 24:30] = 1, 2, 3
    data = np.zeros(labels.shape, np.float32)
    for label, mean in ((1, 60.0), (2, 90.0), (3, 20.0)):
        data[labels == label] = rng.normal(mean, 3.0, (labels == label).sum())
    found = quality(Scan(data, np.diag([2.0, 2.0, 2.0, 1.0])), labels)
    assert found["snr_gm"] == pytest.approx(20, rel=0.05)
    assert found["snr_wm"] == pytest.approx(30, rel=0.05)
    assert found["snr_total"] == pytest.approx((20 + 30 + 20 / 3) / 3, rel=0.05)
    assert found["cjv"] == pytest.approx(6 / 30, rel=0.05)
    assert found["cnr"] == pytest.approx(30 / np.sqrt(18), rel=0.05)
    assert found["wm2max"] == pytest.approx(90 / np.percentile(data, 99.95), rel=0.01)
    assert 0 < found["efc"] < 1
    moved = quality(Scan(data - data.mean(), np.diag([2.0, 2.0, 2.0, 1.0])), labels)  # air below 0 is air
    assert moved == pytest.approx(found, rel=1e-3)


def test_the_entropy_focus_goes_from_one_bright_voxel_to_all_the_same() -> None:
    labels = np.tile(np.array([1, 2, 3, 0], np.uint8), (8, 8, 2))
    even = np.full(labels.shape, 5, np.float32)
    assert quality(Scan(even, np.eye(4)), labels)["efc"] == pytest.approx(1)
    single = np.full(labels.shape, 1e-6, np.float32)
    single[0, 0, 0] = 1000
    assert quality(Scan(single, np.eye(4)), labels)["efc"] == pytest.approx(0, abs=0.01)


def test_quality_takes_any_type_and_leaves_the_scan_alone() -> None:
    labels = np.tile(np.array([1, 2, 3, 0], np.uint8), (8, 8, 2))
    data = np.random.default_rng(0).integers(-1024, 0, labels.shape)
    found = [quality(Scan(data.astype(kind), np.eye(4)), labels) for kind in (np.int64, np.float32)]
    assert found[0] == found[1]
    same = data.astype(np.float32)
    quality(Scan(same, np.eye(4)), labels)
    assert np.array_equal(same, data)


def test_quality_without_a_tissue_is_unknown() -> None:
    labels = np.zeros((8, 8, 8), np.uint8)
    found = quality(Scan(np.random.default_rng(0).random((8, 8, 8)), np.eye(4)), labels)
    assert all(np.isnan(value) for value in found.values())
