"""Coverage-guided fuzzing of the readers, by hand: no crash, no hang, nothing accepted that is not canonical.

    uv run --with atheris python tests/fuzz/readers.py tsv|json|zip|nifti|gzip [MINUTES]

Ten minutes of processor time unless told otherwise; an input may take two seconds of it.
Not part of the test suite (pytest does not collect it, and atheris is no dependency).
"""

import gzip
import io
import json
import os
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["challenge", "data_prep", "zipfile", "json"]):
    from challenge.archive import unpacked
    from challenge.description import check_fields
    from challenge.strict_json import JsonError, parse_json_object
    from challenge.submission import SubmissionError
    from challenge.volumes import VolumeError, check_volume, parse_header
    from data_prep.tables import SCORE_COLUMNS, parse_id, parse_score, parse_table, table_bytes

import nibabel as nib
import numpy as np

from data_prep.nifti import canonical_bytes

LONGEST = 2.0  # seconds of processor time for one input
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
WORK = Path(tempfile.mkdtemp(prefix="fuzz-", dir=MEMORY))
SIZES = {"submission.json": 100, "scores.tsv": 1000, "eval/mri/CHANGES": 10}
RULES = {"probe": parse_id, "reference": parse_id, "score": parse_score}
GOOD = {
    "edition": "synth/2026.1",
    "track": "attack",
    "team": "a",
    "system": "b-1.0",
    "description": "\u00e9: 1 < 2.",
    "contact": "a@b.org",
    "licence": "MIT",
}
VOXELS = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
SCAN = canonical_bytes(VOXELS, np.diag([1.0, 2, 3, 1]))


def tsv(data: bytes) -> None:
    table, problems = parse_table(data, SCORE_COLUMNS, RULES, name="x.tsv", max_rows=50)
    assert all(problem.isprintable() for problem in problems)
    if not problems:
        assert table_bytes(SCORE_COLUMNS, table.rows) == data
        assert all(abs(float(score)) <= 1e30 for score in table.column("score"))


def json_object(data: bytes) -> None:
    try:
        content = parse_json_object(data, name="x.json")
    except JsonError as error:
        assert all(problem.isprintable() for problem in error.problems)  # noqa: PT017
        return
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    problems = check_fields(content)
    assert all(problem.isprintable() for problem in problems)
    if not problems:
        assert set(content) == set(GOOD)
        assert (content["team"] + content["system"]).isascii()
        assert not set(content["team"] + content["system"]) & set("/\\<>${}|\0\n \"'")


def archive(data: bytes) -> None:
    path = WORK / "x.zip"
    path.write_bytes(data)
    try:
        with unpacked(path, SIZES) as folder:
            files = [file for file in folder.rglob("*") if not file.is_dir()]
            for file in files:
                assert file.is_file()
                assert not file.is_symlink()
                assert file.stat().st_size <= SIZES[file.relative_to(folder).as_posix()]
            with zipfile.ZipFile(path) as listed:
                names = sorted(name for name in listed.namelist() if not name.endswith("/"))
            assert names == sorted(file.relative_to(folder).as_posix() for file in files)
    except SubmissionError as error:
        assert all(problem.isprintable() for problem in error.problems)  # noqa: PT017


def nifti(data: bytes) -> None:
    """An uncompressed volume: the fuzzer reaches the header and the voxels."""
    try:
        parse_header(data[:348])
    except VolumeError as error:
        assert str(error).isprintable()  # noqa: PT017
    volume(gzip.compress(data, compresslevel=1, mtime=0))


def volume(data: bytes) -> None:
    """A packed volume: the fuzzer reaches gzip."""
    path = WORK / "x.nii.gz"
    path.write_bytes(data)
    try:
        check_volume(path, ORIGINAL)
    except VolumeError as error:
        assert str(error).isprintable()  # noqa: PT017
        return
    image = nib.load(path)
    assert np.squeeze(image.get_fdata()).shape == VOXELS.shape
    assert np.isfinite(image.get_fdata()).all()
    assert np.allclose(image.affine, nib.load(ORIGINAL).affine, atol=0.02)


def good_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name in SIZES:
            made.writestr(name, b"abc" * 3)
    return buffer.getvalue()


TARGETS = {
    "tsv": (tsv, b"probe\treference\tscore\nsub-a\tph-b\t-1.5e-3\n"),
    "json": (json_object, json.dumps(GOOD).encode()),
    "zip": (archive, good_zip()),
    "nifti": (nifti, SCAN),
    "gzip": (volume, gzip.compress(SCAN, mtime=0)),
}


class Clock:
    """Runs a target until its processor time is used up: the clock on the wall also runs for others."""

    def __init__(self, target: Callable[[bytes], None], minutes: float) -> None:
        self.target, self.seconds, self.runs = target, 60 * minutes, 0

    def __call__(self, data: bytes) -> None:
        begin = time.process_time()
        self.target(data)
        end = time.process_time()
        assert end - begin < LONGEST, f"{end - begin:.1f} s for one input"
        self.runs += 1
        if end > self.seconds:
            print(f"{self.runs} runs in {end / 60:.1f} minutes of processor time: clean", flush=True)
            os._exit(0)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    target, seed = TARGETS[sys.argv[1]]
    clock = Clock(target, float(sys.argv[2]) if len(sys.argv) > 2 else 10)
    ORIGINAL = WORK / "original.nii.gz"
    ORIGINAL.write_bytes(gzip.compress(SCAN, mtime=0))
    corpus = WORK / "corpus"
    corpus.mkdir()
    (corpus / "good").write_bytes(seed)
    # The alarm is for what never ends: it rings by the clock on the wall, also for a process that is stopped.
    atheris.Setup([sys.argv[0], str(corpus), "-timeout=3600", "-rss_limit_mb=1000"], clock)
    atheris.Fuzz()
