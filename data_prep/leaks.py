"""The last look before an edition is listed: nothing sealed may stand in what is public."""

import gzip
import re
import struct
from collections.abc import Iterable
from pathlib import Path

from data_prep.problems import Findings
from data_prep.sealing import public_files

# What the canonical writer leaves blank of a NIfTI-1 header, and the flag of extensions: first, last + 1.
_NIFTI_FIELDS = {
    "data_type": (4, 14),
    "db_name": (14, 32),
    "extents, session_error, regular, dim_info": (32, 40),
    "intent": (56, 70),
    "slice_start": (74, 76),
    "slice_end, slice_code": (120, 123),
    "cal_max, cal_min, slice_duration, toffset": (124, 140),
    "glmax, glmin": (140, 148),
    "descrip": (148, 228),
    "aux_file": (228, 252),
    "intent_name": (328, 344),
    "extension": (348, 352),
}
_PNG_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}


def find_leaks(public: Path, secrets: Iterable[str]) -> tuple[str, ...]:
    """Look through names, tables, JSON, NIfTI headers and PNG chunks of a public folder.

    Parameters
    ----------
    public : Path
        The folder to be published.
    secrets : iterable of str
        Words that must stand nowhere in it: subjects, the nonce, names of the cohort's files. Whole words are
        compared: `sub-07_T2w.nii.gz` has the word `sub-07`, `sub-077` has not. Names of files are words, too.

    Returns
    -------
    tuple of str
        One line a kind of leak; empty if there is none.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "edition.json").write_text('{"citation": "thanks to sub-07"}')
    >>> find_leaks(folder, ["sub-07"])
    ("public: sealed words in a file: edition.json has 'sub-07'",)
    """
    found = Findings("public")
    words = {word.encode() for word in secrets}
    for name in public_files(public):
        for word in sorted(_words(name.encode()) & words):
            found.add("sealed words in a file name", f"{name} has {word.decode()!r}")
        if name.endswith(".nii.gz"):
            for field in _written_fields(public / name):
                found.add("something but voxels and geometry in the header of a scan", f"{name} {field}")
        elif name.endswith(".png"):
            for chunk in _other_chunks(public / name):
                found.add("metadata in a photo", f"{name} {chunk!r}")
        else:
            for word in sorted(_words((public / name).read_bytes()) & words):
                found.add("sealed words in a file", f"{name} has {word.decode()!r}")
    return found.problems()


def _words(raw: bytes) -> set[bytes]:
    """Return the words of a text, once without and once with what joins the parts of a file's name."""
    names = (word.strip(b".") for word in re.split(rb"[^A-Za-z0-9._+-]+", raw))
    return {*re.split(rb"[^A-Za-z0-9-]+", raw), *names}


def _written_fields(path: Path) -> list[str]:
    """Names of header fields that should be blank and are not, those of gzip included."""
    with path.open("rb") as stream:
        packed = stream.read(10)
    with gzip.open(path) as unpacked:
        header = unpacked.read(352)
    fields = [name for name, (first, end) in _NIFTI_FIELDS.items() if any(header[first:end])]
    # gzip: flags (file name, comment, extra field) and time stamp.
    return fields + (["gzip"] if any(packed[3:8]) else [])


def _other_chunks(path: Path) -> list[str]:
    raw = path.read_bytes()
    chunks, position = [], 8
    while position + 8 <= len(raw):
        (length,) = struct.unpack(">I", raw[position : position + 4])
        kind = raw[position + 4 : position + 8]
        if kind not in _PNG_CHUNKS:
            chunks.append(kind.decode("latin-1"))
        position += 12 + length
    return chunks
