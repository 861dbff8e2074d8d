"""The refacing attacker: put a face back where a defacer took it, then attack as before.

    uv run python -m docs.experiments.refacing EDITION SUBMISSION KIND OUTPUT CACHE

KIND `likely` fills in the face that is most likely given what is left of the head: a ridge regression from
what is left to a shape model (principal components of how far faces reach to the front), both fitted on scans
of `dev` before and after defacing. `average` fills in the average face of `dev`. Writes the scans of both
splits laid out as a submission, so that `docs/experiments/attack_gains.py` can let every attacker look at
them. People of `dev` are left out when theirs are filled in.
"""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from nibabel.affines import apply_affine
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import HEAD_TO_PYDEFACE, average_head, bring, pydeface_mask
from mriprivacy.baselines.attacks.outline import outline_features
from mriprivacy.baselines.defacers.masked import air, put
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.baselines.face.surface import head_mask, head_threshold
from mriprivacy.challenge.attackers.linkage import people
from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.data_prep.formats.nifti import write_nifti

Floats = NDArray[np.float64]
COMPONENTS = 60
NOTHING_MM = 4.0  # what reaches no farther into the face is no skin
FOLDS = 5


@dataclass(frozen=True)
class Columns:
    """Columns of voxels of the average head, from the back to the front, and what of each is face."""

    face: NDArray[np.bool_]  # (i, j, k), on the grid of the average head
    taken: NDArray[np.bool_]  # (i, k), columns of which anything is
    back: Floats  # (n_taken,), where it begins, mm

    @classmethod
    def of_pydeface(cls) -> "Columns":
        """Take the face to be what pydeface's mask takes: it is public, as a defacer's code is."""
        face = bring(pydeface_mask(), HEAD_TO_PYDEFACE, average_head(), outside=None) < 0.5
        taken = face.any(axis=1)
        affine = average_head().affine
        return cls(face, taken, affine[1, 3] + affine[1, 1] * face.argmax(axis=1)[taken].astype(np.float64))


def heights(scan: Scan, scan_to_head: Floats) -> Floats:
    """Return how far the head reaches to the front in every column, mm of the average's world; (i, k)."""
    data = np.asarray(ndimage.gaussian_filter(scan.data.astype(np.float32), 0.5))
    head = Scan(head_mask(data, head_threshold(data)).astype(np.float32), scan.affine)
    grid = average_head()
    inside = bring(head, np.linalg.inv(scan_to_head), grid, outside=0.0) > 0.5
    last = inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    at = np.where(inside.any(axis=1), last, 0)
    return np.asarray(grid.affine[1, 3] + grid.affine[1, 1] * at, np.float64)


def measured(paths: tuple[Path, Path], columns: Columns, cache: Path) -> tuple[Floats, Floats, Floats]:
    """Return of a defaced scan and its original: registration, what is left, and the face that was there."""
    defaced, original = (read_scan(path) for path in paths)
    scan_to_head = register(defaced, cache, strict=False).scan_to_head
    left = heights(defaced, scan_to_head)
    outline = outline_features(defaced)
    size = np.linalg.svd(scan_to_head[:3, :3], compute_uv=False)
    rest = np.r_[np.zeros(66) if outline is None else outline, left[::4, ::4].ravel(), size]
    face = np.maximum(heights(original, scan_to_head)[columns.taken], columns.back)
    return scan_to_head, rest, face


def filled(scan: Scan, scan_to_head: Floats, face: Floats, columns: Columns) -> Scan:
    """Put skin where the face reaches, within what was taken."""
    grid = average_head()
    height = np.full(columns.taken.shape, grid.affine[1, 3])
    height[columns.taken] = np.where(face > columns.back + NOTHING_MM, face, height.min())
    where = bring(Scan(columns.face.astype(np.float32), grid.affine), scan_to_head, scan, outside=None) > 0.5
    points = apply_affine(scan_to_head, apply_affine(scan.affine, np.argwhere(where)))
    at = apply_affine(np.linalg.inv(grid.affine), points)
    reach = ndimage.map_coordinates(height, at[:, [0, 2]].T, order=1, mode="constant", cval=height.min())
    share = np.clip((reach - points[:, 1]) / scan.spacing.mean() + 0.5, 0, 1)
    nothing, own = air(scan), scan.data[where].astype(np.float32)
    skin = np.median(scan.data[scan.data > head_threshold(np.asarray(scan.data, np.float32))])
    return put(scan, where, np.maximum(own, nothing + share * (skin - nothing)))


def trained(rest: Floats, faces: Floats, kind: str) -> partial:
    """Return what tells the face from what is left."""
    if kind == "average":
        return partial(_average, faces.mean(axis=0))
    shapes = PCA(min(COMPONENTS, len(faces) - 1), random_state=0).fit(faces)
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 6, 13)))
    model.fit(rest, shapes.transform(faces))
    return partial(_likely, model, shapes)


def _average(face: Floats, rest: Floats) -> Floats:
    return np.tile(face, (len(rest), 1))


def _likely(model: RidgeCV, shapes: PCA, rest: Floats) -> Floats:
    return np.asarray(shapes.inverse_transform(model.predict(rest)))


def main(edition: Path, submission: Path, kind: str, output: Path, cache: Path) -> None:
    opened, columns, compute = open_edition(edition), Columns.of_pydeface(), Compute("loky", 2)
    splits, found = opened.splits, {}
    for name, split in splits.items():
        jobs = [(submission / name / "mri" / split.scan_name(p), split.scan(p)) for p in split.probes]
        found[name] = run(partial(measured, columns=columns, cache=cache), jobs, f"heads of {name}", compute)
    rest, faces = (np.array([one[part] for one in found["dev"]]) for part in (1, 2))
    who = people(opened.dev.key)
    guesses = np.zeros_like(faces)
    for known, out in GroupKFold(FOLDS).split(rest, groups=[who[p] for p in opened.dev.probes]):
        guesses[out] = trained(rest[known], faces[known], kind)(rest[out])
    told = {"dev": guesses, "eval": trained(rest, faces, kind)(np.array([one[1] for one in found["eval"]]))}
    for name, split in splits.items():
        true = np.array([one[2] for one in found[name]])
        error = np.abs(told[name] - true).mean()
        print(f"{kind}, {name}: {error:.1f} mm from the true face, mean over columns", flush=True)
        jobs = list(zip(split.probes, (one[0] for one in found[name]), told[name], strict=True))

        def write(job: tuple[str, Floats, Floats], name: str = name) -> None:
            probe, scan_to_head, face = job
            scan = read_scan(submission / name / "mri" / splits[name].scan_name(probe))
            made = filled(scan, scan_to_head, face, columns)
            write_nifti(output / name / "mri" / splits[name].scan_name(probe), made.data, made.affine)

        run(write, jobs, f"refaced {name}", compute)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]))
