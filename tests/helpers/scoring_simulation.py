"""Trial lists with a known truth, to see how often an interval covers it.

A score is shift * mated + probe subject + photo subject + pair + scan, all normal, the variances adding
to 1: mated scores are N(shift, 1), non-mated N(0, 1), and trials of one subject depend on each other. Some
scans fail to acquire; their trials share the lowest score. `python -m tests.helpers.scoring_simulation 300`
prints the table of docs/results/scoring_simulation.md, from so many lists a row.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import norm

from mriprivacy.scoring import SmallSampleWarning, VerificationReport, score_trials

VARIANCES = {"probe": 0.2, "photo": 0.1, "pair": 0.3, "scan": 0.4}
LOWEST = -100.0
METRICS = (
    *("eer", "auc", "partial_auc", "linkability", "tmr_at_fmr_1pct", "tmr_at_fmr_01pct"),
    *("people_found_any", "people_found_all", "rank1", "fnir_at_fpir_10pct"),
)


@dataclass(frozen=True)
class Setting:
    """People, scans of each, shift of mated scores, share shifted, others a scan meets, failures."""

    people: int
    scans: int = 1
    shift: float = 1.0
    share: float = 1.0
    others: int = 0  # 0: everybody
    failures: float = 0.0

    def shifts(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return self.shift * (rng.random(n) < self.share)

    def trial_list(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Scores, labels, subjects of both sides, and probes."""
        n, k = self.people, self.scans
        sd = {name: np.sqrt(v) for name, v in VARIANCES.items()}
        scores = sd["probe"] * rng.normal(size=(n, 1, 1)) + sd["photo"] * rng.normal(size=(1, n, 1))
        scores = scores + sd["pair"] * rng.normal(size=(n, n, 1)) + np.diag(self.shifts(rng, n))[:, :, None]
        scores = scores + sd["scan"] * rng.normal(size=(n, n, k))
        failed = rng.random((n, k)) < self.failures
        scores = np.where(failed[:, None], LOWEST, scores)
        probe, photo, scan = np.indices(scores.shape)
        kept = np.ones(scores.shape, bool)
        if self.others:
            rank = np.argsort(np.argsort(rng.random((n, n)) + 2 * np.eye(n), axis=1), axis=1)
            kept &= ((rank < self.others) | np.eye(n, dtype=bool))[:, :, None]
        parts = scores, probe == photo, probe, photo, probe * k + scan
        return tuple(part[kept] for part in parts)

    def report(self, seed: int, n_bootstrap: int) -> VerificationReport:
        rng = np.random.default_rng([seed, self.people, self.scans, round(1000 * self.shift), self.others])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SmallSampleWarning)
            *listed, probes = self.trial_list(rng)
            return score_trials(*listed, n_bootstrap=n_bootstrap, seed=seed, probes=probes)

    def truth(self) -> dict[str, float]:
        """Every metric but rank-1: by quadrature, those of people from 400,000 of them."""
        rng, seen = np.random.default_rng(0), 1 - self.failures
        s = np.linspace(-12, 12 + self.shift, 400_001)
        ratio = self.share * np.exp(self.shift * s - self.shift**2 / 2) + (1 - self.share)
        mated = norm.pdf(s) * ratio
        fnmr = self.failures + seen * (self.share * norm.cdf(s - self.shift) + (1 - self.share) * norm.cdf(s))
        area = float(np.trapezoid(mated * norm.cdf(s), s))
        distance = float(np.trapezoid(mated * np.maximum(0, (ratio - 1) / (ratio + 1)), s))
        n = 400_000
        own = self.shifts(rng, n) + np.sqrt(1 - VARIANCES["scan"]) * rng.normal(size=n)
        scans = own[:, None] + np.sqrt(VARIANCES["scan"]) * rng.normal(size=(n, self.scans))
        scans = np.where(rng.random(scans.shape) < self.failures, LOWEST, scans)
        best, worst, one = scans.max(1), scans.min(1), norm.isf(0.01 / seen)
        return {
            # Of mostly failures the ROC ends on the diagonal, which is where it crosses.
            "eer": float(np.interp(0, fnmr - seen * norm.sf(s), fnmr)) if seen > 0.5 else 0.5,
            "auc": seen**2 * area + seen * self.failures + self.failures**2 / 2,
            "partial_auc": float(np.mean(np.maximum(0, 1 - seen * norm.sf(best) / 0.1))),
            "linkability": seen * distance,
            "tmr_at_fmr_1pct": float(np.mean(scans >= one)),
            "tmr_at_fmr_01pct": float(np.mean(scans >= norm.isf(0.001 / seen))),
            "people_found_any": float(np.mean(best >= one)),
            "people_found_all": float(np.mean(worst >= one)),
        }

    def coverage(self, lists: int, n_bootstrap: int = 200, n_jobs: int = 1) -> dict[str, dict[str, float]]:
        """Share of intervals over the truth, mean value and mean width of every metric that has one.

        Rank-1 and FNIR depend on the gallery: their truth is their mean over the lists.
        """
        reports = Parallel(n_jobs=n_jobs)(delayed(self.report)(seed, n_bootstrap) for seed in range(lists))
        true = self.truth()
        table = {}
        for name in METRICS:
            every = [getattr(report, name) for report in reports]
            found = [one for one in every if one.bounded]
            if len(found) < len(every) / 2:
                continue
            mean = float(np.mean([one.value for one in found]))
            truth = true.get(name, mean)
            low, high = np.array([one.low for one in found]), np.array([one.high for one in found])
            table[name] = {
                "truth": truth,
                "mean": mean,
                "covered": float(np.mean((low <= truth + 1e-12) & (truth <= high + 1e-12))),
                "width": float(np.mean(high - low)),
            }
        return table


SHIFTS = (0.0, 1.0, 2.0, 3.3)  # AUC .5, .76, .92, .99
GRID = (
    *(Setting(n, shift=shift) for n in (4, 12, 40, 100, 200) for shift in SHIFTS),
    *(Setting(n, scans=3, shift=shift) for n in (12, 40) for shift in SHIFTS[1:]),
    *(Setting(n, shift=shift, others=3) for n in (12, 40, 200) for shift in SHIFTS[1:]),
    *(Setting(n, shift=shift, failures=0.3) for n in (12, 40, 200) for shift in SHIFTS[1:]),
    *(Setting(n, shift=2.0, failures=0.6) for n in (4, 12, 40, 200)),
    *(Setting(n, scans=3, shift=2.0, failures=0.3) for n in (12, 40)),
    *(Setting(n, shift=3.3, share=0.25) for n in (12, 40, 200)),
)


def main(settings: Sequence[Setting], lists: int) -> None:
    names = " | ".join(METRICS)
    print(f"| people | scans | shift | share | others | failures | {names} |")
    print("|---" * (6 + len(METRICS)) + "|")
    for one in settings:
        found = one.coverage(lists, n_jobs=2)
        cells = [f"{100 * found[name]['covered']:.0f}" if name in found else "n/a" for name in METRICS]
        kind = f"{one.people} | {one.scans} | {one.shift:g} | {one.share:g} | {one.others or 'all'}"
        print(f"| {kind} | {one.failures:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(GRID, int(sys.argv[1]))
