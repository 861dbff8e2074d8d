"""Work on what strangers sent: one that crashes, stalls or eats memory costs itself, and nobody else."""

import os
import time

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
        np.linalg.svd(np.ones((4000, 4000)))
        time.sleep(60)
    if what == "eat":
        np.ones(10**9)
    if what == "bad":
        raise InputError("this one is bad")
    return what.upper()


@pytest.mark.parametrize("workers", [1, 2])
def test_each_costs_itself_alone(workers: int) -> None:
    items = ["a", "crash", "b", "stall", "c", "eat", "d"]
    compute = Compute("loky", workers, seconds=1.5, megabytes=3000)
    results = run_untrusted(hostile, items, "hostile", compute)
    assert [r for r in results if not isinstance(r, Lost)] == ["A", "B", "C", "D"]
    assert [item for item, r in zip(items, results, strict=True) if isinstance(r, Lost)] == [
        "crash",
        "stall",
        "eat",
    ]
    assert results[3] == Lost("could not be worked on within 1.5 s")
    assert results[5] == Lost("could not be worked on with 3000 MB")


def test_bad_input_is_still_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="this one is bad"):
        run_untrusted(hostile, ["a", "bad", "b"], "hostile", Compute("loky", 2))
    assert run_untrusted(hostile, ["a"], "hostile", Compute("sequential")) == ["A"]
    assert run_untrusted(hostile, [], "hostile", Compute("loky", 2)) == []
