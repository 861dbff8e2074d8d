from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from baselines.photo import LONG_EDGE, PhotoError, read_photo


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (60, 40, 3), dtype=np.uint8)


def test_png_is_read_as_it_is(tmp_path: Path, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert (read_photo(tmp_path / "a.png") == picture).all()


def test_exif_orientation_is_applied(tmp_path: Path, picture: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    Image.fromarray(picture).save(tmp_path / "a.png", exif=exif)
    assert (read_photo(tmp_path / "a.png") == np.rot90(picture, -1)).all()


def test_gray_and_transparent_become_rgb(tmp_path: Path, picture: np.ndarray) -> None:
    Image.fromarray(picture[..., 0]).save(tmp_path / "gray.png")
    assert (read_photo(tmp_path / "gray.png") == picture[..., :1]).all()
    Image.fromarray(np.dstack([picture, np.zeros((60, 40), np.uint8)])).save(tmp_path / "clear.png")
    assert (read_photo(tmp_path / "clear.png") == 255).all()


def test_large_photographs_are_brought_to_size(tmp_path: Path) -> None:
    Image.new("RGB", (3000, 1500), "gray").save(tmp_path / "a.jpg")
    assert read_photo(tmp_path / "a.jpg").shape == (LONG_EDGE // 2, LONG_EDGE, 3)


def test_bombs_are_refused_before_they_unpack(tmp_path: Path) -> None:
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    with pytest.raises(PhotoError, match="at most 50 million"):
        read_photo(tmp_path / "bomb.png")


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_broken_and_foreign_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PhotoError, match=r"a\.jpg: not a readable photograph"):
        read_photo(tmp_path / "a.jpg")


def test_a_truncated_photograph_is_refused(tmp_path: Path, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:-800])
    with pytest.raises(PhotoError):
        read_photo(tmp_path / "a.png")
