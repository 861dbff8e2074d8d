"""How far an attacker links people beyond their doppelgangers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mriprivacy.scoring.errors import Floats, check_count, same_length
from mriprivacy.scoring.estimate import Estimate
from mriprivacy.scoring.intervals import ListSize, estimate, percentile
from mriprivacy.scoring.metrics.steps import Steps
from mriprivacy.scoring.metrics.verification import auc_of
from mriprivacy.scoring.report import variances
from mriprivacy.scoring.trials import Trials, trials

_DRAWS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """What is left of an AUC once demographics are taken away.

    Attributes
    ----------
    auc_doppelganger : Estimate
        AUC with the doppelganger's photograph in the place of the own, in [0, 1].
    identity : Estimate
        AUC minus that, in [-1, 1]; 0 if the attacker links by demographics alone.
    """

    auc_doppelganger: Estimate
    identity: Estimate


def score_identity(
    scores: ArrayLike,
    doppelganger: ArrayLike,
    mated: ArrayLike,
    probe_subjects: ArrayLike,
    reference_subjects: ArrayLike,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Identity:
    """Compare the AUC on a trial list with that on the list whose mated trials are with doppelgangers.

    Parameters
    ----------
    scores, mated, probe_subjects, reference_subjects, n_bootstrap, seed
        As in `scoring.score_trials`, whose draws of subjects these are.
    doppelganger : array_like, shape (n_trials,)
        Scores of the same trials, in the mated ones with the photograph of the probe's doppelganger. A
        doppelganger is drawn with its person.

    Returns
    -------
    Identity
        The difference has the percentile interval of paired draws.

    Raises
    ------
    ScoringError
        As `scoring.score_trials`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> probe, photo = np.divmod(np.arange(900), 30)
    >>> own = rng.normal(size=900) + 2 * (probe == photo)
    >>> other = np.where(probe == photo, own - 2, own)
    >>> found = score_identity(own, other, probe == photo, probe, photo, n_bootstrap=100)
    >>> found.identity.low > 0, found.auc_doppelganger.low < 0.5 < found.auc_doppelganger.high
    (True, True)
    """
    check_count("n_bootstrap", n_bootstrap, 2, "draws")
    listed = trials(scores, mated, probe_subjects, reference_subjects)
    control = trials(doppelganger, mated, probe_subjects, reference_subjects)
    same_length(scores=listed.scores, doppelganger=control.scores)
    ones, counts = np.ones((len(listed.subjects), 1)), listed.draw(n_bootstrap, seed)
    (own, own_drawn), (other, other_drawn) = (
        (float(_areas(one, ones)[0]), _areas(one, counts)) for one in (listed, control)
    )
    n = int(listed.paired.sum())
    size = ListSize(n, int((~listed.mated).sum()))
    return Identity(
        estimate("auc", other, variances(control, {"auc": other_drawn}, seed)["auc"], size),
        percentile(own - other, own_drawn - other_drawn, n),
    )


def _areas(listed: Trials, counts: Floats) -> Floats:
    """AUC under weights of subjects; counts of shape (n_subjects, n), result of shape (n,)."""
    found = []
    for first in range(0, counts.shape[1], _DRAWS_AT_ONCE):
        weights = listed.weigh(counts[:, first : first + _DRAWS_AT_ONCE])
        found.append(auc_of(Steps(*(np.ascontiguousarray(side.T) for side in weights))))
    return np.concatenate(found)
