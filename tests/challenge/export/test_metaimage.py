"""Images of a participant's algorithm: what SimpleITK wrote is read as it is, and nothing else."""

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mriprivacy.challenge.export.grand_challenge.metaimage import MetaImageError, plain_metaimage

SHAPE = (5, 4, 3)
VOXELS = np.arange(60, dtype=np.int16).reshape(SHAPE[::-1])


def write(path: Path, compressed: bool = False, dtype: type = np.int16) -> Path:
    image = SimpleITK.GetImageFromArray(VOXELS.astype(dtype))
    image.SetOrigin((1.5, -2e-7, 3.0))
    image.SetSpacing((1.0, 2.0, 0.7))
    image.SetDirection((0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    image.SetMetaData("0008|0060", "MR")
    SimpleITK.WriteImage(image, str(path), compressed)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.float32, np.float64])
def test_the_image_is_the_same(compressed: bool, dtype: type, tmp_path: Path) -> None:
    path = write(tmp_path / "x.mha", compressed, dtype)
    plain = tmp_path / "plain.mha"
    plain.write_bytes(plain_metaimage(path, SHAPE))
    before, after = (SimpleITK.ReadImage(str(one)) for one in (path, plain))
    assert np.array_equal(SimpleITK.GetArrayFromImage(before), SimpleITK.GetArrayFromImage(after))
    for name in ("GetOrigin", "GetSpacing", "GetDirection", "GetPixelIDTypeAsString"):
        assert getattr(before, name)() == getattr(after, name)()
    assert "0008|0060" not in after.GetMetaDataKeys()


def replaced(old: bytes, new: bytes) -> Callable[[Path], object]:
    def spoil(path: Path) -> None:
        raw = path.read_bytes()
        assert old in raw
        path.write_bytes(raw.replace(old, new, 1))

    return spoil


def packed(voxels: bytes) -> Callable[[Path], object]:
    def spoil(path: Path) -> None:
        header = path.read_bytes().partition(b"LOCAL\n")[0].replace(b"sedData = False", b"sedData = True")
        path.write_bytes(header + b"LOCAL\n" + voxels)

    return spoil


def a_link(path: Path) -> None:
    path.rename(path.with_suffix(".other"))
    path.symlink_to(path.with_suffix(".other"))


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "voxels elsewhere": (replaced(b"= LOCAL", b"= /etc/passwd"), "its voxels are not in it"),
    "voxels elsewhere, said first": (
        replaced(b"NDims = 3\n", b"NDims = 3\nElementDataFile = /etc/passwd\n"),
        "lacks",
    ),
    "voxels elsewhere, in other words": (
        replaced(b"NDims = 3\n", b"NDims = 3\nElementDataFile : /etc/passwd\n"),
        "lacks",
    ),
    "a list of files": (replaced(b"= LOCAL", b"= LIST"), "its voxels are not in it"),
    "no end of the header": (lambda p: p.write_bytes(b"a" * 200), "its voxels are not in it"),
    "30000^3": (replaced(b"DimSize = 5 4 3", b"DimSize = 30000 30000 30000"), "another shape"),
    "two numbers a voxel": (
        replaced(b"DimSize", b"ElementNumberOfChannels = 2\nDimSize"),
        "one number a voxel",
    ),
    "four dimensions": (replaced(b"NDims = 3", b"NDims = 4"), "is not one 3-D volume"),
    "a type of 8 bytes": (replaced(b"MET_SHORT", b"MET_LONG_LONG"), "has voxels of another type"),
    "a line twice": (replaced(b"DimSize", b"DimSize = 1 1 1\nDimSize"), "a line of its header twice"),
    "no offset": (replaced(b"Offset = ", b"Offset = 1 2 3 4 "), "has no Offset of 3 numbers"),
    "NaN": (replaced(b"ElementSpacing = 1", b"ElementSpacing = nan"), "has no ElementSpacing"),
    "cut off": (lambda p: p.write_bytes(p.read_bytes()[:-1]), "has not the 120 bytes"),
    "more voxels": (lambda p: p.write_bytes(p.read_bytes() + b"x"), "has not the 120 bytes"),
    "a bomb": (packed(zlib.compress(bytes(10**8))), "has not the 120 bytes"),
    "no deflate": (packed(b"x" * 100), "cannot be unpacked"),
    "deflate cut off": (packed(zlib.compress(bytes(120))[:-5]), "cannot be unpacked"),
    "too large": (lambda p: p.write_bytes(p.read_bytes() + bytes(200_000)), "is no plain file of at most"),
    "a link": (a_link, "cannot be read"),
    "a pipe": (a_pipe, "is no plain file"),
    "a folder": (lambda p: (p.unlink(), p.mkdir()), "cannot be read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    spoil, words = HOSTILE[name]
    path = write(tmp_path / "x.mha")
    spoil(path)
    if words == "lacks":  # read as if the line were not there: nothing of it is passed on
        assert b"passwd" not in plain_metaimage(path, SHAPE)
        return
    with pytest.raises(MetaImageError, match=words) as caught:
        plain_metaimage(path, SHAPE)
    assert str(tmp_path) not in str(caught.value)
