"""`mriprivacy unlock`: put back what `lock` encrypted."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.edition.encryption import unlock
from mriprivacy.data_prep.formats.settings import REQUIRED, setting


@dataclass
class UnlockSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition with public/ and sealed.age")
    identity: str = setting(REQUIRED, "file with the secret key, AGE-SECRET-KEY-1...")


def run(settings: UnlockSettings) -> None:
    """Turn `sealed.age` into `sealed/`."""
    print(f"{unlock(Path(settings.edition), Path(settings.identity))}: readable again, by you alone")
