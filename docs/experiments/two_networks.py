"""Whether SFace links more than Dlib, and bald photographs more than raw ones, on the same trials.

    uv run python -m docs.experiments.two_networks EDITION CACHE [SUBMISSION ...]

EDITION has both sides; CACHE is where `mriprivacy evaluate` kept features of each defacing SUBMISSION. Prints
Markdown. Differences are paired, 95 % intervals over people.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from docs.experiments.attack_gains import DRAWS, Bench, Scores
from mriprivacy.challenge.attackers.networks import attacker_of
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.entry.entry import LEVELS
from mriprivacy.scoring import compare, draw_systems


def difference(bench: Bench, scores: Scores, one: str, other: str) -> str:
    """Return AUC of both, and how much higher that of `one` is."""
    draws = draw_systems(
        {name: scores[name] for name in (one, other)},
        bench.mated,
        bench.who[:, 0],
        bench.who[:, 1],
        DRAWS,
        bench.protocol.bootstrap_seed,
    )
    (gap,) = compare(draws, "auc")
    first, second = draws.values["auc"]
    moved = f"{gap.difference.value:+.2f} [{gap.difference.low:+.2f}, {gap.difference.high:+.2f}]"
    return f"{first:.2f} | {second:.2f} | {moved}"


def rows(bench: Bench, submission: Path | None) -> Iterator[str]:
    """Yield the rows of one state of the scans."""
    state = submission.name if submission else "nothing"
    scores = bench.run(bench.looks(submission, ["deepface"]), ["deepface"])
    for level in LEVELS:

        def name(network: str, condition: str, level: str = level) -> str:
            return f"{attacker_of(f'deepface({network})', condition, level).name} {level}"

        pairs = [
            (f"SFace minus Dlib, {c}", name("SFace", c), name("Dlib", c)) for c in bench.edition.conditions
        ]
        pairs += [
            (f"bald minus raw, {network}", name(network, "bald"), name(network, "raw"))
            for network in ("SFace", "Dlib")
        ]
        for what, one, other in pairs:
            if one in scores and other in scores:
                yield f"| {state} | {level} | {what} | {difference(bench, scores, one, other)} |"
            else:
                yield f"| {state} | {level} | {what} | too few faces to train | | |"


if __name__ == "__main__":
    bench = Bench(Path(sys.argv[1]), Path(sys.argv[2]))
    bench.protocol = replace(
        bench.protocol, networks=read_protocol(bench.edition.description).networks, attacks=["deepface"]
    )
    print("| after | level | what | AUC | AUC of the other | difference |\n|---|---|---|---|---|---|")
    for state in [None, *map(Path, sys.argv[3:])]:
        for row in rows(bench, state):
            print(row, flush=True)
