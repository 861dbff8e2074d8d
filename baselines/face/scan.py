"""A head MRI as the reference systems see it: voxels and where they lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from mriprivacy.scoring.errors import UserError


class ScanError(UserError):
    """A file that cannot be used as a head MRI."""


@dataclass(frozen=True)
class Scan:
    """A three-dimensional scan.

    Attributes
    ----------
    data : ndarray, shape (i, j, k)
        Intensities, any scale.
    affine : ndarray, shape (4, 4)
        Voxel index to world coordinates, mm, RAS+.
    """

    data: NDArray[Any]
    affine: NDArray[np.float64]

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Voxel size along each axis, mm, shape (3,)."""
        result: NDArray[np.float64] = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return result


def read_scan(path: Path) -> Scan:
    """Read a NIfTI head scan, `.nii` or `.nii.gz`, 3-D or 4-D with one volume.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Scan
        Voxels as stored, not reoriented: integers where the file holds unscaled integers, else float32.

    Raises
    ------
    ScanError
        If the file is missing, is not NIfTI, is truncated, has more than one volume, an extent under 16
        voxels, a degenerate affine, or values that are not real, not finite or all the same.

    Examples
    --------
    >>> read_scan(Path("nowhere.nii.gz"))
    Traceback (most recent call last):
    mriprivacy.baselines.face.scan.ScanError: nowhere.nii.gz: no such file
    """
    if not path.is_file():
        raise ScanError(f"{path}: no such file")
    try:
        image = nib.load(path)
        kind = image.get_data_dtype().kind
        if kind not in "iuf":
            raise ScanError(
                f"{path}: voxels are {'complex numbers' if kind == 'c' else 'colours'}; "
                "expected one real number each, such as the magnitude"
            )
        unscaled = (image.dataobj.slope, image.dataobj.inter) == (1, 0) and kind in "iu"
        data = np.asarray(image.dataobj) if unscaled else np.asarray(image.dataobj, dtype=np.float32)
        affine = np.asarray(image.affine, dtype=np.float64)
    except ScanError:
        raise
    except Exception as error:  # nibabel, gzip, zlib and numpy each raise their own on broken files
        raise ScanError(
            f"{path}: not a readable NIfTI file ({type(error).__name__}: {error}); "
            "expected a whole .nii or .nii.gz (DICOM: convert it with dcm2niix)"
        ) from error
    while data.ndim > 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim != 3:
        raise ScanError(f"{path}: shape is {data.shape}; expected one 3-D volume")
    if min(data.shape) < 16:
        raise ScanError(f"{path}: shape is {data.shape}; expected at least 16 voxels along every axis")
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-6:
        raise ScanError(f"{path}: the affine is degenerate, so voxels have no place in space")
    bad = np.count_nonzero(~np.isfinite(data))
    if bad:
        raise ScanError(
            f"{path}: {bad} voxels are not finite; expected numbers everywhere "
            "(numpy.nan_to_num puts 0 in the place of NaN)"
        )
    if data.min() == data.max():
        raise ScanError(f"{path}: every voxel is {data.min():g}; there is no head in it")
    return Scan(data, affine)
