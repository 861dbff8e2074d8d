"""`mriprivacy score FILE`: every metric of a labelled table of scores, with its interval."""

import warnings
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from mriprivacy.challenge.leaderboard.metric_block import (
    FORMATS,
    NAMES,
    Block,
    interval,
    missing,
    notes,
    number,
)
from mriprivacy.data_prep.formats.settings import REQUIRED, setting
from mriprivacy.data_prep.formats.tables.score_table import ScoreTable, read_scores
from mriprivacy.scoring import ScoringError, score_trials
from mriprivacy.scoring.errors import UserError


@dataclass
class ScoreSettings:
    """Keys of the command."""

    scores: str = setting(REQUIRED, "table of scores, TSV or CSV; `score FILE` is enough")
    key: str = setting("", "table with the labels of the same trials; empty: the scores have them")
    higher: str = setting("similarity", "what a higher score means", choices=("similarity", "distance"))
    format: str = setting("text", "what is printed", choices=FORMATS)
    bootstrap: int = setting(1000, "draws of people for each interval", at_least=100, unit="draws")
    seed: int = setting(0, "seed of these draws", at_least=0)


def run(settings: ScoreSettings) -> None:
    """Print the metrics."""
    key = Path(settings.key) if settings.key else None
    table = read_scores(Path(settings.scores), key, distances=settings.higher == "distance")
    print(scored(table, settings.bootstrap, settings.seed).show(settings.format))


def scored(table: ScoreTable, bootstrap: int, seed: int) -> Block:
    """Score a table; what it has too little of is an error of the file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            report = score_trials(
                table.score,
                table.mated,
                table.probe_subject,
                table.reference_subject,
                bootstrap,
                seed,
                probes=table.probe,
            )
        except ScoringError as error:
            raise UserError(*(f"{table.name}: {line}" for line in str(error).splitlines())) from error
    estimates = report.estimates()
    labels = {name: label.format(gallery=report.gallery_size) for name, label in NAMES.items()}
    noted = notes([str(warning.message) for warning in caught])
    return Block(
        above=(
            f"{table.name}: {report.n_subjects} people, {report.n_mated} mated and {report.n_nonmated} "
            "non-mated trials",
        ),
        header=("metric", "value", "95 % interval"),
        rows=tuple(
            (label, number(estimates[name].value), interval(estimates[name]))
            for name, label in labels.items()
            if name in estimates and estimates[name].known
        ),
        below=(
            *missing({label: estimates[name] for name, label in labels.items() if name in estimates}),
            how(table, bootstrap, seed),
            *noted,
        ),
        data={
            "scores": table.name,
            "people": report.n_subjects,
            "people_joined_by_mated_trials": table.joined,
            "mated": report.n_mated,
            "nonmated": report.n_nonmated,
            "bootstrap": bootstrap,
            "seed": seed,
            "kit": version("mriprivacy"),
            "metrics": {name: asdict(one) for name, one in estimates.items()},
            "notes": list(noted),
        },
    )


def how(table: ScoreTable, bootstrap: int, seed: int) -> str:
    """Say in a line how the intervals were made."""
    people = "people joined by mated trials" if table.joined else "people as given"
    return f"{bootstrap} draws of people (seed {seed}); {people}; mriprivacy {version('mriprivacy')}"
