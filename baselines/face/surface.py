"""From volume to face surface: the reconstruction of the paper (section IV), one step a function.

Isotropic spacing, threshold (with largest component and hole filling), crop, isosurface, smoothing. The paper
crops first; here the threshold comes before, for it is taken from head and air together.
"""

from dataclasses import dataclass, field
from typing import Any

import nibabel as nib
import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from mriprivacy.baselines.face.scan import Scan, settled
from mriprivacy.scans.scan_file import without_padding
from mriprivacy.scoring.errors import UserError

# Otsu's threshold separates bright tissue from the rest and loses dark skin; a third of it keeps the skin
# and stays above the noise of air.
OTSU_SHARE = 0.35
LARGEST_SIGMA_MM = 3.0
# Interpolation undershoots where head meets air: that much below 0, of the range, air is still 0.
UNDERSHOOT = 0.01
FULLEST = 0.9  # share of its box that a head fills; an ellipsoid fills 0.52 of the tightest
STEPS_PER_MM = 1024  # to which points of a surface are rounded
# The first and the last voxel of each axis of a volume in RAS+ order.
SIDES = ("left", "right", "back", "front", "bottom", "top")


class SurfaceError(UserError):
    """A scan from which no head surface can be made."""


@dataclass(frozen=True)
class HeadSurface:
    """The outer surface of a head.

    Attributes
    ----------
    mesh : pyvista.PolyData
        Triangles; points in mm, world axes (x to the right, y to the front, z up).
    threshold : float
        The intensity that separated head from air.
    cut_cm2 : dict from str to float
        How much of the head the field of view cuts off, by side (`cut_areas`).
    """

    mesh: pv.PolyData
    threshold: float
    cut_cm2: dict[str, float] = field(default_factory=dict)


def isotropic(scan: Scan, spacing_mm: float) -> Scan:
    """Reorient to RAS+ and resample to cubic voxels (linear).

    Parameters
    ----------
    scan : Scan
        Any orientation and voxel size.
    spacing_mm : float
        Edge of the new voxels, mm.

    Returns
    -------
    Scan
        Axes in RAS+ order; an axis whose voxel size is within 2 % of `spacing_mm` is left as it is.

    Examples
    --------
    >>> scan = Scan(np.zeros((20, 20, 10), np.float32), np.diag([-1.0, 1.0, 2.0, 1.0]))
    >>> isotropic(scan, 1.0).data.shape
    (20, 20, 20)
    """
    image = nib.as_closest_canonical(nib.Nifti1Image(np.asarray(scan.data, np.float32), scan.affine))
    data, affine = np.asarray(image.dataobj), image.affine
    factors = Scan(data, affine).spacing / spacing_mm
    factors[np.abs(factors - 1) < 0.02] = 1.0
    if (factors == 1).all():
        return Scan(data, affine)
    resampled = ndimage.zoom(data, factors, order=1, grid_mode=True, mode="nearest")
    scale = np.array(data.shape) / np.array(resampled.shape)
    to_old = np.eye(4)
    to_old[:3, :3] = np.diag(scale)
    to_old[:3, 3] = (scale - 1) / 2  # voxel centres: the outer edges of both grids coincide
    return Scan(resampled, settled(affine @ to_old))


def head_threshold(data: NDArray[Any]) -> float:
    """Return the intensity that separates the head from air: a share of Otsu's threshold.

    Parameters
    ----------
    data : ndarray
        Intensities of a whole head with air around it.

    Returns
    -------
    float
        `OTSU_SHARE` of the way from the darkest percentile to Otsu's threshold.

    Examples
    --------
    >>> data = np.r_[np.zeros(500), np.full(500, 100.0)]
    >>> 0 < head_threshold(data) < 50
    True
    """
    data, low, high = _range(data)
    if low == high:
        raise SurfaceError("the scan is flat: hardly any voxel differs from the others")
    return float(low + OTSU_SHARE * (threshold_otsu(np.clip(data, low, high)) - low))


def no_signal(data: NDArray[Any]) -> float:
    """Return the intensity that stands for no signal: 0, or less where a scan was stored with an offset.

    Parameters
    ----------
    data : ndarray
        Intensities of a whole head with air around it.

    Returns
    -------
    float
        0 unless the darkest percentile lies below it by more than `UNDERSHOOT` of the range, as where the
        mean was subtracted, or 1024; then that percentile.

    Examples
    --------
    >>> data = np.r_[np.zeros(500), np.full(500, 100.0)]
    >>> no_signal(data), no_signal(data + 3), no_signal(data - data.mean())
    (0.0, 0.0, -50.0)
    """
    _, low, high = _range(data)
    return 0.0 if low >= -UNDERSHOOT * (high - low) else float(low)


def air_noise(data: NDArray[Any]) -> float:
    """Return the intensity that the noise of air hardly exceeds: its median and 3 standard deviations.

    Parameters
    ----------
    data : ndarray
        Intensities of a whole head with air around it. What lies below Otsu's threshold is mostly air, so
        that median and median absolute deviation are air's.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> data = np.r_[rng.normal(10, 2, 50_000), rng.normal(100, 5, 30_000)]
    >>> round(air_noise(data))
    16
    """
    data, low, high = _range(data, 300_000)
    if low == high:
        return float(low)
    air = data[data < threshold_otsu(np.clip(data, low, high))]
    middle = np.median(air)
    return float(middle + 3 * 1.4826 * np.median(np.abs(air - middle)))


def _range(data: NDArray[Any], voxels: int = 1_000_000) -> tuple[NDArray[Any], float, float]:
    """Return some of the voxels, and a low and a high percentile: a million give it as well as ten."""
    some = data.ravel()[:: max(1, data.size // voxels)]
    low, high = np.percentile(some, [1, 99.5])
    return some, low, high


def _without_noise(
    data: NDArray[Any], spacing_mm: float, sigma_mm: float
) -> tuple[NDArray[np.float32], float]:
    """Smooth a volume until its threshold is above the noise of air; return both."""
    while True:
        smooth = ndimage.gaussian_filter(data, sigma_mm / spacing_mm)
        threshold = head_threshold(smooth)
        if sigma_mm >= LARGEST_SIGMA_MM or air_noise(smooth) < threshold:
            return smooth, threshold
        sigma_mm = min(1.5 * sigma_mm, LARGEST_SIGMA_MM) if sigma_mm else 0.5


def head_mask(data: NDArray[Any], threshold: float) -> NDArray[np.bool_]:
    """Return the head: the largest connected component above the threshold, holes filled.

    Parameters
    ----------
    data : ndarray, shape (i, j, k)
        Intensities.
    threshold : float
        See `head_threshold`.

    Returns
    -------
    ndarray of bool, shape (i, j, k)
        True inside the head, cavities closed to the outside included.

    Examples
    --------
    >>> data = np.zeros((9, 9, 9))
    >>> data[2:7, 2:7, 2:7] = 1
    >>> data[4, 4, 4] = 0
    >>> data[0, 0, 0] = 1
    >>> int(head_mask(data, 0.5).sum())
    125
    """
    above = data > threshold
    labels, count = ndimage.label(above)
    if count == 0:
        raise SurfaceError("no voxel is brighter than the threshold: there is no head")
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    head = labels == sizes.argmax()
    # Outside is the air that touches the border of the volume; all else belongs to the head.
    air, _ = ndimage.label(np.pad(~head, 1, constant_values=True))
    result: NDArray[np.bool_] = (air != air[0, 0, 0])[1:-1, 1:-1, 1:-1]
    return result


def crop(
    data: NDArray[Any], affine: NDArray[Any], mask: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.bool_]]:
    """Cut a volume to the bounding box of the head and two voxels around it, all that its surface depends on.

    Parameters
    ----------
    data : ndarray, shape (i, j, k)
        Intensities.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm.
    mask : ndarray of bool, shape (i, j, k)
        The head, from `head_mask`; not empty.

    Returns
    -------
    data, affine, mask : ndarray
        The same of the box; nothing is added where the field of view ends.

    Examples
    --------
    >>> mask = np.zeros((9, 9, 9), bool)
    >>> mask[4, 4, 0] = True
    >>> data, affine, mask = crop(mask * 5.0, np.eye(4), mask)
    >>> data.shape, affine[:3, 3].tolist(), np.argwhere(mask).tolist()
    ((5, 5, 3), [2.0, 2.0, 0.0], [[2, 2, 0]])
    """
    box = tuple(
        slice(max(side.start - 2, 0), side.stop + 2) for side in ndimage.find_objects(mask.view(np.uint8))[0]
    )
    corner = np.eye(4)
    corner[:3, 3] = [side.start for side in box]
    return data[box], settled(affine @ corner), mask[box]


def cut_areas(mask: NDArray[np.bool_], spacing_mm: float) -> dict[str, float]:
    """Return how much of a head lies in the outermost voxels of its field of view.

    Parameters
    ----------
    mask : ndarray of bool, shape (i, j, k)
        The head in RAS+ order, cubic voxels.
    spacing_mm : float
        Edge of the voxels.

    Returns
    -------
    dict from str to float
        Square centimetres for each of `SIDES`; the neck makes `bottom` large in every scan.

    Examples
    --------
    >>> mask = np.zeros((30, 30, 30), bool)
    >>> mask[5:15, 10:, 5:25] = True
    >>> {side: area for side, area in cut_areas(mask, 2.0).items() if area}
    {'front': 8.0}
    """
    ends = [np.take(mask, index, axis).sum() for axis in range(3) for index in (0, -1)]
    return {side: float(n) * spacing_mm**2 / 100 for side, n in zip(SIDES, ends, strict=True)}


def isosurface(
    data: NDArray[Any], affine: NDArray[Any], mask: NDArray[np.bool_], threshold: float, floor: float = 0.0
) -> pv.PolyData:
    """Return the surface where the intensity crosses the threshold at the border of the mask.

    Parameters
    ----------
    data : ndarray, shape (i, j, k)
        Intensities on a grid in RAS+ order.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm.
    mask : ndarray of bool, shape (i, j, k)
        The head, from `head_mask`.
    threshold : float
        The level, between voxels found by linear interpolation.
    floor : float
        No signal, from `no_signal` of the whole volume; below the threshold.

    Returns
    -------
    pyvista.PolyData
        Triangles in world coordinates (mm).
    """
    # Specks outside the mask are taken out, cavities inside it are closed; at its border the intensities
    # themselves place the surface between the voxels.
    near = ndimage.binary_dilation(mask)
    inside = 2 * threshold - floor  # as far above the threshold as no signal is below it
    field = np.where(near, np.minimum(data, inside), floor).astype(np.float32)
    deep = ndimage.binary_erosion(mask, iterations=2)
    field[deep] = inside
    field[mask & (field <= threshold)] = inside
    # So that the surface closes where the field of view cuts the head.
    padded = np.pad(field, 1, constant_values=floor)
    grid = pv.ImageData(dimensions=padded.shape, origin=(-1, -1, -1))
    grid.point_data["intensity"] = padded.ravel(order="F")
    surface = grid.contour([threshold], scalars="intensity", method="flying_edges")
    surface.clear_data()
    surface.transform(affine, inplace=True)
    return surface


def reconstruct(
    scan: Scan, spacing_mm: float = 1.0, sigma_mm: float = 0.7, smoothing_iterations: int = 20
) -> HeadSurface:
    """Make the outer surface of a head (paper, section IV: crop, isotropic spacing, threshold, smoothing).

    Parameters
    ----------
    scan : Scan
        A head MRI of any orientation and voxel size.
    spacing_mm : float
        Cubic voxels of the reconstruction, mm.
    sigma_mm : float
        Gaussian filter against noise before the threshold, mm; widened, to 3 mm at most, while the noise of
        air reaches the threshold.
    smoothing_iterations : int
        Taubin smoothing (Taubin 1995), which does not shrink the face as Laplacian smoothing does.

    Returns
    -------
    HeadSurface
        One closed surface, world coordinates.

    Raises
    ------
    SurfaceError
        If the scan is flat or holds no head, or head and air cannot be separated.

    Examples
    --------
    >>> x, y, z = np.mgrid[-30:30, -30:30, -30:30]
    >>> ball = Scan((x**2 + y**2 + z**2 < 20**2).astype(np.float32), np.eye(4))
    >>> mesh = reconstruct(ball).mesh
    >>> bool(abs(mesh.volume / (4 / 3 * np.pi * 20**3) - 1) < 0.15)
    True
    """
    cubic = isotropic(Scan(without_padding(scan.data), scan.affine), spacing_mm)
    data, threshold = _without_noise(cubic.data, spacing_mm, sigma_mm)
    mask = head_mask(data, threshold)
    if mask.mean() > FULLEST:
        raise SurfaceError("no head could be separated from the air around it")
    surface = isosurface(*crop(data, cubic.affine, mask), threshold, no_signal(data))
    if surface.n_points == 0:
        raise SurfaceError("the threshold leaves no surface")
    surface = surface.smooth_taubin(n_iter=smoothing_iterations, pass_band=0.1)
    return HeadSurface(moved(surface, np.eye(4)), threshold, cut_areas(mask, spacing_mm))


def moved(mesh: pv.PolyData, matrix: NDArray[np.float64]) -> pv.PolyData:
    """Return a surface in another place.

    The last bits of a point differ from machine to machine; what is drawn must not, so points are rounded.

    Parameters
    ----------
    mesh : pyvista.PolyData
        Points in mm.
    matrix : ndarray, shape (4, 4)
        Affine.

    Examples
    --------
    >>> shift = np.eye(4); shift[0, 3] = 0.5004
    >>> moved(pv.PolyData(np.zeros((1, 3), np.float32)), shift).points.tolist()
    [[0.5, 0.0, 0.0]]
    """
    points = mesh.points if np.array_equal(matrix, np.eye(4)) else _mapped(mesh.points, matrix)
    own = mesh.copy(deep=False)
    own.points = np.rint(points * STEPS_PER_MM) / np.float32(STEPS_PER_MM)
    return own


def _mapped(points: NDArray[Any], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map points in a fixed order of sums."""
    x, y, z = np.asarray(points, np.float64).T
    return np.stack([a * x + b * y + c * z + d for a, b, c, d in matrix[:3].tolist()], axis=1)
