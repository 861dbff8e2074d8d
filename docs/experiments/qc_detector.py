"""`qc` as a detector: eight kinds of planted failures against heads that were defaced well.

    uv run python -m docs.experiments.qc_detector SYNTHETIC_HEADS CACHE [HEAD.nii.gz ...]

Heads and CACHE are those of `docs.experiments.presence`. The score of a scan is the share of the rays to a
part of the face that meet surface, the largest of the five parts. `qc` flags a scan with a whole or cut face.
A scan that is "cannot tell" counts against the detector on both sides. Smaller remainders follow, flagged or
not. Prints the tables of docs/results/presence.md; keeps no picture of anybody.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage

from docs.experiments.presence import coordinates, heads, without
from mriprivacy.baselines.alignment.average_grid import axes, on_grid
from mriprivacy.baselines.alignment.presence import CUT, PARTS, WHOLE, Presence, presence
from mriprivacy.baselines.alignment.registration import coarse, register
from mriprivacy.baselines.alignment.template import bring
from mriprivacy.baselines.defacers import deface
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import no_signal
from mriprivacy.scoring import auc

WELL = ("remove_face", "sheared behind eyes and chin", "skull_strip")
SMALLER = (
    *("mask 5 mm too far in front", "mask 10 mm too far in front", "mask 15 mm too far in front"),
    *("one eye left", "right half of the nose left", "chin left"),
)
Change = Callable[[], Scan]


def main(n_synthetic: int, cache: Path, paths: list[Path]) -> None:
    found = heads(n_synthetic, paths)
    places = {name: register(head, cache).scan_to_head for name, head in found.items()}
    scores: dict[str, list[tuple[float, Presence]]] = {}
    for name, head in found.items():
        other = next_of_its_kind(name, found)
        donor = (found[other], places[other])
        changes = planted(head, places[name], donor) | well(head, places[name], cache)
        for kind, change in (changes | smaller(head, places[name])).items():
            scan = change()
            seen = presence(scan, cache)
            scores.setdefault(kind, []).append((score_of(scan, seen), seen))
            print(f"{name}: {kind}: {scores[kind][-1][0]:.2f}, {seen}", flush=True)
    clean = [(1.0 if np.isnan(s) else s) for kind in WELL for s, _ in scores[kind]]
    print("| planted | area under the ROC | flagged | cannot tell |\n|---|---|---|---|")
    everything: list[float] = []
    eight = [kind for kind in scores if kind not in (*WELL, *SMALLER)]
    for kind in eight:
        left = [(0.0 if np.isnan(s) else s) for s, _ in scores[kind]]
        everything += left
        print(row(kind, f"{auc(np.array(left), np.array(clean)):.3f}", [seen for _, seen in scores[kind]]))
    total = f"{auc(np.array(everything), np.array(clean)):.3f}"
    print(row("all eight", total, [seen for kind in eight for _, seen in scores[kind]]))
    for kind in (*WELL, *SMALLER):
        print(row(kind, "", [seen for _, seen in scores[kind]]))


def row(kind: str, area: str, seen: list[Presence]) -> str:
    flagged = sum(one.verdict in (WHOLE, CUT) for one in seen)
    unknown = sum(not one.readable for one in seen)
    return f"| {kind} | {area} | {flagged} of {len(seen)} | {unknown} |"


def next_of_its_kind(name: str, found: dict[str, Scan]) -> str:
    """Name another head, real for real and synthetic for synthetic: their contrasts are alike."""
    alike = [one for one in found if one.startswith("synthetic") == name.startswith("synthetic")]
    return alike[(alike.index(name) + 1) % len(alike)]


def planted(head: Scan, place: np.ndarray, donor: tuple[Scan, np.ndarray]) -> dict[str, Change]:
    """Return eight ways in which defacing fails; millimetres are those of the average head."""
    x, y, z = coordinates(head, place)
    face = removed(y, z)
    return {
        "whole face left": lambda: head,
        "eyes left": lambda: without(head, face & ~((z > -30) & (z < -2) & (abs(x) > 14) & (abs(x) < 46))),
        "nose left": lambda: without(head, face & ~((z > -52) & (z < -8) & (abs(x) < 20))),
        "mouth and chin left": lambda: without(head, face & ~(z < -56)),
        "right half of the face left": lambda: without(head, face & (x < 0)),
        "mask 20 mm too far in front": lambda: without(head, removed(y - 20, z)),
        "face blurred by 3 mm": lambda: with_face(head, face, blurred(head)),
        "another person's face pasted": lambda: with_face(head, face, pasted(head, place, *donor)),
    }


def smaller(head: Scan, place: np.ndarray) -> dict[str, Change]:
    """Return remainders that are smaller than the eight."""
    x, y, z = coordinates(head, place)
    face = removed(y, z)
    kept = (
        face & ~((z > -30) & (z < -2) & (x > 14) & (x < 46)),
        face & ~((z > -52) & (z < -8) & (x > 0) & (x < 20)),
        face & ~(z < -84),
    )
    masks = [removed(y - 5, z), removed(y - 10, z), removed(y - 15, z), *kept]
    return {name: lambda mask=mask: without(head, mask) for name, mask in zip(SMALLER, masks, strict=True)}


def well(head: Scan, place: np.ndarray, cache: Path) -> dict[str, Change]:
    """Return the same head with its face removed, in three ways."""
    _, y, z = coordinates(head, place)
    return {
        WELL[0]: lambda: deface("remove_face", head, cache),
        WELL[1]: lambda: without(head, removed(y, z)),
        WELL[2]: lambda: deface("skull_strip", head, cache),
    }


def removed(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return what is in front of a plane behind eyes and chin."""
    return y > 85 + 0.35 * z


def blurred(head: Scan) -> np.ndarray:
    return ndimage.gaussian_filter(head.data.astype(np.float32), 3 / head.spacing)


def pasted(head: Scan, place: np.ndarray, other: Scan, other_place: np.ndarray) -> np.ndarray:
    """Return another head where this one is, as bright as this one."""
    moved = bring(other, np.linalg.inv(other_place) @ place, head, outside=no_signal(other.data))
    ratio = np.percentile(head.data, 99) / max(float(np.percentile(other.data, 99)), 1e-6)
    return np.asarray(moved) * ratio


def with_face(head: Scan, face: np.ndarray, values: np.ndarray) -> Scan:
    return Scan(np.where(face, values, head.data).astype(np.float32), head.affine)


def score_of(scan: Scan, seen: Presence) -> float:
    """Return the largest share of a part's rays that meet surface; NaN where the head's place is unknown."""
    if seen.scan_to_head is None:
        return float("nan")
    head = on_grid(coarse(scan), seen.scan_to_head, no_signal(scan.data)).head
    x, y, z = axes()
    front = np.where(head.any(axis=1), y[len(y) - 1 - head[:, ::-1].argmax(axis=1)], -np.inf)
    shares = []
    for part in PARTS:
        rays = front[np.ix_((x >= part.x[0]) & (x <= part.x[1]), (z >= part.z[0]) & (z <= part.z[1]))]
        shares.append(float((rays >= part.least_y).mean()))
    return max(shares)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
