"""The figures that rate a defacer: for each person, of the attacker that is strongest on other people.

The best of all attackers on the same people would look strong by luck (`scoring.strongest`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mriprivacy.challenge.entry.entry import CHOSEN, Result
from mriprivacy.challenge.evaluation.context import Context, Floats
from mriprivacy.challenge.evaluation.draws import both_signs, exposure_of
from mriprivacy.challenge.evaluation.metrics import Ask, verification
from mriprivacy.challenge.intake.submission import Submission
from mriprivacy.scoring import DataError, Estimate
from mriprivacy.scoring.intervals import ListSize, estimate
from mriprivacy.scoring.strongest import FEWEST_PEOPLE, strongest


def rate_strongest(
    context: Context, submission: Submission, asks: Sequence[Ask], counts: Mapping[str, int]
) -> tuple[list[Result], Floats | None]:
    """Return the result and the scores of the chosen attackers; none of few people.

    Parameters
    ----------
    context, submission
        Whose key, and who is judged.
    asks : sequence of Ask
        Of every attacker. Those that rate are chosen from, or all if none does.
    counts : mapping from str to int
        What is reported of the scans.

    Returns
    -------
    results : list of Result
        At most one, named after the attacker that is chosen for most trials; its intervals of AUC and of
        the exposure hold the choice.
    scores : ndarray, shape (n_trials,), or None
        Behind it.
    """
    asked = [ask for ask in asks if ask.rates] or list(asks)
    trials, protocol = context.trials, context.protocol
    if not asked or len(np.unique(trials.people[trials.mated, 0])) < FEWEST_PEOPLE:
        return [], None
    try:
        found = strongest(
            both_signs([ask.scores for ask in asked]),
            trials.mated,
            trials.people[:, 0],
            trials.people[:, 1],
            exposure_of(context),
            protocol.bootstrap,
            protocol.bootstrap_seed,
        )
    except DataError:  # a sparse list, of which no part is left to choose by
        return [], None
    most = asked[int(np.bincount(found.chosen % len(asked)).argmax())]
    doubles = [ask.doppelganger for ask in asked if ask.doppelganger is not None]
    chosen = Ask(
        most.attacker,
        found.scores,
        {**counts, "chosen_from": len(asked)},
        [CHOSEN],
        rates=most.rates,
        doppelganger=found.same_choice(both_signs(doubles)) if len(doubles) == len(asked) else None,
    )
    (result,) = verification(context, submission, [chosen])
    size = ListSize(result.figures["auc"].n, int((~trials.mated).sum()))
    held = {
        name: _held(name, result.figures[name].value, values, size)
        for name, values in found.replicates.items()
        if name in result.figures
    }
    return [replace(result, figures={**result.figures, **held})], found.scores


def _held(name: str, value: float, draws: Floats, size: ListSize) -> Estimate:
    """Return the interval of a figure whose attackers are chosen anew in every draw."""
    return estimate(name, value, float(draws.var()) * size.people / max(size.people - 1, 1), size)
