"""The tables and the ROC figure of Boutet, Frindel and Maouche (2023), beside those of an edition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.scoring import Difference, Estimate, VerificationReport, roc

# Table I: EER, AUC and linkability by attack and photo condition; Table II: accuracies by kind of image.
TABLE_1 = {
    ("deepface", "raw"): (0.41, 0.54, 0.07),
    ("deepface", "bald"): (0.32, 0.71, 0.18),
    ("geo", "raw"): (0.36, 0.64, 0.11),
    ("geo", "bald"): (0.38, 0.64, 0.13),
}
TABLE_2 = {
    "photograph": {"age_group": 0.4, "sex": 1.0, "ethnicity": 0.4},
    "MRI": {"age_group": 0.6, "sex": 0.4, "ethnicity": 0.8},
}


@dataclass(frozen=True)
class Attacked:
    """One attack on the trials of eval.

    Attributes
    ----------
    attack, condition, level : str
        Which; condition `true bald` is the sealed truth, known of synthetic people.
    scores : ndarray, shape (n_trials,)
        In the order of the trial list.
    report : VerificationReport
        Their figures.
    distance : float or None
        Mean distance of mated pairs as a share of that of non-mated pairs (ignorant attackers).
    """

    attack: str
    condition: str
    level: str
    scores: NDArray[np.float64]
    report: VerificationReport
    distance: float | None

    @property
    def name(self) -> str:
        """Attack, condition and level, as tables call it."""
        name = f"{self.attack} {self.condition}".strip()
        return name if self.level == "ignorant" else f"{name}, {self.level}"


def table_1(attacked: Sequence[Attacked]) -> str:
    """Tabulate EER, AUC and linkability beside those of the paper's Table I, as Markdown."""
    lines = [
        "| attack | EER %, paper | EER %, here | AUC, paper | AUC, here | linkability, paper "
        "| histogram, here | robust, here |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in attacked:
        known = TABLE_1.get((one.attack, one.condition)) if one.level == "ignorant" else None
        eer, auc, linkability = known or (None, None, None)
        report = one.report
        cells = [
            one.name,
            "-" if eer is None else f"{100 * eer:.0f}",
            _percent(report.eer),
            "-" if auc is None else f"{auc:.2f}",
            f"{report.auc:.2f}",
            "-" if linkability is None else f"{linkability:.2f}",
            f"{report.dsys_histogram:.2f}",
            f"{report.linkability:.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def table_2(read: Mapping[str, Mapping[str, tuple[Estimate, float]]]) -> str:
    """Tabulate accuracies beside those of the paper's Table II, as Markdown.

    Parameters
    ----------
    read : mapping from kind of image to mapping from attribute to (accuracy, share of the majority)
        Kinds are those of `TABLE_2`, and others that the paper has not.
    """
    lines = [
        "| read from | attribute | paper | here | always guessing the majority |",
        "|---|---|---|---|---|",
    ]
    for kind, figures in read.items():
        known = TABLE_2.get(kind, {})
        for attribute, (accuracy, majority) in figures.items():
            paper = f"{known[attribute]:.1f}" if known else "-"
            lines.append(f"| {kind} | {attribute} | {paper} | {accuracy:.2f} | {majority:.2f} |")
    return "\n".join(lines) + "\n"


def differences(found: Sequence[Difference], wanted: Sequence[tuple[str, str]]) -> str:
    """Tabulate paired differences in AUC, first minus second, as Markdown."""
    gaps = {(one.first, one.second): one for one in found}
    lines = ["| AUC of | minus that of | difference | p (Holm) |", "|---|---|---|---|"]
    for first, second in wanted:
        gap = gaps.get((first, second)) or gaps[second, first]
        ends = [gap.difference.value, gap.difference.low, gap.difference.high]
        value, low, high = ends if (first, second) in gaps else (-ends[0], -ends[2], -ends[1])
        shown = f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"
        lines.append(f"| {first} | {second} | {shown} | {gap.p_holm:.3f} |")
    return "\n".join(lines) + "\n"


def distances(attacked: Sequence[Attacked]) -> str:
    """Tabulate how near a person's two sides are, for the attackers that have a distance, as Markdown."""
    rows = [f"| {one.name} | {one.distance:.3f} |" for one in attacked if one.distance is not None]
    return "\n".join(["| attack, photographs | share |", "|---|---|", *rows]) + "\n"


def draw_roc(attacked: Sequence[Attacked], mated: NDArray[np.bool_], path: Path) -> None:
    """Draw the ROC curves of ignorant attackers (the paper's Fig. 4) into a PNG file."""
    figure = Figure(figsize=(5.2, 4.6), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="chance")
    colours = {"deepface": "#1f77b4", "geo": "#d95f02"}
    for one in attacked:
        if one.level != "ignorant" or (one.attack, one.condition) not in TABLE_1:
            continue
        curve = roc(one.scores[mated], one.scores[~mated])
        style = "-" if one.condition == "bald" else ":"
        label = f"{one.name}: AUC {one.report.auc.value:.2f}"
        axes.plot(curve.fmr, curve.tmr, style, color=colours[one.attack], linewidth=2, label=label)
    axes.set(xlabel="false match rate", ylabel="true match rate", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    with whole_file(path) as temporary:
        figure.savefig(temporary, metadata={"Software": None})


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.0f} [{100 * estimate.low:.0f}, {100 * estimate.high:.0f}]"
