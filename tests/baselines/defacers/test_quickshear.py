"""Our quickshear is the published program: voxel for voxel, on a real head and on a synthetic one."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.affines import voxel_sizes
from numpy.typing import NDArray
from quickshear import quickshear as published

from mriprivacy.baselines.alignment import registration as registration
from mriprivacy.baselines.alignment.template import average_brain, average_head, bring
from mriprivacy.baselines.defacers import DefacerError, deface, described, register
from mriprivacy.baselines.defacers.masked import air
from mriprivacy.baselines.defacers.quickshear import sheared_off
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import scan_head
from mriprivacy.data_prep.synthetic.people.person import draw_person

pytestmark = pytest.mark.long

Mask = NDArray[np.bool_]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registrations")


@pytest.fixture(scope="module")
def synthetic_head() -> Scan:
    """A T2w head, stored from the right, from the top and from the front."""
    person = draw_person("sub-0002", 7, SyntheticCohort())
    made = scan_head(head_mesh(person.weights), np.random.default_rng(2), ScanSettings(spacing_mm=2.0))
    turned = nib.Nifti1Image(made.images["T2w"], made.affine).as_reoriented(
        np.array([[2, -1], [0, -1], [1, -1]])
    )
    return Scan(np.asarray(turned.dataobj), turned.affine)


def brain_of(scan: Scan, cache: Path) -> Mask:
    return bring(average_brain(), register(scan, cache).scan_to_head, scan, outside=-100.0) > 0


def height(affine: NDArray[np.float64]) -> float:
    """Return the size of a voxel from bottom to top, mm."""
    codes = nib.aff2axcodes(affine)
    return float(voxel_sizes(affine)[codes.index("S") if "S" in codes else codes.index("I")])


def removed_by_the_program(brain: Mask, affine: NDArray[np.float64], buffer: float) -> Mask:
    """Return where the package's function removes voxels; `buffer` in voxels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # numpy's, of cross products in a plane
        ones = nib.Nifti1Image(np.ones(brain.shape, np.uint8), affine)
        return (
            np.asarray(published(ones, nib.Nifti1Image(brain.astype(np.uint8), affine), buffer).dataobj) == 0
        )


@pytest.mark.parametrize("kind", ["real_head", "synthetic_head"])
def test_the_published_program_gives_the_same_voxels(
    kind: str, cache: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The program reads files and is given the mask and the buffer that we use."""
    scan: Scan = request.getfixturevalue(kind)
    assert air(scan) == 0  # the program knows no other value for air
    files = [tmp_path / name for name in ("scan.nii", "brain.nii", "defaced.nii")]
    nib.Nifti1Image(scan.data, scan.affine).to_filename(files[0])
    nib.Nifti1Image(brain_of(scan, cache).astype(np.uint8), scan.affine).to_filename(files[1])
    subprocess.run([sys.executable, "-m", "quickshear", *files, str(10 / height(scan.affine))], check=True)
    theirs = np.asarray(nib.load(files[2]).dataobj)
    assert np.mean(theirs != scan.data) > 0.02
    assert np.array_equal(deface("quickshear", scan, cache).data, theirs)


@pytest.mark.parametrize("seed", range(20))
def test_any_brain_in_any_orientation_is_sheared_as_the_program_does(seed: int) -> None:
    """Random blobs, as many columns as rows; the voxels' sizes differ by axis."""
    rng = np.random.default_rng(seed)
    points = np.stack(np.meshgrid(*[np.linspace(-1, 1, 24)] * 3, indexing="ij"))
    slant = rng.normal(0, 0.3, (3, 3)) + np.eye(3) / rng.uniform(0.4, 0.7)
    brain = np.linalg.norm(np.einsum("ij,j...->i...", slant, points), axis=0) < 1
    axes = rng.permutation(3)
    affine = np.eye(4)
    affine[:3, :3] = np.diag(rng.choice([-1, 1], 3) * rng.uniform(0.5, 3, 3))[axes]
    buffer = rng.uniform(0, 4)
    expected = removed_by_the_program(brain, affine, buffer)
    assert np.array_equal(sheared_off(brain, affine, buffer * height(affine)), expected)
    assert not (expected & brain).any()


def test_thick_slices_lose_the_face_as_thin_ones_do(real_head: Scan, cache: Path) -> None:
    """The program alone stops as many columns from the front as there are slices, inside the face."""
    brain, tissue = brain_of(real_head, cache), real_head.data > 100
    thin = sheared_off(brain, real_head.affine)[tissue].mean()
    slices = (slice(None), slice(None), slice(None, None, 4))
    affine = real_head.affine @ np.diag([1.0, 1.0, 4.0, 1.0])
    thick = sheared_off(brain[slices], affine)[tissue[slices]].mean()
    assert 0.9 < thick / thin < 1.25
    assert removed_by_the_program(brain[slices], affine, 2.5)[tissue[slices]].mean() < 0.7 * thin


def test_a_scan_higher_than_deep_is_sheared_too() -> None:
    brain = np.zeros((3, 12, 40), bool)
    brain[1, 3:10, 25:35] = True
    brain[1, 3:6, 23:25] = True
    with pytest.raises(IndexError):
        removed_by_the_program(brain, np.eye(4), 5)
    gone = sheared_off(brain, np.eye(4), 5)
    assert gone.any(axis=2).all()
    assert not gone[:, :, 25:].any()


def test_a_sliver_of_brain_is_nothing_to_shear_by(tmp_path: Path) -> None:
    brain = average_brain()
    back = int(np.flatnonzero((brain.data > 0).any(axis=(0, 2)))[0])
    sliver = Scan(average_head().data[:, : back + 1], brain.affine)
    record = {"scan_to_head": np.eye(4).tolist(), "similarity": 1.2}
    (tmp_path / f"{registration._key(sliver)}.json").write_text(json.dumps(record))
    with pytest.raises(DefacerError, match="hardly any of the brain"):
        deface("quickshear", sliver, tmp_path)


def test_a_submission_names_the_version_of_the_program() -> None:
    assert described("quickshear") == "quickshear (version 1.2.0)"
