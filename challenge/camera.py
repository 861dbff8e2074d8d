"""How scans become pictures, and the bounds within which they can."""

from dataclasses import dataclass, field
from typing import Any

from baselines.views import ANGLES, ViewError, make_views

# Finer voxels than 0.3 mm are finer than any head scan and fill the memory; over 5 mm no nose is left.
SPACING_MM = (0.3, 5.0)
# Below 64 pixels a face is too small for any detector; far above 2000 the memory is not enough.
PIXELS = (64, 2000)


@dataclass
class Camera:
    """How scans become pictures.

    Attributes
    ----------
    spacing_mm : float
        Voxels of the reconstruction, mm, within `SPACING_MM`.
    size : int
        Edge of the pictures, pixels, within `PIXELS`.
    views : list of [yaw, pitch]
        Where the camera stands, degrees.
    lights : list of str
        Where the lamp stands, names of `baselines.views.LIGHTS`; each view is drawn in each light.
    """

    spacing_mm: float = 1.0
    size: int = 400
    views: list[Any] = field(default_factory=lambda: [list(angle) for angle in ANGLES])
    lights: list[str] = field(default_factory=lambda: ["above"])


def camera_problems(camera: Camera, group: str) -> list[str]:
    """Say all that is wrong with a camera, one line each.

    Parameters
    ----------
    camera : Camera
        Of a command, or of a protocol.
    group : str
        Under which name people set it, such as `attack`.

    Examples
    --------
    >>> camera_problems(Camera(), "attack")
    []
    >>> camera_problems(Camera(spacing_mm=0, size=9), "attack")  # doctest: +NORMALIZE_WHITESPACE
    ['attack.spacing_mm is 0; expected 0.3 to 5 mm', 'attack.size is 9; expected 64 to 2000 pixels']
    """
    problems = []
    for name, value, (low, high), unit in (
        ("spacing_mm", camera.spacing_mm, SPACING_MM, "mm"),
        ("size", camera.size, PIXELS, "pixels"),
    ):
        if not low <= value <= high:  # NaN is not, either
            problems.append(f"{group}.{name} is {value:g}; expected {low:g} to {high:g} {unit}")
    try:
        make_views(camera.views, camera.lights)
    except ViewError as error:
        problems.append(f"{group}: {error}")
    return problems
