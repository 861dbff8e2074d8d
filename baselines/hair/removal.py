"""Hair removal from a photograph (paper, section IV.A.3), without a trained network.

A scan shows no hair, so a photograph without hair lies nearer to it. Here the hair is found by place and
colour (everything of the person about the skull that has not the colour of this face's own skin), the mask
dilated and blurred as in the paper, skin shaded as the face's own goes where the skull is, and what surrounds
the head where it is not. Brows, eyes, nose, mouth and beard stay.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.head_outline import HeadOutline, outline_of
from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.scoring.errors import UserError

WORKING_SIZE = 240  # longer edge of the picture in which the person is cut out
SKIN_DISTANCE = 14.0  # CIELAB; what is farther from the shaded skin is none
SPREADS = 3.0  # or this many times the spread of the cheeks, where that is more
BALD_ALREADY = 0.1  # share of the top of the head with hair, below which there is none to hang down
DILATION = 0.035  # of the face's height (eyes to chin)
BLUR = 0.02

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class NoFaceError(UserError):
    """No face in the photograph; it is not returned as one without hair."""


@dataclass(frozen=True)
class Bald:
    """A photograph without hair.

    Attributes
    ----------
    picture : ndarray of uint8, shape (rows, columns, 3)
        RGB.
    mask : ndarray of float64, shape (rows, columns)
        How much of each pixel was replaced, 0 to 1.
    faces : int
        How many there are in the photograph; the hair is the largest's.
    """

    picture: Picture
    mask: Floats
    faces: int


def remove_hair(picture: Picture) -> Bald:
    """Remove the hair of the head.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns, 3)
        A portrait seen from the front, RGB.

    Returns
    -------
    Bald
        The same picture always gives the same result. Of a bald person it keeps nearly all.

    Raises
    ------
    NoFaceError
        If no face is found.
    ValueError
        If the array is not an 8-bit RGB picture.

    Examples
    --------
    >>> remove_hair(np.zeros((120, 100, 3), np.uint8))
    Traceback (most recent call last):
    mriprivacy.baselines.hair.removal.NoFaceError: no face found, so no hair either; ...
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(
            f"picture: {picture.dtype} of shape {picture.shape}; expected uint8 of shape (rows, columns, 3)"
        )
    face = find_face(picture, thorough=True)
    if face is None:
        raise NoFaceError("no face found, so no hair either; expected a portrait seen from the front")
    outline = outline_of(face.landmarks, picture.shape[0], picture.shape[1])
    person = cut_out(picture, outline)
    outline = outline.below_crown_of(person)
    shading = _skin_shading(picture, outline)
    hair = _hair(picture, person, shading, outline)
    mask = _soften(hair, outline)
    skin = _continue_skin(picture, shading, outline.sampling & ~_grown(hair, outline.unit * DILATION))
    head = _blur(outline.head.astype(float), 1.2)[..., None]
    surroundings = _fill(picture.astype(float), ~_grown(hair, outline.unit * DILATION) & ~outline.head)
    target = head * skin + (1 - head) * surroundings
    mixed = picture + mask[..., None] * (target - picture)
    return Bald(np.clip(np.rint(mixed), 0, 255).astype(np.uint8), mask, face.count)


def cut_out(picture: Picture, outline: HeadOutline) -> Mask:
    """Part the person, hair included, from the background (GrabCut, Rother et al. 2004)."""
    rows, columns = picture.shape[:2]
    scale = min(1.0, WORKING_SIZE / max(rows, columns))
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    labels = cv2.resize(outline.prior(), size, interpolation=cv2.INTER_NEAREST)
    if not np.isin(labels, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():
        return np.ones((rows, columns), bool)  # a face that fills the picture
    cv2.setRNGSeed(0)  # its mixtures start from a random clustering
    cv2.grabCut(small, labels, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    person = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    result: Mask = cv2.resize(person, (columns, rows), interpolation=cv2.INTER_LINEAR) > 0.5
    return result


def _skin_shading(picture: Picture, outline: HeadOutline) -> Floats:
    """Predict the colour of skin anywhere on the head from the cheeks, nose and forehead; (rows, columns, 3).

    A matt surface under distant light is, to first order, linear in its normal (Basri and Jacobs 2003); the
    normals are those of an ellipsoid. Fitted by ridge regression, three times, each without what lies far
    from the fit before, so that fringe, glasses and nostrils do not count.
    """
    normals = outline.normals
    design = np.concatenate([np.ones((*normals.shape[:2], 1)), normals], axis=2)
    chosen = outline.sampling.copy()
    colours = picture.astype(float)
    penalty = np.diag([0.0, 0.05, 0.25, 0.25]) * max(chosen.sum(), 1)
    centre = np.median(colours[outline.cheeks], axis=0)
    chosen &= np.linalg.norm(colours - centre, axis=2) < 60
    for _ in range(3):
        x, y = design[chosen], colours[chosen] - centre
        weights = np.linalg.solve(x.T @ x + penalty, x.T @ y)
        fitted = design @ weights + centre
        distance = np.linalg.norm(colours - fitted, axis=2)
        kept = outline.sampling & (distance < max(20.0, 2.0 * float(np.median(distance[chosen]))))
        if kept.sum() < 50:
            break
        chosen = kept
    # No darker than a third and no lighter than the face itself gets: the crown is extrapolated.
    result: Floats = np.clip(fitted, 0.45 * centre, np.minimum(1.2 * centre + 5, 255))
    return result


def _hair(picture: Picture, person: Mask, shading: Floats, outline: HeadOutline) -> Mask:
    """Find hair: of the person, where hair can be, and not of the colour of skin."""
    distance = _skin_distance(picture, shading)
    spread = float(np.median(distance[outline.cheeks]))
    skin = distance < max(SKIN_DISTANCE, SPREADS * spread)
    # Single shining strands are hair, single pores are skin.
    skin = cv2.medianBlur(skin.astype(np.uint8), 5).astype(bool)
    above = person & ~skin & outline.hair_zone
    if above.sum() < 0.002 * outline.head.sum():
        return np.zeros_like(above)
    top = outline.crown_zone & outline.head & (np.abs(outline.across) < 0.8)
    if (above & top).sum() < BALD_ALREADY * top.sum():
        # Hair at the sides only: below the ears' upper end there are ears and shadows, no hair.
        return _connected(above & (outline.down < -0.2), outline.crown_zone)
    hanging = person & outline.hanging_zone & _like(picture, above & outline.crown_zone, shading)
    return _connected(above | hanging, outline.crown_zone)


def _skin_distance(picture: Picture, shading: Floats) -> Floats:
    """Distance from the predicted skin in CIELAB, lightness counted half: skin is lighter and darker."""
    difference = _lab(picture) - _lab(np.rint(shading).astype(np.uint8))
    return np.sqrt((0.5 * difference[..., 0]) ** 2 + difference[..., 1] ** 2 + difference[..., 2] ** 2)


def _like(picture: Picture, hair: Mask, shading: Floats) -> Mask:
    """Say which pixels have the colour of this hair rather than that of the skin."""
    if hair.sum() < 20:
        return np.zeros_like(hair)
    lab = _lab(picture)
    centre = np.median(lab[hair], axis=0)
    spread = 1.4826 * np.median(np.abs(lab[hair] - centre), axis=0) + 3.0
    near = np.sqrt((((lab - centre) / spread) ** 2).mean(axis=2)) < 2.0
    result: Mask = near & (np.linalg.norm(lab - centre, axis=2) < _skin_distance(picture, shading) + 10)
    return result


def _connected(mask: Mask, seeds: Mask) -> Mask:
    """Keep the parts that touch the seeds."""
    joined = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, labels = cv2.connectedComponents(joined)
    touching = np.unique(labels[seeds & mask])
    return mask & np.isin(labels, touching[touching > 0])


def _soften(hair: Mask, outline: HeadOutline) -> Floats:
    """Dilate and blur the mask (paper), but not over what stays."""
    grown = _blur(_grown(hair, outline.unit * DILATION).astype(float), outline.unit * BLUR)
    kept = _blur(outline.kept.astype(float), outline.unit * BLUR)
    return grown * (1 - kept)


def _continue_skin(picture: Picture, shading: Floats, skin: Mask) -> Floats:
    """Shaded skin that meets the visible skin without an edge."""
    near = np.abs(picture - shading).max(axis=2) < 60
    residual = _fill(picture - shading, skin & near)
    return shading + 0.7 * residual


def _fill(values: Floats, known: Mask) -> Floats:
    """Fill in the unknown smoothly: averages of the known, from the finest scale that has some."""
    if not known.any():
        return values.copy()
    weight = known.astype(float)
    total = values * weight[..., None]
    if min(known.shape) < 4 or known.all():
        return np.where(known[..., None], values, total.sum((0, 1)) / weight.sum())
    size = ((known.shape[1] + 1) // 2, (known.shape[0] + 1) // 2)
    small_weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(total, size, interpolation=cv2.INTER_AREA) / np.maximum(small_weight, 1e-9)[..., None]
    coarse = _fill(small, small_weight > 0)
    large = cv2.resize(coarse, known.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., None], values, large)


def _lab(picture: Picture) -> Floats:
    result: Floats = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).astype(float)
    return result


def _grown(mask: Mask, radius: float) -> Mask:
    edge = 2 * max(1, round(radius)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge))
    result: Mask = cv2.dilate(mask.astype(np.uint8), disc).astype(bool)
    return result


def _blur(values: Floats, sigma: float) -> Floats:
    result: Floats = cv2.GaussianBlur(values, (0, 0), max(sigma, 0.5))
    return result
