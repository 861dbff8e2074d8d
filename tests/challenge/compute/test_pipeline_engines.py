"""A whole evaluation on every engine: the same entry, also when a worker is killed in the middle."""

import importlib.util
import os
import signal
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.compute.engines import dask_client
from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.compute.progress import Advance, progress
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.submission import check_submission
from tests.helpers.in_ci import needs

pytestmark = pytest.mark.slow
needs_ray = needs(importlib.util.find_spec("ray") is not None, "the extra ray is not installed")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An edition of eight synthetic people with faces, and a submission of blurred ones."""
    root = tmp_path_factory.mktemp("people")
    size = ["cohort.subjects=8", "cohort.scans.spacing_mm=3", "seed=7"]
    assert main(["cohort", *size, f"output={root}/people"]) == 0
    protocol = ["protocol.spacing_mm=3", "protocol.reanalysed=1", "protocol.bootstrap=100"]
    assert main(["build", f"cohort.root={root}/people", "seed=7", *protocol, f"output={root}/edition"]) == 0
    words = ["defacer=blur", f"edition={root}/edition", f"cache={root}/cache", f"output={root}/blurred"]
    assert main(["deface", *words]) == 0
    return root / "edition", root / "blurred"


@pytest.fixture
def judge(people: tuple[Path, Path], tmp_path: Path) -> Callable:
    edition, sealed = open_edition(people[0]), open_sealed(people[0])

    def judged(compute: Compute) -> Entry:
        cache = tmp_path / f"cache-{time.monotonic()}"
        cache.mkdir()
        context = Context(edition, sealed, read_protocol(edition.description), cache, compute)
        return replace(evaluate(context, check_submission(people[1], edition, compute)).entry, seconds={})

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
def test_a_worker_that_is_killed_changes_nothing(
    backend: str, judge: Callable, expected: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kill comes when the first of eight defaced scans is done, and the others are not."""
    begun, done, ended = threading.Event(), [], threading.Event()
    killed: list[int] = []

    @contextmanager
    def watched(label: str, total: int) -> Iterator[Advance]:
        with progress(label, total) as advance:

            def noted(failed: bool) -> None:
                advance(failed)
                if label == "faces of defaced scans":
                    done.append(failed)
                    begun.set()
                    if len(done) == 1:
                        thread.join()  # nothing goes on here before the kill

            yield noted

    def kill() -> None:
        assert begun.wait(600)
        assert len(done) == 1
        assert not ended.is_set()
        killed.append(workers(backend)[0])
        os.kill(killed[0], signal.SIGKILL)

    monkeypatch.setattr("mriprivacy.challenge.compute.parallel.progress", watched)
    thread = threading.Thread(target=kill)
    thread.start()
    try:
        entry = judge(Compute(backend, 2))
        ended.set()
    finally:
        begun.set()
        thread.join()
    assert killed
    assert killed[0] not in workers(backend)
    assert done == [False] * 8
    assert entry == expected


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
