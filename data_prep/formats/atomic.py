"""Whole files or none: write under a temporary name, rename at the end."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.scoring.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class OutputExistsError(UserError):
    """The output is already there; nothing is overwritten."""


class OutsideError(UserError):
    """A name of a file that leads out of the folder it belongs in; nothing is written there."""


def inside(folder: Path, name: str) -> Path:
    """Return where a file lies below a folder, if its name leads nowhere else.

    Parameters
    ----------
    folder : Path
        Everything that is written stays in it.
    name : str
        Relative, its parts between slashes.

    Raises
    ------
    OutsideError
        For an absolute name, `..`, an empty one, a backslash, or what no name of a file can be printed with.

    Examples
    --------
    >>> inside(Path("site"), "synth-1/index.html").as_posix()
    'site/synth-1/index.html'
    >>> inside(Path("site"), "synth-1/../../index.html")
    Traceback (most recent call last):
    mriprivacy.data_prep.formats.atomic.OutsideError: 'synth-1/../../index.html': ...
    """
    path = PurePosixPath(name)
    plain = name.isprintable() and "\\" not in name
    if not plain or not path.parts or path.is_absolute() or ".." in path.parts:
        raise OutsideError(f"{shown(name, 100)}: leads out of {folder}; nothing is written there")
    return folder / path


def private_folder(path: Path) -> Path:
    """Make a folder that its owner alone can enter, or make one so that is there; return it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> folder.chmod(0o755)
    >>> oct(private_folder(folder).stat().st_mode)[-3:]
    '700'
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)
    return path


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlast a power cut (fsync)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """`sync` a folder with all files and folders in it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("kept")
    >>> sync_tree(folder)
    """
    for path in [*folder.rglob("*"), folder]:
        sync(path)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends without an error.

    Parameters
    ----------
    path : Path
        Where the file shall stand. Its folder is made; a file that is there is replaced.

    Yields
    ------
    Path
        The name to write to. It ends like `path`, so that writers which look at the suffix still work.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_file(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("all of it")
    >>> [p.name for p in folder.iterdir()]
    ['a.txt']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".partial-", suffix="-" + path.name, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if error.errno in FULL and error.filename is None:
            error.filename = str(path)  # an error of a full disk does not name the file
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text file whole, UTF-8, as `whole_file` does.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> write_whole(path, "all of it")
    >>> path.read_text()
    'all of it'
    """
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def free_place(path: Path) -> Path:
    """Return where a folder can be made, absolute.

    Raises
    ------
    OutputExistsError
        If something is there.
    UserError
        If it cannot be made: found out before hours of work, not after them.
    """
    path = path.absolute()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise OutputExistsError(
            f"{path} already exists and is not empty; nothing is overwritten: "
            "name another output, or remove it first"
        )
    above = next(folder for folder in path.parents if folder.exists())
    if not above.is_dir():
        raise UserError(f"{path}: cannot be made, for {above} is a file; name another output")
    if not os.access(above, os.W_OK | os.X_OK):
        raise UserError(f"{path}: cannot be made, for {above} cannot be written; name another output")
    return path


def can_be_written(folder: Path) -> None:
    """Raise UserError unless files can be written in a folder that is there or can be made.

    Nothing of it is left: a command asks this before it works for hours.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> can_be_written(folder / "deep" / "deeper")
    >>> list(folder.iterdir())
    []
    """
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    if not there.is_dir():
        raise UserError(f"{there}: is a file; expected a folder to write in")
    try:
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=there):
            pass
    except OSError as error:
        raise UserError(f"{there}: cannot be written ({error.strerror}); name another folder") from error


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; rename it to `path` when the block ends without an error.

    Parameters
    ----------
    path : Path
        Where the folder shall stand. It must not exist, or be empty.

    Yields
    ------
    Path
        The folder to write to.

    Raises
    ------
    OutputExistsError
        If `path` is a file or a folder with something in it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_folder(folder / "out") as temporary:
    ...     _ = (temporary / "a.txt").write_text("all of it")
    >>> [p.name for p in (folder / "out").iterdir()]
    ['a.txt']
    """
    path = free_place(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".partial-{path.name}-", dir=path.parent))
    try:
        yield temporary
        if path.exists():
            path.rmdir()
        temporary.chmod(0o755)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
