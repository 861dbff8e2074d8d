"""The manifest of what is public, and the commitment to what is sealed."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from mriprivacy.data_prep.formats.atomic import write_whole

MANIFEST = "MANIFEST.sha256"
# Written when another edition takes the place of this one, which does not change: not in the manifest.
SUPERSEDED = "SUPERSEDED.json"
COMMITMENT = "KEY.commitment"
SEALED_MANIFEST = "SEALED.sha256"
COMMITTED = ("nonce", "key.tsv", "attributes.tsv", SEALED_MANIFEST)

# 2000-01-01T00:00:00Z: a time stamp that says nothing.
_TIME = 946_684_800


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def public_files(public: Path) -> list[str]:
    """Names of all files under a folder, relative, with `/`, sorted, but manifest and `SUPERSEDED`."""
    files = (
        path.relative_to(public).as_posix()
        for path in public.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )
    return sorted(name for name in files if name not in (MANIFEST, SUPERSEDED))


def write_manifest(public: Path) -> str:
    r"""Write `MANIFEST.sha256` over every file of a folder and return its own SHA-256, the edition hash.

    `sha256sum -c MANIFEST.sha256` in that folder checks it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("a")
    >>> len(write_manifest(folder)), (folder / MANIFEST).read_text()[-7:]
    (64, '  a.txt\n')
    """
    _write_list(public, public_files(public), MANIFEST)
    return file_sha256(public / MANIFEST)


def sealed_files(sealed: Path) -> list[str]:
    """Names of the sealed files that are committed to one by one: masks, labels, subjects and the like."""
    return [name for name in public_files(sealed) if name not in COMMITTED]


def commitment(sealed: Path) -> str:
    """SHA-256 over nonce, key, attributes and the list of all other sealed files, as the files stand.

    `cat nonce key.tsv attributes.tsv SEALED.sha256 | sha256sum -c ../public/KEY.commitment` checks it once
    they are revealed. The nonce keeps a short list from being guessed and tried. What stands in the list need
    not be revealed with it: brains and subjects' names stay sealed, and are committed to all the same.
    """
    digest = hashlib.sha256()
    for name in COMMITTED:
        digest.update((sealed / name).read_bytes())
    return digest.hexdigest()


def write_commitment(public: Path, sealed: Path) -> None:
    """Write the list of sealed files, and `KEY.commitment` in the form that `sha256sum -c` reads from a pipe.

    Call it when all that is sealed is there.
    """
    _write_list(sealed, sealed_files(sealed), SEALED_MANIFEST)
    write_whole(public / COMMITMENT, f"{commitment(sealed)}  -\n")


def _write_list(folder: Path, names: Iterable[str], target: str) -> None:
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in names]
    write_whole(folder / target, "".join(lines))


def blank_times(folder: Path) -> None:
    """Set every time stamp in a folder to one value; the order of writing must not leak."""
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (_TIME, _TIME))
