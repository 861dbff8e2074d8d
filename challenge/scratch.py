"""Temporary folders for what must not stay: readable by their owner alone, and swept up after a kill."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "mriprivacy-"
_LOCK = "lock"


@contextmanager
def scratch_folder(kind: str, parent: Path | None = None) -> Iterator[Path]:
    """Give an empty temporary folder that is gone afterwards; remove those of processes that were killed.

    Parameters
    ----------
    kind : str
        What it is for; only folders of one kind are swept up together.
    parent : Path, optional
        Where it is made; by default where the system keeps temporary files (TMPDIR).

    Yields
    ------
    Path
        Mode 0700.

    Examples
    --------
    >>> with scratch_folder("doctest") as folder:
    ...     list(folder.iterdir()), oct(folder.stat().st_mode)[-3:]
    ([], '700')
    >>> folder.exists()
    False
    """
    parent = parent or Path(tempfile.gettempdir())
    _sweep(kind, parent)
    # Locked while it lives. The lock of a killed process is free, so its folder is told from one in use.
    while True:
        home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-", dir=parent))
        handle = os.open(home / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (home / kind).mkdir(mode=0o700)
            break
        except OSError:
            os.close(handle)  # somebody swept it up before it was locked
            if home.exists():
                raise
    try:
        yield home / kind
    finally:
        shutil.rmtree(home, ignore_errors=True)
        os.close(handle)


def _sweep(kind: str, parent: Path) -> None:
    for home in parent.glob(f"{_PREFIX}{kind}-*"):
        with suppress(OSError):  # gone meanwhile, another user's, or in use
            handle = os.open(home / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)
            finally:
                os.close(handle)
