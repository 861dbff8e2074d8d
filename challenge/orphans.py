"""A worker ends with the process it works for, however that ended; it would wait, and keep its memory."""

import os
import threading
import time
from typing import Any

_EVERY = 2.0  # seconds


def with_parent() -> dict[str, Any]:
    """Return the arguments by which an executor's workers end once this process is gone.

    Examples
    --------
    >>> sorted(with_parent())
    ['initargs', 'initializer']
    """
    return {"initializer": _watch, "initargs": (os.getpid(),)}


def _watch(parent: int) -> None:
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_EVERY)
    os._exit(1)  # from a thread, nothing less ends the process
