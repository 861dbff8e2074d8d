"""What a refacing attacker finds, and what it adds to attackers on what is left of the head.

    uv run python -m docs.experiments.refaced EDITION CACHE SUBMISSION LIKELY AVERAGE

EDITION and CACHE as for `docs/experiments/attack_gains.py`; LIKELY and AVERAGE are what
`docs/experiments/refacing.py` made of the defacing SUBMISSION. Prints Markdown; differences are paired.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docs.experiments.attack_gains import Bench
from mriprivacy.baselines.attacks.networks import split_name
from mriprivacy.baselines.attacks.registry import Deepface, Geo
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.levels import Images, Seen


class RefacedGeo(Geo):
    """Landmarks of the face that was put back."""


class RefacedDeepface(Deepface):
    """Embedding of the face that was put back."""


HERE = "docs.experiments.refaced"
FACES = {"geo": f"{HERE}:RefacedGeo", "deepface": f"{HERE}:RefacedDeepface"}


def beside(left: Images, refaced: Images) -> Images:
    """Add what is seen of the face that was put back to what is seen of the rest of the head."""
    return {
        name: replace(own, vectors={**own.vectors, **_renamed(refaced[name])}) for name, own in left.items()
    }


def _renamed(image: ImageFeatures) -> dict[str, NDArray[np.float64]]:
    named = {split_name(name)[0]: vector for name, vector in image.vectors.items()}
    return {FACES[name]: vector for name, vector in named.items() if name in FACES}


def main(edition: Path, cache: Path, submission: Path, likely: Path, average: Path) -> None:
    """Print two tables: what each finds, and what one finds more than the other."""
    bench = Bench(edition, cache)
    every, faces = bench.protocol.attacks, list(FACES)
    left = bench.looks(submission, every)
    refaced = {"likely": bench.looks(likely, faces), "average": bench.looks(average, faces)}
    found = {"left": bench.run(left, every)}
    for kind, looks in refaced.items():
        seen = sum(image.acquired for image in looks.scans["eval"].values())
        print(f"{kind}: a face in {seen} of {len(looks.scans['eval'])} scans of eval")
        found[kind] = bench.run(looks, faces)
        both = Seen(
            {split: beside(scans, looks.scans[split]) for split, scans in left.scans.items()},
            {key: beside(photos, photos) for key, photos in left.photos.items()},
        )
        found[f"left and {kind}"] = bench.run(both, [*every, *FACES.values()])
    ignorant, fusion = f"{bench.face}+bald ignorant", "fusion informed"
    rows = [
        ("likely over average, deepface+bald, ignorant", ("likely", ignorant), ("average", ignorant)),
        ("likely over average, geo and deepface informed", ("likely", fusion), ("average", fusion)),
        ("what is left over the likely face, informed", ("left", fusion), ("likely", fusion)),
        ("what is left over the average face, informed", ("left", fusion), ("average", fusion)),
        ("the likely face added to what is left", ("left and likely", fusion), ("left", fusion)),
        ("the average face added to what is left", ("left and average", fusion), ("left", fusion)),
        ("likely added, over average added", ("left and likely", fusion), ("left and average", fusion)),
    ]
    print("\n| what | AUC without | with | gain | EER % without | with |\n|---|---|---|---|---|---|")
    for what, (state, name), (before, same) in rows:
        print(f"| {what} | {bench.difference(found[state][name], found[before][same])} |", flush=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
