"""Trial lists: which probe is compared with which reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

NOT_AVAILABLE = "n/a"


class Attributes(NamedTuple):
    """What is known of a subject besides the images; `n/a` for unknown."""

    sex: str
    age_group: str
    ethnicity: str


@dataclass(frozen=True)
class Trial:
    """A probe and a reference to compare.

    Attributes
    ----------
    probe, reference : str
        Released ids.
    mated : bool
        Whether both are of one subject.
    matched : bool
        Whether the trial belongs to the demographics-matched list: all mated trials, and the nonmated ones
        whose two subjects agree in sex, age group and ethnicity. In that list demographics tell nothing about
        the label.
    """

    probe: str
    reference: str
    mated: bool
    matched: bool


def make_trials(
    probes: Mapping[str, str],
    references: Mapping[str, str],
    attributes: Mapping[str, Attributes],
    rng: np.random.Generator,
    nonmated_per_probe: int = 0,
) -> tuple[Trial, ...]:
    """Compare every probe with its own subject's references and with those of others.

    Parameters
    ----------
    probes, references : mapping from id to subject
        The images of one split.
    attributes : mapping from subject to Attributes
        Decides which nonmated trials are demographics-matched.
    rng : numpy.random.Generator
        Draws the others and the order of the list.
    nonmated_per_probe : int
        How many *other subjects* each probe meets; 0 for all. A subject drawn is met in all of its
        references, as the probe's own subject is: were references drawn one by one, the own subject's would
        be the complete ones and the public list would tell the label. The draw pays no heed to attributes for
        the same reason. Every probe has its own subject in its list, so a very short list narrows the key
        down; prefer all.

    Returns
    -------
    tuple of Trial
        In random order, which is the same whatever order the mappings have.

    Raises
    ------
    ValueError
        If a subject has a probe but no reference or the reverse, if there is only one subject, if
        `nonmated_per_probe` is negative or more than there are other subjects.

    Examples
    --------
    >>> people = {"s1": Attributes("F", "18-29", "asian"), "s2": Attributes("F", "18-29", "asian")}
    >>> trials = make_trials({"a": "s1", "b": "s2"}, {"x": "s1", "y": "s2"}, people, np.random.default_rng(0))
    >>> sorted((t.probe, t.reference, t.mated) for t in trials)
    [('a', 'x', True), ('a', 'y', False), ('b', 'x', False), ('b', 'y', True)]
    """
    subjects = sorted(set(references.values()))
    if set(probes.values()) != set(subjects):
        odd = sorted(set(probes.values()) ^ set(subjects))
        raise ValueError(
            f"every subject needs a probe and a reference; one is missing for {', '.join(odd[:5])}"
        )
    others = len(subjects) - 1
    if others < 1:
        raise ValueError("a trial list needs at least two subjects: with one, every trial is mated")
    if not 0 <= nonmated_per_probe <= others:
        raise ValueError(
            f"nonmated_per_probe is {nonmated_per_probe}; expected 0 (all) to {others}, as many as there are"
        )
    by_subject: dict[str, list[str]] = {subject: [] for subject in subjects}
    for reference in sorted(references):
        by_subject[references[reference]].append(reference)
    pairs = []
    for probe in sorted(probes):
        met = [subject for subject in subjects if subject != probes[probe]]
        if nonmated_per_probe:
            met = [met[i] for i in rng.choice(others, size=nonmated_per_probe, replace=False)]
        pairs += [
            (probe, reference) for subject in [probes[probe], *met] for reference in by_subject[subject]
        ]
    pairs.sort()
    trials = []
    for index in rng.permutation(len(pairs)):
        probe, reference = pairs[index]
        one, other = probes[probe], references[reference]
        trials.append(
            Trial(probe, reference, one == other, one == other or agree(attributes[one], attributes[other]))
        )
    check_trials(trials, probes, references)
    return tuple(trials)


def agree(one: Attributes, other: Attributes) -> bool:
    """Whether two subjects are known to have the same sex, age group and ethnicity.

    Examples
    --------
    >>> agree(Attributes("F", "18-29", "n/a"), Attributes("F", "18-29", "n/a"))
    False
    """
    return one == other and NOT_AVAILABLE not in one


def check_trials(trials: Sequence[Trial], probes: Mapping[str, str], references: Mapping[str, str]) -> None:
    """Raise ValueError unless the list is one that may be released.

    No pair twice; mated exactly where the subjects are the same; every probe and reference with a mated and a
    nonmated trial. (A published kit once swapped two lists and labelled 270 same-speaker pairs nontarget.)

    Examples
    --------
    >>> check_trials([Trial("a", "x", False, False)], {"a": "s1"}, {"x": "s1"})
    Traceback (most recent call last):
    ValueError: trial a x is labelled nonmated, but both are of one subject
    """
    seen = set()
    mated: set[str] = set()
    met: set[str] = set()
    for trial in trials:
        pair = (trial.probe, trial.reference)
        if pair in seen:
            raise ValueError(f"trial {trial.probe} {trial.reference} is in the list twice")
        seen.add(pair)
        same = probes[trial.probe] == references[trial.reference]
        if trial.mated != same:
            label, truth = ("mated", "two subjects") if trial.mated else ("nonmated", "one subject")
            raise ValueError(
                f"trial {trial.probe} {trial.reference} is labelled {label}, but both are of {truth}"
            )
        met.add(trial.probe)
        if same:
            mated |= {trial.probe, trial.reference}
    lacking = sorted(({*probes, *references} - mated) | (set(probes) - met))
    if lacking:
        raise ValueError(f"no mated trial for {', '.join(lacking[:5])} ({len(lacking)} in all)")
