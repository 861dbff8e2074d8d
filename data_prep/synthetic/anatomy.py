"""The tissues of a synthetic head, hung on its landmarks and on the brain fitted into it.

Sinuses, airways, jaws and spine are ellipsoids, tubes and shells: plausible to the eye and to a registration,
not anatomy to learn from.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_prep.synthetic.brain import brain_template, sample
from data_prep.synthetic.head_mesh import HeadMesh
from data_prep.synthetic.landmarks import Landmarks, capped, mouth_lining
from data_prep.synthetic.voxels import Shape, around, coordinates, part_of, voxelize

# Signal of a T2-weighted turbo spin echo (TE about 90 ms), arbitrary units; fat is bright in a turbo echo.
SIGNAL = {
    "air": 0.0,
    "bone": 35.0,
    "tooth": 15.0,
    "marrow": 330.0,
    "skin": 300.0,
    "fat": 520.0,
    "muscle": 190.0,
    "tongue": 240.0,
    "mucosa": 640.0,
    "cartilage": 260.0,
    "fluid": 950.0,
    "lens": 150.0,
    "grey": 520.0,
    "white": 390.0,
}


@dataclass(frozen=True)
class Canvas:
    """A box of voxels to paint tissues on, in place.

    Attributes
    ----------
    signal : ndarray, shape (i, j, k)
        What is painted.
    depth : ndarray, shape (i, j, k)
        Distance under the skin, mm, negative outside.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm.
    motion : ndarray, shape (4, 4)
        The head's own frame, where the landmarks are, to world.
    """

    signal: NDArray[np.float32]
    depth: NDArray[np.float32]
    affine: NDArray[np.float64]
    motion: NDArray[np.float64]

    @property
    def shape(self) -> Shape:
        """Number of voxels along each axis."""
        i, j, k = self.signal.shape
        return i, j, k

    def own(self) -> tuple[NDArray, ...]:
        """Return the coordinates of every voxel in the head's own frame."""
        return coordinates(np.linalg.inv(self.motion), self.affine, self.shape)

    def part(self, box: tuple[slice, ...]) -> "Canvas":
        """Return a part, which shares its voxels with the whole."""
        return Canvas(self.signal[box], self.depth[box], part_of(self.affine, box), self.motion)

    def near(self, own_point: NDArray, radius: float) -> "Canvas":
        """Return the part around a point of the head's own frame."""
        centre = self.motion[:3, :3] @ np.asarray(own_point) + self.motion[:3, 3]
        return self.part(around(centre, radius, self.affine, self.shape)[0])

    def below(self, own_z: float) -> "Canvas":
        """Return the part below a height of the head's own frame (a little more, for tilted heads)."""
        top = (self.motion[2, 3] + own_z + 15 - self.affine[2, 3]) / self.affine[2, 2]
        stop = int(np.clip(np.ceil(top), 1, self.shape[2]))
        return self.part((slice(0, self.shape[0]), slice(0, self.shape[1]), slice(0, stop)))


def gyroid(x: NDArray, y: NDArray, z: NDArray, period_mm: float) -> NDArray:
    """Return a smooth field whose zero sheets wind through space; looks grown rather than built."""
    a, b, c = (2 * np.pi / period_mm * axis for axis in (x, y, z))
    return np.sin(a) * np.cos(b) + np.sin(b) * np.cos(c) + np.sin(c) * np.cos(a)


def paint_tissues(
    canvas: Canvas, mesh: HeadMesh, marks: Landmarks, brain_to_world: NDArray[np.float64], fat_mm: float
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
    brain_to_world : ndarray, shape (4, 4)
        Where the brain lies, see `fit_brain`.
    fat_mm : float
        Thickness of the fat under the scalp, mm.
    """
    template = brain_template()
    to_template = np.linalg.inv(brain_to_world @ template.affine) @ canvas.affine
    scale = float(np.cbrt(np.linalg.det(brain_to_world[:3, :3])))
    beyond_brain = scale * sample(template.distance, to_template, canvas.shape, 60.0)

    canvas.signal[...] = SIGNAL["skin"]
    canvas.signal[canvas.depth > 1.8] = SIGNAL["fat"]
    canvas.signal[canvas.depth > 1.8 + 0.8 * fat_mm] = SIGNAL["muscle"]
    face = canvas.below(marks.right_eye[2] + 42)
    _paint_soft_face(face, marks, fat_mm)
    _paint_jaws(face, marks)
    _paint_airways(face, marks)
    _paint_mouth(canvas, mesh, marks)
    _paint_skull(canvas, beyond_brain)
    _paint_spine(canvas.below(marks.mouth_centre[2] + 30), marks)
    canvas.signal[(beyond_brain <= 1.9) & (canvas.depth > 3.5)] = SIGNAL["fluid"]
    _paint_eyes(canvas, marks)


def _paint_soft_face(canvas: Canvas, marks: Landmarks, fat_mm: float) -> None:
    """Paint cheeks and neck, which carry more fat than the scalp, and the fat between muscles."""
    x, y, z = canvas.own()
    sheets = gyroid(x, y, 0.6 * z, 46)
    lower = np.clip((marks.right_eye[2] + 20 - z) / 45, 0, 1)
    canvas.signal[
        (canvas.depth > 1.8) & (canvas.depth < 1.8 + fat_mm * (0.8 + lower * (1.1 + 0.4 * sheets)))
    ] = SIGNAL["fat"]
    between = (canvas.depth > 6) & (np.abs(sheets) < 0.13)
    canvas.signal[between] = 0.55 * SIGNAL["fat"] + 0.45 * SIGNAL["muscle"]


def _paint_jaws(canvas: Canvas, marks: Landmarks) -> None:
    """Paint the jaws: a shell under the skin of the lower face, marrow between two tables of bone."""
    _, y, z = canvas.own()
    eye, mouth_z = marks.right_eye, marks.mouth_centre[2]
    thickness = np.where(z > mouth_z + 4, np.float32(9), np.float32(8))
    under = canvas.depth - thickness
    jaw = (under > 0) & (under < 11) & (y > eye[1] - 72) & (y < marks.chin[1] + 4) & (z < eye[2] - 22)
    jaw &= z > marks.chin[2] - 11 + np.clip((marks.chin[1] - y) * 0.42, 0, 60)
    canvas.signal[jaw] = SIGNAL["bone"]
    canvas.signal[jaw & (under > 2.2) & (under < 8.5)] = SIGNAL["marrow"]


def _paint_airways(canvas: Canvas, marks: Landmarks) -> None:
    """Paint the throat down to the lowest slice, the nose with its conchae, and the sinuses."""
    x, y, z = canvas.own()
    side = np.abs(x)
    eye = (marks.right_eye + marks.left_eye) / 2
    pharynx = np.hypot(x / 1.25, y - (marks.mouth_back - 6 + 0.1 * (marks.mouth_centre[2] - z)))
    tube = z < eye[2] - 24
    canvas.signal[tube & (pharynx < 8)] = SIGNAL["mucosa"]
    canvas.signal[tube & (pharynx < 5.5)] = SIGNAL["air"]

    nose_y, nose_z = marks.nose_tip[1], marks.nose_tip[2]
    cavity = (y < nose_y - 15) & (y > marks.mouth_back - 6) & (z > marks.mouth_top + 5) & (side < 15)
    cavity &= (z < nose_z + 20 + 0.35 * np.clip(nose_y - y - 15, 0, 35)) & (canvas.depth > 4)
    canvas.signal[cavity] = SIGNAL["bone"]
    canvas.signal[cavity & (side < 13.5)] = SIGNAL["mucosa"]
    conchae = np.sin((z - nose_z) * 0.62 + 0.35 * side + 0.03 * y)
    canvas.signal[cavity & (side > 1.6) & (side < 12) & (conchae > -0.1)] = SIGNAL["air"]
    cells = gyroid(x, y, z, 15)
    ethmoid = (side < 11) & (y < eye[1] + 6) & (y > eye[1] - 34) & (np.abs(z - eye[2] + 2) < 12)
    ethmoid &= canvas.depth > 7
    canvas.signal[ethmoid] = np.where(np.abs(cells[ethmoid]) > 0.3, SIGNAL["air"], SIGNAL["mucosa"])

    for sign in (-1, 1):
        for centre, radii in (
            ((sign * 27, eye[1] - 9, eye[2] - 31), (12, 15, 14)),  # maxillary
            ((sign * 9, eye[1] + 14, eye[2] + 27), (8, 4.5, 9)),  # frontal
            ((sign * 6, eye[1] - 46, eye[2] - 6), (7, 10, 8)),  # sphenoid
        ):
            _paint_sinus(canvas.near(np.array(centre), 24.0), centre, radii)


def _paint_sinus(
    canvas: Canvas, centre: tuple[float, float, float], radii: tuple[float, float, float]
) -> None:
    x, y, z = canvas.own()
    ball = np.sqrt(sum(((axis - c) / r) ** 2 for axis, c, r in zip((x, y, z), centre, radii, strict=True)))
    ball = ball + 0.13 * gyroid(x + centre[0], y, z, 33)
    canvas.signal[(ball < 1.12) & (canvas.depth > 5.5)] = SIGNAL["bone"]
    canvas.signal[(ball < 1.03) & (canvas.depth > 6.5)] = SIGNAL["mucosa"]
    canvas.signal[(ball < 0.94) & (canvas.depth > 7)] = SIGNAL["air"]


def _paint_mouth(canvas: Canvas, mesh: HeadMesh, marks: Landmarks) -> None:
    """Fill the hollow mouth of the mesh with tongue, palate, teeth and a little air."""
    canvas = canvas.near(marks.mouth_centre, 75.0)
    vertices = mesh.vertices @ canvas.motion[:3, :3].T + canvas.motion[:3, 3]
    lining, _, rim = mouth_lining(1)
    mouth = voxelize(*capped(vertices, lining, rim), canvas.affine, canvas.shape) > 0
    _, y, z = canvas.own()
    height = marks.mouth_top - z
    arch = height - 0.006 * (y - marks.mouth_centre[1]) ** 2
    canvas.signal[mouth] = SIGNAL["tongue"]
    canvas.signal[mouth & (arch < 13)] = SIGNAL["air"]
    canvas.signal[mouth & (arch < 10.5)] = SIGNAL["mucosa"]
    canvas.signal[mouth & (arch < 8.5)] = SIGNAL["bone"]
    canvas.signal[mouth & (y > mesh.vertices[mesh.points("upper_teeth"), 1].max() - 2)] = SIGNAL["mucosa"]
    for teeth in ("upper_teeth", "lower_teeth"):
        solid = voxelize(vertices, mesh.triangles(teeth), canvas.affine, canvas.shape) > 0
        canvas.signal[solid & mouth] = SIGNAL["tooth"]


def _paint_skull(canvas: Canvas, beyond_brain: NDArray) -> None:
    """Paint two tables of bone and marrow around the fluid that surrounds the brain; base and vault alike."""
    x, y, z = canvas.own()
    uneven = gyroid(x, y, z, 60)
    skull = (beyond_brain > 1.5) & (beyond_brain < 8.5 + uneven) & (canvas.depth > 3.5)
    canvas.signal[skull] = SIGNAL["bone"]
    marrow = skull & (beyond_brain > 3.6) & (beyond_brain < 6.4 + uneven) & (canvas.depth > 5)
    canvas.signal[marrow] = SIGNAL["marrow"]


def _paint_spine(canvas: Canvas, marks: Landmarks) -> None:
    """Paint vertebral bodies with discs, the canal with fluid and cord, and the great vessels beside them."""
    x, y, z = canvas.own()
    mouth_z = marks.mouth_centre[2]
    spine_y = marks.mouth_back - 24 + 0.12 * (mouth_z - z)
    neck = z < mouth_z + 26
    reach = np.hypot(x, y - spine_y)
    canvas.signal[neck & (reach < 12)] = SIGNAL["bone"]
    canvas.signal[neck & (reach < 10.5)] = SIGNAL["marrow"]
    disc = np.abs(np.sin((z - mouth_z) * np.pi / 19)) < 0.16
    canvas.signal[neck & (reach < 11) & disc] = 0.5 * SIGNAL["marrow"]
    canal = np.hypot(x, y - spine_y + 20)
    canvas.signal[neck & (canal < 11)] = SIGNAL["bone"]
    canvas.signal[neck & (canal < 8.5)] = SIGNAL["fluid"]
    canvas.signal[neck & (canal < 5)] = SIGNAL["white"]
    for from_middle, radius in ((23.0, 3.2), (29.0, 4.5)):  # moving blood gives no signal
        vessel = np.hypot(np.abs(x) - from_middle, y - spine_y - 12)
        canvas.signal[neck & (vessel < radius) & (canvas.depth > 8)] = SIGNAL["air"]


def _paint_eyes(canvas: Canvas, marks: Landmarks) -> None:
    """Paint orbits of fat with eyeballs, lenses and the optic nerves."""
    radius = marks.eye_radius
    for eye in (marks.right_eye, marks.left_eye):
        near = canvas.near(eye - [0, 10, 0], 32.0)
        x, y, z = near.own()
        dx, dy, dz = x - eye[0], y - eye[1], z - eye[2]
        reach = np.sqrt(dx**2 + dy**2 + dz**2)
        inwards = -np.sign(eye[0]) * np.clip(-dy, 0, 40) * 0.35
        from_axis = np.hypot(dx - inwards, dz)
        cone = (dy < 2) & (dy > -36) & (from_axis < (radius + 4) * (1 + dy / 46))
        near.signal[cone] = SIGNAL["fat"]
        near.signal[cone & (from_axis < 2.4)] = SIGNAL["white"]
        near.signal[reach < radius] = SIGNAL["muscle"]
        near.signal[reach < radius - 1.5] = SIGNAL["fluid"]
        lens = np.sqrt((dx / 4.5) ** 2 + ((dy - 0.6 * radius) / 2.2) ** 2 + (dz / 4.5) ** 2) < 1
        near.signal[lens] = SIGNAL["lens"]


def paint_brain(
    signal: NDArray[np.float32], brain_to_world: NDArray[np.float64], affine: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Put the brain into `signal`, in place; return where it is."""
    template = brain_template()
    template_to_world = brain_to_world @ template.affine
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in template.grey.shape], indexing="ij")).reshape(3, -1)
    world = template_to_world[:3, :3] @ corners + template_to_world[:3, 3:]
    voxels = (world - affine[:3, 3:]) / np.diag(affine)[:3, None]
    low = np.clip(np.floor(voxels.min(axis=1)).astype(int), 0, signal.shape)
    high = np.clip(np.ceil(voxels.max(axis=1)).astype(int) + 1, 0, signal.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    to_template = np.linalg.inv(template_to_world) @ part_of(affine, box)
    inner = signal[box]
    shape = (inner.shape[0], inner.shape[1], inner.shape[2])
    grey = sample(template.grey, to_template, shape, 0.0)
    white = sample(template.white, to_template, shape, 0.0)
    distance = sample(template.distance, to_template, shape, 60.0)
    # The average of 152 brains is blurred; a steeper share brings cortex and sulci back.
    white = np.clip((white - 0.5) * 1.6 + 0.5, 0, 1)
    grey = np.minimum(np.clip((grey - 0.4) * 1.8 + 0.4, 0, 1), 1 - white)
    mixed = grey * SIGNAL["grey"] + white * SIGNAL["white"] + (1 - grey - white) * SIGNAL["fluid"]
    share = np.clip(0.75 - 0.5 * distance, 0, 1)  # one inside, nothing 1.5 mm beyond the surface
    inner[...] = share * mixed + (1 - share) * inner
    brain = np.zeros(signal.shape, np.uint8)
    brain[box] = distance < 0
    return brain
