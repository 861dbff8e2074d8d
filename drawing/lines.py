"""Lines before a surface."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


def draw_lines(
    picture: NDArray[np.uint8],
    nearness: NDArray[np.float64],
    places: NDArray[np.float64],
    colours: NDArray[np.uint8],
    width: int,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Draw polylines before a picture where nothing nearer hides them.

    Parameters
    ----------
    picture : ndarray of uint8, shape (size, size, 4)
        RGBA.
    nearness : ndarray, shape (size, size)
        See `Hits`.
    places : ndarray, shape (lines, steps, 3)
        Where their points appear, from `Pinhole.project`.
    colours : ndarray of uint8, shape (lines, steps, 3)
        Of the points.
    width : int
        Pixels, across the direction, of rows or of columns, that the line crosses more of.

    Returns
    -------
    picture, nearness : ndarray
        The same with the lines.

    Examples
    --------
    >>> picture, nearness = np.zeros((3, 3, 4), np.uint8), np.zeros((3, 3))
    >>> line = np.array([[[0.0, 1.5, 0.01], [3.0, 1.5, 0.01]]])
    >>> drawn, _ = draw_lines(picture, nearness, line, np.full((1, 2, 3), 9, np.uint8), 1)
    >>> drawn[..., 0].tolist()
    [[0, 0, 0], [9, 9, 9], [0, 0, 0]]
    """
    drawn, near = picture.copy(), nearness.copy()
    _trace(drawn, near, np.asarray(places, np.float64), np.ascontiguousarray(colours), width)
    return drawn, near


@njit(cache=True)
def _trace(picture, nearness, places, colours, width):  # type: ignore[no-untyped-def]
    size = len(nearness)
    for line in range(places.shape[0]):
        for step in range(places.shape[1] - 1):
            start, end = places[line, step], places[line, step + 1]
            # Along rows or along columns, whichever the line crosses more of: one column or row at a time.
            axis = 0 if abs(end[0] - start[0]) >= abs(end[1] - start[1]) else 1
            length = end[axis] - start[axis]
            if length == 0:
                continue
            low, high = min(start[axis], end[axis]), max(start[axis], end[axis])
            # As far as the middle of the last pixel, so that two pieces of a line share none.
            for one in range(max(int(np.ceil(low - 0.5)), 0), min(int(np.ceil(high - 0.5)), size)):
                along = (one + 0.5 - start[axis]) / length
                middle = start[1 - axis] + along * (end[1 - axis] - start[1 - axis])
                near = start[2] + along * (end[2] - start[2])
                first = int(np.floor(middle - width / 2 + 0.5))
                for other in range(max(first, 0), min(first + width, size)):
                    row, column = (other, one) if axis == 0 else (one, other)
                    if near > nearness[row, column]:
                        nearness[row, column] = near
                        for channel in range(3):
                            here, there = colours[line, step, channel], colours[line, step + 1, channel]
                            mixed = float(here) + along * (float(there) - float(here))
                            picture[row, column, channel] = int(mixed + 0.5)
                        picture[row, column, 3] = 255
