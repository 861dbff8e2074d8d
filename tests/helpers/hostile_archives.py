"""Zips to be refused, by what is wrong with them; each with words of its reason."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

Members = list[tuple[zipfile.ZipInfo, bytes]]


def members(folder: Path, prefix: str = "") -> Members:
    """The files of a folder as members of a zip."""
    return [
        (zipfile.ZipInfo(prefix + path.relative_to(folder).as_posix()), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def packed(contents: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, content in contents:
            info.compress_type = info.compress_type or method
            archive.writestr(info, content)
    return buffer.getvalue()


def extra(name: str, content: bytes = b"x", **fields: int | bytes) -> Callable[[Path], bytes]:
    """Add one member to a good zip."""

    def make(folder: Path) -> bytes:
        info = zipfile.ZipInfo("placeholder")
        # Not by the constructor, which fixes names: a backslash, a NUL.
        info.filename = info.orig_filename = name
        for field, value in fields.items():
            setattr(info, field, value)
        return packed([*members(folder), (info, content)])

    return make


def patched(signature: bytes, offset: int, value: bytes) -> Callable[[Path], bytes]:
    """Change bytes of the last record with a signature (of the scores, or of the end)."""

    def make(folder: Path) -> bytes:
        content = bytearray(packed(members(folder)))
        # The scores come before the description.
        at = content.find(signature) + offset
        content[at : at + len(value)] = value
        return bytes(content)

    return make


CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"


def bomb(folder: Path) -> bytes:
    """Scores of 100 MB of nothing, in 100 kB, under a name that may have 1.3 MB."""
    return packed([(i, c if i.filename != "scores.tsv" else bytes(100_000_000)) for i, c in members(folder)])


def lying_bomb(folder: Path) -> bytes:
    """The same, announced as 1,000 bytes."""
    content = bytearray(bomb(folder))
    for signature, offset in ((LOCAL, 22), (CENTRAL, 24)):
        at = content.find(signature) + offset
        content[at : at + 4] = struct.pack("<L", 1000)
    return bytes(content)


def overlapping(folder: Path) -> bytes:
    """Two members in the same bytes."""
    content = bytearray(packed([*members(folder), *[(zipfile.ZipInfo("README.md"), b"x")]]))
    at = content.rfind(CENTRAL) + 42
    content[at : at + 4] = bytes(4)
    return bytes(content)


def far_away(offset: int) -> Callable[[Path], bytes]:
    """The last member at an offset that takes 64 bits, as a large zip says it."""

    def make(folder: Path) -> bytes:
        content = packed(members(folder))
        at, end = content.rfind(CENTRAL), content.rfind(END)
        record = bytearray(content[at:end])
        record[30:32] = struct.pack("<H", 12)  # length of the extra field
        record[42:46] = b"\xff" * 4
        record += struct.pack("<HHQ", 1, 8, offset)
        last = bytearray(content[end:])
        last[12:16] = struct.pack("<L", struct.unpack("<L", last[12:16])[0] + 12)
        return content[:at] + bytes(record) + bytes(last)

    return make


def large(**wrong: int) -> Callable[[Path], bytes]:
    """The same archive with the end record of a large zip (zip64), fields of it changed."""

    def make(folder: Path) -> bytes:
        content = packed(members(folder))
        end = content.rfind(END)
        _, _, _, _, count, length, offset, _ = struct.unpack("<4s4H2LH", content[end:])
        fields = {"signature": 0x06064B50, "disk": 0, "first": 0, "count": count, "length": length}
        fields |= {"offset": offset, "where": end, "locator": 0x07064B50} | wrong
        record = struct.pack(
            "<LQHHLLQQQQ",
            *(fields["signature"], 44, 45, 45, fields["disk"], fields["first"]),
            *(fields["count"], fields["count"], fields["length"], fields["offset"]),
        )
        locator = struct.pack("<LLQL", fields["locator"], 0, fields["where"], 1)
        return content[:end] + record + locator + content[end:]

    return make


def a_name_that_is_no_text(folder: Path) -> bytes:
    """Both headers say that the name is UTF-8; in one of them it is not."""
    content = bytearray(packed(members(folder)))
    for signature, flags in ((LOCAL, 6), (CENTRAL, 8)):
        content[content.find(signature) + flags + 1] |= 8
    content[content.find(LOCAL) + 30] = 0xFF
    return bytes(content)


def crowded(folder: Path) -> bytes:
    return packed([*members(folder), *[(zipfile.ZipInfo(f"{i}"), b"") for i in range(70_000)]])


def hidden_crowd(folder: Path) -> bytes:
    """A table of contents of 50,000 members of which the end tells nothing."""
    content = bytearray(crowded_small := packed([(zipfile.ZipInfo(f"{i}"), b"") for i in range(50_000)]))
    end = crowded_small.rfind(END)
    content[end + 8 : end + 12] = struct.pack("<HH", 2, 2)
    return bytes(content)


def symlink(name: str) -> Callable[[Path], bytes]:
    return extra(name, b"/etc/passwd", external_attr=0o120777 << 16, create_system=3)


def between(folder: Path) -> bytes:
    """Twenty bytes between two members; whatever points behind them is moved."""
    content = packed(members(folder))
    second = content.find(LOCAL, 4)
    whole = bytearray(content[:second] + b"a message in a bottle"[:20] + content[second:])
    last = whole.rfind(CENTRAL) + 42
    whole[last : last + 4] = struct.pack("<L", second + 20)
    return moved_table(whole, 20)


def before_the_table(folder: Path) -> bytes:
    content = packed(members(folder))
    table = content.find(CENTRAL)
    return moved_table(bytearray(content[:table] + b"a message" + content[table:]), 9)


def moved_table(whole: bytearray, by: int) -> bytes:
    at = whole.rfind(END) + 16
    whole[at : at + 4] = struct.pack("<L", struct.unpack("<L", whole[at : at + 4])[0] + by)
    return bytes(whole)


def after_deflate(folder: Path) -> bytes:
    """A member whose packed bytes go on after the end of the deflated stream."""
    content = packed(members(folder))
    table = content.find(CENTRAL)
    whole = bytearray(content[:table] + b"a message" + content[table:])
    for at in (content.rfind(LOCAL) + 18, whole.rfind(CENTRAL) + 20):
        whole[at : at + 4] = struct.pack("<L", struct.unpack("<L", whole[at : at + 4])[0] + 9)
    return moved_table(whole, 9)


def with_extra(folder: Path) -> bytes:
    info = zipfile.ZipInfo("README.md")
    info.extra = struct.pack("<HH", 0x5455, 1000) + bytes(1000)
    return packed([*members(folder), (info, b"x")])


ARCHIVES: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "zip slip": (extra("../scores.tsv"), "do not belong there"),
    "zip slip deep": (extra("eval/mri/../../../../x"), "do not belong there"),
    "zip slip in disguise": (extra("eval/../scores.tsv"), "do not belong there"),
    "an absolute path": (extra("/etc/cron.d/x"), "do not belong there"),
    "a drive": (extra("C:/x"), "do not belong there"),
    "backslashes": (extra("..\\x"), "do not belong there"),
    "a name that ends at a NUL": (extra("README.md\0.sh"), "do not belong there"),
    "a link": (symlink("README.md"), "has links; expected plain files"),
    "a link out": (symlink("eval/mri/CHANGES"), "has links; expected plain files"),
    "a device": (extra("README", b"", external_attr=0o020666 << 16), "do not belong there"),
    "a pipe": (extra("README", b"", external_attr=0o010666 << 16), "do not belong there"),
    "a folder that is a file": (extra("eval/", b"", external_attr=0o100644 << 16), "do not belong there"),
    "a name twice": (extra("scores.tsv"), "names a member twice"),
    "a name twice but for case": (extra("SCORES.TSV"), "do not belong there"),
    "a name in another Unicode form": (extra("ｓcores.tsv"), "do not belong there"),
    "an archive in the archive": (extra("more.zip", packed([])), "do not belong there"),
    "notes of an operating system": (extra("__MACOSX/._scores.tsv"), "do not belong there"),
    "hidden files": (extra(".git/config"), "do not belong there"),
    "a file the edition does not ask for": (extra("key.tsv"), "do not belong there"),
    "a scan for the wrong track": (extra("dev/mri/README", b"x"), "do not belong there"),
    "terminal codes in a name": (extra("\x1b[2Jx\n"), r"'\x1b[2Jx\n'"),
    "encrypted": (patched(CENTRAL, 8, b"\1\0"), "encrypted members"),
    "encrypted by half": (patched(LOCAL, 6, b"\1\0"), "packed in two ways"),
    "packed by bzip2": (lambda f: packed(members(f), zipfile.ZIP_BZIP2), "other than stored or deflated"),
    "packed by lzma": (lambda f: packed(members(f), zipfile.ZIP_LZMA), "other than stored or deflated"),
    "packed by method 99": (patched(CENTRAL, 10, b"\x63\0"), "other than stored or deflated"),
    "a bomb": (bomb, "scores.tsv: is larger than"),
    "a bomb that lies": (lying_bomb, "cannot be unpacked"),
    "a bomb in a small name": (extra("README.md", bytes(900_000_000 // 512)), "larger than such a file"),
    "scores packed suspiciously well": (
        lambda f: packed([(i, c if i.filename != "scores.tsv" else bytes(1_250_000)) for i, c in members(f)]),
        "unpack to suspiciously much",
    ),
    "more said than there is": (patched(CENTRAL, 24, struct.pack("<L", 900_000)), "cannot be unpacked"),
    "a wrong checksum": (patched(CENTRAL, 16, b"abcd"), "cannot be unpacked"),
    "damaged": (patched(LOCAL, 60, b"\xff" * 20), "cannot be unpacked"),
    "another name inside": (patched(LOCAL, 30, b"README"), "cannot be unpacked"),
    "another name inside that is no text": (a_name_that_is_no_text, "cannot be unpacked"),
    "a member at 2^44": (far_away(2**44), "lists members that are not there"),
    "a member at 2^63 - 1": (far_away(2**63 - 1), "lists members that are not there"),
    "a member at 2^63": (far_away(2**63), "lists members that are not there"),
    "a large zip whose end is elsewhere": (large(where=0), "does not end as a large zip does"),
    "a large zip without its end": (large(signature=0), "does not end as a large zip does"),
    "a large zip in parts": (large(disk=1), "is in several parts"),
    "a large zip of many members": (large(count=2**40), "lists 1099511627776 members"),
    "a large zip whose list is elsewhere": (large(offset=0), "before, between or after"),
    "a member at 2^64 - 1": (far_away(2**64 - 1), "lists members that are not there"),
    "members that overlap": (overlapping, "overlap"),
    "members beyond the end": (patched(CENTRAL, 20, struct.pack("<L", 2**31)), "overlap"),
    "a table of contents elsewhere": (patched(END, 16, struct.pack("<L", 7)), "before, between or after"),
    "a table of contents too short": (patched(END, 12, struct.pack("<L", 7)), "before, between or after"),
    "several parts": (patched(END, 4, b"\1\0\1\0"), "several parts"),
    "70000 members": (crowded, "members in"),
    "50000 members, 2 announced": (hidden_crowd, "members in"),
    "something before": (lambda f: b"PK\3\4" + b"#!/bin/sh\n" + packed(members(f)), "before, between"),
    "something after": (lambda f: packed(members(f)) + b"x", "does not end as a zip does"),
    "a comment": (lambda f: packed(members(f))[:-2] + b"\5\0hello", "does not end as a zip does"),
    "something between members": (between, "has something between its members"),
    "something before the table of contents": (before_the_table, "between its last member and its table"),
    "something after what is packed": (after_deflate, "(something follows what is packed)"),
    "a comment on a member": (extra("README.md", comment=b"a message"), "has members with a comment"),
    "a kilobyte of extra fields": (with_extra, "bytes of extra fields"),
    "cut off": (lambda f: packed(members(f))[:-30], "does not end as a zip does"),
    "the end of a large zip without its beginning": (
        lambda f: b"PK\3\4" + bytes(40) + b"PK\6\7" + bytes(16) + END + bytes(18),
        "does not end as a large zip does",
    ),
    "four bytes": (lambda f: b"PK\3\4", "is cut off"),
    "no zip": (lambda f: b"hello", "neither a folder nor a zip"),
    "an empty zip": (lambda f: packed([]), "neither a folder nor a zip"),
    "gzip": (lambda f: b"\x1f\x8b" + bytes(100), "neither a folder nor a zip"),
    "the folder itself": (
        lambda f: packed(members(f, "mine/")),
        "pack what is in the folder, not the folder",
    ),
    "no description": (lambda f: packed(members(f)[:1]), "submission.json: no such file"),
    "no scores": (lambda f: packed(members(f)[1:]), "lacks files: scores.tsv"),
    "bad scores": (
        lambda f: packed([(i, c.replace(b"\t", b",")) for i, c in members(f)[:1]] + members(f)[1:]),
        "the header is",
    ),
}
