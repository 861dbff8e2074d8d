"""Completion in the shells themselves: each is started and given the script."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.settings.commands_page import help_page
from mriprivacy.challenge.settings.completion_script import completed, script
from mriprivacy.challenge.settings.runner import COMMANDS
from mriprivacy.data_prep.formats.settings import setting_problems, settings_of
from tests.helpers.in_ci import skip_but_not_in_ci


def shell_path(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        skip_but_not_in_ci(f"no {name}: apt-get install {name}")
    return str(found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    for shell in ("bash", "zsh", "fish"):
        (folder / f"script.{shell}").write_text(script(shell))
    (folder / "edition-of-mine").mkdir()
    return folder


def offered(words: list[str], folder: Path) -> list[str]:
    """Run a shell and return the words it offers."""
    environment = os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


# What stands on the line, and the last word once it is completed.
LINES = {
    "mriprivacy evalu": "evaluate",
    "mriprivacy attack attack.cond": "attack.condition=",
    "mriprivacy attack attack.condition=ba": "attack.condition=bald",
    "mriprivacy deface defacer=sku": "defacer=skull_strip",
    "mriprivacy deface edition=edition-": "edition=edition-of-mine",
    "mriprivacy demo quiet=t": "quiet=true",
    "mriprivacy completion fi": "fish",
}


@pytest.mark.parametrize("typed", LINES)
def test_bash_completes_without_any_program(typed: str, folder: Path) -> None:
    """No program is on the PATH, so no Python is started."""
    words = re.findall(r"=|[^ =]+", typed)  # as bash parts a line
    bash = f"""PATH=; compopt() {{ :; }}; source ./script.bash
        COMP_LINE={shlex.quote(typed)}; COMP_POINT={len(typed)}; COMP_WORDS=({shlex.join(words)})
        COMP_CWORD={len(words) - 1}; _mriprivacy; printf '%s\\n' "${{COMPREPLY[@]}}" """
    whole = LINES[typed]
    ahead, sign, value = whole.partition("=")
    expected = value if value else ahead + sign
    assert offered([shell_path("bash"), "-c", bash], folder) == [expected]


@pytest.mark.parametrize("typed", LINES)
def test_fish_offers_the_word(typed: str, folder: Path) -> None:
    fish = f"source script.fish; complete -C {shlex.quote(typed)}"
    words = offered([shell_path("fish"), "--no-config", "-c", fish], folder)
    assert [word.rstrip("/") for word in words] == [LINES[typed]]


SHOW_LINE = "show() { print -r -- $'\\n'\"<<$BUFFER>>\" }; zle -N show; bindkey '^X' show"


def typed_in_zsh(lines: Iterable[str], folder: Path) -> list[str]:
    """Type lines into an interactive zsh, press TAB behind each, and return what then stands on the line."""
    shell = subprocess.Popen(
        [shell_path("zsh"), "-f", "-c", ZSH],
        cwd=folder,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    found, errors = shell.communicate("\n".join(lines), timeout=60)
    assert shell.returncode == 0, errors
    return re.findall("<<(.*?)>>", found)


# Outside: reads lines, types each into the zsh inside, presses TAB and a key that prints the line.
ZSH = f"""
zmodload zsh/zpty
zpty inside env HOME=$PWD TERM=dumb zsh -f -i
zpty -w inside 'autoload -Uz compinit && compinit -u -D && source ./script.zsh; unsetopt beep; {SHOW_LINE}'
zpty -w inside 'print re''ady'
zpty -r inside answer '*ready*'
while IFS= read -r line || [[ -n $line ]]; do
    zpty -w -n inside $'\x15'"$line"$'\t\x18'
    zpty -r inside answer '*<<*>>*'
    print -r -- "${{answer##*<<}}" | head -n 1 | sed 's/^/<</'
done
zpty -d inside
"""


def test_zsh_completes_at_tab(folder: Path) -> None:
    found = [line.rstrip(" /") for line in typed_in_zsh(LINES, folder)]
    assert found == [f"{typed.rpartition(' ')[0]} {whole}" for typed, whole in LINES.items()]


def test_zsh_takes_the_script(folder: Path) -> None:
    """Zsh reads it and registers the command."""
    zsh = "autoload -Uz compinit && compinit -u -D && source ./script.zsh && print $_comps[mriprivacy]"
    assert offered([shell_path("zsh"), "-f", "-c", zsh], folder) == ["_mriprivacy"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_setting_and_every_choice_is_known(command: str) -> None:
    from mriprivacy.challenge.settings.compose import groups_of, schema_of

    one, page = completed(command), help_page(command, [])
    kept = {key for key, field, _ in settings_of(schema_of(command)) if not field.metadata["about"].chosen}
    assert one.keys.keys() == kept | groups_of(schema_of(command)).keys()
    for key, words in one.values.items():
        if key in groups_of(schema_of(command)):
            assert f"{key}=OPTION   one of {', '.join(words)}" in " ".join(page.split()) or all(
                word in page for word in words
            )


def test_choices_are_values_that_the_setting_takes() -> None:
    from mriprivacy.challenge.settings.groups import AttackChoice

    for word in completed("attack").values["attack.condition"]:
        assert setting_problems(AttackChoice(name="geo", condition=word)) == []
    assert setting_problems(AttackChoice(name="geo", condition="shaved")) != []


def test_the_command_prints_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert main(["completion", shell]) == 0
        assert capsys.readouterr().out == script(shell) + "\n"


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "expected one of bash, zsh, fish" in capsys.readouterr().err
