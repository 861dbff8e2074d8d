"""An attacker that computes the key of an edition from the scores of tables that it made up."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NONE = 1e-9


def half_tables(many: int, people: int, rng: np.random.Generator) -> Floats:
    """Return tables of scores, probes by references, of which a random half is 1 and the other 0."""
    halves = np.arange(people * people) % 2
    return np.array([rng.permutation(halves).reshape(people, people) for _ in range(many)], float)


def aucs(tables: Floats, keys: Ints) -> Floats:
    """Return the AUC of each table of zeros and ones under each key: shape (n_keys, n_tables)."""
    people = tables.shape[1]
    mated = tables[:, np.arange(people), keys].mean(-1).T
    others = (tables.sum((1, 2)) - people * mated) / (people * (people - 1))
    return 0.5 + (mated - others) / 2


def find_key(
    tables: Floats, low: Floats, high: Floats, rng: np.random.Generator, chains: int = 64, sweeps: int = 3000
) -> tuple[Ints, bool]:
    """Return the key that has most pairs right, as far as answers tell, and whether any key fits them.

    Simulated annealing draws keys that fit: each chain exchanges the references of two people, at a falling
    temperature, until every AUC is between the ends that its answer leaves open. The key is the assignment
    of pairs that most of them have: where one key fits, it is that one.

    Parameters
    ----------
    tables : ndarray, shape (n_tables, n_people, n_people)
        What was submitted.
    low, high : ndarray, shape (n_tables,)
        The AUC is between them.
    rng : numpy.random.Generator
        Draws starts and exchanges.
    chains, sweeps : int
        How many search side by side, and for how long.

    Returns
    -------
    key : ndarray, shape (n_people,)
        Which reference each probe has.
    fits : bool
        Whether a chain found a key that fits every answer.
    """
    people = tables.shape[1]
    keys = np.array([rng.permutation(people) for _ in range(chains)])
    chain = np.arange(chains)

    def misses(some: Ints) -> Floats:
        found = aucs(tables, some)
        return 2 * people * np.maximum(np.maximum(low - found, found - high), 0).sum(-1)  # in people

    miss = misses(keys)
    for temperature in np.geomspace(1.5, 0.1, sweeps):
        open_ = miss > _NONE
        if not open_.any():
            break
        first = rng.integers(people, size=chains)
        second = (first + rng.integers(1, people, size=chains)) % people
        swapped = keys.copy()
        swapped[chain, first], swapped[chain, second] = keys[chain, second], keys[chain, first]
        new = misses(swapped)
        taken = open_ & (rng.random(chains) < np.exp(np.minimum((miss - new) / temperature, 0)))
        keys, miss = np.where(taken[:, None], swapped, keys), np.where(taken, new, miss)
    best = keys[miss <= miss.min() + _NONE]
    votes = (best[:, :, None] == np.arange(people)).sum(0)
    return linear_sum_assignment(votes, maximize=True)[1], bool(miss.min() <= _NONE)
