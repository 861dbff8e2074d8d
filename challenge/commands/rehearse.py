"""`mriprivacy rehearse`: rate a submission on the open people of `dev`; needs no key.

This is what `evaluate` does to the people of `eval`, of any track, on the participant's own machine.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.description import SubmissionError, sent
from mriprivacy.challenge.intake.expected_files import TABLES
from mriprivacy.challenge.intake.submission import received
from mriprivacy.challenge.leaderboard.pages.terminal import summary
from mriprivacy.challenge.leaderboard.verdict import block, of_entry
from mriprivacy.challenge.settings.printing import Printing, one_of_both, show
from mriprivacy.data_prep.formats.settings import REQUIRED, group, same_setting, setting

REHEARSAL = "dev and eval change places here: no entry, no rank; an evaluation rates the people of eval"
LEFT_OUT = "an attack trained on a person of dev must leave that person out; `{} split=dev` does"
_BASELINES = {"attack": "attack", "attributes": "infer"}


@dataclass
class RehearseSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition; public/ is enough")
    submission: str = setting(
        REQUIRED, "folder or zip: defaced scans of both splits, or scores or attributes of dev"
    )
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")
    format: str = same_setting(Printing, "format")
    verbose: bool = same_setting(Printing, "verbose")
    quiet: bool = same_setting(Printing, "quiet")


check = one_of_both


def run(settings: RehearseSettings) -> None:
    """Check the submission, rate it by the open key of `dev`, and print the verdict."""
    from mriprivacy.challenge.evaluation.rehearsal import asking_for_dev, rehearsed

    edition = open_edition(Path(settings.edition))
    cache = cache_folder(settings.cache)
    try:
        with received(sent(settings.submission), asking_for_dev(edition), settings.compute) as submission:
            swapped, key, mine = rehearsed(edition, submission)
            context = Context(
                swapped, key, read_protocol(edition.description), cache, settings.compute, rehearsal=True
            )
            entry = evaluate(context, mine, paired=False).entry
    except SubmissionError as error:
        raise SubmissionError(*error.problems, *_is_of_eval(error, edition)) from error
    verdict = of_entry(entry)
    verdict = replace(
        verdict,
        title=f"rehearsal on dev: {verdict.title}",
        lines=tuple(line for line in verdict.lines if line.what != "rank"),
        data={**verdict.data, "rehearsal": True},
    )
    whole = [summary(entry), *(f"note: {note}" for note in entry.warnings)]
    about = [REHEARSAL]
    if entry.track in _BASELINES:
        about.append(LEFT_OUT.format(_BASELINES[entry.track]))
    show(block(verdict, {}), settings, [f"note: {line}" for line in about], whole)


def _is_of_eval(error: SubmissionError, edition: Edition) -> list[str]:
    """Say what a rehearsal takes where a table has rows that are not of `dev`."""
    if not any("not in the dev list" in problem for problem in error.problems):
        return []
    track = error.claimed.get("track", "")
    ids = "dev/trials.tsv" if track == "attack" else "dev/attributes.tsv"
    return [
        f"{TABLES.get(track, 'the table')}: rehearse rates the people of dev; expected the ids of "
        f"{edition.root.name}/{ids}; for those of eval: mriprivacy check"
    ]
