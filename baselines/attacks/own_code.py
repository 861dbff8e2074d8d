"""Calls of an attack of one's own: what goes wrong in it is one line that names its own file and line."""

import inspect
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from mriprivacy.scoring.errors import UserError

Result = TypeVar("Result")

_KIT = __name__.partition(".")[0]
_LIBRARIES = tuple(
    sysconfig.get_paths()[name] + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def is_own(attack: str) -> bool:
    """Whether an attack is named by its module and class, and so is not one of the kit.

    Examples
    --------
    >>> is_own("geo"), is_own("my_attacks:Width")
    (False, True)
    """
    return ":" in attack


def called(
    attack: str, kind: type[UserError], what: str, function: Callable[..., Result], *arguments: Any
) -> Result:
    """Call the code of an attack; an error that it raises becomes one line.

    Parameters
    ----------
    attack : str
        Its name, for the line. An attack of the kit is called as it is.
    kind : type
        The class of the error that is raised.
    what : str
        What could not be done.
    function : callable
        What is called, with `arguments`.

    Raises
    ------
    UserError
        Of class `kind`, if the attack's own code fails: it raises, a library that it calls does, it ends
        the process, or it does not take these arguments.
    Exception
        As it is, if the kit's own code fails below: a fault of the kit keeps its traceback.

    Examples
    --------
    >>> called("my_attacks:Width", UserError, "embed failed", len, 3)
    Traceback (most recent call last):
    mriprivacy.scoring.errors.UserError: attack my_attacks:Width: embed failed (TypeError: object of type ...
    """
    try:
        return function(*arguments)
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        frames = _frames(error.__traceback__)
        if not is_own(attack) or (frames and frames[-1][0] == _KIT):
            raise
        where = _of_syntax(error) or (_shown(*frames[-1][1:]) if frames else line_of(function))
        message = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
        raise kind(fault(attack, where, f"{what} ({message})")) from error


def fault(attack: str, where: str, what: str) -> str:
    """Return a line on an attack of one's own: what is wrong, and where in its source if that is known.

    Examples
    --------
    >>> fault("my_attacks:Width", "my_attacks.py:8", "embed failed")
    'attack my_attacks:Width: my_attacks.py:8: embed failed'
    """
    return ": ".join(part for part in (f"attack {attack}", where, what) if part)


def wrong_numbers(found: object, dimensions: int, shape: tuple[int, ...] | None = None) -> str:
    """Return what is returned in the place of finite numbers; nothing if it is that.

    Parameters
    ----------
    found : object
        What an attack returned.
    dimensions : int
        Of the array that is expected, not empty.
    shape : tuple of int, optional
        Its shape, where that is known.

    Examples
    --------
    >>> wrong_numbers([1.0, 2.0], 1), wrong_numbers([[1.0]], 1), wrong_numbers([1.0, np.nan], 1)
    ('', 'float64 of shape (1, 1)', 'nan at place 1 (1 of 2 are not finite)')
    """
    try:
        values = np.asarray(found)
    except ValueError as error:  # rows of different lengths
        return f"no array ({error})"
    if values.ndim != dimensions or not values.size or values.dtype.kind not in "fiu":
        return f"{values.dtype} of shape {values.shape}"
    if shape is not None and values.shape != shape:
        return f"{values.dtype} of shape {values.shape}"
    wrong = np.flatnonzero(~np.isfinite(values))
    if not wrong.size:
        return ""
    place = np.unravel_index(wrong[0], values.shape)
    at = place[0] if dimensions == 1 else tuple(map(int, place))
    return f"{values[place]} at place {at} ({wrong.size} of {values.size} are not finite)"


def by_cause(lines: Iterable[str], images: Iterable[str]) -> tuple[str, ...]:
    """Return problems; lines of `fault` that differ in the image alone are one: the first, and how many more.

    Examples
    --------
    >>> lines = ["attack x:Y: a.png: no", "attack x:Y: b.png: no", "a.png: empty", "b.png: empty"]
    >>> by_cause(lines, ["a.png", "b.png"])
    ('attack x:Y: a.png and 1 more image: no', 'a.png: empty', 'b.png: empty')
    """
    known = set(images)
    causes: dict[str, list[str]] = {}
    for line in lines:
        parts = line.split(": ") if line.startswith("attack ") else []
        image = next((part for part in parts if part in known), "")
        causes.setdefault(line.replace(f"{image}: ", "{}: ", 1) if image else line, []).append(image)
    return tuple(
        cause.replace("{}", first + (f" and {len(rest)} more image{'s'[: len(rest) > 1]}" if rest else ""), 1)
        if first
        else cause
        for cause, (first, *rest) in causes.items()
    )


def line_of(thing: Any) -> str:
    """Return where a function, a method or a class is defined, as `file:line`; nothing if that is in Python.

    Examples
    --------
    >>> line_of(line_of).partition(":")[0].endswith("own_code.py"), line_of(len)
    (True, '')
    """
    thing = inspect.unwrap(getattr(thing, "__func__", thing))
    if str(getattr(thing, "__module__", "")).partition(".")[0] in sys.stdlib_module_names:
        return ""
    if code := getattr(thing, "__code__", None):
        return _shown(code.co_filename, code.co_firstlineno)
    try:
        return _shown(inspect.getsourcefile(thing) or "", inspect.getsourcelines(thing)[1])
    except (OSError, TypeError):
        return ""


def _frames(trace: TracebackType | None) -> list[tuple[str, str, int]]:
    """Return package, file and line of what was called, below this module and without libraries."""
    found = []
    trace = trace.tb_next if trace else None
    while trace:
        file = trace.tb_frame.f_code.co_filename
        package = str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0]
        if package == _KIT or not file.startswith((*_LIBRARIES, "<")):
            found.append((package, file, trace.tb_lineno))
        trace = trace.tb_next
    return found


def _of_syntax(error: BaseException) -> str:
    """Return the line that Python cannot parse: no frame holds it."""
    if not isinstance(error, SyntaxError) or not error.filename:
        return ""
    return _shown(error.filename, error.lineno or 1)


def _shown(file: str, line: int) -> str:
    """Return `file:line`, from here where the file is below this folder."""
    path = Path(file)
    return f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}:{line}"
