"""Temporary folders are swept up after a kill, and never while they are in use."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from mriprivacy.challenge.compute.folders import scratch_folder

CODE = """
import sys, time
from pathlib import Path
from mriprivacy.challenge.compute.folders import scratch_folder
with scratch_folder("test", Path(sys.argv[1])) as folder:
    (folder / "secret").write_text("key")
    print("there", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", CODE, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with scratch_folder("test", tmp_path):
            assert len(list(tmp_path.rglob("secret"))) == 1  # in use
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert len(list(tmp_path.rglob("secret"))) == 1
    with scratch_folder("other", tmp_path):
        assert len(list(tmp_path.rglob("secret"))) == 1
    with scratch_folder("test", tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder.parent]
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_was_killed_before_it_locked_or_while_it_removed(tmp_path: Path) -> None:
    (tmp_path / "mriprivacy-test-early").mkdir()
    late = tmp_path / "mriprivacy-test-late"
    (late / "test").mkdir(parents=True)
    (late / "test" / "secret").write_text("key")
    with scratch_folder("test", tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder.parent]


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "mriprivacy-test-link").symlink_to(tmp_path / "other")
    with scratch_folder("test", tmp_path):
        assert list((tmp_path / "other").iterdir()) == []
