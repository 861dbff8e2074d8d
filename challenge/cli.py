"""The command line: `mriprivacy COMMAND [key=value ...]`."""

import sys
from collections.abc import Sequence

from mriprivacy.challenge.settings.bare_words import POSITIONAL
from mriprivacy.challenge.settings.runner import COMMANDS, EXAMPLES, prepare_command
from mriprivacy.challenge.settings.terminal_output import escaped_output
from mriprivacy.data_prep.formats.close_words import did_you_mean
from mriprivacy.data_prep.formats.tables.foreign_text import one_line


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 2 the input is wrong, 1 a fault of the kit.

    `qc` also returns 3 if a face is left in a scan, and 4 if that is unknown of one.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after `mriprivacy`; those of this process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with escaped_output(sys.stdout):
            return _dispatch(words)
    except KeyboardInterrupt:
        print("mriprivacy: interrupted; nothing half-written is left", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        from mriprivacy.data_prep.formats.problems import is_for_people, problems_of

        if not is_for_people(error):
            raise
        for problem in problems_of(error):
            print(f"mriprivacy: {one_line(problem)}", file=sys.stderr)
        return 2


def _dispatch(words: list[str]) -> int:
    if words[:1] == ["help"] and len(words) == 2 and words[1] in COMMANDS:
        words = [words[1], "--help"]
    if words[1:] == ["help"] and words[0] in COMMANDS:
        words = [words[0], "--help"]
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    name, rest = words[0], words[1:]
    if name == "--version":
        from importlib.metadata import version

        from mriprivacy.challenge.compute.code_hash import result_code

        print(f"{version('mriprivacy')}, code {result_code('defacing')}")
        return 0
    if name in COMMANDS and rest in (["--help"], ["-h"]):
        from mriprivacy.challenge.settings.help_pages import kept_page

        print(kept_page(name))
        return 0
    # Errors bring numpy, which takes longer than all that a bare command does.
    from mriprivacy.scoring.errors import UserError

    if name not in COMMANDS:
        meant = did_you_mean(name, COMMANDS)
        raise UserError(f"unknown command {name!r}; expected one of {', '.join(COMMANDS)}{meant}")
    flags = [word for word in rest if word.startswith("-")]
    overrides = [word for word in rest if not word.startswith("-") and word != "job"]
    unknown = [flag for flag in flags if flag not in ("-h", "--help", "-m", "--multirun", "--cfg")]
    if unknown:
        raise UserError(*(f"{name}: unknown option {flag}; {_as_setting(flag)}" for flag in unknown))
    bare = [word for word in overrides if "=" not in word and not word.startswith("~")]
    places = POSITIONAL.get(name, ())
    if places and len(bare) > len(places):
        usage = f"mriprivacy {name} {' '.join(place.upper() for place in places)} [key=value ...]"
        more = bare[len(places)]
        raise UserError(f"{name}: {more!r} is one word too many; expected: {usage}")
    if places:
        keys = iter(places)
        overrides = [f"{next(keys)}={_quoted(word)}" if word in bare else word for word in overrides]
    elif bare:
        example = f"mriprivacy {name} {EXAMPLES[name]}".rstrip()
        raise UserError(
            *(
                f"{name}: {word!r} is not a setting; settings are written key=value, such as: {example}"
                for word in bare
            )
        )

    if "--cfg" in flags or "--help" in flags or "-h" in flags:
        from omegaconf import OmegaConf

        from mriprivacy.challenge.settings.compose import compose_raw

        if "--cfg" not in flags:
            from mriprivacy.challenge.settings.commands_page import help_page

            print(help_page(name, overrides))
            return 0
        print(OmegaConf.to_yaml(compose_raw(name, overrides)), end="")
        return 0
    from mriprivacy.challenge.settings.compose import literal_texts, sweep

    sweeping = "-m" in flags or "--multirun" in flags
    swept = sweep(literal_texts(name, overrides, sweeping=True)) if sweeping else [overrides]
    return max([prepare_command(name, one)() for one in swept], default=0)


def _as_setting(flag: str) -> str:
    """Say how an option of other programs is written here.

    Examples
    --------
    >>> _as_setting("--format=json"), _as_setting("-v")
    ('settings are written key=value: format=json', 'settings are written key=value')
    """
    word = flag.lstrip("-")
    named = flag.startswith("--") and word
    return "settings are written key=value" + (f": {word if '=' in word else f'{word}=...'}" if named else "")


def _quoted(word: str) -> str:
    """Return a word as Hydra takes it as it is."""
    return "'{}'".format(word.replace("'", "\\'"))


def _overview() -> str:
    lines = ["mriprivacy COMMAND [key=value ...]", ""]
    lines += [f"  {name:<14}{purpose}" for name, purpose in COMMANDS.items()]
    lines += ["", "  COMMAND --help    its settings", "  --version         the version of the kit"]
    return "\n".join(lines)
