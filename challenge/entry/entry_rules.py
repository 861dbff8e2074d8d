"""What may stand in `entry.json`, field by field; everything that is wrong with one, a line each."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mriprivacy.challenge.edition import defaced
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import AGE, CHOSEN, EVERY_LEVEL, IMAGE_LISTS, ORACLE, SUBMITTED
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.scoring import ScoringError, Signature

Requirement = Callable[[object], str | None]  # None for what may stand there, or else what was expected


@dataclass(frozen=True)
class Described:
    """A requirement that says as JSON Schema, too, what may stand there (`challenge.entry.schema`).

    Attributes
    ----------
    check : Requirement
        Decides. It may be stricter than the schema, and is never more lenient.
    schema : mapping
        In the words of JSON Schema.
    """

    check: Requirement
    schema: Mapping[str, Any]

    def __call__(self, value: object) -> str | None:
        """Return None for what may stand there, or else what was expected."""
        return self.check(value)


MOST = 10**9  # people, scans, trials
LARGEST = 1e9  # years, seconds, ratios
_SLACK = 1e-9  # of a share whose last bits were rounded
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
EXPOSURES = ("people_found_any", "partial_auc")
_DRAWS = re.compile(r"([01]\.\d{4}( [01]\.\d{4})+)?", re.ASCII)
_SHARES = (
    *("eer", "auc", "partial_auc", "linkability", "tmr_at_fmr_1pct", "tmr_at_fmr_01pct", "rank1"),
    *("fnir_at_fpir_10pct", "people_found_any", "people_found_all", "utility", "brain_dice", "kept_share"),
    *("accuracy", "balanced_accuracy", "macro_f1", "auc_doppelganger"),
)
RANGES = dict.fromkeys(_SHARES, (0.0, 1.0)) | {
    "gain": (-1.0, 1.0),
    "identity": (-1.0, 1.0),
    "min_cllr": (0.0, LARGEST),
}


def text(rule: fields.Rule, *, empty: bool = False) -> Requirement:
    """Make a requirement of a rule for text, which may be empty or not."""

    def check(value: object) -> str | None:
        if not isinstance(value, str):
            return "text"
        return None if empty and not value else rule(value)

    expected = rule("\0") or ""
    return Described(check, {"type": "string", "description": f"{expected}{', or empty' * empty}"})


def number(low: float, high: float, *, whole: bool = False) -> Requirement:
    """Make a check for numbers within bounds, ends included; NaN is in none.

    Examples
    --------
    >>> number(0, 1)(0.5), number(0, 1)(float("nan")), number(0, 1)(True), number(0, 9, whole=True)(0.5)
    (None, 'a number from 0 to 1', 'a number from 0 to 1', 'a whole number from 0 to 9')
    """
    what = "a whole number" if whole else "a number"

    def check(value: object) -> str | None:
        kind = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        return None if kind and _within(value, low, high) else f"{what} from {low:g} to {high:g}"

    bounds = {"minimum": low - _SLACK, "maximum": high + _SLACK}
    return Described(check, {"type": "integer" if whole else "number", **bounds})


def _within(value: Any, low: float, high: float) -> bool:
    return bool(low - _SLACK <= value <= high + _SLACK)


def _printable(longest: int) -> Requirement:
    """Make a check for what the kit itself writes, names of a cohort's groups included."""

    def check(value: object) -> str | None:
        good = isinstance(value, str) and 1 <= len(value) <= longest and value.isprintable()
        return None if good else f"1-{longest} printable characters on one line"

    return Described(check, {"type": "string", "minLength": 1, "maxLength": longest})


def _yes_or_no(value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _draws(value: object) -> str | None:
    good = isinstance(value, str) and _DRAWS.fullmatch(value) and not re.search(r"1\.0*[1-9]", value)
    return None if good else "shares with four decimals, two or more, a space between"


def _exposure(value: object) -> str | None:
    return None if value in ("", *EXPOSURES) else f"one of {', '.join(EXPOSURES)}"


def _trial_list(value: object) -> str | None:
    lists = ("all", CHOSEN, "matched", "distractors", *IMAGE_LISTS)
    if isinstance(value, str):
        attribute, _, group = value.partition("=")
        if value in lists or (attribute in Attributes._fields and _printable(200)(group) is None):
            return None
    return f"{', '.join(lists)}, or a group such as sex=F"


def _level(value: object) -> str | None:
    levels = (*EVERY_LEVEL, SUBMITTED, ORACLE)
    return None if value in levels else f"one of {', '.join(levels)}"


FLAG = Described(_yes_or_no, {"type": "boolean"})
COUNT = number(0, MOST, whole=True)
LINE, NOTE = _printable(300), _printable(10_000)
ENTRY: Mapping[str, Requirement] = {
    "edition": text(fields.edition_name),
    "edition_hash": text(fields.sha256),
    "synthetic": FLAG,
    "track": text(fields.track),
    "team": text(fields.name),
    "system": text(fields.name),
    "description": text(fields.line(500), empty=True),
    "submission_sha256": text(fields.sha256),
    "kit": text(fields.matching("[A-Za-z0-9][A-Za-z0-9.+:_-]{0,79}", "a version such as 0.1.0")),
}
# Kits before this one did not write all of them.
OPTIONAL: Mapping[str, Requirement] = {
    "draws": Described(_draws, {"type": "string"}),
    "exposure": Described(_exposure, {"enum": ["", *EXPOSURES]}),
    "exposure_draws": Described(_draws, {"type": "string"}),
    "licence": text(fields.line(500), empty=True),
    "citation": text(fields.line(2000), empty=True),
    "released": text(fields.day, empty=True),
    "received": text(fields.day, empty=True),
    "supersedes": text(fields.edition_reference, empty=True),
    "salt": text(fields.sha256, empty=True),
    "edition_doi": text(fields.doi, empty=True),
    "doi": text(fields.doi, empty=True),
    "orcids": text(fields.orcids, empty=True),
    "draw_of": text(fields.name, empty=True),
    "organizer_signature": text(fields.matching("[0-9a-f]{128}", "128 digits, 0-9 and a-f"), empty=True),
}
DEFACED: Mapping[str, Requirement] = {
    **{name: text(rule) for name, rule in defaced.RULES.items()},
    "code": text(defaced.CODE, empty=True),
}
RESULT: Mapping[str, Requirement] = {
    "name": LINE,
    "level": Described(_level, {"enum": [*EVERY_LEVEL, SUBMITTED, ORACLE]}),
    "trial_list": Described(_trial_list, {"type": "string"}),
}
GATE: Mapping[str, Requirement] = {
    "passed": COUNT,
    "scans": number(1, MOST, whole=True),
    "unchanged": COUNT,
    "worst_changed": number(0, LARGEST),
}
CHECK: Mapping[str, Requirement] = {
    "question": LINE,
    "attacker": LINE,
    **dict.fromkeys(("value", "low", "high"), number(-LARGEST, LARGEST)),
    "passed": FLAG,
}


def entry_problems(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the content of an `entry.json`: `FIELD is FOUND; expected WANTED`.

    Parameters
    ----------
    value : mapping
        As JSON has it.

    Examples
    --------
    >>> next(entry_problems({"edition": "../x"}))
    "edition is '../x'; expected '<id>/<version>' of the edition"
    """
    parts = {"results": list, "gate": dict, "checks": list, "warnings": list}
    later = {"seconds": dict, "utility": dict, "face": dict, "presence": dict, "games": list, "defaced": dict}
    yield from _members(value, ENTRY, "", {**OPTIONAL, **dict.fromkeys((*parts, *later), _anything)})
    for name, kind in (parts | later).items():
        if name not in value and name in parts:
            yield f"{name} is missing"
        elif not isinstance(value.get(name, kind()), kind):
            yield f"{name} is {found(value[name])}; expected {'a list' if kind is list else 'an object'}"
            return
    for i, result in enumerate(value.get("results", ())):
        yield from _result(result, f"results[{i}]", value)
    yield from _gate(value.get("gate"))
    for i, check in enumerate(value.get("checks", ())):
        yield from _members(check, CHECK, f"checks[{i}]")
    yield from _each(value.get("warnings", ()), "warnings", NOTE)
    yield from _named(value.get("seconds", {}), "seconds", number(0, MOST))
    yield from _named(value.get("presence", {}), "presence", COUNT)
    yield from _figures(value.get("utility", {}), "utility")
    yield from _figures(value.get("face", {}), "face")
    yield from _each(value.get("games", ()), "games", NOTE)
    yield from _of_defaced(value)
    yield from _of_draw(value)
    yield from _strongest(value)


def found(value: object) -> str:
    """Say what stands somewhere, short enough for a line.

    Examples
    --------
    >>> found({}), found(None), found(0.5), found("a" * 50)  # doctest: +ELLIPSIS
    ('an object', 'null', '0.5', "'aaa...aaa'...")
    """
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return shown(value)
    words = {True: "true", False: "false", None: "null"}
    return words[value] if isinstance(value, bool) or value is None else f"{value!r:.40}"


def _anything(_: object) -> None:
    return None


def _members(
    value: object,
    checks: Mapping[str, Requirement],
    where: str,
    optional: Mapping[str, Requirement] | None = None,
) -> Iterator[str]:
    """Check an object: the members of `checks` must be there, those of `optional` may, and no others."""
    if not isinstance(value, dict):
        yield f"{where} is {found(value)}; expected an object"
        return
    before, known = f"{where}." if where else "", {**checks, **(optional or {})}
    for name, check in known.items():
        if name not in value:
            if name in checks:
                yield f"{before}{name} is missing"
        elif (wanted := check(value[name])) is not None:
            yield f"{before}{name} is {found(value[name])}; expected {wanted}"
    if unknown := [shown(name) for name in value if name not in known]:
        yield f"{before}{unknown[0]} is unknown; expected {', '.join(known)}"


def _each(values: Any, where: str, check: Requirement) -> Iterator[str]:
    for i, value in enumerate(values):
        if (wanted := check(value)) is not None:
            yield f"{where}[{i}] is {found(value)}; expected {wanted}"


def _named(values: Mapping[str, Any], where: str, check: Requirement) -> Iterator[str]:
    for name, value in values.items():
        if (wanted := _printable(80)(name)) is not None:
            yield f"{where} has {shown(name)}; expected names of {wanted}"
        elif (wanted := check(value)) is not None:
            yield f"{where}.{shown(name)} is {found(value)}; expected {wanted}"


def _result(value: object, where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    parts = dict.fromkeys(("figures", "counts", "signature"), _anything)
    before = _members(value, {**RESULT, **parts}, where, {"rates": FLAG})
    wrong = list(before)
    yield from wrong
    if wrong or not isinstance(value, dict):
        return
    for name in ("figures", "counts"):
        if not isinstance(value[name], dict):
            yield f"{where}.{name} is {found(value[name])}; expected an object"
            return
    yield from _figures(value["figures"], f"{where}.figures")
    yield from _named(value["counts"], f"{where}.counts", COUNT)
    yield from _needed(value, where, entry)
    if (wanted := _signature(value["signature"], entry)) is not None:
        yield f"{where}.signature is {found(value['signature'])}; expected {wanted}"


def _figures(values: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, one in values.items():
        if not _METRIC.fullmatch(name):
            yield f"{where} has {shown(name)}; expected names of metrics"
            continue
        low, high = RANGES.get(name, (-LARGEST, LARGEST))
        inside = number(low, high)
        # A figure without an interval has neither end, and says what it needs.
        missing = (
            isinstance(one, dict) and "needs" in one and one.get("low") is None and one.get("high") is None
        )
        ends = _anything if missing else inside
        rules = {"value": inside, "low": ends, "high": ends, "n": COUNT}
        wrong = list(_members(one, rules, f"{where}.{name}", {"needs": LINE}))
        yield from wrong
        if not wrong and not missing and one["low"] > one["high"]:
            yield f"{where}.{name}.low is {one['low']!r}; expected no more than high, {one['high']!r}"


def _needed(value: Mapping[str, Any], where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """Ask for the figures and counts that every table and every ranking needs."""
    figures: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    if value["trial_list"] in IMAGE_LISTS:
        years = Attacker.parse(f"{value['name']}/{value['level']}").predicts == AGE
        figures = ("mae_years", "gain_years") if years else ("accuracy", "gain")
    elif value["trial_list"] in ("all", CHOSEN):
        figures, counts = ("auc",), ("mated", "nonmated", "subjects")
        if value["trial_list"] == CHOSEN and isinstance(exposure := entry.get("exposure"), str) and exposure:
            figures += (exposure,)
        if entry.get("track") == "defacing" and value["level"] != ORACLE:
            counts += ("probes", "failures_to_acquire")
    for part, names in (("figures", figures), ("counts", counts)):
        for name in names:
            if name not in value[part]:
                yield f"{where}.{part}.{name} is missing"


def _signature(value: object, entry: Mapping[str, Any]) -> str | None:
    """Accept a signature as the kit writes it, of the entry's own edition and system."""
    expected = "one as the kit writes it: ed:... | tr:... | att:..., and so on"
    if not isinstance(value, str) or _printable(1000)(value) is not None:
        return expected
    try:
        signature = Signature.parse(value)
    except ScoringError:
        return expected
    if str(signature) != value:
        return expected
    edition = f"{entry.get('edition')}@{str(entry.get('edition_hash'))[:8]}"
    system = f"{entry.get('team')}/{entry.get('system')}"
    if signature.edition != edition:
        return f"one of the entry's edition, {shown(f'ed:{edition}', 80)}"
    if signature.track.partition("/")[0] != entry.get("track"):
        return f"one of the entry's track, {shown('tr:' + str(entry.get('track')))}"
    return (
        None
        if signature.system in ("", system)
        else f"one of the entry's system, {shown(f'sys:{system}', 100)}"
    )


def _gate(value: Any) -> Iterator[str]:
    if not value:
        return
    optional = {"failed": lambda names: None if isinstance(names, list) else "a list", "estimated": COUNT}
    wrong = list(_members(value, GATE, "gate", optional))
    yield from wrong
    if not wrong:
        yield from _each(value.get("failed", ()), "gate.failed", LINE)
        for name in ("passed", "unchanged"):
            if value[name] > value["scans"]:
                yield f"gate.{name} is {value[name]}; expected no more than gate.scans, {value['scans']}"


def _of_defaced(value: Mapping[str, Any]) -> Iterator[str]:
    if "defaced" in value:
        yield from _members(value["defaced"], DEFACED, "defaced")
        if value.get("track") == "defacing":
            yield "defaced is an object; expected none in the track defacing: such scans are attacked"


def _of_draw(value: Mapping[str, Any]) -> Iterator[str]:
    if draw_of := value.get("draw_of"):
        if value.get("track") != "defacing":
            yield f"draw_of is {found(draw_of)}; expected none but in the track defacing"
        if (wanted := fields.not_itself(draw_of, value.get("system"))) is not None:
            yield f"draw_of is {found(draw_of)}; expected {wanted}"


def _strongest(value: Mapping[str, Any]) -> Iterator[str]:
    """Ask for the results that decide: an attacker on all trials, or attributes of the scans as submitted."""
    if value.get("track") not in ("defacing", "attack"):
        return
    results = [one for one in value.get("results", ()) if isinstance(one, dict)]
    if not any(one.get("trial_list") == "all" and one.get("level") != ORACLE for one in results):
        yield "results have no attacker on all trials; expected one or more"
