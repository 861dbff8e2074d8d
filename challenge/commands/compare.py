"""`mriprivacy compare A B`: two tables of scores on the trials that both have, in a paired test."""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mriprivacy.challenge.commands.score import ScoreSettings, how
from mriprivacy.challenge.leaderboard.metric_block import NAMES, Block, interval, number
from mriprivacy.data_prep.formats.problems import Findings
from mriprivacy.data_prep.formats.settings import REQUIRED, same_setting, setting
from mriprivacy.data_prep.formats.tables.score_table import ScoreTable, read_scores
from mriprivacy.scoring import DataError, Difference, Draws, ScoringError, compare, draw_systems
from mriprivacy.scoring.errors import UserError


@dataclass
class CompareSettings:
    """Keys of the command."""

    first: str = setting(REQUIRED, "table of scores A, TSV or CSV; `compare A B` is enough")
    second: str = setting(REQUIRED, "table of scores B, of the same trials")
    key: str = setting("", "table with the labels of these trials; empty: the scores have them")
    higher: str = same_setting(ScoreSettings, "higher")
    format: str = same_setting(ScoreSettings, "format")
    bootstrap: int = same_setting(ScoreSettings, "bootstrap")
    seed: int = same_setting(ScoreSettings, "seed")


def run(settings: CompareSettings) -> None:
    """Print both values of each metric, their difference with its interval, and its p-value."""
    key = Path(settings.key) if settings.key else None
    distances = settings.higher == "distance"
    a, b = (read_scores(Path(path), key, distances=distances) for path in (settings.first, settings.second))
    print(compared(a, b, settings.bootstrap, settings.seed).show(settings.format))


def compared(a: ScoreTable, b: ScoreTable, bootstrap: int, seed: int) -> Block:
    """Compare two tables on their shared trials, whose labels must agree."""
    rows, others = _shared(a, b)
    scores = {"A": a.score[rows], "B": b.score[others]}
    people = a.probe_subject[rows], a.reference_subject[rows]
    try:
        draws = draw_systems(scores, a.mated[rows], *people, bootstrap, seed)
    except ScoringError as error:
        raise UserError(*(f"{a.name}, {b.name}: {line}" for line in str(error).splitlines())) from error
    found = {name: _difference(draws, name) for name in NAMES if name in draws.values}
    unseen = [name for name in found if np.isnan(draws.values[name]).all()]
    left_out = (len(a.score) - len(rows), len(b.score) - len(rows))
    unshared = f"; left out as not shared: {left_out[0]} of A, {left_out[1]} of B" if any(left_out) else ""
    return Block(
        above=(
            f"A: {a.name}; B: {b.name}",
            f"{draws.n} people with mated trials, {len(rows)} shared trials{unshared}",
        ),
        header=("metric", "A", "B", "A - B", "95 % interval", "p"),
        rows=tuple(_row(name, draws, one) for name, one in found.items() if name not in unseen),
        below=(
            *([f"no {', '.join(NAMES[name] for name in unseen)}: too few trials"] if unseen else []),
            "paired t-test on shared draws, two-sided, metric by metric",
            how(a, bootstrap, seed),
        ),
        data={
            "first": a.name,
            "second": b.name,
            "people": draws.n,
            "shared_trials": len(rows),
            "left_out": list(left_out),
            "bootstrap": bootstrap,
            "seed": seed,
            "kit": version("mriprivacy"),
            "metrics": {
                name: {
                    "first": float(draws.values[name][0]),
                    "second": float(draws.values[name][1]),
                    "difference": asdict(one.difference) if one else None,
                    "p": one.p if one else None,
                }
                for name, one in found.items()
            },
        },
    )


def _difference(draws: Draws, metric: str) -> Difference | None:
    """Compare one metric; None where the list is too small to define it."""
    try:
        return compare(draws, metric)[0]
    except DataError:
        return None


def _row(name: str, draws: Draws, one: Difference | None) -> tuple[str, ...]:
    first, second = (number(float(value)) for value in draws.values[name])
    if one is None:
        return NAMES[name], first, second, "n/a", "n/a", "n/a"
    p = "< 0.001" if one.p < 0.001 else f"{one.p:.3f}"
    gap = one.difference
    return NAMES[name], first, second, number(gap.value, "+.3f"), interval(gap, "+.3f"), p


def _shared(a: ScoreTable, b: ScoreTable) -> tuple[list[int], list[int]]:
    """Return the rows of both tables that hold the same trials, in the order of the first."""
    row = {trial: i for i, trial in enumerate(zip(b.probe, b.reference, strict=True))}
    trials = list(zip(a.probe, a.reference, strict=True))
    rows = [i for i, trial in enumerate(trials) if trial in row]
    others = [row[trials[i]] for i in rows]
    if not rows:
        raise UserError(f"{a.name}, {b.name}: no trial (probe and reference) is in both; expected the same")
    findings = Findings(f"{a.name}, {b.name}")
    for i in np.flatnonzero(a.mated[rows] != b.mated[others]):
        findings.add("trial is mated in one and non-mated in the other", " ".join(trials[rows[i]]))
    if problems := findings.problems():
        raise UserError(*problems)
    return rows, others
