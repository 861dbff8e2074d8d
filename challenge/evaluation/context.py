"""What an evaluation needs, and where its time goes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.entry import Result
from mriprivacy.scoring import Estimate

if TYPE_CHECKING:  # tables are scored where there is no pillow (challenge/export/scorer.py)
    from mriprivacy.challenge.attackers.features import ImageFeatures


@dataclass
class Evaluator:
    """What an evaluation needs besides the submission.

    Attributes
    ----------
    edition : Edition
        The public side.
    sealed : SealedKey
        The organizer's side.
    protocol : Protocol
        The edition's.
    cache : Path
        Folder for features.
    compute : Compute
        Who does the work.
    seconds : dict from str to float
        Filled as steps end.
    scores : dict from str to ndarray, shape (n_trials,)
        Filled as results come: the scores of all trials, by `name/level`.
    failures : dict from probe to str
        Filled as faces are looked for: why none was found in a defaced scan of `eval`.
    images : dict from str to dict
        The same: what was seen in the scans of `eval`, as `released` and as `defaced`, and in its references
        (`reference_raw` and so on, by condition).
    """

    edition: Edition
    sealed: SealedKey
    protocol: Protocol
    cache: Path
    compute: Compute
    seconds: dict[str, float] = field(default_factory=dict)
    scores: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    images: "dict[str, dict[str, ImageFeatures]]" = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What the evaluation of a submission found.

    Attributes
    ----------
    results : list of Result
        Every figure.
    remarks : list of str
        What is to be known beside them.
    gate, checks, utility
        Of a defacing system, as in `challenge.entry.entry.Entry`.
    """

    results: list[Result]
    remarks: list[str]
    gate: dict[str, Any] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    utility: dict[str, Estimate] = field(default_factory=dict)


@contextmanager
def timed(evaluator: Evaluator, step: str) -> Iterator[None]:
    """Add the wall time of a block to those of its step."""
    start = time.perf_counter()
    yield
    evaluator.seconds[step] = evaluator.seconds.get(step, 0.0) + time.perf_counter() - start


def whose(evaluator: Evaluator) -> tuple[NDArray[np.bool_], NDArray[np.str_]]:
    """Return which trials of `eval` are mated, and the subjects of both sides, shape (n_trials, 2)."""
    sealed, trials = evaluator.sealed, evaluator.edition.eval.trials
    mated = np.array([sealed.trials[trial].mated for trial in trials])
    return mated, np.array([[sealed.subjects[probe], sealed.subjects[photo]] for probe, photo in trials])
