"""One door, four engines: the same results, and a worker that is lost changes none of them."""

import errno
import importlib.util
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import dask
import pytest

from mriprivacy.baselines.hair.removal import remove_hair
from mriprivacy.challenge.commands.check import CheckSettings
from mriprivacy.challenge.compute.parallel import Compute, run, stream
from mriprivacy.challenge.settings.compose import compose_settings
from mriprivacy.scoring.errors import UserError
from tests.helpers.in_ci import needs

pytestmark = pytest.mark.long

SEQUENTIAL, LOKY, DASK, RAY = (Compute(name, 2) for name in ("sequential", "loky", "dask", "ray"))
NO_RAY = needs(importlib.util.find_spec("ray") is not None, "the extra ray is not installed")
PROCESSES = (
    pytest.param(LOKY, id="loky"),
    pytest.param(DASK, id="dask"),
    pytest.param(RAY, id="ray", marks=[NO_RAY, pytest.mark.slow]),
)
ENGINES = (pytest.param(SEQUENTIAL, id="sequential"), *PROCESSES)


def square(x: int) -> int:
    time.sleep(0.02 * (x % 3))  # later items may end first
    return x * x


def fussy(x: int) -> int:
    if x % 2:
        raise UserError(f"item {x} is odd; expected an even one")
    return x


def written_to_a_full_disk(x: int) -> int:
    if x > 3:
        raise UserError(f"item {x} is large")
    raise OSError(errno.ENOSPC, "No space left on device", f"item-{x}")


def buggy(x: int) -> int:
    return [7][x]


def die_at(one: tuple[int, int]) -> int:
    if one[0] == one[1]:
        os._exit(1)
    time.sleep(0.02)
    return one[0]


def die_once(one: tuple[int, Path]) -> int:
    x, trace = one
    if x == 3 and not trace.exists():
        trace.touch()
        os._exit(1)
    return square(x)


def threads(_: Callable) -> list[int]:
    import cv2
    from threadpoolctl import threadpool_info

    return [*(pool["num_threads"] for pool in threadpool_info()), cv2.getNumThreads()]


@pytest.mark.parametrize("compute", [SEQUENTIAL, LOKY])
def test_a_full_disk_is_told_once(compute: Compute) -> None:
    with pytest.raises(UserError) as caught:
        run(written_to_a_full_disk, range(5), "x", compute)
    full, large = caught.value.problems
    assert re.fullmatch("item-[0-3]: No space left on device", full)
    assert large == "item 4 is large"


@pytest.mark.parametrize("compute", ENGINES)
def test_results_are_in_the_order_of_the_items(compute: Compute) -> None:
    assert run(square, range(10), "squares", compute) == [x * x for x in range(10)]
    assert sum(result for _, result in stream(square, range(10), "squares", compute)) == 285
    assert run(square, [], "none", compute) == []


@pytest.mark.parametrize("compute", ENGINES)
def test_all_problems_are_told_at_once_in_order(compute: Compute) -> None:
    with pytest.raises(UserError) as error:
        run(fussy, range(6), "fussy", compute)
    assert error.value.problems == tuple(f"item {x} is odd; expected an even one" for x in (1, 3, 5))


@pytest.mark.parametrize("compute", ENGINES)
def test_a_fault_of_the_kit_is_not_taken_for_bad_input(compute: Compute) -> None:
    done = {}
    with pytest.raises(IndexError) as error:
        done.update(stream(buggy, [3, 0, 4], "buggy", compute))
    (note,) = error.value.__notes__
    assert "in buggy\n    return [7][x]" in note
    assert note.endswith("buggy: a fault in 2 of 3 items: number 1, number 3")


@pytest.mark.parametrize("compute", PROCESSES)
def test_what_a_lost_worker_was_at_is_done_again(compute: Compute, tmp_path: Path) -> None:
    items = [(x, tmp_path / "died") for x in range(8)]
    assert run(die_once, items, "dying", compute) == [x * x for x in range(8)]
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("compute", PROCESSES)
def test_an_item_that_ends_two_workers_is_named_and_the_rest_is_done(
    compute: Compute, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    with pytest.raises(UserError) as error:
        found.update(stream(die_at, [(x, 3) for x in range(6)], "dying", compute))
    (problem,) = error.value.problems
    assert problem.startswith(
        "dying: number 4: the worker process died, twice; most often there is too little"
    )
    assert capsys.readouterr().err.endswith("dying: 1 of 6 failed\n")


@pytest.mark.parametrize("compute", ENGINES)
def test_workers_keep_to_one_thread(compute: Compute) -> None:
    # A worker that is sent this function has opencv loaded.
    found = run(threads, [remove_hair] * 3, "threads", compute)
    assert {n for pools in found for n in pools} == {1}


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (Compute("slurm"), r"compute\.backend is 'slurm'; expected one of sequential, loky, dask, ray"),
        (Compute("dask", address="tcp://127.0.0.1:9"), "compute=dask: no cluster at tcp://127.0.0.1:9"),
    ],
)
def test_an_engine_that_is_not_there_is_named(compute: Compute, message: str) -> None:
    soon = dask.config.set({"distributed.comm.timeouts.connect": "100ms"})
    with soon, pytest.raises(UserError, match=message):
        run(square, [1], "x", compute)


def test_an_extra_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(UserError, match=r"no package ray here; install it in a clone .*uv sync --extra ray"):
        run(square, [1], "x", Compute("ray", 7))


def test_without_a_terminal_only_failures_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    run(square, range(3), "squares", SEQUENTIAL)
    assert capsys.readouterr().err == ""
    with pytest.raises(UserError):
        run(fussy, range(3), "fussy", SEQUENTIAL)
    assert capsys.readouterr().err == "fussy: 1 of 3 failed\n"


def test_words_are_the_settings_again() -> None:
    one = Compute("dask", 3, "tcp://127.0.0.1:8786", 5.0, 70)
    for compute in (one, Compute()):
        assert (
            compose_settings("check", CheckSettings, ["edition=e", "submission=s", *compute.words()]).compute
            == compute
        )
