"""Grids, rigid motions and the way from closed surfaces to voxels."""

from collections.abc import Sequence
from typing import Any

import nibabel as nib
import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

from mriprivacy.data_prep.synthetic import exact

Shape = tuple[int, int, int]

# Field of view, mm: the same for all people, so that file sizes leak nothing.
FIELD_OF_VIEW = np.array([[-102.0, -126.0, -160.0], [102.0, 132.0, 122.0]])


def voxelize(
    vertices: NDArray[Any], triangles: NDArray[Any], affine: NDArray[np.float64], shape: Shape
) -> NDArray[np.uint8]:
    """Return 1 in voxels whose centre lies inside a closed surface.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        World, mm.
    triangles : ndarray, shape (m, 3)
        A closed surface; it may reach out of the grid.
    affine : ndarray, shape (4, 4)
        Voxel to world; diagonal and positive.
    shape : tuple of int
        Grid.

    Returns
    -------
    ndarray, shape (i, j, k)
        uint8.

    Examples
    --------
    >>> ball = pv.Sphere(radius=5.0)
    >>> affine = np.diag([1.0, 1, 1, 1]); affine[:3, 3] = -8
    >>> inside = voxelize(ball.points, ball.regular_faces, affine, (17, 17, 17))
    >>> bool(abs(inside.sum() - 4 / 3 * np.pi * 5**3) < 40)
    True
    """
    # VTK's first axis is the fastest in memory, numpy's the last: with the axes reversed nothing is moved.
    points = np.asarray(vertices, np.float64)[:, ::-1]
    stencil = vtkPolyDataToImageStencil()
    stencil.SetInputData(pv.PolyData.from_regular_faces(points, triangles))
    stencil.SetOutputOrigin(*affine[:3, 3][::-1])
    stencil.SetOutputSpacing(*np.diag(affine)[2::-1])
    stencil.SetOutputWholeExtent(0, shape[2] - 1, 0, shape[1] - 1, 0, shape[0] - 1)
    image = vtkImageStencilToImage()
    image.SetInputConnection(stencil.GetOutputPort())
    image.SetInsideValue(1)
    image.SetOutsideValue(0)
    image.SetOutputScalarTypeToUnsignedChar()
    image.Update()
    result: NDArray[np.uint8] = vtk_to_numpy(image.GetOutput().GetPointData().GetScalars()).reshape(shape)
    return result


def grid(spacing_mm: Sequence[float]) -> tuple[NDArray[np.float64], Shape]:
    """Return the affine and the shape of a grid over the field of view, voxels of (x, y, z) mm.

    Examples
    --------
    >>> grid((1.5, 1.5, 1.5))[1]
    (136, 172, 188)
    """
    spacing = np.asarray(spacing_mm, np.float64)
    extent = FIELD_OF_VIEW[1] - FIELD_OF_VIEW[0]
    shape = np.maximum(np.round(extent / spacing), 1).astype(int)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = FIELD_OF_VIEW.mean(axis=0) - spacing * (shape - 1) / 2
    return affine, (int(shape[0]), int(shape[1]), int(shape[2]))


def thinner(affine: NDArray[np.float64], shape: Shape, times: int) -> tuple[NDArray[np.float64], Shape]:
    """Return the grid whose voxels are so many times thinner along x."""
    fine = affine.copy()
    fine[0, 0] /= times
    fine[0, 3] -= (affine[0, 0] - fine[0, 0]) / 2
    return fine, (shape[0] * times, shape[1], shape[2])


def turned(
    data: NDArray[Any], affine: NDArray[np.float64], axes: str
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Store a RAS+ volume along other axes; every voxel stays where it is in the world.

    Examples
    --------
    >>> data, affine = turned(np.zeros((2, 3, 4)), np.diag([3.0, 1, 1, 1]), "PSR")
    >>> data.shape, nib.aff2axcodes(affine)
    ((3, 4, 2), ('P', 'S', 'R'))
    """
    how = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(axes)
    )
    back = nib.orientations.inv_ornt_aff(how, data.shape)
    return nib.orientations.apply_orientation(data, how), exact.turned(affine, back)


def pose(degrees: NDArray[Any], shift_mm: NDArray[Any]) -> NDArray[np.float64]:
    """Return a rigid motion, shape (4, 4): rotation about x, then y, then z, then a shift."""
    (cx, cy, cz), (sx, sy, sz) = exact.cos(np.radians(degrees)), exact.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[:3, :3] = exact.turned(
        exact.turned(
            np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]),
            np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]),
        ),
        np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]),
    )
    matrix[:3, 3] = shift_mm
    return matrix


def around(
    centre: NDArray[Any], radius: float, affine: NDArray[np.float64], shape: Shape
) -> tuple[tuple[slice, ...], list[NDArray[np.float64]]]:
    """Return the box of voxels around a point, and the open grid of its world coordinates."""
    box = box_of(np.array([centre - radius, centre + radius]), affine, shape)
    axes = [affine[a, a] * np.arange(box[a].start, box[a].stop) + affine[a, 3] for a in range(3)]
    return box, list(np.meshgrid(*axes, indexing="ij", sparse=True))


def box_of(points: NDArray[Any], affine: NDArray[np.float64], shape: Shape) -> tuple[slice, ...]:
    """Return the box of voxels of a grid that holds points of the world, shape (n, 3)."""
    places = (points - affine[:3, 3]) / np.diag(affine)[:3]
    low = np.clip(np.floor(places.min(axis=0)).astype(int), 0, shape)
    high = np.clip(np.ceil(places.max(axis=0)).astype(int) + 1, low, shape)
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def part_of(affine: NDArray[np.float64], box: tuple[slice, ...]) -> NDArray[np.float64]:
    """Return the affine of a box of voxels of a grid."""
    start = np.array([part.start for part in box])
    part = affine.copy()
    part[:3, 3] += exact.turned(start, affine[:3, :3].T)
    return part


def resample(
    data: NDArray[Any], to_source: NDArray[Any], shape: Shape, outside: float
) -> NDArray[np.float32]:
    """Resample to another grid with the same axes (linear).

    Parameters
    ----------
    data : ndarray, shape (i, j, k)
        Voxels of the source.
    to_source : ndarray, shape (4, 4)
        Voxel of the new grid to voxel of the source; diagonal but for the shift.
    shape : tuple of int
        The new grid.
    outside : float
        Value where the source has nothing.

    Examples
    --------
    >>> halves = np.diag([0.5, 1, 1, 1])
    >>> resample(np.array([0.0, 1.0]).reshape(2, 1, 1), halves, (4, 1, 1), -1.0).ravel().tolist()
    [0.0, 0.5, 1.0, -1.0]
    """
    steps = [_between(to_source, axis, shape[axis], data.shape[axis]) for axis in range(3)]
    (low_i, share_i, beyond_i), (low_j, share_j, beyond_j), (low_k, share_k, beyond_k) = steps
    result = np.full(shape, outside, np.float32)
    planes: dict[int, NDArray[np.float32]] = {}
    for i in np.flatnonzero(~beyond_i):  # plane by plane: that stays in the processor's cache
        for source in {low_i[i], min(low_i[i] + 1, len(data) - 1)} - set(planes):
            columns = _lerp(np.asarray(data[source], np.float32), low_k, share_k, 1)
            columns[:, beyond_k] = outside
            planes[source] = _lerp(columns, low_j, share_j[:, None], 0)
            planes[source][beyond_j] = outside
        below, above = planes[low_i[i]], planes[min(low_i[i] + 1, len(data) - 1)]
        np.subtract(above, below, out=result[i])
        result[i] *= share_i[i]
        result[i] += below
        planes = {source: plane for source, plane in planes.items() if source >= low_i[i]}
    return result


def _between(
    to_source: NDArray[Any], axis: int, count: int, source_count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]:
    """Return which voxel of the source each of a new grid follows, how closely, and whether any."""
    place = to_source[axis, axis] * np.arange(count) + to_source[axis, 3]
    lower = np.clip(np.floor(place), 0, source_count - 1).astype(np.int64)
    return lower, np.asarray(place - lower, np.float32), (place < 0) | (place > source_count - 1)


def _lerp(
    plane: NDArray[np.float32], lower: NDArray[Any], share: NDArray[Any], axis: int
) -> NDArray[np.float32]:
    below = plane.take(lower, axis)
    result: NDArray[np.float32] = below + share * (
        plane.take(np.minimum(lower + 1, plane.shape[axis] - 1), axis) - below
    )
    return result


def nearest(data: NDArray[Any], to_source: NDArray[Any], shape: Shape) -> NDArray[Any]:
    """Resample to another grid with the same axes (nearest voxel); beyond the source its border goes on."""
    for axis in (2, 1, 0):
        place = np.rint(to_source[axis, axis] * np.arange(shape[axis]) + to_source[axis, 3]).astype(int)
        data = data.take(np.clip(place, 0, data.shape[axis] - 1), axis)
    return data


def coordinates(
    world_to_own: NDArray[Any], affine: NDArray[Any], shape: Shape
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the three coordinates of every voxel in a rotated frame, float32."""
    matrix = exact.turned(world_to_own, affine).astype(np.float32)
    i, j, k = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij", sparse=True)
    x, y, z = (row[0] * i + (row[1] * j + (row[2] * k + row[3])) for row in matrix[:3])
    return x, y, z
