"""Trials scored from blocks: CPU seconds and peak memory from 10^5 trials on; use ``-n 0 -m slow -s``.

``python tests/benchmarks/test_gallery_speed.py 31623 31623`` measures one size (10^9), ``1000 1000000`` a
gallery of a million.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

D = 128  # as many numbers as dlib's embedding has


def measure(n_probes: int, n_gallery: int) -> tuple[float, float]:
    """Return the CPU seconds of a search in one thread, and the peak memory of this process in MB."""
    from threadpoolctl import threadpool_limits

    from mriprivacy.scoring import search_gallery

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        path = Path(folder) / "gallery.npy"
        gallery = np.lib.format.open_memmap(path, "w+", np.float32, (n_gallery, D))
        for start in range(0, n_gallery, 100_000):
            rows = gallery[start : start + 100_000]
            rows[:] = rng.standard_normal(rows.shape, np.float32)
        gallery.flush()
        n = min(n_probes, n_gallery)
        probes = gallery[:n] + 4 * rng.standard_normal((n, D), np.float32)
        del gallery
        start = time.process_time()
        report = search_gallery(probes, np.arange(n), np.load(path, mmap_mode="r"), np.arange(n_gallery))
        seconds = time.process_time() - start
    print(report, file=sys.stderr)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def measured(n_probes: int, n_gallery: int) -> tuple[float, float]:
    """Measure in a process of its own, whose peak it is."""
    command = [sys.executable, __file__, str(n_probes), str(n_gallery)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(out[2]), float(out[3])


def test_time_grows_as_the_number_of_trials_and_memory_stays() -> None:
    sizes = [316, 1000, 3162, 10_000]
    found = [measured(n, n) for n in sizes]
    for n, (seconds, megabytes) in zip(sizes, found, strict=True):
        print(f"\n{n**2:>13,} trials: {seconds:.2f} CPU s, {megabytes:.0f} MB", end="")
    seconds, megabytes = np.array(found).T
    power = np.polyfit(np.log(np.square(sizes)), np.log(seconds), 1)[0]
    print(f"\ntime grows as n^{power:.2f}")
    assert power <= 1.05
    assert megabytes.max() < 2000


if __name__ == "__main__":
    probes, gallery = int(sys.argv[1]), int(sys.argv[2])
    print(probes, gallery, *(round(x, 2) for x in measure(probes, gallery)))
