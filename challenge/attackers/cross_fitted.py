"""Attackers that are trained on the people of `eval`, by the organizer's key, not on `dev`.

A participant may deface `dev` in another way than `eval`, so that what is trained on `dev` fails. Here people
of `eval` are parted into folds; every trial is scored by an attacker that was trained on the scans and
references of all people but those of two folds, in which both people of the trial are.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.training.informed import InformedError
from mriprivacy.challenge.attackers.levels import Asked, AttackScores, Control, Images, Seen
from mriprivacy.challenge.attackers.linkage import compared, lowest, shuffled, train_on
from mriprivacy.challenge.attackers.networks import attacker_of
from mriprivacy.challenge.edition.protocol import Protocol, attacks_of
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CROSS_FITTED
from mriprivacy.scoring import auc

FOLDS = 6  # two are left out, so that all trials have attackers trained on as many people: two thirds
# One map of strong shrinkage: weights of several would be trained once more within every training.
SHRINKAGES = ((0.8, 0.8),)

Scores = NDArray[np.float64]


def cross_fit(
    attack: str,
    trials: Sequence[tuple[str, str]],
    probes: Images,
    references: Images,
    subjects: Mapping[str, str],
    seed: int | None = None,
    shown: Images | None = None,
) -> tuple[Scores, int]:
    """Score trials by attackers that were trained on other people.

    Parameters
    ----------
    attack : str
        Name for `baselines.attacks.registry.make_attack`.
    trials : sequence of (probe, reference)
        Of `eval`.
    probes, references : mapping from id to ImageFeatures
        Of `eval`, scans as the system under test defaced them.
    subjects : mapping from id to str
        The person of each.
    seed : int, optional
        Of a key that is shuffled among the people of a training.
    shown : mapping from id to ImageFeatures, optional
        What is scored in the place of `references`, on which the training stays.

    Returns
    -------
    scores : ndarray, shape (n_trials,)
        Normalized against the people of each training (S-norm); NaN without features.
    people : int
        Fewest people of a training.

    Raises
    ------
    InformedError
        If a training has too few people.
    """
    people = sorted({subjects[name] for name in (*probes, *references)})
    count = min(FOLDS, len(people) // 2)
    if count < 3:
        raise InformedError(f"{len(people)} people; expected at least 6 for folds")
    fold = {person: index % count for index, person in enumerate(people)}
    sides = [(fold[subjects[probe]], fold[subjects[reference]]) for probe, reference in trials]
    scores, fewest = np.full(len(trials), np.nan), len(people)
    for out in combinations(range(count), 2):
        rows = [i for i, (one, other) in enumerate(sides) if _left_out(one, other, count) == set(out)]
        if not rows:
            continue
        asked = [trials[i] for i in rows]
        known = [
            _of(images, subjects, {p for p in people if fold[p] not in out})
            for images in (probes, references)
        ]
        who = {name: subjects[name] for images in known for name in images}
        assert not set(who.values()) & {subjects[name] for pair in asked for name in pair}
        if seed is not None:
            who = shuffled(who, known[1].keys(), seed)
        trained = train_on(attack, known[0], known[1], who, SHRINKAGES)
        fewest = min(fewest, trained.subjects)
        scores[rows] = compared(attack, asked, probes, shown or references, trained.similarity)
    return scores, fewest


def _left_out(one: int, other: int, count: int) -> set[int]:
    """Return the folds whose people did not train the attacker of a trial; a fold goes with the next one."""
    return {one, other} if one != other else {one, (one + 1) % count}


def _of(images: Images, subjects: Mapping[str, str], people: set[str]) -> Images:
    return {name: image for name, image in images.items() if subjects[name] in people}


def run_cross_fitted(
    edition: Edition,
    protocol: Protocol,
    seen: Seen,
    subjects: Mapping[str, str],
    control: Control | None = None,
) -> tuple[list[AttackScores], list[str]]:
    """Link the people of `eval` by every attack of the protocol, cross-fitted.

    Parameters
    ----------
    edition, protocol, seen, control
        As in `challenge.attackers.levels.run_attackers`.
    subjects : mapping from id to str
        The organizer's key.

    Returns
    -------
    attackers : list of AttackScores
        By condition and attack.
    remarks : list of str
        Attackers that could not be trained, and why.
    """
    found, lacking = [], []
    for one, asked in _asked(edition, protocol, seen):
        try:
            scores, people = cross_fit(*asked, subjects)
        except InformedError:
            lacking.append(one.name)
            continue
        other = _with_doppelgangers(control, one, asked, subjects, scores) if control else None
        found.append(AttackScores(one, lowest(scores), people, other))
    if not lacking:
        return found, []
    return found, [
        f"{CROSS_FITTED}: not trained: {', '.join(lacking)}; expected 8 people of eval with faces outside of "
        f"any two of {FOLDS} folds"
    ]


def _with_doppelgangers(
    control: Control, one: Attacker, asked: Asked, subjects: Mapping[str, str], scores: Scores
) -> Scores:
    """Return scores with the photographs of doppelgangers in mated trials, by the same trainings."""
    attack, trials, probes, references = asked
    photos = control.photos[one.target]
    mated = [trial for trial, own in zip(trials, control.mated, strict=True) if own]
    other = scores.copy()
    other[control.mated], _ = cross_fit(attack, mated, probes, references, subjects, shown=photos)
    return lowest(other)


def cross_fitted_shuffled_aucs(
    edition: Edition,
    protocol: Protocol,
    seen: Seen,
    subjects: Mapping[str, str],
    mated: NDArray[np.bool_],
    seeds: Sequence[int],
) -> dict[Attacker, Scores]:
    """Return AUCs of cross-fitted attackers trained on shuffled keys, as `levels.shuffled_key_aucs` does.

    Keys that leave too few people with two faces are left out.
    """
    areas: dict[Attacker, list[float]] = {}
    for (one, asked), seed in product(_asked(edition, protocol, seen), seeds):
        try:
            scores = lowest(cross_fit(*asked, subjects, seed)[0])
        except InformedError:
            continue
        areas.setdefault(one, []).append(auc(scores[mated], scores[~mated]))
    return {one: np.array(own) for one, own in areas.items()}


def _asked(edition: Edition, protocol: Protocol, seen: Seen) -> list[tuple[Attacker, Asked]]:
    return [
        (
            attacker_of(attack, condition, CROSS_FITTED),
            (attack, edition.eval.trials, seen.scans["eval"], seen.photos["eval", condition]),
        )
        for condition, attack in product(seen.conditions, attacks_of(protocol))
    ]
