"""Whether an edition is what was released: files against lists, sealed ones against the commitment."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mriprivacy.challenge.edition.public import EditionError, public_folder
from mriprivacy.challenge.edition.sealed import organizer_folder
from mriprivacy.data_prep.formats.manifest import (
    COMMITMENT,
    COMMITTED,
    CONTENT,
    MANIFEST,
    SEALED_MANIFEST,
    ContentError,
    commitment,
    content_digest,
    public_files,
    sealed_files,
)
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.tables.tsv import read_bytes
from mriprivacy.scoring.errors import UserError

_MANY = 20
_LINE = re.compile(r"([0-9a-f]{64})  ([!-~]+)")


def verify_edition(path: Path) -> tuple[str, ...]:
    """Compare an edition with its manifest and, where it is there, what is sealed with its commitment.

    Parameters
    ----------
    path : Path
        As in `open_edition`.

    Returns
    -------
    tuple of str
        Every deviation (of many files the first twenty); empty if all is as released.

    Raises
    ------
    EditionError
        If there is no edition.
    """
    public = public_folder(path)
    problems = _compare(public, MANIFEST, public_files(public), "")
    sealed = organizer_folder(path) / "sealed"
    return (*problems, *(verify_sealed(public, sealed) if sealed.is_dir() else ()))


def verify_sealed(public: Path, sealed: Path) -> list[str]:
    """Return every deviation of a sealed folder, which may be incomplete, from the commitment in `public`."""
    problems = []
    missing = [name for name in COMMITTED if not (sealed / name).is_file()]
    if missing:
        problems.append(f"sealed: {', '.join(missing)} missing")
    elif not (public / COMMITMENT).is_file():
        problems.append(f"{COMMITMENT}: missing")
    elif (public / COMMITMENT).read_bytes() != f"{commitment(sealed)}  -\n".encode():
        problems.append(
            f"sealed: nonce, key, attributes and {SEALED_MANIFEST} are not what {COMMITMENT} commits to"
        )
    if (sealed / SEALED_MANIFEST).is_file():
        problems += _compare(sealed, SEALED_MANIFEST, sealed_files(sealed), "sealed/")
    mode = sealed.stat().st_mode & 0o777
    if mode & 0o077:
        problems.append(f"sealed: others may read it (mode {mode:04o}); chmod 700 fixes it")
    return problems


def _compare(folder: Path, manifest: str, names: Sequence[str], prefix: str) -> list[str]:
    """Say where the files of a folder are not those of its list."""
    try:
        listed = read_manifest(folder / manifest, prefix + manifest)
    except UserError as error:
        return list(error.problems)
    present = set(names)
    problems = [f"{prefix}{name}: listed in {manifest} but missing" for name in sorted(set(listed) - present)]
    problems += [f"{prefix}{name}: not listed in {manifest}" for name in sorted(present - set(listed))]
    for name in sorted(present & set(listed)):
        if (folder / name).is_symlink():
            problems.append(f"{prefix}{name}: is a link; expected a file")
        elif problem := changed(folder / name, listed[name]):
            problems.append(f"{prefix}{name}: {problem}")
    more = len(problems) - _MANY
    return problems[:_MANY] + ([f"{prefix or 'public/'}: {more} more such files"] if more > 0 else [])


def changed(path: Path, digest: str) -> str:
    """Say in what way a file does not hold what a list says; empty if it does."""
    try:
        same = content_digest(path) == digest
    except ContentError as error:
        return f"is not the file that was released: {error}"
    return "" if same else "is not the file that was released (SHA-256 of its content differs)"


def read_manifest(path: Path, name: str) -> Mapping[str, str]:
    """Return the SHA-256 of what every file holds that a list names; UserError if it is no such list."""
    raw = read_bytes(path, 1_000_000_000, name)
    first, *lines = raw.decode("utf-8", "replace").split("\n")[:-1] or [""]
    if _LINE.fullmatch(first):
        raise EditionError(
            f"{name}: is a list of the old kind, by the bytes of files; expected one by content. Build the "
            f"edition again with this kit, or check it as it is: sha256sum -c {path.name}"
        )
    if first != CONTENT:
        raise EditionError(f"{name}: line 1 is {shown(first, 60)}; expected {CONTENT!r}")
    listed: dict[str, str] = {}
    for number, line in enumerate(lines, start=2):
        match = _LINE.fullmatch(line)
        if not match or match[2] in listed:
            raise EditionError(f"{name}: line {number} is not '<sha256>  <file>', every file once")
        listed[match[2]] = match[1]
    return listed
