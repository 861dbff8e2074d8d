"""How a command prints its verdict: as text or JSON, with everything, or with nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mriprivacy.challenge.leaderboard.metric_block import Block
from mriprivacy.data_prep.formats.settings import setting
from mriprivacy.scoring.errors import UserError


@dataclass
class Printing:
    """Settings that commands with a verdict share (`data_prep.formats.settings.same_setting`)."""

    format: str = setting("text", "what is printed", choices=("text", "json"))
    verbose: bool = setting(False, "also print everything that the verdict sums up")
    quiet: bool = setting(False, "print the verdict and nothing else")


def one_of_both(settings: Any) -> None:
    """Refuse settings that ask for everything and for nothing else; the `check` of a command."""
    if settings.verbose and settings.quiet:
        raise UserError("verbose and quiet are both true; expected one of them: remove the other")


def verdict_only(settings: Any) -> bool:
    """Whether a command prints nothing but its verdict; one without these settings prints more."""
    return getattr(settings, "quiet", False) or getattr(settings, "format", "text") == "json"


def show(block: Block, settings: Any, after: Iterable[str] = (), whole: Iterable[str] = ()) -> None:
    """Print a verdict.

    Parameters
    ----------
    block : Block
        The verdict.
    settings : dataclass
        With the fields of `Printing`.
    after : iterable of str
        Lines below it, unless it is to stand alone.
    whole : iterable of str
        What the verdict sums up, for `verbose`.
    """
    print(block.show(settings.format))
    if verdict_only(settings):
        return
    for line in [*(whole if settings.verbose else ()), *after]:
        print(line)
