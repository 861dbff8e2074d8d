"""The organizer's signature of an entry: who has the public key can check an entry where no log is at hand.

Keys are those of `ssh-keygen -t ed25519`; package `cryptography`, the extra `sign`, does the signing.
"""

import importlib
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import entry_digest, file_digest
from mriprivacy.challenge.submission_log.evidence import Compared
from mriprivacy.data_prep.formats.tables.tsv import read_bytes
from mriprivacy.extras import how_to_install
from mriprivacy.scoring.errors import UserError

_LARGEST = 100_000  # bytes of a file of keys


def signing_key(path: Path, outside: Sequence[Path]) -> Any:
    """Read the organizer's secret key.

    Parameters
    ----------
    path : Path
        As `ssh-keygen -t ed25519 -N ''` writes it.
    outside : sequence of Path
        Folders that are published or sent: the key must not lie in any of them.

    Raises
    ------
    UserError
        If it is no such key, has a passphrase, can be read by other users, or lies in one of the folders.

    Examples
    --------
    >>> signing_key(Path("public/key"), [Path("public")])
    Traceback (most recent call last):
    mriprivacy.scoring.errors.UserError: public/key: is inside public, which others get; move the key away
    """
    for folder in outside:
        if path.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"{path}: is inside {folder}, which others get; move the key away")
    raw = read_bytes(path, _LARGEST, str(path))
    if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
        raise UserError(f"{path}: has mode {mode:03o}, so other users can open it; chmod 600 {path}")
    wanted = (
        f"{path}: is no secret Ed25519 key without a passphrase; "
        "'ssh-keygen -t ed25519 -N \"\" -f FILE' makes one"
    )
    try:
        key = _library("serialization").load_ssh_private_key(raw, password=None)
    except Exception as error:  # cryptography raises ValueError, TypeError and its own on what is no key
        raise UserError(wanted) from error
    if not isinstance(key, _library("asymmetric.ed25519").Ed25519PrivateKey):
        raise UserError(wanted)
    return key


def public_keys(path: Path) -> tuple[Any, ...]:
    """Read public keys, one a line, as `ssh-keygen` writes them into `FILE.pub`.

    Raises
    ------
    UserError
        If a line is no such key, or there is none.
    """
    load = _library("serialization").load_ssh_public_key
    kind = _library("asymmetric.ed25519").Ed25519PublicKey
    keys = []
    for number, line in enumerate(read_bytes(path, _LARGEST, str(path)).splitlines(), start=1):
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            key = load(line)
        except Exception:  # as above
            key = None
        if not isinstance(key, kind):
            raise UserError(f"{path}: line {number} is no public Ed25519 key; expected 'ssh-ed25519 ...'")
        keys.append(key)
    if not keys:
        raise UserError(f"{path}: holds no key; expected lines 'ssh-ed25519 ...'")
    return tuple(keys)


def signed(entry: Entry, key: Any) -> Entry:
    """Return an entry with the organizer's signature; as it is without a key.

    Ed25519 (RFC 8032) over the text `mriprivacy entry ` and the digest that the log has of the entry. The
    signature depends on nothing else, so an evaluation that is repeated gives the same entry.
    """
    if key is None:
        return entry
    return replace(entry, organizer_signature=key.sign(_message(entry_digest(entry))).hex())


def compare_with_keys(folder: Path, entries: Sequence[Entry], keys: Sequence[Any]) -> Compared:
    """Check the organizer's signatures of entries; one without a signature cannot be checked.

    Parameters
    ----------
    folder : Path
        Of the entries.
    entries : sequence of Entry
        Read from it.
    keys : sequence
        From `public_keys`; any of them may have signed. Without any, no entry is checked.
    """
    good: list[Entry] = []
    problems: list[str] = []
    unchecked: list[str] = []
    for entry in entries:
        if not (keys and entry.organizer_signature):
            good.append(entry)
            unchecked.append(entry.path)
            continue
        signature = bytes.fromhex(entry.organizer_signature)
        message = _message(file_digest(folder / entry.path))
        if any(_verifies(key, signature, message) for key in keys):
            good.append(entry)
        else:
            problems.append(
                f"{folder / entry.path}: its organizer_signature fits none of {len(keys)} keys; it was "
                "changed since it was signed, or somebody else signed it: ask for the entry, or for the key"
            )
    return Compared(tuple(good), tuple(problems), tuple(unchecked))


def _verifies(key: Any, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except importlib.import_module("cryptography.exceptions").InvalidSignature:
        return False
    return True


def _message(digest: str) -> bytes:
    return b"mriprivacy entry " + digest.encode("ascii")


def _library(part: str) -> Any:
    try:
        return importlib.import_module(f"cryptography.hazmat.primitives.{part}")
    except ImportError as error:
        raise UserError(
            f"signatures: no package cryptography here; install the extra {how_to_install('sign')}"
        ) from error
