"""A setting: type, default, choices, limits and meaning in one place, the field of a dataclass.

Hydra's configs, the checks, `--help` and docs/reference/commands.md are made from these fields.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import Any, get_type_hints

from mriprivacy.data_prep.formats.close_words import did_you_mean

REQUIRED: Any = "???"  # as omegaconf writes a value that must be given
_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


@dataclass(frozen=True)
class About:
    """What a field says about its setting; the parameters of `setting`."""

    meaning: str
    choices: Sequence[str]
    at_least: float | None
    at_most: float | None
    above: float | None
    below: float | None
    unit: str
    only: Sequence[str]
    chosen: bool
    note: Callable[[Any], str]


def setting(
    default: Any,
    meaning: str,
    *,
    choices: Sequence[str] = (),
    at_least: float | None = None,
    at_most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    unit: str = "",
    only: Sequence[str] = (),
    chosen: bool = False,
    note: Callable[[Any], str] = lambda value: "",
) -> Any:
    """Return the field of a setting.

    Parameters
    ----------
    default : any
        Its value where nothing else is given; a list is copied; `REQUIRED` if it must be given.
    meaning : str
        What it means, in one line.
    choices : sequence of str
        The only values; of a list, the only items, at least one and each once.
    at_least, at_most, above, below : float, optional
        Limits; the first two are allowed values.
    unit : str
        Of the limits.
    only : sequence of str
        The options of the group that have the setting; empty for all.
    chosen : bool
        Whether this is the name of the option that was chosen.
    note : callable
        What to add to the message about a value that is none of `choices`.
    """
    about = About(meaning, choices, at_least, at_most, above, below, unit, only, chosen, note)
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata={"about": about})
    return field(default=default, metadata={"about": about})


def same_setting(kind: type, name: str) -> Any:
    """Return the field of the same setting in another dataclass."""
    (one,) = (one for one in fields(kind) if one.name == name)
    return field(default=one.default, default_factory=one.default_factory, metadata=one.metadata)


def group(kind: type, option: str, name: str = "") -> Any:
    """Return the field of a group of settings, with its usual option; its name is the field's by default."""
    return field(default_factory=kind, metadata={"option": option, "group": name})


def default_of(one: "Field[Any]") -> Any:
    """Return the default of a field."""
    return one.default if one.default_factory is MISSING else one.default_factory()


def settings_of(kind: type, prefix: str = "") -> Iterator[tuple[str, "Field[Any]", type]]:
    """Yield key, field and type of every setting of a dataclass and of those in it.

    Examples
    --------
    >>> @dataclass
    ... class Lens:
    ...     focus_mm: float = setting(50.0, "focal length", at_least=10)
    >>> [(key, str(kind)) for key, _, kind in settings_of(Lens, "lens.")]
    [('lens.focus_mm', "<class 'float'>")]
    """
    hints = get_type_hints(kind)
    for one in fields(kind):
        if is_dataclass(hints[one.name]):
            yield from settings_of(hints[one.name], f"{prefix}{one.name}.")
        elif "about" in one.metadata:
            yield f"{prefix}{one.name}", one, hints[one.name]


def expected(one: "Field[Any]", kind: type) -> str:
    """Say which values a setting may have.

    Examples
    --------
    >>> @dataclass
    ... class Lens:
    ...     focus_mm: float = setting(50.0, "focal length", at_least=10, unit="mm")
    ...     kind: str = setting("zoom", "which", choices=("zoom", "fixed"))
    >>> [expected(one, kind) for _, one, kind in settings_of(Lens)]
    ['10 mm or more', 'zoom or fixed']
    """
    about: About = one.metadata["about"]
    unit = f" {about.unit}" if about.unit else ""
    is_list = not isinstance(kind, type) or kind not in _KINDS
    if about.choices:
        if is_list:
            return f"one or more of {', '.join(about.choices)}"
        return _one_of(about.choices)
    if about.at_least is not None and about.at_most is not None:
        return f"{about.at_least:.15g} to {about.at_most:.15g}{unit}"
    if about.above is not None and about.below is not None:
        return f"a number between {about.above:.15g} and {about.below:.15g}{unit}"
    if about.at_least is not None:
        return f"{about.at_least:.15g}{unit} or more"
    return "list" if is_list else _KINDS[kind]


def _one_of(values: Sequence[Any]) -> str:
    words = [str(value) for value in values]
    return " or ".join(words) if len(words) < 3 else f"one of {', '.join(words)}"


def setting_problems(values: Any, prefix: str = "") -> list[str]:
    """Say which settings have a value that they may not have, one line each.

    Parameters
    ----------
    values : dataclass
        The settings.
    prefix : str
        What stands before their keys on the command line, such as `cohort.`.

    Examples
    --------
    >>> @dataclass
    ... class Lens:
    ...     focus_mm: float = setting(50.0, "focal length", at_least=10, unit="mm")
    >>> setting_problems(Lens(2), "lens.")
    ['lens.focus_mm is 2; expected 10 mm or more']
    """
    problems: list[str] = []
    hints = get_type_hints(type(values))
    own = {one.name: one.metadata.get("about") for one in fields(values)}
    option = next((getattr(values, name) for name, about in own.items() if about and about.chosen), "")
    for one in fields(values):
        value, about, key = getattr(values, one.name), own[one.name], f"{prefix}{one.name}"
        if is_dataclass(value):
            problems += setting_problems(value, f"{key}.")
        elif about and not _allowed(value, about):
            shown = f"{value:.15g}" if isinstance(value, float) else repr(value)
            if isinstance(value, list):
                shown = f"[{', '.join(map(str, value))}]"
            given = value if isinstance(value, list) else [value]
            slips = [str(word) for word in given if word not in about.choices]
            meant = did_you_mean(slips[0], about.choices) if slips else ""
            wanted = expected(one, hints[one.name]) + about.note(value) + meant
            problems.append(f"{key} is {shown}; expected {wanted}")
        elif about and option and about.only and option not in about.only and value != default_of(one):
            here = prefix.rstrip(".")
            problems.append(
                f"{key} is {value!r}; {here}={option} has no such setting, "
                f"{here}= must be {_one_of(about.only)}"
            )
    return problems


def _allowed(value: Any, about: About) -> bool:
    if value == REQUIRED:
        return True
    if about.choices:
        if not isinstance(value, list):
            return value in about.choices
        # In this order: what is no choice need not be hashable.
        return bool(value) and all(one in about.choices for one in value) and len(set(value)) == len(value)
    return (  # NaN is none of it
        (about.at_least is None or value >= about.at_least)
        and (about.at_most is None or value <= about.at_most)
        and (about.above is None or value > about.above)
        and (about.below is None or value < about.below)
    )
