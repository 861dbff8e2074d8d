"""Temporary folders for what must not stay: readable by their owner alone, and swept up after a kill."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mriprivacy.data_prep.formats.atomic import private_folder
from mriprivacy.scoring.errors import UserError

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
    # Locked while it lives. The lock of a killed process is free, so its folder differs from one in use.
    while True:
        home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-", dir=parent))
        with suppress(FileNotFoundError, BlockingIOError):  # another process sweeps it up: take a new one
            handle = _locked(home)
            try:
                (home / kind).mkdir(mode=0o700)
                break
            except OSError:
                os.close(handle)
                raise
    try:
        yield home / kind
    finally:
        _remove(home, kind)
        os.close(handle)


def _sweep(kind: str, parent: Path) -> None:
    for home in parent.glob(f"{_PREFIX}{kind}-*"):
        if home.is_symlink():
            continue
        with suppress(OSError):  # gone meanwhile, another user's, or in use
            handle = _locked(home)
            try:
                _remove(home, kind)
            finally:
                os.close(handle)


def _locked(home: Path) -> int:
    """Open and lock a folder's lock; a process that was killed early or late may have left none.

    By hand: filelock would make the folder again that another process has just removed, and it is not on the
    platforms where tables are scored.
    """
    handle = os.open(home / _LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle


def _remove(home: Path, kind: str) -> None:
    # What must not stay goes first: after a kill, the rest of it is found by the next.
    shutil.rmtree(home / kind, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def cache_folder(cache: str) -> Path:
    """Return where features are kept, a folder that no other user can enter.

    The one that is given, or else a folder of the user's own. Where it was there before and is open to
    others, who may have things in it, `mriprivacy` below it.

    Raises
    ------
    UserError
        If it cannot be made or written.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) if cache else Path(home) / "mriprivacy"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        reason = "" if os.access(folder, os.W_OK | os.X_OK) else "Permission denied"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    if reason:
        raise UserError(
            f"{folder}: cannot be written ({reason}); give cache=DIR, or set XDG_CACHE_HOME to one of yours"
        )
    return folder if not folder.stat().st_mode & 0o077 else private_folder(folder / "mriprivacy")
