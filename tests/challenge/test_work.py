import os
import time

import pytest

from challenge.errors import InputError
from challenge.work import Compute, run


def square(x: int) -> int:
    time.sleep(0.02 * (x % 3))  # later items may end first
    return x * x


def fussy(x: int) -> int:
    if x % 2:
        raise InputError(f"item {x} is odd; expected an even one")
    return x


def buggy(x: int) -> int:
    return [][x]


def dying(x: int) -> int:
    if x == 1:
        os._exit(1)
    return x


@pytest.mark.parametrize("compute", [Compute("sequential"), Compute("loky", 2)])
def test_results_are_in_the_order_of_the_items(compute: Compute) -> None:
    assert run(square, range(10), "squares", compute) == [x * x for x in range(10)]


@pytest.mark.parametrize("compute", [Compute("sequential"), Compute("loky", 2)])
def test_all_problems_are_told_at_once_in_order(compute: Compute) -> None:
    with pytest.raises(InputError) as error:
        run(fussy, range(6), "fussy", compute)
    assert error.value.problems == tuple(f"item {x} is odd; expected an even one" for x in (1, 3, 5))


def test_a_fault_of_the_kit_is_not_taken_for_bad_input() -> None:
    with pytest.raises(IndexError):
        run(buggy, [3], "buggy", Compute("sequential"))


def test_a_worker_that_dies_ends_with_one_line() -> None:
    with pytest.raises(InputError, match="a worker process died"):
        run(dying, range(3), "dying", Compute("loky", 2))


def test_nothing_to_do_is_done() -> None:
    assert run(square, [], "none", Compute("sequential")) == []


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(InputError, match=r"compute\.backend is 'slurm'; expected sequential or loky"):
        run(square, [1], "x", Compute("slurm"))


def test_what_is_printed_without_a_terminal_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    run(square, range(3), "squares", Compute("sequential"))
    assert capsys.readouterr().err == "squares: 3 in 0 s\n"
