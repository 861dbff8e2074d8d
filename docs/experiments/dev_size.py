"""How many people an informed attacker needs in training: AUC on eval by people of dev.

    uv run python -m docs.experiments.dev_size EDITION CACHE [SUBMISSION ...]

As `docs/experiments/attack_gains.py`. Means over ten draws of so many people of dev; photographs as they are.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docs.experiments.attack_gains import Bench
from mriprivacy.baselines.attacks.training.adapted import AdaptedError
from mriprivacy.baselines.attacks.training.informed import InformedError
from mriprivacy.challenge.attackers.levels import Images
from mriprivacy.challenge.attackers.linkage import adapt_to, compared, lowest, people, train_on
from mriprivacy.challenge.edition.protocol import attacks_of
from mriprivacy.scoring import auc

PEOPLE = (12, 24, 48, 96)
DRAWS = 10


def of(images: Images, whose: dict[str, str], some: set[str]) -> Images:
    """Return the images of some people."""
    return {name: image for name, image in images.items() if whose.get(name) in some}


def main(edition: Path, cache: Path, *submissions: Path) -> None:
    """Print a Markdown table."""
    bench = Bench(edition, cache)
    whose = people(bench.edition.dev.key)
    everybody = sorted(set(whose.values()))
    print(f"| defacer | attacker | {' | '.join(map(str, PEOPLE))} |\n|---|---|{'---|' * len(PEOPLE)}")
    for state in (None, *submissions):
        looks = bench.looks(state, bench.protocol.attacks)
        scans, photos = looks.scans, looks.photos
        for attack in attacks_of(bench.protocol):
            levels: dict[str, Callable] = {
                "adapted": lambda *known: adapt_to(*known).similarity,
                "informed": lambda *known: train_on(*known, whose).similarity,
            }
            for level, learn in levels.items():
                cells = []
                for n in PEOPLE:
                    found: list[float] = []
                    for seed in range(DRAWS):
                        some = set(np.random.default_rng(seed).permutation(everybody)[:n].tolist())
                        known = (of(scans["dev"], whose, some), of(photos["dev", "raw"], whose, some))
                        try:
                            how = learn(attack, *known)
                        except (AdaptedError, InformedError):
                            continue  # too few faces
                        asked = (bench.edition.eval.trials, scans["eval"], photos["eval", "raw"])
                        found.append(area(lowest(compared(attack, *asked, how)), bench.mated))
                    cells.append(f"{np.mean(found):.2f}" if len(found) == DRAWS else "-")
                name = state.name if state else "none"
                print(f"| {name} | {attack}, {level} | {' | '.join(cells)} |", flush=True)


def area(scores: NDArray[np.float64], mated: NDArray[np.bool_]) -> float:
    """AUC of scores."""
    return auc(scores[mated], scores[~mated])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
