"""What a foreign value of sex or age means; what is not understood is None, and a person is asked."""

import re
from collections.abc import Mapping, Sequence

from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE

OLDEST = 90  # years; who is as old or older is of one group, since so few are
UNKNOWN = frozenset(
    ("", "n/a", "na", "nan", "none", "null", "unknown", "not known", "missing", "-", ".", "?", "u", "unk")
)
_SEX = {
    **dict.fromkeys(("f", "female", "w", "woman", "girl", "weiblich", "frau", "femme", "femenino"), "F"),
    **dict.fromkeys(("m", "male", "man", "boy", "männlich", "maennlich", "mann", "homme", "masculino"), "M"),
    **dict.fromkeys(
        ("o", "other", "d", "divers", "diverse", "x", "nonbinary", "non-binary", "intersex"), "O"
    ),
}
# ISO/IEC 5218. A dataset's own participants.json goes before it.
ISO_5218 = {"0": NOT_AVAILABLE, "1": "M", "2": "F", "9": NOT_AVAILABLE}
_NUMBER = r"\d{1,3}(?:[.,]\d+)?"
_YEARS = re.compile(rf"0*({_NUMBER})", re.ASCII | re.I)
_FROM = re.compile(rf"(?:>=|≥|over|from)?\s*0*({_NUMBER})\s*\+", re.I)
_OVER = re.compile(rf"(?:>|>=|≥|over|above|older than)\s*0*({_NUMBER})", re.I)
_BAND = re.compile(rf"[\[(]?\s*0*({_NUMBER})\s*(?:-|–|—|to|bis)\s*0*({_NUMBER})\s*[\])]?", re.I)


def map_sex(raw: str, levels: Mapping[str, str] = {}) -> str | None:
    """Return `F`, `M`, `O` or `n/a`; None if the value is not understood.

    Parameters
    ----------
    raw : str
        The cell.
    levels : mapping from str to str
        What the dataset's participants.json says of the codes; figures without it follow ISO/IEC 5218.

    Examples
    --------
    >>> [map_sex(raw) for raw in ("Male", "w", "1", "", "D")], map_sex("red")
    (['M', 'F', 'M', 'n/a', 'O'], None)
    >>> map_sex("1", {"1": "female"})
    'F'
    """
    word = raw.strip().casefold()
    if word in UNKNOWN:
        return NOT_AVAILABLE
    said = level_of(raw, levels)
    if said is not None and said.strip().casefold() != word:
        return map_sex(said.split()[0] if said.split() else "")
    return _SEX.get(word) or ISO_5218.get(whole_number(word))


def whole_number(word: str) -> str:
    """Return a code without the `.0` that programs add to a column in which a cell is empty.

    Examples
    --------
    >>> whole_number("1.0"), whole_number("1.5"), whole_number("male")
    ('1', '1.5', 'male')
    """
    return re.sub(r"(?<=\d)\.0+$", "", word.strip())


def level_of(raw: str, levels: Mapping[str, str]) -> str | None:
    """Return what participants.json says of a code, also of `1.0` where it explains `1`; None if nothing.

    Examples
    --------
    >>> level_of("2.0", {"2": "male"}), level_of("3", {"2": "male"})
    ('male', None)
    """
    return levels.get(raw, levels.get(whole_number(raw)))


def map_age(raw: str, months: bool = False) -> str | None:
    """Return an age in years, a band `40-44`, `89+`, or `n/a`; None if the value is not understood.

    Parameters
    ----------
    raw : str
        The cell.
    months : bool
        Whether the dataset says that its ages are in months; then a number alone is understood.

    Examples
    --------
    >>> [map_age(raw) for raw in ("45.0", "045Y", "45,5", "> 89", "90+", "40-44", "")]
    ['45', '45', '45.5', '89+', '89+', '40-44', 'n/a']
    >>> map_age("540", months=True)
    '45'
    >>> map_age("old"), map_age("450"), map_age("44-40")
    (None, None, None)
    """
    text = raw.strip()
    if text.casefold() in UNKNOWN:
        return NOT_AVAILABLE
    if months:
        found = re.fullmatch(r"\d{1,4}(?:\.\d+)?", text, re.ASCII)
        return map_age(f"{float(found[0]) / 12:.2f}") if found else None
    text = re.sub(r"\s*(?:years?|yrs?|y)$", "", text, flags=re.I)
    if found := _YEARS.fullmatch(text):
        years = float(found[1].replace(",", "."))
        return None if years > 120 else f"{years:.6g}"
    if found := _FROM.fullmatch(text) or _OVER.fullmatch(text):
        years = float(found[1].replace(",", "."))
        return f"{years:.6g}+" if years < 89 else "89+"
    if found := _BAND.fullmatch(text):
        first, last = (float(one.replace(",", ".")) for one in found.groups())
        return f"{first:g}-{last:g}" if first < last <= 120 else None
    return None


def group_of(age: str, edges: Sequence[int], oldest: float = OLDEST) -> tuple[str, float | None]:
    """Return the age group of an age as `map_age` gives it, and the age in years where it is known exactly.

    People of 90 and more have no exact age, and are in the last group. A band across groups is `n/a`.

    Parameters
    ----------
    age : str
        Years, `40-44`, `80+`, `89+` or `n/a`.
    edges : sequence of int
        First year of every age group, ascending.
    oldest : float
        From this age on no age is exact.

    Raises
    ------
    ValueError
        If it is no age, or below the first edge.

    Examples
    --------
    >>> edges = [18, 30, 45, 60]
    >>> [group_of(age, edges) for age in ("44.9", "40-44", "40-50", "89+", "93", "n/a")]
    [('30-44', 44.9), ('30-44', None), ('n/a', None), ('60+', None), ('60+', None), ('n/a', None)]
    """
    if age == NOT_AVAILABLE:
        return NOT_AVAILABLE, None
    band = re.fullmatch(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?)|(\+))?", age, re.ASCII)
    if band is None:
        raise ValueError("is no age; expected years, a band such as 40-44, 89+ or n/a")
    first = float(band[1])
    last = float(band[2]) if band[2] else 120.0 if band[3] else first
    if not edges[0] <= first <= last <= 120:
        raise ValueError(f"is not an age of {edges[0]} to 120 years (age_edges begin at {edges[0]})")
    groups = {_group(min(years, oldest), edges) for years in (first, last)}
    exact = first if first == last < oldest else None
    return (groups.pop() if len(groups) == 1 else NOT_AVAILABLE), exact


def _group(years: float, edges: Sequence[int]) -> str:
    first = max(edge for edge in edges if edge <= years)
    later = [edge for edge in edges if edge > years]
    return f"{first}-{min(later) - 1}" if later else f"{first}+"
