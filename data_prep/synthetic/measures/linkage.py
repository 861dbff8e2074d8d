"""How well one set of measures of people links with another, by canonical correlations."""

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic.measures.tape import MEASURES

LENGTHS = ("headcirc", "headbr", "headlth")
FRONT = (*LENGTHS, "minfrbr", "maxfrbr")
MIDDLE_FACE = ("nrootbr", "nosebr", "liplth", "subnasal", "mensell", "nosepro", "intpupbr")
WIDE_FACE = (*MIDDLE_FACE, "bizygobr", "bigonlbr")
EXPERIMENTS = {
    "what every defacer leaves": (LENGTHS, MIDDLE_FACE),
    "and frontal breadths": (FRONT, WIDE_FACE),
    "all of cranium and face": ((*FRONT, "bitcor", "bitfront"), (*WIDE_FACE, "bitsubn", "bitchin")),
}
TRAINED = (100, 3000)
TESTED = 400
DRAWS = 20


def columns(names: tuple[str, ...]) -> list[int]:
    """Return where measures stand in a row."""
    return [list(MEASURES).index(name) for name in names]


def log_ratios(
    known: tuple[NDArray[np.float64], NDArray[np.float64]],
    asked: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio that two rows are of one person, for all pairs, shape (n, n).

    Parameters
    ----------
    known, asked : tuple of ndarray
        Two kinds of measures of the same people; (m, p) and (m, q) to train on, (n, p) and (n, q) asked.
    """
    means = [one.mean(axis=0) for one in known]
    centred = [one - mean for one, mean in zip(known, means, strict=True)]
    white = []
    for one in centred:
        values, axes = np.linalg.eigh(one.T @ one / len(one))
        white.append(axes / np.sqrt(values))
    left, found, right = np.linalg.svd(
        white[0].T @ (centred[0].T @ centred[1] / len(known[0])) @ white[1], full_matrices=False
    )
    r = np.minimum(found, 0.999)
    a, b = (
        (one - mean) @ whitener @ turn
        for one, mean, whitener, turn in zip(asked, means, white, (left, right.T), strict=True)
    )
    rest = 1 - r**2
    squares = 0.5 * r**2 / rest
    result: NDArray[np.float64] = (a * (r / rest)) @ b.T - (a**2 @ squares)[:, None] - (b**2 @ squares)[None]
    return result


def auc(mated: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Return the chance that a mated score is above another, ties as half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, mated, "left") + np.searchsorted(ordered, mated, "right")
    return float(below.mean() / 2 / len(others))


def linkage(
    measures: NDArray[np.float64], groups: NDArray[np.int64], trained: int, draws: int = DRAWS
) -> dict[str, list[float]]:
    """Return for each experiment the AUC over all people and among people of one group, means of draws.

    Parameters
    ----------
    measures : ndarray, shape (n, 18)
        In the order of `MEASURES`; n at least `trained` + 400.
    groups : ndarray, shape (n,)
        A number for each sex, age band and group together.
    trained : int
        People to train on.
    draws : int
        Splits.
    """
    rng = np.random.default_rng(0)
    scaled = (measures - measures.mean(axis=0)) / measures.std(axis=0)
    found: dict[str, list[list[float]]] = {name: [] for name in EXPERIMENTS}
    same = np.eye(TESTED, dtype=bool)
    for _ in range(draws):
        order = rng.permutation(len(scaled))
        known, asked = order[:trained], order[trained : trained + TESTED]
        alike = (groups[asked][:, None] == groups[asked]) & ~same
        for name, sides in EXPERIMENTS.items():
            one, other = (columns(side) for side in sides)
            scores = log_ratios(
                (scaled[known][:, one], scaled[known][:, other]),
                (scaled[asked][:, one], scaled[asked][:, other]),
            )
            found[name].append([auc(scores[same], scores[~same]), auc(scores[same], scores[alike])])
    return {name: np.mean(values, axis=0).tolist() for name, values in found.items()}


def participation(covariance: NDArray[np.float64]) -> float:
    """Return the participation ratio of a covariance: how many directions share the variance.

    Examples
    --------
    >>> participation(np.eye(5))
    5.0
    """
    return float(np.trace(covariance) ** 2 / (covariance**2).sum())
