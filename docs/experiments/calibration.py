"""Set synthetic people beside the survey of heads and faces: docs/results/calibration.md and a picture.

    uv run python -m docs.experiments.calibration --people 3400

People are drawn at the survey's mix of sex, age band and group, ages uniform within a band, and taped on the
mesh that is scanned. The status is 1 if a bound of docs/results/calibration.md is broken. With `--check`
nothing is written: `.ci/run` does so with 800 people.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.measures.linkage import TESTED, TRAINED, linkage, participation
from mriprivacy.data_prep.synthetic.measures.survey import GROUP_SHARES, of_sex, summary
from mriprivacy.data_prep.synthetic.measures.tape import MEASURES, taped
from mriprivacy.data_prep.synthetic.people.person import ETHNICITIES, person_with
from mriprivacy.data_prep.synthetic.people.traits import Traits, random_for

BANDS = ((18, 29), (30, 44), (45, 66))
SEED = 2026


def traits_like_the_survey(subject: str) -> tuple[Traits, int]:
    """Draw the traits of a person of the survey, and the number of the cell of sex, band and group."""
    rng = random_for(SEED, subject, "survey")
    counts = np.array([of_sex(sex).counts for sex in "MF"])
    cell = int(np.searchsorted(np.cumsum(counts.ravel()), rng.integers(counts.sum()), "right"))
    sex, band, group = np.unravel_index(cell, counts.shape)
    shares = list(GROUP_SHARES.values())[group]
    first, second, third = (shares[name] for name in ETHNICITIES)
    first_year, last_year = BANDS[band]
    age = int(rng.integers(first_year, last_year + 1))
    return ("MF"[sex], age, max(ETHNICITIES, key=shares.__getitem__), (first, second, third)), cell


def measured(number: int) -> tuple[NDArray[np.float64], int, NDArray[np.float64]]:
    """Draw one person and tape the head; returns the 18 measures, the cell and points of the face."""
    subject = f"sub-{number:05d}"
    traits, cell = traits_like_the_survey(subject)
    person = person_with(traits, subject, SEED, SyntheticCohort())
    vertices = head_mesh(person.weights).vertices
    return taped(vertices), cell, vertices[_face_points()]


@lru_cache(maxsize=1)
def _face_points() -> NDArray[np.int64]:
    """Return every twentieth vertex of the skin from chin to forehead, before the ears."""
    head = head_mesh({})
    _, y, z = head.vertices[head.points("skin")].T
    return head.points("skin")[(y > 20) & (z > -110) & (z < 60)][::20]


def held_by(faces: NDArray[np.float64], components: int) -> float:
    """Return the share of the variance of faces, shape (people, points, 3), that some components hold."""
    centred = faces - faces.mean(axis=1, keepdims=True)
    flat = centred.reshape(len(faces), -1)
    spread = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False) ** 2
    return float(spread[:components].sum() / spread.sum())


def compare(measures: NDArray[np.float64], cells: NDArray[np.int64]) -> tuple[list[str], list[tuple]]:
    """Return what calibration.md says and, for each bound, its name, what was found, and the limit."""
    sexes = np.where(cells < 12, "M", "F")
    lines, bounds = [], []
    lines += ["| measure | men: survey | synthetic | women: survey | synthetic |", "|---|---|---|---|---|"]
    stats = {sex: (measures[sexes == sex].mean(axis=0), measures[sexes == sex].std(axis=0)) for sex in "MF"}
    for place, name in enumerate(MEASURES):
        row = [name]
        for sex in "MF":
            real, (mean, sd) = of_sex(sex), stats[sex]
            row += [f"{real.mean[place]:.1f} ± {real.sd[place]:.1f}", f"{mean[place]:.1f} ± {sd[place]:.1f}"]
        lines.append(f"| {' | '.join(row)} |")
    shift = max(float(np.abs((stats[s][0] - of_sex(s).mean) / of_sex(s).sd).max()) for s in "MF")
    spread = max(float(np.abs(stats[s][1] / of_sex(s).sd - 1).max()) for s in "MF")
    within = measures - np.array([measures[cells == cell].mean(axis=0) for cell in cells])
    off = np.triu_indices(len(MEASURES), 1)
    real_r = np.array(summary()["within_correlation"])
    differ = float(np.sqrt(((np.corrcoef(within.T) - real_r)[off] ** 2).mean()))
    ratio = participation(np.cov(measures.T))
    real_ratio = float(summary()["participation"])  # type: ignore[arg-type]
    bounds += [
        ("farthest mean, standard deviations of the survey", shift, 0.25),
        ("farthest standard deviation, share", spread, 0.15),
        ("correlations within a cell, root mean square difference", differ, 0.08),
        (
            f"participation ratio ({ratio:.2f}; survey {real_ratio:.2f}), share",
            abs(ratio / real_ratio - 1),
            0.2,
        ),
    ]
    lines += [
        "",
        "| linkage | trained on (people) | survey: all, one cell | synthetic: all, one cell |",
        "|---|---|---|---|",
    ]
    for trained in TRAINED:
        if len(measures) < trained + TESTED:
            continue
        found = linkage(measures, cells, trained)
        for name, real in summary()["linkage"][str(trained)].items():  # type: ignore[index]
            one = found[name]
            lines.append(
                f"| {name} | {trained} | {real[0]:.3f}, {real[1]:.3f} | {one[0]:.3f}, {one[1]:.3f} |"
            )
            for which, a, b in zip(("all", "one cell"), one, real, strict=True):
                bounds.append((f"AUC, {name}, {trained}, {which}", abs(a - b), 0.03))
    return lines, bounds


def draw_picture(measures: NDArray[np.float64], cells: NDArray[np.int64], path: Path) -> None:
    """Draw every mean and spread by sex, in standard deviations of the survey, and all correlations."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    names = list(MEASURES)
    for offset, sex in ((-0.15, "M"), (0.15, "F")):
        real = of_sex(sex)
        own = measures[(cells < 12) == (sex == "M")]
        left.errorbar(
            np.arange(len(names)) + offset,
            (own.mean(axis=0) - real.mean) / real.sd,
            own.std(axis=0) / real.sd,
            fmt="o",
            label={"M": "men", "F": "women"}[sex],
        )
    for level in (-1, 0, 1):
        left.axhline(level, color="grey", linewidth=0.7)
    left.set_xticks(range(len(names)), names, rotation=90)
    left.set_ylabel("mean ± SD, in SDs of the survey")
    left.legend()
    within = measures - np.array([measures[cells == cell].mean(axis=0) for cell in cells])
    off = np.triu_indices(len(names), 1)
    right.plot(np.array(summary()["within_correlation"])[off], np.corrcoef(within.T)[off], ".")
    right.plot([-0.2, 1], [-0.2, 1], color="grey", linewidth=0.7)
    right.set_xlabel("correlation within a cell, survey")
    right.set_ylabel("synthetic")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> int:
    """Draw, measure, compare, write; 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=3400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="compare alone, write nothing")
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.workers) as pool:
        found = list(pool.map(measured, range(1, chosen.people + 1), chunksize=25))
    measures, cells, faces = (np.array(column) for column in zip(*found, strict=True))
    lines, bounds = compare(measures, cells)
    bounds.append(("variance of faces that 49 components hold, share", held_by(faces, 49), 0.99))
    verdicts = [
        f"| {name} | {value:.3f} | {limit} | {'yes' if value <= limit else '**no**'} |"
        for name, value, limit in bounds
    ]
    print("\n".join(verdicts))
    if not chosen.check:
        write_report(chosen.people, verdicts, lines, measures, cells)
    return int(any(value > limit for _, value, limit in bounds))


def write_report(
    people: int,
    verdicts: list[str],
    lines: list[str],
    measures: NDArray[np.float64],
    cells: NDArray[np.int64],
) -> None:
    """Write docs/results/calibration.md and its picture."""
    docs = Path(__file__).resolve().parents[1]
    draw_picture(measures, cells, docs / "images" / "calibration.png")
    text = [
        "# Synthetic people beside measured ones",
        "",
        f"{people} synthetic people, measured by tape on their mesh, beside 3,993 people of a survey. "
        "The synthetic people have the survey's mix of sex, age band (18-29, 30-44, 45-66) and group. "
        "The survey measured US respirator users in 2003: workers, not a population. "
        "Made by `uv run python -m docs.experiments.calibration`.",
        "",
        "| bound | found | at most | met |",
        "|---|---|---|---|",
        *verdicts,
        "",
        "![Means, spread and correlations](../images/calibration.png)",
        "",
        "Mean ± standard deviation, mm:",
        "",
        *lines,
        "",
    ]
    (docs / "results" / "calibration.md").write_text("\n".join(text), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
