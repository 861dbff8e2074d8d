"""GEO: distances, angles and ratios of the 68 landmarks (paper, section IV.A.1)."""

import numpy as np
from numpy.typing import NDArray

# Named points of the iBUG 300-W scheme; a name with several indices is their mean.
POINTS: dict[str, tuple[int, ...]] = {
    "jaw_right": (0, 1),
    "jaw_left": (15, 16),
    "jaw_corner_right": (4,),
    "jaw_corner_left": (12,),
    "chin": (7, 8, 9),
    "brow_right_outer": (17,),
    "brow_right_inner": (21,),
    "brow_left_inner": (22,),
    "brow_left_outer": (26,),
    "nasion": (27,),
    "nose_tip": (30,),
    "nose_right": (31,),
    "nose_base": (33,),
    "nose_left": (35,),
    "eye_right": tuple(range(36, 42)),
    "eye_right_outer": (36,),
    "eye_right_inner": (39,),
    "eye_left": tuple(range(42, 48)),
    "eye_left_inner": (42,),
    "eye_left_outer": (45,),
    "mouth_right": (48,),
    "mouth_left": (54,),
    "lip_top": (51,),
    "lip_bottom": (57,),
}

# Distances between two points, in units of the distance between the eyes.
DISTANCES: dict[str, tuple[str, str]] = {
    "face_width": ("jaw_right", "jaw_left"),
    "jaw_width": ("jaw_corner_right", "jaw_corner_left"),
    "face_height": ("nasion", "chin"),
    "nose_length": ("nasion", "nose_tip"),
    "nose_height": ("nasion", "nose_base"),
    "nose_width": ("nose_right", "nose_left"),
    "nose_depth": ("nose_tip", "nose_base"),
    "mouth_width": ("mouth_right", "mouth_left"),
    "philtrum": ("nose_base", "lip_top"),
    "lips": ("lip_top", "lip_bottom"),
    "chin_height": ("lip_bottom", "chin"),
    "nose_to_chin": ("nose_base", "chin"),
    "eyes_inner": ("eye_right_inner", "eye_left_inner"),
    "eyes_outer": ("eye_right_outer", "eye_left_outer"),
    "brows_inner": ("brow_right_inner", "brow_left_inner"),
    "brows_outer": ("brow_right_outer", "brow_left_outer"),
    "brow_to_eye_right": ("brow_right_inner", "eye_right_inner"),
    "brow_to_eye_left": ("brow_left_inner", "eye_left_inner"),
    "jaw_to_chin_right": ("jaw_corner_right", "chin"),
    "jaw_to_chin_left": ("jaw_corner_left", "chin"),
    "eye_to_mouth_right": ("eye_right", "mouth_right"),
    "eye_to_mouth_left": ("eye_left", "mouth_left"),
}

# Angles at the middle point, radians.
ANGLES: dict[str, tuple[str, str, str]] = {
    "angle_chin": ("jaw_corner_right", "chin", "jaw_corner_left"),
    "angle_jaw_right": ("jaw_right", "jaw_corner_right", "chin"),
    "angle_jaw_left": ("jaw_left", "jaw_corner_left", "chin"),
    "angle_nose": ("nose_right", "nasion", "nose_left"),
    "angle_nose_tip": ("nose_right", "nose_tip", "nose_left"),
    "angle_mouth": ("mouth_right", "lip_top", "mouth_left"),
    "angle_eyes_nose": ("eye_right", "nose_base", "eye_left"),
    "angle_eyes_chin": ("eye_right", "chin", "eye_left"),
    "angle_mouth_chin": ("mouth_right", "chin", "mouth_left"),
}

# Ratios of two distances, as logarithms so that a ratio and its inverse count the same.
RATIOS: dict[str, tuple[str, str]] = {
    "ratio_face": ("face_height", "face_width"),
    "ratio_jaw": ("jaw_width", "face_width"),
    "ratio_nose": ("nose_width", "nose_height"),
    "ratio_mouth_nose": ("mouth_width", "nose_width"),
    "ratio_lower_face": ("nose_to_chin", "face_height"),
    "ratio_philtrum": ("philtrum", "chin_height"),
    "ratio_eyes": ("eyes_inner", "eyes_outer"),
}

FEATURES: tuple[str, ...] = (*DISTANCES, *ANGLES, *RATIOS)

# Landmarks are whole pixels: two that fall on one lie somewhere in it, about half of it apart; and there is
# no logarithm of nothing.
LEAST_PIXELS = 0.5


def geo_features(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the geometric features of a face, named by `FEATURES`.

    Independent of where the face is in the picture, its size and its tilt.

    Parameters
    ----------
    landmarks : ndarray, shape (68, 2)
        Pixels, iBUG 300-W order.

    Returns
    -------
    ndarray, shape (len(FEATURES),)
        Distances in units of the distance between the eyes, angles in radians, logarithms of ratios. Finite:
        no distance is taken to be less than `LEAST_PIXELS`.

    Examples
    --------
    >>> points = np.random.default_rng(0).uniform(0, 100, (68, 2))
    >>> bool(np.allclose(geo_features(points), geo_features(3 * points + 7)))
    True
    """
    at = {name: landmarks[list(indices)].mean(axis=0) for name, indices in POINTS.items()}
    unit = _apart(at["eye_left"], at["eye_right"])
    distance = {name: _apart(at[a], at[b]) / unit for name, (a, b) in DISTANCES.items()}
    angles = [_angle(at[a] - at[b], at[c] - at[b]) for a, b, c in ANGLES.values()]
    ratios = [np.log(distance[a] / distance[b]) for a, b in RATIOS.values()]
    return np.array([*distance.values(), *angles, *ratios])


def _apart(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return max(float(np.hypot(*(a - b))), LEAST_PIXELS)


def _angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    cross = a[0] * b[1] - a[1] * b[0]
    return float(np.arctan2(abs(cross), a @ b))
