"""The bounded gzip reader against Python's own, which is unbounded and forgiving."""

import gzip
import io
import random
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.challenge.intake.gunzip import MOST_MEMBERS, Gunzip, GunzipError, _check_head

EMPTY = gzip.compress(b"", mtime=0)
BODY = gzip.compress(b"abc" * 100, mtime=0)


def opened(packed: bytes) -> Gunzip:
    return Gunzip(io.BytesIO(packed))


@settings(max_examples=30)
@given(
    seed=st.integers(0, 99),
    lengths=st.lists(st.integers(1, 200_000), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1000, 200_000), min_size=1, max_size=3),
)
def test_whatever_gzip_wrote_is_read_in_any_pieces(seed: int, lengths: list[int], sizes: list[int]) -> None:
    noise = random.Random(seed)  # of noise and of zeros, so that members are packed well and badly
    members = [noise.choice([noise.randbytes, bytes])(length) for length in lengths]
    stream = opened(b"".join(gzip.compress(one, 1) for one in members))
    found, index = b"", 0
    while piece := stream.read(sizes[index % len(sizes)]):
        assert len(piece) <= sizes[index % len(sizes)]
        found, index = found + piece, index + 1
    assert found == b"".join(members)


@given(position=st.integers(0, len(BODY) - 1), value=st.integers(0, 255), cut=st.integers(0, len(BODY)))
def test_what_is_damaged_is_read_as_gzip_reads_it_or_refused(position: int, value: int, cut: int) -> None:
    packed = bytearray(BODY)
    packed[position] = value
    try:
        found = opened(bytes(packed[:cut])).read(1000)
    except GunzipError:
        return
    assert found == gzip.decompress(packed[:cut])


@pytest.mark.parametrize("after", [b"\0", bytes(1000), b"x" * 20, b"\x1f\x8b", EMPTY[:-1]])
def test_nothing_follows(after: bytes) -> None:
    with pytest.raises(GunzipError, match=r"damaged, or followed by something else|it ends in the middle"):
        opened(BODY + after).read(301)


def test_an_empty_file_is_no_gzip() -> None:
    with pytest.raises(GunzipError, match="ends in the middle"):
        opened(b"").read(1)


def test_bgzip_is_read_and_ends_with_an_empty_member() -> None:
    """Its members have a field of their own sizes, and its last one is empty."""
    begin = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff\6\0BC\2\0"
    members = [begin + b"\x1b\0" + gzip.compress(part, mtime=0)[10:] for part in (b"abc", b"de", b"")]
    assert opened(b"".join(members)).read(100) == b"abcde"
    with pytest.raises(GunzipError, match="empty member that is not the last"):
        opened(b"".join([*members, members[-1]])).read(100)


def test_members_are_bounded_and_cheap() -> None:
    begin = time.process_time()
    one = gzip.compress(b"a", mtime=0)
    assert opened(one * (MOST_MEMBERS - 1) + BODY).read(20_000)[-300:] == b"abc" * 100
    with pytest.raises(GunzipError, match="more than 10000 members"):
        opened(one * MOST_MEMBERS + BODY).read(20_000)
    named = b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 5_000_000 + b"\0" + BODY[10:]
    with pytest.raises(GunzipError, match="a name of more than 255 bytes"):
        opened(named).read(1000)
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("wbits", [15, -15])
def test_only_gzip_is_unpacked(wbits: int) -> None:
    """Neither zlib's own streams, which have another header and checksum, nor bare deflate."""
    packer = zlib.compressobj(wbits=wbits)
    packed = packer.compress(b"abc" * 100) + packer.flush()
    with pytest.raises(GunzipError, match="damaged, or followed by something else"):
        opened(packed).read(300)


@pytest.mark.parametrize("begin", [b"\x08" + bytes(6), b"\x0c" + bytes(5) + b"\xff\6\0BC\2\0\x1b\0"])
@pytest.mark.parametrize(("length", "accepted"), [(0, True), (255, True), (256, False)])
def test_a_name_has_at_most_255_bytes(begin: bytes, length: int, accepted: bool) -> None:
    """By itself, or behind bgzip's sizes; the header arrives in pieces of one byte."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(1, size or 0))

    packed = b"\x1f\x8b\x08" + begin + b"a" * length + b"\0" + BODY[10:]
    if accepted:
        assert Gunzip(Slow(packed)).read(1000) == b"abc" * 100
    else:
        with pytest.raises(GunzipError, match="a name of more than 255 bytes"):
            Gunzip(Slow(packed)).read(1000)


@pytest.mark.parametrize("flags", [1, 2, 16, 32, 64, 128])
def test_a_header_has_no_more_than_a_name_and_the_sizes_of_bgzip(flags: int) -> None:
    with pytest.raises(GunzipError, match="more than a name"):
        opened(b"\x1f\x8b\x08" + bytes([flags]) + bytes(6) + b"a\0" + BODY[10:]).read(1)
    other = b"\x1f\x8b\x08\4" + bytes(6) + b"\6\0XY\2\0\0\0" + BODY[10:]
    with pytest.raises(GunzipError, match="not bgzip's"):
        opened(other).read(1)


def test_a_header_is_looked_at_once_ten_bytes_of_it_are_there() -> None:
    """What is shorter, or begins otherwise, is no header, and zlib says so."""
    commented = b"\x1f\x8b\x08\x10" + bytes(6)
    _check_head(commented[:9])
    for other in (b"\x1f\x8c", b"\x1e\x8b", b"xx"):
        _check_head(other + commented[2:])
    with pytest.raises(GunzipError, match="its header has more than a name"):
        _check_head(commented)
    for content, words in (
        (commented, "its header has more than a name"),
        (commented[:9], "it ends in the middle"),
        (b"x" * 20, "damaged, or followed by something else"),
        (BODY[:-1], "it ends in the middle"),
        (BODY[:12], "it ends in the middle"),
    ):
        with pytest.raises(GunzipError, match=words):
            opened(content).read(1000)


@pytest.mark.parametrize("where", [0, 1])
def test_every_member_has_a_header_that_is_looked_at(where: int) -> None:
    commented = BODY[:3] + b"\x10" + BODY[4:10] + b"a\0" + BODY[10:]
    members = [BODY, BODY]
    members[where] = commented
    with pytest.raises(GunzipError, match="its header has more than a name"):
        opened(b"".join(members)).read(1000)
    assert opened(BODY + commented).read(300) == b"abc" * 100  # no further than it was asked for


def test_nothing_is_read_of_nothing() -> None:
    stream = opened(BODY)
    assert stream.read(0) == b""
    assert (stream.read(299), stream.read(2), stream.read(1)) == ((b"abc" * 100)[:299], b"c", b"")
