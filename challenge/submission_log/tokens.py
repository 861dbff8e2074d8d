"""Tokens of platforms and teams: shown once, kept as hashes, compared in constant time."""

import hashlib
import hmac
import json
import secrets
from pathlib import Path

from mriprivacy.data_prep.formats.atomic import sync, whole_file
from mriprivacy.data_prep.formats.fields import name as is_name
from mriprivacy.data_prep.formats.fields import sha256 as is_sha256
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError

PLATFORMS, TEAMS = "tokens.json", "teams.json"
_LARGEST = 1 << 24  # bytes of a file of hashes; a hundred thousand holders


def new_token(file: Path, holder: str) -> str:
    """Make the token of a platform or team and keep its hash; an earlier one of the same holder ends.

    The token has 256 random bits, so a plain SHA-256 of it can be kept.

    Raises
    ------
    UserError
        If the name of the holder is none, or the file is not as this function writes it.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / TEAMS
    >>> token = new_token(file, "anna")
    >>> holder_of(file, token), holder_of(file, "guessed"), token in file.read_text()
    ('anna', None, False)
    """
    if (wanted := is_name(holder)) is not None:
        raise UserError(f"the holder of a token is {holder!r}; expected {wanted}")
    token = secrets.token_urlsafe(32)
    from filelock import FileLock  # here: platforms that score tables have none

    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock"), mode=0o600):  # two may be made at once
        kept = read_hashes(file) | {holder: token_hash(token)}
        with whole_file(file) as temporary:
            temporary.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
            sync(temporary)
    return token


def holder_of(file: Path, token: str) -> str | None:
    """Return whose token it is, or None; the time it takes does not depend on the token's bytes."""
    asked = token_hash(token)
    # All of them, whichever is the one.
    same = [name for name, kept in read_hashes(file).items() if hmac.compare_digest(asked, kept)]
    return same[0] if same else None


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def read_hashes(file: Path) -> dict[str, str]:
    """Return the hash of each holder's token; UserError if the file is not as `new_token` writes it."""
    if not file.exists():
        return {}
    kept = read_json_object(file, name=file.name, max_bytes=_LARGEST)
    if not all(isinstance(one, str) and is_sha256(one) is None for one in kept.values()):
        raise UserError(f"{file}: is not as this kit writes it; remove it and make every token again")
    return kept
