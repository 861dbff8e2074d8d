"""From the shape of a head to a T2-weighted scan of it: tissues, partial volume, bias field, noise."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

from data_prep.brain import brain_template, fit_brain, sample
from data_prep.head_mesh import HeadMesh, base_mesh, data_folder, subdivision

# Field of view, mm: the same for everybody, so that the size of a file says nothing.
FIELD_OF_VIEW = np.array([[-102.0, -126.0, -136.0], [102.0, 132.0, 122.0]])
# Tissues are laid out on a grid of this spacing, the skin and the brain on that of the scan.
TISSUE_SPACING_MM = 1.5

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


def voxelize(
    vertices: NDArray, triangles: NDArray, affine: NDArray[np.float64], shape: tuple[int, int, int]
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


def grid(spacing_mm: float) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Return the affine and the shape of the scan's grid.

    Examples
    --------
    >>> grid(1.5)[1]
    (136, 172, 172)
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


@lru_cache(maxsize=2)
def _mouth(level: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the triangles that line the mouth, and the edges, shape (e, 2), of the opening between the lips."""
    texture = Image.open(data_folder() / "textures" / "mpfb_inside-mouth.jpg").convert("L")
    operator, mesh = subdivision(level)
    u, v = (operator @ base_mesh().uv).T
    columns = np.clip(u * texture.width, 0, texture.width - 1).astype(int)
    rows = np.clip((1 - v) * texture.height, 0, texture.height - 1).astype(int)
    lining = np.asarray(texture)[rows, columns] > 128
    triangles = mesh.triangles("skin")
    triangles = triangles[lining[triangles].all(axis=1)]
    edges = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    return triangles, unique[uses == 1]


@dataclass(frozen=True)
class Landmarks:
    """Where the inside of a head hangs on its outside, mm in the head's own frame (before any pose)."""

    right_eye: NDArray[np.float64]
    left_eye: NDArray[np.float64]
    eye_radius: float
    mouth_top: float
    mouth_back: float
    mouth_centre: NDArray[np.float64]
    nose_tip: NDArray[np.float64]
    chin: NDArray[np.float64]


def find_landmarks(mesh: HeadMesh, level: int = 1) -> Landmarks:
    """Find where the eyes, the mouth, the nose and the chin are."""
    v = mesh.vertices
    right, left = (v[mesh.points(name)] for name in ("right_eye", "left_eye"))
    mouth = v[np.unique(_mouth(level)[0])]
    skin = v[mesh.points("skin")]
    middle = skin[np.abs(skin[:, 0]) < 8]
    nose = middle[(middle[:, 2] < -15) & (middle[:, 2] > mouth[:, 2].max())]
    below = middle[(middle[:, 2] < mouth[:, 2].mean() - 18) & (middle[:, 2] > mouth[:, 2].mean() - 55)]
    return Landmarks(
        right.mean(axis=0),
        left.mean(axis=0),
        float(np.ptp(right[:, 2]) / 2),
        float(mouth[:, 2].max()),
        float(mouth[:, 1].min()),
        mouth.mean(axis=0),
        nose[nose[:, 1].argmax()],
        below[below[:, 1].argmax()],
    )


def scan_head(
    mesh: HeadMesh,
    rng: np.random.Generator,
    spacing_mm: float = 1.5,
    noise: float = 0.05,
    pose_degrees: float = 4.0,
    fat_mm: float = 3.0,
) -> HeadScan:
    """Scan a head.

    Parameters
    ----------
    mesh : HeadMesh
        The head, subdivided once.
    rng : Generator
        Decides pose, bias field, gain and noise.
    spacing_mm : float
        Isotropic voxel size, mm.
    noise : float
        Standard deviation of the noise as a fraction of the grey-matter signal (Rician: Gudbjartsson and
        Patz, Magn. Reson. Med. 34, 1995).
    pose_degrees : float
        Standard deviation of the head's rotation about each axis.
    fat_mm : float
        Thickness of the fat under the skin, mm.

    Returns
    -------
    HeadScan
    """
    motion = pose(rng.normal(0, pose_degrees, 3) * [1.0, 0.5, 0.7], rng.normal(0, 2.0, 3))
    tissue_affine, tissue_shape = grid(TISSUE_SPACING_MM)
    affine, shape = grid(spacing_mm)

    marks = find_landmarks(mesh)
    coverage = _coverage(mesh, motion, marks, affine, shape)
    at_tissue = (
        coverage
        if spacing_mm == TISSUE_SPACING_MM
        else _resample(coverage, np.linalg.inv(affine) @ tissue_affine, tissue_shape, 0.0)
    )
    inside = at_tissue > 0.5
    depth = _depth(inside)
    eyes = motion[:3, :3] @ ((marks.right_eye + marks.left_eye) / 2) + motion[:3, 3]
    brain_to_world = fit_brain(depth, tissue_affine, eyes)
    signal = _tissues(mesh, marks, motion, depth, brain_to_world, fat_mm, rng)

    signal = ndimage.gaussian_filter(signal, 0.45)
    if spacing_mm != TISSUE_SPACING_MM:
        signal = _resample(signal, np.linalg.inv(tissue_affine) @ affine, shape, SIGNAL["skin"])
    brain = _paint_brain(signal, brain_to_world, affine)
    signal *= coverage
    return HeadScan(_acquire(signal, rng, noise), affine, brain)


def _resample(data: NDArray, to_source: NDArray, shape: tuple[int, int, int], outside: float) -> NDArray:
    return ndimage.affine_transform(
        data, np.diag(to_source)[:3], to_source[:3, 3], output_shape=shape, order=1, cval=outside
    )


def _coverage(
    mesh: HeadMesh,
    motion: NDArray[np.float64],
    marks: Landmarks,
    affine: NDArray[np.float64],
    shape: tuple[int, int, int],
) -> NDArray[np.float32]:
    """Return how much of each voxel is head, 0 to 1: the mouth filled, the eyes in their sockets."""
    half = affine.copy()
    half[:3, :3] /= 2
    half[:3, 3] -= np.diag(half)[:3] / 2
    double = (2 * shape[0], 2 * shape[1], 2 * shape[2])
    vertices = mesh.vertices @ motion[:3, :3].T + motion[:3, 3]
    solid = voxelize(vertices, mesh.triangles("skin"), half, double)
    lining, rim = _mouth(1)
    centre = vertices[np.unique(rim)].mean(axis=0)
    cap = np.column_stack([rim, np.full(len(rim), len(vertices))])
    solid |= voxelize(np.vstack([vertices, centre]), np.vstack([lining, cap]), half, double)
    solid |= voxelize(vertices, mesh.triangles("right_eye"), half, double)
    solid |= voxelize(vertices, mesh.triangles("left_eye"), half, double)
    blocks = solid.reshape(shape[0], 2, shape[1], 2, shape[2], 2)
    coverage = blocks.sum(axis=(1, 3, 5), dtype=np.uint8).astype(np.float32) / 8
    for eye in (marks.right_eye, marks.left_eye):
        centre = motion[:3, :3] @ eye + motion[:3, 3]
        box, offset = _around(centre, marks.eye_radius + 5, affine, shape)
        reach = np.sqrt(sum((axis - c) ** 2 for axis, c in zip(offset, centre, strict=True)))
        socket = (reach < marks.eye_radius + 4) & (offset[1] < centre[1] + 0.45 * marks.eye_radius)
        coverage[box] = np.where(socket, 1.0, coverage[box])
    return coverage


def _around(
    centre: NDArray, radius: float, affine: NDArray[np.float64], shape: tuple[int, int, int]
) -> tuple[tuple[slice, ...], list[NDArray[np.float64]]]:
    """Return the box of voxels around a point, and the open grid of its world coordinates."""
    low = np.clip(np.floor((centre - radius - affine[:3, 3]) / np.diag(affine)[:3]).astype(int), 0, shape)
    high = np.clip(np.ceil((centre + radius - affine[:3, 3]) / np.diag(affine)[:3]).astype(int) + 1, 0, shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    axes = [affine[a, a] * np.arange(low[a], high[a]) + affine[a, 3] for a in range(3)]
    return box, list(np.meshgrid(*axes, indexing="ij", sparse=True))


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
    fine = _resample(signed, half, (inside.shape[0], inside.shape[1], inside.shape[2] + below), -20.0)
    return fine[:, :, below:]


def _tissues(
    mesh: HeadMesh,
    marks: Landmarks,
    motion: NDArray[np.float64],
    depth: NDArray[np.float32],
    brain_to_world: NDArray[np.float64],
    fat_mm: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Paint everything but the brain, outermost first; outside the head goes on as skin.

    Sinuses, airways, jaw and spine are ellipsoids, tubes and shells hung on the landmarks: plausible to the
    eye and to a registration, not anatomy to learn from.
    """
    affine, shape = grid(TISSUE_SPACING_MM)
    template = brain_template()
    to_template = np.linalg.inv(brain_to_world @ template.affine) @ affine
    scale = float(np.cbrt(np.linalg.det(brain_to_world[:3, :3])))
    beyond_brain = scale * sample(template.distance, to_template, shape, 60.0)

    # Coordinates in the head's own frame, where the landmarks are.
    own = np.linalg.inv(motion) @ affine
    i, j, k = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij", sparse=True)
    x, y, z = (
        np.float32(own[a, 0]) * i
        + np.float32(own[a, 1]) * j
        + np.float32(own[a, 2]) * k
        + np.float32(own[a, 3])
        for a in range(3)
    )
    side = np.abs(x)
    eye = (marks.right_eye + marks.left_eye) / 2
    ripple = ndimage.zoom(rng.normal(0, 1, (6, 6, 6)).astype(np.float32), [n / 6 for n in shape], order=1)

    s = SIGNAL
    mouth_z = marks.mouth_centre[2]
    signal = np.full(shape, s["skin"], np.float32)
    signal[depth > 1.8] = s["fat"]
    lower = np.clip((eye[2] + 10 - z) / 40, 0, 1)  # cheeks and neck carry more fat than the scalp
    signal[depth > 1.8 + fat_mm * (0.8 + 0.9 * lower + 0.15 * ripple)] = s["muscle"]
    streaks = (depth > 7) & (np.abs(np.sin(0.33 * (x + 2 * ripple) + 0.25 * z)) < 0.14)
    signal[streaks] = 0.6 * s["fat"] + 0.4 * s["muscle"]

    # Jaws: a shell under the skin of the lower face, marrow between two tables of bone.
    face = (y > eye[1] - 72) & (z < eye[2] - 22) & (z > marks.chin[2] - 10)
    thickness = np.where(z > mouth_z + 4, 9.0, 8.0)
    jaw = face & (depth > thickness) & (depth < thickness + 11) & (y < marks.chin[1] + 4)
    jaw &= z > marks.chin[2] - 8 + np.clip((marks.chin[1] - y) * 0.42, 0, 60) - 3
    signal[jaw] = s["bone"]
    signal[jaw & (depth > thickness + 2.2) & (depth < thickness + 8.5)] = s["marrow"]

    # Spine: bodies with discs, canal with fluid and cord.
    spine_y = marks.mouth_back - 24 + 0.12 * (mouth_z - z)
    neck = z < mouth_z + 26
    reach = np.hypot(x, y - spine_y)
    signal[neck & (reach < 12)] = s["bone"]
    signal[neck & (reach < 10.5)] = s["marrow"]
    signal[neck & (reach < 11) & (np.abs(np.sin((z - mouth_z) * np.pi / 19)) < 0.16)] = 0.75 * s["marrow"]
    canal = np.hypot(x, y - spine_y + 20)
    signal[neck & (canal < 11)] = s["bone"]
    signal[neck & (canal < 8.5)] = s["fluid"]
    signal[neck & (canal < 5)] = s["white"]

    # Airways: pharynx down to the lowest slice, nose with turbinates, sinuses.
    pharynx_y = marks.mouth_back - 6 + 0.1 * (mouth_z - z)
    pharynx = np.hypot(x / 1.25, y - pharynx_y)
    tube = z < eye[2] - 24
    signal[tube & (pharynx < 8)] = s["mucosa"]
    signal[tube & (pharynx < 5.5)] = s["air"]
    nose_y, nose_z = marks.nose_tip[1], marks.nose_tip[2]
    cavity = (y < nose_y - 15) & (y > marks.mouth_back - 6) & (z > marks.mouth_top + 5)
    cavity &= (z < nose_z + 20 + 0.35 * np.clip(nose_y - y - 15, 0, 35)) & (side < 15) & (depth > 4)
    signal[cavity] = s["bone"]
    signal[cavity & (side < 13.5)] = s["mucosa"]
    passage = cavity & (side > 1.6) & (side < 12) & (np.sin((z - nose_z) * 0.62 + 0.35 * side) > -0.1)
    signal[passage] = s["air"]
    for sign in (-1, 1):
        for centre, radii in (
            ((sign * 27, eye[1] - 8, eye[2] - 31), (11, 14, 13)),  # maxillary
            ((sign * 9, eye[1] + 14, eye[2] + 27), (7, 4.5, 8)),  # frontal
            ((sign * 6, eye[1] - 46, eye[2] - 6), (6, 9, 8)),  # sphenoid
        ):
            ball = np.sqrt(
                sum(((axis - c) / r) ** 2 for axis, c, r in zip((x, y, z), centre, radii, strict=True))
            )
            ball += 0.06 * ripple
            signal[(ball < 1.2) & (depth > 6)] = s["bone"]
            signal[(ball < 1.06) & (depth > 7)] = s["mucosa"]
            signal[(ball < 0.95) & (depth > 7)] = s["air"]
    ethmoid = (side < 11) & (y < eye[1] + 4) & (y > eye[1] - 36) & (np.abs(z - eye[2] + 4) < 13) & (depth > 7)
    cells = np.sin(0.75 * x) * np.sin(0.6 * y) * np.sin(0.7 * z)
    signal[ethmoid] = np.where(np.abs(cells[ethmoid]) > 0.12, s["air"], s["mucosa"])

    _paint_mouth(signal, mesh, motion, marks, (x, y, z), affine)

    # Skull: two tables and marrow around the fluid that surrounds the brain; base and vault alike.
    skull = (beyond_brain > 1.5) & (beyond_brain < 8.5 + ripple) & (depth > 3.5)
    skull &= ~((canal < 8.5) & neck)
    signal[skull] = s["bone"]
    signal[skull & (beyond_brain > 3.6) & (beyond_brain < 6.2 + ripple) & (depth > 5)] = s["marrow"]
    signal[(beyond_brain <= 1.9) & (depth > 3.5)] = s["fluid"]

    _paint_eyes(signal, marks, (x, y, z))
    return signal


def _paint_mouth(
    signal: NDArray[np.float32],
    mesh: HeadMesh,
    motion: NDArray[np.float64],
    marks: Landmarks,
    where: tuple[NDArray, NDArray, NDArray],
    affine: NDArray[np.float64],
) -> None:
    """Fill the hollow mouth of the mesh with tongue, palate, teeth and a little air."""
    vertices = mesh.vertices @ motion[:3, :3].T + motion[:3, 3]
    lining, rim = _mouth(1)
    centre = vertices[np.unique(rim)].mean(axis=0)
    cap = np.column_stack([rim, np.full(len(rim), len(vertices))])
    shape = (signal.shape[0], signal.shape[1], signal.shape[2])
    mouth = voxelize(np.vstack([vertices, centre]), np.vstack([lining, cap]), affine, shape) > 0
    _, y, z = where
    signal[mouth] = SIGNAL["tongue"]
    signal[mouth & (z > marks.mouth_top - 7)] = SIGNAL["bone"]
    signal[mouth & (z > marks.mouth_top - 9) & (z < marks.mouth_top - 6)] = SIGNAL["mucosa"]
    bend = marks.mouth_top - 13 - 0.012 * (y - marks.mouth_centre[1]) ** 2
    signal[mouth & (np.abs(z - bend) < 1.3)] = SIGNAL["air"]
    signal[mouth & (y > mesh.vertices[mesh.points("upper_teeth"), 1].max() - 3)] = SIGNAL["mucosa"]
    for teeth in ("upper_teeth", "lower_teeth"):
        solid = voxelize(vertices, mesh.triangles(teeth), affine, shape) > 0
        signal[ndimage.binary_dilation(solid) & mouth] = SIGNAL["tooth"]


def _paint_eyes(
    signal: NDArray[np.float32], marks: Landmarks, where: tuple[NDArray, NDArray, NDArray]
) -> None:
    """Paint orbits of fat with eyeballs, lenses and the optic nerves."""
    x, y, z = where
    radius = marks.eye_radius
    for eye in (marks.right_eye, marks.left_eye):
        dx, dy, dz = x - eye[0], y - eye[1], z - eye[2]
        reach = np.sqrt(dx**2 + dy**2 + dz**2)
        inwards = -np.sign(eye[0]) * np.clip(-dy, 0, 40) * 0.35
        cone = (dy < 2) & (dy > -36) & (np.hypot(dx - inwards, dz) < (radius + 4) * (1 + dy / 46))
        signal[cone] = SIGNAL["fat"]
        signal[cone & (np.hypot(dx - inwards, dz) < 2.4)] = SIGNAL["white"]
        signal[reach < radius] = SIGNAL["muscle"]
        signal[reach < radius - 1.5] = SIGNAL["fluid"]
        lens = np.sqrt((dx / 4.5) ** 2 + ((dy - 0.6 * radius) / 2.2) ** 2 + (dz / 4.5) ** 2) < 1
        signal[lens] = SIGNAL["lens"]


def _paint_brain(
    signal: NDArray[np.float32], brain_to_world: NDArray[np.float64], affine: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Put the brain into `signal`, in place; return where it is."""
    template = brain_template()
    template_to_world = brain_to_world @ template.affine
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in template.grey.shape], indexing="ij")).reshape(3, -1)
    world = template_to_world[:3, :3] @ corners + template_to_world[:3, 3:]
    box, _ = _around(world.mean(axis=1), float(np.ptp(world, axis=1).max() / 2), affine, signal.shape)
    start = np.eye(4)
    start[:3, 3] = [part.start for part in box]
    to_template = np.linalg.inv(template_to_world) @ affine @ start
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
