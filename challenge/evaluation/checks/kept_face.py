"""What of the original is still in a defaced scan: the share of the face, and of the head; small copies.

An attacker looks at one surface. A face that it does not see, under a shell or another surface, is released
all the same; so voxels are compared, too.
"""

from dataclasses import dataclass

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import SurfaceError, head_mask, head_threshold

# A voxel is kept within this share of the head's intensity span, or where its surroundings are those of the
# original but for a gain and an offset.
SAME = 0.01
WINDOW_MM = 10.0
SAME_CORRELATION = 0.995
# The estimated face: tissue near the skin, in front of the middle of the brain, forehead to chin.
SKIN_MM = 25.0
BRAIN_MARGIN_MM = 5.0
FORWARD_MM, ABOVE_MM, BELOW_MM = 25.0, 25.0, 120.0
# A small copy: millimetres a voxel; its box hangs at the front, the top and the middle of a head.
STEP_MM = 4.0
BOX = (32, 18, 32)
BELOW_TOP = 20  # voxels from the top of the head to the box
MARGIN = 1  # voxels around the box, so that it can be moved
LEAST_AREA = 4  # voxels of a plane that belong to a head and not to noise
LATTICE_MM = 6.0  # between the voxels that are compared with those of all other people

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class KeptFace:
    """What a defaced scan and its original have in common.

    Attributes
    ----------
    face : float
        Share of the original's face voxels that are kept, 0 to 1; NaN where it is not known where the face
        is.
    head : float
        One minus the share of changed voxels (`unchanged_share`), 0 to 1.
    original, defaced : ndarray, shape (BOX + 2 * MARGIN)
        Small copies of the part of both heads where faces are (`small_copy`).
    original_lattice, defaced_lattice : ndarray, shape (i, j, k)
        Every so many voxels, as they are (`lattice`).
    face_lattice : ndarray of bool, shape (i, j, k)
        Which of them are the original's face; none where it is not known where that is.
    """

    face: float
    head: float
    original: Floats
    defaced: Floats
    original_lattice: Floats
    defaced_lattice: Floats
    face_lattice: Mask


def compare_scans(original: Scan, defaced: Scan, brain: Mask | None, face: Mask | None = None) -> KeptFace:
    """Compare a defaced scan with its original, on the same grid.

    Parameters
    ----------
    original, defaced : Scan
        Of one shape.
    brain : ndarray of bool, shape of `original.data`, or None
        Where the brain is; None if it is not known.
    face : ndarray of bool, shape of `original.data`, optional
        The true face of the original; by default it is estimated (`estimate_face`).
    """
    if face is None and brain is not None and brain.any():
        face = estimate_face(original, brain)
    kept = kept_share(original, defaced, face) if face is not None and face.any() else float("nan")
    steps = lattice(original)
    return KeptFace(
        kept,
        unchanged_share(original, defaced),
        small_copy(original),
        small_copy(defaced),
        original.data[steps].astype(np.float32),
        defaced.data[steps].astype(np.float32),
        np.zeros(original.data[steps].shape, bool) if face is None else face[steps],
    )


def lattice(scan: Scan) -> tuple[slice, ...]:
    """Return the slices of every so many voxels of a scan, 6 mm apart or a little less."""
    return tuple(slice(None, None, max(1, int(step))) for step in LATTICE_MM // scan.spacing)


def estimate_face(scan: Scan, brain: Mask) -> Mask:
    """Estimate where the face is: near the skin, in front of the middle of the brain, forehead to chin.

    Parameters
    ----------
    scan : Scan
        The original.
    brain : ndarray of bool, shape of `scan.data`
        Not empty.

    Returns
    -------
    ndarray of bool, shape of `scan.data`
        Empty where no head is detected.

    Examples
    --------
    >>> x, y, z = np.mgrid[-50:50, -50:50, -60:60]
    >>> head, brain = x**2 + y**2 + (z / 1.2) ** 2 < 45**2, x**2 + y**2 + (z - 10) ** 2 < 30**2
    >>> face = estimate_face(Scan(100.0 * head, np.diag([2.0, 2.0, 2.0, 1.0])), brain)
    >>> bool(face[50, 93, 60]), bool(face[50, 7, 60]), bool((face & brain).any())
    (True, False, False)
    """
    try:
        head = head_mask(scan.data, head_threshold(scan.data))
    except SurfaceError:
        return np.zeros(scan.data.shape, bool)
    forward, up = _along(scan, brain, 1), _along(scan, brain, 2)
    skin = ndimage.distance_transform_edt(np.pad(head, 1), sampling=scan.spacing)[1:-1, 1:-1, 1:-1]
    beside = ndimage.distance_transform_edt(~brain, sampling=scan.spacing)
    near = (skin > 0) & (skin < SKIN_MM) & (beside > BRAIN_MARGIN_MM)
    result: Mask = near & (forward > FORWARD_MM) & (up < ABOVE_MM) & (up > -BELOW_MM)
    return result


def _along(scan: Scan, brain: Mask, axis: int) -> NDArray[np.float64]:
    """Return how far each voxel lies from the middle of the brain along a world axis, mm; broadcastable."""
    middle = ndimage.center_of_mass(brain)
    parts = [
        (np.arange(n) - m) * a for n, m, a in zip(scan.data.shape, middle, scan.affine[axis], strict=False)
    ]
    return np.asarray(sum(np.ix_(*parts)))


def kept_share(original: Scan, defaced: Scan, face: Mask) -> float:
    """Return the share of face voxels that are the original's, or an increasing affine map of them.

    A voxel is kept if it is within 1 % of the face's intensity span, or if the voxels around it (10 mm)
    correlate with the original's by .995: a gain or an offset hides nothing.

    Examples
    --------
    >>> data = np.random.default_rng(0).normal(100, 20, (20, 20, 20)).astype(np.float32)
    >>> scan, face = Scan(data, np.eye(4)), np.ones(data.shape, bool)
    >>> half = np.where(np.arange(20) < 10, data, 0)
    >>> [round(kept_share(scan, Scan(x, np.eye(4)), face), 1) for x in (data, 0.8 * data + 5, half, -data)]
    [1.0, 1.0, 0.5, 0.0]
    """
    box = ndimage.find_objects(face.view(np.uint8))[0]
    old, new = (scan.data[box].astype(np.float32) for scan in (original, defaced))
    inside = face[box]
    low, high = np.percentile(old[inside], [1, 99])
    if high <= low:
        return float("nan")
    size = np.maximum(3, np.rint(WINDOW_MM / original.spacing)).astype(int)
    kept = (np.abs(new - old) <= SAME * (high - low)) | (_correlation(old, new, size) >= SAME_CORRELATION)
    return float(kept[inside].mean())


def _correlation(one: Floats, other: Floats, size: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the correlation of two volumes in a window about every voxel; 0 where one of them is flat."""
    spread = [max(float(np.std(v)), 1e-12) for v in (one, other)]
    x, y = ((v - v.mean()) / s for v, s in zip((one, other), spread, strict=True))

    def mean(volume: Floats) -> NDArray[np.float64]:
        return np.asarray(ndimage.uniform_filter(volume.astype(np.float64), size))

    mean_x, mean_y = mean(x), mean(y)
    var_x, var_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    both = np.sqrt(np.maximum(var_x, 0) * np.maximum(var_y, 0))
    flat = np.minimum(var_x, var_y) < 1e-6
    return np.where(flat, 0.0, (mean(x * y) - mean_x * mean_y) / np.where(flat, 1.0, both))


def unchanged_share(original: Scan, defaced: Scan) -> float:
    """Return one minus the voxels that changed, in the head or about it, over the voxels of the head.

    A change is more than 1 % of the head's intensity span; what is put about a head counts. At least 0.

    Examples
    --------
    >>> data = np.pad(np.full((8, 8, 8), 100.0), 4)
    >>> data[4:8, 4, 4] = 50
    >>> defaced = data.copy()
    >>> defaced[4, 4:8, 4:8] = 0
    >>> unchanged_share(Scan(data, np.eye(4)), Scan(defaced, np.eye(4)))
    0.96875
    """
    try:
        head = original.data > head_threshold(original.data)
    except SurfaceError:
        head = np.ones(original.data.shape, bool)
    old = original.data[head].astype(np.float32)
    low, high = np.percentile(old[:: max(1, old.size // 100_000)], [1, 99])
    gap = np.abs(np.subtract(defaced.data, original.data, dtype=np.float32))
    return max(0.0, 1 - float(np.count_nonzero(gap > SAME * (high - low)) / old.size))


def small_copy(scan: Scan) -> Floats:
    """Return the part of a head where faces are, at 4 mm, wherever the head lies in its field of view.

    Returns
    -------
    ndarray, shape (BOX + 2 * MARGIN)
        Axes to the right, to the front and up; zeros where no head is detected.
    """
    wanted = np.array(BOX) + 2 * MARGIN
    coarse = _coarse(scan)
    try:
        head = head_mask(coarse, head_threshold(coarse))
    except SurfaceError:
        return np.zeros(wanted, np.float32)
    areas = [head.sum(axis=tuple({0, 1, 2} - {axis})) for axis in range(3)]
    ends = [np.flatnonzero(area >= min(LEAST_AREA, area.max())) for area in areas]
    middle, front, top = (ends[0][0] + ends[0][-1] + 1) // 2, ends[1][-1] + 1, ends[2][-1] + 1
    corner = np.array([middle - BOX[0] // 2, front - BOX[1], top - BELOW_TOP - BOX[2]]) - MARGIN
    padded = np.pad(coarse, [(int(n), int(n)) for n in wanted + BELOW_TOP])
    start = corner + wanted + BELOW_TOP
    result: Floats = padded[tuple(slice(s, s + n) for s, n in zip(start, wanted, strict=True))]
    return result


def _coarse(scan: Scan) -> Floats:
    """Return a volume in RAS+ order, averaged and drawn to voxels of 4 mm."""
    image = nib.as_closest_canonical(nib.Nifti1Image(np.asarray(scan.data, np.float32), scan.affine))
    data, spacing = np.asarray(image.dataobj), Scan(np.asarray(image.dataobj), image.affine).spacing
    steps = np.maximum(1, np.floor(STEP_MM / spacing)).astype(int)
    whole = np.array(data.shape) // steps
    blocks = data[tuple(slice(0, n * s) for n, s in zip(whole, steps, strict=True))]
    means = blocks.reshape([v for n, s in zip(whole, steps, strict=True) for v in (n, s)]).mean(
        axis=(1, 3, 5)
    )
    factors = spacing * steps / STEP_MM
    if np.abs(factors - 1).max() < 0.02:
        return np.asarray(means)
    return np.asarray(ndimage.zoom(means, factors, order=1, grid_mode=True, mode="nearest"))
