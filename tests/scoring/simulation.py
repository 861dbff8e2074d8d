"""Trial lists with a known truth, to see how often an interval covers it.

A score is shift * mated + probe subject + photo subject + pair + scan, all normal, the variances adding
to 1: mated scores are N(shift, 1), nonmated N(0, 1), and trials of one subject depend on each other.
Run `python -m tests.scoring.simulation` for the table of docs/scoring_simulation.md.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import norm

from scoring import SmallSampleWarning, VerificationReport, score_trials

FIGURES = ("eer", "auc", "linkability")
VARIANCES = {"probe": 0.2, "photo": 0.1, "pair": 0.3, "scan": 0.4}


def truth(shift: float) -> dict[str, float]:
    """Figures of N(shift, 1) against N(0, 1), linkability by quadrature."""
    s = np.linspace(-10, 10 + shift, 400_001)
    gained = np.maximum(0, np.tanh((shift * s - shift**2 / 2) / 2))
    linkability = np.trapezoid(norm.pdf(s - shift) * gained, s)
    return {
        "eer": norm.cdf(-shift / 2),
        "auc": norm.cdf(shift / np.sqrt(2)),
        "linkability": float(linkability),
    }


def trial_list(rng: np.random.Generator, subjects: int, scans: int, shift: float) -> tuple[np.ndarray, ...]:
    """Every scan of every subject against the photo of every subject."""
    sd = {name: np.sqrt(v) for name, v in VARIANCES.items()}
    base = sd["probe"] * rng.normal(size=(subjects, 1, 1)) + sd["photo"] * rng.normal(size=(1, subjects, 1))
    base = base + sd["pair"] * rng.normal(size=(subjects, subjects, 1)) + shift * np.eye(subjects)[:, :, None]
    scores = base + sd["scan"] * rng.normal(size=(subjects, subjects, scans))
    probe, photo, _ = np.indices(scores.shape)
    return scores.ravel(), (probe == photo).ravel(), probe.ravel(), photo.ravel()


def one(seed: int, subjects: int, scans: int, shift: float, n_bootstrap: int) -> VerificationReport:
    rng = np.random.default_rng([seed, subjects, scans, round(1000 * shift)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return score_trials(*trial_list(rng, subjects, scans, shift), n_bootstrap=n_bootstrap, seed=seed)


def coverage(
    subjects: int, scans: int, shift: float, lists: int, n_bootstrap: int, n_jobs: int = 1
) -> dict[str, dict[str, float]]:
    """Share of intervals over the truth, share wholly below and above it, mean value and mean width."""
    tasks = (delayed(one)(seed, subjects, scans, shift, n_bootstrap) for seed in range(lists))
    reports = Parallel(n_jobs=n_jobs)(tasks)
    table = {}
    for name, true in truth(shift).items():
        found = [getattr(report, name) for report in reports]
        low, high = np.array([e.low for e in found]), np.array([e.high for e in found])
        table[name] = {
            "truth": true,
            "mean": float(np.mean([e.value for e in found])),
            "covered": float(np.mean((low <= true) & (true <= high))),
            "too low": float(np.mean(high < true)),
            "too high": float(np.mean(low > true)),
            "width": float(np.mean(high - low)),
        }
    return table


def main(lists: int, n_bootstrap: int, show: Callable[[str], object] = print) -> None:
    show("| subjects | scans | figure | truth | mean | covered | below | above | width |")
    show("|---|---|---|---|---|---|---|---|---|")
    for subjects in (40, 200):
        for scans in (1, 3):
            for name, row in coverage(subjects, scans, 1.0, lists, n_bootstrap).items():
                cells = [f"{row[k]:.3f}" for k in ("truth", "mean")]
                cells += [f"{100 * row[k]:.1f} %" for k in ("covered", "too low", "too high")]
                show(f"| {subjects} | {scans} | {name} | {' | '.join(cells)} | {row['width']:.3f} |")
                sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
