"""Room on a disk that many uploads share: what one has announced is not there for the next."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SPARE = 1 << 28  # bytes that stay free


class FullError(Exception):
    """There is no room for an upload; caught at the door, which answers that it may come again."""


@dataclass
class Room:
    """The free bytes of a disk, less what uploads that arrive now have announced.

    Bytes that are written already count twice until their upload has ended: an upload may be refused that
    would just have had room, and none is taken that has not.
    """

    _announced: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def reserve(self, folder: Path, length: int) -> Iterator[None]:
        """Keep so many bytes of a folder's disk for an upload while it arrives.

        Raises
        ------
        FullError
            If less than `SPARE` would be left.

        Examples
        --------
        >>> room = Room()
        >>> with room.reserve(Path("."), 1):
        ...     pass
        >>> with room.reserve(Path("."), 1 << 62):
        ...     pass
        Traceback (most recent call last):
        mriprivacy.challenge.service.room.FullError
        """
        with self._lock:
            if shutil.disk_usage(folder).free < self._announced + length + SPARE:
                raise FullError
            self._announced += length
        try:
            yield
        finally:
            with self._lock:
                self._announced -= length
