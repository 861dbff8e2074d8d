"""A head MRI as the reference systems see it: voxels and where they lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.scans.scan_file import ScanError, check_voxels, open_scan

__all__ = ["Scan", "ScanError", "read_scan", "settled"]


@dataclass(frozen=True)
class Scan:
    """A three-dimensional scan.

    Attributes
    ----------
    data : ndarray, shape (i, j, k)
        Intensities, any scale.
    affine : ndarray, shape (4, 4)
        Voxel index to world coordinates, mm, RAS+.
    remarks : tuple of str
        What of the header was settled (`scans.scan_file.open_scan`).
    """

    data: NDArray[Any]
    affine: NDArray[np.float64]
    remarks: tuple[str, ...] = ()

    @property
    def spacing(self) -> NDArray[np.float64]:
        """Voxel size along each axis, mm, shape (3,)."""
        result: NDArray[np.float64] = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return result


def settled(matrix: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Round a product or an inverse of affines to nine decimals: their last bit differs with the processor.

    Parameters
    ----------
    matrix : ndarray
        Of millimetres or voxels, from BLAS.

    Returns
    -------
    ndarray
        The same on every processor, with no -0.

    Examples
    --------
    >>> settled(np.array([[0.1 + 0.2, -1e-17]])).tolist()
    [[0.3, 0.0]]
    """
    result: NDArray[np.float64] = np.round(matrix, 9) + 0.0
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
        As `open_scan`; or if the file is truncated, has an extent under 16 voxels, or values that are not
        real, not finite or all the same.

    Examples
    --------
    >>> read_scan(Path("nowhere.nii.gz"))
    Traceback (most recent call last):
    mriprivacy.scans.scan_file.ScanError: nowhere.nii.gz: no such file
    """
    opened = open_scan(path)
    image, affine = opened.image, opened.affine
    try:
        kind = image.get_data_dtype().kind
        if kind not in "iuf":
            raise ScanError(
                f"voxels are {'complex numbers' if kind == 'c' else 'colours'}; "
                "expected one real number each, such as the magnitude"
            )
        check_voxels(image.shape[:3])
        unscaled = (image.dataobj.slope, image.dataobj.inter) == (1, 0) and kind in "iu"
        data = np.asarray(image.dataobj) if unscaled else np.asarray(image.dataobj, dtype=np.float32)
    except ScanError as error:
        raise ScanError(f"{path}: {error}") from error
    except Exception as error:  # nibabel, gzip, zlib and numpy each raise their own on broken files
        raise ScanError(
            f"{path}: not a readable NIfTI file ({type(error).__name__}: {error}); "
            "expected a whole .nii or .nii.gz (DICOM: convert it with dcm2niix)"
        ) from error
    data = data.reshape(data.shape[:3])
    bad = np.count_nonzero(~np.isfinite(data))
    if bad:
        raise ScanError(
            f"{path}: {bad} voxels are not finite; expected numbers everywhere "
            "(numpy.nan_to_num puts 0 in the place of NaN)"
        )
    if data.min() == data.max():
        raise ScanError(f"{path}: every voxel is {data.min():g}; there is no head in it")
    return Scan(data, affine, opened.remarks)
