"""An attacker that computes the key of an edition from the scores of tables that it made up."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
    tables: Floats, low: Floats, high: Floats, rng: np.random.Generator, chains: int = 48, sweeps: int = 4000
) -> Ints:
    """Return a key under which each AUC is between the ends that an answer leaves open, or nearly.

    Simulated annealing: each chain exchanges the references of two people, at a falling temperature.

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
    ndarray, shape (n_people,)
        Which reference each probe has.
    """
    people = tables.shape[1]
    keys = np.array([rng.permutation(people) for _ in range(chains)])
    chain = np.arange(chains)

    def misses(some: Ints) -> Floats:
        found = aucs(tables, some)
        return 2 * people * np.maximum(np.maximum(low - found, found - high), 0).sum(-1)  # in people

    miss = misses(keys)
    for temperature in np.geomspace(1, 0.05, sweeps):
        if miss.min() < 1e-9:
            break
        first = rng.integers(people, size=chains)
        second = (first + rng.integers(1, people, size=chains)) % people
        swapped = keys.copy()
        swapped[chain, first], swapped[chain, second] = keys[chain, second], keys[chain, first]
        new = misses(swapped)
        better = rng.random(chains) < np.exp(np.minimum((miss - new) / temperature, 0))
        keys, miss = np.where(better[:, None], swapped, keys), np.where(better, new, miss)
    return keys[miss.argmin()]
