"""`mriprivacy unlock`: put back what `lock` encrypted."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from mriprivacy.challenge.edition.encryption import unlock


@dataclass
class Settings:
    """Keys of the command."""

    edition: str = MISSING
    identity: str = MISSING


def run(settings: Settings) -> None:
    """Turn `sealed.age` into `sealed/`."""
    print(f"{unlock(Path(settings.edition), Path(settings.identity))}: readable again, by you alone")
