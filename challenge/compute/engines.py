"""The engines that do the work: this process, joblib's loky, dask, ray. They queue and balance.

What a lost worker was at is done once more: dask and ray do so, and what loky drops is handed out again. An
item on which a worker dies a second time is given up, told by the task's `died`, and the rest goes on.
"""

import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from joblib import Parallel, cpu_count, delayed, effective_n_jobs, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import ParallelBackendBase

from mriprivacy.data_prep.formats.settings import setting
from mriprivacy.extras import how_to_install
from mriprivacy.scoring.errors import UserError

BACKENDS = ("sequential", "loky", "dask", "ray")
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_EVERY = 2.0  # seconds between two looks at whether the parent is there


@dataclass
class Compute:
    """Who does the work."""

    backend: str = setting("loky", "engine, set by compute=", choices=BACKENDS, chosen=True)
    workers: int = setting(
        0, "processes; 0: one a core; with address=slurm: jobs; a cluster has its own", at_least=0
    )
    address: str = setting(
        "",
        "empty: this machine; dask: tcp://host:8786 or slurm (docs/how-to/scale.md); ray: auto, host:6379",
        only=("dask", "ray"),
    )
    # A scan from outside (`challenge.compute.sandbox`); sequential has no other process to limit.
    seconds: float = setting(
        600.0, "time limit for a submitted scan; sequential: none", at_least=0, unit="seconds"
    )
    megabytes: int = setting(
        8000, "memory limit for a submitted scan; sequential: none", at_least=0, unit="megabytes"
    )

    def words(self) -> list[str]:
        """Return the settings by which another command works in the same way.

        Examples
        --------
        >>> Compute("dask", address="tcp://host:8786").words()[:3]
        ['compute=dask', 'compute.workers=0', 'compute.address=tcp://host:8786']
        """
        rest = (field for field in fields(self) if field.name != "backend")
        return [
            f"compute={self.backend}",
            *(f"compute.{field.name}={getattr(self, field.name)}" for field in rest),
        ]


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
    UserError
        For an engine that is unknown, not installed or not to be reached.
    """
    if compute.backend not in BACKENDS:
        raise UserError(f"compute.backend is {compute.backend!r}; expected one of {', '.join(BACKENDS)}")
    if not items:
        return
    if compute.backend in ("dask", "ray"):
        start = _start_dask if compute.backend == "dask" else _start_ray
        cluster = start(compute.address, compute.workers)
        yield from _parallel(_Futures(cluster, task), delayed(task), enumerate(items), cluster.workers)
        return
    n_workers = 1 if compute.backend == "sequential" else effective_n_jobs(compute.workers or -1)
    if n_workers > 1 or (isolated and compute.backend == "loky"):
        yield from _loky(task, items, n_workers)
    else:
        yield from (task(index, item) for index, item in enumerate(items))


def _parallel(
    backend: Any, work: Callable[..., Any], jobs: Iterable[tuple[int, Any]], n_workers: int
) -> Iterator[Any]:
    """Work on jobs, one a worker at a time, and yield what comes as it comes."""
    # Never one worker: joblib would work in this very process. One job is handed out at a time instead.
    options = {"pre_dispatch": n_workers, "return_as": "generator_unordered", "batch_size": 1}
    own = {"inner_max_num_threads": 1, **with_parent()} if backend == "loky" else {}
    with parallel_config(backend, **own):
        engine = Parallel(max(2, n_workers), **options)
    yield from engine(work(index, item) for index, item in jobs)


def _loky(task: Task, items: Sequence[Any], n_workers: int) -> Iterator[tuple[int, Any]]:
    """Work in joblib's processes, which all end when one dies and redo nothing.

    So items that were handed out and did not end are handed out once more, each alone: whose worker dies
    then is to blame, and no other is.
    """
    left = dict(enumerate(items))
    suspects: set[int] = set()

    def handed_out(jobs: Iterable[tuple[int, Any]], to: set[int]) -> Iterator[tuple[int, Any]]:
        for index, item in jobs:
            to.add(index)
            yield index, item

    def work(jobs: list[tuple[int, Any]], n_workers: int) -> Iterator[tuple[int, Any]]:
        begun: set[int] = set()
        try:
            for index, outcome in _parallel("loky", delayed(task), handed_out(jobs, begun), n_workers):
                del left[index]
                yield index, outcome
        except TerminatedWorkerError:
            suspects.update(begun & left.keys())

    while rest := [(index, item) for index, item in left.items() if index not in suspects]:
        yield from work(rest, n_workers)
    for index in sorted(suspects):
        yield from work([(index, items[index])], 1)
        if index in left:
            yield index, task.died(index, items[index])


@dataclass(frozen=True)
class Cluster:
    """A cluster that redoes the work of a worker that died, once.

    Attributes
    ----------
    workers : int
        How many there are.
    submit : callable
        Takes a call without arguments and returns its future.
    lost : tuple of exception types
        What the future of a call raises on which a worker died twice.
    """

    workers: int
    submit: Callable[[Callable[[], Any]], Any]
    lost: tuple[type[Exception], ...]


class ChildDied(Exception):
    """What a task raises whose own child process died, with the outcome if it dies again; caught here."""


@cache
def dask_client(address: str, workers: int) -> Any:
    """Return the client of a dask cluster; arguments as in `Compute`."""
    distributed = _extra("distributed", "dask")
    import dask

    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 1,  # an item that is the end of two workers is given up
            "distributed.scheduler.worker-saturation": 1.0,
            "distributed.worker.daemon": False,  # files from participants are handled in a child of a worker
            # dask gives memory back at once, and then a third of the time goes into asking for it again.
            "distributed.nanny.pre-spawn-environ": dict.fromkeys(ONE_THREAD, 1),
            "distributed.admin.system-monitor.gil.enabled": False,
        }
    )
    # A worker runs what it gets, so only we may send: certificates of this run alone.
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
                n_workers=workers or cpu_count(),
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                **safe,
            )
            client = distributed.Client(cluster, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"compute=dask: no cluster at {address or 'this machine'} ({error})") from error
    client.wait_for_workers(1)  # as long as it takes: jobs stand in a queue
    return client


@cache
def _start_dask(address: str, workers: int) -> Cluster:
    client = dask_client(address, workers)
    from distributed.scheduler import KilledWorker

    return Cluster(
        max(sum(client.ncores().values()), workers),
        # A worker that died counts by itself (allowed-failures above); retries are for a child that died.
        lambda call: client.submit(call, pure=False, retries=1),
        (KilledWorker,),
    )


@cache
def _start_ray(address: str, workers: int) -> Cluster:
    # Nothing leaves the machine, and workers have the environment that is here.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
    ray = _extra("ray", "ray")
    own = {} if address else {"num_cpus": workers or cpu_count(), "include_dashboard": False}
    try:
        ray.init(address or "local", log_to_driver=False, logging_level=logging.CRITICAL, **own)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"compute=ray: no cluster at {address or 'this machine'} ({error})") from error

    @ray.remote(max_retries=1, retry_exceptions=[ChildDied])
    def work(call: Callable[[], Any]) -> Any:
        return call()

    return Cluster(
        int(ray.cluster_resources()["CPU"]),
        lambda call: work.remote(call).future(),
        (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError),
    )


class _Futures(ParallelBackendBase):
    """joblib on the futures of a cluster.

    joblib's own backend for dask waits for ever for an item that killed its workers (joblib 1.6), and ray's
    suspects everything that waits for the same actor.
    """

    supports_retrieve_callback = True

    def __init__(self, cluster: Cluster, task: Task) -> None:
        super().__init__()
        self.cluster, self.task = cluster, task

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return what joblib asks for: who is there is known to the cluster."""
        return n_jobs

    def submit(self, func: Any, callback: Any = None) -> Any:
        """Hand a call to the cluster."""
        future = self.cluster.submit(func)
        future.joblib_items = func.items
        future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, future: Any) -> Any:
        """Return the outcomes of a call."""
        try:
            return future.result()
        except self.cluster.lost:
            return [(index, self.task.died(index, item)) for _, (index, item), _ in future.joblib_items]
        except ChildDied as error:
            return [(index, error.args[0]) for _, (index, _), _ in future.joblib_items]


def _extra(package: str, extra: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise UserError(
            f"compute={extra}: no package {package} here; install it {how_to_install(extra)}"
        ) from error


def with_parent() -> dict[str, Any]:
    """Return the arguments by which an executor's workers end once this process is gone.

    Examples
    --------
    >>> sorted(with_parent())
    ['initargs', 'initializer']
    """
    return {"initializer": _watch, "initargs": (os.getpid(),)}


def _watch(parent: int) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY)
    os._exit(1)  # from a thread, nothing less ends the process
