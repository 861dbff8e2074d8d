"""Other processors, made of this one: the kit's files under each of them, compared.

`python -m tests.helpers.machines cohort|board [NAME ...]` makes a small cohort, or a small demo,
under every machine (or those named), prints how many files differ from this one's, and fails if one does.
`python -m tests.helpers.machines environment NAME` prints the variables, for `env`. CI runs the demo under
the oldest machine, and compares it with the board that was made on another one.
A machine is a set of environment variables that keep libraries from instructions which this processor has.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

_NO_AVX = "glibc.cpu.hwcaps=-AVX2,-AVX,-FMA,-FMA4,-BMI2,-AVX2_Usable,-FMA_Usable"
_NO_OPENCV = "SSE4.1,SSE4.2,AVX,FP16,AVX2,AVX512-SKX"
_OLD = {
    "OPENCV_CPU_DISABLE": _NO_OPENCV,
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3",
    "GLIBC_TUNABLES": _NO_AVX,
    "NUMBA_CPU_NAME": "x86-64",
    "NUMBA_CPU_FEATURES": "",
}
MACHINES: dict[str, dict[str, str]] = {
    "this": {},
    "blas_prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "blas_nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
    "blas_zen": {"OPENBLAS_CORETYPE": "Zen"},
    "blas_two_threads": {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"},
    "numpy_sse": {"NPY_DISABLE_CPU_FEATURES": "X86_V3"},
    "glibc_sse": {"GLIBC_TUNABLES": _NO_AVX},
    "opencv_sse": {"OPENCV_CPU_DISABLE": _NO_OPENCV},
    "compiler_sse": {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": ""},
    "old": _OLD,
}
COMMANDS = {
    "cohort": [
        "cohort",
        "cohort.subjects={people}",
        "cohort.scans.spacing_mm=3",
        "seed=7",
        "output={folder}",
    ],
    "board": [
        "demo",
        "subjects=16",
        "spacing_mm=3",
        "reanalysed=1",
        "defacers=[identity,blur,remove_face,replace_face]",
        "levels=[ignorant]",
        "output={folder}",
    ],
}


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of what is in each file of a folder, decoded: voxels, pixels, text without times.

    What a cache keeps is no result. Reports are left out: edges of their histograms of scores have six
    digits, and by OpenCV's features the last one differs.
    """
    return {
        str(path.relative_to(folder)): hashlib.sha256(_decoded(path)).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith((".", "cache", "reports"))
    }


def _decoded(path: Path) -> bytes:
    if path.name.endswith(".gz"):
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".png":
        with Image.open(path) as picture:
            return np.asarray(picture).tobytes()
    if path.suffix == ".json" and path.parent.parent.name == "entries":
        entry = json.loads(path.read_bytes())
        del entry["seconds"]
        return json.dumps(entry).encode()
    return path.read_bytes()


def made(machine: str, what: str, folder: Path, people: int = 4) -> dict[str, str]:
    """Make a cohort or a board under a machine, and return its `contents`."""
    words = [word.format(folder=folder, people=people) for word in COMMANDS[what]]
    environment = {**os.environ, **MACHINES[machine], "XDG_CACHE_HOME": f"{folder}-cache"}
    code = "import sys; from mriprivacy.challenge.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{machine}: {done.stderr[-2000:]}"
    return contents(folder)


def main(words: Sequence[str]) -> int:
    """Compare machines, or print the variables of one; returns how many have a file that differs."""
    what, *names = words
    if what == "environment":
        print(*(f"{key}={value}" for name in names for key, value in MACHINES[name].items()))
        return 0
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="mriprivacy-machines-") as work:
        here = made("this", what, Path(work, "this"))
        for name in names or [name for name in MACHINES if name != "this"]:
            there = made(name, what, Path(work, name))
            differ = [path for path in here.keys() | there.keys() if here.get(path) != there.get(path)]
            print(
                f"{name}: {len(differ)} of {len(here)} files differ {' '.join(sorted(differ)[:5])}",
                flush=True,
            )
            wrong += bool(differ)
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
