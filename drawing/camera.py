"""Where the points of a scene appear in a picture."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pinhole:
    """A pinhole camera with square pixels, upright: the z axis of the world points up in the picture.

    Attributes
    ----------
    size : int
        Edge of the picture, pixels.
    focus : tuple of float
        The point in the middle of the picture, world mm.
    towards : tuple of float
        Unit vector from the focus to the camera; not straight up or down.
    distance_mm : float
        From the focus to the camera.
    half_mm : float
        Half the height of what the picture shows at the focus.
    """

    size: int
    focus: tuple[float, float, float]
    towards: tuple[float, float, float]
    distance_mm: float
    half_mm: float

    @property
    def axes(self) -> tuple[tuple[float, float, float], ...]:
        """Unit vectors in the world: to the right of the picture, up in it, and towards the camera.

        Examples
        --------
        >>> Pinhole(400, (0.0, 0.0, 0.0), (0.0, 1.0, 0.0), 900.0, 135.0).axes
        ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
        """
        x, y, z = self.towards
        length = float(np.sqrt(x * x + y * y))
        right = (-y / length, x / length, 0.0)
        up = (-right[1] * z, right[0] * z, right[1] * x - right[0] * y)
        return (right[0] + 0.0, right[1] + 0.0, 0.0), (up[0] + 0.0, up[1] + 0.0, up[2]), self.towards

    def project(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Return where points appear.

        Parameters
        ----------
        points : ndarray, shape (n, 3)
            World mm, in front of the camera.

        Returns
        -------
        ndarray, shape (n, 3)
            Pixels from the left, pixels from the top, and the inverse of the distance along the direction of
            the camera, 1/mm.

        Examples
        --------
        >>> camera = Pinhole(400, (0.0, 0.0, 0.0), (0.0, 1.0, 0.0), 900.0, 135.0)
        >>> camera.project(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 135.0]]))[:, :2].tolist()
        [[200.0, 200.0], [200.0, 0.0]]
        """
        own = np.ascontiguousarray(points, np.float64)
        result: NDArray[np.float64] = _project(
            own, self.focus, self.axes, self.distance_mm, self.size / 2, self.half_mm
        )
        return result


@njit(cache=True)
def _project(points, focus, axes, distance, half, half_mm):  # type: ignore[no-untyped-def]
    right, up, towards = axes
    scale = half / half_mm * distance
    places = np.empty((len(points), 3))
    for point in range(len(points)):
        x, y, z = points[point, 0] - focus[0], points[point, 1] - focus[1], points[point, 2] - focus[2]
        inverse = 1.0 / (distance - (x * towards[0] + y * towards[1] + z * towards[2]))
        enlarged = scale * inverse
        places[point, 0] = half + enlarged * (x * right[0] + y * right[1] + z * right[2])
        places[point, 1] = half - enlarged * (x * up[0] + y * up[1] + z * up[2])
        places[point, 2] = inverse
    return places
