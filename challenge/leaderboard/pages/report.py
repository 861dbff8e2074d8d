"""The report of a submission: one page that needs nothing else, and the data of its figures beside it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from mriprivacy.challenge.attackers.acquisition import COLUMNS, seen
from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.entry.entry import EVERY_LEVEL, Entry, Result
from mriprivacy.challenge.evaluation.context import Context, Evaluation
from mriprivacy.challenge.intake.submission import DefacingSubmission, Submission
from mriprivacy.challenge.leaderboard.pages.glossary import Guide
from mriprivacy.challenge.leaderboard.pages.html import page
from mriprivacy.challenge.leaderboard.pages.markdown import signatures
from mriprivacy.challenge.leaderboard.plots.attribute_gains import attribute_gains
from mriprivacy.challenge.leaderboard.plots.contact_sheet import Pair, contact_sheet
from mriprivacy.challenge.leaderboard.plots.forest import forest, utility_forest
from mriprivacy.challenge.leaderboard.plots.plot import Plot
from mriprivacy.challenge.leaderboard.plots.report_plots import (
    det,
    groups,
    histogram,
    histograms,
    roc,
    roc_band,
)
from mriprivacy.challenge.leaderboard.system_tables import of_system
from mriprivacy.challenge.leaderboard.verdict import of_entry
from mriprivacy.data_prep.formats.atomic import inside, write_whole
from mriprivacy.data_prep.formats.tables.tsv import write_table

PAGE = "report.html"


def write_report(
    folder: Path, evaluation: Evaluation, context: Context, submission: Submission, *, faces: bool = False
) -> Path:
    """Write the report of an evaluated submission below a folder.

    Parameters
    ----------
    folder : Path
        Of reports; this one becomes `EDITION/TEAM__SYSTEM/report.html` in it.
    evaluation : Evaluation
        The entry, and the scores behind its results.
    context : Context
        With which it was made.
    submission : Submission
        What was evaluated; still there.
    faces : bool
        Whether renders are shown of people who are not synthetic.

    Returns
    -------
    Path
        The page.

    Notes
    -----
    A report is for the organizer: from histograms and curves, a holder of the scores can compute which trials
    are mated.
    """
    entry, images = evaluation.entry, evaluation.images
    plots = _plots(evaluation, context)
    made = of_system(entry)
    sheet: list[Pair] = []
    if isinstance(submission, DefacingSubmission) and (entry.synthetic or faces):
        sheet = contact_sheet(context, submission)
    text = page(
        "report.html",
        entry=entry,
        place=None,
        ranked=0,
        verdict=of_entry(entry),
        plots=plots,
        tables=made,
        sheet=sheet,
        failures=sorted(evaluation.failures.items()),
        eval_scans=len(context.edition.eval.probes),
        images=bool(images),
        guide=Guide(),
        signatures=signatures([entry]),
    )
    home = inside(folder, entry.path).with_suffix("")
    files = {PAGE: text} | {f"{plot.name}.tsv": plot.tsv() for plot in plots}
    files |= {f"{table.name}.tsv": table.tsv() for table in made}
    if images:
        rows = [row for side, own in images.items() for row in seen(own, side)]
        write_table(home / "images.tsv", COLUMNS, rows)
    for name, content in files.items():
        write_whole(home / name, content)
    return home / PAGE


def _plots(evaluation: Evaluation, context: Context) -> list[Plot]:
    entry = evaluation.entry
    shown = curves_of(entry)
    if not shown:
        gains = attribute_gains(entry, "attribute_gains")
        return [gains] if gains else []
    trials, protocol = context.trials, context.protocol
    found, bands = {}, {}
    for result in shown:
        name = f"{result.name}, {result.level}"
        scores = evaluation.scores[result.attacker]
        found[name] = histogram(scores[trials.mated], scores[~trials.mated])
        bands[name] = roc_band(
            scores, trials.mated, trials.subjects, protocol.bootstrap, protocol.bootstrap_seed
        )
    drawings: list[Callable[[], Plot | None]] = [
        partial(histograms, found),
        partial(roc, bands),
        partial(det, bands),
        partial(forest, entry, "attackers"),
        partial(groups, entry),
        partial(attribute_gains, entry, "attribute_gains"),
        partial(utility_forest, entry, "utility_figure"),
    ]
    # Workers that looked at the scans are there; for a few drawings of tables none are called.
    compute = context.compute if evaluation.images else Compute("sequential")
    return [plot for plot in run(_drawn, drawings, "plots", compute) if plot is not None]


def _drawn(drawing: Callable[[], Plot | None]) -> Plot | None:
    return drawing()


def curves_of(entry: Entry) -> list[Result]:
    """Return whose curves are shown: what was submitted, or the strongest attacker of every level."""
    if entry.track == "attributes":
        return []
    if entry.track == "attack":
        return [entry.strongest()]
    levels = [entry.strongest_of(level) for level in EVERY_LEVEL]
    return [result for result in levels if result is not None] or [entry.strongest()]
