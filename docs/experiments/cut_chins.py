"""What GEO loses where the field of view ends under the mouth, and whether leaving the chin out helps.

    uv run python -m docs.experiments.cut_chins EDITION WORK [PEOPLE]

EDITION has both sides, with landmarks (synthetic people); cut scans, and features, are kept in WORK. One scan
of every other person of eval, PEOPLE at most (40), against their raw photographs, ignorant. Prints Markdown;
differences are paired.
"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from mriprivacy.challenge.attackers.features import Extraction, extract
from mriprivacy.challenge.attackers.linkage import link
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.scoring import compare, draw_systems

BELOW_LIP_MM = 8.0
LOWER_LIP = "ibug-58"
ATTACKS = ("geo", "docs.experiments.attack_gains:GeoWithoutChin")
DRAWS = 1000


def cut(scan: Path, landmarks: Path, target: Path) -> Path:
    """Write a scan whose lowest slice lies under the lower lip."""
    image = nib.as_closest_canonical(nib.load(scan))
    lip = pd.read_csv(landmarks, sep="\t").set_index("name").loc[LOWER_LIP, ["x", "y", "z"]]
    height = (np.linalg.inv(image.affine) @ [*lip, 1])[2] - BELOW_LIP_MM / image.header.get_zooms()[2]
    target.parent.mkdir(parents=True, exist_ok=True)
    image.slicer[:, :, max(0, round(height)) :].to_filename(target)
    return target


def main(edition: Path, work: Path, people: int = 40) -> None:
    """Print how many faces are found, and the differences."""
    split, of = open_edition(edition).eval, open_sealed(edition).subjects
    first = {of[probe]: probe for probe in sorted(split.probes, reverse=True)}
    some = sorted(first)[::2][:people]
    whole = {first[who]: split.scan(first[who]) for who in some}
    marks = edition / "sealed" / "landmarks"
    scans = {
        "whole": whole,
        "cut": {p: cut(path, marks / f"{p}.tsv", work / f"{p}.nii.gz") for p, path in whole.items()},
    }
    shots = {r: split.reference(r, "raw") for r in sorted(split.references) if of[r] in some}
    extraction, two = Extraction(ATTACKS, cache=work / "kept"), Compute("loky", 2)
    photos = extract(shots, "photo", extraction, "photographs", two)
    trials = [(probe, reference) for probe in whole for reference in shots]
    who = np.array([[of[name] for name in trial] for trial in trials])
    scores = {}
    for state, paths in scans.items():
        images = extract(paths, "scan", extraction, f"{state} scans", two)
        print(f"{state}: a face in {sum(own.acquired for own in images.values())} of {len(images)} scans")
        for attack, name in zip(ATTACKS, ("all features", "no chin, no jaw"), strict=True):
            scores[f"{state}, {name}"] = link(attack, trials, images, photos)
    print("\n| | AUC without | with | gain |\n|---|---|---|---|")
    for one, other in (
        ("cut, no chin, no jaw", "cut, all features"),
        ("whole, no chin, no jaw", "whole, all features"),
        ("whole, all features", "cut, all features"),
    ):
        pair = {"one": scores[one], "other": scores[other]}
        draws = draw_systems(pair, who[:, 0] == who[:, 1], who[:, 0], who[:, 1], DRAWS, 0)
        (gap,) = compare(draws, "auc")
        with_it, without = draws.values["auc"]
        print(f"| {one}, over {other} | {without:.3f} | {with_it:.3f} | {gap.difference:+.3f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
