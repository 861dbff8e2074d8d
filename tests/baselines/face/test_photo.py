import random
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.face.photo import LONG_EDGE, PhotoError, read_photo
from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions.release import canonical_photo


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


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_ends_upright(orientation: int, tmp_path: Path, picture: np.ndarray) -> None:
    """What the camera stored is the upright picture, turned back: the eight cases of EXIF 2.3."""
    upright = picture
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    assert (read_photo(tmp_path / "a.png") == upright).all()


def test_sixteen_bits_of_grey_are_scaled_not_cut(tmp_path: Path, picture: np.ndarray) -> None:
    deep = picture[..., 0].astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert (read_photo(tmp_path / "deep.png") == picture[..., :1]).all()


def test_printers_colours_and_palettes_become_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (40, 30), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    assert np.abs(read_photo(tmp_path / "a.jpg")[0, 0].astype(int) - (255, 0, 0)).max() < 5
    palette = Image.new("RGB", (40, 30), (10, 200, 30)).convert("P", palette=Image.Palette.ADAPTIVE)
    palette.save(tmp_path / "p.png", transparency=0)
    assert read_photo(tmp_path / "p.png").shape == (30, 40, 3)


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_heic_under_any_name_is_refused_with_what_to_do(brand: bytes, tmp_path: Path) -> None:
    (tmp_path / "IMG_0001.jpg").write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(500))
    with pytest.raises(PhotoError, match=r"IMG_0001\.jpg: is a HEIC .* save it as JPEG"):
        read_photo(tmp_path / "IMG_0001.jpg")


def test_a_huge_file_is_not_even_opened(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as stream:
        stream.truncate(100_000_001)
    with pytest.raises(PhotoError, match="100 MB; expected at most 100 MB"):
        read_photo(tmp_path / "a.png")


def test_the_largest_of_several_faces_is_taken(portraits: dict[str, Path]) -> None:
    one, other = (Image.fromarray(read_photo(portraits[name])) for name in ("obama", "biden"))
    one.thumbnail((1000, 1000))
    other.thumbnail((600, 600))
    group = Image.new("RGB", (1700, 1000), "gray")
    group.paste(one, (0, 0))
    group.paste(other, (1050, 100))
    face = find_face(np.asarray(group))
    assert face is not None
    assert face.count == 2
    assert face.landmarks[:, 0].max() < 1000


@pytest.mark.filterwarnings("ignore::UserWarning")  # of the damage that Pillow reads around
def test_damaged_exif_is_told_by_name(tmp_path: Path, picture: np.ndarray) -> None:
    """Of 600 damaged files each is a picture or refused, and what is released is the same."""
    exif = Image.Exif()
    exif[0x0112], exif[0x0100], exif[0x011A] = 6, 40, 72.0
    exif.get_ifd(0x8825)[2] = (1.0, 2.0, 3.0)
    stream = BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", exif=exif)
    jpeg, path = stream.getvalue(), tmp_path / "a.jpg"
    start = jpeg.index(b"Exif\0\0")
    rng, refused = random.Random(0), set()
    for _ in range(600):
        damaged = bytearray(jpeg)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(start + 6, start + len(exif.tobytes()))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            assert sorted(read_photo(path).shape) == [3, 40, 60]
        except PhotoError as error:
            refused.add(str(error).removeprefix(f"{path}: "))
            with Image.open(path) as image, pytest.raises(CohortError) as told:
                canonical_photo(image)
            assert str(told.value) in refused
        else:
            with Image.open(path) as image:
                assert (canonical_photo(image) == read_photo(path)).all()
    assert refused
    assert all("its EXIF block is damaged (" in line and "save the picture anew" in line for line in refused)
