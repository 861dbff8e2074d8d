"""What goes wrong in a scanner: pads that press the ears, metal in teeth, a head that moves.

Each changes the picture alone. What is known of the head, labels and landmarks, stays as it is.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh, base_mesh, subdivision, target
from mriprivacy.data_prep.synthetic.head.voxels import around

EARS_IN = ("ears/l-ear-wing-decr", "ears/r-ear-wing-decr")
PRESSED = 0.8  # of what the mesh allows
# Around how many fillings there is no signal, how far, mm; and how far a head moves to and fro, mm.
FILLINGS, VOID_MM = (1, 3), (7.0, 14.0)
MOVED_MM, CYCLES = (0.3, 1.2), (6, 30)


def pressed_ears(mesh: HeadMesh) -> HeadMesh:
    """Return a head, subdivided once, whose ears pads press to its sides.

    Examples
    --------
    >>> from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
    >>> head = head_mesh({})
    >>> ears = np.abs(head.vertices[:, 2] + 15) < 30  # the shoulders are wider
    >>> wide, pressed = (np.ptp(mesh.vertices[ears, 0]) for mesh in (head, pressed_ears(head)))
    >>> bool(10 < wide - pressed < 25)
    True
    """
    moved = np.zeros_like(base_mesh().mesh.vertices)
    for name in EARS_IN:
        indices, offsets = target(name)
        moved[indices] += PRESSED * offsets
    operator, _ = subdivision(1)
    return replace(mesh, vertices=np.round(mesh.vertices + operator @ moved, 6))


def ghosted(signal: NDArray[np.float32], moved: float, cycles: int) -> NDArray[np.float32]:
    """Return the picture of a head that moves to and fro along the phase axis.

    A small sine in the phase of the lines leaves two ghosts of the edges (the first sidebands of its Bessel
    series), and blur.

    Parameters
    ----------
    signal : ndarray, shape (i, j, k)
        Phase is encoded along the second axis.
    moved : float
        Amplitude, voxels; 0 leaves the picture as it is.
    cycles : int
        How often it moves during the scan: so many voxels away are the ghosts.

    Examples
    --------
    >>> edge = np.zeros((1, 16, 1), np.float32); edge[0, 4:8] = 8
    >>> ghosted(edge, 1.0, 6)[0, 8:14, 0].tolist()
    [1.0, 2.0, 2.0, 0.0, 0.0, 4.0]
    """
    before, after = np.roll(signal, 1, axis=1), np.roll(signal, -1, axis=1)
    slope = (after - before) * np.float32(moved / 4)
    blurred = np.float32(moved / (1 + moved) / 4) * (before + after - 2 * signal)
    ghosts = np.roll(slope, cycles, axis=1) - np.roll(slope, -cycles, axis=1)
    return np.asarray(np.abs(signal + blurred + ghosts), np.float32)


def beside_metal(
    signal: NDArray[np.float32],
    affine: NDArray[np.float64],
    centre: NDArray[np.float64],
    radius_mm: float,
) -> NDArray[np.float32]:
    """Return a picture with a hole around a piece of metal, whose signal piles up at the upper side of it.

    Parameters
    ----------
    signal : ndarray, shape (i, j, k)
        The picture; it is read out along the third axis.
    affine : ndarray, shape (4, 4)
        Voxel to world, mm; diagonal and positive.
    centre : ndarray, shape (3,)
        World, mm.
    radius_mm : float
        Of the hole.
    """
    i, j, k = signal.shape
    box, places = around(centre, 1.5 * radius_mm, affine, (i, j, k))
    x, y, z = (place - middle for place, middle in zip(places, centre, strict=True))
    reach = np.sqrt(x * x + y * y + z * z) / radius_mm
    left = np.clip(4 * reach - 3, 0, 1)
    ring = np.clip(1 - 5 * np.abs(reach - 1.15), 0, 1)
    piled = 1 + 1.2 * ring * np.clip(z / (radius_mm * np.maximum(reach, 0.1)), 0, 1)
    result = signal.copy()
    result[box] *= (left * piled).astype(np.float32)
    return result
