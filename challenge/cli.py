"""The command line: `mriprivacy COMMAND [key=value ...]`."""

import importlib
import sys
from collections.abc import Callable, Sequence

from challenge.errors import InputError, is_for_people, problems_of

COMMANDS = {
    "demo": "the whole challenge on a small synthetic edition, in minutes",
    "cohort": "write a synthetic cohort as a BIDS dataset",
    "bald": "remove the hair from photographs",
    "build": "turn a cohort into an edition: public/ and sealed/",
    "deface": "run a reference defacer on an edition",
    "attack": "run a reference attack on an edition, or on loose scans and photographs",
    "infer": "read sex, age group and ethnicity from the scans of an edition",
    "check": "validate a submission against the public edition",
    "evaluate": "score a submission with the sealed key",
    "identify": "probe embeddings against a gallery of any size",
    "rank": "turn entries into LEADERBOARD.md and a site",
    "export": "write a starting kit, a Codabench bundle or a grand-challenge container for an edition",
    "paper": "Tables I and II of the paper, from an edition, beside the paper's own",
    "verify": "compare an edition with its manifest and the commitment to its key",
    "lock": "encrypt what is sealed for an organizer's key",
    "unlock": "put back what lock encrypted",
    "doctor": "say what works on this machine, and how to get the rest",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 2 the input is wrong, 1 a fault of the kit.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after `mriprivacy`; those of this process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _dispatch(words)
    except KeyboardInterrupt:
        print("mriprivacy: interrupted; nothing half-written is left", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if not is_for_people(error):
            raise
        for problem in problems_of(error):
            print(f"mriprivacy: {problem}", file=sys.stderr)
        return 2


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    name, rest = words[0], words[1:]
    if name == "--version":
        from importlib.metadata import version

        print(version("mriprivacy"))
        return 0
    if name not in COMMANDS:
        raise InputError(f"unknown command {name!r}; expected one of {', '.join(COMMANDS)}")
    flags = [word for word in rest if word.startswith("-")]
    overrides = [word for word in rest if not word.startswith("-") and word != "job"]
    unknown = [flag for flag in flags if flag not in ("-h", "--help", "-m", "--multirun", "--cfg")]
    if unknown:
        raise InputError(
            *(f"{name}: unknown option {flag}; settings are written key=value" for flag in unknown)
        )
    bare = [word for word in overrides if "=" not in word and not word.startswith("~")]
    if bare:
        raise InputError(
            *(f"{name}: {word!r} is not a setting; settings are written key=value" for word in bare)
        )

    if "--cfg" in flags or "--help" in flags or "-h" in flags:
        from omegaconf import OmegaConf

        from challenge.config import compose_raw

        if "--cfg" not in flags:
            print(f"mriprivacy {name}: {COMMANDS[name]}\n\nSettings (key=value; ??? must be given):\n")
        print(OmegaConf.to_yaml(compose_raw(name, overrides)), end="")
        return 0
    from challenge.config import sweep

    for one in sweep(overrides) if "-m" in flags or "--multirun" in flags else [overrides]:
        run_command(name, one)
    return 0


def run_command(name: str, overrides: Sequence[str]) -> None:
    """Run one command with `key=value` overrides; errors are raised, not printed."""
    prepare_command(name, overrides)()


def prepare_command(name: str, overrides: Sequence[str]) -> Callable[[], None]:
    """Compose the settings of a command, check what they alone can tell, and return what runs it.

    Parameters
    ----------
    name : str
        One of `COMMANDS`. Its module may have a function `check` that raises for settings with which `run`
        could only fail, whatever the files are.
    overrides : sequence of str
        `key=value` words.
    """
    from threadpoolctl import threadpool_limits

    from challenge.config import compose_settings
    from challenge.storage import here

    command = importlib.import_module(f"challenge.commands.{name}")
    settings = compose_settings(name, command.Settings, overrides)
    if hasattr(command, "check"):
        command.check(settings)

    def call() -> None:
        # Matrices are small here: threads inside of a product cost more than they give, and change digits.
        with threadpool_limits(limits=1), here(name, settings):
            command.run(settings)

    return call


def _overview() -> str:
    lines = ["mriprivacy COMMAND [key=value ...]", ""]
    lines += [f"  {name:<10}{purpose}" for name, purpose in COMMANDS.items()]
    lines += ["", "  COMMAND --help    its settings", "  --version         the version of the kit"]
    return "\n".join(lines)
