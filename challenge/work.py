"""The one door for work that is done per scan, per photograph or per person: in parallel, with progress."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from challenge.errors import InputError, is_for_people, problems_of

Item = TypeVar("Item")
Result = TypeVar("Result")

BACKENDS = ("sequential", "loky")


@dataclass
class Compute:
    """Who does the work: `backend` sequential or loky, `workers` processes (0 = one a core).

    `seconds` and `megabytes` are what a scan that a stranger sent may take (`challenge.guard`).
    """

    backend: str = "loky"
    workers: int = 0
    seconds: float = 600.0
    megabytes: int = 8000


@dataclass(frozen=True)
class _Failure:
    problems: tuple[str, ...]


def run(
    function: Callable[[Item], Result], items: Sequence[Item], label: str, compute: Compute
) -> list[Result]:
    """Apply a function to every item and return the results in the order of the items.

    Parameters
    ----------
    function : callable
        Pure but for files it writes; with the loky backend it and the items must be picklable.
    items : sequence
        What to work on.
    label : str
        The step, as the progress bar shows it.
    compute : Compute
        Backend and number of workers; the results do not depend on them.

    Returns
    -------
    list
        One result an item.

    Raises
    ------
    InputError
        With the problems of every item whose function raised an error for people (`is_for_people`); the
        other items are finished first, so that all problems are seen at once.
    """
    if compute.backend not in BACKENDS:
        raise InputError(f"compute.backend is {compute.backend!r}; expected {' or '.join(BACKENDS)}")
    n_jobs = 1 if compute.backend == "sequential" else (compute.workers or -1)
    engine = Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
    results: dict[int, Result] = {}
    problems: dict[int, tuple[str, ...]] = {}
    with progress(label, len(items)) as advance:
        try:
            for index, result in engine(delayed(_attempt)(function, i, item) for i, item in enumerate(items)):
                if isinstance(result, _Failure):
                    problems[index] = result.problems
                else:
                    results[index] = result
                advance()
        except TerminatedWorkerError as error:
            raise InputError(
                f"{label}: a worker process died; most often there is too little memory for "
                "compute.workers, or no working off-screen OpenGL (see: mriprivacy doctor)"
            ) from error
    if problems:
        raise InputError(*dict.fromkeys(line for index in sorted(problems) for line in problems[index]))
    return [results[index] for index in range(len(items))]


def _attempt(function: Callable[[Item], Result], index: int, item: Item) -> tuple[int, Result | _Failure]:
    try:
        return index, function(item)
    except Exception as error:
        if not is_for_people(error):
            raise
        return index, _Failure(problems_of(error))


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Give what to call after each item: it shows how far a step is; with no terminal, a line at the end."""
    # Tables are scored where there is no rich (challenge/export/scorer.py).
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        start = time.monotonic()
        yield lambda: None
        print(f"{label}: {total} in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(label, total=total)
        yield lambda: progress.advance(task)
