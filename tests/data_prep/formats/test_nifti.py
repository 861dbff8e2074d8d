"""The canonical writer: voxels and geometry, and not a byte more."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.data_prep.formats.nifti import canonical_bytes, write_nifti

AFFINE = np.array([[0.9, 0.1, 0, -80], [-0.1, 0.9, 0.05, 12.5], [0, -0.05, 1.2, 3], [0, 0, 0, 1]])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32"])
def test_voxels_and_affine_come_back(tmp_path: Path, dtype: str) -> None:
    data = np.random.default_rng(0).integers(0, 200, (5, 6, 7)).astype(dtype)
    write_nifti(tmp_path / "a.nii.gz", data, AFFINE)
    image = nib.load(tmp_path / "a.nii.gz")
    assert image.get_data_dtype() == np.dtype(dtype)
    np.testing.assert_array_equal(np.asanyarray(image.dataobj), data)
    np.testing.assert_allclose(image.affine, AFFINE, atol=1e-5)
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 1)


def test_nothing_else_is_in_the_file(tmp_path: Path) -> None:
    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    write_nifti(tmp_path / "sub-secret.nii.gz", data, np.eye(4))
    compressed = (tmp_path / "sub-secret.nii.gz").read_bytes()
    assert compressed[3] == 0  # gzip flags: no name, no comment, no extra field
    assert compressed[4:8] == bytes(4)  # gzip time
    raw = gzip.decompress(compressed)
    assert len(raw) == 352 + data.nbytes
    assert raw[348:352] == bytes(4)  # no extensions
    header = nib.Nifti1Header(raw[:348])
    for field in ("descrip", "aux_file", "intent_name", "db_name"):
        assert bytes(header[field].tobytes()).strip(b"\0") == b""
    for field in ("cal_max", "cal_min", "slice_duration", "toffset", "glmax", "extents", "session_error"):
        assert not header[field]


def test_the_same_scan_gives_the_same_bytes(tmp_path: Path) -> None:
    data = np.random.default_rng(1).normal(size=(8, 8, 8)).astype(np.float32)
    for layout, name in ((np.ascontiguousarray, "a"), (np.asfortranarray, "b")):
        write_nifti(tmp_path / f"{name}.nii.gz", layout(data), AFFINE)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_one_volume_only() -> None:
    with pytest.raises(ValueError, match=r"three dimensions, this one has shape \(2, 2, 2, 2\)"):
        canonical_bytes(np.zeros((2, 2, 2, 2), np.int16), np.eye(4))
