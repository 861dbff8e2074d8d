"""Settings that several commands share (structured configs; Hydra needs them unfrozen)."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from mriprivacy.baselines.face.views import ANGLES
from mriprivacy.challenge.edition.protocol import Camera, camera_problems
from mriprivacy.scoring.errors import UserError


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
    """Return the camera that an attack's settings describe; UserError with every one that describes none."""
    camera = Camera(attack.spacing_mm, attack.size, attack.views, attack.lights)
    if problems := camera_problems(camera, "attack"):
        raise UserError(*problems)
    return camera
