"""The published programs beside which our defacers are held, run on a scan as their users run them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.affines import voxel_sizes
from numpy.typing import NDArray

from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import (
    HEAD_TO_PYDEFACE,
    average_brain,
    average_face,
    average_head,
    bring,
    package_file,
    pydeface_mask,
)
from mriprivacy.baselines.defacers.quickshear import BUFFER_MM
from mriprivacy.baselines.defacers.reface import AIR_SHARE
from mriprivacy.baselines.face.scan import Scan

Mask = NDArray[np.bool_]
TISSUE_SHARE = 0.1  # of the 99th percentile, as in docs/results/defacers.md
CHANGED_SHARE = 0.01  # of the 99th percentile: a program's rounding is no change
FACE_MM = 5.0  # about voxface's face: where surfaces are compared


def quickshear(scan: Scan, folder: Path, cache: Path) -> Scan:
    """Run `quickshear IN BRAIN OUT BUFFER`; the brain mask, which a user brings, is ours."""
    brain = bring(average_brain(), register(scan, cache).scan_to_head, scan, outside=-100.0) > 0
    _write(folder / "brain.nii", Scan(brain.astype(np.uint8), scan.affine))
    up = [code in "SI" for code in nib.aff2axcodes(scan.affine)].index(True)
    buffer = str(BUFFER_MM / voxel_sizes(scan.affine)[up])
    return _run([sys.executable, "-m", "quickshear", "in.nii", "brain.nii", "out.nii", buffer], scan, folder)


def remove_face(scan: Scan, folder: Path, cache: Path) -> Scan:
    """Run `niimath IN -deface TEMPLATE MASK OUT` with pydeface's template and mask."""
    template = package_file("pydeface", "data/mean_reg2mean.nii.gz")
    mask = package_file("pydeface", "data/facemask.nii.gz")
    return _run([*_NIIMATH, "in.nii", "-deface", str(template), str(mask), "out.nii"], scan, folder)


def replace_face(scan: Scan, folder: Path, cache: Path) -> Scan:
    """Run `niimath IN -reface TEMPLATE SHELL WEIGHT OUT`.

    AFNI's shells come with no package: this one is voxface's average head in voxface's face, and air to be
    put in front of it. Every voxel of the template weighs the same.
    """
    head, face = average_head(), average_face().data > 0
    tissue = head.data > AIR_SHARE * np.percentile(head.data, 99)
    shell = np.where(face, np.where(tissue, head.data, -1.0), 0.0).astype(np.float32)
    _write(folder / "template.nii", head)
    _write(folder / "shell.nii", Scan(shell, head.affine))
    _write(folder / "weight.nii", Scan(np.ones_like(shell), head.affine))
    words = ["-reface", "template.nii", "shell.nii", "weight.nii"]
    return _run([*_NIIMATH, "in.nii", *words, "out.nii"], scan, folder)


def voxface(scan: Scan, folder: Path, cache: Path) -> Scan:
    """Run `voxface -i IN`, which needs the package antspyx, and writes over its input."""
    _write(folder / "scan.nii.gz", scan)
    return _run([sys.executable, "-m", "voxface", "-i", "scan.nii.gz"], scan, folder, "scan.nii.gz")


@dataclass(frozen=True)
class Program:
    """A published program.

    Attributes
    ----------
    name : str
        What a user types.
    run : callable
        Defaces a scan, given an empty folder and one with registrations.
    needs : str
        A module without which it does not run.
    """

    name: str
    run: Callable[[Scan, Path, Path], Scan]
    needs: str


# By the name of ours.
PROGRAMS = {
    "remove_face": Program("niimath -deface", remove_face, "niimath"),
    "replace_face": Program("niimath -reface", replace_face, "niimath"),
    "quickshear": Program("quickshear", quickshear, "quickshear"),
    "voxelize": Program("voxface", voxface, "ants"),
}


def is_here(name: str) -> bool:
    """Say whether the published program of one of ours can be run."""
    return find_spec(PROGRAMS[name].needs) is not None


def published(name: str, scan: Scan, cache: Path) -> Scan:
    """Deface with the published program of one of ours."""
    with tempfile.TemporaryDirectory(prefix="mriprivacy-published-") as folder:
        return PROGRAMS[name].run(scan, Path(folder), cache)


@dataclass(frozen=True)
class Places:
    """Where to compare: voxface's face, its surroundings, and where the program's template is (masks)."""

    face: Mask
    near_face: Mask
    template: Mask

    @classmethod
    def of(cls, defacer: str, scan: Scan, cache: Path) -> "Places":
        """Find them by our registration."""
        scan_to_head = register(scan, cache).scan_to_head
        depth = bring(average_face(), scan_to_head, scan, outside=-100.0)
        field, to_field = average_head(), scan_to_head
        if defacer == "remove_face":
            field, to_field = pydeface_mask(), HEAD_TO_PYDEFACE @ scan_to_head
        ones = Scan(np.ones(field.data.shape, np.float32), field.affine)
        return cls(depth > 0, depth > -FACE_MM, bring(ones, to_field, scan, outside=0.0) > 0.5)


def changed_tissue(scan: Scan, defaced: Scan) -> Mask:
    """Return the tissue that a defacer removed or changed."""
    bright = float(np.percentile(scan.data, 99))
    difference = np.abs(defaced.data.astype(np.float64) - scan.data.astype(np.float64))
    result: Mask = (scan.data > TISSUE_SHARE * bright) & (difference > CHANGED_SHARE * bright)
    return result


def dice(one: Mask, other: Mask) -> float:
    """Return the Dice coefficient of two masks."""
    return 2.0 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


_NIIMATH = [str(package_file("niimath", "bin/niimath"))]


def _write(path: Path, scan: Scan) -> None:
    nib.Nifti1Image(scan.data, scan.affine).to_filename(path)


def _run(command: list[str], scan: Scan, folder: Path, result: str = "out.nii") -> Scan:
    _write(folder / "in.nii", scan)
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
        "FSLOUTPUTTYPE": "NIFTI",
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-500:]}{done.stderr[-500:]}"
    image = nib.load(folder / result)
    assert image.shape == scan.data.shape
    assert np.allclose(image.affine, scan.affine, atol=1e-3)
    return Scan(np.asarray(image.dataobj), scan.affine)
