"""Look at a NIfTI file from outside without trusting it: header first, voxels bounded and in pieces.

A `.nii.gz` of 4 MB can unpack to 4 GB, and a header can claim 30000 x 30000 x 30000 voxels. So 348 bytes are
unpacked and compared with the original; only then are the voxels, no more than the original has.

Voxels may be integers of up to 32 bits or floats, whatever the original has: tools that resample or scale
write floats, and what is compared is intensities, not what is stored. But float32, in which attackers look at
scans, has to tell every two stored values apart: what only float64 shows would be in the file, and unseen.
"""

import io
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.intake.gunzip import Gunzip, GunzipError
from mriprivacy.scoring.errors import UserError

HEADER_SIZE = 348
# Tools store their history in header extensions (AFNI tens of kilobytes); they are skipped, never read.
_LARGEST_OFFSET = 1 << 20
_TOLERANCE_MM = 0.01
_PIECE = 1 << 20
_OWN_COPY = "cannot be compared, since the edition's own copy {}; 'mriprivacy verify' checks the edition"
_QUIET = logging.Logger("mriprivacy.volumes", logging.CRITICAL + 1)
# Where a NIfTI-1 header has room for words (data_type, db_name, descrip and aux_file, intent_name), and for
# numbers that no tool needs for one volume (session_error, intent, toffset, glmax and glmin).
_WORDS = ((4, 32), (36, 38), (56, 70), (136, 148), (148, 252), (328, 344))
# Attackers work in float32, whose largest number is 3.4e38; a scanner's is a few thousand.
_LARGEST_INTENSITY = 1e18
_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


class VolumeError(UserError):
    """A volume that cannot stand for the original; the message does not name the file."""


@dataclass(frozen=True)
class Grid:
    """What a NIfTI header says of its voxels.

    Attributes
    ----------
    shape : tuple of int
        Three extents.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm.
    dtype : numpy.dtype
        As stored, with byte order.
    offset : int
        First byte of the voxels.
    slope, intercept : float
        Stored value to intensity.
    byteorder : str
        `little` or `big`.
    """

    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    dtype: np.dtype
    offset: int
    slope: float
    intercept: float
    byteorder: Literal["little", "big"]

    @property
    def size(self) -> int:
        """Bytes of the voxels."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize


def parse_header(header: bytes) -> Grid:
    """Read the 348 bytes of a NIfTI-1 header.

    Raises
    ------
    VolumeError
        If it is no header of a single-file NIfTI-1 with one real 3-D volume and an invertible, finite affine.

    Examples
    --------
    >>> parse_header(bytes(348))
    Traceback (most recent call last):
    mriprivacy.challenge.intake.volumes.VolumeError: is not a NIfTI-1 file (n+1)
    """
    if len(header) < HEADER_SIZE or header[344:348] != b"n+1\0":
        raise VolumeError("is not a NIfTI-1 file (n+1)")
    import nibabel as nib  # here: tables are scored where there is none (challenge/export/scorer.py)

    try:
        parsed = nib.Nifti1Header(header, check=False)
        dims = [int(extent) for extent in parsed["dim"]]
        dtype = parsed.get_data_dtype()
        slope, intercept, offset = (float(parsed[name]) for name in ("scl_slope", "scl_inter", "vox_offset"))
    except Exception as error:  # nibabel raises its own and numpy's on nonsense in a header
        raise VolumeError("has a header that makes no sense") from error
    if int(parsed["sizeof_hdr"]) != HEADER_SIZE:
        raise VolumeError("is not a NIfTI-1 file (n+1)")
    if not 3 <= dims[0] <= 7 or min(dims[1:4]) < 1 or any(extent != 1 for extent in dims[4 : dims[0] + 1]):
        raise VolumeError(f"has dimensions {dims[1 : max(1, dims[0]) + 1]}; expected one 3-D volume")
    if dtype.name not in _TYPES:
        raise VolumeError(f"has voxels of type {dtype.name}; expected one of {', '.join(_TYPES)}")
    if not 352 <= offset <= _LARGEST_OFFSET or offset != int(offset):
        raise VolumeError(f"has its voxels at byte {offset:g}; expected 352, or at most {_LARGEST_OFFSET}")
    affine = _affine(parsed)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-6:
        raise VolumeError("has a degenerate affine")
    # A slope of 0 means that voxels are not scaled; nibabel reads a slope that is not finite the same way.
    if slope == 0 or not np.isfinite(slope):
        slope, intercept = 1.0, 0.0
    if not abs(intercept) <= _LARGEST_INTENSITY:
        raise VolumeError(
            f"has an intercept of {intercept:g}; expected at most {_LARGEST_INTENSITY:g} in magnitude"
        )
    byteorder: Literal["little", "big"] = "little" if parsed.endianness == "<" else "big"
    return Grid(tuple(dims[1:4]), affine, dtype, int(offset), slope, intercept, byteorder)


def _affine(header: Any) -> NDArray[np.float64]:
    """Return the affine that nibabel will use: it fixes a header before it looks, and this one is judged.

    A qform with a code that does not exist, for one, is dropped.
    """
    try:
        fixed = header.copy()
        fixed.check_fix(logger=_QUIET, error_level=40)
        return np.asarray(fixed.get_best_affine(), dtype=np.float64)
    except Exception as error:  # as above
        raise VolumeError("has a header that makes no sense") from error


@dataclass(frozen=True)
class Checked:
    """What is to be known of a volume that may stand for the original.

    Attributes
    ----------
    unchanged : bool
        Whether every intensity is the original's, that is, nothing was done to it.
    has_words : bool
        Whether something is written in the header, or in an extension; it is not read.
    """

    unchanged: bool
    has_words: bool


def compare_grids(found: Grid, expected: Grid) -> None:
    """Raise VolumeError unless shape and place agree with the original's, every corner within 0.01 mm."""
    if found.shape != expected.shape:
        raise VolumeError(
            f"has shape {found.shape}; the original has {expected.shape}: keep the grid as it is"
        )
    corners = np.array(np.meshgrid(*[(0, extent - 1) for extent in found.shape], indexing="ij")).reshape(
        3, -1
    )
    difference = found.affine - expected.affine
    moved = difference[:3, :3] @ corners + difference[:3, 3:]
    distance = float(np.sqrt((moved**2).sum(axis=0)).max())
    if not distance <= _TOLERANCE_MM:
        raise VolumeError(
            f"has another affine than the original, which moves voxels by up to {distance:.3g} mm: "
            "keep sform and qform as they are"
        )


def check_volume(path: Path, original: Path) -> Checked:
    """Check a submitted volume against the original it stands for.

    Parameters
    ----------
    path, original : Path
        `.nii.gz` files; the first from a submission, the second from the edition.

    Returns
    -------
    Checked

    Raises
    ------
    VolumeError
        If the file is not gzip, truncated, longer than its header says, on another grid, not finite, beyond
        1e18 in magnitude, or, as float32, in which it is looked at, all one value or not what it is.
    """
    with _open_own(original) as raw_reference:
        reference = Gunzip(raw_reference)
        try:
            expected = parse_header(_read(reference, HEADER_SIZE))
        except VolumeError as error:
            raise VolumeError(_OWN_COPY.format(error)) from error
        with _open_regular(path) as raw_stream:
            if raw_stream.read(2) != b"\x1f\x8b":
                raise VolumeError("is not gzip-compressed; expected .nii.gz")
            raw_stream.seek(0)
            largest = _largest_file(expected)
            if os.fstat(raw_stream.fileno()).st_size > largest:
                raise VolumeError(f"is larger than {largest} bytes, the most such a scan can need")
            stream = Gunzip(raw_stream)
            header = _read(stream, HEADER_SIZE)
            found = parse_header(header)
            compare_grids(found, expected)
            has_words = found.offset > 352 or any(header[a:b].strip(b"\0 ") for a, b in _WORDS)
            original_pieces = (intensities for _, intensities in _pieces(reference, expected))
            unchanged = _check_voxels(_pieces(stream, found), found, original_pieces)
            return Checked(unchanged, has_words)


def check_begin(begin: bytes, original: Path) -> None:
    """Check the header of a submitted volume alone, from the first kilobytes of its file.

    Raises
    ------
    VolumeError
        If they are no gzip with the header of a volume on the grid of the original.
    """
    with _open_own(original) as raw_reference:
        expected = parse_header(_read(Gunzip(raw_reference), HEADER_SIZE))
    compare_grids(parse_header(_read(Gunzip(io.BytesIO(begin)), HEADER_SIZE)), expected)


def largest_file(original: Path) -> int:
    """Bytes that a `.nii.gz` in the place of an original can need at most; VolumeError as `check_volume`."""
    with original.open("rb") as stream:
        return _largest_file(parse_header(_read(Gunzip(stream), HEADER_SIZE)))


def _largest_file(expected: Grid) -> int:
    # float64 voxels; deflate never adds more than a small share, and more than that is padding.
    return 8 * int(np.prod(expected.shape, dtype=object)) + 2 * _LARGEST_OFFSET


def _check_voxels(
    found: Iterator[tuple[NDArray[Any], NDArray[np.float64]]],
    grid: Grid,
    original: Iterator[NDArray[np.float64]],
) -> bool:
    unchanged, lost = True, 0
    low, high = np.inf, -np.inf
    for stored, piece in found:
        bad = int(np.count_nonzero(~np.isfinite(piece)))
        if bad:
            raise VolumeError(f"has voxels that are not finite numbers ({bad} in the first piece with any)")
        low, high = min(low, float(piece.min())), max(high, float(piece.max()))
        # The originals are unpacked only as far as the first difference.
        unchanged = unchanged and _equals_next(piece, original)
        lost += _not_in_float32(stored, piece, grid)
    if max(-low, high) > _LARGEST_INTENSITY:
        raise VolumeError(f"has intensities beyond {_LARGEST_INTENSITY:g} in magnitude ({low:g} to {high:g})")
    if np.float32(low) == np.float32(high):
        raise VolumeError(
            f"has the same value, {low:g}, in every voxel (as float32); there is no head left in it"
        )
    if lost:
        raise VolumeError(
            f"has {lost} voxels ({grid.dtype.name}) that float32 does not hold, and attackers read float32; "
            "write float32 without a slope, such as nibabel.Nifti1Image(data.astype('float32'), affine)"
        )
    return unchanged


def _not_in_float32(stored: NDArray[Any], intensities: NDArray[np.float64], grid: Grid) -> int:
    """Count the voxels whose stored value does not follow from their intensity as float32.

    In what is lost a picture can be hidden: low bits of float64, integers of 32 bits, or small steps on a
    large intercept.

    Examples
    --------
    >>> grid = Grid((1, 1, 3), np.eye(4), np.dtype("i2"), 352, 1.0, 1e9, "little")
    >>> stored = np.array([0, 64, 65], "i2")
    >>> _not_in_float32(stored, stored * grid.slope + grid.intercept, grid)
    1
    """
    with np.errstate(all="ignore"):
        seen = intensities.astype(np.float32).astype(np.float64)
        if grid.dtype.kind == "f":
            return int(np.count_nonzero(seen != intensities))
        again = np.rint((seen - grid.intercept) / grid.slope)
    return int(np.count_nonzero(again != stored))


def _equals_next(piece: NDArray[np.float64], original: Iterator[NDArray[np.float64]]) -> bool:
    try:
        return bool(np.array_equal(piece, next(original)))
    except VolumeError as error:
        raise VolumeError(_OWN_COPY.format(error)) from error


def _pieces(stream: Gunzip, grid: Grid) -> Iterator[tuple[NDArray[Any], NDArray[np.float64]]]:
    """Yield stored values and intensities, to the announced end, which must be the end of the file."""
    _check_extensions(_read(stream, grid.offset - HEADER_SIZE), grid.byteorder)
    left = grid.size
    while left:
        raw = _read(stream, min(left, _PIECE * grid.dtype.itemsize))
        left -= len(raw)
        stored = np.frombuffer(raw, dtype=grid.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            yield stored, stored.astype(np.float64) * grid.slope + grid.intercept
    if _read(stream, 1, exactly=False):
        raise VolumeError("goes on after the last voxel; expected the end of the file")


def _check_extensions(raw: bytes, byteorder: Literal["little", "big"]) -> None:
    """Raise VolumeError unless the sizes of the extensions add up, so that no reader can be led astray."""
    if not raw[0]:
        return
    position = 4
    while position < len(raw):
        size = int.from_bytes(raw[position : position + 4], byteorder)
        if size < 16 or size % 16 or position + size > len(raw):
            raise VolumeError("has header extensions whose sizes do not add up; remove them")
        position += size


def _read(stream: Gunzip, size: int, exactly: bool = True) -> bytes:
    try:
        raw = stream.read(size)
    except (GunzipError, OSError) as error:
        raise VolumeError(f"cannot be unpacked to the end ({error}); is it cut off?") from error
    if exactly and len(raw) < size:
        raise VolumeError("ends before the last voxel; is it cut off?")
    return raw


def _open_own(original: Path) -> BinaryIO:
    try:
        return original.open("rb")
    except OSError as error:
        raise VolumeError(_OWN_COPY.format(f"cannot be read ({error.strerror})")) from error


def _open_regular(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
