"""What of a released scan may link it with another scan of its person, and is no face."""

from collections.abc import Mapping
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.face.surface import SurfaceError, air_noise, head_mask, head_threshold

Floats = NDArray[np.float64]

PLACE, SIZE, AIR, REAR = (
    "place of the head in the field of view",
    "size of the file, packed and unpacked",
    "statistics of the air",
    "edges of the rear half",
)
CUES = (PLACE, SIZE, AIR, REAR)
_BLOCKS = (8, 4, 8)  # of the rear half, along each axis
_RIM = 3  # voxels around the head that count neither as head nor as air


def scan_cues(path: Path) -> Mapping[str, Floats]:
    """Return each of `CUES` of a released scan, as numbers.

    Parameters
    ----------
    path : Path
        A scan as `data_prep.editions.release` writes it: RAS+, gzip.

    Returns
    -------
    mapping from str to ndarray
        By names of `CUES`: middle and ends of the head (`place_of_head`), logarithms of the bytes packed and
        unpacked, `air_statistics`, `rear_edges`. A scan in which no head is found has all of its field of
        view as head.
    """
    image = nib.load(path)
    data = np.asarray(image.dataobj)
    spacing = np.sqrt((image.affine[:3, :3] ** 2).sum(axis=0))
    try:
        head = head_mask(data, max(head_threshold(data), air_noise(data)))
    except SurfaceError:
        head = np.ones(data.shape, bool)
    return {
        PLACE: place_of_head(head, spacing),
        SIZE: np.log([path.stat().st_size, data.nbytes]),
        AIR: air_statistics(data, head),
        REAR: rear_edges(data),
    }


def place_of_head(head: NDArray[np.bool_], spacing: Floats) -> Floats:
    """Return where the head lies from the middle of the grid, mm.

    Parameters
    ----------
    head : ndarray of bool, shape (i, j, k)
        The head.
    spacing : ndarray, shape (3,)
        Voxel size, mm.

    Returns
    -------
    ndarray, shape (6,)
        Its centre of mass and the middle of its bounding box.

    Examples
    --------
    >>> head = np.zeros((9, 9, 9), bool)
    >>> head[6, 4, 4] = True
    >>> place_of_head(head, np.array([2.0, 1, 1])).tolist()
    [4.0, 0.0, 0.0, 4.0, 0.0, 0.0]
    """
    middle = (np.array(head.shape) - 1) / 2
    where = np.argwhere(head)
    box = (where.min(axis=0) + where.max(axis=0)) / 2
    return np.concatenate([(point - middle) * spacing for point in (where.mean(axis=0), box)])


def air_statistics(data: NDArray[np.generic], head: NDArray[np.bool_]) -> Floats:
    """Return what the air around a head is like; zeros where there is none.

    Parameters
    ----------
    data : ndarray, shape (i, j, k)
        Intensities.
    head : ndarray of bool, shape (i, j, k)
        The head. Three voxels around it are left out, too.

    Returns
    -------
    ndarray, shape (5,)
        Mean, standard deviation, median, 99th percentile, share of zeros.

    Examples
    --------
    >>> head = np.zeros((9, 9, 9), bool)
    >>> head[:, :3] = True
    >>> air_statistics(np.where(head, 100.0, 2.0), head).tolist()
    [2.0, 0.0, 2.0, 2.0, 0.0]
    """
    air = data[~ndimage.binary_dilation(head, iterations=_RIM)].astype(np.float64)
    if not air.size:
        return np.zeros(5)
    return np.array([air.mean(), air.std(), np.median(air), np.percentile(air, 99), (air == 0).mean()])


def rear_edges(data: NDArray[np.generic]) -> Floats:
    """Return how strong edges are in each block of the rear half of a field of view, where no face is.

    Parameters
    ----------
    data : ndarray, shape (i, j, k)
        Intensities, RAS+: the second axis runs from the rear to the front.

    Returns
    -------
    ndarray, shape (256,)
        Mean magnitude of the gradient in 8 x 4 x 8 blocks, by their mean: brightness does not count.

    Examples
    --------
    >>> data = np.zeros((16, 16, 16))
    >>> data[:8] = 1
    >>> rear_edges(data).reshape(8, 4, 8)[:, 0, 0].tolist()
    [0.0, 0.0, 0.0, 4.0, 4.0, 0.0, 0.0, 0.0]
    """
    rear = data[:, : max(2, data.shape[1] // 2)].astype(np.float32)
    edges = np.sqrt(sum(np.gradient(rear, axis=axis) ** 2 for axis in range(3)))
    # Fewer voxels than blocks repeat: every scan gives as many numbers.
    places = [
        np.minimum(np.arange(count) * size // count, size - 1)
        for size, count in zip(edges.shape, _BLOCKS, strict=True)
    ]
    means = edges.astype(np.float64)
    for axis, (first, size) in enumerate(zip(places, edges.shape, strict=True)):
        sizes = np.maximum(np.diff([*first, size]), 1)
        shape = [-1 if one == axis else 1 for one in range(3)]
        means = np.add.reduceat(means, first, axis=axis) / sizes.reshape(shape)
    result: Floats = (means / (means.mean() or 1.0)).ravel()
    return result
