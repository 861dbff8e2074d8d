"""The figure a system is rated by, in draws of subjects that all entries of an edition share.

Entries are evaluated one by one and published; ranks, their intervals and tests need paired draws. Which
subjects a draw holds must stay unknown: who holds scores and knows the draws could solve a thousand AUCs for
the key. So the draws come from the sealed nonce, not from the protocol's public seed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.compute.parallel import run
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.entry import Result
from mriprivacy.challenge.evaluation.context import Evaluator, timed, whose
from mriprivacy.challenge.evaluation.metrics import worth
from mriprivacy.scoring import Draws, draw_systems

Floats = NDArray[np.float64]


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
    scores = {name: evaluator.scores[name] for name in rating}
    with timed(evaluator, "draws"):
        draws = drawn(evaluator, scores, evaluator.protocol.bootstrap, secret_seed(evaluator.sealed))
    return tuple(draws.replicates["auc"].max(axis=0).round(4).tolist())


def drawn(evaluator: Evaluator, scores: Mapping[str, Floats], n_bootstrap: int, seed: int) -> Draws:
    """Draw subjects for several score lists of `eval`, each list in a process of its own.

    Parameters
    ----------
    evaluator : Evaluator
        Has the key.
    scores : mapping from name to ndarray, shape (n_trials,)
        At least one.
    n_bootstrap, seed : int
        As in `scoring.draw_systems`, whose result it is.
    """
    mated, subjects = whose(evaluator)
    people = np.unique(subjects, return_inverse=True)[1].reshape(subjects.shape)
    one = partial(_draw, mated, people, n_bootstrap, seed)
    compute = worth(evaluator.compute, len(scores) * len(mated) * n_bootstrap)
    parts = run(one, list(scores.items()), "draws of subjects", compute)
    return Draws(
        tuple(scores),
        {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values},
        {name: np.concatenate([part.replicates[name] for part in parts]) for name in parts[0].replicates},
        parts[0].n,
    )


def _draw(
    mated: NDArray[np.bool_], people: NDArray[np.int64], n_bootstrap: int, seed: int, one: tuple[str, Floats]
) -> Draws:
    return draw_systems(dict([one]), mated, people[:, 0], people[:, 1], n_bootstrap, seed)


def secret_seed(sealed: SealedKey) -> int:
    """Return a seed that only the organizer can tell, the same whenever it is asked for."""
    digest = hashlib.sha256((sealed.root / "nonce").read_bytes() + b"draws of subjects").digest()
    return int.from_bytes(digest[:8], "big")
