"""The leak test finds what it is there to find."""

import gzip
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from data_prep.cohort import CohortError
from data_prep.edition import EditionConfig, build_edition
from data_prep.leaks import find_leaks

SECRETS = ["sub-a", "sub-07", "IMG_2034-b.jpg"]


def first(folder: Path, pattern: str) -> Path:
    return min(folder.rglob(pattern))


def test_an_edition_has_none(tiny_edition_folder: Path) -> None:
    assert find_leaks(tiny_edition_folder / "public", SECRETS) == ()


def described(public: Path) -> None:
    path = first(public, "*.nii.gz")
    image = nib.load(path)
    image = nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine)
    image.header["descrip"] = b"mated"
    path.write_bytes(gzip.compress(image.to_bytes(), mtime=0))


def calibrated(public: Path) -> None:
    path = first(public, "*.nii.gz")
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[124:128] = b"\0\0\x80?"  # cal_max
    path.write_bytes(gzip.compress(bytes(content), mtime=0))


def extended(public: Path) -> None:
    path = first(public, "*.nii.gz")
    image = nib.load(path)
    image = nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"sub-07"))
    path.write_bytes(gzip.compress(image.to_bytes(), mtime=0))


def timed(public: Path) -> None:
    path = first(public, "*.nii.gz")
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), mtime=1_500_000_000))


def noted(public: Path) -> None:
    path = first(public, "*.png")
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "x")
    with Image.open(path) as image:
        image.load()
        image.save(path, pnginfo=note)


def added(public: Path, name: str = "note.txt", text: str = "see sub-07, please") -> None:
    (public / name).write_text(text)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (described, "in the header of a scan: .* descrip"),
        (calibrated, "in the header of a scan: .* cal_max"),
        (extended, "in the header of a scan: .* extension"),
        (timed, "in the header of a scan: .* gzip"),
        (noted, "metadata in a photo: .* 'tEXt'"),
        (added, "sealed words in a file: note.txt has 'sub-07'"),
        (lambda p: added(p, text="from IMG_2034-b.jpg."), "note.txt has 'IMG_2034-b.jpg'"),
        (lambda p: added(p, "sub-07_x.txt", "x"), "sealed words in a file name: sub-07_x.txt has 'sub-07'"),
    ],
)
def test_what_leaks_is_found(own_edition_folder: Path, spoil: Callable[[Path], None], words: str) -> None:
    spoil(own_edition_folder / "public")
    (problem,) = find_leaks(own_edition_folder / "public", SECRETS)
    kind, _, where = words.partition(": ")
    assert kind in problem
    assert where.removeprefix(".* ") in problem


def test_part_of_a_word_is_no_leak(tmp_path: Path) -> None:
    added(tmp_path, text="sub-abcdefgh sub-077 xsub-07")
    assert find_leaks(tmp_path, SECRETS) == ()


@pytest.mark.parametrize("word", ["sub-04", "sub-04_T2w", "sub-04_photo-01.png"])
def test_a_leak_stops_the_build(tiny_cohort: Path, tmp_path: Path, word: str) -> None:
    config = EditionConfig(id="tiny", seed=11, citation=f"We thank {word}.")
    with pytest.raises(CohortError, match=rf"CITATION.cff has '{word}'"):
        build_edition(tiny_cohort, tmp_path / "edition", config)
    assert list(tmp_path.iterdir()) == []
