"""Work on what strangers sent, in processes that may die: time and memory are limited, a death costs one.

A volume that made it through intake can still be built to stall a renderer or to crash a C library. A worker
that outlives its time is ended from within by a watchdog that needs no interpreter; what was being worked on
when a worker died is done again, each alone, so that it is known whose fault it was.
"""

import faulthandler
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from joblib import Parallel, delayed, effective_n_jobs
from joblib.externals.loky.process_executor import TerminatedWorkerError

from challenge.errors import InputError, is_for_people, problems_of
from challenge.scratch import scratch_folder
from challenge.work import BACKENDS, Compute, progress, run

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Lost:
    """In the place of a result: an item that could not be worked on, and why."""

    reason: str


@dataclass(frozen=True)
class _Failure:
    problems: tuple[str, ...]


def run_untrusted(
    function: Callable[[Item], Result], items: Sequence[Item], label: str, compute: Compute
) -> list[Result | Lost]:
    """Apply a function to items that strangers sent; one that is the end of a worker gives `Lost`.

    Parameters
    ----------
    function, items, label
        As in `challenge.work.run`.
    compute : Compute
        `seconds` and `megabytes` hold for one item. With the backend `sequential` there is no other process,
        so nothing is limited and the first fault ends the run: for looking into one.

    Returns
    -------
    list
        Results in the order of the items.

    Raises
    ------
    InputError
        With the problems of every item whose function raised an error for people, when all are finished.
    """
    if compute.backend not in BACKENDS or compute.backend == "sequential":
        return list(run(function, items, label, compute))
    n_workers = effective_n_jobs(compute.workers or -1)
    done: dict[int, Result | Lost | _Failure] = {}
    with scratch_folder("work") as begun, progress(label, len(items)) as advance:
        guarded = _Guarded(function, compute, begun)
        suspects: list[int] = []
        pending = list(range(len(items)))
        while pending:
            died = guarded.work([(i, items[i]) for i in pending], n_workers, done, advance)
            suspects += died
            pending = [i for i in pending if died and i not in done and i not in died]
        for index in sorted(suspects):
            if guarded.work([(index, items[index])], 1, done, advance):
                late = guarded.was_late(index)
                limit = f"within {compute.seconds:g} s" if late else f"with {compute.megabytes} MB, or at all"
                done[index] = Lost(f"could not be worked on {limit}")
                advance()
    problems = [line for i in sorted(done) if isinstance(f := done[i], _Failure) for line in f.problems]
    if problems:
        raise InputError(*dict.fromkeys(problems))
    return [result for i in sorted(done) if not isinstance(result := done[i], _Failure)]


@dataclass(frozen=True)
class _Guarded:
    function: Callable
    compute: Compute
    begun: Path

    def work(
        self, jobs: Sequence[tuple[int, Item]], n_workers: int, done: dict, advance: Callable[[], None]
    ) -> list[int]:
        """Work on jobs; return those that were begun when a worker died, if one did."""
        # Never one: joblib would work in this very process. One job is dispatched at a time instead.
        engine = Parallel(
            n_jobs=max(2, n_workers),
            backend="loky",
            pre_dispatch="2*n_jobs" if n_workers > 1 else 1,
            return_as="generator_unordered",
            batch_size=1,
        )
        try:
            for index, result in engine(delayed(self.one)(index, item) for index, item in jobs):
                done[index] = result
                advance()
        except TerminatedWorkerError as error:
            begun = [int(path.name) for path in self.begun.iterdir() if not path.suffix]
            for index in begun:
                (self.begun / str(index)).unlink()
            died = [index for index in begun if index not in done]
            if not died:
                raise InputError("a worker process died before it began to work; is there memory?") from error
            return died
        return []

    def was_late(self, index: int) -> bool:
        """Say whether the watchdog ended the last work on an item: it leaves a note."""
        return self._note(index).stat().st_size > 0

    def _note(self, index: int) -> Path:
        return self.begun / f"{index}.late"

    def one(self, index: int, item: Item) -> tuple[int, object]:
        """Work on one item in a worker process, under its limits."""
        marker = self.begun / str(index)
        marker.touch()
        before = _limit(resource.RLIMIT_DATA, self.compute.megabytes * 1_000_000)
        _limit(resource.RLIMIT_CORE, 0)
        faulthandler.disable()  # a crash is told in a line
        with self._note(index).open("w") as note:
            faulthandler.dump_traceback_later(self.compute.seconds, exit=True, file=note)
            try:
                return index, self.function(item)
            except MemoryError:
                return index, Lost(f"could not be worked on with {self.compute.megabytes} MB")
            except Exception as error:
                if not is_for_people(error):
                    raise
                return index, _Failure(problems_of(error))
            finally:
                faulthandler.cancel_dump_traceback_later()
                _limit(resource.RLIMIT_DATA, before)
                marker.unlink(missing_ok=True)


def _limit(kind: int, soft: int) -> int:
    """Set a soft limit of this process, as far as the hard one allows, and return what it was."""
    before, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY and (soft == resource.RLIM_INFINITY or soft > hard):
        soft = hard
    resource.setrlimit(kind, (soft, hard))
    return before
