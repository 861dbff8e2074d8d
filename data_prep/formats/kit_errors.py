"""What counts as a mistake in the input: one line a problem, exit status 2, no traceback."""

from mriprivacy.data_prep.formats.problems import ProblemsError


class InputError(ProblemsError):
    """One or more things wrong with what a person gave to a command, one line each."""


class IncompleteError(InputError):
    """What is named was left out; all else is done, and its output stands."""


def is_for_people(error: Exception) -> bool:
    """Say whether an error is about the input: one of this project's own classes, or the file system's.

    Anything else that is raised is a fault of the kit and keeps its traceback.

    Examples
    --------
    >>> is_for_people(FileNotFoundError()), is_for_people(InputError("x")), is_for_people(KeyError())
    (True, True, False)
    """
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] == "mriprivacy"


def problems_of(error: Exception) -> tuple[str, ...]:
    """Return the problems an error names, one line each."""
    if isinstance(error, OSError):
        return (describe(error),)
    return tuple(getattr(error, "problems", ())) or tuple(filter(None, str(error).splitlines()))


def describe(error: OSError) -> str:
    """Return an error of the file system as one line.

    Examples
    --------
    >>> describe(FileNotFoundError(2, "No such file or directory", "people"))
    'people: No such file or directory'
    """
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or type(error).__name__}"
