"""From the shape of a head to scans of it: position, acquisition, bias field, noise."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings
from mriprivacy.data_prep.synthetic.head.inside import AVERAGE, Inside
from mriprivacy.data_prep.synthetic.head.landmarks import ibug_landmarks
from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh
from mriprivacy.data_prep.synthetic.head.scanning.artefacts import (
    CYCLES,
    FILLINGS,
    MOVED_MM,
    VOID_MM,
    beside_metal,
    ghosted,
    pressed_ears,
)
from mriprivacy.data_prep.synthetic.head.tissues import BRAIN, GREY, LABEL, SITES, Scanner, signals
from mriprivacy.data_prep.synthetic.head.volume import lay_out
from mriprivacy.data_prep.synthetic.head.voxels import FIELD_OF_VIEW, Shape, grid, pose, thinner

# Where the operator puts the vertex of the head: this far under the upper end of the field of view, mm.
ABOVE_VERTEX_MM = 12.0
# Thick slices are the mean of thinner ones, of this thickness at most, mm.
THIN_MM = 1.5
# Where a field of view ends that cuts the chin: this share of the way from the lower lip down to the chin.
CHIN_LEFT = (0.35, 0.9)
# Where one ends that cuts an ear: this share of the way from the ear's border in to the skull's widest place,
# which is found above the ears: so far above the eyes, mm.
EAR_CUT = (0.3, 0.9)
ABOVE_EARS_MM = 30.0


@dataclass(frozen=True)
class HeadScan:
    """The synthetic scans of one session with their truth, all on one grid.

    Attributes
    ----------
    images : mapping from str to ndarray, shape (i, j, k)
        By contrast: intensities, int16, zero or more.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm, RAS+.
    labels : ndarray, shape (i, j, k)
        Tissues (`data_prep.synthetic.head.tissues.LABEL`), uint8.
    face : ndarray, shape (i, j, k)
        1 in the face, uint8.
    landmarks : mapping from str to ndarray, shape (3,)
        World, mm: dlib's 68 points.
    scanner : int
        Which of the scanners of `SITES` it was, counted through.
    """

    images: Mapping[str, NDArray[np.int16]]
    affine: NDArray[np.float64]
    labels: NDArray[np.uint8]
    face: NDArray[np.uint8]
    landmarks: Mapping[str, NDArray[np.float64]]
    scanner: int

    @property
    def brain(self) -> NDArray[np.uint8]:
        """1 where the brain is, uint8."""
        return (self.labels >= min(BRAIN)).astype(np.uint8)


def scan_head(
    mesh: HeadMesh,
    rng: np.random.Generator,
    settings: ScanSettings,
    inside: Inside = AVERAGE,
    site: int = 0,
) -> HeadScan:
    """Scan a head once in every contrast, without its moving in between.

    Parameters
    ----------
    mesh : HeadMesh
        The head, subdivided once.
    rng : Generator
        Decides pose, place in the field of view, scanner, bias field, gain and noise.
    settings : ScanSettings
        Acquisition and how much of all that. The noise is Rician (Gudbjartsson and Patz, Magn. Reson. Med.
        34, 1995).
    inside : Inside
        The person's brain, skull and scalp.
    site : int
        Which of `SITES` scans.

    Returns
    -------
    HeadScan
    """
    (aside,) = rng.spawn(1)  # what goes wrong changes nothing else
    pads, metal, *moves = aside.random(2 + len(settings.contrasts))
    kind = int(rng.integers(len(SITES[site])))
    scanner = SITES[site][kind]
    motion = lie_down(mesh, rng, settings)
    (affine, shape), thin = _voxels(settings), _thin_slices(settings)
    in_pads = pressed_ears(mesh) if pads < settings.pads else mesh
    volume = lay_out(in_pads, motion, *thinner(affine, shape, thin), inside)
    labels = volume.labels()
    face = volume.face_mask(labels)
    middle = slice(thin // 2, None, thin)  # of each thick slice
    fillings = _fillings(labels[middle], affine, aside) if metal < settings.dental else []
    images = {}
    for contrast, moved in zip(settings.contrasts, moves, strict=True):
        signal = _thick(volume.signal(signals(scanner.sequences[contrast])), thin)
        for place, radius in fillings:
            signal = beside_metal(signal, affine, place, radius)
        if moved < settings.motion:
            signal = ghosted(signal, aside.uniform(*MOVED_MM) / affine[1, 1], int(aside.integers(*CYCLES)))
        images[contrast] = _acquire(signal, rng, scanner, settings)
    landmarks = {name: exact.moved(point, motion) for name, point in ibug_landmarks(mesh).items()}
    return HeadScan(images, affine, labels[middle], face[middle], landmarks, len(SITES[0]) * site + kind)


def _fillings(
    labels: NDArray[np.uint8], affine: NDArray[np.float64], rng: np.random.Generator
) -> list[tuple[NDArray[np.float64], float]]:
    """Draw which teeth have metal in them: places in the world, and how far around there is no signal, mm."""
    teeth = np.argwhere(labels == LABEL["tooth"])
    if not len(teeth):  # out of the field of view
        return []
    chosen = rng.integers(len(teeth), size=rng.integers(FILLINGS[0], FILLINGS[1] + 1))
    return [(exact.moved(teeth[index], affine), float(rng.uniform(*VOID_MM))) for index in chosen]


def _voxels(settings: ScanSettings) -> tuple[NDArray[np.float64], Shape]:
    """Return affine and shape of the scan: the same for all people, so that they identify no person."""
    width = settings.spacing_mm
    return grid((settings.slice_mm if settings.acquisition == "sagittal" else width, width, width))


def _thin_slices(settings: ScanSettings) -> int:
    """Return of how many thin slices a thick one is the mean: odd, so that one lies in the middle."""
    if settings.acquisition != "sagittal":
        return 1
    return 2 * int(np.ceil((settings.slice_mm / THIN_MM - 1) / 2)) + 1


def _thick(signal: NDArray[np.float32], thin: int) -> NDArray[np.float32]:
    """Average every `thin` slices along x."""
    if thin == 1:
        return signal
    i, j, k = signal.shape
    return np.asarray(signal.reshape(i // thin, thin, j, k).mean(axis=1), np.float32)


def lie_down(mesh: HeadMesh, rng: np.random.Generator, settings: ScanSettings) -> NDArray[np.float64]:
    """Return how a head lies in the scanner, its own frame to world, shape (4, 4).

    A little turned, and inside of the field of view, but for a chin or an ear (`settings.cut`).
    """
    motion = pose(rng.normal(0, settings.pose_degrees, 3) * [1.0, 0.5, 0.7], np.zeros(3))
    head = exact.turned(mesh.vertices[mesh.points("skin")], motion[:3, :3].T)
    head = head[head[:, 2] > -60]
    middle = (head.min(axis=0) + head.max(axis=0)) / 2
    low, high = FIELD_OF_VIEW
    motion[:2, 3] = ((low + high) / 2 - middle)[:2]
    motion[2, 3] = high[2] - ABOVE_VERTEX_MM - head[:, 2].max()
    motion[:3, 3] += rng.normal(0, 2.0, 3)
    is_cut, which, amount = rng.random(3)
    if is_cut >= settings.cut:
        return motion
    if which < 0.5:  # through the chin
        points = ibug_landmarks(mesh)
        lip, chin = (float(exact.turned(points[name], motion[2, :3])) for name in ("ibug-58", "ibug-09"))
        end = lip + (CHIN_LEFT[0] + amount * np.ptp(CHIN_LEFT)) * (chin - lip)
        motion[2, 3] = low[2] - end
    else:  # through one ear
        side = 1 if which < 0.75 else -1
        eyes = exact.turned(mesh.vertices[mesh.points("right_eye", "left_eye")].mean(axis=0), motion[2, :3])
        ear = (side * head[:, 0]).max()
        skull = (side * head[head[:, 2] > eyes + ABOVE_EARS_MM, 0]).max()
        end = ear - (EAR_CUT[0] + amount * np.ptp(EAR_CUT)) * (ear - skull)
        motion[0, 3] = (high[0] if side > 0 else low[0]) - side * end
    return motion


def _acquire(
    signal: NDArray[np.float32], rng: np.random.Generator, scanner: Scanner, settings: ScanSettings
) -> NDArray[np.int16]:
    """Add what the scanner adds: coil sensitivity, gain and Rician noise."""
    gain = rng.uniform(0.85, 1.15)
    fields = []
    for shading, n in zip(scanner.shading, signal.shape, strict=True):
        place = np.linspace(-1, 1, n)
        profile = rng.normal(0, 0.08) * place + rng.normal(shading, 0.06) * place**2
        fields.append(exact.exp(settings.coil * profile))
    across = np.asarray(gain * np.outer(fields[1], fields[2]), np.float32)
    sigma = np.float32(settings.noise * scanner.noise * GREY)
    image = np.empty(signal.shape, np.int16)
    for i, field in enumerate(np.asarray(fields[0], np.float32)):  # slice by slice, in the processor's cache
        real, imaginary = sigma * exact.noise(rng, 2, *across.shape)
        real += signal[i] * (field * across)
        image[i] = np.sqrt(real**2 + imaginary**2) + np.float32(0.5)  # to the nearest integer
    return image
