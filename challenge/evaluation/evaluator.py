"""From a checked submission and the sealed key to an entry."""

import warnings
from dataclasses import replace
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_limits

from mriprivacy.challenge.compute.code_hash import result_code
from mriprivacy.challenge.edition.defaced import Defaced
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import SUBMITTED, Entry
from mriprivacy.challenge.evaluation.context import Context, Evaluation, Judged, summed, timed
from mriprivacy.challenge.evaluation.draws import exposure_of, strongest_draws
from mriprivacy.challenge.evaluation.metrics import Ask, against_distractors, scored_predictions, verification
from mriprivacy.challenge.intake.submission import (
    AttackSubmission,
    AttributesSubmission,
    DefacingSubmission,
    Submission,
)
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.scoring import SmallSampleWarning


def evaluate(context: Context, submission: Submission, paired: bool = True) -> Evaluation:
    """Evaluate a submission that intake has accepted.

    Parameters
    ----------
    context : Context
        Edition, key and means.
    submission : Submission
        From `challenge.intake.submission.check_submission`.
    paired : bool
        Whether the entry is to be compared with others in pairs; that takes the sealed nonce, which is not
        handed to a platform.

    Returns
    -------
    Evaluation
        Its entry is the same for the same edition and submission, but for `seconds`.
    """
    # Matrices are small here: threads inside of a product cost more than they give.
    with warnings.catch_warnings(record=True) as noted, threadpool_limits(limits=1):
        warnings.simplefilter("always", SmallSampleWarning)
        judged = _judge(context, submission)
    small = dict.fromkeys(str(one.message) for one in noted if one.category is SmallSampleWarning)
    edition = context.edition
    draws = strongest_draws(context, judged.results, judged.scores) if paired else {}
    linking = submission.track != "attributes"
    exposure = exposure_of(context) if linking else ""
    entry = Entry(
        edition=edition.name,
        edition_hash=edition.hash,
        synthetic=edition.description.get("synthetic") is True,
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
        seconds={step: round(s, 1) for step, s in judged.seconds.items()},
        utility=judged.utility,
        face=judged.face,
        presence=judged.presence,
        games=tuple(map(one_line, judged.games)),
        draws=draws.get("auc", ()),
        exposure=exposure,
        exposure_draws=draws.get(exposure, ()),
        licence=edition.description.get("licence", ""),
        citation=edition.description.get("citation", ""),
        supersedes=edition.description.get("supersedes", ""),
        released=edition.description.get("released", ""),
        edition_doi=edition.description.get("doi", ""),
        doi=submission.doi,
        orcids=submission.orcids,
        draw_of=submission.draw_of,
        defaced=_defaced(context, paired),
    )
    return Evaluation(entry, judged.scores, judged.images, judged.chosen)


def _defaced(context: Context, paired: bool) -> Defaced | None:
    """Return whose scans the edition holds, and the code whose figures those of an attack compare with."""
    of = Defaced.of_edition(context.edition.description)
    if not (of and paired):
        return of
    protocol = context.protocol
    return replace(of, code=result_code("defacing", protocol.attacks, protocol.brain_engine))


def _judge(context: Context, submission: Submission) -> Judged:
    match submission:
        case DefacingSubmission():
            # Only attackers need rendering and face networks, so only here are they imported.
            from mriprivacy.challenge.evaluation.defacing import judge_defacing

            return judge_defacing(context, submission)
        case AttackSubmission():
            return _judge_attack(context, submission)
        case AttributesSubmission():
            return _judge_attributes(context, submission)


def _judge_attack(context: Context, submission: AttackSubmission) -> Judged:
    """Score what the participant submitted."""
    ask = Ask(Attacker(submission.system, SUBMITTED), np.array(submission.scores))
    results, scoring = timed("figures", verification, context, submission, [ask])
    strangers, more = timed("figures", against_distractors, context, submission, ask)
    auc = results[0].figures["auc"]
    inverted = f"AUC is {auc:.2f}, below chance: are the scores distances? Higher must mean more alike"
    return Judged(
        results=[*results, *strangers],
        remarks=[inverted] if auc.high < 0.5 else [],
        scores={ask.attacker: ask.scores},
        seconds=summed(scoring, more),
    )


def _judge_attributes(context: Context, submission: AttributesSubmission) -> Judged:
    """Score the attributes a participant predicted."""
    scored = {
        attribute: scored_predictions(
            context,
            submission,
            Attacker(attribute, SUBMITTED),
            {probe: getattr(own, attribute) for probe, own in submission.attributes.items()},
        )
        for attribute in Attributes._fields
    }
    return Judged(
        results=[result for result in scored.values() if result],
        remarks=[
            f"{attribute}: known of fewer than two people of eval; not scored"
            for attribute, result in scored.items()
            if not result
        ],
    )
