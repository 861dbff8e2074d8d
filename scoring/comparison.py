"""Paired comparisons on one trial list: of systems, and of people with their doppelgangers.

All share their draws of subjects; p-values are adjusted for their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from mriprivacy.scoring.errors import DataError, Floats, ScoringError, as_scores, check_count, same_length
from mriprivacy.scoring.estimate import Estimate
from mriprivacy.scoring.intervals import LEVEL, ListSize, difference, estimate, unresolved
from mriprivacy.scoring.metrics.steps import Steps
from mriprivacy.scoring.metrics.verification import auc_of
from mriprivacy.scoring.ranking import holm, paired_p, spread_of_pairs
from mriprivacy.scoring.report import figures, replicates, searches, variances
from mriprivacy.scoring.trials import Trials, trials

_DRAWS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Draws:
    """Figures of several systems and their values in the same draws of subjects.

    Attributes
    ----------
    systems : tuple of str
    values : dict of str to ndarray, shape (n_systems,)
        Each figure of each system; NaN where the list does not resolve it (`scoring.intervals`).
    replicates : dict of str to ndarray, shape (n_systems, n_bootstrap)
        The same in every draw; column b is the same draw for all systems.
    n : int
        Subjects.
    """

    systems: tuple[str, ...]
    values: dict[str, Floats]
    replicates: dict[str, Floats]
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One system minus another in one figure.

    Attributes
    ----------
    first, second : str
    metric : str
    difference : Estimate
        Value of the first minus that of the second, with the 95 % interval of the t-test behind `p`.
    p : float
        Two-sided p-value of no difference: a t-test on the draws (`scoring.ranking.paired_p`). The number
        of draws sets no floor to it.
    p_holm : float
        The same, adjusted by Holm for all pairs compared together.
    """

    first: str
    second: str
    metric: str
    difference: Estimate
    p: float
    p_holm: float

    def __str__(self) -> str:
        pair = f"{self.first} - {self.second}"
        return f"{self.metric} {pair}: {self.difference:+.3f}, p = {self.p:.3g}, Holm {self.p_holm:.3g}"


def draw_systems(
    systems: Mapping[str, ArrayLike],
    mated: ArrayLike,
    probe_subjects: ArrayLike,
    reference_subjects: ArrayLike,
    n_bootstrap: int = 1000,
    seed: int = 0,
    *,
    probes: ArrayLike | None = None,
    n_jobs: int = 1,
) -> Draws:
    """Score several systems on one trial list with the same draws of subjects.

    Parameters
    ----------
    systems : mapping of str to array_like, shape (n_trials,)
        Scores of each system, in the order of the trial list.
    mated, probe_subjects, reference_subjects, n_bootstrap, seed, probes, n_jobs
        As in `scoring.score_trials`; rank-1 and FNIR are drawn where `probes` is given.

    Returns
    -------
    Draws

    Raises
    ------
    ScoringError
        As `scoring.score_trials`, the argument named after the system; or for no system at all.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> probe, photo = np.divmod(np.arange(900), 30)
    >>> noise = rng.normal(size=900)
    >>> scores = {"weak": noise + (probe == photo), "strong": noise + 3 * (probe == photo)}
    >>> draws = draw_systems(scores, probe == photo, probe, photo, n_bootstrap=200)
    >>> difference = compare(draws, "auc")[0]
    >>> difference.first, difference.difference.high < 0, difference.p_holm < 0.05
    ('weak', True, True)
    """
    if not systems:
        raise ScoringError("systems: none given; expected at least one")
    check_count("n_bootstrap", n_bootstrap, 2, "draws")
    as_scores(**{f"systems[{name!r}]": scores for name, scores in systems.items()})
    values, drawn = [], []
    for scores in systems.values():
        listed = trials(scores, mated, probe_subjects, reference_subjects)
        searched = None if probes is None else searches(listed, probes)
        values.append(figures(listed, np.ones((len(listed.subjects), 1)), searched))
        drawn.append(replicates(listed, listed.draw(n_bootstrap, seed), searched, n_jobs))
    n = int(listed.paired.sum())
    size = ListSize(n, int((~listed.mated).sum()), len(searched.owner) if searched else 0)
    shown = {name: np.nan if unresolved(name, size) else 1.0 for name in values[0]}
    return Draws(
        tuple(systems),
        {name: factor * np.concatenate([v[name] for v in values]) for name, factor in shown.items()},
        {name: factor * np.stack([d[name] for d in drawn]) for name, factor in shown.items()},
        n,
    )


def compare(draws: Draws, metric: str) -> list[Difference]:
    """Paired differences of all pairs of systems in one figure, in the order of the systems.

    A draw gives every system the same people, so what is hard about them cancels in the difference.

    Raises
    ------
    ScoringError
        For an unknown metric.
    DataError
        For a metric that is not defined on this list, such as one that is NaN in every draw.
    """
    if metric not in draws.values:
        raise ScoringError(f"metric: {metric!r}; expected one of {', '.join(draws.values)}")
    value, drawn = draws.values[metric], draws.replicates[metric]
    defined = ~np.isnan(drawn).any(axis=0)
    if np.isnan(value).any() or np.count_nonzero(defined) < 2:
        raise DataError(f"metric: {metric} is not defined for {draws.n} subjects; expected more of them")
    drawn = drawn[:, defined]
    table = paired_p(value, drawn, draws.n)
    spread, freedom = spread_of_pairs(drawn, draws.n)
    reach = spread * stdtrit(freedom, (1 + LEVEL) / 2)
    pairs = list(combinations(range(len(draws.systems)), 2))
    p = [float(table[pair]) for pair in pairs]
    return [
        Difference(
            draws.systems[i],
            draws.systems[j],
            metric,
            Estimate(gap, gap - float(reach[i, j]), gap + float(reach[i, j]), draws.n),
            raw,
            float(adjusted),
        )
        for (i, j), raw, adjusted in zip(pairs, p, holm(p), strict=True)
        for gap in [float(value[i] - value[j])]
    ]


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
        The interval of the difference is made of those of both AUCs and their correlation over the draws.

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
    size = ListSize(int(listed.paired.sum()), int((~listed.mated).sum()))
    found, counterpart = (
        estimate("auc", value, variances(one, {"auc": drawn}, seed)["auc"], size)
        for one, value, drawn in ((listed, own, own_drawn), (control, other, other_drawn))
    )
    return Identity(counterpart, difference(found, counterpart, _correlation(own_drawn, other_drawn)))


def _correlation(one: Floats, other: Floats) -> float:
    """Return that of two columns of draws; 0 where one does not vary."""
    spread = float(one.std() * other.std())
    return float(np.mean((one - one.mean()) * (other - other.mean()))) / spread if spread > 0 else 0.0


def _areas(listed: Trials, counts: Floats) -> Floats:
    """AUC under weights of subjects; counts of shape (n_subjects, n), result of shape (n,)."""
    found = []
    for first in range(0, counts.shape[1], _DRAWS_AT_ONCE):
        weights = listed.weigh(counts[:, first : first + _DRAWS_AT_ONCE])
        found.append(auc_of(Steps(*(np.ascontiguousarray(side.T) for side in weights))))
    return np.concatenate(found)
