"""A submission as a zip: every member on the list of what an edition may be sent, or the zip is refused.

Only the table of contents decides what is unpacked, so it is read first, bounded, and judged as a whole. What
passes is written to a folder of our own under names of our own, never more bytes than a file of that name can
need; then the folder meets the same validator as any other.
"""

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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

Begins = Callable[[str, bytes], str | None]  # name and first bytes of a scan: what is wrong with them


@contextmanager
def unpacked(
    path: Path, sizes: Mapping[str, int], begins: Begins = lambda name, begin: None
) -> Iterator[Path]:
    """Give the folder of a submission: the folder itself, or a temporary one with the members of a zip.

    Parameters
    ----------
    path : Path
        A folder, which is given back as it is, or a zip, of which nothing is left when the block ends.
    sizes : mapping from str to int
        Every name a member may have, and the most bytes it may unpack to.
    begins : function, optional
        Looks at the first bytes of every scan before any file is written.

    Yields
    ------
    Path

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
    >>> with unpacked(path, {"scores.tsv": 100}) as folder:
    ...     pass
    Traceback (most recent call last):
    mriprivacy.challenge.intake.description.SubmissionError: the archive: has members that do not ...
    """
    if not path.is_file():
        yield path
        return
    with _open(path) as stream:
        members = _table_of_contents(stream, sizes)
        _check_begins(stream, members, begins)
        with scratch_folder("submission") as folder:
            _unpack(stream, members, sizes, folder)
            yield folder


def largest_in_all(sizes: Mapping[str, int]) -> int:
    """Bytes that a zip may unpack to in all: half of what its files may, one by one, and 64 MB.

    Half, for a scan may be float64, but not all of them need be.
    """
    return (1 << 26) + sum(sizes.values()) // 2


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SubmissionError(f"{_NAME}: cannot be read ({error.strerror})") from error


def _table_of_contents(stream: BinaryIO, sizes: Mapping[str, int]) -> list[zipfile.ZipInfo]:
    if stream.read(4) != _SIGNATURE:
        raise SubmissionError(
            f"the submission: is neither a folder nor a zip; expected one of them, with {DESCRIPTION}"
        )
    folders = {parent.as_posix() for name in sizes for parent in Path(name).parents}
    table = _check_end(stream, len(sizes) + len(folders))
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OverflowError) as error:
        raise SubmissionError(f"{_NAME}: cannot be read; pack it again") from error
    findings = Findings(_NAME)
    for member in members:
        _check_member(member, sizes, folders, findings)
    _check_together(stream, members, table, findings)
    _check_sums(members, sizes, findings)
    if findings.problems():
        raise SubmissionError(*findings.problems(), *_hint(members))
    return [member for member in members if not member.is_dir()]


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


def _check_member(
    member: zipfile.ZipInfo, sizes: Mapping[str, int], folders: set[str], findings: Findings
) -> None:
    """Note what is wrong with one member. `orig_filename` is what stands there; `filename` ends at a NUL."""
    name = member.orig_filename
    where = shown(name, 100)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if name != member.filename or not (name in sizes or (name.endswith("/") and name[:-1] in folders)):
        findings.add(
            "has members that do not belong there; expected the files of docs/reference/files.md alone", where
        )
        return
    if kind not in (0, stat.S_IFDIR if name.endswith("/") else stat.S_IFREG):
        findings.add("has links, devices or other members that are no plain files", where)
    if member.flag_bits & _ENCRYPTED:
        findings.add("has encrypted members; pack them without a password", where)
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        findings.add("has members packed in a way other than stored or deflated", where)
    if member.comment or len(member.extra) > _MOST_EXTRA:
        findings.add(f"has members with a comment, or more than {_MOST_EXTRA} bytes of extra fields", where)
    if member.file_size > sizes.get(name, 0):
        findings.add(
            "has members larger than such a file can be",
            f"{where} {member.file_size} bytes; expected at most {sizes.get(name, 0)}",
        )
    elif member.file_size > max(_SMALL, _LARGEST_RATIO * member.compress_size):
        findings.add("has members that unpack to suspiciously much", f"{where} {member.file_size} bytes")


def _check_together(
    stream: BinaryIO, members: Sequence[zipfile.ZipInfo], table: int, findings: Findings
) -> None:
    """Note names given twice, also but for case or Unicode form, and members that share bytes."""
    plain = Counter(unicodedata.normalize("NFKC", member.orig_filename).casefold() for member in members)
    for name, count in plain.items():
        if count > 1:
            findings.add("names a member twice, if upper and lower case are one", shown(name, 100))
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


def _check_begins(stream: BinaryIO, members: Sequence[zipfile.ZipInfo], begins: Begins) -> None:
    """Refuse a zip by the headers of its scans, before anything is written."""
    problems = []
    for member in members:
        if member.orig_filename.endswith(SCAN):
            try:
                begin = next(_content(stream, member, _BEGIN), b"")
            except (zipfile.BadZipFile, zlib.error):
                continue  # named when it is unpacked, with all others
            if problem := begins(member.orig_filename, begin):
                problems.append(problem)
    if problems:
        raise SubmissionError(*problems)


def _hint(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    tops = {member.orig_filename.partition("/")[0] for member in members}
    if len(tops) == 1 and any(m.orig_filename == f"{next(iter(tops))}/{DESCRIPTION}" for m in members):
        return [f"{_NAME}: pack what is in the folder, not the folder: {DESCRIPTION} must be at the top"]
    return []


def _unpack(
    stream: BinaryIO, members: Sequence[zipfile.ZipInfo], sizes: Mapping[str, int], folder: Path
) -> None:
    findings = Findings(_NAME)
    for member in members:
        target = folder / member.orig_filename
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            _unpack_one(stream, member, target, sizes[member.orig_filename])
        except (zipfile.BadZipFile, zlib.error) as error:
            findings.add(f"has members that cannot be unpacked ({_reason(error)})", member.orig_filename)
        except OSError as error:
            error.filename = error.filename or str(folder)  # the error of a full disk does not name it
            raise
    if findings.problems():
        raise SubmissionError(*findings.problems())


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
