"""Rules for what others write into a field: None for what may stand there, or else what was expected.

Names become parts of paths, of tables and of commands, so they are letters, digits and three marks; text is
one line that shows what it holds. The same rules hold for `submission.json`, `edition.json` and entries.
"""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date

TRACKS = ("defacing", "attack", "attributes")

Rule = Callable[[str], str | None]

_ID = r"[a-z0-9][a-z0-9-]{0,39}"
_VERSION = r"[A-Za-z0-9][A-Za-z0-9.]{0,19}"
_SHA256 = r"[0-9a-f]{64}"


def matching(pattern: str, expected: str) -> Rule:
    """Make a rule of a pattern for the whole of a text in ASCII.

    Examples
    --------
    >>> matching("[0-9]+", "digits")("1x")
    'digits'
    """
    known = re.compile(pattern, re.ASCII)

    def rule(value: str) -> str | None:
        return None if known.fullmatch(value) else expected

    return rule


name = matching(
    r"[A-Za-z0-9](?:[A-Za-z0-9.-]|_(?!_)){0,38}[A-Za-z0-9]|[A-Za-z0-9]",
    "1-40 letters, digits, '.', '-' and '_', a letter or digit at both ends, no '__'",
)
edition_id = matching(_ID, "1-40 lower case letters, digits and '-', a letter or digit first")
version = matching(_VERSION, "1-20 letters, digits and '.', a letter or digit first")
edition_name = matching(f"{_ID}/{_VERSION}", "'<id>/<version>' of the edition")
edition_reference = matching(f"{_ID}/{_VERSION}@{_SHA256}", "'<id>/<version>@<edition hash>'")
sha256 = matching(_SHA256, "64 digits, 0-9 and a-f")
_email = matching(r"[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "an e-mail address of at most 100 characters")


def email(value: str) -> str | None:
    """Rule for an address such as `us@example.org`.

    Examples
    --------
    >>> email("us@example.org"), email("notanemail")
    (None, 'an e-mail address of at most 100 characters')
    """
    return _email(value) or (None if len(value) <= 100 else _email(""))


_LOOKS = str.maketrans({"0": "o", "1": "l", "i": "l", ".": None, "-": None, "_": None})


def skeleton(value: str) -> str:
    """Return what is left of a name when what looks alike is one: case, marks, 0 and O, 1, l and I, rn and m.

    Examples
    --------
    >>> skeleton("Anna-1"), skeleton("ANNAI"), skeleton("annal")
    ('annal', 'annal', 'annal')
    >>> skeleton("modern"), skeleton("mode_m")
    ('modem', 'modem')
    """
    return value.casefold().translate(_LOOKS).replace("rn", "m").replace("vv", "w")


def alike(one: str, other: str) -> bool:
    """Say whether two names look the same at a glance, and so are one."""
    return skeleton(one) == skeleton(other)


RESERVED_TEAMS = ("reference", "baseline", "mriprivacy", "organizer", "organiser", "admin", "official")


def is_reserved(team: str) -> bool:
    """Say whether a team's name is, or looks like, one that is for the kit's own systems or the organizer.

    Examples
    --------
    >>> is_reserved("Reference"), is_reserved("base-line"), is_reserved("referees")
    (True, True, False)
    """
    return any(alike(team, name) for name in RESERVED_TEAMS)


def track(value: str) -> str | None:
    """Accept a track."""
    return None if value in TRACKS else f"{', '.join(TRACKS[:-1])} or {TRACKS[-1]}"


def day(value: str) -> str | None:
    """Accept a day as ISO 8601 writes it.

    Examples
    --------
    >>> day("2026-11-24"), day("20261124")
    (None, 'a day such as 2026-11-24')
    """
    with suppress(ValueError):
        if date.fromisoformat(value).isoformat() == value:
            return None
    return "a day such as 2026-11-24"


def orcid(value: str) -> str | None:
    """Accept an ORCID iD: sixteen digits whose last one is their check digit (ISO/IEC 7064, MOD 11-2).

    Examples
    --------
    >>> orcid("0000-0002-1825-0097"), orcid("0000-0002-1694-233X")
    (None, None)
    >>> orcid("0000-0002-1825-0098")
    'an ORCID iD such as 0000-0002-1825-0097, whose last digit checks the others'
    """
    expected = "an ORCID iD such as 0000-0002-1825-0097, whose last digit checks the others"
    if not re.fullmatch(r"(\d{4}-){3}\d{3}[\dX]", value, re.ASCII):
        return expected
    digits, last = value.replace("-", "")[:-1], value[-1]
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return None if last == ("X" if check == 10 else str(check)) else expected


def orcids(value: str) -> str | None:
    """Accept one to twenty ORCID iDs, separated by commas.

    Examples
    --------
    >>> orcids("0000-0002-1825-0097,0000-0002-1694-233X"), orcids("0000-0002-1825-0097,")
    (None, '1-20 ORCID iDs such as 0000-0002-1825-0097, separated by commas')
    """
    parts = value.split(",")
    good = 1 <= len(parts) <= 20 and all(orcid(part) is None for part in parts)
    return None if good else "1-20 ORCID iDs such as 0000-0002-1825-0097, separated by commas"


def doi(value: str) -> str | None:
    """Accept a DOI without the address before it: `10.`, a registrant, a slash, and a name without spaces.

    Examples
    --------
    >>> doi("10.1016/j.media.2020.101796"), doi("https://doi.org/10.1016/j.media.2020.101796")
    (None, 'a DOI such as 10.1016/j.media.2020.101796, without an address before it')
    """
    good = len(value) <= 200 and re.fullmatch(r"10\.\d{4,9}(\.\d+)*/[-._;()/:A-Za-z0-9]+", value, re.ASCII)
    return None if good else "a DOI such as 10.1016/j.media.2020.101796, without an address before it"


def line(longest: int) -> Rule:
    r"""Make a rule for text of 1 to so many characters on one line, in which nothing is hidden.

    Examples
    --------
    >>> rule = line(20)
    >>> rule("Émile, 2 × 3 < 7"), rule("a\u2028b"), rule("a\u202eb"), rule("")  # doctest: +ELLIPSIS
    (None, '1-20 characters ...', '1-20 characters ...', '1-20 characters ...')
    """
    expected = f"1-{longest} characters on one line, composed (NFC), without control or formatting characters"

    def rule(value: str) -> str | None:
        if 1 <= len(value) <= longest and value == value.strip() and unicodedata.is_normalized("NFC", value):
            kinds = {unicodedata.category(char) for char in value}
            # Control, formatting, surrogates; the separators of lines and paragraphs.
            if not any(kind[0] == "C" or kind in ("Zl", "Zp") for kind in kinds):
                return None
        return expected

    return rule


def not_itself(draw_of: object, system: object) -> str | None:
    """Return what was expected of the name of a system's first draw, if a system names itself; else None.

    Names that differ in upper and lower case alone are one: their entries would be one file on many disks.

    Examples
    --------
    >>> not_itself("noise", "noise-draw2"), not_itself("Noise", "noise")
    (None, "the name of another system, that of the first draw; the first draw itself has no 'draw_of'")
    """
    if isinstance(draw_of, str) and isinstance(system, str) and draw_of.casefold() == system.casefold():
        return "the name of another system, that of the first draw; the first draw itself has no 'draw_of'"
    return None
