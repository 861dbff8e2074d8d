"""MetaImage (`.mha`) that a participant's algorithm wrote, made plain before a library opens it.

A header may say that its voxels lie in another file, any file of the machine, or are more than memory holds.
So the header is read here, and another is written, of nothing but what was understood.
"""

import math
import os
import re
import stat
import zlib
from pathlib import Path

from mriprivacy.scoring.errors import UserError

LARGEST_HEADER = 1 << 16
_BYTES = {
    "MET_UCHAR": 1, "MET_CHAR": 1, "MET_USHORT": 2, "MET_SHORT": 2, "MET_UINT": 4, "MET_INT": 4,
    "MET_FLOAT": 4, "MET_DOUBLE": 8,
}  # fmt: skip
_NUMBERS = {"TransformMatrix": 9, "Offset": 3, "ElementSpacing": 3}
_END = b"ElementDataFile = LOCAL\n"


class MetaImageError(UserError):
    """A file that is no image of the grid it must have; the message does not name it."""


def plain_metaimage(path: Path, shape: tuple[int, ...]) -> bytes:
    """Return the bytes of an uncompressed `.mha` with the voxels and the geometry of another.

    Parameters
    ----------
    path : Path
        As SimpleITK writes it.
    shape : tuple of int
        The three extents it must have.

    Raises
    ------
    MetaImageError
        If it is no regular file, larger than such an image can be, has its voxels elsewhere, or is not one
        image of this shape with one number a voxel.

    Examples
    --------
    >>> plain_metaimage(Path("nowhere.mha"), (2, 2, 2))
    Traceback (most recent call last):
    mriprivacy.challenge.export.grand_challenge.metaimage.MetaImageError: cannot be read (...)
    """
    n_voxels = math.prod(shape)
    raw = _read(path, 8 * n_voxels + 2 * LARGEST_HEADER)
    end = raw.find(_END, 0, LARGEST_HEADER)
    if end < 0:
        raise MetaImageError("has no line 'ElementDataFile = LOCAL', so that its voxels are not in it")
    said = _fields(raw[:end])
    if said.get("NDims") != "3" or said.get("ElementNumberOfChannels", "1") != "1":
        raise MetaImageError("is not one 3-D volume with one number a voxel")
    if said.get("DimSize") != " ".join(map(str, shape)):
        raise MetaImageError(f"has another shape than the original's {shape}")
    if said.get("ElementType") not in _BYTES:
        raise MetaImageError(f"has voxels of another type than {', '.join(_BYTES)}")
    for name, count in _NUMBERS.items():
        if not re.fullmatch(
            rf"-?[\d.]+(e[+-]?\d+)?( -?[\d.]+(e[+-]?\d+)?){{{count - 1}}}", said.get(name, "")
        ):
            raise MetaImageError(f"has no {name} of {count} numbers")
    voxels = _voxels(raw[end + len(_END) :], said, n_voxels * _BYTES[said["ElementType"]])
    swapped = said.get("BinaryDataByteOrderMSB", "False")
    lines = ["ObjectType = Image", "NDims = 3", "BinaryData = True"]
    lines += [f"BinaryDataByteOrderMSB = {'True' if swapped == 'True' else 'False'}"]
    lines += [f"{name} = {said[name]}" for name in (*_NUMBERS, "DimSize", "ElementType")]
    return "\n".join(lines).encode() + b"\n" + _END + voxels


def _read(path: Path, most: int) -> bytes:
    try:
        # Not a link; and a pipe must not be waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            about = os.fstat(stream.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size > most:
                raise MetaImageError(f"is no plain file of at most {most} bytes")
            return stream.read(most)
    except OSError as error:
        raise MetaImageError(f"cannot be read ({error.strerror})") from error


def _fields(header: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in header.decode("latin-1").split("\n"):
        name, _, value = line.partition(" = ")
        if name in fields:
            raise MetaImageError("has a line of its header twice")
        fields[name] = value.strip(" ")
    return fields


def _voxels(raw: bytes, said: dict[str, str], size: int) -> bytes:
    if said.get("CompressedData") == "True":
        inflate = zlib.decompressobj()
        try:
            raw = inflate.decompress(raw, size + 1)
        except zlib.error as error:
            raise MetaImageError("has voxels that cannot be unpacked") from error
        if len(raw) == size and not inflate.eof:  # what is left is the checksum
            raise MetaImageError("has voxels that cannot be unpacked")
    if len(raw) != size:
        raise MetaImageError(f"has not the {size} bytes of voxels that its header says")
    return raw
