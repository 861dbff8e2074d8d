"""What is refused of arguments, and how it is said: to the number and the position."""

from collections.abc import Callable

import numpy as np
import pytest

from mriprivacy.scoring import errors
from mriprivacy.scoring.errors import ScoringError, as_classes


@pytest.mark.parametrize(
    ("mated", "nonmated", "labels"),
    [
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], True),
        ([1, 0, 0, 0], [3, 1, 2, 0.5], True),
        ([0, 0, 1], [0.1, 0.4, 0.35], False),  # too few to be sure
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8, 1], False),
        ([0, 0, 1, 0.5], [0.1, 0.4, 0.35, 0.8], False),
        ([1, 1, 1, 1], [0.1, 0.4, 0.35, 0.8], False),
        ([0, 0, 1, 1], [5, 4, 3, 8], False),  # whole scores
    ],
)
def test_labels_in_the_place_of_scores_are_refused(mated: list, nonmated: list, labels: bool) -> None:
    if labels:
        with pytest.raises(ScoringError, match="mated: 0 and 1 alone, nonmated: as many scores"):
            as_classes(mated, nonmated)
    else:
        assert [part.tolist() for part in as_classes(mated, nonmated)] == [mated, nonmated]


BAD: list[tuple[Callable[[], object], str]] = [
    (
        lambda: errors.as_scores(a=[1, np.nan, np.inf]),
        "a: 2 of 3 values not finite, first nan at position 1; ",
    ),
    (lambda: errors.as_scores(a=[[1]], b=[]), r"a: array of shape \(1, 1\).*\nb: empty"),
    (lambda: errors.as_scores(a=["x"]), "a: values of type <U1; expected real numbers"),
    (lambda: errors.as_scores(a=[2**53 + 1]), r"a: whole numbers beyond 2\^53"),
    (lambda: errors.as_scores(a=[-(2**53) - 1, 0]), r"a: whole numbers beyond 2\^53"),
    (lambda: errors.as_labels([0, 1, 2, 3]), "mated: 2 of 4 values not 0 or 1, first 2 at position 2; "),
    (lambda: errors.as_labels([[0], [1]]), r"mated: array of shape \(2, 1\); expected one entry a trial"),
    (lambda: errors.unmasked("a", np.ma.masked_less([1, 2, 3], 3)), "a: 2 of 3 values masked"),
    (lambda: errors.unmasked("a", [[1], [1, 2]]), "a: rows of unequal length"),
    (
        lambda: errors.as_table("a", [[1, np.inf], [np.nan, 2]]),
        r"a: 2 of 4 not finite, first inf at \(0, 1\)",
    ),
    (lambda: errors.as_table("a", np.empty((0, 3))), "a: empty; expected at least one number"),
    (lambda: errors.as_table("a", [[1j]]), "a: values of type complex128"),
    (lambda: errors.as_ids(a=[["x"]], b=["x", np.nan, None]), r"a: array of shape .*\nb: 2 of 3 identifiers"),
    (lambda: errors.same_length(a=np.zeros(2), b=np.zeros(3)), "lengths differ: a has 2, b has 3; "),
    (lambda: errors.same_length(a=np.zeros(2), b=np.zeros((2, 1))), r"b: array of shape \(2, 1\)"),
    (lambda: errors.check_count("n", True, 0, "draws"), "n: True; expected at least 0 draws"),
    (lambda: errors.check_count("n", 2.0, 0, "draws"), r"n: 2\.0; expected at least 0 draws"),
    (lambda: errors.check_count("n", 4, 5, "draws"), "n: 4; expected at least 5 draws"),
    (lambda: errors.check_number("x", float("nan"), lambda x: True, "a number"), "x: nan; expected a number"),
    (lambda: errors.check_number("x", [1], lambda x: True, "a number"), r"x: \[1\]; expected a number"),
    (lambda: errors.check_number("x", 1, lambda x: x > 1, "more"), "x: 1; expected more"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_is_wrong_is_said(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        call()


def test_what_is_right_is_returned() -> None:
    whole = errors.as_scores(a=[2**53, -(2**53)], b=[True, False])
    assert [part.tolist() for part in whole] == [[2.0**53, -(2.0**53)], [1, 0]]
    assert errors.as_labels([0.0, 1.0]).tolist() == [False, True]
    labels = np.array([True])
    assert errors.as_labels(labels) is labels
    assert errors.unmasked("a", np.ma.array([1, 2], mask=[False, False])).tolist() == [1, 2]
    assert [ids.tolist() for ids in errors.as_ids(a=["x"], b=[1.0])] == [["x"], [1.0]]
    for value in (np.int64(5), 5, 6):
        errors.check_count("n", value, 5, "draws")
    errors.check_number("x", np.float32(2), lambda x: x > 1, "more")
    errors.same_length(a=np.zeros(2), b=np.zeros(2))
    errors.raise_all([])
