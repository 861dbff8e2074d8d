"""The leak test finds what it is there to find."""

import gzip
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.editions.leaks import _beside_voxels, find_leaks, header_text, is_telling
from mriprivacy.data_prep.editions.metadata import write_metadata
from mriprivacy.data_prep.formats.manifest import public_files
from mriprivacy.data_prep.formats.nifti import canonical_bytes

SECRETS = ["sub-a", "sub-07", "IMG_2034-b.jpg", "sub-07 scanned 2019-03-04"]


def first(folder: Path, pattern: str) -> Path:
    return min(folder.rglob(pattern))


def test_an_edition_has_none(tiny_edition_folder: Path) -> None:
    public = tiny_edition_folder / "public"
    assert find_leaks(public, SECRETS, public_files(public)) == ()


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


def followed(public: Path) -> None:
    path = first(public, "*.nii.gz")
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"sub-07 mated", mtime=0))


def followed_packed(public: Path) -> None:
    path = first(public, "*.nii.gz")
    path.write_bytes(path.read_bytes() + gzip.compress(b"mated", mtime=0))


def sized(public: Path) -> None:
    path = first(public, "*.nii.gz")
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[92:100] = b"sub-07!!"  # pixdim[4] and pixdim[5]
    path.write_bytes(gzip.compress(bytes(content), mtime=0))


def cut(public: Path) -> None:
    path = first(public, "*.nii.gz")
    path.write_bytes(path.read_bytes()[:-100])


def ended(public: Path) -> None:
    path = first(public, "*.png")
    path.write_bytes(path.read_bytes() + b"sub-07")


def ended_inside(public: Path) -> None:
    path = first(public, "*.png")
    raw = path.read_bytes()
    chunk = b"IDAT" + b"sub-07"
    chunk = (6).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    path.write_bytes(raw[:-12] + chunk + raw[-12:])


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
        (described, "but voxels and geometry in a scan: .* descrip"),
        (calibrated, "but voxels and geometry in a scan: .* cal_max"),
        (extended, "but voxels and geometry in a scan: .* extension"),
        (timed, "but voxels and geometry in a scan: .* gzip"),
        (followed, "but voxels and geometry in a scan: .* bytes after the last voxel"),
        (followed_packed, "but voxels and geometry in a scan: .* bytes after the last voxel"),
        (sized, "but voxels and geometry in a scan: .* pixdim"),
        (cut, "but voxels and geometry in a scan: .* cannot be read (OSError)"),
        (noted, "but pixels in a photo: .* 'tEXt'"),
        (ended, "but pixels in a photo: .* bytes after the last pixel"),
        (ended_inside, "but pixels in a photo: .* bytes after the last pixel"),
        (added, "sealed words in a file: note.txt has 'sub-07'"),
        (lambda p: added(p, text="see SUB-07"), "sealed words in a file: note.txt has 'sub-07'"),
        (lambda p: added(p, text="from IMG_2034-b.jpg."), "note.txt has 'img_2034-b.jpg'"),
        (lambda p: added(p, "sub-07_x.txt", "x"), "sealed words in a file name: sub-07_x.txt has 'sub-07'"),
    ],
)
def test_what_leaks_is_found(own_edition_folder: Path, spoil: Callable[[Path], None], words: str) -> None:
    public = own_edition_folder / "public"
    spoil(public)
    (problem,) = find_leaks(public, SECRETS, public_files(public))
    kind, _, where = words.partition(": ")
    assert kind in problem
    assert where.removeprefix(".* ") in problem


def test_part_of_a_word_is_no_leak(tmp_path: Path) -> None:
    added(tmp_path, text="sub-abcdefgh sub-077 xsub-07")
    assert find_leaks(tmp_path, SECRETS, ["note.txt"]) == ()


def test_text_of_a_header_is_found_in_texts(tmp_path: Path) -> None:
    added(tmp_path, "note.json", "Sub-07  scanned; SUB-07 Scanned 2019-03-04")
    (problem,) = find_leaks(tmp_path, ["sub-07 scanned 2019-03-04"], ["note.json"])
    assert problem == "public: sealed words in a file: note.json has 'sub-07 scanned 2019-03-04'"


def test_only_what_makes_up_the_edition_is_public(own_edition_folder: Path) -> None:
    """A sealed table, or something packed, has no secret word in it, and yet is one."""
    public = own_edition_folder / "public"
    before = public_files(public)
    for name in ("key.tsv", "attributes.tsv"):
        shutil.copy(own_edition_folder / "sealed" / name, public / "eval" / name)
    (public / "note.txt.gz").write_bytes(gzip.compress(b"sub-07"))
    (public / "README.md").unlink()
    missing, surplus = find_leaks(public, SECRETS, before)
    assert missing == "public: a file is missing: README.md"
    assert "none of the edition's (3 in all): eval/attributes.tsv, eval/key.tsv, note.txt.gz" in surplus


def test_a_file_that_came_in_stops_the_build(
    tiny_cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_more(public: Path, description: dict[str, Any]) -> None:
        write_metadata(public, description)
        shutil.copy(public.parent / "sealed" / "key.tsv", public / "eval")

    monkeypatch.setattr("mriprivacy.data_prep.editions.seal.write_metadata", write_more)
    with pytest.raises(CohortError, match=r"none of the edition's: eval/key\.tsv"):
        build_edition(
            tiny_cohort, tmp_path / "edition", EditionConfig(id="tiny", seed=11, hair_removal="given")
        )


@pytest.mark.parametrize("word", ["sub-04", "SUB-04", "sub-04_T2w", "sub-04_photo-01.png", "2019-03-04"])
def test_a_leak_stops_the_build(tiny_cohort: Path, tmp_path: Path, word: str) -> None:
    config = EditionConfig(id="tiny", seed=11, citation=f"We thank {word}.", hair_removal="given")
    with pytest.raises(CohortError, match=f"CITATION.cff has '{word.lower()}'"):
        build_edition(tiny_cohort, tmp_path / "edition", config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("word", "telling"),
    [("abcde1", True), ("abcd1", False), ("123456", True), ("12345", False), ("abcdef", False), ("", False)],
)
def test_words_that_chance_hardly_brings_have_six_characters_and_a_digit(word: str, telling: bool) -> None:
    assert is_telling(word) == telling


@pytest.mark.parametrize(("phrase", "found"), [("ab cd1", True), ("ab cd", False), ("ab  cd", True)])
def test_phrases_of_six_characters_are_looked_for_as_they_are(
    phrase: str, found: bool, tmp_path: Path
) -> None:
    """But not in tables, and not across other spaces than their own."""
    added(tmp_path, text=f"x{phrase.upper()}x")
    leaks = find_leaks(tmp_path, [phrase], ["note.txt"])
    assert leaks == (("public: sealed words in a file: note.txt has " + repr(phrase),) if found else ())
    added(tmp_path, "note.tsv", f"x{phrase}x")
    assert find_leaks(tmp_path, [phrase], ["note.txt", "note.tsv"]) == leaks
    added(tmp_path, text=phrase.replace(" ", "\t"))
    assert find_leaks(tmp_path, [phrase], ["note.txt", "note.tsv"]) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"abcdef", {"abcdef"}),
        (b"abcde", set()),
        (b"P1 seen 2019-03-04", {"P1 seen 2019-03-04", "2019-03-04"}),
        (b"a 12345 b", {"a 12345 b"}),
        (b"  x1y2z3 ", {"x1y2z3"}),
    ],
)
def test_texts_and_words_of_a_header(text: bytes, words: set[str], tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
    image.header["descrip"] = text
    nib.save(image, tmp_path / "a.nii")
    assert header_text(tmp_path / "a.nii") == words


def test_a_link_is_a_leak(tmp_path: Path) -> None:
    added(tmp_path)
    (tmp_path / "link.txt").symlink_to(tmp_path / "note.txt")
    assert find_leaks(tmp_path, [], ["note.txt", "link.txt"]) == ("public: a link: link.txt",)


def written(**fields: object) -> bytes:
    """Return a scan of eight voxels as the kit writes it, with these fields in its header."""
    raw = canonical_bytes(np.arange(8, dtype=np.int16).reshape(2, 2, 2), np.diag([2.0, 3, 4, 1]))
    header = np.frombuffer(raw[:348], nib.Nifti1Header.template_dtype).copy()
    for name, value in fields.items():
        header[name] = value
    return header.tobytes() + raw[348:]


@pytest.mark.parametrize(
    ("fields", "odd"),
    [
        ({}, []),
        ({"qoffset_x": 1e-7}, []),
        ({"qoffset_x": 1e-5}, ["qoffset_x"]),
        ({"qoffset_z": 0.5}, ["qoffset_z"]),
        ({"pixdim": [1, 2 * (1 + 5e-7), 3, 4, 1, 1, 1, 1]}, []),
        ({"pixdim": [1, 2 * (1 + 5e-6), 3, 4, 1, 1, 1, 1]}, ["pixdim"]),
        ({"quatern_b": 0.5}, ["quatern_b"]),
        ({"cal_min": 1e-7}, ["cal_min"]),
        ({"descrip": b"x", "aux_file": b"y"}, ["descrip", "aux_file"]),
    ],
    ids=range(9),
)
def test_geometry_may_be_rounded_in_another_way_and_nothing_else(
    fields: dict[str, object], odd: list[str]
) -> None:
    assert _beside_voxels(gzip.compress(written(**fields), mtime=0)) == odd


def test_of_what_a_scan_is_packed_in_nothing_else_is_accepted() -> None:
    """Of a scan of eight voxels: it is shorter than two headers."""
    raw = written()
    good = gzip.compress(raw, mtime=0)
    more = ["bytes after the last voxel"]
    assert _beside_voxels(good) == []
    assert _beside_voxels(good + b"x") == more
    assert _beside_voxels(gzip.compress(raw + b"x", mtime=0)) == more
    assert _beside_voxels(good[:-1]) == more  # its checksum is not whole
    assert _beside_voxels(good[:-9]) != []
    assert _beside_voxels(zlib.compress(raw)) == ["cannot be read (error)"]
    assert _beside_voxels(raw) == ["cannot be read (error)"]
    assert _beside_voxels(gzip.compress(raw, mtime=1)) == ["gzip"]
    assert _beside_voxels(good[:3] + b"\x08" + good[4:10] + b"a\0" + good[10:]) == ["gzip"]
    assert _beside_voxels(gzip.compress(raw[:348] + b"\0\0\0\1" + raw[352:], mtime=0)) == ["extension"]
