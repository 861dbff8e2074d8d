"""Open a scan: what its header says of place and size is checked before any voxel is read.

Units are obeyed, a conflict of the two transforms of NIfTI is settled and named, and a header that cannot be
true is refused in one line.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from mriprivacy.scans.foreign_files import why_no_nifti
from mriprivacy.scoring.errors import UserError

UNITS = {"meter": 1000.0, "micron": 0.001}  # to mm; what is not said is mm
EXTENT_MM = (1.0, 1000.0)  # of the longest side of a field of view that is no mistake of units
HEAD_MM = (80.0, 600.0)  # of every side of one that holds a head
# The sform may hold a registration; a scale beyond this is none of a head.
SCALE = 1.25
TURN = 45.0  # degrees of an axis; a registration turns a head by less
FEWEST = 16  # voxels along an axis


class ScanError(UserError):
    """A file that cannot be used as a head MRI."""


@dataclass(frozen=True)
class OpenedScan:
    """A scan whose header was checked; no voxel was read yet.

    Attributes
    ----------
    image : nibabel.Nifti1Image
        One volume; its affine is the one below.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm, RAS+.
    remarks : tuple of str
        What was settled, one line each.
    """

    image: Any
    affine: NDArray[np.float64]
    remarks: tuple[str, ...] = ()

    @property
    def extent_mm(self) -> NDArray[np.float64]:
        """Field of view along each axis of voxels, shape (3,)."""
        sides: NDArray[np.float64] = _spacing(self.affine) * np.array(self.image.shape[:3])
        return sides


def open_scan(path: Path) -> OpenedScan:
    """Open a NIfTI scan and check its header.

    Parameters
    ----------
    path : Path
        `.nii` or `.nii.gz`.

    Raises
    ------
    ScanError
        If the file is missing, was not fetched, is of another format or broken; if it has not one volume, a
        degenerate affine, no orientation, or a size that no scan has.

    Examples
    --------
    >>> open_scan(Path("nowhere.nii.gz"))
    Traceback (most recent call last):
    mriprivacy.scans.scan_file.ScanError: nowhere.nii.gz: no such file
    """
    if reason := why_no_nifti(path):
        raise ScanError(f"{path}: {reason}")
    try:
        image = nib.load(path)
        place = placed(image)
    except ScanError as error:
        raise ScanError(f"{path}: {error}") from error
    except Exception as error:  # nibabel, gzip and zlib each raise their own on broken files
        raise ScanError(
            f"{path}: not a readable NIfTI file ({type(error).__name__}: {error}); "
            "expected a whole .nii or .nii.gz (DICOM: convert it with dcm2niix)"
        ) from error
    return place


def placed(image: Any) -> OpenedScan:
    """Return an image with the place of its voxels settled; ScanError, without a file's name, if it has none.

    Examples
    --------
    >>> small = nib.Nifti1Image(np.zeros((20, 20, 20), np.int16), np.diag([0.001, 0.001, 0.001, 1]))
    >>> placed(small)
    Traceback (most recent call last):
    mriprivacy.scans.scan_file.ScanError: field of view is 0.02 x 0.02 x 0.02 mm; expected 1 to 1000 mm: ...
    >>> small.header.set_xyzt_units("meter")
    >>> placed(small).extent_mm.tolist(), placed(small).remarks
    ([20.0, 20.0, 20.0], ('units are meter: sizes are multiplied by 1000',))
    """
    shape = tuple(int(extent) for extent in image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3:
        raise ScanError(f"shape is {shape}; expected one 3-D volume")
    affine, remarks = _affine(image)
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-15:
        raise ScanError("the affine is degenerate, so voxels have no place in space")
    if affine is not image.affine:
        image = nib.Nifti1Image(image.dataobj, affine, image.header)
        image.header.set_xyzt_units("mm")
    found = OpenedScan(image, affine, remarks)
    low, high = EXTENT_MM
    if not low <= found.extent_mm.max() <= high:
        raise ScanError(
            f"field of view is {_shown(found.extent_mm)}; expected {low:g} to {high:g} mm: the units of its "
            "header are wrong, or it is no head"
        )
    if abs(np.linalg.det(affine[:3, :3])) < 1e-6:
        raise ScanError("the affine is degenerate, so voxels have no place in space")
    return found


def check_head_size(scan: OpenedScan) -> None:
    """Raise ScanError, without a file's name, if the field of view is not that of a head.

    Examples
    --------
    >>> check_head_size(placed(nib.Nifti1Image(np.zeros((50, 50, 50), np.int16), np.eye(4))))
    Traceback (most recent call last):
    mriprivacy.scans.scan_file.ScanError: field of view is 50 x 50 x 50 mm; expected 80 to ...
    """
    check_voxels(scan.image.shape[:3])
    low, high = HEAD_MM
    if not (low <= scan.extent_mm.min() and scan.extent_mm.max() <= high):
        raise ScanError(
            f"field of view is {_shown(scan.extent_mm)}; expected {low:g} to {high:g} mm along every axis, "
            "as of a head"
        )


def check_voxels(shape: tuple[int, ...]) -> None:
    """Raise ScanError, without a file's name, if there are too few voxels along an axis."""
    if min(shape) < FEWEST:
        raise ScanError(f"shape is {tuple(shape)}; expected at least {FEWEST} voxels along every axis")


def without_padding(data: NDArray[Any]) -> NDArray[Any]:
    """Return a volume in which padding far below all signal has the lowest value of the rest.

    Padding is one negative value, of less than half of the voxels, that lies farther below the others than
    these lie apart, such as -9999 or -32768. A volume without it is returned as it is.

    Examples
    --------
    >>> without_padding(np.array([-9999, 0, 10, 20, 30])).tolist()
    [0, 0, 10, 20, 30]
    >>> data = np.array([-1024, -1024, -1000, 0, 500])
    >>> without_padding(data) is data
    True
    """
    low = data.min()
    if low >= 0:
        return data
    padding = data == low
    share = np.count_nonzero(padding) / data.size
    if share >= 0.5:
        return data
    rest = data[~padding]
    floor, top = float(rest.min()), float(rest.max())
    if not 0 < top - floor < floor - float(low):
        return data
    return np.where(padding, rest.min(), data)


def _affine(image: Any) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the affine in mm; the image's own object where nothing was to be settled."""
    affine, remarks = image.affine, []
    header = image.header
    if not isinstance(header, nib.Nifti1Header):
        return np.asarray(affine, np.float64), ()
    sform, qform = header.get_sform(coded=True)[0], header.get_qform(coded=True)[0]
    if sform is None and qform is None:
        raise ScanError(
            "orientation is unknown: its header has no qform and no sform; convert it from the original "
            "DICOM with dcm2niix, or set the orientation that you know (fslreorient2std, fslorient)"
        )
    if sform is not None and qform is not None:
        ratio = _spacing(sform) / np.maximum(_spacing(qform), 1e-12)
        if max(ratio.max(), (1 / np.maximum(ratio, 1e-12)).max()) > SCALE:
            remarks.append(
                f"sform says voxels of {_shown(_spacing(sform))}, qform of {_shown(_spacing(qform))}; the "
                "qform, which agrees with pixdim, is used"
            )
            affine = np.asarray(qform, np.float64)
        elif said := _directions_differ(sform, qform):
            remarks.append(f"{said}; the sform is used, and which is right only its DICOM tells")
    unit = header.get_xyzt_units()[0]
    if unit in UNITS:
        factor = UNITS[unit]
        affine = np.round(np.diag([factor, factor, factor, 1.0]) @ affine, 4)
        remarks.append(f"units are {unit}: sizes are multiplied by {factor:g}")
    return affine, tuple(remarks)


def _directions_differ(sform: NDArray[np.float64], qform: NDArray[np.float64]) -> str:
    """Say how two transforms disagree on where right, front and up are; a registration turns a little."""
    if np.linalg.det(sform[:3, :3]) * np.linalg.det(qform[:3, :3]) < 0:
        return "sform and qform are mirror images of each other"
    axes = [np.asarray(one)[:3, :3] / np.maximum(_spacing(one), 1e-12) for one in (sform, qform)]
    turn = np.degrees(np.arccos(np.clip((axes[0] * axes[1]).sum(axis=0).min(), -1, 1)))
    return f"sform and qform differ by {turn:.0f} degrees" if turn > TURN else ""


def _spacing(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    sides: NDArray[np.float64] = np.sqrt((np.asarray(affine)[:3, :3] ** 2).sum(axis=0))
    return sides


def _shown(sides: NDArray[np.float64]) -> str:
    return " x ".join(f"{side:.3g}" for side in sides) + " mm"
