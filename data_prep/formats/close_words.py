"""The known word that somebody probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what to add to a message about an unknown word; empty where no known word is close.

    Parameters
    ----------
    word : str
        What was given.
    known : iterable of str
        What could have been. Of a key such as `attack.size`, the part behind the last dot may be close, too.

    Examples
    --------
    >>> did_you_mean("evaluat", ["evaluate", "rank"]), did_you_mean("teleport", ["evaluate", "rank"])
    ('; did you mean evaluate?', '')
    >>> did_you_mean("spacing", ["attack.spacing_mm", "output"])
    '; did you mean attack.spacing_mm?'
    """
    every = list(known)
    ends = {key.rpartition(".")[2]: key for key in reversed(every)}
    found = get_close_matches(word, every, n=1, cutoff=0.75)
    found = found or [ends[end] for end in get_close_matches(word.rpartition(".")[2], ends, n=1, cutoff=0.75)]
    return f"; did you mean {found[0]}?" if found else ""
