"""Every attacker of the protocol on one state of the scans: ignorant, adapted, informed, and fused."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.registry import make_attack
from mriprivacy.baselines.attacks.training.adapted import AdaptedError
from mriprivacy.baselines.attacks.training.fusion import fuse
from mriprivacy.baselines.attacks.training.informed import InformedError
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.attackers.linkage import (
    Compare,
    adapt_to,
    compared,
    left_out_of,
    linked,
    lowest,
    people,
    shuffled,
    train_on,
)
from mriprivacy.challenge.attackers.networks import FUSION, attacker_of
from mriprivacy.challenge.edition.protocol import Protocol, attacks_of
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.scoring import auc

FUSED = Attacker(FUSION, "informed")

Images = Mapping[str, ImageFeatures]
Scores = NDArray[np.float64]
Asked = tuple[str, tuple[tuple[str, str], ...], Images, Images]  # attack, trials, both sides


@dataclass(frozen=True)
class Seen:
    """Features of all images that attackers see.

    Attributes
    ----------
    scans : mapping from split to mapping from probe to ImageFeatures
        In one state: as released, or as a system defaced them.
    photos : mapping from (split, condition) to mapping from reference to ImageFeatures
        Photographs; or scans, `raw` as released and `defaced` as the system under test defaced them.
    """

    scans: Mapping[str, Images]
    photos: Mapping[tuple[str, str], Images]

    @property
    def conditions(self) -> tuple[str, ...]:
        """Conditions of the references that both splits have, in their order."""
        return tuple(c for split, c in self.photos if split == "dev" and ("eval", c) in self.photos)


@dataclass(frozen=True)
class AttackScores:
    """Scores of one attacker on the trials of `eval`.

    Attributes
    ----------
    attacker : Attacker
        Its target is the condition of the references; `fusion` has none.
    scores : ndarray, shape (n_trials,)
        Higher means more likely the same person.
    trained_on : int
        Number of scans (adapted) or people (informed) of `dev`; 0 for the ignorant.
    doppelganger : ndarray, shape (n_trials,), or None
        Scores with the photograph of the probe's doppelganger in the place of the own; non-mated trials are
        the same. None where there are no doppelgangers.
    """

    attacker: Attacker
    scores: NDArray[np.float64]
    trained_on: int = 0
    doppelganger: NDArray[np.float64] | None = None

    @property
    def scores_differ(self) -> bool:
        """Whether any two trials differ. Without a face an attacker is at chance, which is no privacy."""
        return bool(np.ptp(self.scores) > 0)


@dataclass(frozen=True)
class Control:
    """Doppelgangers of the people of `eval`; attackers are scored on them, and never see them before.

    Attributes
    ----------
    photos : mapping from condition to mapping from reference to ImageFeatures
        Their photographs, by the reference of the person.
    mated : ndarray of bool, shape (n_trials,)
        The key of `eval`.
    """

    photos: Mapping[str, Images]
    mated: NDArray[np.bool_]


def run_attackers(
    edition: Edition,
    protocol: Protocol,
    seen: Seen,
    among: Collection[Attacker] | None = None,
    control: Control | None = None,
) -> tuple[list[AttackScores], list[str]]:
    """Link the people of `eval` by every attacker; training is on `dev` alone.

    Parameters
    ----------
    edition : Edition
        Has the trials, and the key of `dev`.
    protocol : Protocol
        Names the attacks and their networks.
    seen : Seen
        Of both splits.
    among : collection of Attacker, optional
        The attackers that are fused; by default all that are trained. The audit of a fusion fuses the same
        attackers on undefaced scans.
    control : Control, optional
        Doppelgangers to score, too. No other score depends on them.

    Returns
    -------
    attackers : list of AttackScores
        By condition, attack and level; fusion last.
    remarks : list of str
        Attackers that could not be trained, and why.
    """
    assert not set(edition.dev.probes) & set(edition.eval.probes)
    assert not set(edition.dev.references) & set(edition.eval.references)
    trials, subjects, dev_trials = edition.eval.trials, people(edition.dev.key), tuple(edition.dev.key)
    found, remarks, parts, controls, practice = [], [], [], [], []
    between_scans = bool(edition.eval.reference_contrast)
    for condition, attack in product(seen.conditions, attacks_of(protocol)):
        one = attacker_of(attack, condition, "informed")
        known = (attack, seen.scans["dev"], seen.photos["dev", condition])
        asked = (attack, trials, seen.scans["eval"], seen.photos["eval", condition])

        def score(
            compare: Compare | None, asked: Asked = asked, condition: str = condition
        ) -> tuple[Scores, Scores | None]:
            own = linked(*asked, compare)
            if control is None:
                return own, None
            return own, np.where(control.mated, linked(*asked[:3], control.photos[condition], compare), own)

        try:
            if between_scans or make_attack(attack).comparable:
                found.append(_scored(replace(one, level="ignorant"), *score(None)))
                adapted = adapt_to(*known)
                count = sum(attack in image.vectors for image in known[1].values())
                found.append(_scored(replace(one, level="adapted"), *score(adapted.similarity), count))
            informed = train_on(*known, subjects)
        except (AdaptedError, InformedError) as error:
            remarks.append(f"{one.name}: not trained to link: {error}")
            continue
        scores, other = score(informed.similarity)
        found.append(_scored(one, scores, other, informed.subjects))
        if among is None or one in among:
            parts.append(scores)
            controls += [] if other is None else [other]
            practice.append(left_out_of(attack, dev_trials, *known[1:], subjects))
    if len(parts) > 1:
        labels = list(edition.dev.key.values())
        try:
            fused = _fused(practice, labels, parts)
            other = np.where(control.mated, _fused(practice, labels, controls), fused) if control else None
        except ValueError as error:
            remarks.append(f"{FUSION}: not trained: {error}")
        else:
            found.append(_scored(FUSED, fused, other, found[-1].trained_on))
    return found, remarks


def _scored(attacker: Attacker, own: Scores, other: Scores | None, trained_on: int = 0) -> AttackScores:
    """Give failures to acquire the lowest score of their list."""
    return AttackScores(attacker, lowest(own), trained_on, None if other is None else lowest(other))


def _fused(practice: Sequence[Scores], mated: Sequence[bool], parts: Sequence[Scores]) -> Scores:
    """Fuse the scores of several attackers on eval, trained on left-out scores and labels of dev; NaN stays.

    Where some of them see no face, the others are fused by themselves, as many as people of dev suffice for:
    ratios of either kind are calibrated.
    """
    left_out, labels, scores = np.stack(practice, axis=1), np.array(mated), np.stack(parts, axis=1)
    fused, finite = np.full(len(scores), np.nan), np.isfinite(scores)
    for able in np.unique(finite[finite.any(axis=1)], axis=0):
        rows, some = (finite == able).all(axis=1), _seen_together(left_out, labels, able)
        if some.any():
            usable = np.isfinite(left_out[:, some]).all(axis=1)
            fused[rows] = fuse(left_out[np.ix_(usable, some)], labels[usable])(scores[np.ix_(rows, some)])
    if finite.any() and not np.isfinite(fused).any():
        raise ValueError(
            "no mated and no non-mated pairs of dev are left out of the training of any attacker"
        )
    return fused


def _seen_together(left_out: Scores, labels: NDArray[np.bool_], able: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return those of `able` that share people of dev, mated and not; the one with fewest goes first."""
    some = able.copy()
    while some.any():
        usable = np.isfinite(left_out[:, some]).all(axis=1)
        if 0 < labels[usable].sum() < usable.sum():
            break
        some[np.where(some, np.isfinite(left_out).sum(axis=0), np.inf).argmin()] = False
    return some


def shuffled_key_aucs(
    edition: Edition,
    protocol: Protocol,
    seen: Seen,
    mated: NDArray[np.bool_],
    seeds: Sequence[int],
    among: Collection[Attacker] | None = None,
) -> dict[Attacker, NDArray[np.float64]]:
    """Train the informed attackers on shuffled keys of `dev`, which hold nothing about the people.

    Parameters
    ----------
    edition, protocol, seen
        As in `run_attackers`.
    mated : ndarray of bool, shape (n_trials,)
        The true key of `eval`.
    seeds : sequence of int
        Of the keys.
    among : collection of Attacker, optional
        As in `run_attackers`.

    Returns
    -------
    dict from Attacker to ndarray, shape (at most len(seeds),)
        AUC on `eval`, for every attacker that can be trained, and for their fusion. An AUC off chance does
        not come from the key. Keys that leave too few people with two faces are left out.
    """
    subjects, references = people(edition.dev.key), set(edition.dev.references)
    attackers = {}
    for condition, attack in product(seen.conditions, attacks_of(protocol)):
        known = (attack, seen.scans["dev"], seen.photos["dev", condition])
        asked = (attack, edition.eval.trials, seen.scans["eval"], seen.photos["eval", condition])
        attackers[attacker_of(attack, condition, "informed")] = (known, asked)
    pairs = list(product(edition.dev.probes, edition.dev.references))
    areas: dict[Attacker, list[float]] = {}
    for seed in seeds:
        who = shuffled(subjects, references, seed)
        parts, practice = {}, {}
        for one, (known, asked) in attackers.items():
            with suppress(InformedError):
                parts[one] = compared(*asked, train_on(*known, who).similarity)
                practice[one] = left_out_of(known[0], pairs, *known[1:], who)
        scores = {one: lowest(own) for one, own in parts.items()}
        fused = [one for one in parts if among is None or one in among]
        if len(fused) > 1:
            mated_by_it = [who.get(probe, probe) == who.get(reference) for probe, reference in pairs]
            left_out, found = ([scored[one] for one in fused] for scored in (practice, parts))
            with suppress(ValueError):
                scores[FUSED] = lowest(_fused(left_out, mated_by_it, found))
        for one, own in scores.items():
            areas.setdefault(one, []).append(auc(own[mated], own[~mated]))
    return {one: np.array(own) for one, own in areas.items()}
