import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.face.scan import ScanError, read_scan


def save(path: Path, data: np.ndarray, affine: np.ndarray | None = None) -> Path:
    nib.save(nib.Nifti1Image(data, np.eye(4) if affine is None else affine), path)
    return path


@pytest.fixture
def volume() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 100, (20, 21, 22)).astype(np.float32)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_plain_and_gzipped_read_the_same(tmp_path: Path, volume: np.ndarray, name: str) -> None:
    assert (read_scan(save(tmp_path / name, volume)).data == volume).all()


def test_four_dimensions_with_one_volume_are_one_scan(tmp_path: Path, volume: np.ndarray) -> None:
    assert (read_scan(save(tmp_path / "a.nii", volume[..., None])).data == volume).all()


def test_spacing_is_that_of_the_affine(tmp_path: Path, volume: np.ndarray) -> None:
    affine = np.array([[0, 0, 3.0, 0], [-1.0, 0, 0, 0], [0, 2.0, 0, 0], [0, 0, 0, 1]])
    assert np.allclose(read_scan(save(tmp_path / "a.nii", volume, affine)).spacing, (1, 2, 3))


def test_integer_scaling_is_applied(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.arange(20**3, dtype=np.int16).reshape(20, 20, 20), np.eye(4))
    image.header.set_slope_inter(0.5, 10)
    nib.save(image, tmp_path / "a.nii")
    assert read_scan(tmp_path / "a.nii").data.flat[4] == pytest.approx(
        nib.load(tmp_path / "a.nii").get_fdata().flat[4]
    )


BROKEN = {
    "two volumes": (lambda v: np.stack([v, v], axis=-1), "one 3-D volume"),
    "too small": (lambda v: v[:8], "at least 16"),
    "not finite": (lambda v: np.where(v > 50, np.nan, v), r"not finite; .*numpy\.nan_to_num"),
    "complex": (lambda v: v + 1j * v, "voxels are complex numbers; expected one real number each"),
    "colours": (
        lambda v: np.ones(v.shape, [(c, "u1") for c in "RGB"]),
        "voxels are colours; expected one real number each",
    ),
    "constant": (lambda v: np.ones_like(v), "every voxel is 1"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_unusable_volumes_are_refused_by_name(tmp_path: Path, volume: np.ndarray, case: str) -> None:
    change, message = BROKEN[case]
    path = save(tmp_path / "broken.nii", change(volume))
    with pytest.raises(ScanError, match=message) as error:
        read_scan(path)
    assert "broken.nii" in str(error.value)


NO_NIFTI = {
    "empty": b"",
    "text": b"no scan at all",
    "packed text": gzip.compress(b"no scan", mtime=0),
    "cut gzip header": b"\x1f\x8b\x08",
}


@pytest.mark.parametrize("content", NO_NIFTI.values(), ids=NO_NIFTI.keys())
def test_files_that_are_no_nifti_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(content)
    with pytest.raises(ScanError, match="not a readable NIfTI"):
        read_scan(path)


def test_a_truncated_scan_is_refused(tmp_path: Path, volume: np.ndarray) -> None:
    path = save(tmp_path / "a.nii.gz", volume)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(ScanError, match="not a readable NIfTI"):
        read_scan(path)


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32])
def test_unscaled_integers_stay_integers(tmp_path: Path, volume: np.ndarray, kind: type) -> None:
    assert read_scan(save(tmp_path / "a.nii", volume.astype(kind))).data.dtype == kind
