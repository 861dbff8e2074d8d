"""Notes of an evaluation by cause: one line a cause, with the number of notes that have it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mriprivacy.data_prep.formats.tables.foreign_text import one_line

# What the notes of one cause differ in: the attacker before the first colon, names in parentheses, the
# attribute, how many people have which value, and numbers.
_TOPICS = "utility|references|doppelgangers|faces"
_ATTACKER = re.compile(rf"^(?!(?:{_TOPICS}): )[\w.-]+(\([\w,-]+\))?(\+\w+)?(/[\w-]+)?: ")
_LISTED = re.compile(r" ?\((?!s\))[^()]*\)")
_ATTRIBUTE = re.compile(r"(?<=not trained to predict )\w+")
_VALUES = re.compile(r"(?<=people by value are )[^;]*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Cause:
    """Notes that have one cause.

    Attributes
    ----------
    text : str
        The cause in one line; numbers in which the notes differ are a range.
    notes : tuple of str
        Every note, whole.
    """

    text: str
    notes: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many notes have it."""
        return len(self.notes)


def by_cause(notes: Sequence[str]) -> tuple[Cause, ...]:
    """Group notes by cause, in the order in which the causes come first.

    Parameters
    ----------
    notes : sequence of str
        Of an entry or a submission.

    Returns
    -------
    tuple of Cause
        Every note is in exactly one.

    Examples
    --------
    >>> for cause in by_cause([
    ...     "geo+raw: not trained to link: 0 scans of dev have a face",
    ...     "geo+bald: not trained to link: 2 scans of dev have a face",
    ...     "utility: no brain (scan-1)",
    ... ]):
    ...     print(cause.count, cause.text)
    2 not trained to link: 0-2 scans of dev have a face
    1 utility: no brain (scan-1)
    """
    groups: dict[str, list[str]] = {}
    for note in map(one_line, notes):
        groups.setdefault(_NUMBER.sub("#", _common(note)), []).append(note)
    return tuple(Cause(_text(group), tuple(group)) for group in groups.values())


def _common(note: str) -> str:
    """Return a note without what notes of the same cause differ in, numbers apart."""
    kept = _LISTED.sub("", _ATTACKER.sub("", note))
    return _VALUES.sub("unlike", _ATTRIBUTE.sub("attributes", kept))


def _text(group: Sequence[str]) -> str:
    if len(group) == 1:
        return group[0]
    values = {found[0] for note in group if (found := _VALUES.search(note))}
    numbers: Iterator[tuple[str, ...]] = zip(*(_NUMBER.findall(_common(note)) for note in group), strict=True)
    ranges = iter([_range(values) for values in numbers])
    text = _NUMBER.sub(lambda _: next(ranges), _common(group[0]))
    return _VALUES.sub(lambda _: values.pop() if len(values) == 1 else "too few", text)


def _range(values: Sequence[str]) -> str:
    """Return the ends of numbers, as written."""
    ordered = sorted(set(values), key=lambda value: [int(part) for part in re.split("[.,]", value)])
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]}-{ordered[-1]}"
