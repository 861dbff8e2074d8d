"""A head laid out on a grid of voxels: what every contrast of a session, and its truth, are made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.anatomy import FLUID_MM, Canvas, face_region, paint_tissues
from mriprivacy.data_prep.synthetic.head.brain import brain_distance, fit_brain
from mriprivacy.data_prep.synthetic.head.brain_shares import BRAIN_RIM_MM, BrainShares, brain_shares
from mriprivacy.data_prep.synthetic.head.inside import Inside
from mriprivacy.data_prep.synthetic.head.landmarks import Landmarks, closed_head, find_landmarks
from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh
from mriprivacy.data_prep.synthetic.head.tissues import BRAIN, LABEL
from mriprivacy.data_prep.synthetic.head.voxels import (
    Shape,
    around,
    grid,
    nearest,
    part_of,
    resample,
    voxelize,
)

# Tissues are laid out on a grid of this spacing, the skin and the brain on that of the scan.
TISSUE_SPACING_MM = 1.5


@dataclass(frozen=True)
class HeadVolume:
    """A head on a grid.

    Attributes
    ----------
    affine : ndarray, shape (4, 4)
        Voxel to world, mm; diagonal and positive.
    coverage : ndarray, shape (i, j, k)
        How much of each voxel is head, 0 to 1.
    tissues : ndarray, shape (l, m, n)
        Labels of everything but the brain, on a box of the tissue grid; skin goes on outside of the head.
    face : ndarray of bool, shape (l, m, n)
        The face, on the same box.
    tissue_affine : ndarray, shape (4, 4)
        Voxel to world of that box.
    brain : BrainShares
        Grey and white matter on the grid.
    """

    affine: NDArray[np.float64]
    coverage: NDArray[np.float32]
    tissues: NDArray[np.uint8]
    face: NDArray[np.bool_]
    tissue_affine: NDArray[np.float64]
    brain: BrainShares

    @property
    def shape(self) -> Shape:
        """Number of voxels along each axis."""
        i, j, k = self.coverage.shape
        return i, j, k

    @property
    def _to_tissues(self) -> NDArray[np.float64]:
        return exact.turned(exact.inverse(self.tissue_affine), self.affine)

    def signal(self, of_label: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the signal of every voxel, partial volume included, from the signal of every label."""
        soft = ndimage.gaussian_filter(of_label[self.tissues], 0.5, truncate=2.5)
        signal = resample(soft, self._to_tissues, self.shape, float(of_label[LABEL["skin"]]))
        brain, fluid = self.brain, of_label[LABEL["csf"]]
        mixed = brain.grey * (of_label[LABEL["grey"]] - fluid)
        mixed += brain.white * (of_label[LABEL["white"]] - fluid)
        mixed += fluid
        inner = signal[brain.box]
        mixed -= inner
        mixed *= np.clip(
            (BRAIN_RIM_MM - brain.distance) / 2, 0, 1
        )  # all half a millimetre inside, none at the rim
        inner += mixed
        signal *= self.coverage
        return signal

    def labels(self) -> NDArray[np.uint8]:
        """Return the tissue most of every voxel is."""
        labels = nearest(self.tissues, self._to_tissues, self.shape)
        labels[self.coverage < 0.5] = LABEL["air"]
        brain, inner = self.brain, labels[self.brain.box]
        fluid = 1 - brain.grey - brain.white
        most = np.where(brain.grey >= brain.white, LABEL["grey"], LABEL["white"]).astype(np.uint8)
        most[fluid > np.maximum(brain.grey, brain.white)] = LABEL["csf"]
        np.copyto(inner, most, where=brain.distance < 0)
        return labels

    def face_mask(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return 1 in the voxels of the face, which a defacer should change: near the skin, never brain."""
        face = nearest(self.face, self._to_tissues, self.shape)
        face &= self.coverage >= 0.5
        face &= labels < min(BRAIN)
        return face.view(np.uint8)


def lay_out(
    mesh: HeadMesh, motion: NDArray[np.float64], affine: NDArray[np.float64], shape: Shape, inside: Inside
) -> HeadVolume:
    """Lay a head out on a grid.

    Parameters
    ----------
    mesh : HeadMesh
        The head in its own frame, subdivided once.
    motion : ndarray, shape (4, 4)
        That frame to world: how the head lies.
    affine : ndarray, shape (4, 4)
        Voxel to world of the grid; diagonal and positive.
    shape : tuple of int
        The grid, over the whole field of view.
    inside : Inside
        The person's brain, skull and scalp.
    """
    marks = find_landmarks(mesh)
    coverage = _coverage(mesh, motion, marks, affine, shape)
    whole_affine, whole_shape = grid((TISSUE_SPACING_MM,) * 3)
    at_tissue = resample(coverage, exact.turned(exact.inverse(affine), whole_affine), whole_shape, 0.0)
    box = _box(at_tissue > 0)
    tissue_affine = part_of(whole_affine, box)
    depth = _depth(at_tissue[box] > 0.5)
    eyes = (marks.right_eye + marks.left_eye) / 2
    deep_mm = inside.scalp_mm + inside.skull_mm + FLUID_MM
    brain_to_world = fit_brain(depth, tissue_affine, motion, eyes, deep_mm)
    canvas = Canvas(np.empty(depth.shape, np.uint8), depth, tissue_affine, motion)
    distance = brain_distance(brain_to_world, tissue_affine, canvas.shape)
    paint_tissues(canvas, mesh, marks, distance, inside.scalp_mm, inside.skull_mm)
    brain = brain_shares(inside, brain_to_world, affine, shape)
    return HeadVolume(affine, coverage, canvas.labels, face_region(canvas, marks), tissue_affine, brain)


def _box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the box of a mask and two voxels around it."""
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
    vertices = exact.moved(mesh.vertices, motion)
    fine = voxelize(*closed_head(vertices), half, (2 * shape[0], 2 * shape[1], 2 * shape[2]))
    for name in ("right_eye", "left_eye"):
        points = vertices[mesh.points(name)]
        box, _ = around(points.mean(axis=0), 1.2 * float(np.ptp(points, axis=0).max()), half, fine.shape)
        part = fine[box]
        i, j, k = part.shape
        part |= voxelize(vertices, mesh.triangles(name), part_of(half, box), (i, j, k))
    columns = fine[0::2, 0::2] + fine[0::2, 1::2] + fine[1::2, 0::2] + fine[1::2, 1::2]
    pairs = columns.view(np.uint16)  # neighbours along the last axis, one in each byte
    share = ((pairs & 255) + (pairs >> 8)).astype(np.float32)
    share /= 8
    for eye in (marks.right_eye, marks.left_eye):
        centre = exact.moved(eye, motion)
        box, offset = around(centre, marks.eye_radius + 8, affine, shape)
        reach = np.sqrt(sum((axis - c) ** 2 for axis, c in zip(offset, centre, strict=True)))
        socket = (reach < marks.eye_radius + 4) & (offset[1] < centre[1] + 0.45 * marks.eye_radius)
        near = share[box]
        near[socket] = 1.0
        # Behind closed lids there is no air.
        solid = near > 0.5
        near[ndimage.binary_fill_holes(solid) & ~solid] = 1.0
    return share


def _depth(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance under the skin, mm, negative outside.

    What the field of view cuts is no skin: beyond its border the head goes on.
    """
    half = ndimage.binary_fill_holes(inside[::2, ::2, ::2])  # the throat of the mesh is no skin either
    step = 2 * TISSUE_SPACING_MM
    within = ndimage.distance_transform_edt(half, sampling=step)
    beyond = ndimage.distance_transform_edt(~half, sampling=step)
    signed = np.where(half, within - step / 2, step / 2 - beyond).astype(np.float32)
    i, j, k = inside.shape
    # Every second voxel; the last one may lie half a step beyond them.
    signed = np.pad(signed, [(0, 1 - n % 2) for n in (i, j, k)], mode="edge")
    return resample(signed, np.diag([0.5, 0.5, 0.5, 1.0]), (i, j, k), -20.0)
