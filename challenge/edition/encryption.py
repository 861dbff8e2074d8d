"""What is sealed, encrypted at rest: `sealed.age` in the place of `sealed/`, for holders of a key alone.

The files are age files of a tar archive (`age -d -i KEY sealed.age | tar x` opens one without this kit). The
package `pyrage` does the encrypting; it is an extra, `pip install mriprivacy[age]`.
"""

import importlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mriprivacy.challenge.compute.folders import scratch_folder
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import EditionError, public_folder
from mriprivacy.data_prep.formats.atomic import whole_file

LOCKED = "sealed.age"
_MEMORY = Path("/dev/shm")


def lock(edition: Path, recipients: Sequence[str]) -> Path:
    """Encrypt the sealed folder of an edition and remove it; return the file that is left.

    Parameters
    ----------
    edition : Path
        The folder with `public/` and `sealed/`, which must be as released.
    recipients : sequence of str
        Public keys, `age1...`; the holder of any of the identities can open the file.

    Raises
    ------
    EditionError
        If the edition is not as released, is locked already, or a recipient is no key.
    """
    age = _age()
    sealed = edition / "sealed"
    if not sealed.is_dir():
        raise EditionError(f"{edition}: no folder sealed/ here; is it locked already?")
    if problems := verify_edition(edition):
        raise EditionError(*problems)
    keys = check_recipients(recipients)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        archive.add(sealed, "sealed")
    with whole_file(edition / LOCKED) as temporary:
        temporary.write_bytes(age.encrypt(plain.getvalue(), keys))
    shutil.rmtree(sealed)
    return edition / LOCKED


def check_recipients(recipients: Sequence[str]) -> list[Any]:
    """Return the public keys that are meant; EditionError if there is none, or one is no key."""
    age = _age()
    keys = []
    for recipient in recipients:
        try:
            keys.append(age.x25519.Recipient.from_str(recipient))
        except age.RecipientError as error:
            raise EditionError(f"recipients: {recipient!r} is no age key; expected age1...") from error
    if not keys:
        raise EditionError("recipients: none; expected public keys, age1... (age-keygen makes a pair)")
    return keys


def unlock(edition: Path, identity: Path) -> Path:
    """Put the sealed folder of a locked edition back, and remove the encrypted file.

    Raises
    ------
    EditionError
        If the identity does not open it, what is in it is not what the edition commits to, or a sealed folder
        is there.
    """
    sealed = edition / "sealed"
    if sealed.exists():
        raise EditionError(f"{sealed}: is there already; remove it or {LOCKED}, whichever you do not trust")
    # Copied within a folder that nobody else can enter: what is copied is open to all until its mode is.
    with (
        opened(edition, identity) as folder,
        tempfile.TemporaryDirectory(dir=edition, prefix=".sealed-") as own,
    ):
        shutil.copytree(folder / "sealed", Path(own, "sealed")).chmod(0o700)
        Path(own, "sealed").rename(sealed)
    (edition / LOCKED).unlink()
    return sealed


@contextmanager
def opened(edition: Path, identity: Path | None) -> Iterator[Path]:
    """Give an edition whose sealed side can be read: itself, or a temporary one in memory if it is locked.

    Parameters
    ----------
    edition : Path
        The folder with `public/` and `sealed/` or `sealed.age`.
    identity : Path or None
        File of the organizer's secret key, `AGE-SECRET-KEY-1...`; None for an edition that is not locked.

    Yields
    ------
    Path
        A folder with `public/` and `sealed/`; a temporary one is gone afterwards.
    """
    locked = edition / LOCKED
    if identity is None:
        if locked.is_file() and not (edition / "sealed").is_dir():
            raise EditionError(f"{edition}: is locked; give identity=FILE with the organizer's secret key")
        yield edition
        return
    if not locked.is_file():
        raise EditionError(f"{edition}: no {LOCKED} here; without a locked edition, give no identity")
    memory = _MEMORY if _MEMORY.is_dir() else None
    with scratch_folder("sealed", memory) as folder:
        (folder / "public").symlink_to(public_folder(edition).absolute(), target_is_directory=True)
        _unpack(_decrypt(locked, identity), folder)
        if problems := verify_edition(folder):
            raise EditionError(*problems)
        yield folder


def _decrypt(locked: Path, identity: Path) -> bytes:
    age = _age()
    lines = [line.strip() for line in identity.read_text(encoding="utf-8", errors="replace").splitlines()]
    secrets = [line for line in lines if line and not line.startswith("#")]
    try:
        keys = [age.x25519.Identity.from_str(secret) for secret in secrets]
        return age.decrypt(locked.read_bytes(), keys)
    except (age.IdentityError, age.DecryptError) as error:
        raise EditionError(
            f"{identity}: does not open {locked.name}; expected its AGE-SECRET-KEY-1..."
        ) from error


def _unpack(plain: bytes, folder: Path) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            members = [member for member in archive if member.name.split("/")[0] == "sealed"]
            archive.extractall(folder, members, filter="data")
    except tarfile.TarError as error:
        raise EditionError(f"{LOCKED}: holds no sealed folder ({error})") from error
    (folder / "sealed").chmod(0o700)


def _age() -> Any:
    try:
        return importlib.import_module("pyrage")
    except ImportError as error:
        raise EditionError(
            "no package pyrage here; install the extra: pip install 'mriprivacy[age]'"
        ) from error
