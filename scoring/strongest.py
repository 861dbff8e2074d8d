"""The strongest of several attackers, chosen for a person by what the attackers do to other people.

Chosen on the people it is then rated on, the best of many attackers looks strong by luck: of thirteen that
guess, the best has an AUC of about .65 on twelve people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import DataError, Floats, ScoringError, check_count
from mriprivacy.scoring.metrics.steps import Steps
from mriprivacy.scoring.metrics.verification import auc_of
from mriprivacy.scoring.report import figures, last_axis, partial_auc_of, people_within
from mriprivacy.scoring.trials import Trials, trials

FOLDS = 6  # of people; for those of a fold the choice falls on all others
FEWEST_PEOPLE = 4
METRICS = ("people_found_any", "partial_auc", "auc")
_COLUMNS = 256  # draws that are weighed at once

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Strongest:
    """One list of scores, made of those of the chosen attackers.

    Attributes
    ----------
    scores : ndarray, shape (n_trials,)
        Of the attacker that was chosen for the probe's person, minus the mean of its non-mated scores of
        other people, over their standard deviation (Z-norm), so that scores of two attackers compare.
    chosen : ndarray of int, shape (n_trials,)
        Position of that attacker.
    mean, spread : ndarray, shape (n_trials,)
        Of that normalization.
    replicates : dict of str to ndarray, shape (n_bootstrap,)
        `auc` and the figure of the choice in every draw of people, the choice made anew in every draw.
    """

    scores: Floats
    chosen: Ints
    mean: Floats
    spread: Floats
    replicates: dict[str, Floats]

    def same_choice(self, systems: Sequence[ArrayLike]) -> Floats:
        """Return one list of other scores of the same attackers, by the same choice and normalization."""
        taken = np.stack([np.asarray(one) for one in systems])[self.chosen, np.arange(len(self.chosen))]
        return np.asarray((taken - self.mean) / self.spread)


def strongest(
    systems: Sequence[ArrayLike],
    mated: ArrayLike,
    probe_subjects: ArrayLike,
    reference_subjects: ArrayLike,
    metric: str = "partial_auc",
    n_bootstrap: int = 0,
    seed: int = 0,
) -> Strongest:
    """Choose the attacker that rates a person's trials by how strong it is on other people.

    Parameters
    ----------
    systems : sequence of array_like, shape (n_trials,)
        Scores of each attacker; higher is more alike.
    mated, probe_subjects, reference_subjects, n_bootstrap, seed
        As in `scoring.score_trials`, whose draws of subjects these are; 0 for none.
    metric : str
        One of `METRICS`: what makes an attacker strong. Of equal ones the AUC decides, then the order.

    Raises
    ------
    ScoringError
        For no system, an unknown metric, fewer than four people with a mated trial, or as `score_trials`.
    DataError
        For a list in which the people of other folds have no mated or no non-mated trials.

    Notes
    -----
    People are parted into six folds by the order of their names. In a draw, people of other folds count as
    often as they are drawn.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> probe, photo = np.divmod(np.arange(30 * 30), 30)
    >>> mated = probe == photo
    >>> guesses = [rng.normal(size=900) for _ in range(12)]
    >>> found = strongest([*guesses, rng.normal(size=900) + 2 * mated], mated, probe, photo)
    >>> set(found.chosen.tolist())
    {12}
    """
    if not len(systems):
        raise ScoringError("systems: none given; expected at least one")
    check_count("n_bootstrap", n_bootstrap, 0, "draws")
    if metric not in METRICS:
        raise ScoringError(f"metric: {metric!r}; expected one of {', '.join(METRICS)}")
    lists = [trials(one, mated, probe_subjects, reference_subjects) for one in systems]
    first = lists[0]
    if first.paired.sum() < FEWEST_PEOPLE:
        raise ScoringError(
            f"probe_subjects: {first.paired.sum()} people with a mated trial; expected at least "
            f"{FEWEST_PEOPLE}, to choose by others"
        )
    subjects = len(first.subjects)
    fold = np.arange(subjects) % min(FOLDS, subjects)
    counts = np.ones((subjects, 1))
    if n_bootstrap:
        counts = np.hstack([counts, first.draw(n_bootstrap, seed)])
    choice = _choice(lists, fold, counts, metric)
    scores = np.stack([one.scores for one in lists])
    mean, spread = _norms(scores, first, fold)
    of_probe, row = fold[first.probe], np.arange(len(first.scores))

    def listed(own: Ints) -> tuple[Ints, Floats]:
        chosen = own[of_probe]
        return chosen, (scores[chosen, row] - mean[chosen, row]) / spread[chosen, row]

    values = {name: np.full(counts.shape[1], np.nan) for name in ("auc", metric)}
    kinds, kind = np.unique(choice, axis=1, return_inverse=True)
    for k, own in enumerate(kinds.T):
        drawn = np.flatnonzero(kind.ravel() == k)
        one = trials(listed(own)[1], mated, probe_subjects, reference_subjects)
        found = figures(one, counts[:, drawn], None)
        for name, column in values.items():
            column[drawn] = found[name]
    chosen, own_scores = listed(choice[:, 0])
    replicates = {name: column[1:] for name, column in values.items()}
    return Strongest(own_scores, chosen, mean[chosen, row], spread[chosen, row], replicates)


def _choice(lists: Sequence[Trials], fold: Ints, counts: Floats, metric: str) -> Ints:
    """Return the attacker that is strongest on people of other folds; shape (n_folds, n_draws).

    Where those drawn have no trials of both kinds it is that of the first column, the list as it is.
    """
    choice = np.empty((fold.max() + 1, counts.shape[1]), np.int64)
    for start in range(0, counts.shape[1], _COLUMNS):
        part = counts[:, start : start + _COLUMNS]
        for k in range(len(choice)):
            others = part * (fold != k)[:, None]
            strength = np.stack([_strength(one, others, metric) for one in lists])
            if not start and np.isnan(strength[:, 0]).any():
                raise DataError(
                    "probe_subjects: too few people with non-mated trials among each other; expected more, "
                    "to choose by others"
                )
            best = np.nan_to_num(strength, nan=-1.0).argmax(axis=0)
            now = choice[k, 0] if start else best[0]
            choice[k, start : start + _COLUMNS] = np.where(np.isnan(strength[0]), now, best)
    return choice


def _strength(listed: Trials, counts: Floats, metric: str) -> Floats:
    """Return the metric under weights of subjects, AUC where it is equal; NaN where a draw has no trials."""
    mated, nonmated = listed.weigh(counts)
    both = (mated.sum(axis=0) > 0) & (nonmated.sum(axis=0) > 0)
    strength = np.full(counts.shape[1], np.nan)
    if not both.any():
        return strength
    counts, curves = counts[:, both], Steps(last_axis(mated[:, both]), last_axis(nonmated[:, both]))
    fmr, _ = curves.vertices()
    area = auc_of(curves)
    if metric == "auc":
        strength[both] = area
    elif metric == "partial_auc":
        strength[both] = partial_auc_of(listed, fmr, counts) + 1e-6 * area
    else:
        accepted = np.count_nonzero(fmr <= 0.01, axis=-1) - 1
        strength[both] = people_within(listed.best, accepted, counts, listed.paired) + 1e-6 * area
    return strength


def _norms(scores: Floats, listed: Trials, fold: Ints) -> tuple[Floats, Floats]:
    """Return mean and spread of each attacker's non-mated scores of people of other folds, by trial."""
    mean, spread = np.empty_like(scores), np.empty_like(scores)
    of_probe, of_reference = fold[listed.probe], fold[listed.reference]
    for k in range(fold.max() + 1):
        own, others = of_probe == k, (of_probe != k) & (of_reference != k) & ~listed.mated
        mean[:, own] = scores[:, others].mean(axis=1, keepdims=True)
        wide = scores[:, others].std(axis=1, keepdims=True)
        spread[:, own] = np.where(wide > 0, wide, 1.0)
    return mean, spread
