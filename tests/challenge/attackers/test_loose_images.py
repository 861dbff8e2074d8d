"""Folders as people have them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.challenge.attackers.loose_images import find_images
from mriprivacy.challenge.cli import main
from mriprivacy.data_prep.cohorts.cohort_files import check_photo
from mriprivacy.data_prep.editions.release import PhotoItem, release_photo
from mriprivacy.data_prep.formats.problems import Findings
from mriprivacy.scoring.errors import UserError


def test_a_dicom_series_is_one_line_that_names_the_converter(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"IM{number:04d}").write_bytes(bytes(128) + b"DICM" + bytes(40))
    (tmp_path / "slice.dcm").touch()
    with pytest.raises(UserError) as caught:
        find_images(tmp_path, "probes", (".nii", ".nii.gz"))
    (line,) = caught.value.problems
    assert "31 DICOM files" in line
    assert "dcm2niix" in line


def test_other_files_are_named_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.HEIC").touch()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UserError) as caught:
        find_images(tmp_path, "photos", (".png", ".jpg"))
    heic, text = caught.value.problems
    assert heic.endswith("save it as JPEG first")
    assert text.endswith("convert it or move it out of the folder")


def test_names_are_found_without_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").touch()
    (tmp_path / "b.NII").touch()
    assert sorted(find_images(tmp_path, "probes", (".nii", ".nii.gz"))) == ["a", "b"]


@pytest.mark.parametrize(
    "words",
    [
        ["attack", "probes={}", "photos={}"],
        ["build", "cohort.root={}", "seed=1"],
        ["cohort", "cohort=ixi", "cohort.root={}", "cohort.table={}/IXI.xls"],
    ],
    ids=lambda words: words[0],
)
def test_dicom_in_sub_folders_is_named_by_every_command(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    series = tmp_path / "dicom" / "patient" / "series"
    series.mkdir(parents=True)
    (series / "IM0001").write_bytes(bytes(128) + b"DICM" + bytes(40))
    root = tmp_path / "dicom"
    assert main([*(word.format(root) for word in words), f"output={tmp_path / 'out'}"]) == 2
    said = capsys.readouterr().err
    assert f"dcm2niix -z y -o OUT {root}" in said
    assert f"{root}" in said
    assert not (tmp_path / "out").exists()


def test_without_dicom_there_is_no_hint(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("no picture")
    with pytest.raises(UserError) as caught:
        find_images(tmp_path, "probes", (".nii",))
    assert "dcm2niix" not in str(caught.value)


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "P", "RGBA", "I;16", "CMYK", "1"])
def test_attack_and_build_see_the_same_in_a_photograph(mode: str, tmp_path: Path) -> None:
    """Two packages that may not import each other convert photographs: to the same pixels."""
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    pixels = np.random.default_rng(0).integers(0, 255, (40, 30, 4), dtype=np.uint8)
    if mode == "I;16":
        picture = Image.fromarray(pixels[..., 0].astype(np.uint16) * 200)
    else:
        picture = Image.fromarray(pixels, "RGBA").convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    picture.save(path, exif=exif)
    found = Findings("")
    check_photo(path, tmp_path, found)
    assert not found.problems()
    item = PhotoItem("sub-01", "dev", "r", "raw", path, Path("out.png"))
    release_photo(item, tmp_path)
    released = np.asarray(Image.open(tmp_path / "out.png"))
    assert released.shape == (30, 40, 3)
    np.testing.assert_array_equal(released, read_photo(path))


def test_what_is_no_photograph_is_said_before_anything_is_released(tmp_path: Path) -> None:
    Image.new("RGB", (30, 30)).save(tmp_path / "sub-01.png", format="GIF")
    found = Findings("")
    check_photo(tmp_path / "sub-01.png", tmp_path, found)
    assert "photos unreadable" in found.problems()[0]
