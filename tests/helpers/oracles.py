"""Slow definitions, written from the textbook and not from the package, as oracles."""

from __future__ import annotations

import numpy as np


def roc_points(mated: np.ndarray, nonmated: np.ndarray) -> tuple[list[float], list[float]]:
    fmr, tmr = [0.0], [0.0]
    for t in sorted(set(mated.tolist()) | set(nonmated.tolist()), reverse=True):
        fmr.append(sum(x >= t for x in nonmated) / len(nonmated))
        tmr.append(sum(x >= t for x in mated) / len(mated))
    return fmr, tmr


def crossing(fmr: list[float], tmr: list[float]) -> float:
    for x0, y0, x1, y1 in zip(fmr, tmr, fmr[1:], tmr[1:], strict=False):
        d0, d1 = x0 - (1 - y0), x1 - (1 - y1)
        if d0 < 0 <= d1:
            return x0 + (x1 - x0) * (-d0) / (d1 - d0)
    raise AssertionError("a ROC from (0, 0) to (1, 1) crosses")


def eer(mated: np.ndarray, nonmated: np.ndarray) -> float:
    return crossing(*roc_points(mated, nonmated))


def hull_points(mated: np.ndarray, nonmated: np.ndarray) -> tuple[list[float], list[float]]:
    """Upper convex hull by monotone chain."""
    hull: list[tuple[float, float]] = []
    for p in zip(*roc_points(mated, nonmated), strict=True):
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2:]
            if (x1 - x0) * (p[1] - y0) - (p[0] - x0) * (y1 - y0) < -1e-15:
                break
            hull.pop()
        hull.append(p)
    return [x for x, _ in hull], [y for _, y in hull]


def rocch_eer(mated: np.ndarray, nonmated: np.ndarray) -> float:
    return crossing(*hull_points(mated, nonmated))


def auc(mated: np.ndarray, nonmated: np.ndarray) -> float:
    wins = sum((m > n) + 0.5 * (m == n) for m in mated for n in nonmated)
    return wins / (len(mated) * len(nonmated))


def tmr_at_fmr(mated: np.ndarray, nonmated: np.ndarray, bound: float) -> float:
    return max(y for x, y in zip(*roc_points(mated, nonmated), strict=True) if x <= bound)


def min_cllr(mated: np.ndarray, nonmated: np.ndarray) -> float:
    fmr, tmr = hull_points(mated, nonmated)
    cost = 0.0
    for x0, y0, x1, y1 in zip(fmr, tmr, fmr[1:], tmr[1:], strict=False):
        n, m = x1 - x0, y1 - y0
        cost += (m * np.log2(1 + n / m) if m > 0 else 0) + (n * np.log2(1 + m / n) if n > 0 else 0)
    return cost / 2


def drawn_twice(
    scores: np.ndarray, probe: np.ndarray, reference: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mated and non-mated scores after subjects were really copied `counts` times."""
    mated, nonmated = [], []
    for s, i, j in zip(scores, probe, reference, strict=True):
        if i == j:
            mated += [s] * int(counts[i])
        else:
            nonmated += [s] * int(counts[i] * counts[j])
    return np.array(mated), np.array(nonmated)
