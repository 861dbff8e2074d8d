"""Tokens of platforms: shown once, kept as hashes, compared in constant time."""

import hashlib
import hmac
import json
import secrets
from pathlib import Path

from mriprivacy.data_prep.formats.atomic import private_folder, whole_file
from mriprivacy.data_prep.formats.fields import name as is_name
from mriprivacy.data_prep.formats.fields import sha256 as is_sha256
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError

TOKENS = "tokens.json"


def new_token(folder: Path, platform: str) -> str:
    """Make the token of a platform and keep its hash; an earlier one of the same platform ends.

    The token has 256 random bits, so a plain SHA-256 of it can be kept.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> token = new_token(folder, "codabench")
    >>> platform_of(folder, token), platform_of(folder, "guessed"), token in (folder / TOKENS).read_text()
    ('codabench', None, False)
    """
    if (wanted := is_name(platform)) is not None:
        raise UserError(f"new_token is {platform!r}; expected {wanted}")
    token = secrets.token_urlsafe(32)
    kept = read_hashes(folder) | {platform: token_hash(token)}
    with whole_file(private_folder(folder) / TOKENS) as temporary:
        temporary.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return token


def platform_of(folder: Path, token: str) -> str | None:
    """Return the platform of a token, or None; the time it takes does not depend on the token's bytes."""
    asked = token_hash(token)
    # All of them, whichever is the one.
    same = [name for name, kept in read_hashes(folder).items() if hmac.compare_digest(asked, kept)]
    return same[0] if same else None


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def read_hashes(folder: Path) -> dict[str, str]:
    """Return the hash of each platform's token; UserError if the file is not as `new_token` writes it."""
    if not (folder / TOKENS).exists():
        return {}
    kept = read_json_object(folder / TOKENS, name=TOKENS)
    if not all(isinstance(one, str) and is_sha256(one) is None for one in kept.values()):
        raise UserError(
            f"{folder / TOKENS}: is not as this kit writes it; remove it and make every token again"
        )
    return kept
