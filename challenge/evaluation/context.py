"""What an evaluation needs, what it finds, and where its time goes."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.labelled_trials import LabelledTrials
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import SealedKey
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Check, Entry, Gate, Result
from mriprivacy.scoring import Estimate

if TYPE_CHECKING:  # tables are scored where there is no pillow (challenge/export/scorer.py)
    from mriprivacy.challenge.attackers.features import ImageFeatures

Floats = NDArray[np.float64]
Images = Mapping[str, Mapping[str, "ImageFeatures"]]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Context:
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
    rehearsal : bool
        Whether people are known of `eval` alone (`challenge.evaluation.rehearsal`): then files of the edition
        are not audited and no attribute is inferred, for both take people of both splits.
    """

    edition: Edition
    sealed: SealedKey
    protocol: Protocol
    cache: Path
    compute: Compute
    rehearsal: bool = False

    @cached_property
    def trials(self) -> LabelledTrials:
        """The trials of `eval`."""
        return LabelledTrials.sealed(self.edition.eval.trials, self.sealed)


@dataclass(frozen=True)
class Judged:
    """What the attackers, or the key alone, say of a submission.

    Attributes
    ----------
    results : sequence of Result
        Every figure.
    remarks : sequence of str
        What is to be known beside them.
    scores : mapping from Attacker to ndarray, shape (n_trials,)
        Behind the results.
    chosen : ndarray, shape (n_trials,), or None
        Behind the result `CHOSEN`.
    seconds : mapping from str to float
        Wall time by step.
    gate, checks, utility, face, presence, games
        Of a defacing system, as in `challenge.entry.entry.Entry`.
    images : mapping
        As in `Evaluation`.
    """

    results: Sequence[Result]
    remarks: Sequence[str]
    scores: Mapping[Attacker, Floats] = field(default_factory=dict)
    chosen: Floats | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    gate: Gate | None = None
    checks: Sequence[Check] = ()
    utility: Mapping[str, Estimate] = field(default_factory=dict)
    face: Mapping[str, Estimate] = field(default_factory=dict)
    presence: Mapping[str, int] = field(default_factory=dict)
    games: Sequence[str] = ()
    images: Images = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """An entry, and what the organizer alone may see.

    Attributes
    ----------
    entry : Entry
        To be published.
    scores : mapping from Attacker to ndarray, shape (n_trials,)
        The scores of all trials behind the results.
    images : mapping from str to mapping from id to ImageFeatures
        What was seen in the scans of `eval`, as `released` and as `defaced`, and in its references
        (`reference_raw` and so on, by condition); empty for tables.
    chosen : ndarray, shape (n_trials,), or None
        The scores behind the result `CHOSEN`.
    """

    entry: Entry
    scores: Mapping[Attacker, Floats] = field(default_factory=dict)
    images: Images = field(default_factory=dict)
    chosen: Floats | None = None

    @property
    def failures(self) -> dict[str, str]:
        """Why no face was found in a defaced scan of `eval`, by probe."""
        return {name: one.reason for name, one in self.images.get("defaced", {}).items() if not one.acquired}


def timed(
    step: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> tuple[T, dict[str, float]]:
    """Call a function; return its result, and the wall time in seconds by step."""
    start = time.perf_counter()
    made = function(*args, **kwargs)
    return made, {step: time.perf_counter() - start}


def summed(*seconds: Mapping[str, float]) -> dict[str, float]:
    """Add times of the same steps.

    Examples
    --------
    >>> summed({"audit": 1.0}, {"figures": 0.5}, {"audit": 2.0})
    {'audit': 3.0, 'figures': 0.5}
    """
    steps = dict.fromkeys(step for own in seconds for step in own)
    return {step: sum(own.get(step, 0.0) for own in seconds) for step in steps}
