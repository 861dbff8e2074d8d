"""Where the cameras and the lamp stand when a head is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from mriprivacy.scoring.errors import SetupError

# Yaw and pitch: the straight front, and a little to every side.
ANGLES = ((0, 0), (-12, 0), (12, 0), (0, 8), (0, -8))
# Where the lamp stands, beside the light at the camera: to the right of the picture, up, towards the camera.
LIGHTS = {
    "above": (0.4, 0.9, 1.0),
    "left": (-1.0, 0.3, 0.6),
    "right": (1.0, 0.3, 0.6),
    "below": (0.0, -0.8, 1.0),
}
WIDEST_DEGREES = 60.0


class ViewError(SetupError):
    """A view or a light that is none."""


@dataclass(frozen=True)
class View:
    """Where the camera stands.

    Attributes
    ----------
    yaw : float
        Degrees to the subject's left (positive) or right of the straight front.
    pitch : float
        Degrees above (positive) or below it.
    light : str
        Where the lamp stands, one of `LIGHTS`.
    """

    yaw: float
    pitch: float
    light: str = "above"

    @property
    def name(self) -> str:
        """Text for file names, such as `yaw+15_pitch-10`."""
        lamp = "" if self.light == "above" else f"_{self.light}"
        return f"yaw{self.yaw:+.0f}_pitch{self.pitch:+.0f}{lamp}"


def make_views(
    angles: Sequence[Sequence[float]] = ANGLES, lights: Sequence[str] = ("above",)
) -> tuple[View, ...]:
    """Combine every angle with every light.

    Parameters
    ----------
    angles : sequence of (yaw, pitch)
        Degrees, within 60 of the straight front.
    lights : sequence of str
        Names in `LIGHTS`.

    Raises
    ------
    ViewError
        With everything that is no view.

    Examples
    --------
    >>> [view.name for view in make_views([(0, 0), (10, -5)], ["above", "left"])]
    ['yaw+0_pitch+0', 'yaw+10_pitch-5', 'yaw+0_pitch+0_left', 'yaw+10_pitch-5_left']
    """
    problems = [
        f"view {angle} is none; expected [yaw, pitch], degrees within {WIDEST_DEGREES:.0f} of the front"
        for angle in angles
        if not _is_angle(angle)
    ]
    problems += [
        f"light {name!r} is unknown; expected some of {', '.join(LIGHTS)}"
        for name in lights
        if name not in LIGHTS
    ]
    if not angles or not lights:
        problems.append("no view, or no light; expected one or more of each")
    if problems:
        raise ViewError("; ".join(problems))
    return tuple(View(yaw, pitch, light) for light, (yaw, pitch) in product(lights, angles))


def _is_angle(angle: object) -> bool:
    if not isinstance(angle, Sequence) or isinstance(angle, str) or len(angle) != 2:
        return False
    return all(isinstance(one, int | float) and abs(one) <= WIDEST_DEGREES for one in angle)
