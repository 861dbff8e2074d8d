"""From a checked submission and the sealed key to an entry."""

import warnings
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_limits

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.evaluation.context import Evaluator, Judged
from mriprivacy.challenge.evaluation.draws import strongest_draws
from mriprivacy.challenge.evaluation.metrics import Ask, against_strangers, scored_attribute, verification
from mriprivacy.challenge.intake.submission import Submission
from mriprivacy.data_prep.formats.foreign_text import one_line
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.scoring import SmallSampleWarning


def evaluate(evaluator: Evaluator, submission: Submission, paired: bool = True) -> Entry:
    """Evaluate a submission that intake has accepted.

    Parameters
    ----------
    evaluator : Evaluator
        Edition, key and means.
    submission : Submission
        From `challenge.intake.submission.check_submission`.
    paired : bool
        Whether the entry is to be compared with others in pairs; that takes the sealed nonce, which is not
        handed to a platform.

    Returns
    -------
    Entry
        The same for the same edition and submission, but for `seconds`.
    """
    judges = {"defacing": _defacing, "attack": _attack, "attributes": _attributes}
    # Matrices are small here: threads inside of a product cost more than they give.
    with warnings.catch_warnings(record=True) as noted, threadpool_limits(limits=1):
        warnings.simplefilter("always", SmallSampleWarning)
        judged = judges[submission.track](evaluator, submission)
    small = dict.fromkeys(str(one.message) for one in noted if one.category is SmallSampleWarning)
    return Entry(
        edition=evaluator.edition.name,
        edition_hash=evaluator.edition.hash,
        synthetic=evaluator.edition.description.get("synthetic") is True,
        track=submission.track,
        team=submission.team,
        system=submission.system,
        description=submission.description,
        submission_sha256=submission.sha256,
        results=tuple(judged.results),
        gate=judged.gate,
        checks=tuple(judged.checks),
        warnings=tuple(map(one_line, (*submission.warnings, *judged.remarks, *small))),
        kit=version("mriprivacy"),
        seconds={step: round(seconds, 1) for step, seconds in evaluator.seconds.items()},
        utility=judged.utility,
        draws=strongest_draws(evaluator, judged.results) if paired else (),
        licence=evaluator.edition.description.get("licence", ""),
        citation=evaluator.edition.description.get("citation", ""),
        supersedes=evaluator.edition.description.get("supersedes", ""),
        released=evaluator.edition.description.get("released", ""),
    )


def _defacing(evaluator: Evaluator, submission: Submission) -> Judged:
    """Run the attackers; only they need rendering and face networks, so only here are they imported."""
    from mriprivacy.challenge.evaluation.defacing import judge_defacing

    return judge_defacing(evaluator, submission)


def _attack(evaluator: Evaluator, submission: Submission) -> Judged:
    """Score what the participant submitted."""
    assert submission.scores is not None
    scores = np.array(submission.scores)
    results = verification(evaluator, submission, [Ask(submission.system, "submitted", scores)])
    results += against_strangers(evaluator, submission)
    auc = results[0].figures["auc"]
    inverted = f"AUC is {auc:.2f}, below chance: are the scores distances? Higher must mean more alike"
    return Judged(results, [inverted] if auc.high < 0.5 else [])


def _attributes(evaluator: Evaluator, submission: Submission) -> Judged:
    """Score the attributes a participant predicted."""
    assert submission.attributes is not None
    results, remarks = [], []
    for attribute in Attributes._fields:
        said = {probe: getattr(own, attribute) for probe, own in submission.attributes.items()}
        result = scored_attribute(evaluator, submission, attribute, said, "", "submitted")
        if result:
            results.append(result)
        else:
            remarks.append(f"{attribute}: known of fewer than two people of eval; not scored")
    return Judged(results, remarks)
