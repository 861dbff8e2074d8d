"""What is sealed, encrypted at rest: `sealed.age` in the place of `sealed/`, for holders of a key alone.

The files are age files of a tar archive (`age -d -i KEY sealed.age | tar x` opens one without this kit). The
package `pyrage` does the encrypting; it is the extra `age`.
"""

import importlib
import io
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mriprivacy.challenge.compute.folders import scratch_folder
from mriprivacy.challenge.edition.integrity import verify_edition, verify_sealed
from mriprivacy.challenge.edition.public import EditionError, public_folder
from mriprivacy.data_prep.formats.atomic import sync, sync_tree, whole_file
from mriprivacy.data_prep.formats.manifest import file_sha256, public_files
from mriprivacy.extras import how_to_install

LOCKED = "sealed.age"
# What `lock` is removing or `unlock` is writing. It stands only while a `sealed.age` that was proven stands.
READABLE = ".sealed-readable"
_BUSY = ".sealed-busy"
_AGE_HEADER = b"age-encryption.org/v1\n"
_MEMORY = Path("/dev/shm")


def lock(edition: Path, recipients: Sequence[str]) -> Path:
    """Encrypt the sealed folder of an edition and remove it; return the file that is left.

    The file is opened again and compared with the folder and the commitment before anything is removed. To
    this end it is encrypted for one more key, which never leaves the memory of this process. A `lock` that
    was killed while it removed the folder is finished by the next.

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
    sealed, locked, readable = (edition / name for name in ("sealed", LOCKED, READABLE))
    none = f"{edition}: no folder sealed/ here; is it locked already?"
    if not edition.is_dir():
        raise EditionError(none)
    with _alone(edition):
        if _is_age(locked) and readable.is_dir() and not sealed.exists():
            _remove(readable)
            sync(edition)
            return locked
        if not sealed.is_dir():
            raise EditionError(*(key_problems(edition) or [none]))
        if problems := [*key_problems(edition), *verify_edition(edition)]:
            raise EditionError(*problems)
        if sealed.is_symlink():
            raise EditionError(f"{sealed}: is a link, and lock would encrypt the link; expected a folder")
        keys = check_recipients(recipients)
        own = age.x25519.Identity.generate()
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as archive:
            archive.add(sealed, "sealed")
        with whole_file(locked) as temporary:
            temporary.write_bytes(age.encrypt(plain.getvalue(), [*keys, own.to_public()]))
            sync(temporary)
            _prove(edition, temporary, own)
        sync(edition)
        sealed.rename(readable)
        sync(edition)
        _remove(readable)
        sync(edition)
    return locked


def key_problems(edition: Path) -> list[str]:
    """Say what is wrong with where the key of an edition stands, and the way out; empty if nothing is.

    The key stands in `sealed/` or in `sealed.age`, and in one of them only. Both, or a readable copy beside
    `sealed.age`, is what an interrupted `lock` or `unlock` leaves.

    Parameters
    ----------
    edition : Path
        The folder with `public/`. Whether there is a key at all is not asked.
    """
    sealed, locked, readable = (edition / name for name in ("sealed", LOCKED, READABLE))
    unlocking = f"'mriprivacy unlock edition={edition} identity=FILE'"
    if locked.is_file() and not _is_age(locked):
        return [f"{locked}: is no age file; keep what else is here, and put {LOCKED} back from your backup"]
    if not locked.is_file() and not readable.is_dir():
        return []
    whole = sealed.is_dir() and not verify_sealed(public_folder(edition), sealed)
    if locked.is_file() and sealed.is_dir():
        return [
            f"{edition}: sealed/ and {LOCKED} are both here, as an interrupted lock or unlock leaves them; "
            + (
                f"sealed/ is whole: {unlocking} checks {LOCKED} and keeps sealed/, "
                f"or remove {LOCKED} to lock again"
                if whole
                else f"sealed/ is not whole, so keep {LOCKED}: {unlocking} checks it and puts sealed/ back"
            )
        ]
    if locked.is_file() and readable.is_dir():
        return [
            f"{readable}: a readable copy of what is in {LOCKED}, left by an interrupted lock or unlock; "
            f"'mriprivacy lock edition={edition}' removes it, {unlocking} puts sealed/ back"
        ]
    if readable.is_dir():
        copied = not verify_sealed(public_folder(edition), readable)
        return [
            f"{readable}: left by an interrupted lock or unlock, and {LOCKED} is gone; "
            + (
                "sealed/ is whole, so remove the copy"
                if whole
                else "the copy is whole: rename it to sealed"
                if copied
                else f"the copy is not whole: put {LOCKED} or sealed/ back from your backup"
            )
        ]
    return []


def _is_age(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_AGE_HEADER)) == _AGE_HEADER


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

    Of a `lock` or `unlock` that was interrupted, it keeps a whole `sealed/`, and replaces a part of one.

    Raises
    ------
    EditionError
        If the identity does not open it, what is in it is not what the edition commits to, or a sealed folder
        is there that holds something else.
    """
    sealed, locked, readable = (edition / name for name in ("sealed", LOCKED, READABLE))
    is_open = "sealed/ is, so the edition is not locked" if sealed.is_dir() else "nothing to unlock"
    none = f"{edition}: no {LOCKED} here; {is_open}"
    if not edition.is_dir():
        raise EditionError(none)
    with ExitStack() as stack:
        stack.enter_context(_alone(edition))
        if not locked.is_file():
            raise EditionError(*(key_problems(edition) or [none]))
        folder = stack.enter_context(opened(edition, identity))
        if readable.is_dir():
            _remove(readable)
        if not sealed.is_dir() or verify_sealed(public_folder(edition), sealed):
            _remove_part(sealed, folder / "sealed")
            # Made so that no other user can enter it: what is copied is open to all until its mode is.
            readable.mkdir(mode=0o700)
            shutil.copytree(folder / "sealed", readable, dirs_exist_ok=True)
            if problems := verify_sealed(public_folder(edition), readable):
                raise EditionError(*problems)
            sync_tree(readable)
            readable.rename(sealed)
        else:
            sync_tree(sealed)
        sync(edition)
        locked.unlink()
        sync(edition)
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
    with _unpacked(edition, _decrypt(locked, identity)) as folder:
        if problems := verify_edition(folder):
            raise EditionError(*problems)
        yield folder


@contextmanager
def _alone(edition: Path) -> Iterator[None]:
    """Let one `lock` or `unlock` at a time change an edition, and remove what a killed `lock` half wrote."""
    lock = FileLock(edition / _BUSY, mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise EditionError(f"{edition}: another lock or unlock is running; wait for it") from error
    try:
        for half in edition.glob(f".partial-*-{LOCKED}"):
            half.unlink()
        yield
    finally:
        (edition / _BUSY).unlink(missing_ok=True)
        lock.release()


def _prove(edition: Path, written: Path, secret: Any) -> None:
    """Raise unless a file opens, holds what the edition commits to, and all that is in `sealed/`."""
    age, sealed = _age(), edition / "sealed"
    try:
        plain = age.decrypt(written.read_bytes(), [secret])
    except age.DecryptError as error:
        raise EditionError(
            f"{edition}: what was encrypted cannot be opened again ({error}); sealed/ is as it was"
        ) from error
    with _unpacked(edition, plain) as folder:
        problems = verify_sealed(public_folder(edition), folder / "sealed")
        if not problems and _digests(folder / "sealed") != _digests(sealed):
            problems = [f"{sealed}: changed while it was encrypted; nothing was removed, run lock again"]
    if problems:
        raise EditionError(*problems)


def _digests(folder: Path) -> dict[str, str]:
    return {name: file_sha256(folder / name) for name in public_files(folder)}


def _remove(readable: Path) -> None:
    try:
        shutil.rmtree(readable)
    except (OSError, KeyboardInterrupt) as error:
        raise EditionError(
            f"{readable}: not removed ({str(error) or 'interrupted'}), and readable; {LOCKED} is whole: "
            "run the same command again"
        ) from error


def _remove_part(sealed: Path, archived: Path) -> None:
    """Remove a sealed folder that is not whole, unless it holds something that is not in the archive."""
    if sealed.is_symlink() or (sealed.exists() and not sealed.is_dir()):
        raise EditionError(f"{sealed}: is no folder; move it away, and run unlock again")
    if not sealed.is_dir():
        return
    there, known = _digests(sealed), _digests(archived)
    if other := sorted(name for name, digest in there.items() if known.get(name) != digest):
        raise EditionError(
            f"{sealed}: {', '.join(other[:5])} ({len(other)} in all): not as in {LOCKED}, which is whole; "
            "move sealed/ away, and run unlock again"
        )
    shutil.rmtree(sealed)


@contextmanager
def _unpacked(edition: Path, plain: bytes) -> Iterator[Path]:
    memory = _MEMORY if _MEMORY.is_dir() else None
    with scratch_folder("sealed", memory) as folder:
        (folder / "public").symlink_to(public_folder(edition).absolute(), target_is_directory=True)
        _unpack(plain, folder)
        yield folder


def _decrypt(locked: Path, identity: Path) -> bytes:
    age = _age()
    lines = [line.strip() for line in identity.read_text(encoding="utf-8", errors="replace").splitlines()]
    secrets = [line for line in lines if line and not line.startswith("#")]
    try:
        keys = [age.x25519.Identity.from_str(secret) for secret in secrets]
        result: bytes = age.decrypt(locked.read_bytes(), keys)
        return result
    except (age.IdentityError, age.DecryptError) as error:
        raise EditionError(
            f"{identity}: does not open {locked.name}; expected its AGE-SECRET-KEY-1..."
        ) from error


def _unpack(plain: bytes, folder: Path) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            members = [member for member in archive if member.name.split("/")[0] == "sealed"]
            archive.extractall(folder, members, filter="data")
    except (tarfile.TarError, RecursionError) as error:  # the latter for folders in folders
        raise EditionError(f"{LOCKED}: holds no sealed folder ({error})") from error
    if not (folder / "sealed").is_dir():
        raise EditionError(f"{LOCKED}: holds no sealed folder")
    (folder / "sealed").chmod(0o700)


def _age() -> Any:
    try:
        return importlib.import_module("pyrage")
    except ImportError as error:
        raise EditionError(f"no package pyrage here; install the extra {how_to_install('age')}") from error
