"""One scan, one photo: values kept, everything else dropped, what cannot be kept refused."""

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.data_prep.editions.release import ScanItem, canonical_photo, canonical_scan, release_scan


@pytest.mark.parametrize("stored", [np.uint8, np.int8, np.int16, np.uint32, np.int32, np.float32, np.float64])
def test_canonical_voxels_keep_their_values(stored: type) -> None:
    data: np.ndarray = np.arange(24).reshape(2, 3, 4).astype(stored)
    big = nib.Nifti1Image(data.astype(np.dtype(stored).newbyteorder(">")), np.eye(4))
    out, affine = canonical_scan(big)
    np.testing.assert_array_equal(out, data)
    np.testing.assert_array_equal(affine, np.eye(4))
    assert out.dtype.name in ("uint8", "int16", "uint16", "int32", "float32")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.full((3, 3, 3), 4, np.int16), "every voxel is 4"),
        (np.array([np.nan, 1] * 4, np.float32).reshape(2, 2, 2), "not finite"),
        (np.zeros((3, 3, 3), np.complex64), "expected real numbers"),
        (np.zeros((3, 3), np.int16), "expected one 3-D volume"),
        (np.array([0, 2**32 - 1] * 4, np.uint32).reshape(2, 2, 2), "do not fit"),
    ],
)
def test_scans_that_cannot_be_released(data: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        canonical_scan(nib.Nifti1Image(data, np.eye(4)))


def test_photos_lose_orientation_tags_but_not_orientation(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (4, 6, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    out = canonical_photo(Image.open(tmp_path / "a.png"))
    np.testing.assert_array_equal(out, np.rot90(pixels, -1))


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "I;16", "CMYK", "1"])
def test_photos_of_every_mode_become_rgb(mode: str) -> None:
    out = canonical_photo(Image.new(mode, (4, 5)))
    assert out.shape == (5, 4, 3)
    assert out.dtype == np.uint8


def item_with_mask(folder: Path, mask: np.ndarray, affine: np.ndarray) -> ScanItem:
    """A scan of one voxel a millimetre and a brain mask on a grid of its own."""
    scan = np.random.default_rng(0).integers(1, 900, (6, 5, 4)).astype(np.int16)
    nib.save(nib.Nifti1Image(scan, np.eye(4)), folder / "scan.nii.gz")
    nib.save(nib.Nifti1Image(mask, affine), folder / "mask.nii.gz")
    return ScanItem(
        subject="sub-01",
        split="eval",
        probe="sub-a",
        source=folder / "scan.nii.gz",
        target=Path("public/eval/mri/scan.nii.gz"),
        truth=((folder / "mask.nii.gz", Path("sealed/eval/masks/mask.nii.gz")),),
    )


@pytest.mark.parametrize("values", [(0, 1), (0, 255), (0, 0.7)])
def test_a_sealed_mask_is_of_zeros_and_ones(tmp_path: Path, values: tuple[float, float]) -> None:
    mask = np.zeros((6, 5, 4), np.float32 if values[1] == 0.7 else np.uint8)
    mask[1:3, 1:4, 2] = values[1]
    release_scan(item_with_mask(tmp_path, mask, np.eye(4)), tmp_path)
    sealed = np.asarray(nib.load(tmp_path / "sealed/eval/masks/mask.nii.gz").dataobj)
    assert sealed.dtype == np.uint8
    np.testing.assert_array_equal(sealed, mask > 0)


@pytest.mark.parametrize(
    "affine",
    [
        np.eye(4) + np.eye(4, k=3) * 1e6,  # a kilometre off
        np.eye(4) + np.eye(4, k=3) * 0.5,
        np.diag([1.0, 1.0, 1.1, 1.0]),
        np.diag([-1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_a_mask_off_the_grid_of_its_scan_is_refused(tmp_path: Path, affine: np.ndarray) -> None:
    mask = np.zeros((6, 5, 4), np.uint8)
    mask[2:4, 2, 2] = 1
    with pytest.raises(ValueError, match=r"mask\.nii\.gz: not on the grid of scan\.nii\.gz"):
        release_scan(item_with_mask(tmp_path, mask, affine), tmp_path)


def test_a_mask_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not on the grid"):
        release_scan(item_with_mask(tmp_path, np.eye(5, 6, dtype=np.uint8)[:, :, None], np.eye(4)), tmp_path)


@pytest.mark.parametrize("value", [0, 255, 256, 40_000, 65_535])
def test_grey_of_16_bits_is_scaled(value: int) -> None:
    picture = Image.fromarray(np.full((2, 3), value, np.uint16))
    assert (canonical_photo(picture) == value // 256).all()


def test_a_scan_keeps_its_place_unless_it_is_centred(tmp_path: Path) -> None:
    item = item_with_mask(tmp_path, np.ones((6, 5, 4), np.uint8) - np.eye(5, 4, dtype=np.uint8), np.eye(4))
    for centred, place in ((None, [0, 0, 0]), (True, [-2.5, -2, -1.5])):
        released = item if centred is None else replace(item, centred=centred)
        folder = tmp_path / str(centred)
        release_scan(released, folder)
        for path in (item.target, item.truth[0][1]):
            assert nib.load(folder / path).affine[:3, 3].tolist() == place


@pytest.mark.parametrize(("wide", "stored"), [(2**31 - 1, "int32"), (2**31, None), (-(2**31) + 1, "int32")])
def test_wide_integers_are_stored_in_32_bits_or_not_at_all(wide: int, stored: str | None) -> None:
    data = np.zeros((2, 2, 2), np.int64)
    data[0, 0, 0] = wide
    image = nib.Nifti1Image(data, np.eye(4), dtype=np.int64)
    if stored is None:
        with pytest.raises(ValueError, match="do not fit 32 bits"):
            canonical_scan(image)
    else:
        out, _ = canonical_scan(image)
        assert (out.dtype.name, out[0, 0, 0]) == (stored, wide)


def test_no_place_is_minus_0() -> None:
    """It equals 0 and has other bytes, and an edition is known by its bytes."""
    affine = np.diag([2.0, 2, 2, 1])
    affine[0, 3] = affine[1, 0] = -0.0
    _, found = canonical_scan(nib.Nifti1Image(np.arange(24.0, dtype=np.float32).reshape(2, 3, 4), affine))
    assert not np.signbit(found).any()
