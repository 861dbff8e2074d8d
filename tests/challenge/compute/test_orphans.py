"""Nothing goes on working, or waiting, for a process that was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.in_ci import needs

SCRIPT = """
import os, sys, time
from pathlib import Path
from mriprivacy.challenge.compute.sandbox import _InChild
from mriprivacy.challenge.compute.parallel import Compute, run

notes = Path(sys.argv[1])

def work(item):
    Path(notes, str(os.getpid())).touch()
    time.sleep(60)

if sys.argv[2] == "loky":
    run(work, [1, 2], "work", Compute("loky", 2))
else:
    _InChild(work, 100, 8000, notes)(0, 1)
"""


def is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@needs(Path("/proc").is_dir(), "looks at /proc")
@pytest.mark.parametrize(("kind", "n"), [("loky", 2), ("child", 1)])
def test_workers_end_with_a_process_that_was_killed(kind: str, n: int, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    notes = tmp_path / "notes"
    notes.mkdir()
    paths = {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])}
    main = subprocess.Popen([sys.executable, script, notes, kind], env=os.environ | paths)
    try:
        while len(workers := [int(p.name) for p in notes.iterdir() if p.name.isdigit()]) < n:
            assert main.poll() is None
            time.sleep(0.1)
        assert all(map(is_alive, workers))
    finally:
        main.send_signal(signal.SIGKILL)
        main.wait()
    deadline = time.monotonic() + 20
    while any(map(is_alive, workers)):
        assert time.monotonic() < deadline, "a worker outlived its process"
        time.sleep(0.2)
