"""Where the average head lies in a scan: one affine registration by niimath for all defacers of that scan.

niimath's fast engine samples on a fixed schedule of 8, 4 and 2 mm, whatever the voxel size, which takes 7
s a scan. Both volumes are therefore reduced to 3 mm and handed over with their world scaled by 2/3, so
that the engine's 2 mm level is our 3 mm one: 2 s, and the face and brain masks land within about 1 mm of
where the full schedule puts them (measured in docs/defacers.md). The fit is affine and needs no contrast
in common: the engine's Hellinger cost and correlation ratio compare distributions, so T2w scans register
to the T1w head.
"""

import hashlib
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

from baselines.defacers.problems import DefacerError
from baselines.defacers.template import average_head, bring, package_file
from baselines.scan import Scan

COARSE_MM = 3.0
WORLD_SCALE = 2.0 / COARSE_MM
# Of the variance of the scan, the share that the average head's intensities must explain (docs/defacers.md).
MIN_DEPENDENCE = 0.08
SECONDS = 300


@dataclass(frozen=True)
class Registration:
    """Where the average head lies in a scan.

    Attributes
    ----------
    scan_to_head : ndarray, shape (4, 4)
        World of the scan -> world of the average head, mm, affine.
    dependence : float
        Correlation ratio in [0, 1]: how much of the scan's variance the registered head explains.
    """

    scan_to_head: NDArray[np.float64]
    dependence: float


def register(scan: Scan, cache: Path | None = None) -> Registration:
    """Register the average head to a scan.

    Parameters
    ----------
    scan : Scan
        A head in any orientation, voxel size and contrast.
    cache : Path, optional
        A folder of earlier registrations. Keyed by the content of the scan, the template and the version of
        niimath, never by names, so that a stale one cannot be met.

    Returns
    -------
    Registration
        The same for the same scan, with or without cache.

    Raises
    ------
    DefacerError
        If niimath is missing, fails or takes longer than 5 minutes, or if what it found cannot be a head.
    """
    binary = package_file("niimath", "bin/niimath")
    record = None if cache is None else cache / f"{_key(scan)}.json"
    if record is not None and record.is_file():
        kept = json.loads(record.read_text())
        return Registration(np.array(kept["scan_to_head"]), float(kept["dependence"]))
    scan_to_head = _run(binary, coarse(scan), coarse(average_head()))
    found = Registration(scan_to_head, dependence(scan, scan_to_head))
    _refuse_nonsense(found)
    if record is not None:
        _write_whole(record, {"scan_to_head": scan_to_head.tolist(), "dependence": found.dependence})
    return found


def coarse(scan: Scan) -> Scan:
    """Reduce a scan to 3 mm voxels in the orientation closest to RAS, smoothed against aliasing.

    Examples
    --------
    >>> small = coarse(Scan(np.ones((30, 30, 30), np.int16), np.eye(4)))
    >>> small.data.shape, small.spacing.tolist()
    ((10, 10, 10), [3.0, 3.0, 3.0])
    """
    image = nib.as_closest_canonical(nib.Nifti1Image(scan.data.astype(np.float32), scan.affine))
    data, spacing = np.asarray(image.dataobj), np.array(image.header.get_zooms()[:3], dtype=float)
    step = COARSE_MM / spacing
    # A box of `step` voxels has variance (step**2 - 1) / 12 more than one voxel: so has this Gaussian.
    data = ndimage.gaussian_filter(data, np.sqrt(np.clip(step**2 - 1, 0, None) / 12), mode="nearest")
    shape = np.maximum(1, np.floor(np.array(data.shape) / step)).astype(int)
    first = (step - 1) / 2
    small = ndimage.affine_transform(data, step, first, output_shape=tuple(shape), order=1, mode="nearest")
    grid = np.diag([*step, 1.0])
    grid[:3, 3] = first
    return Scan(small, image.affine @ grid)


def dependence(scan: Scan, scan_to_head: NDArray[np.float64]) -> float:
    """Return the correlation ratio of the scan on the average head, in [0, 1].

    The voxels (at 3 mm) are put in 32 bins by the intensity of the average head; the ratio is the variance of
    the bins' means over the whole variance (Roche et al., MICCAI 1998). It needs no contrast in common.
    """
    small = coarse(scan)
    head = bring(average_head(), scan_to_head, small, outside=-1.0)
    covered = head > -0.5
    values, head = small.data[covered].astype(float), head[covered]
    if values.size < 1000 or values.var() == 0:
        return 0.0
    bins = np.clip((head / head.max() * 32).astype(int), 0, 31)
    counts = np.bincount(bins, minlength=32)
    means = np.bincount(bins, values, minlength=32) / np.maximum(counts, 1)
    return float((counts * (means - values.mean()) ** 2).sum() / values.size / values.var())


def _run(binary: Path, scan: Scan, head: Scan) -> NDArray[np.float64]:
    with tempfile.TemporaryDirectory(prefix="mriprivacy-register-") as name:
        folder = Path(name)
        scale = np.diag([WORLD_SCALE] * 3 + [1.0])
        for volume, file in ((scan, "scan.nii"), (head, "head.nii")):
            nib.Nifti1Image(volume.data, scale @ volume.affine).to_filename(folder / file)
        command = [str(binary), "head.nii", "-allineate", "scan.nii", "-savemat", "affine.json", "moved.nii"]
        # One thread, so that the result does not depend on the machine.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
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
            raise DefacerError(f"niimath did not finish the registration within {SECONDS} s") from error
        except OSError as error:
            raise DefacerError(f"niimath cannot be started ({error}): reinstall it with pip") from error
        if done.returncode or not (folder / "affine.json").is_file():
            said = " ".join((done.stderr + done.stdout).split())[-300:]
            raise DefacerError(f"niimath could not register the scan (status {done.returncode}): {said}")
        matrix = np.array(json.loads((folder / "affine.json").read_text())["fixed_to_moving"], dtype=float)
    return np.linalg.inv(scale) @ matrix @ scale


def _refuse_nonsense(found: Registration) -> None:
    volume = abs(np.linalg.det(found.scan_to_head[:3, :3]))
    if not (0.3 < volume < 3.0):
        raise DefacerError(
            f"the registration scaled the average head's volume by {1 / volume:.2f}; expected 0.33 to 3: "
            "is this a head, and are its voxel sizes right?"
        )
    if found.dependence < MIN_DEPENDENCE:
        raise DefacerError(
            f"the scan does not look like the average head after registration (dependence "
            f"{found.dependence:.3f}, expected at least {MIN_DEPENDENCE}): is this a whole head?"
        )


def _key(scan: Scan) -> str:
    digest = hashlib.sha256()
    head = average_head()
    for part in (scan, head):
        digest.update(f"{part.data.shape} {part.data.dtype.str}".encode())
        digest.update(np.ascontiguousarray(part.data).tobytes())
        digest.update(np.asarray(part.affine, dtype=np.float64).tobytes())
    digest.update(f"niimath {version('niimath')} {COARSE_MM}".encode())
    return digest.hexdigest()


def _write_whole(path: Path, record: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".partial-", dir=path.parent)
    with os.fdopen(handle, "w") as stream:
        json.dump(record, stream)
    Path(name).replace(path)
