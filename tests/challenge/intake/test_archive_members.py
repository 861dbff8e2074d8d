"""Members and ends of zips made by hand, at the ends of what is accepted."""

import io
import struct
import zipfile
from types import SimpleNamespace

import pytest

from mriprivacy.challenge.intake import archive
from mriprivacy.data_prep.formats.problems import Findings
from mriprivacy.scoring.errors import UserError


def member(name: str = "scores.tsv", **fields: object) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
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
