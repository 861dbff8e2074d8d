"""The hidden score as a team gets it: in coarse steps, and only when it improved beyond its standard error.

A team that sees every digit of every score can compute the key from the scores alone. The Ladder (Blum and
Hardt, 2015, "The Ladder: A Reliable Leaderboard for Machine Learning Competitions") gives a new score away
only when it beats the team's best by more than the standard error of the paired difference.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.evaluation.context import Context, Evaluation
from mriprivacy.challenge.intake.submission import AttributesSubmission, Submission
from mriprivacy.challenge.submission_log.head import RecordError
from mriprivacy.challenge.submission_log.log import Event
from mriprivacy.data_prep.formats.atomic import inside, private_folder, whole_file
from mriprivacy.data_prep.formats.fields import alike
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE
from mriprivacy.scoring.comparison import draw_systems

# Whether a higher score is an improvement.
HIGHER = {"attack": True, "attributes": True, "defacing": False}
_SCORES = "scores"


@dataclass(frozen=True)
class Reached:
    """What one submission reached, in a form that two of them can be compared in.

    Attributes
    ----------
    value : float
        AUC of the strongest attacker (defacing, attack), or the mean accuracy (attributes).
    units : ndarray, shape (n_trials,) or (n_probes,)
        The scores behind it in the order of the trial list, or for each probe the share of attributes told
        right.
    """

    value: float
    units: NDArray[np.float64]


def standing(evaluation: Evaluation, submission: Submission, context: Context) -> Reached:
    """Return what a submission reached; a probe of which no attribute is known counts as told wrong."""
    if not isinstance(submission, AttributesSubmission):
        best = evaluation.entry.strongest()
        units = evaluation.scores[best.attacker] if evaluation.chosen is None else evaluation.chosen
        return Reached(best.figures["auc"].value, units)
    right = []
    for probe in context.edition.eval.probes:
        pairs = zip(context.sealed.attributes[probe], submission.attributes[probe], strict=True)
        told = [truth == said for truth, said in pairs if truth != NOT_AVAILABLE]
        right.append(sum(told) / max(len(told), 1))
    return Reached(float(np.mean(right)), np.array(right))


def keep(folder: Path, submission: str, reached: Reached) -> None:
    """Keep a standing in a record, under the hash of its submission, where its owner alone can read it."""
    kept = inside(private_folder(folder / _SCORES), f"{submission}.npz")
    with whole_file(kept) as temporary, temporary.open("wb") as stream:
        np.savez(stream, value=np.array(reached.value), units=reached.units)


def load(folder: Path, submission: str) -> Reached:
    """Return what `keep` kept; RecordError if it is gone."""
    path = inside(folder / _SCORES, f"{submission}.npz")
    try:
        with np.load(path, allow_pickle=False) as kept:
            value, units = float(kept["value"]), kept["units"]
            if units.ndim != 1 or not np.isfinite(value) or not np.isfinite(units).all():
                raise ValueError("is nothing that a submission reaches")
            return Reached(value, units)
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        raise RecordError(
            f"{_SCORES}/{submission}.npz: cannot be read; evaluate that submission again, with this record"
        ) from error


def best_published(events: Sequence[Event], edition: str, track: str, team: str) -> Event | None:
    """Return the event of the score last reported to a team; None if there is none."""
    told = [
        event
        for event in events
        if event.score is not None
        and (event.edition, event.track) == (edition, track)
        and alike(event.team, team)
    ]
    return told[-1] if told else None


def improves(track: str, new: Reached, old: Reached, standard_error: float) -> bool:
    """Say whether a new standing beats the old one by more than the standard error of their difference.

    Examples
    --------
    >>> old, new = Reached(0.70, np.zeros(1)), Reached(0.74, np.zeros(1))
    >>> improves("attack", new, old, 0.03), improves("attack", new, old, 0.05)
    (True, False)
    >>> improves("defacing", new, old, 0.03)
    False
    """
    gain = new.value - old.value if HIGHER[track] else old.value - new.value
    return gain > standard_error


def paired_standard_error(track: str, new: Reached, old: Reached, context: Context) -> float:
    """Return the standard error of the difference of two standings, the people being the same in both.

    Parameters
    ----------
    track : str
        `attributes`, or a track that is scored by trials.
    new, old : Reached
        Of two submissions to one edition.
    context : Context
        Says whose the units are, and how often subjects are drawn.
    """
    if track == "attributes":
        subjects = [context.sealed.subjects[probe] for probe in context.edition.eval.probes]
        people = np.unique(subjects, return_inverse=True)[1]
        means = np.bincount(people, new.units - old.units) / np.bincount(people)
        return float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else float("inf")
    draws = draw_systems(
        {"new": new.units, "old": old.units},
        context.trials.mated,
        context.trials.people[:, 0],
        context.trials.people[:, 1],
        context.protocol.bootstrap,
        context.protocol.bootstrap_seed,
    )
    first, second = draws.replicates["auc"]
    return float(np.nanstd(first - second, ddof=1))
