"""The information budget: how many bits the key of an edition holds, and how many answers may give away.

An attacker that chose its submissions well computes the key from what it is shown. However it chooses them,
answers that can come out in `2^b` ways together raise the probability of any success by a factor of `2^b` at
most: for each of them, there is a guess that is as good as without any answer. So answers are counted, over
all submissions of all teams, for teams may work together.

It protects a key that is secret. Where anybody can make the key again or download it, it protects nothing.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mriprivacy.challenge.edition.public import Edition, Pair
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.submission_log.log import Limits

# Of the bits of a key, what all answers together may give away. With a sixth, an attacker that finds half of
# the pairs of twelve people succeeds in less than 4 % of all keys, whatever it submits; of more people, in
# less. (Of twelve people half of the pairs are found by chance in 1 of 720 keys at most, and 2^4.8 is 28.)
SHARE = 1 / 6
# What is shown of a score, by track: an AUC below .5 links no person and is shown as .5.
SHOWN_RANGE = {"attack": (0.5, 1.0), "defacing": (0.5, 1.0), "attributes": (0.0, 1.0)}
_TINY = 1e-9  # 0.3 / 0.1 is less than 3
OPEN_KEY = "limits.open_key=true: no information budget holds; a team that submits often can compute the key"


@dataclass(frozen=True)
class Budget:
    """What a key holds, and what one answer can give away of it.

    Attributes
    ----------
    people : int
        Of `eval`.
    holds : float
        Bits of the key.
    answer : float
        Bits of one answer at most: log2 of the number of different ones.

    Examples
    --------
    >>> twelve = Budget(12, math.log2(math.factorial(12)), answer_bits([levels(0.1, 0.5, 1.0)]))
    >>> f"{twelve.holds:.1f} bits, {twelve.may:.1f} may go, {twelve.answer:.1f} an answer: {twelve.answers}"
    '28.8 bits, 4.8 may go, 2.8 an answer: 1'
    """

    people: int
    holds: float
    answer: float

    @property
    def may(self) -> float:
        """Bits that all answers to all teams together may give away."""
        return SHARE * self.holds

    @property
    def answers(self) -> int:
        """How many answers that is."""
        return math.floor(self.may / self.answer)

    def problems(self, limits: Limits) -> list[str]:
        """Say what limits allow beyond the budget; nothing if the organizer says that the key is open."""
        has = (
            f"the key of {self.people} people in eval holds {self.holds:.1f} bits, of which answers to all "
            f"teams may give away {self.may:.1f}; one answer can give away {self.answer:.2f}"
        )
        ways = "a larger limits.step, fewer columns, or limits.open_key=true if the key is no secret"
        if limits.open_key:
            return []
        if not self.answers:
            return [f"limits: {has}, so none can be given; expected more people, {ways}"]
        if limits.all_teams > self.answers:
            total = limits.all_teams * self.answer
            return [
                f"limits.all_teams is {limits.all_teams}: {has}, {limits.all_teams} answers {total:.1f}; "
                f"expected {self.answers} or fewer, {ways}"
            ]
        return []


def edition_budget(edition: Edition, sealed: SealedKey, answer: float) -> Budget:
    """Return the budget of an edition: that of its pairs or, if it asks for fewer bits, of its attributes.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides.
    answer : float
        Bits of one answer, from `answer_bits`.
    """
    people = {sealed.subjects[probe]: sealed.attributes[probe] for probe in edition.eval.probes}
    holds = pair_bits(edition.eval.trials, sealed.subjects)
    if "attributes" in edition.tracks:
        holds = min(holds, attribute_bits(list(people.values())))
    return Budget(len(people), holds, answer)


def pair_bits(trials: Sequence[Pair], subjects: Mapping[str, str]) -> float:
    """Return how many bits say which probes and references of a public list are of one person.

    People meet in groups. Where everybody in a group meets everybody, any order of those with as many probes
    and references is as likely: log2 of the number of orders. Where they meet on a circle
    (`data_prep.editions.trials.draw_met`), one of the places is the own for all: log2 of their number.

    Parameters
    ----------
    trials : sequence of (probe, reference)
        The list.
    subjects : mapping from probe or reference to subject
        The key. Images of one person may be known as such: an attacker sees them.

    Examples
    --------
    >>> people = {"a": "1", "b": "2", "c": "3", "x": "1", "y": "2", "z": "3"}
    >>> every = [(probe, reference) for probe in "abc" for reference in "xyz"]
    >>> round(2 ** pair_bits(every, people))
    6
    >>> circle = [("a", "x"), ("a", "y"), ("b", "y"), ("b", "z"), ("c", "z"), ("c", "x")]
    >>> round(2 ** pair_bits(circle, people))
    2
    """
    met = {(subjects[probe], subjects[reference]) for probe, reference in trials}
    names = sorted({name for pair in met for name in pair})
    number = {name: index for index, name in enumerate(names)}
    edges = np.array([(number[one], number[other]) for one, other in met])
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(names), len(names)))
    groups = connected_components(graph, directed=False)[1]
    own = [Counter(subjects[name] for name in side) for side in map(set, zip(*trials, strict=True))]
    bits = 0.0
    for group in np.unique(groups):
        inside = [name for name, index in zip(names, groups, strict=True) if index == group]
        meets = Counter(one for one, _ in met if groups[number[one]] == group)
        if sum(meets.values()) == len(inside) ** 2:
            alike = Counter(tuple(count[name] for count in own) for name in inside)
            bits += sum(_log2_factorial(many) for many in alike.values())
        else:
            bits += math.log2(min(meets.values()))
    return bits


def attribute_bits(people: Sequence[Sequence[str]]) -> float:
    """Return how many bits say who has which attributes, where it is known how many people have which.

    Examples
    --------
    >>> round(2 ** attribute_bits([("F", "18-29"), ("F", "18-29"), ("M", "18-29"), ("M", "18-29")]))
    6
    """
    return sum(
        _log2_factorial(len(people)) - sum(map(_log2_factorial, Counter(values).values()))
        for values in zip(*people, strict=True)
    )


def shown(value: float, step: float, low: float, high: float) -> float:
    """Return a score as it is shown: the lower end of its step, counted from `low` to `high`.

    It is not the nearest one. Tables made up without the key have AUCs around .5, within .04 for 49 people;
    a border at .55 would be crossed by one of eleven, and each would tell something of the key.

    Examples
    --------
    >>> [shown(auc, 0.1, 0.5, 1.0) for auc in (0.31, 0.56, 0.84, 1.0)]
    [0.5, 0.5, 0.8, 1.0]
    """
    return round(low + math.floor((min(max(value, low), high) - low) / step + _TINY) * step, 4)


def levels(step: float, low: float, high: float) -> int:
    """Return how many different values `shown` has.

    Examples
    --------
    >>> levels(0.1, 0.5, 1.0), levels(0.01, 0.0, 1.0)
    (6, 101)
    """
    return math.floor((high - low) / step + _TINY) + 1


def answer_bits(values: Iterable[int]) -> float:
    """Return the bits that one answer can give away: of each number in it, its levels, or that it lacks.

    It holds for the Ladder as well. Its first answer is a level or none. A later one is a higher level, of
    which there is one less at least, "no improvement", or none.

    Examples
    --------
    >>> round(answer_bits([6]), 2), round(answer_bits([101] * 8), 1)
    (2.81, 53.4)
    """
    return sum(math.log2(count + 1) for count in values)


def log_bits(track: str, limits: Limits) -> float:
    """Return the bits of one answer of the log to a submission of a track."""
    return answer_bits([levels(limits.step, *SHOWN_RANGE[track])])


def _log2_factorial(number: int) -> float:
    return math.lgamma(number + 1) / math.log(2)
