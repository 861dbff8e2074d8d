"""A head that has given measures: how much of every warp it takes."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.mesh import base_mesh, head_mesh, subdivision
from mriprivacy.data_prep.synthetic.head.warps import PREFIX, WARPS, warp
from mriprivacy.data_prep.synthetic.measures.survey import of_sex
from mriprivacy.data_prep.synthetic.measures.tape import taped

STEPS = 6
DAMPING = 0.01
# The whole-head targets of an average person; heads are warped from there.
MIDDLE = {
    f"macrodetails/{who}-{sex}-{age}{build}": share / (6 if who != "universal" else 2)
    for who, build in (
        ("african", ""),
        ("asian", ""),
        ("caucasian", ""),
        ("universal", "-averagemuscle-averageweight"),
    )
    for sex in ("male", "female")
    for age, share in (("young", 0.6), ("old", 0.4))
}
# How freely a warp is used, against 1 for the others: the whole head grows rather than one corner of it.
FREE = {"breadth": 5.0, "depth": 5.0, "height": 5.0, "cranium-breadth": 2.0, "vault": 2.0, "ears-down": 0.5}


@lru_cache(maxsize=1)
def _fields() -> NDArray[np.float64]:
    """Return how far every vertex of the refined mesh moves with every warp, along its axis; shape (k, n)."""
    operator, _ = subdivision(1)
    neutral = base_mesh().mesh.vertices
    return np.array(
        [np.round(operator @ warp(name, neutral)[:, axis], 9) for name, (axis, _) in WARPS.items()]
    )


def _warped(vertices: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    moved = np.array(vertices.T, order="C")  # a row for an axis, so that sums run over neighbours in memory
    for (axis, _), field, weight in zip(WARPS.values(), _fields(), weights.tolist(), strict=True):
        moved[axis] += weight * field
    return np.array(moved.T, order="C")


@lru_cache(maxsize=1)
def _middle_head() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the warps of a head with the survey's mean measures, and the answer about it, once a process.

    The answer, shape (18, k), is how much more of every warp lengthens one measure by 1 mm and no other:
    the least that does, damped where a measure hardly answers.
    """
    men, women = of_sex("M"), of_sex("F")
    wanted, scale = (men.mean + women.mean) / 2, (men.sd + women.sd) / 2
    start, found = head_mesh(MIDDLE).vertices, np.zeros(len(WARPS))
    answer = _answer(start, found, scale)
    for _ in range(4):
        found = np.round(found + exact.turned(wanted - taped(_warped(start, found)), answer), 6)
        answer = _answer(start, found, scale)
    return found, answer


def _answer(
    start: NDArray[np.float64], about: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `_middle_head`'s answer about a head."""
    free = np.array([FREE.get(name, 1.0) for name in WARPS])
    more, less = (
        np.array([taped(_warped(start, about + step * own)) for own in np.eye(len(WARPS))])
        for step in (2, -2)
    )
    response = np.round((more - less) / 4, 6) / scale * free[:, None]
    square = exact.turned(response.T, response) + DAMPING * np.eye(len(scale))
    inverse = np.array([exact.solve(square, one) for one in np.eye(len(scale))])
    result: NDArray[np.float64] = np.round(exact.turned(inverse, response.T) * free / scale[:, None], 9)
    return result


def warps_to(weights: Mapping[str, float], wanted: NDArray[np.float64]) -> dict[str, float]:
    """Return the warps that give a head its measures.

    Parameters
    ----------
    weights : mapping of str to float
        The head as it is (`head_mesh`).
    wanted : ndarray, shape (18,)
        The measures it shall have, mm, in the order of `MEASURES`.

    Returns
    -------
    dict of str to float
        Weights of the warps, to be added to the others.

    Examples
    --------
    >>> wanted = taped(head_mesh({}).vertices) * 1.02
    >>> found = taped(head_mesh(warps_to({}, wanted)).vertices)
    >>> bool(abs(found - wanted).max() < 1.5)
    True
    """
    start = head_mesh(weights).vertices
    found, answer = _middle_head()
    for _ in range(STEPS):
        missing = wanted - taped(_warped(start, found))
        found = np.round(found + exact.turned(missing, answer), 6)
    return {f"{PREFIX}{name}": weight for name, weight in zip(WARPS, found.tolist(), strict=True)}
