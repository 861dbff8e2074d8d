"""Editions and results at a URL: fetched into the cache by content, written when they are whole.

`edition=s3://bucket/edition` is fetched file by file as its lists (`MANIFEST.sha256`) name them, each checked
against its SHA-256, and kept under it: a file of an edition is fetched only once. What else is read
(`submission=`, `entries=`) is fetched anew. What is written is written here first and sent when the command
has succeeded. Any URL that fsspec knows; credentials and endpoints are the environment's
(docs/how-to/scale.md).
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from mriprivacy.challenge.compute.folders import cache_folder, scratch_folder
from mriprivacy.challenge.edition.encryption import LOCKED
from mriprivacy.challenge.edition.integrity import changed, read_manifest
from mriprivacy.challenge.edition.public import EditionError
from mriprivacy.challenge.settings.printing import verdict_only
from mriprivacy.data_prep.formats.atomic import OutputExistsError, whole_file
from mriprivacy.data_prep.formats.manifest import (
    COMMITTED,
    MANIFEST,
    SEALED_MANIFEST,
    SUPERSEDED,
    encoding,
)
from mriprivacy.data_prep.formats.problems import IncompleteError
from mriprivacy.extras import how_to_install
from mriprivacy.scoring.errors import UserError

EDITIONS, READ, WRITTEN = (
    ("edition",),
    ("submission", "entries", "probes", "photos", "gallery"),
    ("output", "report"),
)
TOLD = ("contact", "home", "service")  # addresses that are written down, not opened
SEALED = (
    "evaluate",
    "build-defaced",
    "paper",
    "export",
    "serve-scores",
)  # read what is sealed, and all else must not
WHOLE = (
    "build",
    "build-defaced",
    "inspect",
    "deface",
    "attack",
    "infer",
    "cohort",
    "bald",
    "identify",
)  # write a folder of their own
_URL = re.compile(r"[a-z][a-z0-9+.-]*://.+", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
_AT_A_TIME = 16


def is_url(text: str) -> bool:
    """Say whether a setting is a URL.

    Examples
    --------
    >>> is_url("s3://bucket/edition"), is_url("people/edition"), is_url("")
    (True, False, False)
    """
    return bool(_URL.fullmatch(text))


@contextmanager
def here(command: str, settings: Any) -> Iterator[None]:
    """Put local folders in the place of URLs in settings, filled before and sent after the block.

    Parameters
    ----------
    command : str
        Whose settings they are; only those of `SEALED` fetch what is sealed.
    settings : dataclass
        Changed in place. Files of editions are kept in the folder `cache`.

    Raises
    ------
    UserError, EditionError
        If a URL cannot be read or written, or holds something else than its lists say.
    OutputExistsError
        If there is something at an output where nothing may be.
    """
    given = {
        field.name: getattr(settings, field.name) for field in fields(settings) if field.name not in TOLD
    }
    urls = {name: value for name, value in given.items() if isinstance(value, str) and is_url(value)}
    odd = sorted(set(urls) - {*EDITIONS, *READ, *WRITTEN}) + [
        f"{name}.{field.name}"
        for name, group in given.items()
        if is_dataclass(group)
        for field in fields(group)
        if name != "compute" and isinstance(value := getattr(group, field.name), str) and is_url(value)
    ]
    if command in ("lock", "unlock") and urls:
        odd.append("edition")  # what they change is where the edition is
    if command == "serve-scores" and "output" in urls:
        odd.append("output")  # it is sent when a command ends
    if odd:
        raise UserError(*(f"{name}: a URL; expected a folder or file of this machine" for name in odd))
    if not urls:
        yield
        return
    cache = cache_folder(given.get("cache", ""))
    with ExitStack() as stack:
        outputs = []
        for name, url in urls.items():
            if name in WRITTEN:
                if name == "output" and command in WHOLE and listed(url):
                    raise OutputExistsError(f"{url}: something is there already; nothing is overwritten")
                local = stack.enter_context(_outgoing(url, cache))
                outputs.append((local, url))
            else:
                home = stack.enter_context(scratch_folder("storage", cache))
                if name in EDITIONS:
                    local = fetch_edition(url, home / "edition", cache, sealed=command in SEALED)
                    if command not in SEALED:
                        local = local / "public"
                else:
                    local = fetch_folder(url, home / "read")
                    if command == "identify":  # who they are stands beside the vectors
                        fetch_folder(f"{url.removesuffix('.npy')}.tsv", home / "read")
            setattr(settings, name, str(local))
        left_out: IncompleteError | None = None
        try:
            yield
        except IncompleteError as error:
            left_out = error
        for local, url in outputs:
            try:
                send(local, url)
            except UserError as error:
                kept = local.rename(Path(tempfile.mkdtemp(prefix="unsent-", dir=local.parent)) / local.name)
                raise UserError(
                    *error.problems,
                    f"{url}: may hold a part; the whole is kept in {kept}: copy it, or remove it",
                ) from error
            if not verdict_only(settings):
                print(f"{url}: written")
        if left_out is not None:
            raise left_out


@contextmanager
def _outgoing(url: str, cache: Path) -> Iterator[Path]:
    """Give where to write what goes to a URL: the same folder again, so that work that resumes does so."""
    home = cache / "outgoing" / hashlib.sha256(url.encode()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        yield home / "out"
    finally:
        shutil.rmtree(home / "out", ignore_errors=True)
        with suppress(OSError):  # parts of work that was interrupted stay
            home.rmdir()


def fetch_edition(url: str, folder: Path, cache: Path, sealed: bool = False) -> Path:
    """Fetch an edition as its lists name it, and return its folder.

    Parameters
    ----------
    url : str
        Of `public/`, or of the folder that holds it.
    folder : Path
        Where it shall stand.
    cache : Path
        Files of `public/` are kept in it, by content. What is sealed is not kept.
    sealed : bool
        Whether to fetch `sealed/` beside it, too.

    Raises
    ------
    EditionError
        If there is no edition, or a file is not what its list says.
    """
    url = url.rstrip("/")
    filesystem, path = _opened(url)
    public = next((p for p in (f"{path}/public", path) if filesystem.exists(f"{p}/{MANIFEST}")), None)
    if public is None:
        raise EditionError(f"{url}: no edition here; expected {MANIFEST}, or public/{MANIFEST}")
    objects = cache / "objects"
    objects.mkdir(parents=True, exist_ok=True, mode=0o700)
    _fetch_listed(filesystem, public, MANIFEST, folder / "public", objects)
    if filesystem.exists(f"{public}/{SUPERSEDED}"):
        _fetch(filesystem, f"{public}/{SUPERSEDED}", folder / "public" / SUPERSEDED)
    if sealed:
        home = public.removesuffix("/public")
        if filesystem.exists(f"{home}/{LOCKED}"):
            _fetch(filesystem, f"{home}/{LOCKED}", folder / LOCKED)
            return folder
        beside = f"{home}/sealed"
        for name in COMMITTED:
            _fetch(filesystem, f"{beside}/{name}", folder / "sealed" / name)
        if filesystem.exists(f"{beside}/{SEALED_MANIFEST}"):
            _fetch_listed(filesystem, beside, SEALED_MANIFEST, folder / "sealed", None)
        (folder / "sealed").chmod(0o700)
    return folder


def fetch_folder(url: str, folder: Path) -> Path:
    """Fetch whatever is at a URL, a folder or one file, and return where it is."""
    filesystem, path = _opened(url)
    if filesystem.isfile(path):
        target = folder / path.rpartition("/")[2]
        _fetch(filesystem, path, target)
        return target
    names = listed(url)
    if not names:
        raise UserError(f"{url}: nothing here")
    _many([(filesystem, f"{path.rstrip('/')}/{name}", folder / name) for name in names])
    return folder


def send(folder: Path, url: str) -> None:
    """Send every file of a folder to a URL, `MANIFEST.sha256` last: an edition without it is none."""
    filesystem, path = _opened(url)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    files.sort(key=lambda file: file.name == MANIFEST)
    with _with_address(url):
        for file in files:
            target = f"{path.rstrip('/')}/{file.relative_to(folder).as_posix()}"
            filesystem.makedirs(target.rpartition("/")[0], exist_ok=True)
            filesystem.put_file(str(file), target)


def listed(url: str) -> list[str]:
    """Return the names of the files at a URL, relative to it."""
    filesystem, path = _opened(url)
    path = path.rstrip("/")
    with _with_address(url):
        found = filesystem.find(path) if filesystem.exists(path) else []
    names = [name.removeprefix(path).lstrip("/") for name in found]
    odd = [name for name in names if not _NAME.fullmatch(name)]
    if odd:
        raise UserError(f"{url}: {odd[0]!r} is no name for a file of an edition, a submission or results")
    return sorted(names)


def _fetch_listed(filesystem: Any, path: str, manifest: str, folder: Path, objects: Path | None) -> None:
    """Fetch a list and what it names; files are taken from `objects` or added to it."""
    _fetch(filesystem, f"{path}/{manifest}", folder / manifest)
    hashes = read_manifest(folder / manifest, manifest)
    odd = [name for name in hashes if not _NAME.fullmatch(name)]
    if odd:
        raise EditionError(f"{manifest}: {odd[0]!r} is no name for a file of an edition")
    # Kept by content and encoding: a text can have the bytes that a photograph has when it is decoded.
    kept = {
        name: objects / f"{digest}{encoding(name)}" if objects else folder / name
        for name, digest in hashes.items()
    }
    lacking = {target: name for name, target in kept.items() if not target.is_file()}
    fresh = {target: target.with_name(f"new-{target.name}") for target in lacking}
    _many([(filesystem, f"{path}/{name}", fresh[target]) for target, name in lacking.items()])
    problems = []
    for target, name in lacking.items():
        if problem := changed(fresh[target], hashes[name]):
            fresh[target].unlink()
            problems.append(f"{name}: {problem}")
        else:
            fresh[target].replace(target)
    if problems:
        raise EditionError(*problems)
    for name, target in kept.items() if objects else ():
        _place(target, folder / name)


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def _many(files: Sequence[tuple[Any, str, Path]]) -> None:
    # Threads do: they wait for the network.
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        list(pool.map(lambda one: _fetch(*one), files))


def _fetch(filesystem: Any, path: str, target: Path) -> None:
    with whole_file(target) as temporary, _with_address(path):
        filesystem.get_file(path, str(temporary))


@contextmanager
def _with_address(url: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"{url}: no such file") from error
    except Exception as error:  # every kind of storage raises its own
        raise UserError(f"{url}: {type(error).__name__}: {error}") from error


def _opened(url: str) -> tuple[Any, str]:
    """Return the file system of a URL and the path in it; nothing is listed from memory."""
    import fsspec

    try:
        filesystem, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        raise UserError(f"{url}: {error}; S3 is an extra: install it {how_to_install('s3')}") from error
    except (ValueError, OSError) as error:
        raise UserError(f"{url}: {error}") from error
    return filesystem, path
