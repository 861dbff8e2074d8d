"""`mriprivacy lock`: encrypt what is sealed for an organizer's key."""

from dataclasses import dataclass, field
from pathlib import Path

from omegaconf import MISSING

from mriprivacy.challenge.edition.encryption import lock


@dataclass
class Settings:
    """Keys of the command."""

    edition: str = MISSING
    recipients: list[str] = field(default_factory=list)


def run(settings: Settings) -> None:
    """Turn `sealed/` into `sealed.age`."""
    path = lock(Path(settings.edition), settings.recipients)
    print(f"{path}: encrypted, and sealed/ removed; evaluate needs identity=FILE from now on")
