"""Scripts that complete commands, settings and values in bash, zsh and fish.

Their words come from the dataclasses of the settings, as `--help` does. All of them stand in the script: the
shell completes without starting Python.
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from mriprivacy.challenge.settings.bare_words import POSITIONAL
from mriprivacy.challenge.settings.compose import fits, groups_of, schema_of
from mriprivacy.challenge.settings.runner import COMMANDS
from mriprivacy.data_prep.formats.settings import settings_of

_FLAGS = ("--help", "--cfg", "-m")


@dataclass(frozen=True)
class Completed:
    """What can be typed behind a command.

    Attributes
    ----------
    keys : dict from str to str
        Every setting and group, with one line of meaning.
    values : dict from str to tuple of str
        The values of settings that have choices, and the options of groups.
    paths : tuple of str
        Settings that are text: names of files, most of them.
    bare : tuple of str
        What the first bare word may be; empty where that is a file, or there is none.
    """

    keys: dict[str, str]
    values: dict[str, tuple[str, ...]]
    paths: tuple[str, ...]
    bare: tuple[str, ...]


def completed(command: str) -> Completed:
    """Return what can be typed behind a command.

    Examples
    --------
    >>> completed("show").values["verbose"], completed("completion").bare
    (('true', 'false'), ('bash', 'zsh', 'fish'))
    """
    schema = schema_of(command)
    keys, values, paths = dict[str, str](), dict[str, tuple[str, ...]](), list[str]()
    for group, usual in groups_of(schema).items():
        names = (path.name for path in (files("mriprivacy.conf") / group).iterdir())
        options = sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))
        keys[group] = f"group; usually {usual}"
        values[group] = tuple(one for one in options if fits(command, f"{group}={one}"))
    for key, one, kind in settings_of(schema):
        about = one.metadata["about"]
        if about.chosen:
            continue
        keys[key] = about.meaning
        if choices := _choices(kind, about.choices):
            values[key] = choices
        elif kind is str:
            paths.append(key)
    first = POSITIONAL.get(command, ("",))[0]
    return Completed(keys, values, tuple(paths), values.get(first, ()))


def _choices(kind: Any, choices: Iterable[str]) -> tuple[str, ...]:
    if kind is bool:
        return ("true", "false")
    return tuple(choices) if isinstance(kind, type) else tuple(f"[{one}]" for one in choices)


def script(shell: str) -> str:
    """Return the script for a shell, with the words of every command.

    Parameters
    ----------
    shell : str
        `bash`, `zsh` or `fish`.
    """
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]({name: completed(name) for name in COMMANDS})


def _cases(every: dict[str, Completed]) -> Iterable[tuple[list[str], tuple[str, ...]]]:
    """Yield the values of settings, each with the `COMMAND KEY`s that take them."""
    places: dict[tuple[str, ...], list[str]] = {}
    for name, one in every.items():
        for key, words in one.values.items():
            places.setdefault(words, []).append(f"{name} {key}")
    for words, where in places.items():
        yield where, words


def _quoted(words: Iterable[str]) -> str:
    return " ".join(map(shlex.quote, words))


_BASH = """\
_mriprivacy() {{
    local line=${{COMP_LINE:0:COMP_POINT}} command= word key words= IFS=$' \\n'
    local cur=${{line##*[[:space:]]}}
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case $word in -*) ;; *) command=$word; break ;; esac
    done
    COMPREPLY=()
    if [[ -z $command ]]; then
        words={commands}
    elif [[ $cur == *=* ]]; then
        key=${{cur%%=*}}
        # Where "=" parts words, bash puts the reply behind it.
        local ahead="$key="
        [[ $COMP_WORDBREAKS == *=* ]] && ahead=
        case "$command $key" in
{values}
        esac
        if [[ -n $words ]]; then
            mapfile -t COMPREPLY < <(compgen -P "$ahead" -W "$words" -- "${{cur#*=}}")
            return
        fi
        case "$command $key" in
{paths})
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -P "$ahead" -f -- "${{cur#*=}}") ;;
        esac
        return
    else
        case $command in
{keys}
        esac
        compopt -o nospace
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    [[ ${{#COMPREPLY[@]}} == 1 && $COMPREPLY != *= ]] && compopt +o nospace
}}
complete -o default -F _mriprivacy mriprivacy"""


def _bash(every: dict[str, Completed]) -> str:
    values = [
        f"            {'|'.join(map(shlex.quote, where))}) words={shlex.quote(' '.join(choices))} ;;"
        for where, choices in _cases(every)
    ]
    words = {n: " ".join([*one.bare, *(f"{key}=" for key in one.keys), *_FLAGS]) for n, one in every.items()}
    keys = [f"            {name}) words={shlex.quote(typed)} ;;" for name, typed in words.items()]
    paths = "|".join(shlex.quote(f"{name} {key}") for name, one in every.items() for key in one.paths)
    return _BASH.format(
        commands=shlex.quote(" ".join([*COMMANDS, "--help", "--version"])),
        values="\n".join(values),
        paths=f"            {paths}",
        keys="\n".join(keys),
    )


_ZSH = """\
#compdef mriprivacy
_mriprivacy() {{
    local -a known bare
    local command key
    local word
    for word in ${{words[2,CURRENT-1]}}; do
        [[ $word == -* ]] || {{ command=$word; break; }}
    done
    if [[ -z $command ]]; then
        known=({commands})
        _describe command known
        return
    fi
    if [[ $PREFIX == *=* ]]; then
        key=${{PREFIX%%=*}}
        compset -P '*='
        case "$command $key" in
{values}
            *) _files ;;
        esac
        return
    fi
    case $command in
{keys}
    esac
    (( $#bare )) && compadd -- $bare
    _describe -t settings setting known -S ''
    compadd -- {flags}
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _mriprivacy "$@"
else
    compdef _mriprivacy mriprivacy
fi"""


def _zsh(every: dict[str, Completed]) -> str:
    keys = []
    for name, one in every.items():
        known = _quoted(f"{key}=:{meaning}" for key, meaning in one.keys.items())
        keys.append(f"        {name}) known=({known}); bare=({_quoted(one.bare)}) ;;")
    return _ZSH.format(
        commands=_quoted(f"{name}:{purpose}" for name, purpose in COMMANDS.items()),
        values="\n".join(
            f"            {'|'.join(map(shlex.quote, where))}) compadd -- {_quoted(words)} ;;"
            for where, words in _cases(every)
        ),
        keys="\n".join(keys),
        flags=" ".join(_FLAGS),
    )


_FISH = """\
function __mriprivacy_words
    set -l typed (commandline -opc)
    set -l cur (commandline -ct)
    set -l command
    for word in $typed[2..]
        if not string match -q -- '-*' $word
            set command $word
            break
        end
    end
    if test -z "$command"
        printf '%s\\t%s\\n' {commands}
        return
    end
    if string match -q -- '*=*' $cur
        set -l parts (string split -m 1 = -- $cur)
        set -l values
        switch "$command $parts[1]"
{values}
            case '*'
                set values (__fish_complete_path $parts[2] | string replace -r '\\t.*' '')
        end
        if test (count $values) -gt 0
            printf "$parts[1]=%s\\n" $values
        end
        return
    end
    switch $command
{keys}
    end
    printf '%s\\n' {flags}
end
complete -c mriprivacy -f -a '(__mriprivacy_words)'"""


def _fish(every: dict[str, Completed]) -> str:
    def quoted(words: Iterable[str]) -> str:
        return " ".join("'{}'".format(word.replace("\\", "\\\\").replace("'", "\\'")) for word in words)

    values, keys = [], []
    for where, words in _cases(every):
        values += [f"            case {quoted(where)}", f"                set values {quoted(words)}"]
    for name, one in every.items():
        keys.append(f"        case {name}")
        if one.bare:
            keys.append(f"            printf '%s\\n' {quoted(one.bare)}")
        pairs = [part for key, meaning in one.keys.items() for part in (f"{key}=", meaning)]
        if pairs:
            keys.append(f"            printf '%s\\t%s\\n' {quoted(pairs)}")
    return _FISH.format(
        commands=quoted(part for pair in COMMANDS.items() for part in pair),
        values="\n".join(values),
        keys="\n".join(keys),
        flags=quoted(_FLAGS),
    )
