"""The pages of `COMMAND --help`, kept in a file: what makes them loads libraries for seconds.

`main` prints the file, `help_pages.txt`; a test compares. With other words, such as `attack=geo --help`, a
page is made anew.
"""

from importlib.resources import files

from mriprivacy.challenge.settings.runner import COMMANDS

_END = "\f\n"


def kept_page(command: str) -> str:
    """Return the settings of a command with their defaults, as `commands_page.help_page` makes them.

    Examples
    --------
    >>> kept_page("rank").splitlines()[0]
    'mriprivacy rank: turn entries into LEADERBOARD.md and a site'
    """
    pages = files("mriprivacy.challenge.settings").joinpath("help_pages.txt").read_text(encoding="utf-8")
    return pages.split(_END)[list(COMMANDS).index(command)]


def every_page() -> str:
    """Return the content of the file: a page a command, in the order of `COMMANDS`."""
    from mriprivacy.challenge.settings.commands_page import help_page

    return "".join(help_page(command, []) + _END for command in COMMANDS)


if __name__ == "__main__":
    print(every_page(), end="")
