"""A cohort of toy heads: an ellipsoid with bumps and tissue of its own, a nose, a brain; and games."""

from collections.abc import Callable, Mapping
from pathlib import Path

import nibabel as nib
import numpy as np
from scipy import ndimage

from tests.helpers.tiny_cohort import write_tiny_cohort

SHAPE = (48, 54, 56)  # voxels of 4 mm, to the right, to the front, up
GRID = np.stack(np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij"))
MIDDLE = np.array([24, 24, 30])
BRAIN = (
    ((GRID - np.array([24, 21, 36])[:, None, None, None]) / np.array([14, 15, 11])[:, None, None, None]) ** 2
).sum(0) < 1
AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
FRONT = (GRID[1] > 34) & (GRID[2] < 36)  # what an honest defacer takes

Scans = Mapping[str, np.ndarray]
Game = Callable[[Scans, str], np.ndarray]


def toy_head(seed: int) -> np.ndarray:
    """Return the scan of one person."""
    rng = np.random.default_rng(seed)
    bumps = ndimage.gaussian_filter(rng.normal(size=SHAPE), 4)
    bumps *= 0.12 / bumps.std()
    radius = (((GRID - MIDDLE[:, None, None, None]) / np.array([18, 21, 24])[:, None, None, None]) ** 2).sum(
        0
    )
    nose = np.array([24 + rng.normal(), 45 + rng.normal(), 24 + rng.normal()])[:, None, None, None]
    head = (radius + bumps < 1) | (((GRID - nose) ** 2).sum(0) < 4**2)
    head |= ndimage.binary_dilation(BRAIN, iterations=2)
    tissue = 300 + 60 * ndimage.gaussian_filter(rng.normal(size=SHAPE), 1) / 0.08
    scan = np.where(head, np.clip(tissue, 120, 900), rng.integers(0, 12, SHAPE))
    return np.asarray(scan, np.int16)


def write_toy_cohort(root: Path, people: int) -> Path:
    """Write a BIDS cohort of toy heads; photographs are noise."""
    write_tiny_cohort(root, people)
    table = root / "participants.tsv"
    head, *rows = (line.split("\t") for line in table.read_text().splitlines())
    aged = [head, *([own[0], own[1], str(20 + 2 * i), *own[3:]] for i, own in enumerate(rows))]
    table.write_text("".join("\t".join(line) + "\n" for line in aged))
    for number in range(1, people + 1):
        subject = f"sub-{number:02d}"
        nib.save(nib.Nifti1Image(toy_head(number), AFFINE), root / subject / "anat" / f"{subject}_T2w.nii.gz")
        folder = root / "derivatives" / "truth" / subject / "anat"
        mask = nib.Nifti1Image(BRAIN.astype(np.uint8), AFFINE)
        nib.save(mask, folder / f"{subject}_space-T2w_desc-brain_mask.nii.gz")
    return root


def surface(scan: np.ndarray) -> np.ndarray:
    """Return what an attacker sees: how far to the front the head reaches, in rays from the front."""
    bright = scan > 60
    depth = np.where(bright, GRID[1], 0).max(axis=1).astype(float)
    return depth[8:40:4, 10:48:4].ravel()


def honest(scans: Scans, name: str) -> np.ndarray:
    """Take the face away."""
    return np.where(FRONT & ~BRAIN, 0, scans[name])


def shell(scans: Scans, name: str) -> np.ndarray:
    """Put a thin bright shell about the whole head, with a dent anywhere."""
    rng = np.random.default_rng(list(name.encode()))
    radius = (
        ((GRID - MIDDLE[:, None, None, None]) / np.array([22, 26.5, 27])[:, None, None, None]) ** 2
    ).sum(0)
    dents = ndimage.gaussian_filter(rng.normal(size=SHAPE), 3)
    radius += 0.03 * dents / dents.std()
    return np.where((radius < 1.05) & (radius > 0.95) & (scans[name] < 60), 800, scans[name])


def brighter(scans: Scans, name: str) -> np.ndarray:
    """Give the face a gain and an offset: no voxel of it has its value."""
    return np.where(FRONT & ~BRAIN, 1.2 * scans[name] + 20, scans[name])


def swapped(scans: Scans, name: str) -> np.ndarray:
    """Put one's brain into the head of the next person."""
    names = list(scans)
    return np.where(BRAIN, scans[name], scans[names[(names.index(name) + 1) % len(names)]])


def moved(scans: Scans, name: str) -> np.ndarray:
    """Put one's brain into the head of the next person, turned left to right and moved."""
    other = np.roll(swapped(scans, name)[::-1], (2, 1), (1, 2))
    return np.where(BRAIN, scans[name], other)


def two_patients(scans: Scans, name: str) -> np.ndarray:
    """Put everybody's brain into the head of one of two patients."""
    names = list(scans)
    return np.where(BRAIN, scans[name], scans[names[names.index(name) % 2]])


def filled(scans: Scans, name: str) -> np.ndarray:
    """Put the next person's skin about one's brain, with nothing of the tissue under it."""
    other = swapped(scans, name)
    return np.where(BRAIN, scans[name], np.where(other > 60, 300, 0))


def one_voxel(scans: Scans, name: str) -> np.ndarray:
    """Change three voxels of the nose."""
    changed = scans[name].copy()
    changed[23:26, 44, 24] = 0
    return changed


def stripped(scans: Scans, name: str) -> np.ndarray:
    """Leave nothing but the brain."""
    return np.where(BRAIN, scans[name], 0)
