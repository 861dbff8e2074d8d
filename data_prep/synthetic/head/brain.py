"""The brain of a synthetic head: the ICBM152 maps that nilearn ships, fitted into the cranium of this head.

Fonov et al., NeuroImage 47 (2009) S102: the nonlinear symmetric average of 152 adults, version 2009a.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.voxels import Shape, box_of, part_of
from mriprivacy.scoring.errors import SetupError

# Between the eyeballs' centres in the template, mm.
TEMPLATE_EYES = np.array([0.0, 57.0, -36.0])
# The maps are cut to this much around the brain, mm: what lies farther is no skull.
SKULL_WITHIN_MM = 14.0


class BrainTemplateError(SetupError):
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
    vault = exact.moved(rim, affine)
    box = tuple(
        slice(int(found.min()), int(found.max()) + 1) for found in np.nonzero(distance < SKULL_WITHIN_MM)
    )
    affine[:3, 3] += exact.turned(np.array([part.start for part in box]), affine[:3, :3].T)
    grey, white, distance = (np.ascontiguousarray(map_[box]) for map_ in (grey, white, distance))
    return BrainTemplate(grey, white, distance, affine, vault[vault[:, 2] > 5][::7])


def _share(map_: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = np.clip(map_ / map_.max(), 0, 1)
    return result


def fit_brain(
    depth: NDArray[np.float32],
    affine: NDArray[np.float64],
    motion: NDArray[np.float64],
    eyes: NDArray[np.float64],
    deep_mm: float,
) -> NDArray[np.float64]:
    """Place the template brain in a head so that it lies equally deep under the vault.

    Parameters
    ----------
    depth : ndarray, shape (i, j, k)
        Distance under the skin, mm; negative outside the head.
    affine : ndarray, shape (4, 4)
        Voxel to world of `depth`, mm.
    motion : ndarray, shape (4, 4)
        The head's own frame to world.
    eyes : ndarray, shape (3,)
        Middle between the eyeballs' centres, mm, in the head's own frame.
    deep_mm : float
        How deep the template's surface lies under the skin of the vault.

    Returns
    -------
    ndarray, shape (4, 4)
        Template to world: scales, a pitch and a shift, and then the motion.
    """
    vault = brain_template().vault
    to_voxel = exact.turned(exact.inverse(affine), motion)

    def placed(parameters: NDArray[Any]) -> NDArray[np.float64]:
        sx, sy, sz, pitch, tx, ty, tz = parameters
        c, s = exact.cos(pitch), exact.sin(pitch)
        matrix = np.eye(4)
        matrix[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) * [sx, sy, sz]
        matrix[:3, 3] = 100 * np.array([tx, ty, tz])
        return matrix

    def misfit(parameters: NDArray[Any]) -> NDArray[np.float64]:
        matrix = placed(parameters)
        voxel = exact.moved(exact.moved(vault, matrix), to_voxel)
        under = ndimage.map_coordinates(depth, voxel.T, order=1, mode="nearest") - deep_mm
        under = np.where(under < 0, 3 * under, under)  # too near the skin is worse than too deep
        looks = (exact.moved(TEMPLATE_EYES, matrix) - eyes)[1:]
        anchors = [*(2 * looks), 60 * parameters[3]]
        return np.concatenate([under / np.sqrt(len(under)), np.array(anchors) / 10])

    start = np.array([0.9, 0.9, 0.9, 0.0, eyes[0] / 100, (eyes[1] - 52) / 100, (eyes[2] + 33) / 100])
    return exact.turned(motion, placed(_least_squares(misfit, start)))


def _least_squares(
    misfit: Callable[[NDArray[Any]], NDArray[np.float64]], start: NDArray[np.float64], steps: int = 25
) -> NDArray[np.float64]:
    """Find parameters of least squares (Levenberg 1944, Marquardt 1963), with the same bits everywhere.

    Parameters
    ----------
    misfit : callable
        Parameters, shape (n,), to residuals, shape (m,).
    start : ndarray, shape (n,)
        Where to begin.
    steps : int
        How many are tried; each is rounded to nine decimals, so that no last bit grows.
    """
    best, damping = start, 1e-3
    residuals = misfit(best)
    slopes = _slopes(misfit, best, residuals)
    for _ in range(steps):
        square = (slopes[:, :, None] * slopes[:, None]).sum(axis=0)
        downhill = (slopes * residuals[:, None]).sum(axis=0)
        step = exact.solve(square + damping * np.diag(square.diagonal()), downhill)
        tried = np.round(best - step, 9)
        after = misfit(tried)
        if (after * after).sum() < (residuals * residuals).sum():
            if np.abs(step).max() < 1e-5:
                return tried
            best, residuals, damping = tried, after, damping / 5
            slopes = _slopes(misfit, best, residuals)
        else:
            damping *= 8
    return best


def _slopes(
    misfit: Callable[[NDArray[Any]], NDArray[np.float64]],
    place: NDArray[np.float64],
    there: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the change of residuals with each parameter, shape (m, n), by differences."""
    columns = []
    for parameter in range(len(place)):
        beside = place.copy()
        beside[parameter] += 1e-3
        columns.append((misfit(beside) - there) / 1e-3)
    return np.stack(columns, axis=1)


def brain_distance(
    brain_to_world: NDArray[np.float64], affine: NDArray[np.float64], shape: Shape
) -> NDArray[np.float32]:
    """Return the signed distance from the brain's surface on a grid, mm, negative inside, 60 far away."""
    template = brain_template()
    distance = np.full(shape, 60.0, np.float32)
    box, to_template = template_box(brain_to_world, affine, shape)
    near = sample(template.distance, to_template, distance[box].shape, 60.0)
    near *= np.float32(exact.power(exact.determinant(brain_to_world), 1 / 3))
    distance[box] = near
    return distance


def template_box(
    brain_to_world: NDArray[np.float64], affine: NDArray[np.float64], shape: Shape
) -> tuple[tuple[slice, ...], NDArray[np.float64]]:
    """Return the box of a grid that the template fills, and its voxels to those of the template."""
    template = brain_template()
    template_to_world = exact.turned(brain_to_world, template.affine)
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in template.grey.shape], indexing="ij")).reshape(3, -1)
    world = exact.moved(corners.T, template_to_world)
    box = box_of(world, affine, shape)
    return box, exact.turned(exact.inverse(template_to_world), part_of(affine, box))


def sample(
    map_: NDArray[np.float32], to_template_voxel: NDArray[Any], shape: Shape, outside: float
) -> NDArray[np.float32]:
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
    result: NDArray[np.float32] = ndimage.affine_transform(
        map_, matrix, offset, output_shape=shape, order=1, cval=outside
    )
    return result
