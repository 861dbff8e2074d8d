r"""Text from outside, made harmless for a terminal and for Markdown; pages escape their own.

Names, citations and notes reach people through three channels, and each has one place where text is escaped:
a terminal (`visible`, `one_line`), Markdown (`inline`, `code_block`, `markdown_table`) and HTML
(`challenge.leaderboard.pages.html`, by jinja).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

# What Markdown, GitHub's included, gives a meaning to in the middle of a line. An underscore between two
# letters or digits has none, an ampersand only where it begins an entity, and brackets around nothing but
# figures are an interval, unless a link or an image could be made of them.
_MARKUP = re.compile(
    r"(?P<kept>(?<!!)\[[-\d., %]+\](?![(\[:])|(?<=[^\W_])_+(?=[^\W_]))"
    r"|[\\`*_\[\]<>|#~$]|&(?=#?\w+;)|!(?=\[)"
)


def visible(text: str) -> str:
    r"""Return text in which nothing moves a cursor, hides, or turns the order of letters round.

    Control and formatting characters (ANSI sequences, bidirectional marks, zero width), line and paragraph
    separators, and halves of surrogate pairs, which no file can hold, are written as Python escapes them.
    Line feed and tab stay.

    Examples
    --------
    >>> print(visible("a\x1b[2Jb \u202ec"))
    a\x1b[2Jb \u202ec
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in "\n\t" or not _acts(char) else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def _acts(char: str) -> bool:
    """Say whether a character does something other than to be seen, or is none; spaces of any width are."""
    return not char.isprintable() and unicodedata.category(char) != "Zs"


def one_line(text: str) -> str:
    r"""Return the same in one line: white space of any kind is a space.

    Examples
    --------
    >>> one_line("a\nb\u2028c\td")
    'a b c d'
    """
    return visible(re.sub(r"\s", " ", text))


def inline(text: str) -> str:
    r"""Return text for the middle of a line of Markdown, a heading or a cell of a table: it is read as text.

    Examples
    --------
    >>> print(inline("<b>x</b> | ![x](y) `z`\n# a_b *c*"))
    \<b\>x\</b\> \| \!\[x\](y) \`z\` \# a_b \*c\*
    >>> inline("0.50 [0.45, 0.55]")
    '0.50 [0.45, 0.55]'
    """
    return _MARKUP.sub(lambda found: found["kept"] or f"\\{found[0]}", one_line(text))


def code_block(lines: Iterable[str]) -> str:
    r"""Return lines as a fenced block of Markdown, which none of them can end.

    Examples
    --------
    >>> print(code_block(["a", "```"]))
    ````
    a
    ```
    ````
    """
    shown = [one_line(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *shown, fence])


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Return a table of Markdown in which every cell is text.

    Examples
    --------
    >>> print(markdown_table(["a", "b"], [["x|y", "z"]]), end="")
    | a | b |
    | --- | --- |
    | x\|y | z |
    """
    cells = [[inline(cell) for cell in row] for row in (header, *rows)]
    lines = [cells[0], ["---"] * len(header), *cells[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
