"""The brain of a synthetic head: the ICBM152 maps that nilearn ships, fitted into the cranium of this head.

Fonov et al., NeuroImage 47 (2009) S102: the nonlinear symmetric average of 152 adults, version 2009a.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

# Between the eyeballs' centres in the template, mm, and how deep the brain lies under the skin of the vault:
# scalp 5, skull 6, fluid 2.
TEMPLATE_EYES = np.array([0.0, 57.0, -36.0])
BRAIN_DEPTH_MM = 12.5
# The maps are cut to this much around the brain, mm: what lies farther is no skull.
SKULL_WITHIN_MM = 14.0


class BrainTemplateError(ValueError):
    """The template maps are not where they should be."""


@dataclass(frozen=True)
class BrainTemplate:
    """Maps of an average brain on one 1 mm grid.

    Attributes
    ----------
    grey, white : ndarray, shape (i, j, k)
        Share of the tissue, 0 to 1, float32.
    distance : ndarray, shape (i, j, k)
        Signed distance from the brain's surface, mm, negative inside, float32.
    affine : ndarray, shape (4, 4)
        Voxel to template space, mm.
    vault : ndarray, shape (n, 3)
        Points on the upper surface of the brain, mm.
    """

    grey: NDArray[np.float32]
    white: NDArray[np.float32]
    distance: NDArray[np.float32]
    affine: NDArray[np.float64]
    vault: NDArray[np.float64]


@lru_cache(maxsize=1)
def brain_template() -> BrainTemplate:
    """Read the maps once a process.

    Raises
    ------
    BrainTemplateError
        If nilearn does not ship them.

    Examples
    --------
    >>> bool(brain_template().grey.max() <= 1)
    True
    """
    spec = find_spec("nilearn")
    places = list(spec.submodule_search_locations or []) if spec else []
    found = [p for place in places for p in Path(place).glob("datasets/data/mni_icbm152_*_tal_nlin_sym_09a*")]
    paths = {tissue: path for path in found for tissue in ("gm", "wm") if f"_{tissue}_" in path.name}
    if sorted(paths) != ["gm", "wm"]:
        raise BrainTemplateError(
            f"no brain template: mni_icbm152_gm_* and mni_icbm152_wm_* not found in datasets/data of nilearn "
            f"(looked in {places}); install it with `pip install nilearn`"
        )
    images = {tissue: nib.load(path) for tissue, path in paths.items()}
    grey, white = (_share(np.asarray(images[tissue].dataobj, np.float32)) for tissue in ("gm", "wm"))
    affine = np.asarray(images["gm"].affine, np.float64)

    # Distances are smooth: every second voxel is enough, and four times faster or more.
    half = (grey + white)[::2, ::2, ::2] > 0.4
    brain = ndimage.binary_fill_holes(ndimage.binary_closing(half, iterations=3))
    signed = ndimage.distance_transform_edt(~brain, sampling=2) - ndimage.distance_transform_edt(
        brain, sampling=2
    )
    distance = ndimage.zoom(signed.astype(np.float32), 2, order=1, grid_mode=True, mode="nearest")
    distance = distance[: grey.shape[0], : grey.shape[1], : grey.shape[2]]

    rim = np.argwhere(brain & ~ndimage.binary_erosion(brain)) * 2.0
    vault = rim @ affine[:3, :3].T + affine[:3, 3]
    box = tuple(
        slice(int(found.min()), int(found.max()) + 1) for found in np.nonzero(distance < SKULL_WITHIN_MM)
    )
    affine[:3, 3] += affine[:3, :3] @ [part.start for part in box]
    grey, white, distance = (np.ascontiguousarray(map_[box]) for map_ in (grey, white, distance))
    return BrainTemplate(grey, white, distance, affine, vault[vault[:, 2] > 5][::7])


def _share(map_: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(map_ / map_.max(), 0, 1)


def fit_brain(
    depth: NDArray[np.float32], affine: NDArray[np.float64], eyes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Place the template brain in a head so that it lies equally deep under the vault.

    Parameters
    ----------
    depth : ndarray, shape (i, j, k)
        Distance under the skin, mm; negative outside the head.
    affine : ndarray, shape (4, 4)
        Voxel to world of `depth`, mm.
    eyes : ndarray, shape (3,)
        Middle between the eyeballs' centres, mm, world.

    Returns
    -------
    ndarray, shape (4, 4)
        Template to world: scales, a pitch and a shift.
    """
    vault = brain_template().vault
    to_voxel = np.linalg.inv(affine)

    def placed(parameters: NDArray) -> NDArray[np.float64]:
        sx, sy, sz, pitch, tx, ty, tz = parameters
        c, s = np.cos(pitch), np.sin(pitch)
        matrix = np.eye(4)
        matrix[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ np.diag([sx, sy, sz])
        matrix[:3, 3] = 100 * np.array([tx, ty, tz])
        return matrix

    def misfit(parameters: NDArray) -> NDArray[np.float64]:
        matrix = placed(parameters)
        world = vault @ matrix[:3, :3].T + matrix[:3, 3]
        voxel = world @ to_voxel[:3, :3].T + to_voxel[:3, 3]
        under = ndimage.map_coordinates(depth, voxel.T, order=1, mode="nearest") - BRAIN_DEPTH_MM
        under = np.where(under < 0, 3 * under, under)  # too near the skin is worse than too deep
        looks = (matrix[:3, :3] @ TEMPLATE_EYES + matrix[:3, 3] - eyes)[1:]
        anchors = [*(2 * looks), 60 * parameters[3]]
        return np.concatenate([under / np.sqrt(len(under)), np.array(anchors) / 10])

    start = [0.9, 0.9, 0.9, 0.0, eyes[0] / 100, (eyes[1] - 52) / 100, (eyes[2] + 33) / 100]
    return placed(optimize.least_squares(misfit, start, diff_step=1e-3, max_nfev=25).x)


def sample(map_: NDArray, to_template_voxel: NDArray, shape: tuple[int, int, int], outside: float) -> NDArray:
    """Resample a template map on another grid (linear).

    Parameters
    ----------
    map_ : ndarray, shape (i, j, k)
        One of the template's maps.
    to_template_voxel : ndarray, shape (4, 4)
        Voxel of the new grid to voxel of the template.
    shape : tuple of int
        The new grid.
    outside : float
        Value where the template has nothing.
    """
    matrix, offset = to_template_voxel[:3, :3], to_template_voxel[:3, 3]
    return ndimage.affine_transform(map_, matrix, offset, output_shape=shape, order=1, cval=outside)
