"""The one door for work that is done per scan, per photograph, per person or per figure: in parallel."""

import pickle
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from mriprivacy.challenge.compute.engines import Compute as Compute
from mriprivacy.challenge.compute.engines import Task, outcomes
from mriprivacy.challenge.compute.progress import progress
from mriprivacy.data_prep.formats.atomic import FULL
from mriprivacy.data_prep.formats.problems import is_for_people, problems_of
from mriprivacy.scoring.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Lost:
    """In the place of a result: an item that could not be worked on, and why."""

    reason: str


@dataclass(frozen=True)
class Failure:
    """In the place of a result: what people have to fix; `full`: nothing can be written any more."""

    problems: tuple[str, ...]
    full: bool = False


@dataclass(frozen=True)
class Fault:
    """In the place of a result: an error of the kit's, and where in a worker it was raised."""

    error: Exception
    where: str

    @classmethod
    def of(cls, error: Exception) -> "Fault":
        """Make one that can be sent: some errors cannot be made again from what they hold."""
        where = "".join(traceback.format_exception(error))
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            return cls(RuntimeError(f"{type(error).__name__}: {error}"), where)
        return cls(error.with_traceback(None), where)


def run(
    function: Callable[[Item], Result], items: Sequence[Item], label: str, compute: Compute
) -> list[Result]:
    """Apply a function to every item and return the results in the order of the items.

    Parameters
    ----------
    function : callable
        Pure but for files it writes; it, the items and the results must be picklable.
    items : sequence
        What to work on.
    label : str
        The step, as the progress bar shows it.
    compute : Compute
        Engine and number of workers; the results do not depend on them.

    Returns
    -------
    list
        One result an item.

    Raises
    ------
    UserError
        With the problems of every item whose function raised an error for people (`is_for_people`), or on
        which a worker died twice; the other items are finished first, so that all problems are seen at once.
    Exception
        The first fault of the kit, with a note in which items there was one; also when all are finished.
    """
    found = dict(stream(function, items, label, compute))
    return [found[index] for index in range(len(items))]


def stream(
    function: Callable[[Item], Result], items: Sequence[Item], label: str, compute: Compute
) -> Iterator[tuple[int, Result]]:
    """Yield the number and the result of every item as they come, for what does not fit in memory at once.

    Arguments and errors as in `run`. What is made of the results must not depend on their order.
    """
    return collect(_Task(function, label), items, label, compute)


def collect(
    task: Task, items: Sequence[Any], label: str, compute: Compute, isolated: bool = False
) -> Iterator[tuple[int, Any]]:
    """Yield outcomes with progress; raise what people have to fix (`Failure`) when all is done."""
    problems: dict[int, tuple[str, ...]] = {}
    full = False
    faults: dict[int, Fault] = {}
    with progress(label, len(items)) as advance:
        for index, outcome in outcomes(task, items, compute, isolated):
            advance(isinstance(outcome, Failure | Lost | Fault))
            if isinstance(outcome, Failure):
                if not (full and outcome.full):  # a full disk is one thing to fix, in whatever item it shows
                    problems[index] = outcome.problems
                full |= outcome.full
            elif isinstance(outcome, Fault):
                faults[index] = outcome
            else:
                yield index, outcome
    told = list(dict.fromkeys(line for index in sorted(problems) for line in problems[index]))
    if faults:
        first = faults[min(faults)]
        names = some([name_of(index, items[index]) for index in sorted(faults)])
        first.error.add_note(f"{first.where}{label}: a fault in {len(faults)} of {len(items)} items: {names}")
        for line in told:
            first.error.add_note(line)
        raise first.error
    if told:
        raise UserError(*told)


@dataclass(frozen=True)
class _Task:
    function: Callable[[Any], Any]
    label: str

    def __call__(self, index: int, item: Any) -> tuple[int, Any]:
        try:
            return index, attempt(self.function, item)
        except Exception as error:
            return index, Fault.of(error)

    def died(self, index: int, item: Any) -> Failure:
        return Failure(
            (
                f"{self.label}: {name_of(index, item)}: the worker process died, twice; most often there is "
                "too little memory for compute.workers",
            )
        )


def attempt(function: Callable[[Any], Any], item: Any) -> Any:
    """Return what a function makes of an item, or the `Failure` that is for people, on one thread."""
    # The cores are taken by workers; and a product by another number of threads has other last digits.
    if opencv := sys.modules.get("cv2"):
        opencv.setNumThreads(1)
    with threadpool_limits(limits=1):
        try:
            return function(item)
        except Exception as error:
            if not is_for_people(error):
                raise
            return Failure(problems_of(error), isinstance(error, OSError) and error.errno in FULL)


def some(names: Sequence[str]) -> str:
    """Return the first five names, and a sign that there are more.

    Examples
    --------
    >>> some("abc"), some("abcdef")
    ('a, b, c', 'a, b, c, d, e, ...')
    """
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def by_reason(reasons: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return every reason there is, and how many scans there are for it and which, from (scan, reason).

    Examples
    --------
    >>> by_reason([("a", "no face"), ("b", "no brain"), ("c", "no face")])
    [('no face', '2 scans: a, c'), ('no brain', '1 scan: b')]
    """
    found: dict[str, list[str]] = {}
    for name, reason in reasons:
        found.setdefault(reason, []).append(name)
    return [
        (reason, f"{len(names)} scan{'s' if len(names) > 1 else ''}: {some(names)}")
        for reason, names in found.items()
    ]


def name_of(index: int, item: Any) -> str:
    """Name an item for people: the first text or path in it, or else its number.

    Examples
    --------
    >>> name_of(0, Path("scans/sub-01.nii.gz")), name_of(6, object())
    ('sub-01.nii.gz', 'number 7')
    """
    parts = [getattr(item, field.name) for field in fields(item)] if is_dataclass(item) else [item]
    named = [
        part.name if isinstance(part, Path) else str(part) for part in parts if isinstance(part, str | Path)
    ]
    return named[0] if named else f"number {index + 1}"
