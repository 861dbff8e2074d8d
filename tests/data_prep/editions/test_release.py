"""One scan, one photo: values kept, everything else dropped, what cannot be kept refused."""

import io
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions.release import (
    PhotoItem,
    ScanItem,
    canonical_photo,
    canonical_scan,
    centred,
    release_photo,
    release_scan,
)


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
    for moved, place in ((None, [0, 0, 0]), (True, [-2.5, -2, -1.5])):
        released = item if moved is None else replace(item, centred=moved)
        folder = tmp_path / str(moved)
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


PIXELS = np.random.default_rng(3).integers(0, 255, (6, 8, 3), dtype=np.uint8)


def photo_of(folder: Path, content: bytes | None = None) -> PhotoItem:
    """A photograph in a folder, of these bytes or of noise."""
    path = folder / "photo.png"
    Image.fromarray(PIXELS).save(path)
    if content is not None:
        path.write_bytes(content)
    return PhotoItem("sub-01", "eval", "ph-a", "raw", path, Path("public/eval/photos/raw/ph-a.png"))


def test_a_photo_is_packed_in_one_way_and_has_nothing_beside_its_pixels(tmp_path: Path) -> None:
    item = photo_of(tmp_path)
    release_photo(item, tmp_path)
    expected = io.BytesIO()
    Image.fromarray(PIXELS).save(expected, format="PNG", compress_level=6)
    assert (tmp_path / item.target).read_bytes() == expected.getvalue()


def test_a_photo_is_cut_and_then_edited(tmp_path: Path) -> None:
    item = replace(photo_of(tmp_path), cut=(1, 2, 7, 5))
    release_photo(item, tmp_path)
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / item.target)), PIXELS[2:5, 1:7])
    release_photo(item, tmp_path, lambda pixels: 255 - pixels)
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / item.target)), 255 - PIXELS[2:5, 1:7])


def test_a_photo_that_cannot_be_released_is_named(tmp_path: Path) -> None:
    def refuse(pixels: np.ndarray) -> np.ndarray:
        raise ValueError("has no head")

    with pytest.raises(CohortError, match=r"photo\.png: has no head$"):
        release_photo(photo_of(tmp_path), tmp_path, refuse)
    with pytest.raises(CohortError, match=r"photo\.png: cannot be released \(UnidentifiedImageError: "):
        release_photo(photo_of(tmp_path, b"none"), tmp_path)
    gif = io.BytesIO()
    Image.fromarray(PIXELS).save(gif, format="GIF")
    with pytest.raises(CohortError, match="cannot be released"):
        release_photo(photo_of(tmp_path, gif.getvalue()), tmp_path)
    assert not (tmp_path / "public").exists()


def test_what_is_seen_through_is_put_on_white() -> None:
    half = Image.new("RGBA", (1, 1), (100, 0, 200, 51))  # a fifth
    assert canonical_photo(half)[0, 0].tolist() == [224, 204, 244]
    palette = Image.new("P", (1, 1))
    palette.putpalette([9, 8, 7])
    palette.info["transparency"] = 0
    assert canonical_photo(palette)[0, 0].tolist() == [255, 255, 255]
    del palette.info["transparency"]
    assert canonical_photo(palette)[0, 0].tolist() == [9, 8, 7]


def test_the_middle_of_a_turned_grid_is_the_origin() -> None:
    """Of 5 x 4 x 3 voxels the middle is at (2, 1.5, 1)."""
    affine = np.array([[0.0, 2, 0, 9], [3, 0, 0, 8], [0, 0, 4, 7], [0, 0, 0, 1]])
    moved = centred(affine, (5, 4, 3))
    assert (moved @ [2, 1.5, 1, 1]).tolist() == [0, 0, 0, 1]
    np.testing.assert_array_equal(moved[:, :3], affine[:, :3])
    assert moved[:3, 3].tolist() == [-3, -6, -4]
    assert affine[:3, 3].tolist() == [9, 8, 7]


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        ("u1", "uint8"), ("i2", "int16"), ("u2", "uint16"), ("i4", "int32"), ("f4", "float32"),
        ("i1", "int32"), ("u4", "int32"), ("i8", "int32"), ("u8", "int32"), ("f8", "float32"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", ["<", ">"])
def test_voxels_of_a_type_keep_it_or_become_wider(stored: str, kept: str, order: str) -> None:
    data = np.arange(1, 9).reshape(2, 2, 2).astype(f"{order}{stored}")
    out, _ = canonical_scan(nib.Nifti1Image(data, np.eye(4), dtype=data.dtype))
    assert (out.dtype.name, out.dtype.newbyteorder("<") == out.dtype) == (kept, True)
    np.testing.assert_array_equal(out, data)


def test_voxels_with_a_slope_are_released_as_what_they_mean() -> None:
    image = nib.Nifti1Image(np.arange(8, dtype=np.int16).reshape(2, 2, 2), np.eye(4))
    image.header.set_slope_inter(0.5, -1)
    scaled = nib.Nifti1Image.from_bytes(
        image.to_bytes()[:112] + np.array([0.5, -1], "<f4").tobytes() + image.to_bytes()[120:]
    )
    out, _ = canonical_scan(scaled)
    assert out.dtype.name == "float32"
    assert out.ravel().tolist() == [number / 2 - 1 for number in range(8)]


@pytest.mark.parametrize(("shift", "accepted"), [(0.0005, True), (0.0021, False)])
def test_truth_lies_on_the_grid_within_a_thousandth(shift: float, accepted: bool, tmp_path: Path) -> None:
    affine = np.eye(4)
    affine[0, 3] = shift
    item = item_with_mask(tmp_path, np.ones((6, 5, 4), np.uint8) - np.eye(5, 4, dtype=np.uint8), affine)
    if accepted:
        release_scan(item, tmp_path)
        assert (tmp_path / item.truth[0][1]).is_file()
        return
    with pytest.raises(CohortError, match="not on the grid"):
        release_scan(item, tmp_path)


def test_labels_keep_their_numbers_and_landmarks_their_bytes(tmp_path: Path) -> None:
    """What is no mask is not made one."""
    item = item_with_mask(tmp_path, np.arange(120, dtype=np.int16).reshape(6, 5, 4), np.eye(4))
    (tmp_path / "landmarks.tsv").write_bytes(b"x\ty\r\n")
    truth = (
        (item.truth[0][0], Path("sealed/labels/sub-a.nii.gz")),
        (tmp_path / "landmarks.tsv", Path("sealed/landmarks/sub-a.tsv")),
    )
    release_scan(replace(item, truth=truth), tmp_path)
    labels = np.asarray(nib.load(tmp_path / truth[0][1]).dataobj)
    assert labels.max() == 119
    assert (tmp_path / truth[1][1]).read_bytes() == b"x\ty\r\n"
