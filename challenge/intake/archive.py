"""A submission as a zip: only members on the list of what an edition may be sent are unpacked.

Only the table of contents decides what is unpacked, so it is read first, bounded, and judged as a whole. What
passes is written to a folder of our own under names of our own, never more bytes than a file of that name can
need; then the folder meets the same validator as any other, with the names of what was left out. So a zip and
a folder are refused in the same words; a zip that is no plain zip is refused here.
"""

import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mriprivacy.challenge.compute.folders import scratch_folder
from mriprivacy.challenge.intake.description import DESCRIPTION, SubmissionError
from mriprivacy.data_prep.formats.manifest import SCAN
from mriprivacy.data_prep.formats.problems import Findings, shown

_NAME = "the archive"
# A scan in a zip is packed twice and shrinks little; a table of scores to a tenth, of constants to a 50th.
_LARGEST_RATIO = 200
_SMALL = 1 << 20
# All scans of a zip together: a `.nii.gz` is packed, and shrinks little when it is packed again.
_LARGEST_RATIO_OF_SCANS = 4
_FEW_SCANS = 1 << 24
_BEGIN = 1 << 16  # of a scan, in which its header stands
_MOST_EXTRA = 64  # bytes a member: times, owners, 64-bit sizes
_DESCRIPTORS = ("<4sLLL", "<LLL", "<4sLQQ", "<LQQ")  # behind what is packed: checksum and sizes
_PIECE = 1 << 20
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_LOCAL = struct.Struct("<4s2x2H16x2H")
_SIGNATURE = b"PK\3\4"
# A table of contents has 46 bytes a member, its name, and what tools note: times, owner, 64-bit sizes.
_MEMBER = 46 + 256 + 256
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_LARGER, _SMALLER = "larger than announced", "smaller than announced"
_AFTER = "something follows what is packed"
_DESCRIBED, _UTF8 = 0x0008, 0x0800

Begins = Callable[[str, bytes], bool]  # name and first bytes of a scan: whether its header is as it must be
_SPARE_MEMBERS = 1000  # more than asked for, so that they can be counted


@dataclass(frozen=True)
class Unpacked:
    """A submission as a folder.

    Attributes
    ----------
    folder : Path
        Where it lies.
    left_out : tuple of str
        Members of a zip whose names do not belong in a submission; nothing of them was written.
    links : tuple of str
        The same of links.
    """

    folder: Path
    left_out: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@contextmanager
def unpacked(
    path: Path,
    sizes: Mapping[str, int],
    begins: Begins = lambda name, begin: True,
    only: Collection[str] = (),
) -> Iterator[Unpacked]:
    """Give a submission as a folder: the folder itself, or a temporary one with the members of a zip.

    A member that is larger than a file of its name can be is stood in for by an empty file that is larger by
    a byte, and a scan with a wrong header by the beginning of it: they are refused as in a folder.

    Parameters
    ----------
    path : Path
        A folder, which is given back as it is, or a zip, of which nothing is left when the block ends.
    sizes : mapping from str to int
        Every name a member may have, and the most bytes it may unpack to.
    begins : function, optional
        Looks at the first bytes of every scan before it is unpacked.
    only : collection of str, optional
        Of the members these alone are unpacked, if any are given; all are judged.

    Yields
    ------
    Unpacked

    Raises
    ------
    SubmissionError
        With every problem of the zip, one line a kind.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "mine.zip"
    >>> with zipfile.ZipFile(path, "w") as archive:
    ...     archive.writestr("../scores.tsv", "x")
    >>> with unpacked(path, {"scores.tsv": 100}) as found:
    ...     found.left_out, list(found.folder.iterdir())
    (('../scores.tsv',), [])
    """
    if not path.is_file():
        yield Unpacked(path)
        return
    with _open(path) as stream:
        members, left_out, links = _table_of_contents(stream, sizes)
        with scratch_folder("submission") as folder:
            wanted = [one for one in members if one.orig_filename in only] if only else members
            _unpack(stream, wanted, sizes, folder, begins)
            yield Unpacked(folder, left_out, links)


def largest_in_all(sizes: Mapping[str, int]) -> int:
    """Bytes that a zip may unpack to in all: half of what its files may, one by one, and 64 MB.

    Half, for a scan may be float64, but not all of them need be.
    """
    return (1 << 26) + sum(sizes.values()) // 2


def largest_archive(sizes: Mapping[str, int]) -> int:
    """Bytes that a zip itself may have: as much as it may unpack to, and its headers."""
    return largest_in_all(sizes) + (len(sizes) + 1) * 2 * _MEMBER


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SubmissionError(f"{_NAME}: cannot be read ({error.strerror})") from error


def _table_of_contents(
    stream: BinaryIO, sizes: Mapping[str, int]
) -> tuple[list[zipfile.ZipInfo], tuple[str, ...], tuple[str, ...]]:
    """Return the members to unpack, the names that do not belong there, and those of links."""
    if stream.read(4) != _SIGNATURE:
        raise SubmissionError(
            f"the submission: is neither a folder nor a zip; expected one of them, with {DESCRIPTION}"
        )
    folders = {parent.as_posix() for name in sizes for parent in Path(name).parents}
    table = _check_end(stream, len(sizes) + len(folders) + _SPARE_MEMBERS)
    try:
        with zipfile.ZipFile(stream) as archive:
            listed = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OverflowError) as error:
        raise SubmissionError(f"{_NAME}: cannot be read; pack it again") from error
    links = {id(member) for member in listed if _kind(member) == stat.S_IFLNK}
    strange = {id(member) for member in listed if not _belongs(member, sizes, folders)} - links
    members = [member for member in listed if id(member) not in strange | links]
    findings = Findings(_NAME)
    for member in members:
        _check_member(member, sizes, findings)
    _check_together(stream, listed, table, findings)
    _check_twice(members, findings)
    _check_sums([member for member in members if not _too_large(member, sizes)], sizes, findings)
    if findings.problems():
        raise SubmissionError(*findings.problems())
    named = [tuple(one.orig_filename for one in listed if id(one) in some) for some in (strange, links)]
    return members, named[0], named[1]


def _kind(member: zipfile.ZipInfo) -> int:
    return stat.S_IFMT(member.external_attr >> 16)


def _belongs(member: zipfile.ZipInfo, sizes: Mapping[str, int], folders: set[str]) -> bool:
    """Whether a name may stand there. `orig_filename` is what does; `filename` ends at a NUL."""
    name = member.orig_filename
    is_folder = name.endswith("/") and name[:-1] in folders
    plain = _kind(member) in (0, stat.S_IFDIR if is_folder else stat.S_IFREG)
    return name == member.filename and plain and (name in sizes or is_folder)


def _too_large(member: zipfile.ZipInfo, sizes: Mapping[str, int]) -> bool:
    return member.file_size > sizes.get(member.orig_filename, 0)


def _check_end(stream: BinaryIO, most: int) -> int:
    """Return where the table of contents begins; refuse one that is too long before it is read.

    `zipfile` reads any, and needs a kilobyte a member.
    """
    size = stream.seek(0, 2)
    if size < _END.size:
        raise SubmissionError(f"{_NAME}: is cut off; send it again")
    stream.seek(size - _END.size)
    signature, disk, first_disk, here, members, length, offset, comment = _END.unpack(stream.read(_END.size))
    if signature != b"PK\5\6" or comment:
        raise SubmissionError(f"{_NAME}: does not end as a zip does: it is cut off, or has a comment")
    end = size - _END.size
    locator = size - _END.size - _LOCATOR.size
    stream.seek(max(locator, 0))
    if stream.read(4) == b"PK\6\7":  # a large zip; where this stands, `zipfile` heeds nothing else
        end, disk, first_disk, here, members, length, offset = _end64(stream, locator)
    if disk or first_disk or here != members:
        raise SubmissionError(f"{_NAME}: is in several parts; expected one")
    if members > most or length > most * _MEMBER:
        raise SubmissionError(
            f"{_NAME}: lists {members} members in {length} bytes; this edition asks for fewer than {most}"
        )
    if offset + length != end:
        raise SubmissionError(f"{_NAME}: has something before, between or after what a zip consists of")
    return int(offset)


def _end64(stream: BinaryIO, locator: int) -> tuple[int, ...]:
    start = locator - _END64.size
    if start < 0:
        raise SubmissionError(f"{_NAME}: does not end as a large zip does; is it cut off?")
    stream.seek(start)
    signature, _, _, _, disk, first, here, members, length, offset = _END64.unpack(stream.read(_END64.size))
    _, _, where, _ = _LOCATOR.unpack(stream.read(_LOCATOR.size))
    if signature != b"PK\6\6" or where != start:
        raise SubmissionError(f"{_NAME}: does not end as a large zip does; is it cut off?")
    return start, disk, first, here, members, length, offset


def _check_member(member: zipfile.ZipInfo, sizes: Mapping[str, int], findings: Findings) -> None:
    """Note what is wrong with how one member is packed."""
    where = shown(member.orig_filename, 100)
    if member.flag_bits & _ENCRYPTED:
        findings.add("has encrypted members; pack them without a password", where)
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        findings.add("has members packed in a way other than stored or deflated", where)
    if member.comment or len(member.extra) > _MOST_EXTRA:
        findings.add(f"has members with a comment, or more than {_MOST_EXTRA} bytes of extra fields", where)
    suspicious = member.file_size > max(_SMALL, _LARGEST_RATIO * member.compress_size)
    if suspicious and not _too_large(member, sizes):
        findings.add("has members that unpack to suspiciously much", f"{where} {member.file_size} bytes")


def _check_twice(members: Sequence[zipfile.ZipInfo], findings: Findings) -> None:
    for name, count in Counter(member.orig_filename for member in members).items():
        if count > 1:
            findings.add("names a member twice", shown(name, 100))


def _check_together(
    stream: BinaryIO, members: Sequence[zipfile.ZipInfo], table: int, findings: Findings
) -> None:
    """Note members that share bytes, and bytes that belong to no member."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        where = shown(member.filename, 100)
        if member.header_offset < end or (end == 0 and member.header_offset):
            findings.add("has members that overlap, or something before the first", where)
        elif member.header_offset > end:
            findings.add("has something between its members", where)
        if member.header_offset >= table:  # a large zip may say 2^64, which cannot even be sought
            findings.add("lists members that are not there", where)
            continue
        stream.seek(member.header_offset)
        local = stream.read(_LOCAL.size)
        if len(local) < _LOCAL.size or local[:4] != _SIGNATURE:
            findings.add("lists members that are not there", where)
            continue
        _, flags, method, name, more = _LOCAL.unpack(local)
        if (flags, method) != (member.flag_bits, member.compress_type):
            findings.add("has members that are said to be packed in two ways", where)
        if more > _MOST_EXTRA:
            findings.add(f"has members with more than {_MOST_EXTRA} bytes of extra fields", where)
        end = member.header_offset + _LOCAL.size + name + more + member.compress_size
        if member.flag_bits & _DESCRIBED and end < table:
            end += _descriptor(stream, member, end)
    if end > table:
        findings.add("has members that overlap its table of contents")
    elif members and end < table:
        findings.add("has something between its last member and its table of contents")


def _descriptor(stream: BinaryIO, member: zipfile.ZipInfo, at: int) -> int:
    """Return the length of what repeats checksum and sizes behind a member; 0 if nothing there does."""
    stream.seek(at)
    raw = stream.read(24)
    listed = (member.CRC, member.compress_size, member.file_size)
    for form in _DESCRIPTORS:
        length = struct.calcsize(form)
        if len(raw) >= length:
            *signature, checksum, packed, size = struct.unpack_from(form, raw)
            if (checksum, packed, size) == listed and signature in ([], [b"PK\7\10"]):
                return length
    return 0


def _check_sums(members: Sequence[zipfile.ZipInfo], sizes: Mapping[str, int], findings: Findings) -> None:
    """Note it if members are too much together, though each may be as large as it is."""
    whole, most = sum(member.file_size for member in members), largest_in_all(sizes)
    if whole > most:
        findings.add(
            f"unpacks to {whole} bytes in all; expected at most {most}: store scans as int16 or float32"
        )
    scans = [member for member in members if member.orig_filename.endswith(SCAN)]
    whole = sum(member.file_size for member in scans)
    most = _FEW_SCANS + _LARGEST_RATIO_OF_SCANS * sum(member.compress_size for member in scans)
    if whole > most:
        findings.add(
            f"has scans that unpack to suspiciously much, {whole} bytes in all; expected at most {most}"
        )


def _unpack(
    stream: BinaryIO,
    members: Sequence[zipfile.ZipInfo],
    sizes: Mapping[str, int],
    folder: Path,
    begins: Begins,
) -> None:
    findings = Findings(_NAME)
    for member in members:
        target = folder / member.orig_filename
        (target if member.is_dir() else target.parent).mkdir(parents=True, exist_ok=True)
        if member.is_dir():
            continue
        try:
            if _too_large(member, sizes):
                with target.open("xb") as file:
                    file.truncate(sizes[member.orig_filename] + 1)
            elif (begin := _wrong_begin(stream, member, begins)) is not None:
                target.write_bytes(begin)
            else:
                _unpack_one(stream, member, target, sizes[member.orig_filename])
        except (zipfile.BadZipFile, zlib.error) as error:
            findings.add(f"has members that cannot be unpacked ({_reason(error)})", member.orig_filename)
        except OSError as error:
            error.filename = error.filename or str(folder)  # the error of a full disk does not name it
            raise
    if findings.problems():
        raise SubmissionError(*findings.problems())


def _wrong_begin(stream: BinaryIO, member: zipfile.ZipInfo, begins: Begins) -> bytes | None:
    """Return the first bytes of a scan whose header is wrong; None for any other member."""
    if not member.orig_filename.endswith(SCAN):
        return None
    begin = next(_content(stream, member, _BEGIN), b"")
    return None if begins(member.orig_filename, begin) else begin


def _unpack_one(stream: BinaryIO, member: zipfile.ZipInfo, target: Path, most: int) -> None:
    left, checksum = min(most, member.file_size), 0
    with target.open("xb") as file:
        for piece in _content(stream, member, _PIECE):
            left -= len(piece)
            if left < 0:
                raise zipfile.BadZipFile(_LARGER)
            checksum = zlib.crc32(piece, checksum)
            file.write(piece)
    if left:
        raise zipfile.BadZipFile(_SMALLER)
    if checksum != member.CRC:
        raise zipfile.BadZipFile("damaged")


def _content(stream: BinaryIO, member: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """Yield what is packed in a member in pieces, to the end of its bytes and no further.

    By hand, for `zipfile` does not look at what follows the end of a deflated stream.
    """
    stream.seek(member.header_offset)
    *_, name, more = _LOCAL.unpack(stream.read(_LOCAL.size))
    if stream.read(name) != member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437"):
        raise zipfile.BadZipFile("its two headers disagree")
    stream.seek(more, 1)
    left = member.compress_size
    if member.compress_type == zipfile.ZIP_STORED:
        while piece := stream.read(min(most, left)):
            left -= len(piece)
            yield piece
        return
    unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    while not unpack.eof:
        packed = unpack.unconsumed_tail or stream.read(min(most, left))
        left -= 0 if unpack.unconsumed_tail else len(packed)
        piece = unpack.decompress(packed, most)
        if not packed and not piece and not unpack.eof:
            raise zipfile.BadZipFile("cut off")
        yield piece
    if unpack.unused_data or left:
        raise zipfile.BadZipFile(_AFTER)


def _reason(error: Exception) -> str:
    known = (_LARGER, _SMALLER, _AFTER)
    return str(error) if str(error) in known else "damaged, or its two headers disagree"
