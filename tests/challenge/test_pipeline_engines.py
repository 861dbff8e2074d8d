"""A whole evaluation on every engine: the same entry, also when a worker is killed in the middle."""

import importlib.util
import os
import signal
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from challenge.edition import Edition
from challenge.engines import dask_client
from challenge.entry import Entry
from challenge.evaluation import evaluate
from challenge.evaluator import Evaluator
from challenge.protocol import Protocol
from challenge.sealed import open_sealed
from challenge.submission import check_submission
from challenge.work import Compute, run

pytestmark = pytest.mark.slow
needs_ray = pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="the extra ray is not installed")


@pytest.fixture
def judge(tiny_edition: Edition, tiny_edition_folder: Path, defacing: Path, tmp_path: Path) -> Callable:
    def judged(compute: Compute) -> Entry:
        cache = tmp_path / f"cache-{time.monotonic()}"
        cache.mkdir()
        protocol = Protocol(bootstrap=1000, spacing_mm=2.0, size=200)
        evaluator = Evaluator(tiny_edition, open_sealed(tiny_edition_folder), protocol, cache, compute)
        return replace(evaluate(evaluator, check_submission(defacing, tiny_edition)), seconds={})

    return judged


@pytest.fixture
def expected(judge: Callable) -> Entry:
    return judge(Compute("loky", 1))


@pytest.mark.parametrize("backend", ["loky", "dask", pytest.param("ray", marks=needs_ray)])
def test_the_entry_is_the_same(backend: str, judge: Callable, expected: Entry) -> None:
    entry = judge(Compute(backend, 2))
    assert entry.warnings == expected.warnings
    assert entry == expected


def workers(backend: str) -> list[int]:
    if backend == "dask":
        return list(dask_client("", 2).run(os.getpid).values())
    from joblib.externals.loky import reusable_executor

    return list(reusable_executor._executor._processes or ())


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_a_worker_that_is_killed_changes_nothing(backend: str, judge: Callable, expected: Entry) -> None:
    run(abs, range(4), "warm up", Compute(backend, 2))
    killed: list[int] = []

    def kill() -> None:
        for _ in range(3):
            time.sleep(1.5)
            killed.append(workers(backend)[0])
            os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        entry = judge(Compute(backend, 2))
    finally:
        thread.join()
    assert entry == expected
    assert killed


def test_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs through dask-jobqueue, by an `sbatch` that starts what it is given on this machine."""
    for name, text in {
        "sbatch": 'nohup bash -c "$(cat "$1")" >job.log 2>&1 & echo "Submitted batch job $!"',
        "scancel": 'kill "$@"',
    }.items():
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/bash\n{text}\n")
        script.chmod(script.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    import dask

    settings = {"cores": 1, "memory": "2GB", "processes": 1, "interface": "lo", "walltime": "00:05:00"}
    with dask.config.set({f"jobqueue.slurm.{key}": value for key, value in settings.items()}):
        found = run(where, range(6), "slurm", Compute("dask", 2, "slurm"))
        dask_client("slurm", 2).cluster.close()
    dask_client.cache_clear()
    assert [x for x, _ in found] == list(range(6))
    assert {daemon for _, daemon in found} == {False}


def where(x: int) -> tuple[int, bool]:
    import multiprocessing

    return x, multiprocessing.current_process().daemon
