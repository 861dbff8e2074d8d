"""Members and ends of zips made by hand, at the ends of what is accepted."""

import io
import random
import stat
import struct
import zipfile
import zlib
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

from mriprivacy.challenge.intake import archive
from mriprivacy.data_prep.formats.problems import Findings
from mriprivacy.scoring.errors import UserError


def member(name: str = "scores.tsv", **fields: object) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.header_offset = 0
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def noted(info: zipfile.ZipInfo, largest: int = 1 << 40) -> list[str]:
    findings = Findings("the archive")
    archive._check_member(info, {info.filename: largest}, findings)
    return list(findings.problems())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, None),
        ({"extra": bytes(64)}, None),
        ({"extra": bytes(65)}, "more than 64 bytes of extra fields"),
        ({"comment": b"x"}, "members with a comment"),
        ({"flag_bits": 1}, "encrypted"),
        ({"flag_bits": 0x40}, "encrypted"),
        ({"flag_bits": 0x2000}, "encrypted"),
        ({"flag_bits": 8}, None),
        ({"compress_type": zipfile.ZIP_DEFLATED}, None),
        ({"compress_type": zipfile.ZIP_LZMA}, "other than stored or deflated"),
        ({"file_size": 1 << 20, "compress_size": 1}, None),
        ({"file_size": (1 << 20) + 1, "compress_size": 1}, "suspiciously much"),
        ({"file_size": 200 * 9999, "compress_size": 9999}, None),
        ({"file_size": 200 * 9999 + 1, "compress_size": 9999}, "suspiciously much"),
    ],
)
def test_how_a_member_is_packed(fields: dict[str, object], words: str | None) -> None:
    problems = noted(member(**fields))
    assert len(problems) == (words is not None)
    assert all(str(words) in problem for problem in problems)


def test_a_member_that_is_too_large_is_not_called_suspicious() -> None:
    much = member(file_size=1 << 30, compress_size=1)
    assert len(noted(much, 1 << 30)) == 1
    assert noted(much, (1 << 30) - 1) == []


@pytest.mark.parametrize(
    ("more", "words"), [(0, None), (1, "unpacks to 67108915 bytes in all; expected at most 67108914")]
)
def test_all_members_unpack_to_half_of_what_each_may_and_64_mb(more: int, words: str | None) -> None:
    findings = Findings("the archive")
    whole = member(file_size=(1 << 26) + 50 + more)
    archive._check_sums([whole], {"a": 60, "b": 40}, findings)
    assert [words in one for one in findings.problems()] == ([] if words is None else [True])  # type: ignore[operator]
    assert archive.largest_archive({"a": 60, "b": 40}) == (1 << 26) + 50 + 3 * 2 * 558


@pytest.mark.parametrize("more", [0, 1])
def test_scans_unpack_to_four_times_what_is_packed_and_16_mb(more: int) -> None:
    findings = Findings("the archive")
    first = member("a.nii.gz", file_size=(1 << 24) + 4 * 30, compress_size=10)
    second = member("b.nii.gz", file_size=more, compress_size=20)
    table = member("c.tsv", file_size=1000, compress_size=1000)
    archive._check_sums([first, second, table], {"a": 1 << 30}, findings)
    assert len(findings.problems()) == more


@pytest.mark.parametrize("form", ["<4sLLL", "<LLL", "<4sLQQ", "<LQQ"])
def test_what_repeats_checksum_and_sizes_is_known_in_four_forms(form: str) -> None:
    listed = SimpleNamespace(CRC=7, compress_size=20, file_size=300)

    def length(*values: int, signature: bytes = b"PK\7\x08") -> int:
        begin = (signature,) if "4s" in form else ()
        stream = io.BytesIO(b"packed" + struct.pack(form, *begin, *values))
        return archive._descriptor(stream, listed, 6)  # type: ignore[arg-type]

    assert length(7, 20, 300) == struct.calcsize(form)
    for other in ((8, 20, 300), (7, 21, 300), (7, 20, 301)):
        assert length(*other) == 0
    if "4s" in form:
        assert length(7, 20, 300, signature=b"PK\7\x09") == 0
    assert archive._descriptor(io.BytesIO(b"packed"), listed, 6) == 0  # type: ignore[arg-type]


def end(
    disk: int = 0,
    first: int = 0,
    here: int = 2,
    members: int = 2,
    length: int = 100,
    offset: int = 50,
    comment: int = 0,
) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", disk, first, here, members, length, offset, comment)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bytes(150) + end(), None),
        (end()[:-1], "is cut off"),
        (bytes(150) + end()[:-1] + b"\1", "does not end as a zip does"),
        (bytes(150) + b"XX" + end()[2:], "does not end as a zip does"),
        (bytes(150) + end(disk=1), "in several parts"),
        (bytes(150) + end(first=1), "in several parts"),
        (bytes(150) + end(here=1), "in several parts"),
        (
            bytes(150) + end(here=4, members=4),
            "lists 4 members in 100 bytes; this edition asks for fewer than 3",
        ),
        (bytes(150) + end(here=3, members=3), None),
        (bytes(50 + 3 * 558) + end(length=3 * 558), None),
        (bytes(50 + 3 * 558 + 1) + end(length=3 * 558 + 1), "lists 2 members in 1675 bytes"),
        (bytes(151) + end(), "before, between or after"),
        (bytes(149) + end(), "before, between or after"),
        (end(here=0, members=0, length=0, offset=0), None),
    ],
)
def test_a_zip_ends_with_where_its_table_is(content: bytes, words: str | None) -> None:
    if words is None:
        assert archive._check_end(io.BytesIO(content), 3) in (50, 0)
        return
    with pytest.raises(UserError, match=words):
        archive._check_end(io.BytesIO(content), 3)


def test_a_large_zip_ends_with_where_its_other_end_is() -> None:
    def large(where: int = 150, signature: bytes = b"PK\6\6", members: int = 2) -> io.BytesIO:
        first = struct.pack("<4sQ2H2L4Q", signature, 44, 45, 45, 0, 0, members, members, 100, 50)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, where, 1)
        return io.BytesIO(bytes(150) + first + locator + end(here=0xFFFF, members=0xFFFF))

    assert archive._check_end(large(), 3) == 50
    for broken in (large(where=149), large(signature=b"PK\6\5")):
        with pytest.raises(UserError, match="does not end as a large zip does"):
            archive._check_end(broken, 3)
    with pytest.raises(UserError, match="lists 4 members"):
        archive._check_end(large(members=4), 3)
    first = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 0, 0, 0, 0)
    empty = first + struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1) + end(here=0xFFFF, members=0xFFFF)
    assert archive._check_end(io.BytesIO(empty), 3) == 0
    alone = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1) + end()
    with pytest.raises(UserError, match="does not end as a large zip does"):
        archive._check_end(io.BytesIO(alone), 3)


def test_a_large_zip_may_begin_with_its_end() -> None:
    """With no member and no table nothing stands before the two ends; a byte less is cut off."""
    first = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 0, 0, 0, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    whole = first + locator + end(here=0xFFFF, members=0xFFFF)
    assert archive._check_end(io.BytesIO(whole), 3) == 0
    with pytest.raises(UserError, match="does not end as a large zip does; is it cut off"):
        archive._check_end(io.BytesIO(whole[1:]), 3)


SIZES = {"submission.json": 100, "eval/mri/README": 10}
FOLDERS = {".", "eval", "eval/mri"}
FOLDER, FILE = stat.S_IFDIR << 16, stat.S_IFREG << 16


@pytest.mark.parametrize(
    ("name", "kind", "belongs"),
    [
        ("submission.json", 0, True),
        ("submission.json", FILE, True),
        ("submission.json", FILE | 0o755 << 16, True),
        ("submission.json", FOLDER, False),
        ("submission.json", 0xFFFF, True),  # the lower half is of another system
        ("submission.json", 1 << 28, False),  # a pipe
        ("eval/mri/README", 0, True),
        ("eval/", 0, True),
        ("eval/", FOLDER, True),
        ("eval/", FILE, False),
        ("eval/mri/", 0, True),
        ("eval", 0, False),
        ("evaly", 0, False),
        ("e/", 0, False),
        ("eval//", 0, False),
        ("dev/", 0, False),
        ("README", 0, False),
    ],
)
def test_a_member_belongs_by_its_name_and_its_kind(name: str, kind: int, belongs: bool) -> None:
    assert archive._belongs(member(name, external_attr=kind), SIZES, FOLDERS) == belongs


def test_a_name_that_is_cut_does_not_belong() -> None:
    """`zipfile` ends a name at a NUL."""
    cut = member("README", orig_filename="submission.json")
    assert not archive._belongs(cut, SIZES, FOLDERS)


@pytest.mark.parametrize(
    ("name", "size", "large"),
    [
        ("submission.json", 100, False),
        ("submission.json", 101, True),
        ("eval/", 0, False),
        ("eval/", 1, True),
    ],
)
def test_a_member_is_as_large_as_its_name_may_be(name: str, size: int, large: bool) -> None:
    assert archive._too_large(member(name, file_size=size), SIZES) == large


def local(
    name: bytes, body: bytes, extra: int = 0, flags: int = 0, method: int = 0, signature: bytes = b"PK\3\4"
) -> bytes:
    """Return what stands of a member before the table of contents."""
    sizes = len(name), extra
    return struct.pack("<4s2x2H16x2H", signature, flags, method, *sizes) + name + bytes(extra) + body


def together(content: bytes, table: int, *members: zipfile.ZipInfo) -> list[str]:
    findings = Findings("the archive")
    archive._check_together(io.BytesIO(content), members, table, findings)
    return [problem.removeprefix("the archive: ") for problem in findings.problems()]


ONE = member("a", compress_size=3, file_size=3, CRC=7)
LOCAL = local(b"a", b"abc")
DESCRIPTOR = struct.pack("<LLL", 7, 3, 3)
THERE_NOT = "lists members that are not there: 'a'"


BEHIND = "has something between its last member and its table of contents"
FIRST = "has members that overlap, or something before the first: 'a'"
TWO_WAYS = "has members that are said to be packed in two ways: 'a'"
WHERE: dict[str, tuple[bytes, dict[str, object], list[str]]] = {
    "one": (LOCAL, {}, []),
    "64 extra bytes": (local(b"a", b"abc", extra=64), {}, []),
    "65 extra bytes": (
        local(b"a", b"abc", extra=65),
        {},
        ["has members with more than 64 bytes of extra fields: 'a'"],
    ),
    "something before it": (b"abc" + LOCAL, {"header_offset": 3}, [FIRST]),
    "something behind it": (LOCAL + b"x", {}, [BEHIND]),
    "a byte too few": (LOCAL[:-1], {}, ["has members that overlap its table of contents"]),
    "other flags": (local(b"a", b"abc", flags=2), {}, [TWO_WAYS]),
    "another way": (local(b"a", b"abc", method=8), {}, [TWO_WAYS]),
    "another signature": (local(b"a", b"abc", signature=b"PK\3\5"), {}, [THERE_NOT, BEHIND]),
    "in the table": (LOCAL, {"header_offset": len(LOCAL)}, [FIRST, THERE_NOT, BEHIND]),
    # What repeats checksum and sizes belongs to a member whose flag says that it follows.
    "described": (local(b"a", b"abc", flags=8) + DESCRIPTOR, {"flag_bits": 8}, []),
    "described, and not": (LOCAL + DESCRIPTOR, {}, [BEHIND]),
    "described in part": (local(b"a", b"abc", flags=8) + DESCRIPTOR[:-1], {"flag_bits": 8}, [BEHIND]),
}


@pytest.mark.parametrize("name", WHERE)
def test_bytes_belong_to_one_member_each(name: str) -> None:
    content, changes, problems = WHERE[name]
    given = {"compress_size": 3, "file_size": 3, "CRC": 7} | changes
    assert together(content + b"PK\1\2" + bytes(42), len(content), member("a", **given)) == problems


def test_what_begins_the_table_of_contents_belongs_to_no_member() -> None:
    """Even if it has the sizes of the last one."""
    first = local(b"a", b"abc", flags=8)
    described = member("a", compress_size=3, file_size=3, CRC=7, flag_bits=8)
    assert together(first + DESCRIPTOR, len(first), described) == []
    assert together(first + DESCRIPTOR, len(first) + 12, described) == []


def test_members_stand_one_behind_the_other_in_any_order_of_the_table() -> None:
    first, second = local(b"a", b"abc"), local(b"b", b"de")
    at = len(first)

    def found(offset: int, between: bytes = b"") -> list[str]:
        content = first + between + second
        other = member("b", compress_size=2, file_size=2, header_offset=offset)
        return together(content, len(content), other, ONE)

    assert found(at) == []
    assert found(at + 1, b"x") == ["has something between its members: 'b'"]
    assert found(at - 1) == [
        "has members that overlap, or something before the first: 'b'",
        "lists members that are not there: 'b'",
        BEHIND,
    ]


def test_without_members_nothing_stands_beside_one() -> None:
    """The message then is that files are missing, which says more."""
    assert together(b"PK\3\4 and more", 7) == []


@pytest.mark.parametrize(
    ("flags", "name"), [(0, b"\x82.tsv"), (0x0800, "é.tsv".encode())], ids=["cp437", "UTF-8"]
)
def test_names_are_in_one_of_two_alphabets(flags: int, name: bytes) -> None:
    """A flag says which: that of old computers, or UTF-8."""
    content = local(name, b"abc", flags=flags)
    given = member("é.tsv", flag_bits=flags, compress_size=3)
    assert list(archive._content(io.BytesIO(content), given, 100)) == [b"abc"]
    given.flag_bits ^= 0x0800
    with pytest.raises(zipfile.BadZipFile, match="its two headers disagree"):
        list(archive._content(io.BytesIO(content), given, 100))


@pytest.mark.parametrize("most", [1, 7, 1000])
def test_a_stream_that_is_cut_off_comes_to_an_end(most: int) -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    body = packer.compress(bytes(500)) + packer.flush()
    content = io.BytesIO(local(b"a", body, method=8) + b"more")
    for length, words in ((len(body) - 1, "cut off"), (0, "cut off"), (len(body) + 1, "something follows")):
        given = member("a", compress_type=zipfile.ZIP_DEFLATED, compress_size=length)
        with pytest.raises(zipfile.BadZipFile, match=words):
            list(islice(archive._content(content, given, most), 2000))


def test_many_members_more_than_asked_for_are_counted(tmp_path: Path) -> None:
    """A thousand more than names and their folders; here two names, and the top, eval and eval/mri."""
    for count, words in ((1005, "do not belong"), (1006, "asks for fewer than 1005")):
        path = tmp_path / "x.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for number in range(count):
                packed.writestr(f"{number}", b"")
        if count == 1005:
            with archive.unpacked(path, SIZES) as found:
                assert len(found.left_out) == count
        else:
            with pytest.raises(UserError, match=words), archive.unpacked(path, SIZES):
                pass


def zipped(path: Path, **contents: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in contents.items():
            packed.writestr(name, content)
    return path


def test_what_is_too_large_is_stood_in_for_by_a_byte_more_than_may_be(tmp_path: Path) -> None:
    names = {"exact": b"x" * 10, "eleven": b"x" * 11, "much": b"x" * 999}
    with archive.unpacked(zipped(tmp_path / "x.zip", **names), dict.fromkeys(names, 10)) as found:
        assert {path.name: path.read_bytes() for path in found.folder.iterdir()} == {
            "exact": b"x" * 10,
            "eleven": bytes(11),
            "much": bytes(11),
        }


def test_scans_are_whole_where_no_function_looks_at_their_beginnings(tmp_path: Path) -> None:
    """And of those whose beginning is wrong there are 64 kB, from which the header is read."""
    noise = {name: random.Random(name).randbytes(100_000) for name in ("a.nii.gz", "b.nii.gz", "c.tsv")}
    path, sizes = zipped(tmp_path / "x.zip", **noise), dict.fromkeys(noise, 100_000)
    with archive.unpacked(path, sizes) as found:
        assert {one.name: one.read_bytes() for one in found.folder.iterdir()} == noise
    seen: dict[str, bytes] = {}

    def begins(name: str, begin: bytes) -> bool:
        seen[name] = begin
        return name.startswith("a")

    with archive.unpacked(path, sizes, begins) as found:
        assert {one.name: one.read_bytes() for one in found.folder.iterdir()} == noise | {
            "b.nii.gz": noise["b.nii.gz"][: 1 << 16]
        }
    assert seen == {name: noise[name][: 1 << 16] for name in ("a.nii.gz", "b.nii.gz")}


def test_folders_are_members_too_and_some_members_alone_are_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", **{"eval/": b"", "eval/mri/": b"", "submission.json": b"{}"})
    with archive.unpacked(path, SIZES) as found:
        every = sorted(one.relative_to(found.folder).as_posix() for one in found.folder.rglob("*"))
    assert (every, found.left_out, found.links) == (["eval", "eval/mri", "submission.json"], (), ())
    with archive.unpacked(path, SIZES, only=("submission.json",)) as found:
        assert [one.name for one in found.folder.iterdir()] == ["submission.json"]


@pytest.mark.parametrize("named", [None, "elsewhere"])
def test_a_disk_that_is_full_is_named(
    named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", named)

    monkeypatch.setattr(archive, "_unpack_one", full)
    with (
        pytest.raises(OSError, match="No space left on device") as error,
        archive.unpacked(zipped(tmp_path / "x.zip", a=b"abc"), {"a": 3}),
    ):
        pass
    assert (error.value.filename == "elsewhere") == (named is not None)
    assert "submission" in error.value.filename or named


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"file_size": 2}, "larger than announced"),
        ({"file_size": 4}, "smaller than announced"),
        ({"CRC": 1}, "damaged"),
    ],
)
def test_a_member_is_unpacked_as_announced_or_not_at_all(
    change: dict[str, int], words: str, tmp_path: Path
) -> None:
    given = member("a", compress_size=3, file_size=3, CRC=zlib.crc32(b"abc"))
    archive._unpack_one(io.BytesIO(LOCAL), given, tmp_path / "good", 3)
    assert (tmp_path / "good").read_bytes() == b"abc"
    for field, value in change.items():
        setattr(given, field, value)
    with pytest.raises(zipfile.BadZipFile, match=words):
        archive._unpack_one(io.BytesIO(LOCAL), given, tmp_path / "bad", 9)
    with pytest.raises(zipfile.BadZipFile, match="larger than announced"):
        archive._unpack_one(io.BytesIO(LOCAL), given, tmp_path / "more", 1)
