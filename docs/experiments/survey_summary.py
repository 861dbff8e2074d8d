"""Summarise the survey of heads and faces for `data_prep/synthetic/measures/survey.json`.

    uv run python docs/experiments/survey_summary.py niosh_2003.csv > data_prep/synthetic/measures/survey.json

The table is data set RD-10130-2020-0 of the US National Institute for Occupational Safety and Health. What is
written are counts, regression coefficients, covariances and AUCs, no row of the table.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np

from mriprivacy.data_prep.synthetic.measures.linkage import TRAINED, linkage, participation
from mriprivacy.data_prep.synthetic.measures.tape import MEASURES

SEXES = {1: "M", 2: "F"}
BANDS, GROUPS = 3, 4


def summary(path: Path) -> dict[str, object]:
    """Return what is committed of the survey."""
    with path.open() as lines:
        rows = [row for row in csv.DictReader(lines) if all(row[name] for name in MEASURES)]
    measures = np.array([[float(row[name]) for name in MEASURES] for row in rows])
    sexes, bands, groups = (np.array([int(row[key]) for row in rows]) for key in ("sex", "agegrp", "racegrp"))
    cells = sexes * 100 + bands * 10 + groups
    within = measures - np.array([measures[cells == cell].mean(axis=0) for cell in cells])
    by_sex = {}
    for code, sex in SEXES.items():
        own = sexes == code
        design = np.column_stack(
            [bands[own] == band + 1 for band in range(BANDS)]
            + [groups[own] == group + 1 for group in range(1, GROUPS)]
        ).astype(float)
        found = np.linalg.lstsq(design, measures[own], rcond=None)[0]
        rest = measures[own] - design @ found
        covariance = rest.T @ rest / (own.sum() - design.shape[1])
        by_sex[sex] = {
            "counts": [
                [int((cells == code * 100 + band * 10 + group).sum()) for group in (1, 2, 3, 4)]
                for band in (1, 2, 3)
            ],
            "mean": measures[own].mean(axis=0).round(2).tolist(),
            "sd": measures[own].std(axis=0).round(3).tolist(),
            "band_means": found[:BANDS].round(3).tolist(),
            "group_effects": [[0.0] * len(MEASURES), *found[BANDS:].round(3).tolist()],
            "cholesky": np.linalg.cholesky(covariance).round(5).tolist(),
        }
    return {
        "source": "NIOSH, US respirator users 2003, data set RD-10130-2020-0 (public domain); Zhuang and "
        "Bradtmiller, J Occup Environ Hyg 2, 2005, 567-576",
        "measures": list(MEASURES),
        "bands": ["18-29", "30-44", "45-66"],
        "groups": ["White", "African-American", "Hispanic", "Other, mostly Asian"],
        "sexes": by_sex,
        "within_correlation": np.corrcoef(within.T).round(4).tolist(),
        "participation": round(participation(np.cov(measures.T)), 3),
        "linkage": {
            str(trained): {
                name: np.round(values, 4).tolist()
                for name, values in linkage(measures, cells, trained).items()
            }
            for trained in TRAINED
        },
    }


if __name__ == "__main__":
    print(json.dumps(summary(Path(sys.argv[1]))))
