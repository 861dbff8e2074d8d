"""The canonical NIfTI writer: every scan the kit releases says nothing but voxels and geometry."""

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.formats.atomic import whole_file


def canonical_bytes(data: NDArray[Any], affine: NDArray[Any]) -> bytes:
    """Return the bytes of an uncompressed single-file NIfTI-1 with fixed header fields.

    Parameters
    ----------
    data : ndarray, shape (i, j, k)
        Voxels; stored as they are (uint8, int16, uint16, int32, float32), unscaled.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm, RAS+. Stored as sform; the qform is set where it can be, both with code 1.

    Raises
    ------
    ValueError
        If `data` is not 3-D or its type cannot be stored.

    Examples
    --------
    >>> raw = canonical_bytes(np.zeros((2, 3, 4), np.int16), np.eye(4))
    >>> nib.Nifti1Image.from_bytes(raw).shape
    (2, 3, 4)
    """
    if data.ndim != 3:
        raise ValueError(f"a released scan has three dimensions, this one has shape {data.shape}")
    image = nib.Nifti1Image(np.ascontiguousarray(data), affine, dtype=data.dtype)
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1, strip_shears=True)
    image.header.set_slope_inter(1.0, 0.0)
    result: bytes = image.to_bytes()
    return result


def write_nifti(path: Path, data: NDArray[Any], affine: NDArray[Any]) -> None:
    r"""Write a canonical `.nii.gz`: no extension, no description, no file name or time in the gzip header.

    The same voxels and affine always give the same bytes. Parameters as in `canonical_bytes`.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.nii.gz"
    >>> write_nifti(path, np.zeros((2, 3, 4), np.int16), np.eye(4))
    >>> path.read_bytes()[4:8]
    b'\x00\x00\x00\x00'
    """
    compressed = gzip.compress(canonical_bytes(data, affine), compresslevel=1, mtime=0)
    with whole_file(path) as temporary:
        temporary.write_bytes(compressed)
