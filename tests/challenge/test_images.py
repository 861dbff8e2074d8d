"""Folders as people have them."""

from pathlib import Path

import pytest

from challenge.errors import InputError
from challenge.images import find_images


def test_a_dicom_series_is_one_line_that_names_the_converter(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"IM{number:04d}").write_bytes(bytes(128) + b"DICM" + bytes(40))
    (tmp_path / "slice.dcm").touch()
    with pytest.raises(InputError) as caught:
        find_images(tmp_path, "probes", (".nii", ".nii.gz"))
    (line,) = caught.value.problems
    assert "31 DICOM files" in line
    assert "dcm2niix" in line


def test_other_files_are_named_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.HEIC").touch()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError) as caught:
        find_images(tmp_path, "photos", (".png", ".jpg"))
    heic, text = caught.value.problems
    assert heic.endswith("save it as JPEG first")
    assert text.endswith("convert it or move it out of the folder")


def test_names_are_found_without_their_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").touch()
    (tmp_path / "b.NII").touch()
    assert sorted(find_images(tmp_path, "probes", (".nii", ".nii.gz"))) == ["a", "b"]
