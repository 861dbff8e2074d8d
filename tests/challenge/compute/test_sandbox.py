"""Work on files from outside: one that crashes, stalls or eats memory costs itself, and no other."""

import ctypes
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from mriprivacy.baselines.attacks.registry import AttackError
from mriprivacy.baselines.brain.engines import EngineError
from mriprivacy.baselines.face.scan import ScanError
from mriprivacy.baselines.face.views import ViewError
from mriprivacy.baselines.face.weights import WeightsError
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.compute.sandbox import (
    MOST_LATE,
    Lost,
    _Contained,
    _Limited,
    own_files,
    run_untrusted,
)
from mriprivacy.scoring.errors import SetupError, UserError

pytestmark = pytest.mark.long


def hostile(what: str) -> str:
    if what == "crash":
        os.abort()
    if what == "stall":
        # In C, with the interpreter held: no signal of Python's would be heard.
        ctypes.PyDLL(None).sleep(60)
    if what == "eat":
        np.ones(10**9)
    if what == "a fault":
        raise KeyError("/the/organizers/own/path")
    if what == "no scan":
        raise ScanError("/the/organizers/own/path: not finite")
    if what == "no disk":
        raise ScanError("/the/organizers/own/path") from OSError(5, "Input/output error")
    if what == "bad":
        raise SetupError("this one is bad")
    return what.upper()


@pytest.mark.parametrize("backend", ["loky", pytest.param("dask", marks=pytest.mark.slow)])
def test_each_costs_itself_alone(backend: str) -> None:
    items = ["a", "crash", "b", "stall", "c", "eat", "d", "a fault", "no scan"]
    compute = Compute(backend, 2, seconds=1.5, megabytes=3000)
    assert run_untrusted(hostile, items, "hostile", compute) == [
        "A",
        Lost("could not be worked on with 3000 MB, or at all"),
        "B",
        Lost("could not be worked on within 1.5 s"),
        "C",
        Lost("could not be worked on with 3000 MB"),
        "D",
        Lost("could not be worked on (KeyError)"),  # and nothing of what it says, which may be a path
        Lost("could not be worked on (ScanError)"),
    ]


@pytest.mark.slow
def test_one_worker_is_another_process_too() -> None:
    results = run_untrusted(hostile, ["crash", "a"], "hostile", Compute("loky", 1))
    assert [isinstance(result, Lost) for result in results] == [True, False]


def test_a_file_of_the_organizers_that_cannot_be_read_costs_nobody() -> None:
    with pytest.raises(UserError, match="/the/organizers/own/path"):
        run_untrusted(hostile, ["a", "no disk"], "hostile", Compute("loky", 2))
    with pytest.raises(UserError, match=r"not finite; 'mriprivacy verify' checks the edition"), own_files():
        hostile("no scan")


@pytest.mark.parametrize("kind", [AttackError, EngineError, ViewError, WeightsError])
def test_a_wrong_setup_ends_the_run_and_costs_no_scan(kind: type[Exception]) -> None:
    with pytest.raises(kind):
        _Contained(Mock(side_effect=kind("no weights")))("item")


def late(notes: Path) -> list[tuple[int, str | Lost]]:
    """Work in a process of its own: the limits of memory and time are the process's."""
    task = _Limited(hostile, 60.0, 3000, notes)
    for index in range(MOST_LATE - 1):
        (notes / f"{index}.late").write_text("Timeout (0:01:00)!")
    found = [task(20, "a")]
    (notes / "9.late").write_text("Timeout (0:01:00)!")
    return [*found, task(21, "a"), task(9, "a")]


def test_nobody_waits_for_an_eleventh_that_is_late(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(late, tmp_path).result(120)
    assert found == [
        (20, "A"),
        (21, Lost("not looked at, since 10 others took more than 60 s each")),
        (9, Lost("could not be worked on within 60 s")),
    ]
    assert len(list(tmp_path.iterdir())) == MOST_LATE  # what ended leaves no note


def test_bad_input_is_still_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="this one is bad"):
        run_untrusted(hostile, ["a", "bad", "b"], "hostile", Compute("loky", 2))
    assert run_untrusted(hostile, ["a"], "hostile", Compute("sequential")) == ["A"]
    assert run_untrusted(hostile, [], "hostile", Compute("loky", 2)) == []
