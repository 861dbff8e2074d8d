"""From `key=value` words to typed settings: Hydra composes, dataclasses check."""

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from itertools import product, takewhile
from types import ModuleType
from typing import Any, TypeVar

from hydra import compose, initialize_config_module
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mriprivacy.challenge.settings.bare_words import POSITIONAL
from mriprivacy.data_prep.formats.close_words import did_you_mean
from mriprivacy.data_prep.formats.settings import default_of, expected, setting_problems, settings_of
from mriprivacy.scoring.errors import UserError

Settings = TypeVar("Settings")

_WRITE = "mriprivacy cohort cohort={} {}output=people seed=..., then mriprivacy build cohort.root=people ..."
_MADE = "build reads people who are there: first " + _WRITE
# Options of a group that a command shares with another one but cannot take, and what to type instead.
_NOT_HERE = {
    ("cohort", "cohort=bids"): "cohort writes people, build reads them: mriprivacy build cohort.root=DATASET "
    "..., or one of cohort=synthetic, synth-49, synth-200, synth-confirm, ixi",
    ("build", "cohort=ixi"): _MADE.format("ixi", "cohort.root=SCANS cohort.table=IXI.xls "),
    ("build", "cohort=synthetic"): _MADE.format("synthetic", ""),
    ("build", "cohort=synth-49"): _MADE.format("synth-49", "") + " standard=synth-49",
    ("build", "cohort=synth-200"): _MADE.format("synth-200", "") + " standard=synth-200",
    ("build", "cohort=synth-confirm"): _MADE.format("synth-confirm", "") + " standard=synth-confirm",
}
# Settings that people look for here, and the command that has what they mean.
_ELSEWHERE = {
    ("evaluate", "split"): "evaluate rates eval by its key; for the open people of dev, without a key: "
    "mriprivacy rehearse edition=EDITION/public submission=MINE",
    ("check", "split"): "for scores and attributes of dev: mriprivacy rehearse edition=... submission=...",
    ("demo", "people"): "did you mean subjects?",
}


def compose_settings(command: str, schema: type[Settings], overrides: Sequence[str]) -> Settings:
    """Compose the settings of a command with overrides and check them against its dataclass.

    Parameters
    ----------
    command : str
        Whose settings they are.
    schema : type
        A dataclass whose fields are the keys, nested dataclasses the groups.
    overrides : sequence of str
        Hydra overrides, such as `attack=geo` or `seed=7`.

    Returns
    -------
    an instance of `schema`

    Raises
    ------
    UserError
        For an unknown key or group option, a value that is not allowed, or required keys left out.
    """
    raw = compose_raw(command, overrides)
    try:
        settings = OmegaConf.merge(OmegaConf.structured(schema), raw)
        missing = sorted(OmegaConf.missing_keys(settings))
        if missing:
            # As they are typed: `compare FIRST SECOND`, but `rank entries=...`.
            bare = [key for key in POSITIONAL.get(command, ()) if key in missing]
            needed = " ".join(
                [*(key.upper() for key in bare), *(f"{k}=..." for k in missing if k not in bare)]
            )
            raise UserError(f"{command}: missing {', '.join(missing)}; add {needed} to the command")
        checked = OmegaConf.to_object(settings)
    except OmegaConfBaseException as error:
        key = str(getattr(error, "full_key", "") or "")
        about = {name: (one, kind) for name, one, kind in settings_of(schema)}.get(re.sub(r"\[.*", "", key))
        if about is None:
            raise UserError(f"{command}: {_first_line(error)}") from error
        wanted = f"expected {expected(*about)}"
        raise UserError(f"{command}: {key} is {OmegaConf.select(raw, key)!r}; {wanted}") from error
    assert isinstance(checked, schema)
    if problems := setting_problems(checked):
        raise UserError(*(f"{command}: {problem}" for problem in problems))
    return checked


def literal_texts(command: str, overrides: Sequence[str], sweeping: bool = False) -> list[str]:
    r"""Quote the values of text settings, such as paths, so that Hydra takes every character as it is.

    Parameters
    ----------
    command : str
        Whose settings they are.
    overrides : sequence of str
        `key=value` words; a value that is in quotes already stays.
    sweeping : bool
        Whether a comma parts values (`-m`): text with a comma is left as it is.

    Examples
    --------
    >>> print(*literal_texts("verify", ["edition=it's (new), 7", "a=1"]))
    edition='it\'s (new), 7' a=1
    """
    texts = {
        key
        for key, one, kind in settings_of(schema_of(command))
        if kind is str and not one.metadata["about"].choices and not one.metadata["about"].chosen
    }
    return [_literal(word, sweeping) if word.partition("=")[0] in texts else word for word in overrides]


def _literal(word: str, sweeping: bool) -> str:
    key, _, value = word.partition("=")
    if (sweeping and "," in value) or re.fullmatch(r"'.*'|\".*\"", value, re.S):
        return word
    # Backslashes count where a quote follows; what looks like an interpolation is text.
    escaped = re.sub(r"(\\*)(?='|$)", r"\1\1", value).replace("'", "\\'").replace("${", "\\${")
    return f"{key}='{escaped}'"


def schema_of(command: str) -> type[Any]:
    """Return the dataclass with the settings of a command: `BuildSettings` of `commands/build.py`."""
    name = "".join(part.capitalize() for part in command.split("-"))
    schema: type[Any] = getattr(module_of(command), f"{name}Settings")
    return schema


def module_of(command: str) -> ModuleType:
    """Return the module of a command; of `serve-scores` that is `commands/serve_scores.py`."""
    return importlib.import_module(f"mriprivacy.challenge.commands.{command.replace('-', '_')}")


def fits(command: str, word: str) -> bool:
    """Say whether a command takes an option of a group, such as `cohort=ixi`."""
    return (command, word) not in _NOT_HERE


def groups_of(schema: type) -> dict[str, str]:
    """Return the groups of a command, each with its usual option, in the order in which they are applied."""
    groups = [one for one in fields(schema) if "group" in one.metadata]
    return {one.metadata["group"] or one.name: one.metadata["option"] for one in groups}


def _defaults(values: Any) -> dict[str, Any]:
    """Return the defaults of all settings of a dataclass, as Hydra takes them."""
    found = {one.name: default_of(one) for one in fields(values)}
    known = {key.partition(".")[0] for key, _, _ in settings_of(values)}
    return {
        name: _defaults(type(value)) if is_dataclass(value) else value
        for name, value in found.items()
        if name in known
    }


def compose_raw(command: str, overrides: Sequence[str]) -> DictConfig:
    """Compose without the check, for `--cfg job` and `--help`.

    Raises
    ------
    UserError
        For an override that Hydra refuses, or the option of another command.
    """
    if foreign := [word for word in overrides if not fits(command, word)]:
        raise UserError(*(f"{command}: {word}: {_NOT_HERE[command, word]}" for word in foreign))
    schema = schema_of(command)
    # The values of the dataclass first: an option of a group says no more than what differs from them.
    defaults = ["_self_", *({name: option} for name, option in groups_of(schema).items())]
    ConfigStore.instance().store(name=command, node={"defaults": defaults, **_defaults(schema)})
    try:
        with initialize_config_module("mriprivacy.conf", version_base="1.3"):
            return compose(config_name=command, overrides=literal_texts(command, overrides))
    except (HydraException, OmegaConfBaseException) as error:
        fault = _first_line(error)
        unknown = re.match(r"unknown setting '(.+?)'", fault)
        keys = [*(key for key, _, _ in settings_of(schema)), *groups_of(schema)]
        meant = did_you_mean(unknown[1], keys) if unknown else ""
        if unknown and (command, unknown[1]) in _ELSEWHERE:
            meant = f"; {_ELSEWHERE[command, unknown[1]]}"
        raise UserError(f"{command}: {fault}; see: mriprivacy {command} --help{meant}") from error


def overridden_keys(command: str, overrides: Sequence[str]) -> frozenset[str]:
    """Return the keys that overrides give, and those that a chosen option of a group changes.

    Examples
    --------
    >>> sorted(overridden_keys("check", ["edition=e", "submission=s"]))
    ['edition', 'submission']
    """
    words = literal_texts(command, overrides)
    typed = {one.get_key_element() for one in OverridesParser.create().parse_overrides(words)}
    usual, now = (leaves(compose_raw(command, words)) for words in ([], overrides))
    return frozenset(typed | {key for key, value in now.items() if usual.get(key) != value})


def leaves(config: DictConfig) -> dict[str, Any]:
    """Return every setting by its whole key; lists are settings."""
    found: dict[str, Any] = {}
    groups: list[tuple[str, Any]] = [("", OmegaConf.to_container(config, resolve=False))]
    while groups:
        prefix, group = groups.pop()
        for key, value in group.items():
            if isinstance(value, dict):
                groups.append((f"{prefix}{key}.", value))
            else:
                found[f"{prefix}{key}"] = value
    return found


def sweep(overrides: Sequence[str]) -> Iterator[list[str]]:
    """Yield one list of overrides for every combination of comma-separated choices (`-m`).

    Examples
    --------
    >>> list(sweep(["attack=geo,deepface", "seed=7"]))
    [['attack=geo', 'seed=7'], ['attack=deepface', 'seed=7']]
    """
    try:
        parsed = OverridesParser.create().parse_overrides(list(overrides))
    except HydraException as error:
        raise UserError(_first_line(error)) from error
    choices = [
        [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
        if override.is_sweep_override()
        else [text]
        for override, text in zip(parsed, overrides, strict=True)
    ]
    for combination in product(*choices):
        yield list(combination)


def _first_line(error: Exception) -> str:
    """Say in one line what Hydra says in several: the fault, and the options where it lists them."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    fault = re.sub(r"^Could not override '(.+?)'\.?$", r"unknown setting '\1'", lines[0]).rstrip(".")
    fault = re.sub(r"^In '.+?': Could not find '(\w+)/(.+)'$", r"\1 is '\2'", fault)
    options = next((i for i, line in enumerate(lines) if line.startswith("Available options")), None)
    if options is None:
        return fault
    listed = [*takewhile(lambda line: not line.startswith("Config search path"), lines[options + 1 :])]
    given = re.search("'(.+)'$", fault)
    return f"{fault}; expected one of {', '.join(listed)}{did_you_mean(given[1] if given else '', listed)}"
