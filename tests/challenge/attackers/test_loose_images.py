"""Folders of loose images, with what systems and phones leave in them."""

from pathlib import Path

import pytest
from PIL import Image

from mriprivacy.challenge.attackers.loose_images import _is_photo, find_images
from mriprivacy.challenge.cli import main
from mriprivacy.scoring.errors import UserError

PHOTOS = (".png", ".jpg", ".jpeg")
SCANS = (".nii", ".nii.gz")


def test_photographs_are_known_by_content_and_system_files_are_passed_over(tmp_path: Path) -> None:
    picture = Image.new("RGB", (9, 9))
    picture.save(tmp_path / "a.jfif", format="JPEG")
    picture.save(tmp_path / "b.JPG")
    picture.save(tmp_path / "c", format="PNG")
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (tmp_path / "._b.JPG").write_bytes(b"\0\5\x16\7")
    (tmp_path / "a.jpg~").touch()
    assert sorted(find_images(tmp_path, "photos", PHOTOS)) == ["a", "b", "c"]


OTHERS = {
    "a.mgz": (b"\x1f\x8b\x08", "mri_convert a.mgz a.nii.gz"),
    "a.nrrd": (b"NRRD0004\n", "3D Slicer"),
    "a.txt": (b"text", "not one of .nii .nii.gz .png .jpg .jpeg; convert it or move it"),
    "a.nii.gz": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_have_one_line_that_says_what_to_do(tmp_path: Path, name: str) -> None:
    content, remedy = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        find_images(tmp_path, "probes", (*SCANS, *PHOTOS))
    (line,) = caught.value.problems
    assert remedy in line


def test_links_that_were_not_fetched_name_datalad(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").symlink_to("../.git/annex/objects/Xx/MD5E-s1--0.nii.gz")
    with pytest.raises(UserError, match=r"datalad get a\.nii\.gz"):
        find_images(tmp_path, "probes", SCANS)


def problems(folder: Path, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    with pytest.raises(UserError) as caught:
        find_images(folder, "probes", suffixes)
    return caught.value.problems


@pytest.mark.parametrize("count", [1, 3])
def test_slices_of_a_series_are_counted(count: int, tmp_path: Path) -> None:
    for number in range(count):
        (tmp_path / f"IM{number}").write_bytes(bytes(128) + b"DICM" + bytes(64))
    (tmp_path / "a.nii.gz").touch()
    (line,) = problems(tmp_path, SCANS)
    assert line.startswith(f"{tmp_path}: {count} DICOM files; convert the series to NIfTI: dcm2niix")


def test_a_name_is_without_its_longest_ending_and_of_one_file(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.NII", "c.nii.gz.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.nii").mkdir()
    (tmp_path / ".DS_Store").touch()
    found = find_images(tmp_path, "probes", (*SCANS, *PHOTOS))
    assert {name: path.name for name, path in found.items()} == {
        "a": "a.nii.gz", "b": "b.NII", "c.nii.gz": "c.nii.gz.png"
    }  # fmt: skip
    assert set(find_images(tmp_path, "probes", (".nii", ".gz", ".nii.gz", ".png"))) == set(found)
    (tmp_path / "a.nii").touch()
    (line,) = problems(tmp_path, (*SCANS, *PHOTOS))
    assert "has the same name without suffix; rename one of them" in line


def test_a_folder_without_images_or_that_is_not_there_is_named(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, SCANS)
    assert line.startswith(f"{tmp_path}: no image in it; expected files ending in .nii .nii.gz")
    (line,) = problems(tmp_path / "none", SCANS)
    assert "no such folder; probes=DIR is a folder of files ending in .nii .nii.gz" in line


def test_a_photograph_of_a_phone_is_saved_first_and_no_photograph_is_a_scan(tmp_path: Path) -> None:
    (tmp_path / "a.HEIC").write_bytes(b"ftypheic")
    (line,) = problems(tmp_path, PHOTOS)
    assert line.endswith("; save it as JPEG first")
    (tmp_path / "a.HEIC").unlink()
    Image.new("RGB", (9, 9)).save(tmp_path / "a.jfif", format="JPEG")
    (line,) = problems(tmp_path, SCANS)
    assert line.endswith("not one of .nii .nii.gz; convert it or move it out of the folder")


def test_a_bundle_has_the_ending_that_the_platform_takes(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.zip").touch()
    words = [f"edition={tiny_edition_folder}", f"output={tmp_path / 'x'}", "target=codabench"]
    assert main(["export", *words]) == 2
    assert "x.zip already exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        (b"\x89PNG\r\n\x1a\n", True), (b"\x89PNG\r\n\x1a", False), (b"\xff\xd8\xff", True),
        (b"\xff\xd8", False), (b"x\xff\xd8\xff", False), (b"", False),
    ],
)  # fmt: skip
def test_a_photograph_is_known_by_its_first_bytes_where_photographs_are_asked_for(
    content: bytes, taken: bool, tmp_path: Path
) -> None:
    path = tmp_path / "a.jfif"
    path.write_bytes(content)
    assert _is_photo(path, PHOTOS) == taken
    assert not _is_photo(path, SCANS)
    assert not _is_photo(tmp_path, PHOTOS)
    assert not _is_photo(tmp_path / "nowhere", PHOTOS)


def test_every_problem_of_a_folder_is_told_at_once(tmp_path: Path) -> None:
    """Slices with the last line; the one file that is an image does not count."""
    for name in ("a.nii.gz", "b.nii", "b.nii.gz", "c.txt", "d.txt"):
        (tmp_path / name).write_bytes(b"x")
    for number in range(2):
        (tmp_path / f"IM{number}").write_bytes(bytes(128) + b"DICM" + bytes(64))
    twice, text, other, slices = problems(tmp_path, SCANS)
    assert twice.startswith(f"{tmp_path / 'b.nii.gz'}: b.nii has the same name without suffix")
    assert (text.split(":")[0], other.split(":")[0]) == (str(tmp_path / "c.txt"), str(tmp_path / "d.txt"))
    assert slices.startswith(f"{tmp_path}: 2 DICOM files; ")
