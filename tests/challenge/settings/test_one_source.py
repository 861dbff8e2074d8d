"""Every setting stands once: a file of `conf/` says what differs, and a class name means one class."""

import re
from collections import Counter
from functools import reduce
from importlib.resources import files
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml
from omegaconf import OmegaConf

from mriprivacy.baselines.brain.engines import ENGINES
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.settings.bare_words import POSITIONAL
from mriprivacy.challenge.settings.commands_page import help_page
from mriprivacy.challenge.settings.compose import compose_settings, groups_of, leaves, schema_of
from mriprivacy.challenge.settings.runner import COMMANDS, EXAMPLES
from mriprivacy.data_prep.editions.edition_config import EditionConfig
from mriprivacy.data_prep.formats.settings import REQUIRED, default_of, setting_problems, settings_of
from mriprivacy.scoring.errors import UserError

ROOT = Path(__file__).parents[3]
SETTINGS = [(name, key, one, kind) for name in COMMANDS for key, one, kind in settings_of(schema_of(name))]


def test_no_file_repeats_a_default() -> None:
    used = {group: name for name in COMMANDS for group in groups_of(schema_of(name))}
    repeated, seen = [], 0
    for group, command in used.items():
        commands = [name for name in COMMANDS if group in groups_of(schema_of(name))]
        for path in (files("mriprivacy.conf") / group).iterdir():
            if not path.name.endswith(".yaml"):
                continue
            source = path.read_text(encoding="utf-8")
            content = {k: v for k, v in (yaml.safe_load(source) or {}).items() if k != "defaults"}
            package = re.search("^# @package (.+)$", source, re.M)
            prefix = "" if package and package[1] == "_global_" else f"{package[1] if package else group}."
            for key, value in leaves(OmegaConf.create(content)).items():
                defaults = [
                    default_of(one)
                    for name in commands
                    for known, one, _ in settings_of(schema_of(name))
                    if known == prefix + key
                ]
                assert defaults, f"{path.name}: {prefix}{key} is no setting of {command}"
                seen += 1
                if value in defaults and value != REQUIRED:
                    repeated.append(f"{group}/{path.name}: {key}")
    assert repeated == []
    assert seen > 40


def test_every_setting_has_one_line_of_meaning() -> None:
    assert len(SETTINGS) > 150
    for name, key, one, _ in SETTINGS:
        meaning = one.metadata["about"].meaning
        assert 5 < len(meaning) <= 110, f"{name}: {key}"
        assert "\n" not in meaning, f"{name}: {key}"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_of_the_help_is_whole(command: str) -> None:
    keys = iter(POSITIONAL.get(command, ()))
    words = [one if "=" in one else f"{next(keys)}={one}" for one in EXAMPLES[command].split()]
    assert compose_settings(command, schema_of(command), words)
    page = help_page(command, [])
    assert f"for example: mriprivacy {command}" in page
    assert max(map(len, page.splitlines())) <= 100


@pytest.mark.parametrize("command", COMMANDS)
def test_no_value_of_the_help_is_cut(command: str) -> None:
    """People copy values: `grand_challeng…` is none."""
    assert "…" not in help_page(command, [])


def composed(command: str, *words: str) -> Any:
    needed = [
        f"{key}={1 if kind is int else 'x'}"
        for name, key, one, kind in SETTINGS
        if name == command
        and default_of(one) == REQUIRED
        and not one.metadata["about"].choices
        and key not in ("attack.name", "defacer.name")
    ]
    given = {word.partition("=")[0] for word in words}
    usual = {"export": "target=codabench", "completion": "shell=bash"}.get(command, "")
    chosen = [usual] if usual and usual.partition("=")[0] not in given else []
    return compose_settings(command, schema_of(command), [*needed, *chosen, *words])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_choice_and_limit_is_checked(command: str) -> None:
    settings = composed(command)
    for name, key, one, kind in SETTINGS:
        about = one.metadata["about"]
        wrong: list[Any] = []
        if about.choices:
            wrong.append("nonsense" if kind is str else ["nonsense"])
        wrong += [low - 1 for low in (about.at_least, about.above) if low is not None]
        wrong += [high + 1 for high in (about.at_most, about.below) if high is not None]
        for value in wrong if name == command else []:
            *above, last = key.split(".")
            values = reduce(getattr, above, settings)
            right = getattr(values, last)
            setattr(values, last, value)
            assert any(problem.startswith(f"{key} is ") for problem in setting_problems(settings)), key
            setattr(values, last, right)


def test_a_wrong_value_is_named_with_what_is_expected() -> None:
    for word, line in (
        ("edition.contrast=T3w", "edition.contrast is 'T3w'; expected one of T1w, T2w, FLAIR, PDw, UNIT1"),
        ("protocol.size=big", "protocol.size is 'big'; expected 64 to 2000 pixels"),
        ("seed=red", "seed is 'red'; expected whole number"),
    ):
        with pytest.raises(UserError) as error:
            composed("build", word)
        assert error.value.problems == (f"build: {line}",)


def test_a_setting_of_another_option_is_refused() -> None:
    with pytest.raises(UserError) as error:
        composed("attack", "attack=geo", "attack.model=Facenet")
    assert error.value.problems == (
        "attack: attack.model is 'Facenet'; attack=geo has no such setting, "
        "attack= must be one of deepface, smoothed, lowered, volume",
    )


def test_editions_are_made_without_hair_from_the_raw_photographs_unless_something_else_is_said() -> None:
    """The dataclass said `given`, the file `builtin`; the command line's stays."""
    assert composed("build").edition.hair_removal == EditionConfig().hair_removal == "builtin"


def test_the_brain_engines_of_a_protocol_are_those_there_are() -> None:
    (one,) = (one for key, one, _ in settings_of(Protocol) if key == "brain_engine")
    assert one.metadata["about"].choices == ENGINES


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_setting_in_100_columns(command: str) -> None:
    page = help_page(command, [])
    assert max(map(len, page.splitlines())) <= 100
    for name, key, one, _ in SETTINGS:
        about = one.metadata["about"]
        if name == command and not about.chosen and not about.only:
            assert re.search(rf"^ *{re.escape(key)} ", page, re.M), key


def test_no_class_name_stands_twice() -> None:
    names: Counter[str] = Counter()
    for package in ("challenge", "baselines", "data_prep", "drawing", "scans", "scoring"):
        for path in (ROOT / package).rglob("*.py"):
            names.update(re.findall(r"^class (\w+)", path.read_text(encoding="utf-8"), re.M))
    assert {name for name, count in names.items() if count > 1} == set()
    assert "BuildSettings" in names
    assert get_type_hints(schema_of("build"))["edition"] is EditionConfig
