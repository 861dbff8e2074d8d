"""The figure a system is rated by, in draws of subjects that all entries of an edition share.

Entries are evaluated one by one and published; ranks, their intervals and tests need paired draws. Which
subjects a draw holds must stay unknown: who holds scores and knows the draws could solve a thousand AUCs for
the key. So the draws come from the sealed nonce, not from the protocol's public seed.
"""

import hashlib
from collections.abc import Sequence

from challenge.entry import Result
from challenge.evaluator import Evaluator, timed
from challenge.figures import whose
from challenge.sealed import SealedKey
from scoring import draw_systems


def strongest_draws(evaluator: Evaluator, results: Sequence[Result]) -> tuple[float, ...]:
    """Return the AUC of the attacker that links best in each draw, that attacker chosen anew in every draw.

    Parameters
    ----------
    evaluator : Evaluator
        Has the key, and the scores behind the results.
    results : sequence of Result
        Of one submission; those count that rate it on all trials.

    Returns
    -------
    tuple of float
        As many as the protocol draws, to four decimals; empty if nothing rates.
    """
    rating = [f"{r.name}/{r.level}" for r in results if r.rates and r.trial_list == "all"]
    if not rating:
        return ()
    mated, subjects = whose(evaluator)
    with timed(evaluator, "draws"):
        draws = draw_systems(
            {name: evaluator.scores[name] for name in rating},
            mated,
            subjects[:, 0],
            subjects[:, 1],
            evaluator.protocol.bootstrap,
            secret_seed(evaluator.sealed),
        )
    return tuple(draws.replicates["auc"].max(axis=0).round(4).tolist())


def secret_seed(sealed: SealedKey) -> int:
    """Return a seed that only the organizer can tell, the same whenever it is asked for."""
    digest = hashlib.sha256((sealed.root / "nonce").read_bytes() + b"draws of subjects").digest()
    return int.from_bytes(digest[:8], "big")
