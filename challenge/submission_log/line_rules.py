"""What may stand in a line of the log, member by member.

What is read decides over limits, over the names of files in `scores/` and over what a terminal shows.
"""

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from mriprivacy.data_prep.formats import fields

EVENTS = ("accepted", "refused", "over limit", "failed", "evaluated", "evaluated again", "repaired")
LATER = ("entry", "note", "bits")  # members that a line has only where they are not empty
TIME = "%Y-%m-%dT%H:%M:%SZ"
_NONE = "n/a"
_MOST_BITS = 1e6


def _text(rule: fields.Rule, *also: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and (value in also or rule(value) is None)


def _number(low: float, high: float, *kinds: type) -> Callable[[object], bool]:
    return lambda value: type(value) in kinds and math.isfinite(value) and low <= value <= high  # type: ignore[arg-type,operator]


def _is_time(value: object) -> bool:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value, re.ASCII):
        with suppress(ValueError):
            return datetime.strptime(value, TIME) is not None
    return False


_RULES: Mapping[str, Callable[[object], bool]] = {
    "event": lambda value: value in EVENTS,
    "edition": _text(fields.edition_name, _NONE),
    "track": _text(fields.track, _NONE),
    "team": _text(fields.name, _NONE),
    "system": _text(fields.name, _NONE),
    "submission": _text(fields.sha256, _NONE),
    "archive": _text(fields.sha256, _NONE),
    "problems": _number(0, 10**9, int),
    "score": lambda value: value is None or _number(-1, 1, int, float)(value),
    "number": _number(1, 10**9, int),
    "time": _is_time,
    "previous": _text(fields.sha256),
    "entry": _text(fields.sha256, ""),
    "note": lambda value: isinstance(value, str) and value.isprintable(),
    "bits": _number(0, _MOST_BITS, int, float),
}


def odd_member(members: Mapping[str, Any]) -> str:
    """Return the first member of a line that holds what it may not; empty if there is none.

    Parameters
    ----------
    members : mapping
        All of a line, those that it may leave out as they stand for nothing.

    Examples
    --------
    >>> odd_member({"event": "refused", "team": "../x"}), odd_member({"team": "anna", "bits": 2.8})
    ('team', '')
    """
    return next((name for name, value in members.items() if not _RULES[name](value)), "")
