"""Grids, rigid motions and the way from closed surfaces to voxels."""

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from scipy import ndimage
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

Shape = tuple[int, int, int]

# Field of view, mm: the same for everybody, so that the size of a file says nothing.
FIELD_OF_VIEW = np.array([[-102.0, -126.0, -142.0], [102.0, 132.0, 122.0]])


def voxelize(
    vertices: NDArray, triangles: NDArray, affine: NDArray[np.float64], shape: Shape
) -> NDArray[np.uint8]:
    """Return 1 in voxels whose centre lies inside a closed surface.

    Parameters
    ----------
    vertices : ndarray, shape (n, 3)
        World, mm.
    triangles : ndarray, shape (m, 3)
        A surface closed within the grid (it may be open below its lowest slice).
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
    stencil = vtkPolyDataToImageStencil()
    stencil.SetInputData(pv.PolyData.from_regular_faces(np.asarray(vertices, np.float64), triangles))
    stencil.SetOutputOrigin(*affine[:3, 3])
    stencil.SetOutputSpacing(*np.diag(affine)[:3])
    stencil.SetOutputWholeExtent(0, shape[0] - 1, 0, shape[1] - 1, 0, shape[2] - 1)
    image = vtkImageStencilToImage()
    image.SetInputConnection(stencil.GetOutputPort())
    image.SetInsideValue(1)
    image.SetOutsideValue(0)
    image.SetOutputScalarTypeToUnsignedChar()
    image.Update()
    return vtk_to_numpy(image.GetOutput().GetPointData().GetScalars()).reshape(shape, order="F")


def grid(spacing_mm: float) -> tuple[NDArray[np.float64], Shape]:
    """Return the affine and the shape of the scan's grid.

    Examples
    --------
    >>> grid(1.5)[1]
    (136, 172, 176)
    """
    extent = FIELD_OF_VIEW[1] - FIELD_OF_VIEW[0]
    shape = np.maximum(np.round(extent / spacing_mm), 1).astype(int)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = FIELD_OF_VIEW.mean(axis=0) - spacing_mm * (shape - 1) / 2
    return affine, (int(shape[0]), int(shape[1]), int(shape[2]))


def pose(degrees: NDArray, shift_mm: NDArray) -> NDArray[np.float64]:
    """Return a rigid motion, shape (4, 4): rotation about x, then y, then z, then a shift."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    matrix[:3, :3] = (
        np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
        @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        @ np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    )
    matrix[:3, 3] = shift_mm
    return matrix


def around(
    centre: NDArray, radius: float, affine: NDArray[np.float64], shape: Shape
) -> tuple[tuple[slice, ...], list[NDArray[np.float64]]]:
    """Return the box of voxels around a point, and the open grid of its world coordinates."""
    low = np.clip(np.floor((centre - radius - affine[:3, 3]) / np.diag(affine)[:3]).astype(int), 0, shape)
    high = np.clip(np.ceil((centre + radius - affine[:3, 3]) / np.diag(affine)[:3]).astype(int) + 1, 0, shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    axes = [affine[a, a] * np.arange(low[a], high[a]) + affine[a, 3] for a in range(3)]
    return box, list(np.meshgrid(*axes, indexing="ij", sparse=True))


def part_of(affine: NDArray[np.float64], box: tuple[slice, ...]) -> NDArray[np.float64]:
    """Return the affine of a box of voxels of a grid."""
    start = np.array([part.start for part in box])
    part = affine.copy()
    part[:3, 3] += affine[:3, :3] @ start
    return part


def resample(data: NDArray, to_source: NDArray, shape: Shape, outside: float) -> NDArray:
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
    """
    return ndimage.affine_transform(
        data, np.diag(to_source)[:3], to_source[:3, 3], output_shape=shape, order=1, cval=outside
    )


def coordinates(world_to_own: NDArray, affine: NDArray, shape: Shape) -> tuple[NDArray, ...]:
    """Return the three coordinates of every voxel in a rotated frame, float32."""
    matrix = (world_to_own @ affine).astype(np.float32)
    i, j, k = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij", sparse=True)
    return tuple(matrix[a, 0] * i + (matrix[a, 1] * j + (matrix[a, 2] * k + matrix[a, 3])) for a in range(3))
