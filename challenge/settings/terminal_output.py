"""What commands print, escaped in one place: the name of a file never becomes a command to the terminal."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

from mriprivacy.data_prep.formats.tables.foreign_text import visible


class _Visible(io.TextIOBase):
    """A stream that passes text on with control and formatting characters escaped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(visible(text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def escaped_output(stream: TextIO) -> Iterator[None]:
    r"""Let everything that is printed in the block reach a stream escaped.

    Examples
    --------
    >>> stream = io.StringIO()
    >>> with escaped_output(stream):
    ...     print("warning: \x1b[2J")
    >>> print(stream.getvalue(), end="")
    warning: \x1b[2J
    """
    with redirect_stdout(_Visible(stream)):
        yield
