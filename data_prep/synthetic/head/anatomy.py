"""The tissues of a synthetic head, hung on its landmarks and on the brain fitted into it.

Sinuses, airways, jaws and spine are ellipsoids, tubes and shells: plausible to the eye and to a registration,
not anatomy to study.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.landmarks import Landmarks, capped, mouth_lining
from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh
from mriprivacy.data_prep.synthetic.head.tissues import LABEL
from mriprivacy.data_prep.synthetic.head.voxels import Shape, box_of, coordinates, part_of, voxelize

# Fluid between the surface of the template's brain and the bone, mm.
FLUID_MM = 1.5


@dataclass(frozen=True)
class Canvas:
    """A box of voxels to paint tissues on, in place.

    Attributes
    ----------
    labels : ndarray, shape (i, j, k)
        What is painted: labels of `data_prep.synthetic.head.tissues`.
    depth : ndarray, shape (i, j, k)
        Distance under the skin, mm, negative outside.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm.
    motion : ndarray, shape (4, 4)
        The head's own frame, where the landmarks are, to world.
    """

    labels: NDArray[np.uint8]
    depth: NDArray[np.float32]
    affine: NDArray[np.float64]
    motion: NDArray[np.float64]

    @property
    def shape(self) -> Shape:
        """Number of voxels along each axis."""
        i, j, k = self.labels.shape
        return i, j, k

    def own(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the coordinates of every voxel in the head's own frame."""
        return coordinates(exact.inverse(self.motion), self.affine, self.shape)

    def upright(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the open grid of coordinates in the head's own frame were it not turned: for texture."""
        start, step = (self.affine[:3, 3] - self.motion[:3, 3]), np.diag(self.affine)
        axes = [np.asarray(start[a] + step[a] * np.arange(self.shape[a]), np.float32) for a in range(3)]
        x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
        return x, y, z

    def part(self, box: tuple[slice, ...]) -> "Canvas":
        """Return a part, which shares its voxels with the whole."""
        return Canvas(self.labels[box], self.depth[box], part_of(self.affine, box), self.motion)

    def within(self, low: tuple[float, ...], high: tuple[float, ...]) -> "Canvas":
        """Return the part that holds a box of the head's own frame, from one corner to the other."""
        corners = np.array(np.meshgrid(*zip(low, high, strict=True), indexing="ij")).reshape(3, -1)
        world = exact.moved(corners.T, self.motion)
        return self.part(box_of(world, self.affine, self.shape))

    def near(self, own_point: NDArray[Any], radius: float) -> "Canvas":
        """Return the part around a point of the head's own frame."""
        return self.within(tuple(np.asarray(own_point) - radius), tuple(np.asarray(own_point) + radius))


def gyroid(x: NDArray[Any], y: NDArray[Any], z: NDArray[Any], period_mm: float) -> NDArray[Any]:
    """Return a smooth field whose zero sheets wind through space; looks grown rather than built."""
    a, b, c = (np.float32(2 * np.pi / period_mm) * axis for axis in (x, y, z))
    (sin_a, sin_b, sin_c), (cos_a, cos_b, cos_c) = (
        [np.asarray(of(axis), np.float32) for axis in (a, b, c)] for of in (exact.sin, exact.cos)
    )
    result: NDArray[Any] = sin_a * cos_b + sin_b * cos_c + sin_c * cos_a
    return result


def paint_tissues(
    canvas: Canvas,
    mesh: HeadMesh,
    marks: Landmarks,
    beyond_brain: NDArray[np.float32],
    scalp_mm: float,
    skull_mm: float,
) -> None:
    """Paint everything but the brain itself, outermost first; outside the head goes on as skin.

    Parameters
    ----------
    canvas : Canvas
        Painted in place.
    mesh : HeadMesh
        The head in its own frame.
    marks : Landmarks
        Of that head.
    beyond_brain : ndarray, shape (i, j, k)
        Distance from the surface of the template's brain, mm (`brain_distance`).
    scalp_mm, skull_mm : float
        Thickness, from skin to bone and of the bone.
    """
    fat_mm = scalp_mm - 1
    canvas.labels[...] = LABEL["skin"]
    canvas.labels[canvas.depth > 1.8] = LABEL["fat"]
    canvas.labels[canvas.depth > 1.8 + 0.8 * fat_mm] = LABEL["muscle"]
    _paint_soft_face(canvas.within((-300, -300, -300), (300, 300, marks.right_eye[2] + 42)), marks, fat_mm)
    _paint_jaws(canvas, marks)
    _paint_airways(canvas, marks)
    _paint_mouth(canvas, mesh, marks)
    _paint_skull(canvas, beyond_brain, skull_mm)
    _paint_spine(canvas, marks)
    canvas.labels[(beyond_brain <= 1.9) & (canvas.depth > 3.5)] = LABEL["fluid"]
    _paint_eyes(canvas, marks)


def face_region(canvas: Canvas, marks: Landmarks) -> NDArray[np.bool_]:
    """Return where the face is: within 10 mm of the skin, before the ears, from the hairline to the chin."""
    x, y, z = canvas.own()
    eye, chin = marks.right_eye, marks.chin
    region = (canvas.depth < 10) & (y > eye[1] - 45) & (np.abs(x) < 95)
    region &= (z < eye[2] + 55) & (z > chin[2] - 24)
    return np.asarray(region)


def _paint_soft_face(canvas: Canvas, marks: Landmarks, fat_mm: float) -> None:
    """Paint cheeks and neck, which carry more fat than the scalp, and the fat between muscles."""
    x, y, upright_z = canvas.upright()
    sheets = gyroid(x, y, 0.6 * upright_z, 46)
    _, _, z = canvas.own()
    lower = np.clip((marks.right_eye[2] + 20 - z) / 45, 0, 1)
    canvas.labels[
        (canvas.depth > 1.8) & (canvas.depth < 1.8 + fat_mm * (0.8 + lower * (1.1 + 0.4 * sheets)))
    ] = LABEL["fat"]
    between = (canvas.depth > 6) & (np.abs(sheets) < 0.13)
    canvas.labels[between] = LABEL["fascia"]


def _paint_jaws(canvas: Canvas, marks: Landmarks) -> None:
    """Paint the jaws: a shell under the skin of the lower face, marrow between two tables of bone."""
    eye, mouth_z = marks.right_eye, marks.mouth_centre[2]
    canvas = canvas.within((-100, eye[1] - 72, marks.chin[2] - 11), (100, marks.chin[1] + 4, eye[2] - 22))
    _, y, z = canvas.own()
    thickness = np.where(z > mouth_z + 4, np.float32(9), np.float32(8))
    under = canvas.depth - thickness
    jaw = (under > 0) & (under < 11) & (y > eye[1] - 72) & (y < marks.chin[1] + 4) & (z < eye[2] - 22)
    jaw &= z > marks.chin[2] - 11 + np.clip((marks.chin[1] - y) * 0.42, 0, 60)
    canvas.labels[jaw] = LABEL["bone"]
    canvas.labels[jaw & (under > 2.2) & (under < 8.5)] = LABEL["marrow"]


def _paint_airways(canvas: Canvas, marks: Landmarks) -> None:
    """Paint the throat down to the lowest slice, the nose with its conchae, and the sinuses."""
    eye = (marks.right_eye + marks.left_eye) / 2
    whole = canvas
    canvas = canvas.within((-16, marks.mouth_back - 20, -300), (16, marks.nose_tip[1], eye[2] + 14))
    x, y, z = canvas.own()
    side = np.abs(x)
    pharynx = exact.hypot(x / 1.25, y - (marks.mouth_back - 6 + 0.1 * (marks.mouth_centre[2] - z)))
    tube = z < eye[2] - 24
    canvas.labels[tube & (pharynx < 8)] = LABEL["mucosa"]
    canvas.labels[tube & (pharynx < 5.5)] = LABEL["air"]

    nose_y, nose_z = marks.nose_tip[1], marks.nose_tip[2]
    cavity = (y < nose_y - 15) & (y > marks.mouth_back - 6) & (z > marks.mouth_top + 5) & (side < 15)
    cavity &= (z < nose_z + 20 + 0.35 * np.clip(nose_y - y - 15, 0, 35)) & (canvas.depth > 4)
    canvas.labels[cavity] = LABEL["bone"]
    canvas.labels[cavity & (side < 13.5)] = LABEL["mucosa"]
    conchae = exact.sin((z - nose_z) * 0.62 + 0.35 * side + 0.03 * y)
    canvas.labels[cavity & (side > 1.6) & (side < 12) & (conchae > -0.1)] = LABEL["air"]
    cells = gyroid(x, y, z, 15)
    ethmoid = (side < 11) & (y < eye[1] + 6) & (y > eye[1] - 34) & (np.abs(z - eye[2] + 2) < 12)
    ethmoid &= canvas.depth > 7
    canvas.labels[ethmoid] = np.where(np.abs(cells[ethmoid]) > 0.3, LABEL["air"], LABEL["mucosa"])

    for sign in (-1, 1):
        for centre, radii in (
            ((sign * 27, eye[1] - 9, eye[2] - 31), (12, 15, 14)),  # maxillary
            ((sign * 9, eye[1] + 14, eye[2] + 27), (8, 4.5, 9)),  # frontal
            ((sign * 6, eye[1] - 46, eye[2] - 6), (7, 10, 8)),  # sphenoid
        ):
            _paint_sinus(whole.near(np.array(centre), 20.0), centre, radii)


def _paint_sinus(
    canvas: Canvas, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> None:
    x, y, z = canvas.own()
    ball = np.sqrt(sum(((axis - c) / r) ** 2 for axis, c, r in zip((x, y, z), centre, radii, strict=True)))
    ball = ball + 0.13 * gyroid(x + centre[0], y, z, 33)
    canvas.labels[(ball < 1.12) & (canvas.depth > 5.5)] = LABEL["bone"]
    canvas.labels[(ball < 1.03) & (canvas.depth > 6.5)] = LABEL["mucosa"]
    canvas.labels[(ball < 0.94) & (canvas.depth > 7)] = LABEL["air"]


def _paint_mouth(canvas: Canvas, mesh: HeadMesh, marks: Landmarks) -> None:
    """Fill the hollow mouth of the mesh with tongue, palate, teeth and a little air."""
    canvas = canvas.near(marks.mouth_centre, 75.0)
    vertices = exact.moved(mesh.vertices, canvas.motion)
    lining, _, rim = mouth_lining(1)
    mouth = voxelize(*capped(vertices, lining, rim), canvas.affine, canvas.shape) > 0
    _, y, z = canvas.own()
    height = marks.mouth_top - z
    arch = height - 0.006 * (y - marks.mouth_centre[1]) ** 2
    canvas.labels[mouth] = LABEL["tongue"]
    canvas.labels[mouth & (arch < 13)] = LABEL["air"]
    canvas.labels[mouth & (arch < 10.5)] = LABEL["mucosa"]
    canvas.labels[mouth & (arch < 8.5)] = LABEL["bone"]
    canvas.labels[mouth & (y > mesh.vertices[mesh.points("upper_teeth"), 1].max() - 2)] = LABEL["mucosa"]
    for teeth in ("upper_teeth", "lower_teeth"):
        solid = voxelize(vertices, mesh.triangles(teeth), canvas.affine, canvas.shape) > 0
        canvas.labels[solid & mouth] = LABEL["tooth"]


def _paint_skull(canvas: Canvas, beyond_brain: NDArray[Any], thickness: float) -> None:
    """Paint two tables of bone and marrow around the fluid that surrounds the brain; base and vault alike."""
    uneven = gyroid(*canvas.upright(), 60)
    outer = FLUID_MM + thickness + uneven
    skull = (beyond_brain > FLUID_MM) & (beyond_brain < outer) & (canvas.depth > 3.5)
    canvas.labels[skull] = LABEL["bone"]
    marrow = skull & (beyond_brain > 3.6) & (beyond_brain < outer - 2.1) & (canvas.depth > 5)
    canvas.labels[marrow] = LABEL["marrow"]


def _paint_spine(canvas: Canvas, marks: Landmarks) -> None:
    """Paint vertebral bodies with discs, the canal with fluid and cord, and the great vessels beside them."""
    mouth_z = marks.mouth_centre[2]
    canvas = canvas.within((-34, marks.mouth_back - 60, -300), (34, marks.mouth_back + 16, mouth_z + 26))
    x, y, z = canvas.own()
    spine_y = marks.mouth_back - 24 + 0.12 * (mouth_z - z)
    neck = z < mouth_z + 26
    reach = exact.hypot(x, y - spine_y)
    canvas.labels[neck & (reach < 12)] = LABEL["bone"]
    canvas.labels[neck & (reach < 10.5)] = LABEL["marrow"]
    disc = np.abs(exact.sin((z - mouth_z) * np.pi / 19)) < 0.16
    canvas.labels[neck & (reach < 11) & disc] = LABEL["disc"]
    canal = exact.hypot(x, y - spine_y + 20)
    canvas.labels[neck & (canal < 11)] = LABEL["bone"]
    canvas.labels[neck & (canal < 8.5)] = LABEL["fluid"]
    canvas.labels[neck & (canal < 5)] = LABEL["nerve"]
    for from_middle, radius in ((23.0, 3.2), (29.0, 4.5)):  # moving blood gives no signal
        vessel = exact.hypot(np.abs(x) - from_middle, y - spine_y - 12)
        canvas.labels[neck & (vessel < radius) & (canvas.depth > 8)] = LABEL["vessel"]


def _paint_eyes(canvas: Canvas, marks: Landmarks) -> None:
    """Paint orbits of fat with eyeballs, lenses and the optic nerves."""
    radius = marks.eye_radius
    for eye in (marks.right_eye, marks.left_eye):
        near = canvas.near(eye - [0, 10, 0], 32.0)
        x, y, z = near.own()
        dx, dy, dz = x - eye[0], y - eye[1], z - eye[2]
        reach = np.sqrt(dx**2 + dy**2 + dz**2)
        inwards = -np.sign(eye[0]) * np.clip(-dy, 0, 40) * 0.35
        from_axis = exact.hypot(dx - inwards, dz)
        cone = (dy < 2) & (dy > -36) & (from_axis < (radius + 4) * (1 + dy / 46))
        near.labels[cone] = LABEL["fat"]
        near.labels[cone & (from_axis < 2.4)] = LABEL["nerve"]
        near.labels[reach < radius] = LABEL["sclera"]
        near.labels[reach < radius - 1.5] = LABEL["vitreous"]
        lens = np.sqrt((dx / 4.5) ** 2 + ((dy - 0.6 * radius) / 2.2) ** 2 + (dz / 4.5) ** 2) < 1
        near.labels[lens] = LABEL["lens"]
