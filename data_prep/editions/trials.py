"""Trial lists: which probe is compared with which reference."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes


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
        Whether the trial belongs to the demographics-matched list: all mated trials, and the non-mated ones
        whose two subjects agree in sex, age and ethnicity (`agree`). In that list demographics hold next to
        nothing about the label.
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
    ages: Mapping[str, float] = MappingProxyType({}),
    years: float = 5,
) -> tuple[Trial, ...]:
    """Compare every probe with its own subject's references and with those of others.

    Parameters
    ----------
    probes, references : mapping from id to subject
        The images of one split.
    attributes : mapping from subject to Attributes
        Decides which non-mated trials are demographics-matched.
    rng : numpy.random.Generator
        Draws the others and the order of the list.
    nonmated_per_probe : int
        How many *other subjects* each probe meets; 0 for all. See `draw_met` for what the list then reveals.
        A subject met is met in all of its references. The draw pays no heed to attributes.
    ages : mapping from subject to float
        In years, of the subjects whose age is known so exactly.
    years : float
        How far apart the ages of subjects that agree may be; where one is not known, the age group decides.

    Returns
    -------
    tuple of Trial
        In random order, which is the same whatever order the mappings have.

    Raises
    ------
    ValueError
        If a subject has a probe but no reference or the reverse, if there is only one subject, if
        `nonmated_per_probe` is negative or more than there are other subjects, or if people would be known in
        the list by how many probes and references they have.

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
    met: Mapping[str, Sequence[str]] = dict.fromkeys(subjects, subjects)
    if nonmated_per_probe:
        _check_numbers(probes, references, nonmated_per_probe)
        met = draw_met(subjects, nonmated_per_probe, rng)
    pairs = sorted(
        (probe, reference)
        for probe, own in probes.items()
        for subject in met[own]
        for reference in by_subject[subject]
    )
    ordered = [pairs[index] for index in rng.permutation(len(pairs))]
    return _labelled(ordered, probes, references, attributes, ages, years)


def make_listed_trials(
    probes: Mapping[str, str],
    references: Mapping[str, str],
    attributes: Mapping[str, Attributes],
    sites: Mapping[str, str],
    place_of: Callable[[str, str], bytes],
    ages: Mapping[str, float] = MappingProxyType({}),
    years: float = 5,
) -> tuple[Trial, ...]:
    """Compare every probe with all references of its own site, in an order that each pair has by itself.

    So people who are missing take their own trials away and change nothing else. Images of two sites are
    never compared: the scanner alone would tell them apart.

    Parameters
    ----------
    probes, references, attributes, ages, years
        As in `make_trials`.
    sites : mapping from subject to str
        Of every subject.
    place_of : callable
        From probe and reference to what the trials are sorted by.

    Raises
    ------
    ValueError
        If a subject has a probe but no reference or the reverse, or is alone at a site.

    Examples
    --------
    >>> people = dict.fromkeys(["s1", "s2"], Attributes("F", "18-29", "asian"))
    >>> images = {"a": "s1", "b": "s2"}, {"x": "s1", "y": "s2"}
    >>> sites = dict.fromkeys(people, "A")
    >>> trials = make_listed_trials(*images, people, sites, lambda *pair: "".join(pair).encode())
    >>> [(t.probe, t.reference, t.mated) for t in trials]
    [('a', 'x', True), ('a', 'y', False), ('b', 'x', False), ('b', 'y', True)]
    """
    if odd := sorted(set(probes.values()) ^ set(references.values())):
        raise ValueError(
            f"every subject needs a probe and a reference; one is missing for {', '.join(odd[:5])}"
        )
    if not probes:
        raise ValueError("no person of the list is in it")
    people = {site: {s for s in probes.values() if sites[s] == site} for site in set(sites.values())}
    if alone := sorted(site or "the whole list" for site, own in people.items() if len(own) == 1):
        raise ValueError(
            f"one person alone at {', '.join(alone)}, and a non-mated trial takes two of one site; leave "
            "this person out, or get the scans of others on the list"
        )
    pairs = sorted(
        (
            (p, r)
            for p, one in probes.items()
            for r, other in references.items()
            if sites[one] == sites[other]
        ),
        key=lambda pair: place_of(*pair),
    )
    return _labelled(pairs, probes, references, attributes, ages, years)


def _labelled(
    pairs: Sequence[tuple[str, str]],
    probes: Mapping[str, str],
    references: Mapping[str, str],
    attributes: Mapping[str, Attributes],
    ages: Mapping[str, float],
    years: float,
) -> tuple[Trial, ...]:
    """Return pairs as trials, in their order, once they make a list that may be released."""
    trials = []
    for probe, reference in pairs:
        one, other = probes[probe], references[reference]
        apart = abs(ages[one] - ages[other]) if one in ages and other in ages else None
        alike = agree(attributes[one], attributes[other], apart, years)
        trials.append(Trial(probe, reference, one == other, one == other or alike))
    check_trials(trials, probes, references)
    return tuple(trials)


def draw_met(subjects: Sequence[str], others: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """Draw the subjects that probes meet in a list that is not of all pairs; the list reveals no label.

    Others drawn at random would reveal it: each person surely meets themselves and the rest by chance. The
    one-to-one assignment can then be solved from the list alone (Sinkhorn's matching: AUC .96 with 24 people
    and one other each). So people are put into groups of `others + 1`, in which every probe meets all.
    Whatever the key in a group, its list is the same: each of its trials is mated with probability
    `1 / (others + 1)`, and no list of as many trials for each leaves more keys open (Bregman's bound on
    permanents). One circle for all, with the same few places for each, would reveal as little by
    itself, but everything to a weak attack: its mean score at each place finds the mated one for
    all people at once.

    People left over join the last group, and there stand on a circle: each meets those `others +
    1` places on, at places drawn at random, of which one, drawn from them, is the person's own.

    Parameters
    ----------
    subjects : sequence of str
        More than `others`.
    others : int
        How many each meets, besides the subject.
    rng : numpy.random.Generator
        Draws groups and places.

    Returns
    -------
    dict from subject to list of str
        The subjects that a person's probes meet, the person included; each is met as often as it meets.

    Examples
    --------
    >>> met = draw_met(["a", "b", "c", "d"], 1, np.random.default_rng(0))
    >>> [len(others) for others in met.values()]
    [2, 2, 2, 2]
    >>> all(sorted(met[other]) == sorted(met["a"]) for other in met["a"])
    True
    """
    order = [subjects[i] for i in rng.permutation(len(subjects))]
    size = others + 1
    starts = range(0, len(order) - size + 1, size)
    met = {}
    for start in starts:
        group = order[start:] if start == starts[-1] else order[start : start + size]
        places = rng.choice(len(group), size=size, replace=False)
        places -= rng.choice(places)
        for i, subject in enumerate(group):
            met[subject] = [group[(i + place) % len(group)] for place in places]
    return met


def _check_numbers(probes: Mapping[str, str], references: Mapping[str, str], others: int) -> None:
    """Raise ValueError if numbers of images identify people where a list is not of all pairs.

    On a circle neighbours differ from person to person, so images that meet the same ones are one person's;
    the person with two scans is likely the one with two photographs.
    """
    counts = [Counter(mapping.values()) for mapping in (probes, references)]
    if len(counts[0]) % (others + 1) and all(len(set(count.values())) > 1 for count in counts):
        raise ValueError(
            f"nonmated_per_probe is {others}; expected 0 (all), or a number for which nonmated_per_probe + 1 "
            f"divides {len(counts[0])} people. Here people have different numbers of probes and of "
            "references, by which such a list would reveal the key"
        )


def agree(one: Attributes, other: Attributes, apart: float | None = None, years: float = 5) -> bool:
    """Whether two subjects are known to have the same sex and ethnicity, and nearly the same age.

    Parameters
    ----------
    one, other : Attributes
        Of the subjects.
    apart : float or None
        How far apart their ages are, in years; None if that is not known: then the age group has to be the
        same.
    years : float
        How far they may be.

    Examples
    --------
    >>> people = Attributes("F", "18-29", "asian"), Attributes("F", "30-44", "asian")
    >>> agree(*people), agree(*people, apart=2), agree(*people, apart=6)
    (False, True, False)
    >>> agree(Attributes("F", "18-29", "n/a"), Attributes("F", "18-29", "n/a"))
    False
    """
    if apart is None:
        return one == other and NOT_AVAILABLE not in one
    same = (one.sex, one.ethnicity) == (other.sex, other.ethnicity)
    return same and NOT_AVAILABLE not in (one.sex, one.ethnicity) and apart <= years


def check_trials(trials: Sequence[Trial], probes: Mapping[str, str], references: Mapping[str, str]) -> None:
    """Raise ValueError unless the list is one that may be released.

    No pair twice; mated exactly where the subjects are the same; every probe and reference with a mated and a
    non-mated trial. (A published kit once swapped two lists and labelled 270 same-speaker pairs nontarget.)

    Examples
    --------
    >>> check_trials([Trial("a", "x", False, False)], {"a": "s1"}, {"x": "s1"})
    Traceback (most recent call last):
    ValueError: trial a x is labelled nonmated, but both are of one subject
    """
    seen = set()
    met: dict[bool, set[str]] = {True: set(), False: set()}  # images with a mated trial, with a non-mated one
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
        met[same] |= {trial.probe, trial.reference}
    for same, kind in ((True, "mated"), (False, "non-mated")):
        if lacking := sorted({*probes, *references} - met[same]):
            raise ValueError(f"no {kind} trial for {', '.join(lacking[:5])} ({len(lacking)} in all)")
