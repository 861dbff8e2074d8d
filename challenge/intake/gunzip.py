"""Unpack gzip from outside, at a cost that its size bounds: in zlib alone, nothing between or after.

Python's `gzip` reads a header byte by byte, so that a name of 5 MB takes half a second, reads any number of
empty members, and skips zeros after the last one.
"""

import zlib
from typing import BinaryIO

from mriprivacy.scoring.errors import UserError

# bgzip begins a member every 64 kB, which makes 600 MB of voxels; a member costs 10 microseconds.
MOST_MEMBERS = 10_000
_PIECE = 1 << 16


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
        self._members = 1

    def read(self, size: int) -> bytes:
        """Return so many bytes, or fewer at the end.

        Raises
        ------
        GunzipError
            If a member is damaged or cut off, or there are more than 10,000, or something else follows.
        """
        pieces: list[bytes] = []
        while size:
            self._packed = self._packed or self._stream.read(_PIECE)
            if self._member.eof:
                if not self._packed:
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
        return b"".join(pieces)

    def _next(self) -> None:
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise GunzipError(f"more than {MOST_MEMBERS} members")
        self._member = zlib.decompressobj(31)
