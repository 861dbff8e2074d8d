"""Work that can be killed and taken up again: a partial folder beside the output, item by item."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mriprivacy.data_prep.formats.atomic import free_place, write_whole
from mriprivacy.scoring.errors import UserError

_DONE = ".done"
_LOCK = ".lock"


class BusyError(UserError):
    """Another run is writing to the same output."""


def fingerprint(*parts: object) -> str:
    """Return twelve hexadecimal digits of everything that decides what a run writes, this package included.

    Settings, seeds and the state of input files go in; a run is continued only where all are the same, and
    the code, too.

    Examples
    --------
    >>> fingerprint("seed", 7) == fingerprint("seed", 8)
    False
    """
    digest = hashlib.sha256(repr(parts).encode())
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def resumable_folder(path: Path, state: str) -> Iterator[Path]:
    """Give a folder beside `path` to write to; rename it to `path` when the block ends without an error.

    It is called `.NAME.partial-STATE`. After an error, or when the process is killed, it stays, and the next
    run with the same state finds in it what `once` finished.

    Parameters
    ----------
    path : Path
        Where the folder shall stand. It must not exist, or be empty.
    state : str
        `fingerprint` of all that decides what is written.

    Yields
    ------
    Path
        The folder to write to.

    Raises
    ------
    OutputExistsError
        If `path` is a file or a folder with something in it.
    BusyError
        If another run is at it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with resumable_folder(folder / "out", "0") as partial:
    ...     _ = (partial / "a.txt").write_text("all of it")
    >>> [p.name for p in folder.iterdir()], [p.name for p in (folder / "out").iterdir()]
    (['out'], ['a.txt'])
    """
    path = free_place(path)
    partial = path.parent / f".{path.name}.partial-{state}"
    partial.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(partial / _LOCK, mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise BusyError(f"{path}: another run is writing it; wait for it, or end it first") from error
    try:
        _remove_litter(partial)
        yield partial
        _remove_litter(partial)
        shutil.rmtree(partial / _DONE, ignore_errors=True)
        (partial / _LOCK).unlink()
        if path.exists():
            path.rmdir()
        partial.chmod(0o755)
        partial.rename(path)
    finally:
        lock.release()


def once(folder: Path, name: str, work: Callable[[], Any]) -> Any:
    """Do a piece of work unless it was done in this folder before; return its result, now or then.

    Parameters
    ----------
    folder : Path
        From `resumable_folder`.
    name : str
        Of the piece; a file name.
    work : callable
        Writes its files whole (`whole_file`) and returns something JSON can hold.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> once(folder, "a", lambda: "first"), once(folder, "a", lambda: "second")
    ('first', 'first')
    """
    done = folder / _DONE / f"{name}.json"
    if not done.is_file():
        result = work()
        write_whole(done, json.dumps(result))
    return json.loads(done.read_text(encoding="utf-8"))


def start_anew(folder: Path) -> None:
    """Empty a folder from `resumable_folder`, but for its lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()


def count_done(folder: Path) -> int:
    """Return how many pieces of work were finished in a folder."""
    return len(list((folder / _DONE).glob("*.json")))


def _remove_litter(folder: Path) -> None:
    """Remove the halves that `whole_file` leaves when the process is killed."""
    for path in folder.rglob(".partial-*"):
        path.unlink(missing_ok=True)
