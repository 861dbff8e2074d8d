"""What is wrong with an input, in lines for people: collected, counted, and safe to print."""

from mriprivacy.scoring.errors import UserError

_SHOWN = 5
_LONGEST_NAMES = 600  # characters of all names in a line


class IncompleteError(UserError):
    """What is named was left out; all else is done, and its output stands."""


def is_for_people(error: Exception) -> bool:
    """Whether a person's input caused an error: a `UserError`, or an error of the file system.

    All other errors are faults of the kit: they keep their traceback.

    Examples
    --------
    >>> is_for_people(FileNotFoundError()), is_for_people(UserError("x")), is_for_people(KeyError())
    (True, True, False)
    """
    return isinstance(error, UserError | OSError)


def problems_of(error: Exception) -> tuple[str, ...]:
    """Return the problems that an error for people names, one line each.

    Examples
    --------
    >>> problems_of(UserError("a", "b")), problems_of(FileNotFoundError(2, "No such file", "people"))
    (('a', 'b'), ('people: No such file',))
    """
    if isinstance(error, UserError):
        return error.problems
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return (f"{where}{error.strerror or type(error).__name__}",)
    return (str(error),)


class Findings:
    """Problems of one file, collected by kind: the first five of a kind are named, all are counted.

    Examples
    --------
    >>> findings = Findings("scores.tsv")
    >>> for line in range(2, 9):
    ...     findings.add("trial is given twice", f"line {line}")
    >>> findings.problems()
    ('scores.tsv: trial is given twice (7 in all): line 2, line 3, line 4, line 5, line 6, ...',)
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._count: dict[str, int] = {}
        self._first: dict[str, list[str]] = {}

    def add(self, kind: str, where: str = "") -> None:
        """Note one problem of a kind, and where it is."""
        self._count[kind] = self._count.get(kind, 0) + 1
        first = self._first.setdefault(kind, [])
        if where and len(first) < _SHOWN:
            first.append(where)

    def problems(self) -> tuple[str, ...]:
        """One line a kind, in the order in which the kinds were met."""
        lines = []
        for kind, count in self._count.items():
            times = f" ({count} in all)" if count > 1 else ""
            named = self._first[kind]
            while len(named) > 1 and len(", ".join(named)) > _LONGEST_NAMES:
                named = named[:-1]
            first = ", ".join(named) + (", ..." if count > len(named) > 0 else "")
            lines.append(f"{self._name}: {kind}{times}" + (f": {first}" if first else ""))
        return tuple(lines)


def shown(text: str, longest: int = 40) -> str:
    r"""Quote text from outside for a message: ASCII only, one line, cut when long.

    Examples
    --------
    >>> print(shown("a\x1b[2Jb"))
    'a\x1b[2Jb'
    >>> shown("x" * 100, longest=5)
    "'xxxxx'..."
    """
    return ascii(text[:longest]) + ("..." if len(text) > longest else "")
