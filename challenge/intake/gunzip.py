"""Unpack gzip from outside, at a cost that its size bounds: in zlib alone, nothing between or after.

Python's `gzip` reads a header byte by byte, so that a name of 5 MB takes half a second, reads any number of
empty members, and skips zeros after the last one.

What a header holds beside a file's name, and bgzip's sizes of blocks, is refused; so is an empty member that
another one follows (bgzip ends with one).
"""

import zlib
from typing import BinaryIO

from mriprivacy.scoring.errors import UserError

# bgzip begins a member every 64 kB, which makes 600 MB of voxels; a member costs 10 microseconds.
MOST_MEMBERS = 10_000
_PIECE = 1 << 16
_NAME, _EXTRA = 8, 4  # flags of a header
_BGZIP = b"\6\0BC\2\0"  # begins the extra field in which bgzip writes the size of a block, in two bytes
_LONGEST_NAME = 255
_HEAD = 512  # no header that is read is longer


class GunzipError(UserError):
    """What is no gzip file to its very end."""


class Gunzip:
    """A gzip file as a stream of what is in it.

    Parameters
    ----------
    stream : binary file
        The packed bytes.

    Examples
    --------
    >>> import gzip, io
    >>> stream = Gunzip(io.BytesIO(gzip.compress(b"abc") + gzip.compress(b"de")))
    >>> stream.read(4), stream.read(4), stream.read(4)
    (b'abcd', b'e', b'')
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._packed = b""  # read, and not yet unpacked
        self._member = zlib.decompressobj(31)
        self._members = 0
        self._length = 0  # of what was in the member so far

    def read(self, size: int) -> bytes:
        """Return so many bytes, or fewer at the end.

        Raises
        ------
        GunzipError
            If a member is damaged, cut off, empty but not the last, or has more in its header than it may;
            if there are more than 10,000; if something else follows.
        """
        pieces: list[bytes] = []
        while size:
            self._packed = self._packed or self._stream.read(_PIECE)
            if self._member.eof or not self._members:
                if not self._packed and self._members:
                    break
                self._next()
            try:
                piece = self._member.decompress(self._packed, size)
            except zlib.error as error:
                raise GunzipError("damaged, or followed by something else") from error
            if not piece and not self._packed:
                raise GunzipError("it ends in the middle")
            self._packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            pieces.append(piece)
            size -= len(piece)
            self._length += len(piece)
        return b"".join(pieces)

    def _next(self) -> None:
        if self._members and not self._length:
            raise GunzipError("an empty member that is not the last")
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise GunzipError(f"more than {MOST_MEMBERS} members")
        while len(self._packed) < _HEAD and (more := self._stream.read(_PIECE)):
            self._packed += more
        _check_head(self._packed)
        self._member, self._length = zlib.decompressobj(31), 0


def _check_head(packed: bytes) -> None:
    r"""Refuse a header that has more than a name, or bgzip's size; what is no header, zlib refuses.

    Examples
    --------
    >>> import gzip
    >>> _check_head(gzip.compress(b"abc"))
    >>> _check_head(b"\x1f\x8b\x08\x10" + bytes(6) + b"a comment\0")
    Traceback (most recent call last):
    mriprivacy.challenge.intake.gunzip.GunzipError: its header has more than a name
    """
    if len(packed) < 10 or packed[:2] != b"\x1f\x8b":
        return
    flags, at = packed[3], 10
    if flags & ~(_NAME | _EXTRA):
        raise GunzipError("its header has more than a name")
    if flags & _EXTRA:
        if packed[at : at + len(_BGZIP)] != _BGZIP:
            raise GunzipError("its header has an extra field that is not bgzip's")
        at += len(_BGZIP) + 2
    if flags & _NAME and packed.find(b"\0", at, at + _LONGEST_NAME + 1) < 0:
        raise GunzipError(f"its header has a name of more than {_LONGEST_NAME} bytes")
