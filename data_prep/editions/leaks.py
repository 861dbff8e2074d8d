"""The last look before an edition is listed: nothing sealed may stand in what is public."""

import re
import zlib
from collections.abc import Iterable
from pathlib import Path

import nibabel as nib
import numpy as np

from mriprivacy.data_prep.formats.manifest import ContentError, content_digest, public_files
from mriprivacy.data_prep.formats.nifti import canonical_bytes
from mriprivacy.data_prep.formats.problems import Findings

_HEADER = nib.Nifti1Header.template_dtype
_WORDS = ("data_type", "db_name", "descrip", "aux_file", "intent_name")
# Made from an affine that is rounded when it is stored: another rounding may differ in the last bit.
_GEOMETRY = ("pixdim", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
# Of gzip: no flags (file name, comment, extra field) and no time stamp.
_GZIP = b"\x1f\x8b\x08" + bytes(5)
_TELLING = 6  # characters: what is shorter may stand in any text


def find_leaks(public: Path, secrets: Iterable[str], expected: Iterable[str]) -> tuple[str, ...]:
    """Look through names, tables, JSON, scans and photographs of a public folder.

    Parameters
    ----------
    public : Path
        The folder to be published.
    secrets : iterable of str
        What must stand nowhere in it, in upper or lower case: subjects, the nonce, names of the cohort's
        files, text of its headers. Whole words are compared: `sub-07_T2w.nii.gz` has the word `sub-07`,
        `sub-077` has not. Names of files are words, too. What has spaces is looked for as it is, but in
        tables, where nothing has.
    expected : iterable of str
        The files that make up the edition: what is missing or surplus is named. All but scans (`.nii.gz`)
        and photographs (`.png`), which must be as the canonical writers write them, are read as text.

    Returns
    -------
    tuple of str
        One line a kind of leak; empty if there is none.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "edition.json").write_text('{"citation": "thanks to sub-07"}')
    >>> find_leaks(folder, ["sub-07"], ["edition.json"])
    ("public: sealed words in a file: edition.json has 'sub-07'",)
    """
    found = Findings("public")
    words = {secret.lower().encode() for secret in secrets}
    phrases = sorted(word for word in words if word not in _words(word) and len(word) >= _TELLING)
    names, wanted = public_files(public), set(expected)
    for name in sorted({*names} ^ wanted):
        found.add("a file is missing" if name in wanted else "a file that is none of the edition's", name)
    for name in names:
        path = public / name
        for word in sorted(_words(name.lower().encode()) & words):
            found.add("sealed words in a file name", f"{name} has {word.decode()!r}")
        if path.is_symlink():
            found.add("a link", name)
        elif name.endswith(".nii.gz"):
            for what in _beside_voxels(path.read_bytes()):
                found.add("something but voxels and geometry in a scan", f"{name} {what}")
        elif name.endswith(".png"):
            try:
                content_digest(path)
            except ContentError as error:
                found.add("something but pixels in a photo", f"{name} {error}")
        else:
            text = path.read_bytes().lower()
            leaked = [] if name.endswith(".tsv") else [phrase for phrase in phrases if phrase in text]
            for word in sorted({*(_words(text) & words), *leaked}):
                found.add("sealed words in a file", f"{name} has {word.decode()!r}")
    return found.problems()


def header_text(path: Path) -> set[str]:
    """Return the texts in the header of a cohort's scan, and those of their words that hardly chance brings.

    Those are the words with a digit, of six characters or more: dates, numbers, names of a scanner's files.

    Examples
    --------
    >>> import tempfile
    >>> image = nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
    >>> image.header["descrip"] = b"P1 scanned 2019-03-04"
    >>> path = Path(tempfile.mkdtemp()) / "a.nii"
    >>> nib.save(image, path)
    >>> sorted(header_text(path))
    ['2019-03-04', 'P1 scanned 2019-03-04']
    """
    fields = nib.load(path).header.structarr
    raw = [bytes(fields[name].item()) for name in _WORDS if name in fields.dtype.names]
    texts = {text.decode("ascii", "ignore").strip("\0 ") for text in raw}
    words = {word.decode() for text in texts for word in _words(text.encode())}
    return {text for text in texts if len(text) >= _TELLING} | {word for word in words if is_telling(word)}


def is_telling(word: str) -> bool:
    """Say whether hardly chance brings a word: six characters or more, and a digit. `10` stands in any text.

    Examples
    --------
    >>> is_telling("IMG_2041"), is_telling("10"), is_telling("photograph")
    (True, False, False)
    """
    return len(word) >= _TELLING and any(char.isdigit() for char in word)


def _words(raw: bytes) -> set[bytes]:
    """Return the words of a text, once without and once with what joins the parts of a file's name."""
    names = (word.strip(b".") for word in re.split(rb"[^A-Za-z0-9._+-]+", raw))
    return {*re.split(rb"[^A-Za-z0-9-]+", raw), *names}


def _beside_voxels(packed: bytes) -> list[str]:
    """Name what in a scan is not as the canonical writer writes these voxels with this affine."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        raw = unpack.decompress(packed)
        image = nib.Nifti1Image.from_bytes(raw)
        canonical = canonical_bytes(image.dataobj.get_unscaled(), image.affine)
    except Exception as error:  # zlib, nibabel and numpy each raise their own
        return [f"cannot be read ({type(error).__name__})"]
    given, due = (np.frombuffer(header, _HEADER, 1)[0] for header in (raw, canonical))
    odd = [name for name in _HEADER.names if given[name].tobytes() != due[name].tobytes()]
    odd = [n for n in odd if n not in _GEOMETRY or not np.allclose(given[n], due[n], rtol=1e-6, atol=1e-6)]
    if packed[: len(_GZIP)] != _GZIP:
        odd.append("gzip")
    if raw[_HEADER.itemsize : int(image.dataobj.offset)] != bytes(4):
        odd.append("extension")
    if len(raw) > len(canonical) or unpack.unused_data or not unpack.eof:
        odd.append("bytes after the last voxel")
    return odd
