"""How much faster two workers evaluate than one, from an empty cache; needs a machine that does nothing else.

``python docs/experiments/evaluation_speedup.py EDITION SUBMISSION [BACKEND ...]``
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def seconds(edition: str, submission: str, backend: str, workers: int) -> tuple[float, dict]:
    """Return the wall time of the whole command, and the entry's figures, which must not differ."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            f"edition={edition}",
            f"submission={submission}",
            f"output={folder}/entries",
            f"cache={folder}/c",
        ]
        start = time.monotonic()
        script = "from mriprivacy.challenge.cli import main; raise SystemExit(main())"
        command = [sys.executable, "-c", script, "evaluate", *words]
        subprocess.run([*command, f"compute={backend}", f"compute.workers={workers}"], check=True)
        spent = time.monotonic() - start
        (entry,) = Path(folder, "entries").rglob("*.json")
        found = json.loads(entry.read_bytes())
        del found["seconds"]
        return spent, found


if __name__ == "__main__":
    for backend in sys.argv[3:] or ["loky", "dask"]:
        (one, first), (two, second) = (seconds(*sys.argv[1:3], backend, n) for n in (1, 2))
        same = "the same entry" if first == second else "ANOTHER ENTRY"
        print(f"{backend}: one worker {one:.0f} s, two {two:.0f} s, {one / two:.2f} x, {same}", flush=True)
