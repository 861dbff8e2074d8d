"""What a hospital's container takes from the parameters file, which comes from the benchmark's owner.

A hospital draws its own seed, and says itself where things lie: no word may decide that, nor ask for what the
hospital's machine holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mriprivacy.challenge.export.columns import CHOICES
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError

_NAME = "the parameters file"
# Of edition.json, what the editions of all hospitals have in common.
ALIKE = ("id", "version", "licence", "citation", "consent", "contrast")
DESIGN = ("dev_share", "age_edges", "nonmated_per_probe")
_EDITION = "|".join((*ALIKE, *DESIGN, "references", "hair_removal", "tracks"))
_BUILD = re.compile(rf"edition\.({_EDITION})|protocol\.\w+|compute(\.\w+)?|cache", re.ASCII)
_MODELS = ("deface", "attack", "infer")
_MODEL = re.compile(r"(defacer|attack|compute)(\.\w+)?|cache", re.ASCII)
_STEP = (0.01, 0.5)  # as `limits.step`


def build_given(path: Path) -> list[str]:
    """Return the words by which a hospital's edition is built; UserError for one that it may not decide."""
    return _words(read_json_object(path, name=_NAME).get("build", []), "build", _BUILD)


def model_command(path: Path) -> list[str]:
    """Return the command of a reference system and its words; UserError if it is none."""
    given = read_json_object(path, name=_NAME).get("command")
    if not isinstance(given, list) or not given or given[0] not in _MODELS:
        raise UserError(f"{_NAME}: command is {shown(str(given))}; expected one of {', '.join(_MODELS)}")
    return [given[0], *_words(given[1:], "command", _MODEL)]


@dataclass(frozen=True)
class Metrics:
    """What the metrics container writes.

    Attributes
    ----------
    track : str
        Of the benchmark.
    step : float
        In which scores are shown.
    columns : str
        As in `challenge.export.columns.columns`.
    risk_counts : bool
        Whether the counts of the risk report are written with the scores.
    """

    track: str
    step: float
    columns: str
    risk_counts: bool


def metrics(path: Path) -> Metrics:
    """Return what is to be written; UserError for what would show more than the export counted."""
    about: Mapping[str, Any] = read_json_object(path, name=_NAME)
    track, columns, risk_counts = about.get("track"), about.get("columns"), about.get("risk_counts", False)
    step: Any = about.get("step")
    low, high = _STEP
    if track not in fields.TRACKS:
        raise UserError(f"{_NAME}: track is {shown(str(track))}; expected one of {', '.join(fields.TRACKS)}")
    if type(step) not in (int, float) or not low <= step <= high:
        raise UserError(f"{_NAME}: step is {shown(str(step))}; expected a number from {low:g} to {high:g}")
    if columns not in CHOICES:
        raise UserError(f"{_NAME}: columns is {shown(str(columns))}; expected one of {', '.join(CHOICES)}")
    if type(risk_counts) is not bool or (risk_counts and track != "defacing"):
        raise UserError(
            f"{_NAME}: risk_counts is {shown(str(risk_counts))} and track {track}; expected false, or true "
            "and track defacing"
        )
    return Metrics(str(track), float(step), str(columns), risk_counts)


def _words(given: object, name: str, known: re.Pattern[str]) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(word, str) for word in given):
        raise UserError(f"{_NAME}: {name} is {shown(str(given))}; expected a list of words key=value")
    for word in given:
        key, sign, value = word.partition("=")
        if not sign or not known.fullmatch(key) or "${" in value or "\0" in value:
            raise UserError(
                f"{_NAME}: {name} has {shown(word)}; expected rules of the edition, since "
                "the hospital decides over seed and places, and its machine is not asked"
            )
    return given
