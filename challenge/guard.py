"""Work on what strangers sent, in processes that may die: time and memory are limited, a death costs one.

A volume that made it through intake can still be built to stall a renderer or to crash a C library. A worker
that outlives its time is ended from within by a watchdog that needs no interpreter; what was being worked on
when a worker died is done again, each alone, so that it is known whose fault it was. Workers of a cluster
work on such items in a child process, which dies in their place.
"""

import faulthandler
import resource
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import BrokenProcessPool

from challenge.engines import ChildDied
from challenge.scratch import scratch_folder
from challenge.work import Compute, attempt, collect, run
from challenge.work import Lost as Lost

Item = TypeVar("Item")
Result = TypeVar("Result")

_IDLE = 300  # seconds after which a child without work ends


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
    if compute.backend == "sequential":
        return list(run(function, items, label, compute))
    kind = _Limited if compute.backend == "loky" else _InChild
    with scratch_folder("notes") as notes:
        task = kind(function, compute.seconds, compute.megabytes, notes)
        found = dict(collect(task, items, label, compute, isolated=True))
    return [found[index] for index in range(len(items))]


@dataclass(frozen=True)
class _Limited:
    """A task under limits, in a process that may die of it."""

    function: Callable[[Any], Any]
    seconds: float
    megabytes: int
    notes: Path  # folder, on this machine

    def __call__(self, index: int, item: Any) -> tuple[int, Any]:
        with self._limits(self._note(index)):
            try:
                return index, attempt(self.function, item)
            except MemoryError:
                return index, Lost(f"could not be worked on with {self.megabytes} MB")

    def died(self, index: int, _: Any) -> Lost:
        """Say whether the watchdog ended the last work on an item: it leaves a note."""
        note = self._note(index)
        late = note.is_file() and note.stat().st_size > 0
        limit = f"within {self.seconds:g} s" if late else f"with {self.megabytes} MB, or at all"
        return Lost(f"could not be worked on {limit}")

    def _note(self, index: int) -> Path:
        return self.notes / f"{index}.late"

    @contextmanager
    def _limits(self, path: Path) -> Iterator[None]:
        before = _limit(resource.RLIMIT_DATA, self.megabytes * 1_000_000)
        _limit(resource.RLIMIT_CORE, 0)
        faulthandler.disable()  # a crash is told in a line
        with path.open("w") as note:
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=note)
            try:
                yield
            finally:
                faulthandler.cancel_dump_traceback_later()
                _limit(resource.RLIMIT_DATA, before)


@dataclass(frozen=True)
class _InChild(_Limited):
    """A task under limits in a child of a worker, which dies in its place; the engine then need not know."""

    def __call__(self, index: int, item: Any) -> tuple[int, Any]:
        with tempfile.TemporaryDirectory() as notes:
            limited = _Limited(self.function, self.seconds, self.megabytes, Path(notes))
            child = get_reusable_executor(max_workers=1, timeout=_IDLE)
            try:
                return child.submit(limited, index, item).result()
            except BrokenProcessPool as error:
                raise ChildDied(limited.died(index, item)) from error  # the engine tries once more


def _limit(kind: int, soft: int) -> int:
    """Set a soft limit of this process, as far as the hard one allows, and return what it was."""
    before, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY and (soft == resource.RLIM_INFINITY or soft > hard):
        soft = hard
    resource.setrlimit(kind, (soft, hard))
    return before
