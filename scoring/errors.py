"""What is wrong with an input and how to fix it: argument, position and count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_WHOLE = 2**53  # from here on floats are not all whole numbers


class UserError(ValueError):
    """A person's input is wrong: a file, a table, a setting or a program. A command ends with status 2.

    The root of every error that input can cause. An error of another class is a fault of the kit: it keeps
    its traceback, and a command ends with status 1.

    Attributes
    ----------
    problems : tuple of str
        What is wrong, where, what was found and what is expected; one line each.

    Examples
    --------
    >>> UserError("a.tsv: empty", "b.tsv: no such file").problems
    ('a.tsv: empty', 'b.tsv: no such file')
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


class SetupError(UserError):
    """A setting, a program, weights or a kept file is wrong; no image can be the cause, so the run ends."""


class ScoringError(ValueError):
    """Arrays that cannot be scored; the message names the argument, the first bad position and the count.

    A plain error, since the kit itself made nearly all arrays that it scores: it keeps its traceback.
    """


class DataError(ScoringError, UserError):
    """Well-formed arrays with too little in them, or results that cannot be compared: data, not a fault."""


@contextmanager
def arrays_of_a_person() -> Iterator[None]:
    """Inside, arrays come from a person's own files: what cannot be scored is an error of the input.

    Examples
    --------
    >>> with arrays_of_a_person():
    ...     as_scores(mated=[])
    Traceback (most recent call last):
    mriprivacy.scoring.errors.UserError: mated: empty; expected at least one score
    """
    try:
        yield
    except ScoringError as error:
        raise UserError(*str(error).splitlines()) from error


def as_scores(**arguments: ArrayLike) -> list[Floats]:
    """Turn each named argument into a finite, non-empty 1-D float64 array, or report everything wrong.

    Parameters
    ----------
    **arguments
        Array-likes by the name the caller knows them under.

    Returns
    -------
    list of ndarray, float64
        In the order given. An array that already is float64 is returned as it is, not copied.

    Raises
    ------
    ScoringError
        With one line for every argument that is not numeric, not 1-D, empty, or holds NaN or infinity.

    Examples
    --------
    >>> as_scores(mated=[1, 2])
    [array([1., 2.])]
    >>> as_scores(mated=[1, float("nan")], nonmated=[])
    Traceback (most recent call last):
    mriprivacy.scoring.errors.ScoringError: mated: 1 of 2 values not finite, first nan at position 1; ...
    nonmated: empty; expected at least one score
    """
    arrays, problems = [], []
    for name, value in arguments.items():
        array, problem = _one(name, value)
        if problem:
            problems.append(problem)
        arrays.append(array)
    raise_all(problems)
    return arrays


def as_classes(mated: ArrayLike, nonmated: ArrayLike) -> list[Floats]:
    """Check the scores of both classes, as `as_scores`, and refuse labels and scores in their place.

    Raises
    ------
    ScoringError
        As `as_scores`; or if the first argument holds 0 and 1 alone and the second as many scores.

    Examples
    --------
    >>> as_classes([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    Traceback (most recent call last):
    mriprivacy.scoring.errors.ScoringError: mated: 0 and 1 alone, nonmated: as many scores; expected the ...
    """
    m, n = as_scores(mated=mated, nonmated=nonmated)
    if len(m) == len(n) >= 4 and np.isin(m, (0, 1)).all() and m.min() < m.max() and (n % 1 != 0).any():
        raise ScoringError(
            "mated: 0 and 1 alone, nonmated: as many scores; expected the scores of mated trials, then those "
            "of non-mated trials: call f(scores[labels == 1], scores[labels == 0])"
        )
    return [m, n]


def as_labels(mated: ArrayLike) -> NDArray[np.bool_]:
    """Turn labels into booleans: True for mated, False for non-mated; 1 and 0 will do.

    Raises
    ------
    ScoringError
        For anything else: the text "nonmated" is no label, for every text counts as true.

    Examples
    --------
    >>> as_labels([1, 0]).tolist()
    [True, False]
    >>> as_labels(["mated", "nonmated"])
    Traceback (most recent call last):
    mriprivacy.scoring.errors.ScoringError: mated: values of type <U8; expected True for mated, ...
    """
    label = unmasked("mated", mated)
    if label.ndim != 1:
        raise ScoringError(f"mated: array of shape {label.shape}; expected one entry a trial")
    if label.dtype.kind == "b":
        return label
    if label.dtype.kind not in "iuf":
        raise ScoringError(
            f"mated: values of type {label.dtype}; expected True for mated, False for non-mated"
        )
    problem = first_bad("mated", (label != 0) & (label != 1), label, "values not 0 or 1", "True or False")
    raise_all([problem] if problem else [])
    return label.astype(bool)


def unmasked(name: str, value: ArrayLike) -> NDArray[Any]:
    """Return an array; one that masks some values would lose the mask, so it is refused."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        count = int(np.ma.getmaskarray(value).sum())
        raise ScoringError(f"{name}: {count} of {value.size} values masked; expected an array without a mask")
    try:
        return np.asarray(value)
    except ValueError:
        raise ScoringError(f"{name}: rows of unequal length; expected an array") from None


def as_table(name: str, value: ArrayLike) -> Floats:
    """Turn an argument into an array of finite numbers of any shape, or say what is wrong with it.

    Raises
    ------
    ScoringError
        For what holds no number, no real ones, or one that is not finite.

    Examples
    --------
    >>> as_table("points", [[1, 2], [3, float("nan")]])
    Traceback (most recent call last):
    mriprivacy.scoring.errors.ScoringError: points: 1 of 4 not finite, first nan at (1, 1); expected numbers
    """
    array = unmasked(name, value)
    if array.dtype.kind not in "fiub":
        raise ScoringError(f"{name}: values of type {array.dtype}; expected real numbers")
    if array.size == 0:
        raise ScoringError(f"{name}: empty; expected at least one number")
    array = array.astype(np.float64, copy=False)
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        count = int(bad.sum())
        raise ScoringError(
            f"{name}: {count} of {array.size} not finite, first {array[where]} at {where}; expected numbers"
        )
    return array


def check_number(name: str, value: object, inside: Callable[[float], bool], expected: str) -> None:
    """Raise unless an argument is one real number for which a condition holds; NaN never is.

    Examples
    --------
    >>> check_number("fmr", 0.01, lambda x: 0 <= x <= 1, "a rate in [0, 1]")
    >>> check_number("fmr", "0.01", lambda x: 0 <= x <= 1, "a rate in [0, 1]")
    Traceback (most recent call last):
    mriprivacy.scoring.errors.ScoringError: fmr: '0.01'; expected a rate in [0, 1]
    """
    one = isinstance(value, (int, float, np.integer, np.floating))
    if not one or value != value or not inside(value):  # type: ignore[arg-type]
        raise ScoringError(f"{name}: {value!r}; expected {expected}")


def check_count(name: str, value: object, least: int, what: str) -> None:
    """Raise unless an argument is a whole number of at least so many.

    Examples
    --------
    >>> check_count("n_bootstrap", 19, 20, "replicates")
    Traceback (most recent call last):
    mriprivacy.scoring.errors.ScoringError: n_bootstrap: 19; expected at least 20 replicates
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least:  # type: ignore[operator]
        raise ScoringError(f"{name}: {value!r}; expected at least {least} {what}")


def as_ids(**arguments: ArrayLike) -> list[NDArray[Any]]:
    """Turn each named argument into a 1-D array of identifiers without gaps, or report everything wrong.

    Examples
    --------
    >>> as_ids(subjects=["a", None])
    Traceback (most recent call last):
    mriprivacy.scoring.errors.ScoringError: subjects: 1 of 2 identifiers missing, first None ...
    """
    arrays = [unmasked(name, value) for name, value in arguments.items()]
    problems = []
    for name, array in zip(arguments, arrays, strict=True):
        if array.ndim != 1:
            problems.append(f"{name}: array of shape {array.shape}; expected a 1-D array of identifiers")
        elif array.dtype.kind in "fO":
            gaps = np.array([x is None or x != x for x in array.tolist()], dtype=bool)
            problems.append(first_bad(name, gaps, array, "identifiers missing", "one a trial") or "")
    raise_all([problem for problem in problems if problem])
    return arrays


def same_length(**arrays: NDArray[Any]) -> None:
    """Raise unless all named arrays have as many entries as the first."""
    shapes = {name: array.shape for name, array in arrays.items() if array.ndim != 1}
    raise_all(
        [f"{name}: array of shape {shape}; expected one entry a trial" for name, shape in shapes.items()]
    )
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        raise ScoringError(f"lengths differ: {found}; expected one entry a trial in each")


def raise_all(problems: list[str]) -> None:
    """Raise one `ScoringError` that lists all problems, a line each; do nothing without problems."""
    if problems:
        raise ScoringError("\n".join(problems))


def first_bad(
    name: str, bad: NDArray[np.bool_], values: NDArray[Any], what: str, expected: str
) -> str | None:
    """One line about the entries marked bad, or None when there are none."""
    count = int(np.count_nonzero(bad))
    if not count:
        return None
    where = int(np.argmax(bad))
    found = values[where]
    shown = found.item() if isinstance(found, np.generic) else found
    return f"{name}: {count} of {len(bad)} {what}, first {shown!r} at position {where}; expected {expected}"


def _one(name: str, value: ArrayLike) -> tuple[Floats, str | None]:
    empty = np.empty(0)
    try:
        array = unmasked(name, value)
    except ScoringError as error:
        return empty, str(error)
    if array.ndim != 1:
        return empty, f"{name}: array of shape {array.shape}; expected a 1-D array of scores"
    if not len(array):
        return empty, f"{name}: empty; expected at least one score"
    if array.dtype.kind not in "fiub":
        return empty, f"{name}: values of type {array.dtype}; expected real numbers"
    if array.dtype.kind in "iu" and max(int(array.max()), -int(array.min())) > _WHOLE:
        return empty, f"{name}: whole numbers beyond 2^53, of which some are one float; expected smaller ones"
    array = array.astype(np.float64, copy=False)
    if np.isfinite(array).all():
        return array, None
    bad = ~np.isfinite(array)
    return array, first_bad(
        name, bad, array, "values not finite", "finite scores, a failed acquisition included"
    )
