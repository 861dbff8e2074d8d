"""`mriprivacy lock`: encrypt what is sealed for an organizer's key."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.edition.encryption import lock
from mriprivacy.data_prep.formats.settings import REQUIRED, setting


@dataclass
class LockSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition with public/ and sealed/")
    recipients: list[str] = setting([], "public keys, age1...; each of their secret keys opens it")


def run(settings: LockSettings) -> None:
    """Turn `sealed/` into `sealed.age`."""
    path = lock(Path(settings.edition), settings.recipients)
    print(f"{path}: encrypted, and sealed/ removed; evaluate needs identity=FILE from now on")
