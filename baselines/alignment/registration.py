"""Where the average head lies in a scan: an affine registration by niimath, once for all defacers of a scan.

niimath's fast engine samples on a fixed schedule of 8, 4 and 2 mm whatever the voxel size, which takes 7 s a
scan. Here both volumes are reduced to 4 mm and handed over with their world scaled by one half, so that the
engine's 2 mm level is our 4 mm one: about 1 s a fit. What that saves is spent on robustness. A fit can get
stuck, a T2w scan on a T1w head above all; so the head is fitted in two contrasts and both ways, and the fit
with the highest normalized mutual information is kept. Measured in docs/results/defacers.md.
"""

import functools
import hashlib
import itertools
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.alignment.average_grid import brain_similarity
from mriprivacy.baselines.alignment.mutual_information import normalized_mutual_information
from mriprivacy.baselines.alignment.template import (
    AlignmentError,
    average_brain,
    average_head,
    average_head_t2w,
    bring,
    package_file,
)
from mriprivacy.baselines.face.scan import Scan, settled
from mriprivacy.baselines.face.surface import no_signal
from mriprivacy.scoring.errors import SetupError

COARSE_MM = 4.0
WORLD_SCALE = 2.0 / COARSE_MM
# Normalized mutual information; 1 for independent volumes. What heads reach: docs/results/defacers.md.
MIN_SIMILARITY = 1.085
# The same for what is left of a defaced head; white noise reaches 1.00.
MIN_LAX = 1.03
# Above it a fit was right on all 26 heads tried, and the fits the other way round never better.
CLEAR_SIMILARITY = 1.12
# A fit that says less, or makes the average head this much larger or smaller, has often got stuck, where the
# field of view cuts chin or ear above all. With air around the scan it comes loose: docs/results/defacers.md.
DOUBTFUL_SIMILARITY = 1.11
DOUBTFUL_SCALE = 1.75
LEAST_VOXELS = 2000  # of 4 mm: 128 cm3, a tenth of a brain
PADDING = 10  # voxels of 4 mm
# About the brain, what fits look at once more if it does not lie there: a neck or a face unlike the average
# ones holds a fit of the whole head back. Wider finds what is further off, narrower ends closer.
NEARER_MM = (60.0, 40.0)
NEARER_ROUNDS = 3  # each from where the best fit of the one before ended
DOUBTFUL_BRAIN = 1.04  # `brain_similarity` below which there is a next round
SECONDS = 300
# One thread, and the C library's functions for processors without AVX2 and FMA: the others differ in the last
# bit, and the search then ends elsewhere, by 0.8 mm for one of seven heads. Other C libraries ignore it.
SAME_EVERYWHERE = {
    "OMP_NUM_THREADS": "1",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable,-FMA4_Usable",
}


@dataclass(frozen=True)
class Registration:
    """Where the average head lies in a scan.

    Attributes
    ----------
    scan_to_head : ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm, affine.
    similarity : float
        Normalized mutual information of the scan and the head, from 1 (independent) to 2 (one determines the
        other).
    """

    scan_to_head: NDArray[np.float64]
    similarity: float


def register(scan: Scan, cache: Path | None = None, strict: bool = True) -> Registration:
    """Register the average head to a scan.

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        A folder of earlier registrations. Keyed by the content of the scan, the template and the version of
        niimath, never by names, so that a stale one cannot be met.
    strict : bool
        For a head that shall be defaced: fit both ways unless the first fits are clear, once more where the
        best is doubtful, and refuse what has little in common with a head. Else, for a head that may have
        lost its face: fit one way, and refuse only what has nothing in common with a head.

    Returns
    -------
    Registration
        The same for the same scan, with or without cache.

    Raises
    ------
    AlignmentError
        If niimath fails or takes longer than 5 minutes, or if what it found cannot be a head.
    SetupError
        If niimath is missing, or an earlier registration is there and cannot be read.
    """
    binary = package_file("niimath", "bin/niimath")
    if cache is not None and (record := _record(cache, scan, strict)).is_file():
        return _sensible(_kept(record), strict)
    small = coarse(scan)
    if small.data.size < LEAST_VOXELS:  # niimath looks for minutes
        extent = " x ".join(f"{n * mm:.0f}" for n, mm in zip(small.data.shape, small.spacing, strict=True))
        raise AlignmentError(f"the field of view is too small for a head ({extent} mm)")
    small = Scan(small.data - no_signal(scan.data), small.affine)  # niimath takes 0 for air
    if np.ptp(small.data) == 0:  # niimath looks for minutes
        raise AlignmentError("every voxel is the same: there is no head to register")
    fits, reasons = _fits(binary, small, forward=True)
    clear = any(fit.similarity > CLEAR_SIMILARITY for fit in fits)
    if strict and not clear:
        more, why = _fits(binary, small, forward=False)
        fits, reasons = [*fits, *more], [*reasons, *why]
    if not fits:
        raise AlignmentError(f"niimath could not register the scan: {reasons[0]}")
    found = max(fits, key=lambda fit: fit.similarity)
    doubtful = _is_doubtful(found)
    if strict and doubtful:
        found = max([found, *_again(binary, small)], key=lambda fit: fit.similarity)
    found = _about_the_brain(binary, small, found)
    if cache is not None:  # nonsense as well: it takes the longest to find
        # Where the first fits are clear, strict or not is the same.
        for kept in (True, False) if clear and not doubtful else (strict,):
            _write_whole(_record(cache, scan, kept), found)
    return _sensible(found, strict)


def coarse(scan: Scan, mm: float = COARSE_MM) -> Scan:
    """Reduce a scan to voxels of `mm` in the orientation closest to RAS, smoothed against aliasing.

    Examples
    --------
    >>> small = coarse(Scan(np.ones((40, 40, 40), np.int16), np.eye(4)))
    >>> small.data.shape, small.spacing.tolist()
    ((10, 10, 10), [4.0, 4.0, 4.0])
    """
    image = nib.as_closest_canonical(nib.Nifti1Image(scan.data.astype(np.float32), scan.affine))
    data, spacing = np.asarray(image.dataobj), np.array(image.header.get_zooms()[:3], dtype=float)
    step = mm / spacing
    # A box of `step` voxels has variance (step**2 - 1) / 12 more than one voxel: so has this Gaussian.
    data = ndimage.gaussian_filter(data, np.sqrt(np.clip(step**2 - 1, 0, None) / 12), mode="nearest")
    shape = np.maximum(1, np.floor(np.array(data.shape) / step)).astype(int)
    first = (step - 1) / 2
    small = ndimage.affine_transform(data, step, first, output_shape=tuple(shape), order=1, mode="nearest")
    grid = np.diag([*step, 1.0])
    grid[:3, 3] = first
    return Scan(small, settled(image.affine @ grid))


def similarity(small: Scan, scan_to_head: NDArray[np.float64]) -> float:
    """Return the normalized mutual information of a coarse scan and the average head, in [1, 2].

    Normalized mutual information on the whole grid of the scan; air where the head ends.
    """
    head = bring(average_head(), scan_to_head, small, outside=0.0)
    return normalized_mutual_information(small.data, head)


@functools.cache
def _coarse_heads() -> tuple[Scan, Scan]:
    return coarse(average_head()), coarse(average_head_t2w())


def _fits(binary: Path, small: Scan, forward: bool) -> tuple[list[Registration], list[str]]:
    """Fit both contrasts, head to scan, or scan to head; and return why niimath gave up what is not there."""
    fits: list[Registration] = []
    reasons = []
    for head in _coarse_heads():
        try:
            matrix = _allineate(binary, head, small) if forward else _allineate(binary, small, head)
        except _GivenUpError as error:
            reasons.append(str(error))
            continue
        matrix = matrix if forward else settled(np.linalg.inv(matrix))
        fits.append(Registration(matrix, similarity(small, matrix)))
    return fits, reasons


def _is_doubtful(found: Registration) -> bool:
    scale = abs(np.linalg.det(found.scan_to_head[:3, :3]))
    return found.similarity < DOUBTFUL_SIMILARITY or max(scale, 1 / scale) > DOUBTFUL_SCALE


def _again(binary: Path, small: Scan) -> list[Registration]:
    """Fit both contrasts to the scan with air around it, and again from where the best fit ended."""
    pad = np.eye(4)
    pad[:3, 3] = -PADDING
    padded = Scan(np.pad(small.data, PADDING), settled(small.affine @ pad))
    fits: list[Registration] = []
    for _ in range(2):
        best = max(fits, key=lambda fit: fit.similarity, default=None)
        start = np.eye(4) if best is None else best.scan_to_head
        moved = Scan(padded.data, settled(start @ padded.affine))
        for head in _coarse_heads():
            try:
                matrix = settled(_allineate(binary, head, moved) @ start)
            except _GivenUpError:
                continue  # the fit that is there stays
            fits.append(Registration(matrix, similarity(small, matrix)))
    return fits


def _about_the_brain(binary: Path, small: Scan, found: Registration) -> Registration:
    """Fit what is near the brain alone, where a fit of the whole does not put brain on brain."""
    best, here = found, brain_similarity(small, found.scan_to_head)
    for _ in range(NEARER_ROUNDS):
        if here is None or here >= DOUBTFUL_BRAIN:
            break
        start, before = best.scan_to_head, here
        moved = Scan(small.data, settled(start @ small.affine))
        for near, head in itertools.product(NEARER_MM, _coarse_heads()):
            try:
                fit = _allineate(binary, _near_brain(head, near), _near_brain(moved, near))
            except _GivenUpError:
                continue  # the fit that is there stays
            matrix = settled(fit @ start)
            there = brain_similarity(small, matrix)
            if there is not None and there > here and _is_of_a_head(matrix):
                best, here = Registration(matrix, similarity(small, matrix)), there
        if here == before:
            break
    return best


def _near_brain(scan: Scan, near: float) -> Scan:
    """Set to air what lies further from the average brain, mm, in the world of the average head."""
    distance = bring(average_brain(), np.eye(4), scan, outside=-np.inf)
    return Scan(np.where(distance > -near, scan.data, 0).astype(np.float32), scan.affine)


class _GivenUpError(Exception):
    """niimath ended without a result; caught here, where other fits are tried."""


def _allineate(binary: Path, moving: Scan, fixed: Scan) -> NDArray[np.float64]:
    """Register `moving` to `fixed`; return world of `fixed` -> world of `moving`."""
    scale = np.diag([WORLD_SCALE] * 3 + [1.0])
    with tempfile.TemporaryDirectory(prefix="mriprivacy-register-") as name:
        folder = Path(name)
        for volume, file in ((moving, "moving.nii"), (fixed, "fixed.nii")):
            nib.Nifti1Image(volume.data, scale @ volume.affine).to_filename(folder / file)
        command = [str(binary), "moving.nii", "-allineate", "fixed.nii", "-savemat", "fit.json", "out.nii"]
        environment = {**os.environ, **SAME_EVERYWHERE, "FSLOUTPUTTYPE": "NIFTI"}
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AlignmentError(f"niimath did not finish a registration within {SECONDS} s") from error
        except OSError as error:
            raise SetupError(f"niimath cannot be started ({error}): reinstall it with pip") from error
        if done.returncode or not (folder / "fit.json").is_file():
            output = " ".join((done.stderr + done.stdout).split())[-300:]
            raise _GivenUpError(f"status {done.returncode}: {output}")
        matrix = np.array(json.loads((folder / "fit.json").read_text())["fixed_to_moving"], dtype=float)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 1e-6:
        raise _GivenUpError("the affine it found is degenerate")
    return settled(np.linalg.inv(scale) @ matrix @ scale)


def _sensible(found: Registration, strict: bool) -> Registration:
    least = MIN_SIMILARITY if strict else MIN_LAX
    if not _is_of_a_head(found.scan_to_head):
        volume = abs(np.linalg.det(found.scan_to_head[:3, :3]))
        raise AlignmentError(
            f"the registration scaled the average head's volume by {1 / volume:.2f}; expected 0.33 to 3: "
            "is this a head, and are its voxel sizes right?"
        )
    if found.similarity < least:
        raise AlignmentError(
            f"after registration the scan has little in common with a head (normalized mutual information "
            f"{found.similarity:.3f}; expected at least {least}): is this a whole head?"
        )
    return found


def _is_of_a_head(scan_to_head: NDArray[np.float64]) -> bool:
    """Say whether a head can be so much smaller or larger than the average one."""
    return bool(0.3 < abs(np.linalg.det(scan_to_head[:3, :3])) < 3.0)


def _kept(record: Path) -> Registration:
    try:
        kept = json.loads(record.read_text())
        matrix = np.array(kept["scan_to_head"], dtype=float).reshape(4, 4)
        return Registration(matrix, float(kept["similarity"]))
    except (ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{record}: was kept from an earlier run and cannot be read; remove it") from error


def _record(cache: Path, scan: Scan, strict: bool) -> Path:
    return cache / f"{_key(scan)}{'' if strict else '-lax'}.json"


def _key(scan: Scan) -> str:
    digest = hashlib.sha256()
    for part in (scan, average_head(), average_head_t2w()):
        digest.update(f"{part.data.shape} {part.data.dtype.str}".encode())
        digest.update(np.ascontiguousarray(part.data).tobytes())
        digest.update(np.asarray(part.affine, dtype=np.float64).tobytes())
    floor = no_signal(scan.data) or ""  # nothing for 0, so that what was kept without it is found
    nearer = f"{NEARER_MM} {NEARER_ROUNDS} {DOUBTFUL_BRAIN}"
    digest.update(f"niimath {version('niimath')} {COARSE_MM} {PADDING} {nearer}{floor}".encode())
    return digest.hexdigest()


def _write_whole(path: Path, found: Registration) -> None:
    record = {"scan_to_head": found.scan_to_head.tolist(), "similarity": found.similarity}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".partial-", dir=path.parent)
    with os.fdopen(handle, "w") as stream:
        json.dump(record, stream)
    Path(name).replace(path)
