"""Work on what strangers sent: one that crashes, stalls or eats memory costs itself, and nobody else."""

import ctypes
import os

import numpy as np
import pytest

from challenge.errors import InputError
from challenge.guard import Lost, run_untrusted
from challenge.work import Compute


def hostile(what: str) -> str:
    if what == "crash":
        os.abort()
    if what == "stall":
        # In C, with the interpreter held: no signal of Python's would be heard.
        ctypes.PyDLL(None).sleep(60)
    if what == "eat":
        np.ones(10**9)
    if what == "bad":
        raise InputError("this one is bad")
    return what.upper()


@pytest.mark.parametrize("backend", ["loky", pytest.param("dask", marks=pytest.mark.slow)])
def test_each_costs_itself_alone(backend: str) -> None:
    items = ["a", "crash", "b", "stall", "c", "eat", "d"]
    compute = Compute(backend, 2, seconds=1.5, megabytes=3000)
    assert run_untrusted(hostile, items, "hostile", compute) == [
        "A",
        Lost("could not be worked on with 3000 MB, or at all"),
        "B",
        Lost("could not be worked on within 1.5 s"),
        "C",
        Lost("could not be worked on with 3000 MB"),
        "D",
    ]


def test_one_worker_is_another_process_too() -> None:
    results = run_untrusted(hostile, ["crash", "a"], "hostile", Compute("loky", 1))
    assert [isinstance(result, Lost) for result in results] == [True, False]


def test_bad_input_is_still_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="this one is bad"):
        run_untrusted(hostile, ["a", "bad", "b"], "hostile", Compute("loky", 2))
    assert run_untrusted(hostile, ["a"], "hostile", Compute("sequential")) == ["A"]
    assert run_untrusted(hostile, [], "hostile", Compute("loky", 2)) == []
