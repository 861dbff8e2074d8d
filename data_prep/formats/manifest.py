"""The manifest of what is public, and the commitment to what is sealed: files by what they hold, decoded.

Equal voxels and pixels have equal hashes, whatever compressed them (zlib, zlib-ng, another level or filter).
"""

import hashlib
import io
import math
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from mriprivacy.data_prep.formats.atomic import write_whole
from mriprivacy.scoring.errors import UserError

MANIFEST = "MANIFEST.sha256"
# Written when another edition takes the place of this one, which does not change: not in the manifest.
SUPERSEDED = "SUPERSEDED.json"
COMMITMENT = "KEY.commitment"
SEALED_MANIFEST = "SEALED.sha256"
COMMITTED = ("nonce", "key.tsv", "attributes.tsv", SEALED_MANIFEST)
# The first line of a list; one without it is of the old kind, by the bytes of files. `sha256sum` skips it.
CONTENT = "# SHA-256 of decoded content, mriprivacy 1"

SCAN, PHOTOGRAPH = ".nii.gz", ".png"
# Bytes of a decoded file: float32 voxels of 0.4 mm around a head need a quarter of it.
LARGEST = 1 << 31
_PIECE = 1 << 18
_SCAN_HEADER = 352  # NIfTI-1, with the four bytes that say that no extension follows
_PNG = b"\x89PNG\r\n\x1a\n"

# 2000-01-01T00:00:00Z: a time stamp that says nothing.
_TIME = 946_684_800


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class ContentError(UserError):
    """A scan or photograph that is not as the kit writes them; the message does not name the file."""


def content_digest(path: Path) -> str:
    """SHA-256 of what a file of an edition holds, hexadecimal.

    Of a scan (`.nii.gz`) the unpacked NIfTI, header and voxels (`gunzip -c FILE | sha256sum`); of a
    photograph (`.png`) the same picture as binary PPM: `P6`, width, height and 255 in three lines, and its
    pixels; of all else the bytes as they are.

    Of a scan it does not see the compression and the gzip header (time, file name, comment, extra field); of
    a photograph not compression, filters and how the data are divided. Nothing else may differ unseen: what a
    file has beside these is refused.

    Parameters
    ----------
    path : Path
        Its name says how it is decoded. It is read in pieces, and never further than its header announces.

    Raises
    ------
    ContentError
        If it is a pipe, a device or a folder; if a scan is not one gzip member with a NIfTI-1 of 2 GB at
        most, little endian, 3-D, without extension; if a photograph is not an 8-bit RGB PNG without interlace
        and with pixels alone; if either is damaged, cut off, or goes on after its end.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_text("a")
    >>> content_digest(path) == file_sha256(path)
    True
    """
    if not path.is_file():  # a pipe would never end
        raise ContentError("is no file")
    kind = encoding(path.name)
    if kind == SCAN:
        return _scan_digest(path)
    return _photograph_digest(path) if kind == PHOTOGRAPH else file_sha256(path)


def encoding(name: str) -> str:
    """Return how a file is encoded that is listed decoded, by its ending: `.nii.gz`, `.png` or, if not, `""`.

    Examples
    --------
    >>> encoding("dev/mri/sub-a/anat/sub-a_T2w.nii.gz"), encoding("edition.json")
    ('.nii.gz', '')
    """
    return next((ending for ending in (SCAN, PHOTOGRAPH) if name.endswith(ending)), "")


def _scan_digest(path: Path) -> str:
    digest, head, size, due = hashlib.sha256(), b"", 0, LARGEST
    with path.open("rb") as stream:
        for piece in _inflated(iter(lambda: stream.read(_PIECE), b""), zlib.MAX_WBITS | 16, "voxel"):
            digest.update(piece)
            size += len(piece)
            if len(head) < _SCAN_HEADER:
                head = (head + piece)[:_SCAN_HEADER]
                due = _scan_size(head) if len(head) == _SCAN_HEADER else due
            if size > due:
                raise ContentError("has bytes after the last voxel")
    if len(head) < _SCAN_HEADER or size < due:
        raise ContentError("ends before its last voxel")
    return digest.hexdigest()


def _scan_size(head: bytes) -> int:
    """Return the bytes of an unpacked scan, from its header."""
    length, dimensions, *extents = struct.unpack_from("<i36x4h", head)
    (bits,), (offset,) = struct.unpack_from("<h", head, 72), struct.unpack_from("<f", head, 108)
    single = length == 348 and head[344:] == b"n+1" + bytes(5) and offset == _SCAN_HEADER
    if not single or dimensions != 3 or min(extents) < 1 or bits not in (8, 16, 32):
        raise ContentError("is no NIfTI-1 as the kit writes it (little endian, 3-D, no extension)")
    size: int = _SCAN_HEADER + math.prod(extents) * bits // 8
    if size > LARGEST:
        raise ContentError(f"announces {size} bytes; expected {LARGEST} at most")
    return size


def _photograph_digest(path: Path) -> str:
    from PIL import Image  # here: lists are read where there is none (challenge/export/scorer.py)

    if path.stat().st_size > LARGEST:
        raise ContentError(f"has more than {LARGEST} bytes")
    raw = path.read_bytes()
    chunks = _chunks(raw)
    width, height = _picture_size(chunks)
    pixels = (body for kind, body in chunks if kind == b"IDAT" and body)
    rows = height * (1 + 3 * width)  # each has a byte that names its filter
    for piece in _inflated(pixels, zlib.MAX_WBITS, "pixel"):
        rows -= len(piece)
        if rows < 0:
            raise ContentError("has bytes after the last pixel")
    if rows:
        raise ContentError("ends before its last pixel")
    try:
        with Image.open(io.BytesIO(raw), formats=("PNG",)) as image:
            decoded = image.tobytes()
    except Exception as error:  # Pillow raises OSError, SyntaxError, struct.error and others on broken files
        raise ContentError(f"cannot be decoded ({error})") from error
    return hashlib.sha256(b"P6\n%d %d\n255\n" % (width, height) + decoded).hexdigest()


def _chunks(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Return kind and body of every chunk of a PNG, to its very end."""
    if not raw.startswith(_PNG):
        raise ContentError("is no PNG")
    chunks: list[tuple[bytes, bytes]] = []
    position = len(_PNG)
    while not chunks or chunks[-1][0] != b"IEND":
        if position + 12 > len(raw):
            raise ContentError("ends in the middle")
        length, kind = struct.unpack_from(">I4s", raw, position)
        body = raw[position + 8 : position + 8 + length]
        if raw[position + 8 + length : position + 12 + length] != zlib.crc32(kind + body).to_bytes(4):
            raise ContentError("is damaged (a checksum differs) or ends in the middle")
        chunks.append((kind, body))
        position += 12 + length
    if position != len(raw):
        raise ContentError("has bytes after the last pixel")
    return chunks


def _picture_size(chunks: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    """Return width and height of a PNG that has pixels alone; chunks of other kinds change what is seen."""
    (first, header), (_, rest) = chunks[0], chunks[-1]
    if first != b"IHDR" or len(header) != 13 or rest:
        raise ContentError("has no header, or an end that is none")
    if odd := [kind for kind, _ in chunks[1:-1] if kind != b"IDAT"]:
        raise ContentError(f"has a chunk {odd[0].decode('latin-1')!a}; expected pixels alone")
    width, height, *form = struct.unpack(">II5B", header)
    if form != [8, 2, 0, 0, 0]:
        raise ContentError("is no 8-bit RGB picture without interlace")
    if not 0 < width * height * 3 <= LARGEST:
        raise ContentError(f"has {width} x {height} pixels; expected {LARGEST} bytes of them at most")
    return width, height


def _inflated(packed: Iterable[bytes], wbits: int, last: str) -> Iterator[bytes]:
    """Unpack one stream in pieces of bounded size; it must end, and nothing may follow it."""
    unpack = zlib.decompressobj(wbits)
    source = iter(packed)
    while not unpack.eof:
        given = unpack.unconsumed_tail or next(source, b"")
        try:
            piece = unpack.decompress(given, _PIECE)
        except zlib.error as error:
            raise ContentError("cannot be unpacked: it is damaged") from error
        if not given and not piece and not unpack.eof:
            raise ContentError("cannot be unpacked: it ends in the middle")
        yield piece
    if unpack.unused_data or any(source):
        raise ContentError(f"has bytes after the last {last}")


def public_files(public: Path) -> list[str]:
    """Names of all files under a folder, relative, with `/`, sorted, but manifest and `SUPERSEDED`."""
    files = (
        path.relative_to(public).as_posix()
        for path in public.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )
    return sorted(name for name in files if name not in (MANIFEST, SUPERSEDED))


def write_manifest(public: Path) -> str:
    r"""Write `MANIFEST.sha256` over every file of a folder and return its own SHA-256, the edition hash.

    Raises
    ------
    ContentError
        If a scan or a photograph is not as the kit writes them.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("a")
    >>> len(write_manifest(folder)), (folder / MANIFEST).read_text()[-7:]
    (64, '  a.txt\n')
    """
    _write_list(public, public_files(public), MANIFEST)
    return file_sha256(public / MANIFEST)


def sealed_files(sealed: Path) -> list[str]:
    """Names of the sealed files that are committed to one by one: masks, labels, subjects and the like."""
    return [name for name in public_files(sealed) if name not in COMMITTED]


def commitment(sealed: Path) -> str:
    """SHA-256 over nonce, key, attributes and the list of all other sealed files, as the files stand.

    `cat nonce key.tsv attributes.tsv SEALED.sha256 | sha256sum -c ../public/KEY.commitment` checks it once
    they are revealed. The nonce keeps a short list from being guessed and tried. What stands in the list need
    not be revealed with it: brains and subjects' names stay sealed, and are committed to all the same.
    """
    digest = hashlib.sha256()
    for name in COMMITTED:
        digest.update((sealed / name).read_bytes())
    return digest.hexdigest()


def write_commitment(public: Path, sealed: Path) -> None:
    """Write the list of sealed files, and `KEY.commitment` in the form that `sha256sum -c` reads from a pipe.

    Call it when all that is sealed is there.
    """
    _write_list(sealed, sealed_files(sealed), SEALED_MANIFEST)
    write_whole(public / COMMITMENT, f"{commitment(sealed)}  -\n")


def _write_list(folder: Path, names: Iterable[str], target: str) -> None:
    lines = [CONTENT + "\n"]
    for name in names:
        try:
            lines.append(f"{content_digest(folder / name)}  {name}\n")
        except ContentError as error:
            raise ContentError(f"{folder / name}: {error}") from error
    write_whole(folder / target, "".join(lines))


def blank_times(folder: Path) -> None:
    """Set every time stamp in a folder to one value; the order of writing must not leak."""
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (_TIME, _TIME))
