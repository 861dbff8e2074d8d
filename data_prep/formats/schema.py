"""The columns of every table of an edition and a submission, and what a cell may hold."""

import math
import re
from typing import NamedTuple

CONTRASTS = ("T1w", "T2w", "FLAIR", "PDw")  # BIDS suffixes of the scans that are simulated
SCAN_CONTRASTS = (*CONTRASTS, "UNIT1")  # of those that editions are made of
CONDITIONS = ("raw", "bald")  # of photographs
NOT_AVAILABLE = "n/a"
DISTRACTORS = "distractors.tsv"  # trials with distractors, and the scores of those trials
SEALED_DOPPELGANGERS = "doppelgangers"  # folder below `sealed/`, by condition and reference
TRIAL_COLUMNS = ("probe", "reference")
KEY_COLUMNS = ("probe", "reference", "label")
SEALED_KEY_COLUMNS = ("probe", "reference", "label", "matched")
SCORE_COLUMNS = ("probe", "reference", "score")
ATTRIBUTE_COLUMNS = ("probe", "sex", "age_group", "ethnicity")
SUBJECT_COLUMNS = ("id", "subject", "split")
AGE_COLUMNS = ("probe", "age")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
# Sums and squares of scores must be finite too: two of 1e308 are already not.
_LARGEST_SCORE = 1e30
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)


def parse_id(cell: str) -> str:
    """Accept an id: letters, digits, `-` and `_`, at most 64, beginning with a letter or a digit.

    Examples
    --------
    >>> parse_id("NA"), parse_id("001")
    ('NA', '001')
    """
    if not _ID.fullmatch(cell):
        raise ValueError("is not an id (1-64 letters, digits, '-' and '_')")
    return cell


def parse_score(cell: str) -> float:
    """Read a finite decimal number of at most 1e30 in magnitude; nothing else that `float` would accept.

    Examples
    --------
    >>> parse_score("-1.5e-3")
    -0.0015
    >>> parse_score("1e999")
    Traceback (most recent call last):
    ValueError: is not a finite decimal number such as 0.25 or -1.5e-3
    """
    value = float(cell) if _NUMBER.fullmatch(cell) else math.nan
    if not math.isfinite(value):
        raise ValueError("is not a finite decimal number such as 0.25 or -1.5e-3")
    if abs(value) > _LARGEST_SCORE:
        raise ValueError(f"is beyond {_LARGEST_SCORE:g} in magnitude; scale all scores down by one factor")
    return value


class Attributes(NamedTuple):
    """What is known of a subject besides the images; `n/a` for unknown."""

    sex: str
    age_group: str
    ethnicity: str
