"""What follows from the organizer's seed: opaque ids, and random numbers for one purpose each."""

import hashlib
import hmac
from collections.abc import Iterable

import numpy as np

# Neither upper and lower case of one letter (file systems that ignore case) nor look-alikes (0 o, 1 l i).
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_ID_LENGTH = 8


def secret_bytes(seed: int, *purpose: str) -> bytes:
    """Return 32 bytes that only a holder of the seed can compute; another purpose gives unrelated ones.

    Examples
    --------
    >>> secret_bytes(7, "nonce") == secret_bytes(7, "ids")
    False
    """
    return hashlib.sha256("\0".join([str(seed), *purpose]).encode()).digest()


def keyed(key: str, *purpose: str) -> bytes:
    """Return HMAC-SHA256 of a purpose under a key that may be public, such as the name of a list.

    Examples
    --------
    >>> keyed("list", "split", "sub-01") == keyed("list", "split", "sub-02")
    False
    """
    return hmac.digest(key.encode(), "\0".join(purpose).encode(), "sha256")


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """Return a random generator of its own for a purpose, so that draws for one do not move another's.

    Examples
    --------
    >>> int(generator(7, "split").integers(100)) == int(generator(7, "split").integers(100))
    True
    """
    return np.random.default_rng(np.frombuffer(secret_bytes(seed, *purpose), dtype=np.uint32))


def opaque_ids(prefix: str, names: Iterable[str], seed: int, *purpose: str) -> dict[str, str]:
    """Give each name an id without any trace of it: `prefix` and eight random characters.

    The id of a name depends on the seed and the name alone, not on the rest of the list.

    Examples
    --------
    >>> ids = opaque_ids("sub-", ["01", "02"], 7)
    >>> len(ids["01"]), ids["02"] == opaque_ids("sub-", ["02"], 7)["02"]
    (12, True)
    """
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(set(names)):
        attempt = 0
        while (released := prefix + _letters(seed, *purpose, prefix, name, str(attempt))) in taken:
            attempt += 1
        taken.add(released)
        ids[name] = released
    return ids


def _letters(seed: int, *purpose: str) -> str:
    number = int.from_bytes(secret_bytes(seed, *purpose), "big")
    letters = ""
    for _ in range(_ID_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[digit]
    return letters
