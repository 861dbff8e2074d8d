"""What a participant reads of a submission: the most important first, within what the channel carries."""

from collections.abc import Iterable

from mriprivacy.data_prep.formats.tables.foreign_text import one_line

# grand-challenge shows this many characters of a message.
LONGEST = 1024
_MORE = "and {} more; check shows all"


def bounded(problems: Iterable[str], longest: int = LONGEST, joint: int = 1) -> tuple[str, ...]:
    """Return lines that fit into a channel together: whole ones from the first on, then how many are left.

    Parameters
    ----------
    problems : iterable of str
        The most important first.
    longest : int
        Characters of all lines with what stands between them.
    joint : int
        Characters between two lines.

    Examples
    --------
    >>> bounded(["first problem", "second problem", "third problem"], longest=41)
    ('first problem', 'and 2 more; check shows all')
    >>> bounded(["x" * 2000])[0][-5:], len(bounded(["x" * 2000])[0])
    ('xx...', 1024)
    """
    lines = [one_line(problem) for problem in problems]
    if sum(map(len, lines)) + joint * (len(lines) - 1) <= longest:
        return tuple(lines)
    room = longest - joint - len(_MORE.format(len(lines))) if len(lines) > 1 else longest
    first = lines[0] if len(lines[0]) <= room else lines[0][: room - 3] + "..."
    kept, used = [first], len(first)
    for line in lines[1:]:
        used += joint + len(line)
        if used > room:
            break
        kept.append(line)
    left = len(lines) - len(kept)
    return (*kept, _MORE.format(left)) if left else tuple(kept)
