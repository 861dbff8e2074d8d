"""Fuzz the readers, guided by coverage: no crash, no hang, nothing accepted that is not as it should be.

    uv run --with atheris python docs/how-to/fuzz.py TARGET [MINUTES]

TARGET is one of entry, log, sealed, edition; or tsv, json, zip, nifti, gzip of what participants send.
Ten minutes of processor time by default; one input may take two seconds of it.
docs/how-to/fuzz.md says what to do with what is found.
"""

import gzip
import io
import json
import os
import struct
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import atheris
import nibabel as nib
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["mriprivacy", "zipfile", "json"]):
    from mriprivacy.baselines.face.scan import read_scan
    from mriprivacy.challenge.intake.archive import unpacked
    from mriprivacy.challenge.intake.description import check_fields
    from mriprivacy.challenge.intake.submission import SubmissionError
    from mriprivacy.challenge.intake.volumes import VolumeError, check_volume, parse_header
    from mriprivacy.challenge.submission_log.head import HEAD
    from mriprivacy.challenge.submission_log.log import LOG, Event, append
    from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
    from mriprivacy.data_prep.formats.nifti import canonical_bytes
    from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS, parse_id, parse_score
    from mriprivacy.data_prep.formats.strict_json import JsonError, parse_json_object
    from mriprivacy.data_prep.formats.tables.tsv import parse_table, table_bytes
    from tests.helpers import read_properties
    from tests.helpers.read_properties import BETWEEN, SEALED, TABLES, Editions
    from tests.helpers.spoiled_entries import SMALL
    from tests.helpers.tiny_cohort import write_tiny_cohort

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
# The least that the attackers look at; few values, so that it is short when packed.
VOXELS = (np.arange(16**3, dtype=np.int16) // 512).reshape(16, 16, 16)
SCAN = canonical_bytes(VOXELS, np.diag([1.0, 2, 3, 1]))
# float64, which can hold what float32, in which scans are looked at, cannot.
FLOATS = canonical_bytes(VOXELS * 2.0**56, np.diag([1.0, 2, 3, 1]))


def tsv(data: bytes) -> None:
    """Read a table of scores."""
    table, problems = parse_table(data, SCORE_COLUMNS, RULES, name="x.tsv", max_rows=50)
    assert all(problem.isprintable() for problem in problems)
    if not problems:
        assert table_bytes(SCORE_COLUMNS, table.rows) == data
        assert all(abs(float(score)) <= 1e30 for score in table.column("score"))


def json_object(data: bytes) -> None:
    """Read a description."""
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
    """Unpack a zip."""
    path = WORK / "x.zip"
    path.write_bytes(data)
    try:
        with unpacked(path, SIZES) as found:
            folder = found.folder
            files = [file for file in folder.rglob("*") if not file.is_dir()]
            for file in files:
                assert file.is_file()
                assert not file.is_symlink()
                assert file.stat().st_size <= SIZES[file.relative_to(folder).as_posix()] + 1
            with zipfile.ZipFile(path) as listed:
                names = sorted(name for name in listed.namelist() if not name.endswith("/"))
            here = [file.relative_to(folder).as_posix() for file in files]
            left_out = [name for name in (*found.left_out, *found.links) if not name.endswith("/")]
            assert names == sorted([*here, *left_out])
    except SubmissionError as error:
        assert all(problem.isprintable() for problem in error.problems)  # noqa: PT017


def nifti(data: bytes) -> None:
    """Read an uncompressed volume: the fuzzer reaches the header and the voxels."""
    try:
        parse_header(data[:348])
    except VolumeError as error:
        assert str(error).isprintable()  # noqa: PT017
    volume(gzip.compress(data, compresslevel=1, mtime=0))


def volume(data: bytes) -> None:
    """Read a packed volume: the fuzzer reaches gzip."""
    path = WORK / "x.nii.gz"
    path.write_bytes(data)
    try:
        check_volume(path, ORIGINAL)
    except VolumeError as error:
        assert str(error).isprintable()  # noqa: PT017
        return
    seen = read_scan(path)  # as the attackers read it: it raises what they would
    assert seen.data.shape == VOXELS.shape
    assert np.abs(seen.data).max() <= 1.0001e18
    assert np.unique(seen.data).size == np.unique(nib.load(path).get_fdata()).size, (
        "hidden from the attackers"
    )
    assert np.allclose(seen.affine, read_scan(ORIGINAL).affine, atol=0.02)


def good_zip() -> bytes:
    """Return a plain zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name in SIZES:
            made.writestr(name, b"abc" * 3)
    return buffer.getvalue()


def utf8_zip() -> bytes:
    """Return the same, with both headers flagged for names in UTF-8."""
    content = bytearray(good_zip())
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            content[at + flags + 1] |= 8
    return bytes(content)


def large_zip() -> bytes:
    """Return the same as a zip over 4 GB is: sizes and place of the last member, and the end, in 64 bits."""
    content = good_zip()
    table, last, end = (content.find(b"PK\1\2"), content.rfind(b"PK\1\2"), content.rfind(b"PK\5\6"))
    record = bytearray(content[last:end])
    packed, size, offset = (*struct.unpack_from("<2L", record, 20), *struct.unpack_from("<L", record, 42))
    record[20:28] = b"\xff" * 8
    record[42:46] = b"\xff" * 4
    record[30:32] = struct.pack("<H", 28)
    record += struct.pack("<HH3Q", 1, 24, size, packed, offset)
    length = last - table + len(record)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, len(SIZES), len(SIZES), length, table)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, table + length, 1)
    short = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return content[:last] + bytes(record) + end64 + locator + short


def good_log() -> bytes:
    """Return a log of every kind of line, and its head."""
    folder = WORK / "log"
    for event in ("accepted", "evaluated", "evaluated again", "refused", "over limit", "failed"):
        append(folder, Event(event, "synth/1", "attack", "team", "s", "ab" * 32, entry="cd" * 32, bits=2.8))
    return (folder / LOG).read_bytes() + BETWEEN + (folder / HEAD).read_bytes()


def editions() -> Editions:
    """Return a small edition whose files are fuzzed."""
    config = EditionConfig(id="tiny", seed=11, hair_removal="given")
    build_edition(write_tiny_cohort(WORK / "cohort"), WORK / "whole", config)
    return Editions(WORK / "whole", WORK)


def organizers(name: str) -> tuple[Callable[[bytes], object], tuple[bytes, ...]]:
    """Return a reader of the organizer's own files, and good ones."""
    if name == "entry":
        return partial(read_properties.entry, work=WORK), (json.dumps(SMALL).encode(),)
    if name == "log":
        return partial(read_properties.log, work=WORK), (good_log(),)
    made = editions()
    if name == "sealed":
        return made.sealed, (made.files(SEALED, "sealed"),)
    return made.public, (
        made.files(("edition.json",), "public"),
        made.files(("edition.json", *TABLES), "public"),
    )


# What to read, and the good files to begin with.
TARGETS: dict[str, tuple[Callable[[bytes], object], tuple[bytes, ...]]] = {
    "tsv": (tsv, (b"probe\treference\tscore\nsub-a\tph-b\t-1.5e-3\n",)),
    "json": (json_object, (json.dumps(GOOD).encode(),)),
    "zip": (archive, (good_zip(), utf8_zip(), large_zip())),
    "nifti": (nifti, (SCAN, FLOATS)),
    "gzip": (volume, (gzip.compress(SCAN, mtime=0), gzip.compress(SCAN[:999]) + gzip.compress(SCAN[999:]))),
}


class Clock:
    """Runs a target until its processor time is used up: the clock on the wall also runs for others."""

    def __init__(self, target: Callable[[bytes], object], minutes: float) -> None:
        self.target, self.seconds, self.runs = target, 60 * minutes, 0

    def __call__(self, data: bytes) -> None:
        """Run it once, and end the process when the time is used up."""
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
    os.fsync = lambda handle: None  # nothing that is written here has to last
    target, seeds = TARGETS.get(sys.argv[1]) or organizers(sys.argv[1])
    clock = Clock(target, float(sys.argv[2]) if len(sys.argv) > 2 else 10)
    ORIGINAL = WORK / "original.nii.gz"
    ORIGINAL.write_bytes(gzip.compress(SCAN, mtime=0))
    corpus = WORK / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / f"good-{number}").write_bytes(seed)
        target(seed)  # what is imported by its first input takes seconds
    # The alarm is for what never ends: it rings by the clock on the wall, also for a process that is stopped.
    limits = ["-timeout=3600", "-rss_limit_mb=2000", "-max_len=20000"]
    atheris.Setup([sys.argv[0], str(corpus), *limits], clock)
    atheris.Fuzz()
