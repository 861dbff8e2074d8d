"""Settings that several commands share (structured configs; Hydra needs them unfrozen)."""

import os
from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING


@dataclass
class Attack:
    """A reference attack (`attack=`)."""

    name: str = MISSING
    model: str = "Dlib"
    condition: str = "raw"
    spacing_mm: float = 1.0
    size: int = 400


@dataclass
class Defacer:
    """A reference defacer (`defacer=`)."""

    name: str = MISSING


def cache_folder(cache: str) -> Path:
    """Return where features are kept: the setting, or a folder of the user's own, readable by nobody else."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) if cache else Path(home) / "mriprivacy"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
