"""Work on files from participants, in processes that may die: time and memory are limited, a death costs one.

A volume that made it through intake can still be built to stall a renderer or to crash a C library. A worker
that outlives its time is ended from within by a watchdog that needs no interpreter; what was being worked on
when a worker died is done again, each alone, so that it is known whose fault it was. Workers of a cluster
work on such items in a child process, which dies in their place.

It can also bring out an ordinary error: of numpy, of VTK, or a fault of ours. That costs the scan too. A
fault that is not the scan's is met before: released scans go through the same code first, without this guard.
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

from mriprivacy.challenge.compute.engines import ChildDied, with_parent
from mriprivacy.challenge.compute.folders import scratch_folder
from mriprivacy.challenge.compute.parallel import Compute, Lost, attempt, collect, run
from mriprivacy.scoring.errors import SetupError

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_LATE = 10  # scans of one step that may use up their time; after them no more are tried
_IDLE = 300  # seconds after which a child without work ends


def run_untrusted(
    function: Callable[[Item], Result], items: Sequence[Item], label: str, compute: Compute
) -> list[Result | Lost]:
    """Apply a function to items of participants; one that ends a worker, or in an error, gives `Lost`.

    Parameters
    ----------
    function, items, label
        As in `challenge.compute.parallel.run`.
    compute : Compute
        `seconds` and `megabytes` hold for one item; when 10 have used up their time, the rest is not looked
        at. With the backend `sequential` there is no other process, so nothing is limited and the first fault
        ends the run: for looking into one.

    Returns
    -------
    list
        Results in the order of the items.

    Raises
    ------
    UserError
        With every problem that is the organizer's to fix (files, settings, models), when all are finished.
    """
    if compute.backend == "sequential":
        return list(run(function, items, label, compute))
    kind = _Limited if compute.backend == "loky" else _InChild
    with scratch_folder("notes") as notes:
        task = kind(_Contained(function), compute.seconds, compute.megabytes, notes)
        found = dict(collect(task, items, label, compute, isolated=True))
    return [found[index] for index in range(len(items))]


@contextmanager
def own_files() -> Iterator[None]:
    """Inside, a scan that cannot be read is the organizer's, so that no participant's is lost by it."""
    from mriprivacy.baselines.face.scan import ScanError  # here: a worker begins anew after every death

    try:
        yield
    except ScanError as error:
        raise SetupError(f"{error}; 'mriprivacy verify' checks the edition") from error


@dataclass(frozen=True)
class _Contained:
    """A function whose errors cost the item; they are named by their kind, for messages may name paths."""

    function: Callable[[Any], Any]

    def __call__(self, item: Any) -> Any:
        try:
            return self.function(item)
        except Exception as error:
            if _is_ours(error):
                raise
            return Lost(f"could not be worked on ({type(error).__name__})")


def _is_ours(error: Exception) -> bool:
    """Say whether no scan can be the cause, but the organizer's files, settings, models or drivers are."""
    # An error that a file could not be read for: the disk's, not gzip's.
    of_the_disk = getattr(error.__cause__, "errno", None) is not None
    return isinstance(error, OSError | MemoryError | SetupError) or of_the_disk


@dataclass(frozen=True)
class _Limited:
    """A task under limits, in a process that may die of it."""

    function: Callable[[Any], Any]
    seconds: float
    megabytes: int
    notes: Path  # folder, on this machine

    def __call__(self, index: int, item: Any) -> tuple[int, Any]:
        if sum(map(_late, self.notes.glob("*.late"))) >= MOST_LATE:
            if _late(self._note(index)):  # one of them; no second attempt
                return index, self.died(index, item)
            return index, Lost(
                f"not looked at, since {MOST_LATE} others took more than {self.seconds:g} s each"
            )
        with self._limits(self._note(index)):
            try:
                return index, attempt(self.function, item)
            except MemoryError:
                return index, Lost(f"could not be worked on with {self.megabytes} MB")

    def died(self, index: int, _: Any) -> Lost:
        """Say whether the watchdog ended the last work on an item: it leaves a note."""
        limit = (
            f"within {self.seconds:g} s"
            if _late(self._note(index))
            else f"with {self.megabytes} MB, or at all"
        )
        return Lost(f"could not be worked on {limit}")

    def _note(self, index: int) -> Path:
        return self.notes / f"{index}.late"

    @contextmanager
    def _limits(self, path: Path) -> Iterator[None]:
        before = _limit(resource.RLIMIT_DATA, self.megabytes * 1_000_000)
        _limit(resource.RLIMIT_CORE, 0)
        faulthandler.disable()  # a crash is reported in a line
        with path.open("w") as note:
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=note)
            try:
                yield
            finally:
                faulthandler.cancel_dump_traceback_later()
                _limit(resource.RLIMIT_DATA, before)
        path.unlink()  # what ended left no note


@dataclass(frozen=True)
class _InChild(_Limited):
    """A task under limits in a child of a worker, which dies in its place; the engine then need not know."""

    def __call__(self, index: int, item: Any) -> tuple[int, Any]:
        with tempfile.TemporaryDirectory() as elsewhere:
            # Those of all workers are in one folder, unless this is another machine.
            notes = self.notes if self.notes.is_dir() else Path(elsewhere)
            limited = _Limited(self.function, self.seconds, self.megabytes, notes)
            child = get_reusable_executor(max_workers=1, timeout=_IDLE, **with_parent())
            try:
                result: tuple[int, Any] = child.submit(limited, index, item).result()
                return result
            except BrokenProcessPool as error:
                raise ChildDied(limited.died(index, item)) from error  # the engine tries once more


def _late(note: Path) -> bool:
    """Say whether a watchdog wrote a note; one of work that ended meanwhile is gone."""
    try:
        return note.stat().st_size > 0
    except FileNotFoundError:
        return False


def _limit(kind: int, soft: int) -> int:
    """Set a soft limit of this process, as far as the hard one allows, and return what it was."""
    before, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY and (soft == resource.RLIM_INFINITY or soft > hard):
        soft = hard
    resource.setrlimit(kind, (soft, hard))
    return before
