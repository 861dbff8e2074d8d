"""Settings that several commands share (structured configs; Hydra needs them unfrozen)."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import MISSING

from baselines.views import ANGLES
from challenge.camera import Camera, camera_problems
from challenge.errors import InputError
from challenge.submission import write_submission_json
from data_prep.files import private_folder


@dataclass
class Attack:
    """A reference attack (`attack=`)."""

    name: str = MISSING
    model: str = "Dlib"
    condition: str = "raw"
    level: str = "ignorant"
    spacing_mm: float = 1.0
    size: int = 400
    views: list[Any] = field(default_factory=lambda: [list(angle) for angle in ANGLES])
    lights: list[str] = field(default_factory=lambda: ["above"])


@dataclass
class Defacer:
    """A defacer (`defacer=`): ours, a known program on PATH, or any command line."""

    name: str = MISSING
    command: str = ""
    options: str = ""
    system: str = ""


def camera_of(attack: Attack) -> Camera:
    """Return the camera that an attack's settings describe; InputError with every one that describes none."""
    camera = Camera(attack.spacing_mm, attack.size, attack.views, attack.lights)
    if problems := camera_problems(camera, "attack"):
        raise InputError(*problems)
    return camera


def cache_folder(cache: str) -> Path:
    """Return where features are kept, a folder that nobody else can enter.

    The one that is given, or else a folder of the user's own. Where it was there before and is open to
    others, who may have things in it, `mriprivacy` below it.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache) if cache else Path(home) / "mriprivacy"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder if not folder.stat().st_mode & 0o077 else private_folder(folder / "mriprivacy")


def describe_reference(
    folder: Path, edition: str, track: str, system: str, how: str = "", networks: str = ""
) -> None:
    """Write the `submission.json` of a reference system, which goes through the same door as anybody's."""
    about = f": {how}" if how and how != system else ""
    write_submission_json(
        folder,
        edition=edition,
        track=track,
        team="reference",
        system=system,
        description=f"Reference system {system} of mriprivacy{about}."[:500],
        contact="reference@mriprivacy.example",
        licence="MIT",
        networks=networks,
    )
