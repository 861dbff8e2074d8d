"""Systems side by side on one trial list: shared draws, paired differences, adjusted p-values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from mriprivacy.scoring.errors import Floats, ScoringError, as_scores, first_bad, raise_all
from mriprivacy.scoring.estimate import Estimate
from mriprivacy.scoring.intervals import percentile
from mriprivacy.scoring.report import figures, replicates, searches
from mriprivacy.scoring.trials import trials


@dataclass(frozen=True, slots=True)
class Draws:
    """Figures of several systems and their values in the same draws of subjects.

    Attributes
    ----------
    systems : tuple of str
    values : dict of str to ndarray, shape (n_systems,)
        Each figure of each system.
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
        Value of the first minus that of the second, with its 95 % interval.
    p : float
        Two-sided p-value of no difference, from the draws.
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
    as_scores(**{f"systems[{name!r}]": scores for name, scores in systems.items()})
    values, drawn, n = [], [], 0
    for scores in systems.values():
        listed = trials(scores, mated, probe_subjects, reference_subjects)
        searched = None if probes is None else searches(listed, probes)
        values.append(figures(listed, np.ones((len(listed.subjects), 1)), searched))
        drawn.append(replicates(listed, listed.draw(n_bootstrap, seed), searched, n_jobs))
        n = int(listed.paired.sum())
    return Draws(
        tuple(systems),
        {name: np.concatenate([v[name] for v in values]) for name in values[0]},
        {name: np.stack([d[name] for d in drawn]) for name in drawn[0]},
        n,
    )


def compare(draws: Draws, metric: str) -> list[Difference]:
    """Paired differences of all pairs of systems in one figure, in the order of the systems.

    A draw gives every system the same people, so what is hard about them cancels in the difference.
    """
    if metric not in draws.values:
        raise ScoringError(f"metric: {metric!r}; expected one of {', '.join(draws.values)}")
    value, drawn = draws.values[metric], draws.replicates[metric]
    pairs = list(combinations(range(len(draws.systems)), 2))
    gaps = [drawn[i] - drawn[j] for i, j in pairs]
    p = [p_value(gap) for gap in gaps]
    return [
        Difference(
            draws.systems[i],
            draws.systems[j],
            metric,
            percentile(float(value[i] - value[j]), gap, draws.n),
            raw,
            float(adjusted),
        )
        for (i, j), gap, raw, adjusted in zip(pairs, gaps, p, holm(p), strict=True)
    ]


def p_value(differences: Floats) -> float:
    """Two-sided bootstrap p-value: twice the smaller share of draws on either side of 0, never 0.

    Examples
    --------
    >>> p_value(np.arange(1.0, 20.0)), p_value(np.zeros(9))
    (0.1, 1.0)
    """
    beyond = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    return float(min(1.0, 2 * (beyond + 1) / (len(differences) + 1)))


def holm(p_values: ArrayLike) -> Floats:
    """Adjust p-values for their number by Holm's step-down method (1979).

    Parameters
    ----------
    p_values : array_like, shape (n,)
        In [0, 1].

    Returns
    -------
    ndarray, shape (n,)
        In the order given; comparing them with alpha keeps the chance of any false claim below alpha.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    bad = ~((p >= 0) & (p <= 1))
    problem = first_bad("p_values", bad, p, "values out of range", "[0, 1]")
    raise_all([problem] if problem else [])
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
