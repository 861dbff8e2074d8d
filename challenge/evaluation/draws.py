"""The figures a system is rated by, in draws of subjects that all entries of an edition share.

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
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CHOSEN, Result
from mriprivacy.challenge.evaluation.context import Context, Floats
from mriprivacy.challenge.evaluation.metrics import worth
from mriprivacy.scoring import Draws, draw_systems, exposure_figure
from mriprivacy.scoring.strongest import strongest


def strongest_draws(
    context: Context, results: Sequence[Result], scores: Mapping[Attacker, Floats]
) -> dict[str, tuple[float, ...]]:
    """Return figures of the strongest attacker in each draw, chosen anew in every draw.

    It is chosen for a person by other people where the results are (`CHOSEN`), or else is the best one.

    Parameters
    ----------
    context : Context
        Has the key.
    results : sequence of Result
        Of one submission; those count that rate it on all trials.
    scores : mapping from Attacker to ndarray, shape (n_trials,)
        Behind the results.

    Returns
    -------
    dict from str to tuple of float
        Draws of `auc` and of the figure of `scoring.exposure_figure`, to four decimals, as many as the
        protocol draws. Empty if nothing rates.
    """
    rating = [scores[one.attacker] for one in results if one.rates and one.trial_list == "all"]
    if not rating:
        return {}
    names, draws, seed = (
        ("auc", exposure_of(context)),
        context.protocol.bootstrap,
        secret_seed(context.sealed),
    )
    if any(one.trial_list == CHOSEN for one in results):
        people = context.trials.people
        found = strongest(
            both_signs(rating),
            context.trials.mated,
            people[:, 0],
            people[:, 1],
            exposure_of(context),
            draws,
            seed,
        ).replicates
    else:
        every = drawn(context, rating, draws, seed)
        found = {name: every.replicates[name].max(axis=0) for name in names}
    return {name: tuple(found[name].round(4).tolist()) for name in names}


def both_signs(scores: Sequence[Floats]) -> list[Floats]:
    """Return score lists and their negatives: which way an attacker links is chosen on other people, too."""
    return [*scores, *(-one for one in scores)]


def exposure_of(context: Context) -> str:
    """Return the name of the figure that rates the systems of an edition."""
    return exposure_figure(int((~context.trials.mated).sum()))


def drawn(context: Context, scores: Sequence[Floats], n_bootstrap: int, seed: int) -> Draws:
    """Draw subjects for several score lists of `eval`, each list in a process of its own.

    Parameters
    ----------
    context : Context
        Has the key.
    scores : sequence of ndarray, shape (n_trials,)
        At least one.
    n_bootstrap, seed : int
        As in `scoring.draw_systems`, whose result it is; systems are called by their number.
    """
    mated, people = context.trials.mated, context.trials.people
    one = partial(_draw, mated, people, n_bootstrap, seed)
    compute = worth(context.compute, len(scores) * len(mated) * n_bootstrap)
    parts = run(one, scores, "draws of subjects", compute)
    return Draws(
        tuple(map(str, range(len(scores)))),
        {name: np.concatenate([part.values[name] for part in parts]) for name in parts[0].values},
        {name: np.concatenate([part.replicates[name] for part in parts]) for name in parts[0].replicates},
        parts[0].n,
    )


def _draw(
    mated: NDArray[np.bool_], people: NDArray[np.int64], n_bootstrap: int, seed: int, scores: Floats
) -> Draws:
    return draw_systems({"": scores}, mated, people[:, 0], people[:, 1], n_bootstrap, seed)


def secret_seed(sealed: SealedKey) -> int:
    """Return a seed that only the organizer can tell, the same whenever it is asked for."""
    digest = hashlib.sha256((sealed.root / "nonce").read_bytes() + b"draws of subjects").digest()
    return int.from_bytes(digest[:8], "big")
