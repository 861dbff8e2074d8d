"""Where brain, grey matter, white matter and fluid are in a head scan: small, offline, the same every time.

The method of atlas-driven mixtures (Ashburner and Friston, NeuroImage 26, 2005): the average head is
registered to the scan (12 parameters, niimath), the ICBM152 tissue maps that nilearn carries come along as
prior probabilities, and a mixture of Gaussians, fitted by expectation-maximization, weighs them against the
intensities. It needs no contrast: the scan decides which tissue is bright. It models no bias field and
no folds, and is no rival of FreeSurfer. It shows whether two scans of one head still give the same result
(docs/explanation/utility.md, where its error is measured).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.alignment.registration import coarse, register
from mriprivacy.baselines.alignment.template import (
    HEAD_TO_MNI,
    AlignmentError,
    average_brain,
    bring,
    package_file,
)
from mriprivacy.baselines.brain.engines import EngineError, deepbet_mask
from mriprivacy.baselines.face.scan import Scan, settled
from mriprivacy.baselines.face.surface import SurfaceError, head_mask, head_threshold, no_signal
from mriprivacy.scoring.errors import UserError

GREY, WHITE, FLUID = 1, 2, 3
GRID_MM = 2.0
REACH_MM = 10.0  # around the registered brain; what lies farther cannot be brain
PRIOR_MM = 2.0  # standard deviation by which the maps are smoothed, for an affine fit is not exact
ITERATIONS = 20
# A mixture of this many Gaussians a class: what is not brain is dark (bone) and bright (fat, skin).
GAUSSIANS = (1, 1, 1, 2)
_ICBM = "datasets/data/mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"


class BrainError(UserError):
    """A scan in which no brain can be found."""


@dataclass(frozen=True)
class BrainAnalysis:
    """The brain of one scan.

    Attributes
    ----------
    labels : ndarray of uint8, shape (i, j, k)
        0 elsewhere, `GREY`, `WHITE`, `FLUID`; on the scan's field of view, RAS+ order, voxels of 2 mm.
    volumes_ml : ndarray, shape (3,)
        Grey matter, white matter, fluid within the brain mask; millilitres, partial volumes counted.
    scan_to_head : ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm.
    points : ndarray, shape (n, 3)
        World coordinates (mm) of points of the brain mask, for comparing registrations.
    quality : dict from str to float
        MRIQC's measures by their names there; see `quality`.
    """

    labels: NDArray[np.uint8]
    volumes_ml: NDArray[np.float64]
    scan_to_head: NDArray[np.float64]
    points: NDArray[np.float64]
    quality: dict[str, float]


def analyse(scan: Scan, cache: Path | None = None, engine: str = "builtin") -> BrainAnalysis:
    """Find the brain and its tissues.

    Parameters
    ----------
    scan : Scan
        A head, defaced or not, in any orientation, voxel size and contrast.
    cache : Path, optional
        Folder for registrations (`defacers.registration.register`).
    engine : str
        The program that draws the brain mask, one of `baselines.brain.engines.ENGINES`. Tissues inside of it
        come from the mixture.

    Returns
    -------
    BrainAnalysis
        The same for the same voxels and affine, on every repeat.

    Raises
    ------
    BrainError
        If the scan cannot be registered, or holds nothing that can be a brain (300 to 3,000 ml).

    Examples
    --------
    >>> analyse(Scan(np.zeros((32, 32, 32), np.float32), np.diag([4.0, 4.0, 4.0, 1.0])))
    Traceback (most recent call last):
    mriprivacy.baselines.brain.analysis.BrainError: ...
    """
    try:
        scan_to_head = register(scan, cache, strict=False).scan_to_head
    except AlignmentError as error:
        raise BrainError(str(error)) from error
    small = coarse(scan, GRID_MM)
    near = bring(average_brain(), scan_to_head, small, outside=-100.0) > -REACH_MM
    if not near.any():
        raise BrainError("the registered brain lies outside of the field of view")
    box = ndimage.find_objects(near.astype(np.int8))[0]
    corner = np.eye(4)
    corner[:3, 3] = [side.start for side in box]
    cut = Scan(small.data[box], settled(small.affine @ corner))
    shares = _mixture(cut, scan_to_head, near[box])
    brain = _brain(shares)
    if engine == "deepbet":
        try:
            brain = deepbet_mask(scan, cut) & near[box]
        except EngineError as error:
            raise BrainError(str(error)) from error
    voxel_ml = float(abs(np.linalg.det(small.affine[:3, :3]))) / 1000
    volumes = np.array([share[brain].sum() for share in shares[:3]]) * voxel_ml
    if not 300 < volumes.sum() < 3000:
        raise BrainError(f"what was found has {volumes.sum():.0f} ml; expected a brain of 300 to 3,000 ml")
    labels = np.zeros(small.data.shape, np.uint8)
    labels[box] = np.where(brain, shares[:3].argmax(axis=0) + 1, 0)
    points = settled(nib.affines.apply_affine(small.affine, np.argwhere(labels)[::50]))
    return BrainAnalysis(labels, volumes, scan_to_head, points, quality(scan, labels))


def quality(scan: Scan, labels: NDArray[np.uint8]) -> dict[str, float]:
    """Return MRIQC's measures that need a segmentation only (Esteban et al., PLoS ONE 12, 2017).

    Parameters
    ----------
    scan : Scan
        The head; intensities count from its air (`baselines.face.surface.no_signal`).
    labels : ndarray of uint8
        Its tissues, from `analyse`.

    Returns
    -------
    dict from str to float
        `snr_gm`, `snr_wm`, `snr_csf`, `snr_total` (median over standard deviation, and their mean),
        `cnr` (contrast of grey and white over the noise of air and both), `cjv` (coefficient of joint
        variation), `wm2max` (white matter over the 99.95th percentile), `efc` (entropy focus, 0 to 1).
        NaN where a tissue has fewer than two voxels, or no spread.
    """
    image = nib.Nifti1Image(scan.data.astype(np.float32), scan.affine)
    data = np.asarray(nib.as_closest_canonical(image).dataobj)
    data -= no_signal(data)
    nearest = [
        np.clip(((np.arange(n) + 0.5) * m / n).astype(int), 0, m - 1)
        for n, m in zip(data.shape, labels.shape, strict=True)
    ]
    tissue = labels[np.ix_(*nearest)]
    values = {name: data[tissue == label] for name, label in _TISSUES.items()}
    if min(map(len, values.values())) < 2:
        return dict.fromkeys(QUALITY, float("nan"))
    middle = {name: float(np.median(own)) for name, own in values.items()}
    spread = {name: float(own.std()) for name, own in values.items()}
    snr = {
        name: _ratio(middle[name], spread[name] * np.sqrt(len(own) / (len(own) - 1)))
        for name, own in values.items()
    }
    contrast = abs(middle["wm"] - middle["gm"])
    noise = np.sqrt(_air_spread(data) ** 2 + spread["gm"] ** 2 + spread["wm"] ** 2)
    energy = data.ravel() - min(0.0, float(data.min()))
    total = float(np.sqrt((energy.astype(np.float64) ** 2).sum()))
    shares = energy[energy > 0] / total
    entropy = -float((shares * np.log(shares)).sum())
    most = np.sqrt(len(energy)) * np.log(np.sqrt(len(energy)))
    figures = [
        *snr.values(),
        sum(snr.values()) / 3,
        _ratio(contrast, noise),
        _ratio(spread["wm"] + spread["gm"], contrast),
        middle["wm"] / float(np.percentile(data, 99.95)),
        entropy / most,
    ]
    return dict(zip(QUALITY, map(float, figures), strict=True))


def _ratio(one: float, other: float) -> float:
    return float(one / other) if other else float("nan")


_TISSUES = {"gm": GREY, "wm": WHITE, "csf": FLUID}
QUALITY = ("snr_gm", "snr_wm", "snr_csf", "snr_total", "cnr", "cjv", "wm2max", "efc")


def _air_spread(data: NDArray[np.float32]) -> float:
    """Return the standard deviation of what lies outside of the head, on every third voxel; 0 if nothing."""
    thin = np.ascontiguousarray(data[::3, ::3, ::3])
    try:
        outside = ~head_mask(thin, head_threshold(thin))
    except SurfaceError:
        return 0.0
    return float(thin[outside].std()) if outside.any() else 0.0


@cache
def _priors() -> tuple[Scan, ...]:
    """Return the chances of grey matter, white matter and fluid, 2 mm, in the world of ICBM152."""
    grey, white, head = (nib.load(package_file("nilearn", _ICBM.format(name))) for name in ("gm", "wm", "t1"))
    affine = np.asarray(grey.affine, np.float64)
    # In their own place and one after the other, for each of them takes 35 MB.
    maps = [np.asarray(image.dataobj, np.float32) for image in (grey, white)]
    for one in maps:
        one /= one.max()
    fluid = ndimage.binary_fill_holes(np.asarray(head.dataobj, np.float32) > 0).astype(np.float32)
    for one in maps:
        fluid -= one
    maps.append(np.clip(fluid, 0, 1, out=fluid))
    return tuple(coarse(Scan(_smooth(maps.pop(0)), affine), GRID_MM) for _ in range(3))


def _smooth(one: NDArray[np.float32]) -> NDArray[np.float32]:
    ndimage.gaussian_filter(one, PRIOR_MM, output=one)
    return one


def _mixture(cut: Scan, scan_to_head: NDArray[np.float64], near: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return shares of grey, white, fluid and all else, shape (4, i, j, k); 0 beyond `near`."""
    prior = np.array([bring(one, HEAD_TO_MNI @ scan_to_head, cut, outside=0.0)[near] for one in _priors()])
    prior = np.clip(prior, 1e-4, None)
    prior = np.vstack([prior, np.clip(1 - prior.sum(axis=0), 1e-4, None)])
    prior /= prior.sum(axis=0)
    values = cut.data[near].astype(np.float64)
    floor = (0.01 * (np.percentile(values, 99) - np.percentile(values, 1))) ** 2 + 1e-12
    owner = np.repeat(np.arange(4), GAUSSIANS)
    shares = prior[owner]
    # What is not brain starts as a dark and a bright half.
    dark = values < np.average(values, weights=prior[3])
    shares[3], shares[4] = prior[3] * dark, prior[3] * ~dark
    weight = np.array([1.0, 1.0, 1.0, 0.5, 0.5])
    for _ in range(ITERATIONS):
        total = shares.sum(axis=1) + 1e-12
        mean = (shares * values).sum(axis=1) / total  # no BLAS: another order of sums on every processor
        variance = (shares * (values - mean[:, None]) ** 2).sum(axis=1) / total + floor
        rest = total[3:].sum()
        weight[3:] = total[3:] / rest
        density = np.exp(-0.5 * (values - mean[:, None]) ** 2 / variance[:, None])
        density *= (weight / np.sqrt(variance))[:, None]
        shares = prior[owner] * (density + 1e-12)
        shares /= shares.sum(axis=0)
    found = np.zeros((4, *near.shape), np.float32)
    found[:3, near] = shares[:3]
    found[3, near] = shares[3:].sum(axis=0)
    return found


def _brain(shares: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the brain mask: what is rather brain than not, in one piece, without holes."""
    inside: NDArray[np.bool_] = ndimage.binary_opening(shares[:3].sum(axis=0) > 0.5)
    labels, count = ndimage.label(inside)
    if count == 0:
        return inside
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    result: NDArray[np.bool_] = ndimage.binary_fill_holes(
        ndimage.binary_closing(labels == sizes.argmax(), iterations=2)
    )
    return result
