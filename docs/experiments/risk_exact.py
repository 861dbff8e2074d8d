"""What the intervals of `mriprivacy risk` hold, enumerated instead of simulated.

    uv run python -m docs.experiments.risk_exact

Attackers are independent, and exposed people are found for sure, as in the way "face left" of
`docs.experiments.risk_coverage`. The sum of successes then has a distribution that is computed without a
draw, and each sum has one interval. Prints the two tables of docs/results/risk_coverage.md; some seconds of
one core.
"""

from bisect import bisect_left
from collections.abc import Callable
from math import comb

import numpy as np
from scipy.stats import binom

from docs.experiments.risk_coverage import ATTACKERS, PEOPLE, RATES
from mriprivacy.challenge.risk.control_rate import FINEST, Floats, Successes, risk_of, successes
from mriprivacy.challenge.risk.singling_out import headline_gallery
from mriprivacy.scoring import Estimate


def first_of(others: int, size: int) -> Floats:
    """Return the chance to come first in galleries of a size, by how many of the others score higher."""
    every = comb(others, size - 1)
    return np.array([comb(others - above, size - 1) / every for above in range(others + 1)])


def distribution(people: int, rate: float, unexposed: Floats) -> Floats:
    """Return the probability of every sum of successes in steps of 1 / FINEST."""
    one = (1 - rate) * unexposed
    one[-1] += rate
    size = people * FINEST + 1
    found = np.fft.irfft(np.fft.rfft(one, 2 * size) ** people, 2 * size)[:size]
    return np.maximum(found, 0.0)


def first_sum(people: int, wanted: Callable[[Estimate], bool], control: tuple[float, ...], tried: int) -> int:
    """Return the lowest sum, in steps of 1 / FINEST, whose risk is as wanted; ends rise with the sum."""

    def holds(steps: int) -> bool:
        return wanted(risk_of(Successes(people, steps / FINEST, control), tried).risk)

    return bisect_left(range(people * FINEST + 1), True, key=holds)


def linked(people: int) -> list[str]:
    """Return lines of what is held where one attacker was tried, and where one of several sees."""
    size = headline_gallery(people)
    # A stand-in has every place among the other people once, so the control is the same in all hospitals.
    control = successes(np.zeros(people), first_of(people - 2, size)).control
    unexposed = np.array(successes(np.zeros(people), first_of(people - 1, size)).control) / people
    sums = {rate: distribution(people, rate, unexposed) for rate in RATES}
    blind = sums[0.0]
    lines = []
    for rate, own in sums.items():
        above = {
            tried: first_sum(people, lambda risk, r=rate: risk.low > r, control, tried)
            for tried in (1, ATTACKERS - 1, ATTACKERS)
        }
        below = first_sum(people, lambda risk, r=rate: risk.high >= r, control, 1)
        held = [1 - own[above[1] :].sum() - own[:below].sum()]
        too_low = own[:below].sum() * blind[:below].sum() ** (ATTACKERS - 1)
        for tried in (ATTACKERS, ATTACKERS - 1):
            held.append(own[: above[tried]].sum() * blind[: above[tried]].sum() ** (ATTACKERS - 1) - too_low)
        cells = [people, f"{100 * rate:.0f} %", *(f"{100 * one:.1f} %" for one in held)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def guessed(people: int) -> str:
    """Return a line: what is held where the sex of all is guessed, and what the nearest sums would hold."""
    chances = binom.pmf(np.arange(people + 1), people, 0.5)
    control = successes(np.zeros(people), np.array([0.0, 1.0])).control
    above = [risk_of(Successes(people, float(k), control)).risk.low > 0 for k in range(people + 1)]
    first = above.index(True)
    shares = [1 - chances[k:].sum() for k in (first, first + 1)]
    return f"| {people} | {first} | {100 * shares[0]:.1f} % | {100 * shares[1]:.1f} % |"


def main() -> None:
    print("| people | exposed | one attacker | one of three sees | the same, 5 % shared by two |")
    print("|---|---|---|---|---|")
    for people in PEOPLE:
        print("\n".join(linked(people)), flush=True)
    print("\n| people | right from which the interval lies above 0 | held | from one more |")
    print("|---|---|---|---|")
    for people in PEOPLE[:2]:
        print(guessed(people), flush=True)


if __name__ == "__main__":
    main()
