"""How well the attack `brain` links two sessions of one group of people: a table of docs/reference/cohort.md.

    uv run python -m docs.experiments.brains CACHE [PEOPLE [KIND ...]]

People (16) of one sex, one mixture of ancestry and the ages of one band are scanned twice, at 2 mm, with
`cohort.people.brain_individuality` 0 and 1. KIND is how the attack sees a scan, by default all: `known`, the
brain alone, laid where the generator put it; `stripped`, the brain alone, laid by the attack; `head`, the
undefaced scan, laid by the attack. CACHE keeps features: an interrupted run goes on. Prints Markdown.
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.alignment.template import HEAD_TO_MNI
from mriprivacy.baselines.attacks import brain
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.synthetic.cohort_settings import (
    PeopleSettings,
    PhotoSettings,
    ScanSettings,
    SyntheticCohort,
)
from mriprivacy.data_prep.synthetic.dataset import inside_of, scan_expression
from mriprivacy.data_prep.synthetic.head import volume
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import HeadScan, scan_head
from mriprivacy.data_prep.synthetic.people.person import drifted, person_with, random_for
from mriprivacy.data_prep.synthetic.people.traits import subject_ids
from mriprivacy.scoring import score_trials
from mriprivacy.scoring.estimate import Estimate

SEED = 19
SEX, AGES, SHARES = "F", (30, 44), (0.0, 0.0, 1.0)
KINDS = ("known", "stripped", "head")
# Of the first session, and of the second, against which it is scored.
REFERENCE, PROBES = "1 T1w", {"T1w": "2 T1w", "T2w": "2 T2w"}
Features = dict[str, NDArray[np.float64]]


def main(cache: Path, people: int, kinds: tuple[str, ...]) -> None:
    """Print AUC and rank 1 of each kind, individuality, contrast and level."""
    print("| scans | individuality | second session | level | people | AUC | rank 1 |")
    print("|---|---|---|---|---|---|---|")
    seen = {
        (kind, individuality, subject): _person(cache, group(people, individuality), subject, kind)
        for subject in subject_ids(group(people, 1))
        for individuality in (0, 1)
        for kind in kinds
    }
    for kind, individuality in product(kinds, (0, 1)):
        for contrast, probe in PROBES.items():
            pairs = [
                (one[REFERENCE], one[probe])
                for (*what, _), one in seen.items()
                if what == [kind, individuality] and {REFERENCE, probe} <= set(one)
            ]
            for row in rows(pairs):
                print(f"| {kind} | {individuality} | {contrast} | {row} |", flush=True)


def rows(pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Iterator[str]:
    """Score every second session against every first one, as ignorant and as adapted attackers do."""
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    who = np.arange(len(pairs))
    probes, references = np.repeat(who, len(who)), np.tile(who, len(who))
    distances = np.linalg.norm(second[:, None] - first[None], axis=-1)
    for level, scores in {"ignorant": -distances, "adapted": _adapted(second) @ _adapted(first).T}.items():
        report = score_trials(scores.ravel(), probes == references, probes, references)
        yield f"{level} | {len(who)} | {_plain(report.auc)} | {_plain(report.rank1)}"


def _plain(figure: Estimate | None) -> str:
    return "" if figure is None else f"{figure:.2f}".replace("0.", ".")


def _adapted(side: NDArray[np.float64]) -> NDArray[np.float64]:
    standard = (side - side.mean(axis=0)) / np.maximum(side.std(axis=0), 1e-9)
    result: NDArray[np.float64] = standard / np.linalg.norm(standard, axis=1, keepdims=True)
    return result


def group(people: int, individuality: float) -> SyntheticCohort:
    """Return the settings of the group."""
    return SyntheticCohort(
        subjects=people,
        seed=SEED,
        people=PeopleSettings(brain_individuality=individuality),
        scans=ScanSettings(contrasts=["T1w", "T2w"], spacing_mm=2.0),
    )


def _person(cache: Path, config: SyntheticCohort, subject: str, kind: str) -> Features:
    """Return the features of a person by session and contrast; without the scans the attack cannot lay."""
    folder = cache / f"{config.people.brain_individuality:g}"
    kept = folder / f"{subject}_{kind}.npz"
    if not kept.is_file():
        found = {}
        for session in (1, 2):
            scan, to_head = scanned(config, subject, session)
            for contrast in ("T1w", "T2w"):
                if session == 2 or contrast == "T1w":
                    features = _features(scan, contrast, to_head, kind)
                    found |= {} if features is None else {f"{session} {contrast}": features}
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(kept) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **found)  # type: ignore[arg-type]
        print(folder.name, subject, kind, file=sys.stderr, flush=True)
    with np.load(kept, allow_pickle=False) as arrays:
        return dict(arrays)


def scanned(config: SyntheticCohort, subject: str, session: int) -> tuple[HeadScan, NDArray[np.float64]]:
    """Scan a person of the group as a cohort does, and return where the average head lies in it, too."""
    age = int(random_for(config.seed, subject, "traits").integers(AGES[0], AGES[1] + 1))
    person = person_with((SEX, age, "european", SHARES), subject, config.seed, config)
    weights = person.weights
    if session == 2:
        days = SyntheticCohort(photos=PhotoSettings(drift=config.scans.drift))
        weights = drifted(weights, random_for(config.seed, subject, "shape-ses-2"), days)
    rng = random_for(config.seed, subject, "scan" if session == 1 else "scan-ses-2")
    mesh = head_mesh(weights, scan_expression(rng, config))
    brains: list[NDArray[np.float64]] = []
    fit = volume.fit_brain

    def noted(*arguments: object) -> NDArray[np.float64]:
        brains.append(fit(*arguments))  # type: ignore[arg-type]
        return brains[-1]

    with patch.object(volume, "fit_brain", noted):
        scan = scan_head(mesh, rng, config.scans, inside_of(config, person))
    return scan, np.linalg.inv(brains[0] @ HEAD_TO_MNI)


def _features(
    scan: HeadScan, contrast: str, to_head: NDArray[np.float64], kind: str
) -> NDArray[np.float64] | None:
    image = scan.images[contrast]
    seen = Scan(image if kind == "head" else image * scan.brain, scan.affine)
    if kind != "known":
        return brain.brain_features(seen)
    with patch.object(brain, "_laid", lambda _: to_head):
        return brain.brain_features(seen)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else 16,
        tuple(sys.argv[3:]) or KINDS,
    )
