"""How often does `mriprivacy risk` find a sex in features that hold none? Simulated releases.

    uv run python -m docs.experiments.risk_inference [RELEASES] [ATTACKS]

Features are noise, so the risk is 0. They go through `infer_attribute`, training and choice of an attack
included. Prints a row a release size: intervals above 0, and how far the attack lies above the control.
"""

import sys

import numpy as np

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.risk.control_rate import ControlledRisk
from mriprivacy.challenge.risk.inference import infer_attribute

SIZES = ((24, 12), (24, 7), (40, 8))  # people, men among them
NOTHING = ImageFeatures(False, "not asked", {})
RELEASES, ATTACKS = 200, ("geo", "brain", "volume(Dlib)")


def blind(people: int, men: int, attacks: tuple[str, ...], seed: int) -> ControlledRisk:
    """Return the risk of a release whose features are noise, one noise an attack."""
    rng = np.random.default_rng(seed)
    values = np.array(["M"] * men + ["F"] * (people - men))
    rng.shuffle(values)
    names = [f"s{i:02d}" for i in range(people)]
    images = {name: ImageFeatures(True, "", {one: rng.normal(size=20) for one in attacks}) for name in names}
    sex = dict(zip(names, values.tolist(), strict=True))
    found = infer_attribute("sex", sex, images, dict.fromkeys(names, NOTHING), attacks).risk
    assert found is not None
    return found


def main(releases: int, attacks: tuple[str, ...]) -> None:
    print(
        f"| people | men | intervals above 0, of {releases} | attack minus control |\n|---|---|---|---|",
        flush=True,
    )
    for people, men in SIZES:
        found = [blind(people, men, attacks, seed) for seed in range(releases)]
        above = sum(one.beyond_chance for one in found)
        gain = np.mean([one.attack - one.control for one in found])
        print(f"| {people} | {men} | {above} | {gain:+.3f} |", flush=True)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    main(numbers[0] if numbers else RELEASES, ATTACKS[: numbers[1]] if len(numbers) > 1 else ATTACKS)
