"""Ids, manifest and commitment."""

import gzip
import hashlib
import io
import re
import shutil
import struct
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.data_prep.formats.manifest import (
    MANIFEST,
    ContentError,
    blank_times,
    commitment,
    content_digest,
    write_commitment,
    write_manifest,
)
from mriprivacy.data_prep.formats.nifti import canonical_bytes, write_nifti
from mriprivacy.data_prep.formats.secrets import generator, opaque_ids, secret_bytes

SUBJECTS = [f"sub-{number:03d}" for number in range(500)]


def test_ids_are_distinct_and_of_one_form() -> None:
    ids = opaque_ids("sub-", SUBJECTS, 3)
    assert len(set(ids.values())) == len(SUBJECTS)
    assert all(re.fullmatch(r"sub-[a-hjkmnp-z2-9]{8}", released) for released in ids.values())


def test_ids_that_meet_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mriprivacy.data_prep.formats.secrets._ID_LENGTH", 1)
    assert len(set(opaque_ids("sub-", SUBJECTS[:25], 3).values())) == 25


def test_ids_hang_on_seed_and_name_alone() -> None:
    ids = opaque_ids("sub-", SUBJECTS, 3)
    assert opaque_ids("sub-", reversed(SUBJECTS[7:90]), 3) == {s: ids[s] for s in SUBJECTS[7:90]}
    assert not set(ids.values()) & set(opaque_ids("sub-", SUBJECTS, 4).values())
    tails = {released.removeprefix("sub-") for released in ids.values()}
    assert not tails & {r.removeprefix("ph-") for r in opaque_ids("ph-", SUBJECTS, 3).values()}


def test_ids_say_nothing_of_the_order() -> None:
    """Rank correlation of names and ids is that of chance, within four standard errors."""
    ids = opaque_ids("sub-", SUBJECTS, 3)
    ranks = np.argsort(np.argsort([ids[subject] for subject in SUBJECTS]))
    correlation = np.corrcoef(np.arange(len(SUBJECTS)), ranks)[0, 1]
    assert abs(correlation) < 4 / np.sqrt(len(SUBJECTS))


def test_purposes_do_not_meet() -> None:
    assert secret_bytes(1, "a", "b") != secret_bytes(1, "ab")
    assert secret_bytes(1, "2") != secret_bytes(12)
    assert generator(1, "x").integers(2**60) != generator(1, "y").integers(2**60)


def test_manifest_names_every_file_in_order(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "c" / "d.txt").write_text("one")
    (tmp_path / "a.txt").write_text("two")
    first = write_manifest(tmp_path)
    kind, *lines = (tmp_path / MANIFEST).read_text().splitlines()
    assert kind == "# SHA-256 of decoded content, mriprivacy 1"
    assert [line[66:] for line in lines] == ["a.txt", "b/c/d.txt"]
    assert write_manifest(tmp_path) == first
    if shutil.which("sha256sum"):  # it skips the first line, and text is hashed as it is
        subprocess.run(["sha256sum", "-c", "--strict", "--quiet", MANIFEST], cwd=tmp_path, check=True)


def test_commitment_hangs_on_every_byte_of_every_sealed_file(tmp_path: Path) -> None:
    public, sealed = tmp_path / "public", tmp_path / "sealed"
    names = ("nonce", "key.tsv", "attributes.tsv", "subjects.tsv", "brain_masks/a.nii.gz", "labels/b.nii.gz")

    def write(name: str, value: int) -> None:
        (sealed / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".nii.gz"):
            write_nifti(sealed / name, np.full((2, 3, 4), value, np.uint8), np.eye(4))
        else:
            (sealed / name).write_text(f"{name} {value}\n")

    for name in names:
        write(name, 1)
    write_commitment(public, sealed)
    first = (public / "KEY.commitment").read_text()
    assert first == f"{commitment(sealed)}  -\n"
    listed = [line[66:] for line in (sealed / "SEALED.sha256").read_text().splitlines()[1:]]
    assert listed == ["brain_masks/a.nii.gz", "labels/b.nii.gz", "subjects.tsv"]
    if shutil.which("sha256sum"):
        revealed = b"".join((sealed / name).read_bytes() for name in (*names[:3], "SEALED.sha256"))
        check = ["sha256sum", "-c", "--strict", str(public / "KEY.commitment")]
        subprocess.run(check, input=revealed, check=True)
    for name in names:
        write(name, 2)
        write_commitment(public, sealed)
        assert (public / "KEY.commitment").read_text() != first
        write(name, 1)
    write_commitment(public, sealed)
    assert (public / "KEY.commitment").read_text() == first


def test_times_are_blank(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.txt").write_text("a")
    blank_times(tmp_path)
    assert {path.stat().st_mtime for path in (tmp_path, *tmp_path.rglob("*"))} == {946_684_800}


RNG = np.random.default_rng(3)
VOXELS = RNG.integers(-900, 900, (60, 50, 40)).astype(np.int16)
PIXELS = RNG.integers(0, 255, (70, 90, 3), dtype=np.uint8)
PIXELS[20:40] = 7  # filters differ where a row is like the one above it


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    write_nifti(tmp_path / "a.nii.gz", VOXELS, np.diag([2.0, 2, 2, 1]))
    return tmp_path / "a.nii.gz"


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    Image.fromarray(PIXELS).save(tmp_path / "a.png", compress_level=6)
    return tmp_path / "a.png"


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG of any chunks, their checksums right."""
    packed = (len(b).to_bytes(4) + k + b + zlib.crc32(k + b).to_bytes(4) for k, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def header(width: int = 90, height: int = 70, *form: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">II5B", width, height, *(form or (8, 2, 0, 0, 0)))


END = (b"IEND", b"")
ROWS = b"".join(b"\0" + row.tobytes() for row in PIXELS)


def data(raw: bytes = ROWS, level: int = 6) -> tuple[bytes, bytes]:
    return b"IDAT", zlib.compress(raw, level)


def test_equal_voxels_have_one_digest_however_they_are_packed(scan: Path) -> None:
    raw, digest = gzip.decompress(scan.read_bytes()), content_digest(scan)
    assert digest == hashlib.sha256(canonical_bytes(VOXELS, np.diag([2.0, 2, 2, 1]))).hexdigest()
    seen = {scan.read_bytes()}
    for level in range(10):
        scan.write_bytes(gzip.compress(raw, level, mtime=level))
        assert content_digest(scan) == digest
        seen.add(scan.read_bytes())
    assert len(seen) >= 8
    with gzip.GzipFile("name", "wb", fileobj=scan.open("wb")) as stream:  # header with a name
        stream.write(raw)
    assert content_digest(scan) == digest


def test_equal_pixels_have_one_digest_however_they_are_packed(photograph: Path) -> None:
    digest = content_digest(photograph)
    assert digest == hashlib.sha256(b"P6\n90 70\n255\n" + PIXELS.tobytes()).hexdigest()
    whole, parts = photograph.read_bytes(), zlib.compress(ROWS, 1)
    above = np.vstack([PIXELS[:1], np.diff(PIXELS.astype(np.int16), axis=0)]).astype(np.uint8)
    up = b"".join(bytes([2]) + row.tobytes() for row in above)  # filter 2, the difference from the row above
    split = [(b"IDAT", parts[:9]), (b"IDAT", b""), (b"IDAT", parts[9:]), (b"IDAT", b"")]
    for raw in (
        *(png(header(), data(level=level), END) for level in range(10)),
        png(header(), data(bytes([0]) + up[1:]), END),
        png(header(), *split, END),
    ):
        assert raw != whole
        photograph.write_bytes(raw)
        assert content_digest(photograph) == digest
    as_ppm = io.BytesIO()
    Image.open(photograph).save(as_ppm, format="PPM")
    assert hashlib.sha256(as_ppm.getvalue()).hexdigest() == digest


@pytest.mark.long
def test_every_byte_of_header_and_voxels_counts(scan: Path) -> None:
    """One voxel, one field: whatever byte is changed, the digest is another, or the file is refused."""
    raw, digests, refused = gzip.decompress(scan.read_bytes()), {content_digest(scan)}, 0
    places = [*range(0, 352), *RNG.integers(352, len(raw), 50)]
    for place in dict.fromkeys(int(place) for place in places):
        spoilt = bytearray(raw)
        spoilt[place] ^= 1
        scan.write_bytes(gzip.compress(bytes(spoilt), mtime=0))
        try:
            digests.add(content_digest(scan))
        except ContentError:
            refused += 1
    assert len(digests) + refused == len(set(places)) + 1
    assert 20 < refused < 40  # size and magic, dimensions, bits, offset, extension


def test_every_pixel_and_the_shape_count(photograph: Path) -> None:
    digests = {content_digest(photograph)}
    for place in RNG.integers(0, PIXELS.size, 20):
        pixels = PIXELS.copy()
        pixels.reshape(-1)[place] ^= 1
        Image.fromarray(pixels).save(photograph)
        digests.add(content_digest(photograph))
    Image.fromarray(PIXELS.reshape(90, 70, 3)).save(photograph)
    digests.add(content_digest(photograph))
    assert len(digests) == 22


def test_every_byte_of_a_text_counts(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b"probe\n")
    (tmp_path / "b.tsv").write_bytes(b"probe\r\n")
    assert content_digest(tmp_path / "a.tsv") != content_digest(tmp_path / "b.tsv")


def field(start: int, value: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw[:start] + value + raw[start + len(value) :]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw + b"x", "bytes after the last voxel"),
        (lambda raw: raw[:-1], "ends before its last voxel"),
        (lambda raw: raw[:200], "ends before its last voxel"),
        (lambda raw: b"", "ends before its last voxel"),
        (field(0, b"\0\0\1\x5c"), "no NIfTI-1 as the kit writes it"),  # big endian
        (field(40, b"\4"), "no NIfTI-1 as the kit writes it"),
        (field(42, b"\xff\xff"), "no NIfTI-1 as the kit writes it"),
        (field(72, b"\0"), "no NIfTI-1 as the kit writes it"),
        (field(348, b"\1"), "no NIfTI-1 as the kit writes it"),
        (field(42, b"\xff\x7f\xff\x7f\xff\x7f"), "announces 70\\d{12} bytes"),
    ],
)
def test_a_scan_that_is_none_is_refused(scan: Path, change: Callable[[bytes], bytes], words: str) -> None:
    scan.write_bytes(gzip.compress(change(gzip.decompress(scan.read_bytes())), mtime=0))
    with pytest.raises(ContentError, match=words):
        content_digest(scan)


EMPTY = gzip.compress(b"", mtime=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw + b"x", "bytes after the last voxel"),
        (lambda raw: raw + bytes(1000), "bytes after the last voxel"),  # Python's gzip skips zeros
        (lambda raw: raw + EMPTY, "bytes after the last voxel"),  # and empty members
        (lambda raw: raw + bytes(300_000), "bytes after the last voxel"),
        (lambda raw: raw[:-1], "ends in the middle"),
        (lambda raw: raw[:100], "ends in the middle"),
        (lambda raw: b"", "ends in the middle"),
        (lambda raw: b"x" + raw, "damaged"),
        (field(-6, b"x"), "damaged"),  # the checksum
    ],
)
def test_what_is_packed_badly_is_refused(scan: Path, change: Callable[[bytes], bytes], words: str) -> None:
    scan.write_bytes(change(scan.read_bytes()))
    with pytest.raises(ContentError, match=words):
        content_digest(scan)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (png(header(), data(), END) + b"x", "bytes after the last pixel"),
        (png(header(), data(), END, END), "bytes after the last pixel"),
        (png(header(), (b"IDAT", data()[1] + b"x"), END), "bytes after the last pixel"),
        (png(header(), data(), data(b"x"), END), "bytes after the last pixel"),
        (png(header(), data(ROWS + b"x"), END), "bytes after the last pixel"),
        (png(header(), data(ROWS[:-1]), END), "ends before its last pixel"),
        (png(header(), data()), "ends in the middle"),
        (png(header(), data(), END)[:-1], "ends in the middle"),
        (png(header(), (b"IDAT", data()[1][:-1]), END), "ends in the middle"),
        (png(header(), (b"IDAT", b""), END), "ends in the middle"),
        (png(header(), (b"eXIf", b"MM\0*"), data(), END), "has a chunk 'eXIf'; expected pixels alone"),
        (png(header(), (b"tEXt", b"sub-07"), data(), END), "has a chunk 'tEXt'"),
        (png(header(), data(b"\7" + ROWS[1:]), END), "cannot be decoded"),  # no such filter
        (png(header(90, 70, 16, 2, 0, 0, 0), data(), END), "no 8-bit RGB picture"),
        (png(header(90, 70, 8, 2, 0, 0, 1), data(), END), "no 8-bit RGB picture"),
        (png(header(0, 70), data(), END), "has 0 x 70 pixels"),
        (png(header(2**31 - 1, 2**31 - 1), data(), END), "pixels; expected"),
        (png(data(), END), "no header"),
        (png(header(), (b"IEND", b"x")), "no header, or an end that is none"),
        (png(END), "no header"),
        (png(header(), data(), END).replace(b"IEND", b"IENE"), "is damaged"),
        (b"P6\n90 70\n255\n" + PIXELS.tobytes(), "is no PNG"),
        (b"", "is no PNG"),
    ],
)
def test_a_photograph_that_is_none_is_refused(photograph: Path, raw: bytes, words: str) -> None:
    photograph.write_bytes(raw)
    with pytest.raises(ContentError, match=words):
        content_digest(photograph)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """256 MB of zeros in 256 kB, behind the header of a small scan or picture."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    small = canonical_bytes(np.zeros((2, 3, 4), np.int16), np.eye(4))
    zeros = bytes(1 << 22)
    packed = pack.compress(small) + b"".join(pack.compress(zeros) for _ in range(64)) + pack.flush()
    (tmp_path / "a.nii.gz").write_bytes(packed)
    (tmp_path / "a.png").write_bytes(png(header(3, 2), data(bytes(1 << 28)), END))
    tracemalloc.start()
    for name, words in (("a.nii.gz", "after the last voxel"), ("a.png", "after the last pixel")):
        with pytest.raises(ContentError, match=words):
            content_digest(tmp_path / name)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8e6


def test_a_file_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(ContentError, match=r"a\.png: is no PNG"):
        write_manifest(tmp_path)
    assert not (tmp_path / MANIFEST).exists()
