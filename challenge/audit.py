"""Do the files of an edition give people away? The attack that sees no face, on both splits."""

import numpy as np
from numpy.typing import NDArray

from baselines.giveaways import learned, nearest, photo_facts, scan_facts
from challenge.edition import Edition, Split
from challenge.sealed import SealedKey
from scoring import VerificationReport, score_trials

Floats = NDArray[np.float64]


def giveaways(
    edition: Edition, sealed: SealedKey, condition: str = "raw", n_bootstrap: int = 1000, seed: int = 0
) -> dict[str, VerificationReport]:
    """Run the metadata-only attack on every trial of an edition, `dev` and `eval` together.

    The learned attack learns on each split for the other one, so that nobody is linked by what was learned
    from himself.

    Parameters
    ----------
    edition, sealed : Edition, SealedKey
        Both sides: only the organizer can ask.
    condition : str
        Which photographs.
    n_bootstrap, seed : int
        Of the intervals, over subjects.

    Returns
    -------
    dict from str to VerificationReport
        `nearest` and `learned`; for an edition that gives nothing away, AUC 0.5 lies in both intervals.

    Raises
    ------
    GiveawayError
        If a split has fewer than eight people.
    """
    facts = {name: _facts(split, condition) for name, split in edition.splits.items()}
    whose = {
        name: ([sealed.subjects[p] for p in split.probes], [sealed.subjects[r] for r in split.references])
        for name, split in edition.splits.items()
    }
    scores: dict[str, list[float]] = {"nearest": [], "learned": []}
    subjects: list[tuple[str, str]] = []
    probes: list[str] = []
    for name, other in (("dev", "eval"), ("eval", "dev")):
        split = edition.splits[name]
        known = (facts[other][0], whose[other][0], facts[other][1], whose[other][1])
        found = {"nearest": nearest(*facts[name]), "learned": learned(known, *facts[name])}
        row = {probe: i for i, probe in enumerate(split.probes)}
        column = {reference: i for i, reference in enumerate(split.references)}
        for probe, reference in split.trials:
            for attack, matrix in found.items():
                scores[attack].append(float(matrix[row[probe], column[reference]]))
            subjects.append((sealed.subjects[probe], sealed.subjects[reference]))
            probes.append(probe)
    people = np.array(subjects)
    return {
        attack: score_trials(
            own, people[:, 0] == people[:, 1], people[:, 0], people[:, 1], n_bootstrap, seed, probes=probes
        )
        for attack, own in scores.items()
    }


def _facts(split: Split, condition: str) -> tuple[Floats, Floats]:
    """Return the facts of every probe and reference, with its first place in the trial list as its place."""
    last = max(1, len(split.trials) - 1)
    first: dict[str, float] = {}
    for place, pair in enumerate(split.trials):
        for name in pair:
            first.setdefault(name, place / last)
    scans = [scan_facts(split.scan(probe), first[probe]) for probe in split.probes]
    photos = [photo_facts(split.photo(r, condition), first[r]) for r in split.references]
    return np.array(scans), np.array(photos)
