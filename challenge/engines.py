"""The engines that do the work: this process, joblib's loky, dask, ray. They queue, balance and try again.

An engine does the work of a worker that was lost once more. An item on which a worker dies a second time is
given up, told by the task's `died`, and the rest goes on.
"""

import importlib
import logging
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from joblib import Parallel, delayed, effective_n_jobs, parallel_config, register_parallel_backend
from joblib.externals.loky.process_executor import TerminatedWorkerError

from challenge.errors import InputError
from challenge.scratch import scratch_folder

BACKENDS = ("sequential", "loky", "dask", "ray")


@dataclass
class Compute:
    """Who does the work.

    Attributes
    ----------
    backend : str
        One of `BACKENDS`.
    workers : int
        Processes; 0 is one a core. A cluster that `address` names has its own.
    address : str
        With dask the scheduler, `tcp://host:8786`, or `slurm` for jobs of a SLURM cluster; with ray the head.
        Empty: workers of this machine.
    seconds, megabytes : float, int
        What a scan that a stranger sent may take (`challenge.guard`).
    """

    backend: str = "loky"
    workers: int = 0
    address: str = ""
    seconds: float = 600.0
    megabytes: int = 8000


class Task(Protocol):
    """What is done to every item; picklable."""

    def __call__(self, index: int, item: Any) -> tuple[int, Any]:
        """Work on an item and return its number and the outcome."""

    def died(self, index: int, item: Any) -> Any:
        """Return the outcome of an item on which a worker died twice."""


def outcomes(
    task: Task, items: Sequence[Any], compute: Compute, isolated: bool = False
) -> Iterator[tuple[int, Any]]:
    """Yield number and outcome of every item, in the order in which they end.

    Parameters
    ----------
    task : Task
        What to do.
    items : sequence
        What to do it to.
    compute : Compute
        Which engine.
    isolated : bool
        Whether it may be the end of a process, so that it must not be this one. (Sequential is this one.)

    Raises
    ------
    InputError
        For an engine that is unknown, not installed or not to be reached.
    """
    if compute.backend not in BACKENDS:
        raise InputError(f"compute.backend is {compute.backend!r}; expected one of {', '.join(BACKENDS)}")
    if not items:
        return
    if compute.backend in ("dask", "ray"):
        yield from _clustered(task, items, compute)
        return
    n_workers = 1 if compute.backend == "sequential" else effective_n_jobs(compute.workers or -1)
    if n_workers > 1 or (isolated and compute.backend == "loky"):
        yield from _loky(task, items, n_workers)
    else:
        yield from (task(index, item) for index, item in enumerate(items))


def _loky(task: Task, items: Sequence[Any], n_workers: int) -> Iterator[tuple[int, Any]]:
    """Work in joblib's processes; when one dies it gives up, and what was begun is done again, each alone."""
    with scratch_folder("work") as folder:
        marked = _Marked(task, folder)
        ended: set[int] = set()
        suspects: list[int] = []
        pending, in_vain = list(range(len(items))), 0
        while pending:
            before = len(ended)
            died = yield from _attempt(marked, [(i, items[i]) for i in pending], n_workers, ended)
            suspects += died or []
            in_vain = in_vain + 1 if died == [] and len(ended) == before else 0
            if in_vain > 2:
                raise InputError("worker processes die before they begin to work; is there memory?")
            pending = [i for i in pending if died is not None and i not in ended and i not in died]
        for index in sorted(suspects):
            if (yield from _attempt(marked, [(index, items[index])], 1, ended)) is not None:
                yield index, task.died(index, items[index])


def _attempt(
    marked: "_Marked", jobs: Sequence[tuple[int, Any]], n_workers: int, ended: set[int]
) -> Generator[tuple[int, Any], None, list[int] | None]:
    """Work on jobs, yield outcomes, and return those that were begun when a worker died; None if none did."""
    # Never one worker: joblib would work in this very process. One job is dispatched at a time instead.
    engine = Parallel(
        max(2, n_workers),
        backend="loky",
        pre_dispatch="2*n_jobs" if n_workers > 1 else 1,
        return_as="generator_unordered",
        batch_size=1,
    )
    try:
        for index, outcome in engine(delayed(marked)(index, item) for index, item in jobs):
            ended.add(index)
            yield index, outcome
    except TerminatedWorkerError:
        begun = [int(path.name) for path in marked.folder.iterdir()]
        for index in begun:
            (marked.folder / str(index)).unlink()
        return [index for index in begun if index not in ended]
    return None


@dataclass(frozen=True)
class _Marked:
    """A task that leaves a mark while it works."""

    task: Task
    folder: Path

    def __call__(self, index: int, item: Any) -> tuple[int, Any]:
        mark = self.folder / str(index)
        mark.touch()
        try:
            return self.task(index, item)
        finally:
            mark.unlink(missing_ok=True)


def _clustered(task: Task, items: Sequence[Any], compute: Compute) -> Iterator[tuple[int, Any]]:
    """Work on a cluster, which is started on first use and lasts as long as this process."""
    with _cluster(compute, task):
        ahead = max(effective_n_jobs(-1), compute.workers)

        def work(jobs: Sequence[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
            # One item a worker: those that wait for a worker that dies would be suspected with it.
            engine = Parallel(-1, return_as="generator_unordered", batch_size=1, pre_dispatch=ahead)
            yield from engine(delayed(task)(index, item) for index, item in jobs)

        suspects = []
        for index, outcome in work(list(enumerate(items))):
            if outcome is _SUSPECT:
                suspects.append(index)
            else:
                yield index, outcome
        for index in sorted(suspects):
            for _, outcome in work([(index, items[index])]):
                yield index, task.died(index, items[index]) if outcome is _SUSPECT else outcome


_SUSPECT = object()  # in the place of an outcome


def _suspect(*_: Any) -> object:
    return _SUSPECT


def _cluster(compute: Compute, task: Task) -> AbstractContextManager[Any]:
    """Make joblib work on a cluster."""
    if compute.backend == "dask":
        client = dask_client(compute.address, compute.workers)
        register_parallel_backend("dask", _dask_backend())
        return parallel_config("dask", client=client, died=task.died)
    _start_ray(compute.address, compute.workers)
    register_parallel_backend("ray", _ray_backend())
    # A new actor is made of one that is lost; what waited for it is lost with it, so nobody is blamed yet.
    return parallel_config("ray", ray_remote_args={"max_restarts": -1}, died=_suspect)


@cache
def dask_client(address: str, workers: int) -> Any:
    """Return the client of a dask cluster; arguments as in `Compute`."""
    distributed = _extra("distributed", "dask")
    import dask

    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 1,  # an item that is the end of two workers is given up
            "distributed.scheduler.worker-saturation": 1.0,
            "distributed.worker.daemon": False,  # what strangers sent is worked on in a child of a worker
            "distributed.admin.system-monitor.gil.enabled": False,
        }
    )
    # A worker does what it is told, so that only we may tell: certificates of this run alone.
    safe = {"security": distributed.Security.temporary()}
    try:
        if address == "slurm":
            jobqueue = _extra("dask_jobqueue", "slurm")
            prologue = ["export DASK_DISTRIBUTED__WORKER__DAEMON=False"]
            cluster = jobqueue.SLURMCluster(
                job_script_prologue=prologue, shared_temp_directory=Path.cwd(), **safe
            )
            cluster.scale(workers or 1)
            client = distributed.Client(cluster, set_as_default=False)
        elif address:
            client = distributed.Client(address, set_as_default=False)
        else:
            cluster = distributed.LocalCluster(
                n_workers=workers or os.cpu_count(),
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                **safe,
            )
            client = distributed.Client(cluster, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"compute=dask: no cluster at {address or 'this machine'} ({error})") from error
    client.wait_for_workers(1)  # as long as it takes: jobs stand in a queue
    return client


@cache
def _start_ray(address: str, workers: int) -> None:
    ray = _extra("ray", "ray")
    own = {} if address else {"num_cpus": workers or os.cpu_count(), "include_dashboard": False}
    try:
        ray.init(address or "local", log_to_driver=False, logging_level=logging.CRITICAL, **own)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"compute=ray: no cluster at {address or 'this machine'} ({error})") from error


@cache
def _dask_backend() -> type:
    from distributed.scheduler import KilledWorker
    from joblib._dask import DaskDistributedBackend

    class Dask(DaskDistributedBackend):
        """joblib's, which waits for ever for an item that was the end of its workers (joblib 1.6)."""

        def __init__(self, *, died: Callable[[int, Any], Any], **options: Any) -> None:
            super().__init__(**options)
            self.died = died

        def submit(self, func: Any, callback: Any = None) -> Any:
            future = super().submit(func, callback)

            def failed(ended: Any) -> None:
                if isinstance(error := ended.exception(), KilledWorker):
                    callback([(index, self.died(index, item)) for _, (index, item), _ in func.items])
                elif error is not None:
                    callback(error)

            future.add_done_callback(failed)
            return future

    return Dask


@cache
def _ray_backend() -> type:
    from ray.exceptions import RayActorError
    from ray.util.joblib.ray_backend import RayBackend

    class Ray(RayBackend):
        """ray's, which says neither that it gives results as they come nor what cannot be done."""

        supports_return_generator = True

        def __init__(self, *, died: Callable[[int, Any], Any], **options: Any) -> None:
            super().__init__(**options)
            self.died = died

        def submit(self, func: Any, callback: Any = None) -> Any:
            def told(outcome: Any) -> None:
                if isinstance(outcome, RayActorError):
                    outcome = [(index, self.died(index, item)) for _, (index, item), _ in func.items]
                callback(outcome)

            return super().submit(func, told)

    return Ray


def _extra(package: str, extra: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise InputError(
            f"compute={extra}: no package {package} here; install it: pip install 'mriprivacy[{extra}]'"
        ) from error
