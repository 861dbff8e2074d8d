"""Two figures whose intervals are made of two others, with a known truth, to see how often they hold it.

Scores are those of `tests.helpers.scoring_simulation`; mated ones with doppelgangers are shifted by another
constant, and share the probe's terms with the own. Ratios are of the means of half-normal changes and gaps.
`python -m tests.helpers.difference_simulation 400` prints the table of docs/reference/metrics/intervals.md.
"""

import sys
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import norm

from mriprivacy.scoring import Estimate, score_identity
from mriprivacy.scoring.metrics.utility_measures import summarize_utility
from tests.helpers.scoring_simulation import VARIANCES

Ends = tuple[float, float]


@dataclass(frozen=True)
class Lookalikes:
    """People, the shift of the own photograph and of the doppelganger's, the share of people with both."""

    people: int
    own: float
    doppelganger: float
    share: float = 1.0

    @property
    def truth(self) -> float:
        own, other = norm.cdf(np.array([self.own, self.doppelganger]) / 2**0.5)
        return float(self.share * (own - other))

    def found(self, seed: int, n_bootstrap: int = 200) -> Estimate:
        n, rng = self.people, np.random.default_rng([seed, self.people, round(10 * self.own)])
        probe, photo = np.divmod(np.arange(n * n), n)
        mated = probe == photo
        sd = {name: np.sqrt(v) for name, v in VARIANCES.items()}
        person = sd["probe"] * rng.normal(size=n) + sd["scan"] * rng.normal(size=n)
        own, other = (
            person[probe] + sd["photo"] * rng.normal(size=n)[photo] + sd["pair"] * rng.normal(size=n * n)
            for _ in range(2)
        )
        exposed = (rng.random(n) < self.share)[probe]
        second = np.where(mated, other + self.doppelganger * exposed, own)
        first = own + self.own * (mated & exposed)
        return score_identity(first, second, mated, probe, photo, n_bootstrap, seed).identity


@dataclass(frozen=True)
class Rescans:
    """People, those of them with two sessions, and the change in units of the gap between sessions."""

    people: int
    twice: int
    truth: float

    def found(self, seed: int, n_bootstrap: int = 400) -> Estimate:
        rng = np.random.default_rng([seed, self.people, self.twice])
        scans = [{"gm_change": self.truth * one} for one in np.abs(rng.normal(size=self.people))]
        names = [f"{i:04d}" for i in range(self.people)]
        gaps = [(names[i], {"gm_change": abs(rng.normal())}) for i in range(self.twice)]
        return summarize_utility(scans, names, n_bootstrap, seed, gaps)["gm_change_vs_rescan"]


Case = Lookalikes | Rescans
SHIFTS = ((0, 0, 1), (1, 0, 1), (1, 1, 1), (2, 1, 1), (3.3, 0, 1), (3.3, 3.3, 1), (6, 6, 1), (6, 0, 0.25))
GRID: tuple[Case, ...] = (
    *(Lookalikes(n, own, other, share) for n in (4, 12, 40, 100) for own, other, share in SHIFTS),
    *(Rescans(n, twice, truth) for n, twice in ((12, 4), (12, 12), (40, 4), (40, 12)) for truth in (1, 5)),
)


def coverage(case: Case, lists: int, n_jobs: int = 1) -> float:
    """Return the share of intervals that hold the truth."""
    every = Parallel(n_jobs=n_jobs)(delayed(case.found)(seed) for seed in range(lists))
    return float(np.mean([one.low - 1e-12 <= case.truth <= one.high + 1e-12 for one in every]))


def main(lists: int) -> None:
    print("| case | held, % |\n|---|---|")
    for case in GRID:
        print(f"| {case} | {100 * coverage(case, lists, 2):.0f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
