"""Risk of people of several hospitals from all their scores in one place, by other means than the kit's."""

from collections.abc import Sequence

import numpy as np


def first_in_galleries(row: np.ndarray, own: int, size: int) -> float:
    """How often a score comes first of so many drawn from all, from the number of rivals, as a product."""
    others = np.delete(row, own)
    above, level = int((others > row[own]).sum()), int((others == row[own]).sum())
    total = 0.0
    for tied in range(level + 1):  # a tie at random: ahead of none, one, ... of those of the same score
        chance = 1.0
        for k in range(size - 1):
            chance *= max(0, len(others) - above - tied - k) / (len(others) - k)
        total += chance / (level + 1)
    return total


def central(sites: Sequence[np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Successes of everybody, and controls in which each person of every hospital weighs the same.

    `sites` are the scores of each hospital, one row a person who is looked for.
    """
    found, controls = [], []
    sizes = [len(scores) for scores in sites]
    for place, scores in enumerate(sites):
        n = len(scores)
        found += [first_in_galleries(scores[i], i, size) for i in range(n)]
        own = [
            first_in_galleries(np.delete(scores[i], i), j - (j > i), size)
            for i in range(n)
            for j in range(n)
            if i != j
        ]
        others = [m - 1 for k, m in enumerate(sizes) if k != place]
        controls.append(np.repeat(own, np.prod(others)))
    return np.array(found), np.concatenate(controls)
