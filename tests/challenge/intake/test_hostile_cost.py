"""Every hostile submission, by the command people type: status 2, no traceback, at most 2 s and 300 MB."""

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mriprivacy.challenge.intake.volumes import VolumeError, check_volume
from mriprivacy.data_prep.formats.nifti import canonical_bytes
from tests.helpers.hostile_archives import ARCHIVES
from tests.helpers.hostile_descriptions import DESCRIPTIONS
from tests.helpers.hostile_scans import SCANS
from tests.helpers.hostile_scores import ATTACKS, raw

Spoil = Callable[[Path], object]

# Too slow to write, or too large, for the tests that run every time.
LARGE: dict[str, Spoil] = {
    "10^7 extra rows": raw(lambda x: x + b"a\tb\t0\n" * 10**7),
    "10^7 tabs": raw(lambda x: x + b"\t" * 10**7 + b"\n"),
    "10^7 line feeds": raw(lambda x: x + b"\n" * 10**7),
    "rows as many as are read": raw(lambda x: x + b"a\tb\t0\n" * 10_000),
    "cells of four-byte letters": raw(lambda x: x + ("\U0001f9e0" * 30).encode() * 10_000),
}

FOLDERS: dict[str, tuple[str, Spoil]] = {
    **{f"scores: {name}": ("attack", spoil) for name, (spoil, _) in ATTACKS.items()},
    **{f"scores: {name}": ("attack", spoil) for name, spoil in LARGE.items()},
    **{f"description: {name}": ("attack", spoil) for name, (spoil, _) in DESCRIPTIONS.items()},
    **{f"scan: {name}": ("defacing", spoil) for name, (spoil, _) in SCANS.items()},
}

# The peak as the kernel tells it of the process itself: what `wait4` tells begins with that of the parent.
CODE = """
import sys
from pathlib import Path
from mriprivacy.challenge.cli import main
status = main(sys.argv[2:])
Path(sys.argv[1]).write_text(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
raise SystemExit(status)
"""

MEASURED: dict[str, tuple[float, float]] = {}


def check(edition: Path, submission: Path, peak: Path) -> tuple[int, str, float, float]:
    """Exit status, what was printed, CPU seconds and peak megabytes of `mriprivacy check`."""
    words = [sys.executable, "-c", CODE, str(peak), "check", f"edition={edition}", f"submission={submission}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    megabytes = int(peak.read_text()) / 1000 if peak.exists() else float("nan")
    return process.returncode, printed, used.ru_utime + used.ru_stime, megabytes


@pytest.fixture(scope="module", autouse=True)
def table() -> object:
    """Say in the end what the dearest ones took."""
    yield
    for what, index, unit in (("longest", 0, "s CPU"), ("largest", 1, "MB")):
        print(f"\n{what} of {len(MEASURED)}:")
        for name, figures in sorted(MEASURED.items(), key=lambda item: -item[1][index])[:5]:
            print(f"  {figures[index]:.2f} {unit}  {name}")


REAL_SHAPE = (256, 256, 256)
EMPTY = gzip.compress(b"", mtime=0)


def floats(voxels: NDArray[np.uint8]) -> bytes:
    return canonical_bytes((voxels / np.float32(3)).astype(np.float64), np.eye(4))


# At the size of a real scan, what is dear to read; the first two are not hostile.
REAL: dict[str, Callable[[NDArray[np.uint8], bytes], bytes]] = {
    "the original": lambda _, raw: gzip.compress(raw, 1, mtime=0),
    "float64": lambda voxels, _: gzip.compress(floats(voxels), 1, mtime=0),
    "a name of 60 MB": lambda _, raw: (
        b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 60_000_000 + b"\0" + gzip.compress(raw, 1, mtime=0)[10:]
    ),
    "an extra of 64 kB in each of 900 members": lambda _, raw: (
        (b"\x1f\x8b\x08\x04" + bytes(6) + b"\xff\xff" + bytes(65_535) + EMPTY[10:]) * 900
        + gzip.compress(raw, 1, mtime=0)
    ),
    "5,000,000 empty members": lambda _, raw: EMPTY * 5_000_000 + gzip.compress(raw, 1, mtime=0),
    "members of 16 kB": lambda _, raw: b"".join(
        gzip.compress(raw[i : i + 16_384], 1, mtime=0) for i in range(0, len(raw), 16_384)
    ),
    "60 MB of zeros after the end": lambda _, raw: gzip.compress(raw, 1, mtime=0) + bytes(60_000_000),
    "stored, not deflated": lambda _, raw: gzip.compress(raw, 0, mtime=0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_what_a_scan_of_real_size_costs(name: str, tmp_path: Path) -> None:
    """The volume's share of a hostile submission, accepted or not, in this process."""
    voxels = np.random.default_rng(0).integers(0, 200, REAL_SHAPE, dtype=np.uint8)
    raw = canonical_bytes(voxels, np.eye(4))
    original, sent = tmp_path / "original.nii.gz", tmp_path / "sent.nii.gz"
    original.write_bytes(gzip.compress(raw, 1, mtime=0))
    sent.write_bytes(REAL[name](voxels, raw))
    start = time.process_time()
    try:
        check_volume(sent, original)
        told = "accepted"
    except VolumeError as error:
        told = str(error)
    seconds = time.process_time() - start
    print(f"\n{name}: {sent.stat().st_size / 1e6:.0f} MB, {seconds:.2f} s CPU, {told}")
    assert seconds < 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [*FOLDERS, *(f"zip: {name}" for name in ARCHIVES)])
def test_what_a_hostile_submission_costs(
    name: str, tiny_edition_folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if name in FOLDERS:
        track, spoil = FOLDERS[name]
        path = request.getfixturevalue(track)
        spoil(path)
    else:
        path = tmp_path / "x.zip"
        path.write_bytes(ARCHIVES[name.removeprefix("zip: ")][0](request.getfixturevalue("attack")))
    status, printed, seconds, megabytes = check(tiny_edition_folder / "public", path, tmp_path / "peak")
    MEASURED[name] = (seconds, megabytes)
    assert status == 2, printed
    assert "Traceback" not in printed
    assert all(line.startswith("mriprivacy: ") for line in printed.splitlines())
    assert seconds < 2
    assert megabytes < 300
