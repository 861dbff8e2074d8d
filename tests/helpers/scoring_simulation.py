"""Trial lists with a known truth, to see how often an interval covers it.

A score is shift * mated + probe subject + photo subject + pair + scan, all normal, the variances adding
to 1: mated scores are N(shift, 1), nonmated N(0, 1), and trials of one subject depend on each other.
`python -m tests.helpers.scoring_simulation promised 500 400`, or `others`, prints the tables of
docs/results/scoring_simulation.md.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import norm

from mriprivacy.scoring import SmallSampleWarning, VerificationReport, score_trials

VARIANCES = {"probe": 0.2, "photo": 0.1, "pair": 0.3, "scan": 0.4}


def truth(shift: float, share: float = 1.0) -> dict[str, float]:
    """Figures of the scores by quadrature, for a share of subjects that are linkable at all."""
    s = np.linspace(-12, 12 + shift, 400_001)
    ratio = share * np.exp(shift * s - shift**2 / 2) + (1 - share)
    mated = norm.pdf(s) * ratio
    fnmr = share * norm.cdf(s - shift) + (1 - share) * norm.cdf(s)
    return {
        "eer": float(np.interp(0, fnmr - norm.sf(s), fnmr)),
        "auc": float(np.trapezoid(mated * norm.cdf(s), s)),
        "linkability": float(np.trapezoid(mated * np.maximum(0, (ratio - 1) / (ratio + 1)), s)),
    }


def trial_list(
    rng: np.random.Generator, subjects: int, scans: int, shift: float, share: float = 1.0
) -> tuple[np.ndarray, ...]:
    """Every scan of every subject against the photo of every subject."""
    sd = {name: np.sqrt(v) for name, v in VARIANCES.items()}
    base = sd["probe"] * rng.normal(size=(subjects, 1, 1)) + sd["photo"] * rng.normal(size=(1, subjects, 1))
    base = base + sd["pair"] * rng.normal(size=(subjects, subjects, 1))
    shifts = shift * (rng.random(subjects) < share) if share < 1 else np.full(subjects, shift)
    scores = base + np.diag(shifts)[:, :, None] + sd["scan"] * rng.normal(size=(subjects, subjects, scans))
    probe, photo, _ = np.indices(scores.shape)
    return scores.ravel(), (probe == photo).ravel(), probe.ravel(), photo.ravel()


@dataclass(frozen=True)
class Setting:
    subjects: int
    scans: int
    shift: float
    share: float = 1.0

    def report(self, seed: int, n_bootstrap: int) -> VerificationReport:
        rng = np.random.default_rng([seed, self.subjects, self.scans, round(1000 * self.shift)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SmallSampleWarning)
            listed = trial_list(rng, self.subjects, self.scans, self.shift, self.share)
            return score_trials(*listed, n_bootstrap=n_bootstrap, seed=seed)

    def coverage(self, lists: int, n_bootstrap: int, n_jobs: int = 1) -> dict[str, dict[str, float]]:
        """Share of intervals over the truth, share wholly below and above it, mean value and mean width."""
        reports = Parallel(n_jobs=n_jobs)(delayed(self.report)(seed, n_bootstrap) for seed in range(lists))
        table = {}
        for name, true in truth(self.shift, self.share).items():
            found = [getattr(report, name) for report in reports]
            low, high = np.array([e.low for e in found]), np.array([e.high for e in found])
            table[name] = {
                "truth": true,
                "mean": float(np.mean([e.value for e in found])),
                "covered": float(np.mean((low <= true) & (true <= high))),
                "below": float(np.mean(high < true)),
                "above": float(np.mean(low > true)),
                "width": float(np.mean(high - low)),
            }
        return table


PROMISED = [Setting(n, scans, 1.0) for n in (40, 200) for scans in (1, 3)]
OTHERS = [Setting(40, 1, 0.5), Setting(40, 1, 2.0), Setting(40, 1, 3.0, share=1 / 3), Setting(40, 1, 0.0)]


def main(settings: list[Setting], lists: int, n_bootstrap: int) -> None:
    print("| subjects | scans | shift | share | figure | truth | mean | covered | below | above | width |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for setting in settings:
        for name, row in setting.coverage(lists, n_bootstrap).items():
            cells = [f"{row[k]:.3f}" for k in ("truth", "mean")]
            cells += [f"{100 * row[k]:.1f} %" for k in ("covered", "below", "above")]
            kind = f"{setting.subjects} | {setting.scans} | {setting.shift:g} | {setting.share:.2g}"
            print(f"| {kind} | {name} | {' | '.join(cells)} | {row['width']:.3f} |", flush=True)


if __name__ == "__main__":
    main({"promised": PROMISED, "others": OTHERS}[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3]))
