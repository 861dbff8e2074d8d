"""Do the intervals of `mriprivacy risk` hold what was planted? Simulated hospitals, at the level of scores.

    uv run python -m docs.experiments.risk_coverage [HOSPITALS] [--write]

Each person is exposed with a planted probability, in one of three ways. The hospital's scores go through the
functions that the report calls: `choose`, `risk_in_gallery`, `worst_off` and `predicted_risk`. Prints the
table of docs/results/risk_coverage.md; `--write` writes it there. No image is made. It takes about seven
minutes of one core.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import norm

from mriprivacy.challenge.risk.control_rate import ControlledRisk
from mriprivacy.challenge.risk.inference import predicted_risk
from mriprivacy.challenge.risk.singling_out import choose, headline_gallery, risk_in_gallery, worst_off

PEOPLE, RATES, HOSPITALS = (12, 40, 200), (0.0, 0.05, 0.25), 200
ATTACKERS, LIKE_ALL = (
    3,
    0.5,
)  # and how far some scans are alike to every face, in standard deviations of noise
FACE, OUTLINE = 8.0, 3.0  # how far an exposed person's own score lies above the noise
PAGE = Path(__file__).parents[1] / "results" / "risk_coverage.md"


@dataclass(frozen=True)
class Outcome:
    """One hospital: what was found, the truth, and whether the person named was a planted one."""

    risk: ControlledRisk
    truth: float
    named: bool
    planted: bool
    any_planted: bool

    @property
    def covered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.risk.risk.low <= self.truth <= self.risk.risk.high


def face_left(people: int, rate: float, rng: np.random.Generator) -> Outcome:
    """One of three attackers sees the faces that were left; no attacker sees any other face."""
    return linked(people, rate, rng, FACE, sighted=1)


def outline(people: int, rate: float, rng: np.random.Generator) -> Outcome:
    """All three attackers see something of exposed people; some scans look like every person."""
    return linked(people, rate, rng, OUTLINE, sighted=ATTACKERS, alike=LIKE_ALL)


def linked(
    people: int, rate: float, rng: np.random.Generator, shift: float, sighted: int, alike: float = 0.0
) -> Outcome:
    exposed = rng.random(people) < rate
    own = np.diag(np.where(exposed, shift, 0.0))
    columns = alike * rng.normal(size=(1, people))
    systems = [
        rng.normal(size=(people, people)) + columns + (own if k < sighted else 0.0) for k in range(ATTACKERS)
    ]
    scores, _ = choose(systems)
    size = headline_gallery(people)
    worst = worst_off(scores, [str(i) for i in range(people)])
    found = first_of(size, shift, alike)
    truth = rate * (found - 1 / size) / (1 - 1 / size)
    planted = bool(exposed[int(worst.person)])
    return Outcome(
        risk_in_gallery(scores, size, systems), truth, worst.stands_out, planted, bool(exposed.any())
    )


def attribute(people: int, rate: float, rng: np.random.Generator) -> Outcome:
    """Of exposed people the sex is predicted right, of all others it is guessed."""
    exposed, truth = rng.random(people) < rate, rng.random(people) < 0.5
    predicted = np.where(exposed, truth, rng.random(people) < 0.5)
    right = truth[:, None] == predicted
    return Outcome(predicted_risk(right), rate, False, False, False)


def first_of(size: int, shift: float, alike: float) -> float:
    """Return how often an own score comes first of so many, where scores of columns differ as well."""
    wide = np.sqrt(1 + alike**2)
    x = np.linspace(-12, 12, 4001)
    density = norm.pdf(x, scale=wide)
    return float((density * norm.cdf((x + shift) / wide) ** (size - 1)).sum() * (x[1] - x[0]))


WAYS: dict[str, Callable[[int, float, np.random.Generator], Outcome]] = {
    "face left": face_left,
    "outline": outline,
    "attribute": attribute,
}


def cell(way: str, people: int, rate: float, hospitals: int) -> list[Outcome]:
    seeds = [list(WAYS).index(way), people, round(1000 * rate)]
    return [WAYS[way](people, rate, np.random.default_rng([*seeds, number])) for number in range(hospitals)]


def row(way: str, people: int, rate: float, found: list[Outcome]) -> str:
    covered = sum(one.covered for one in found)
    high = sum(one.truth < one.risk.risk.low for one in found)
    low = len(found) - covered - high
    wide = np.mean([one.risk.risk.high - one.risk.risk.low for one in found])
    named = [one for one in found if one.named]
    right = sum(one.planted for one in named)
    with_planted = sum(one.any_planted for one in found)
    worst = "" if way == "attribute" else f"{right} of {len(named)}"
    asked = "" if way == "attribute" else str(with_planted)
    share = f"{100 * covered / len(found):.1f} %"
    truth = f"{100 * found[0].truth:.1f} %"
    cells = (way, people, f"{100 * rate:.0f} %", truth, share, high, low, f"{100 * wide:.0f}", worst, asked)
    return f"| {' | '.join(map(str, cells))} |"


def main(hospitals: int, write: bool) -> None:
    cells = [(way, people, rate) for way in WAYS for people in PEOPLE for rate in RATES]
    lines = []
    for one in cells:
        lines.append(row(*one, cell(*one, hospitals)))
        print(lines[-1], file=sys.stderr, flush=True)
    head = (
        "| way | people | exposed | risk planted | intervals that hold it | too high | too low "
        "| mean width, points | planted of those named | hospitals with a planted person |"
    )
    table = "\n".join([head, "|---|---|---|---|---|---|---|---|---|---|", *lines])
    print(table)
    if write:
        before, _, rest = PAGE.read_text().partition("<!-- table -->\n")
        after = rest.partition("<!-- end -->")[2]
        PAGE.write_text(f"{before}<!-- table -->\n{table}\n<!-- end -->{after}")


if __name__ == "__main__":
    words = sys.argv[1:]
    counts = [int(word) for word in words if word.isdigit()]
    main(counts[0] if counts else HOSPITALS, "--write" in words)
