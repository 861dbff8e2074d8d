"""Work that ends before its n-th change to a disk: killed, or with an error; and what a power cut loses."""

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHANGES = ("mkdir", "rename", "remove", "rmdir", "chmod", "utime", "link", "symlink", "truncate")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def end_before(step: int, how: str, within: Path, log: Path, work: Callable[[], int]) -> int | None:
    """Do work in a child that ends before its step-th change within a folder; its status, None if killed.

    `how` is kill, or error: the step then fails with EIO, and the child goes on. The steps are written to
    `log`, one a line, before they are done.
    """
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        return None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
    stream, done = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), [0, 0]

    def note(path: str, *facts: object) -> None:
        if done[1] or not path.startswith(str(within)):
            return
        done[0] += 1
        if facts[0] == "os.rename" and Path(str(facts[2])).is_file():
            keep(str(facts[2]), f"{log}.{done[0] - 1}")
        os.write(stream, json.dumps([path, *facts], default=str).encode() + b"\n")
        if done[0] == step and how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if done[0] == step:
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    def keep(path: str, copy: str) -> None:
        done[1] = 1  # what this does to the disk is no step
        shutil.copy(path, copy)
        done[1] = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.removeprefix("os.") in CHANGES or (event == "open" and arguments[2] & WRITES):
            # The names that rmtree removes are relative to a folder that is open.
            place = path_of(arguments[-1]) if event in ("os.remove", "os.rmdir", "os.mkdir") else ""
            note(os.path.join(place, str(arguments[0])), event, *arguments)  # noqa: PTH118

    os.fsync = lambda handle: note(path_of(handle), "os.fsync", os.fstat(handle).st_ino)
    sys.addaudithook(hook)
    try:
        os._exit(work())
    finally:  # a fault of the kit
        os._exit(99)


def path_of(handle: int) -> str:
    return os.readlink(f"/proc/self/fd/{handle}") if handle >= 0 else ""  # noqa: PTH115


def cut_power(folder: Path, before: set[int], log: Path) -> None:
    """Lose what a disk may lose of a killed process: new bytes and names that were not waited for.

    `before` are the inodes that were there before it began.
    """
    events = [json.loads(line)[1:] for line in log.read_text().splitlines()[:-1]]
    synced = [(number, e[1]) for number, e in enumerate(events) if e[0] == "os.fsync"]
    for number, event in reversed(list(enumerate(events))):
        if event[0] != "os.rename" or not str(event[2]).startswith(str(folder)):
            continue
        source, target = Path(event[1]), Path(event[2])
        kept = any(n > number and inode == target.parent.stat().st_ino for n, inode in synced)
        if not kept and target.exists() and not source.exists():
            target.rename(source)
            if (replaced := Path(f"{log}.{number}")).exists():
                before = before | {Path(shutil.copy(replaced, target)).stat().st_ino}
    kept_inodes = before | {inode for _, inode in synced}
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_ino not in kept_inodes:
            os.truncate(path, path.stat().st_size // 2)
