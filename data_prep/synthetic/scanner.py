"""From the shape of a head to a scan of it: pose, partial volume, bias field, noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from data_prep.synthetic.anatomy import SIGNAL, Canvas, paint_brain, paint_tissues
from data_prep.synthetic.brain import fit_brain
from data_prep.synthetic.head_mesh import HeadMesh
from data_prep.synthetic.landmarks import Landmarks, capped, find_landmarks, mouth_lining
from data_prep.synthetic.voxels import FIELD_OF_VIEW, Shape, around, grid, part_of, pose, resample, voxelize

# Tissues are laid out on a grid of this spacing, the skin and the brain on that of the scan.
TISSUE_SPACING_MM = 1.5
# Where the operator puts the vertex of the head: this far under the upper end of the field of view, mm.
ABOVE_VERTEX_MM = 12.0


@dataclass(frozen=True)
class HeadScan:
    """A synthetic scan with its truth.

    Attributes
    ----------
    data : ndarray, shape (i, j, k)
        Intensities, int16, zero or more.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm, RAS+.
    brain : ndarray, shape (i, j, k)
        1 where the brain is, uint8.
    """

    data: NDArray[np.int16]
    affine: NDArray[np.float64]
    brain: NDArray[np.uint8]


def scan_head(
    mesh: HeadMesh,
    rng: np.random.Generator,
    spacing_mm: float = 1.5,
    noise: float = 0.05,
    pose_degrees: float = 4.0,
) -> HeadScan:
    """Scan a head.

    Parameters
    ----------
    mesh : HeadMesh
        The head, subdivided once.
    rng : Generator
        Decides pose, fat, bias field, gain and noise.
    spacing_mm : float
        Isotropic voxel size, mm.
    noise : float
        Standard deviation of the noise as a fraction of the grey-matter signal (Rician: Gudbjartsson and
        Patz, Magn. Reson. Med. 34, 1995).
    pose_degrees : float
        Standard deviation of the head's rotation about each axis.

    Returns
    -------
    HeadScan
    """
    motion = _lie_down(mesh, rng, pose_degrees)
    affine, shape = grid(spacing_mm)
    marks = find_landmarks(mesh)
    coverage = _coverage(mesh, motion, marks, affine, shape)
    if spacing_mm == TISSUE_SPACING_MM:
        tissue_affine, at_tissue = affine, coverage
    else:
        tissue_affine, tissue_shape = grid(TISSUE_SPACING_MM)
        at_tissue = resample(coverage, np.linalg.inv(affine) @ tissue_affine, tissue_shape, 0.0)

    box = _box(at_tissue > 0)
    box_affine = part_of(tissue_affine, box)
    depth = _depth(at_tissue[box] > 0.5)
    eyes = motion[:3, :3] @ ((marks.right_eye + marks.left_eye) / 2) + motion[:3, 3]
    brain_to_world = fit_brain(depth, box_affine, eyes)
    canvas = Canvas(np.empty_like(depth), depth, box_affine, motion)
    paint_tissues(canvas, mesh, marks, brain_to_world, fat_mm=float(np.clip(rng.normal(3, 0.8), 1.5, 6)))

    soft = ndimage.gaussian_filter(canvas.signal, 0.45, truncate=3)
    if spacing_mm == TISSUE_SPACING_MM:
        signal = np.zeros(shape, np.float32)
        signal[box] = soft
    else:
        signal = resample(soft, np.linalg.inv(box_affine) @ affine, shape, SIGNAL["skin"])
    brain = paint_brain(signal, brain_to_world, affine)
    signal *= coverage
    return HeadScan(_acquire(signal, rng, noise), affine, brain)


def _lie_down(mesh: HeadMesh, rng: np.random.Generator, pose_degrees: float) -> NDArray[np.float64]:
    """Return the pose in the scanner: a little turned, the vertex and the sides inside the field of view."""
    motion = pose(rng.normal(0, pose_degrees, 3) * [1.0, 0.5, 0.7], np.zeros(3))
    head = mesh.vertices[mesh.points("skin")] @ motion[:3, :3].T
    head = head[head[:, 2] > -60]
    middle = (head.min(axis=0) + head.max(axis=0)) / 2
    low, high = FIELD_OF_VIEW
    motion[:2, 3] = ((low + high) / 2 - middle)[:2]
    motion[2, 3] = high[2] - ABOVE_VERTEX_MM - head[:, 2].max()
    motion[:3, 3] += rng.normal(0, 2.0, 3)
    return motion


def _box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the box of a mask and two voxels around it; down to the lowest slice."""
    box = []
    for axis in range(3):
        found = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        box.append(slice(max(found[0] - 2, 0), min(found[-1] + 3, mask.shape[axis])))
    return tuple(box)


def _coverage(
    mesh: HeadMesh,
    motion: NDArray[np.float64],
    marks: Landmarks,
    affine: NDArray[np.float64],
    shape: Shape,
) -> NDArray[np.float32]:
    """Return how much of each voxel is head, 0 to 1: the mouth filled, the eyes in their sockets."""
    half = affine.copy()
    half[:3, :3] /= 2
    half[:3, 3] -= np.diag(half)[:3] / 2
    vertices = mesh.vertices @ motion[:3, :3].T + motion[:3, 3]
    _, outer, rim = mouth_lining(1)
    solid = voxelize(*capped(vertices, outer, rim), half, (2 * shape[0], 2 * shape[1], 2 * shape[2]))
    for name in ("right_eye", "left_eye"):
        points = vertices[mesh.points(name)]
        box, _ = around(points.mean(axis=0), 1.2 * float(np.ptp(points, axis=0).max()), half, solid.shape)
        part = solid[box]
        i, j, k = part.shape
        part |= voxelize(vertices, mesh.triangles(name), part_of(half, box), (i, j, k))
    coverage = np.zeros(shape, np.uint8)
    for i in (0, 1):
        for j in (0, 1):
            for k in (0, 1):
                coverage += solid[i::2, j::2, k::2]
    share: NDArray[np.float32] = coverage.astype(np.float32) / np.float32(8)
    for eye in (marks.right_eye, marks.left_eye):
        centre = motion[:3, :3] @ eye + motion[:3, 3]
        box, offset = around(centre, marks.eye_radius + 5, affine, shape)
        reach = np.sqrt(sum((axis - c) ** 2 for axis, c in zip(offset, centre, strict=True)))
        socket = (reach < marks.eye_radius + 4) & (offset[1] < centre[1] + 0.45 * marks.eye_radius)
        share[box][socket] = 1.0
    return share


def _depth(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance under the skin, mm, negative outside."""
    # The lowest slice cuts the neck: without more neck below it, the cut would count as skin.
    below = 24
    padded = np.pad(inside, ((0, 0), (0, 0), (below, 0)), mode="edge")[::2, ::2, ::2]
    step = 2 * TISSUE_SPACING_MM
    within = ndimage.distance_transform_edt(padded, sampling=step)
    beyond = ndimage.distance_transform_edt(~padded, sampling=step)
    signed = np.where(padded, within - step / 2, step / 2 - beyond).astype(np.float32)
    half = np.diag([0.5, 0.5, 0.5, 1.0])
    fine = resample(signed, half, (inside.shape[0], inside.shape[1], inside.shape[2] + below), -20.0)
    return np.asarray(fine[:, :, below:], np.float32)


def _acquire(signal: NDArray[np.float32], rng: np.random.Generator, noise: float) -> NDArray[np.int16]:
    """Add what the scanner adds: point spread, coil sensitivity, gain and Rician noise."""
    signal = ndimage.gaussian_filter(signal, 0.4, truncate=3)
    axes = np.meshgrid(
        *(np.linspace(-1, 1, n, dtype=np.float32) for n in signal.shape), indexing="ij", sparse=True
    )
    field = sum(c * axis for c, axis in zip(rng.normal(0, 0.08, 3), axes, strict=True))
    field = field + sum(c * axis**2 for c, axis in zip(rng.normal(0.06, 0.06, 3), axes, strict=True))
    signal *= np.exp(field.astype(np.float32)) * np.float32(rng.uniform(0.85, 1.15))
    sigma = np.float32(noise * SIGNAL["grey"])
    signal += sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    quadrature = sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.rint(np.hypot(signal, quadrature)).astype(np.int16)
