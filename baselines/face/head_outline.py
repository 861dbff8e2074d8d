"""Where the head is in a photograph, hair or not: from the 68 landmarks and the proportions of heads."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

# In units of the distance from the line through the eyes down to the chin.
CROWN = 1.10  # the eyes lie a little below half the height of the head
WIDER = 1.04  # the skull beside the jaw's first landmark
ROUNDNESS = 2.4  # exponent of the superellipse; 2 is an ellipse

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class HeadOutline:
    """Regions of a portrait, each of shape (rows, columns).

    Attributes
    ----------
    unit : float
        From the eyes to the chin, pixels.
    down, across : ndarray of float
        Coordinates of every pixel: along the face from the eyes to the chin (1 at the chin), across from its
        middle (-1 and 1 at the sides of the head).
    crown : float
        Height of the crown above the eyes, units.
    landmarks : ndarray, shape (68, 2)
        Pixels.
    """

    unit: float
    down: NDArray[np.float64]
    across: NDArray[np.float64]
    half_width: float
    crown: float
    landmarks: NDArray[np.float64]

    @property
    def head(self) -> Mask:
        """The bald head without ears and neck."""
        level = self._ear_level
        height = np.clip((level - self.down) / (level + self.crown), 0, None)
        skull = (np.abs(self.across) ** ROUNDNESS + height**ROUNDNESS < 1) & (self.down <= level)
        return skull | self._filled(self.landmarks[:17])

    @property
    def cheeks(self) -> Mask:
        """Cheeks and nose, which no hair style covers whole."""
        marks = self.landmarks
        right = np.array([marks[41], marks[40], marks[39], marks[31], marks[48], marks[3]])
        left = np.array([marks[46], marks[47], marks[42], marks[35], marks[54], marks[13]])
        inner = [0.8 * (side - side.mean(axis=0)) + side.mean(axis=0) for side in (right, left)]
        return self._filled(inner[0]) | self._filled(inner[1]) | self._filled(marks[[27, 31, 33, 35]])

    @property
    def sampling(self) -> Mask:
        """Where to look for skin: the face above the mouth, and the forehead; eyes and brows left out."""
        face = self.head & (self.down < self._nose_level) & (self.down > -0.75) & (np.abs(self.across) < 0.92)
        return face & ~self._eyes_and_brows(0.06)

    @property
    def kept(self) -> Mask:
        """What stays whatever its colour: brows, eyes, nose, mouth, and where a beard grows."""
        marks = self.landmarks
        middle = self._filled(np.vstack([marks[36:48], marks[27:36], marks[48:60]]))
        lower = self._filled(marks[:17]) & (self.down > self._nose_level)
        beard = (np.abs(self.across) < 0.62) & (self.down > self._nose_level) & (self.down < 1.5)
        return middle | lower | beard | self._eyes_and_brows(0.04)

    @property
    def hair_zone(self) -> Mask:
        """Where what is not skin is hair: about the skull and beside the face, down to the mouth."""
        beside = (self.down < self._nose_level) & (np.abs(self.across) < 2.2) & (self.down > -2.2)
        return beside & ~self.kept

    @property
    def hanging_zone(self) -> Mask:
        """Where long hair may hang: farther down, beside the neck and over the shoulders."""
        return (self.down >= self._nose_level) & (np.abs(self.across) < 2.4) & ~self.kept

    @property
    def crown_zone(self) -> Mask:
        """Where hair grows: over the forehead."""
        return (self.down < -0.3) & (self.down > -self.crown - 0.4) & (np.abs(self.across) < 1.25)

    @property
    def above_brows(self) -> Mask:
        """A strip around and above the brows, which a fringe covers that reaches them."""
        strip = self._eyes_and_brows(0.12) & ~self._eyes_and_brows(0.05)
        return strip & (self.down < -0.05) & (self.down > -0.6)

    @property
    def normals(self) -> NDArray[np.float64]:
        """Unit normals of the head's ellipsoid, (rows, columns, 3): across, down, to the camera."""
        middle = (1.0 - self.crown) / 2
        y = (self.down - middle) / (1.0 + self.crown) * 2
        x = self.across
        radius = np.maximum(np.sqrt(x**2 + y**2), 1.0)
        x, y = x / radius, y / radius
        return np.stack([x, y, np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))], axis=2)

    def prior(self) -> NDArray[np.uint8]:
        """First guess for GrabCut: head surely person, far from it surely background."""
        far = (self.down < 0.8) & (np.abs(self.across) > 2.4) | (self.down < -self.crown - 0.75)
        border = np.zeros(self.down.shape, bool)
        edge = max(2, round(0.02 * max(border.shape)))
        border[:edge], border[:, :edge], border[:, -edge:] = True, True, True
        border &= (self.down < 0.5) & (np.abs(self.across) > 1.5) | (self.down < -self.crown - 0.35)
        near = (np.abs(self.across) < 1.3) & (self.down > -self.crown - 0.15)
        labels = np.where(near | (self.down > 1.2), cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        labels[far | border] = cv2.GC_BGD
        labels[self.head & (self.down > -0.8 * self.crown)] = cv2.GC_FGD
        return labels

    def below_crown_of(self, person: Mask) -> "HeadOutline":
        """Lower the crown to where the person ends: no skull is higher than the hair."""
        middle = person & (np.abs(self.across) < 0.25) & (self.down < 0)
        if not middle.any():
            return self
        top = float(-np.quantile(self.down[middle], 0.002)) - 0.02
        return replace(self, crown=float(np.clip(top, 0.8, self.crown)))

    @property
    def _ear_level(self) -> float:
        return float(np.mean([self._at(self.landmarks[0])[1], self._at(self.landmarks[16])[1]]))

    @property
    def _nose_level(self) -> float:
        return self._at(self.landmarks[33])[1]

    def _at(self, point: NDArray[np.float64]) -> tuple[float, float]:
        rows, columns = self.down.shape
        x, y = np.clip(np.rint(point).astype(int), 0, [columns - 1, rows - 1])
        return float(self.across[y, x]), float(self.down[y, x])

    def _eyes_and_brows(self, margin: float) -> Mask:
        marks = self.landmarks
        parts = [marks[17:22], marks[22:27], marks[36:42], marks[42:48]]
        found = np.zeros(self.down.shape, np.uint8)
        for part in parts:
            found |= self._filled(part).astype(np.uint8)
        edge = 2 * max(1, round(margin * self.unit)) + 1
        result: Mask = cv2.dilate(found, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge))).astype(
            bool
        )
        return result

    def _filled(self, points: NDArray[np.float64]) -> Mask:
        mask = np.zeros(self.down.shape, np.uint8)
        cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
        return mask.astype(bool)


def outline_of(landmarks: NDArray[np.float64], rows: int, columns: int) -> HeadOutline:
    """Fit the outline to the landmarks of a face.

    Parameters
    ----------
    landmarks : ndarray, shape (68, 2)
        Pixels, iBUG 300-W order.
    rows, columns : int
        Size of the picture.

    Returns
    -------
    HeadOutline
    """
    right, left = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    x_axis = (left - right) / np.linalg.norm(left - right)
    y_axis = np.array([-x_axis[1], x_axis[0]])
    eyes = (right + left) / 2
    unit = float((landmarks[8] - eyes) @ y_axis)
    sides = (landmarks[[0, 16]] - eyes) @ x_axis
    half_width = WIDER * float(sides[1] - sides[0]) / 2
    y, x = np.mgrid[:rows, :columns]
    grid = np.stack([x, y], axis=2) - eyes
    across = (grid @ x_axis - sides.mean()) / half_width
    return HeadOutline(unit, grid @ y_axis / unit, across, half_width / unit, CROWN, landmarks)
