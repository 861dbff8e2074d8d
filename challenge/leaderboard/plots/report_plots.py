"""Plots of a report: scores, ROC, DET, groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import ndtri

from mriprivacy.challenge.entry.entry import CHOSEN, EVERY_LEVEL, Entry, strongest
from mriprivacy.challenge.leaderboard.plots.plot import MUTED, SERIES, Plot, chance, draw, label
from mriprivacy.scoring.errors import Floats
from mriprivacy.scoring.metrics.linkability import MIN_MATED
from mriprivacy.scoring.metrics.steps import Steps, posterior, sort_both, thresholds
from mriprivacy.scoring.trials import trials

BINS = 24
BLOCK = 64  # draws at a time
# Even steps for the ROC, even steps of the exponent for the DET.
FMR = np.unique(np.concatenate([np.linspace(0, 1, 101), np.logspace(-3, 0, 61)]))
RATES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99)  # marked on the axes of the DET


@dataclass(frozen=True)
class Histogram:
    """Shares of the scores of each class.

    Attributes
    ----------
    edges : ndarray, shape (BINS + 1,)
        Of the bins.
    mated, nonmated : ndarray, shape (BINS,)
        Share of the class in each bin.
    linkability : ndarray, shape (BINS,)
        Local linkability at the middle of each bin, 0 to 1.
    few : ndarray, shape (k,)
        The mated scores themselves where they are fewer than `MIN_MATED`, too few for a shape; else empty.
    """

    edges: Floats
    mated: Floats
    nonmated: Floats
    linkability: Floats
    few: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Band:
    """A ROC read at fixed false match rates.

    Attributes
    ----------
    fmr : ndarray, shape (n,)
        Ascending, from 0 to 1.
    tmr, low, high : ndarray, shape (n,)
        True match rate and its 95 % interval, at each.
    """

    fmr: Floats
    tmr: Floats
    low: Floats
    high: Floats


def histogram(mated: Floats, nonmated: Floats) -> Histogram:
    """Count scores in equal bins, and return how linkable each bin is.

    The local linkability (Gomez-Barrero et al. 2018) is max(0, 2 p - 1), p the probability of mated at equal
    priors; p is fitted monotone by pool adjacent violators and so is optimistic for few mated scores.

    Examples
    --------
    >>> found = histogram(np.array([2.0, 3.0]), np.array([0.0, 1.0]))
    >>> found.linkability[[0, -1]].tolist(), float(found.mated.sum())
    ([0.0, 1.0], 1.0)
    """
    low, high = min(mated.min(), nonmated.min()), max(mated.max(), nonmated.max())
    edges = np.linspace(low, high, BINS + 1) if high > low else np.linspace(low - 0.5, low + 0.5, BINS + 1)
    shares = [np.histogram(scores, edges)[0] / len(scores) for scores in (mated, nonmated)]
    pieces, lowest = thresholds(*sort_both(mated, nonmated))
    local = np.maximum(0.0, 2 * posterior(pieces) - 1)
    # The piece a score falls into is the first whose lowest score it reaches; below all, it is the last.
    middle = (edges[1:] + edges[:-1]) / 2
    piece = np.searchsorted(-lowest, -middle, side="left").clip(max=len(local) - 1)
    few = np.sort(mated) if len(mated) < MIN_MATED else np.empty(0)
    return Histogram(edges, shares[0], shares[1], local[piece], few)


def roc_band(
    scores: Floats, mated: NDArray[np.bool_], subjects: NDArray[np.str_], n_bootstrap: int, seed: int
) -> Band:
    """Read the ROC at fixed false match rates, with intervals over draws of subjects.

    Parameters
    ----------
    scores, mated : ndarray, shape (n_trials,)
        Higher means more alike; True for the same person.
    subjects : ndarray, shape (n_trials, 2)
        Of both sides.
    n_bootstrap, seed : int
        Of the draws.
    """
    listed = trials(scores, mated, subjects[:, 0], subjects[:, 1])

    def at_rates(counts: Floats) -> Floats:
        weights = [np.ascontiguousarray(side.T) for side in listed.weigh(counts)]
        fmr, tmr = Steps(weights[0], weights[1]).vertices()
        return np.array([np.interp(FMR, f, t) for f, t in zip(fmr, tmr, strict=True)])

    counts = listed.draw(n_bootstrap, seed)
    blocks = [at_rates(counts[:, i : i + BLOCK]) for i in range(0, n_bootstrap, BLOCK)]
    low, high = np.quantile(np.concatenate(blocks), [0.025, 0.975], axis=0)
    return Band(FMR, at_rates(np.ones((len(listed.subjects), 1)))[0], low, high)


def histograms(found: Mapping[str, Histogram]) -> Plot:
    """Draw scores of mated and non-mated trials, and how linkable each score is."""

    def drawing(figure: Figure) -> None:
        panels = figure.subplots(len(found), squeeze=False)[:, 0]
        for axes, (name, one) in zip(panels, found.items(), strict=True):
            _histogram(axes, one)
            axes.set_title(label(name), fontsize=10, loc="left")
        panels[-1].set_xlabel("score (higher: more alike)")
        panels[0].legend(loc="lower right", bbox_to_anchor=(1, 1.08), ncols=3)

    rows = [
        (name, *map(float, values))
        for name, one in found.items()
        for values in zip(
            one.edges[:-1], one.edges[1:], one.mated, one.nonmated, one.linkability, strict=True
        )
    ]
    return draw(
        "histograms",
        "Scores of mated and non-mated trials"
        + (
            f"; fewer than {MIN_MATED} mated trials are drawn one by one"
            if any(one.few.size for one in found.values())
            else "; the line is the local linkability of a score (right axis)"
        ),
        f"Histograms of scores by {', '.join(found)}. {_overlaps(found)}",
        (5.8, 1.9 * len(found) + 0.8),
        drawing,
        ("attacker", "from", "to", "mated_share", "nonmated_share", "local_linkability"),
        rows,
    )


def roc(bands: Mapping[str, Band]) -> Plot:
    """Draw true against false match rates with 95 % bands."""

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        for colour, (name, band) in zip(SERIES, bands.items(), strict=False):
            axes.fill_between(band.fmr, band.low, band.high, color=colour, alpha=0.16, linewidth=0)
            axes.plot(band.fmr, band.tmr, color=colour, linewidth=1.6, label=label(name))
        axes.set(xlim=(0, 1), ylim=(0, 1.01), aspect="equal")
        axes.set(xlabel="false match rate", ylabel="true match rate")
        axes.legend(loc="lower right")

    return draw(
        "roc",
        "ROC with 95 % bands; the dashed line is chance",
        f"ROC curves. True match rate at 10 % false matches: {_at(bands, 0.1)}.",
        (4.8, 4.6),
        drawing,
        ("attacker", "fmr", "tmr", "tmr_low", "tmr_high"),
        _rows(bands),
    )


def det(bands: Mapping[str, Band]) -> Plot:
    """Draw false non-match against false match rates on normal axes with 95 % bands."""

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        ends = ndtri([RATES[0], RATES[-1]])
        axes.plot(ends, -ends, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        for colour, (name, band) in zip(SERIES, bands.items(), strict=False):
            x = _normal(band.fmr)
            axes.fill_between(
                x, _normal(1 - band.high), _normal(1 - band.low), color=colour, alpha=0.16, linewidth=0
            )
            axes.plot(x, _normal(1 - band.tmr), color=colour, linewidth=1.6, label=label(name))
        ticks, labels = ndtri(RATES), [f"{100 * rate:g}" for rate in RATES]
        axes.set_xticks(ticks, labels)
        axes.set_yticks(ticks, labels)
        axes.set(xlim=ends, ylim=ends, aspect="equal")
        axes.set(xlabel="false match rate, %", ylabel="false non-match rate, %")
        axes.legend(loc="upper right")

    return draw(
        "det",
        "DET with 95 % bands; the dashed line is chance",
        f"DET curves. False non-match rate at 10 % false matches: {_at(bands, 0.1, missed=True)}.",
        (4.8, 4.6),
        drawing,
        ("attacker", "fmr", "fnmr", "fnmr_low", "fnmr_high"),
        [(name, fmr, 1 - tmr, 1 - high, 1 - low) for name, fmr, tmr, low, high in _rows(bands)],
    )


def groups(entry: Entry) -> Plot | None:
    """Draw the AUC of the strongest attacker on all trials and by group; None where there are no groups."""
    levels = [one for level in EVERY_LEVEL if (one := entry.strongest_of(level))]
    best = strongest([one for one in levels if one.rates] or levels or [entry.strongest()], entry.exposure)
    shown = [r for r in entry.results if r.attacker == best.attacker and r.trial_list != CHOSEN]
    if len(shown) < 2:
        return None

    def drawing(figure: Figure) -> None:
        axes = figure.subplots()
        for row, result in enumerate(shown):
            auc = result.figures["auc"]
            axes.plot([auc.low, auc.high], [row, row], color=SERIES[0], linewidth=1.6)
            axes.plot(auc.value, row, "o", color=SERIES[0], markersize=5)
        names = [f"{label(r.trial_list)} ({r.counts['mated']} mated)" for r in shown]
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(0, 1)
        axes.set_xlabel("AUC")
        chance(axes)

    rows = []
    for r in shown:
        auc = r.figures["auc"]
        rows.append((r.trial_list, r.counts["mated"], r.counts["nonmated"], auc.value, auc.low, auc.high))
    return draw(
        "groups",
        f"By group: {best.name}, {best.level}; the dashed line is chance",
        "; ".join(f"{r.trial_list} {r.figures['auc']:.2f}" for r in shown),
        (5.6, 0.26 * len(shown) + 0.9),
        drawing,
        ("trials", "mated", "nonmated", "auc", "auc_low", "auc_high"),
        rows,
    )


def _histogram(axes: Axes, one: Histogram) -> None:
    classes = [(one.nonmated, SERIES[0], "non-mated"), (one.mated, SERIES[1], "mated")]
    if one.few.size:  # so few have no shape
        axes.vlines(one.few, 0, one.nonmated.max() / 3, color=SERIES[1], linewidth=1.2, label="mated, each")
        classes = classes[:1]
    for share, colour, kind in classes:
        axes.stairs(share, one.edges, fill=True, color=colour, alpha=0.35)
        axes.stairs(share, one.edges, color=colour, linewidth=1.2, label=kind)
    axes.set_ylabel("share")
    if one.few.size:
        return
    axes.plot([], [], color=SERIES[3], linewidth=1.6, label="linkability")
    right = axes.twinx()
    right.plot((one.edges[1:] + one.edges[:-1]) / 2, one.linkability, color=SERIES[3], linewidth=1.6)
    right.set_ylim(-0.02, 1.05)
    right.grid(False)


def _overlaps(found: Mapping[str, Histogram]) -> str:
    shared = [f"{name} {np.minimum(one.mated, one.nonmated).sum():.0%}" for name, one in found.items()]
    return f"Overlap of both classes: {', '.join(shared)}."


def _rows(bands: Mapping[str, Band]) -> list[tuple[str, float, float, float, float]]:
    return [
        (name, float(fmr), float(tmr), float(low), float(high))
        for name, band in bands.items()
        for fmr, tmr, low, high in zip(band.fmr, band.tmr, band.low, band.high, strict=True)
    ]


def _at(bands: Mapping[str, Band], fmr: float, missed: bool = False) -> str:
    rates = {name: float(np.interp(fmr, band.fmr, band.tmr)) for name, band in bands.items()}
    return ", ".join(f"{name} {1 - rate if missed else rate:.0%}" for name, rate in rates.items())


def _normal(rate: Floats) -> Floats:
    result: Floats = ndtri(np.clip(rate, 1e-4, 1 - 1e-4))
    return result
