"""Finding the face in a picture: dlib's detectors and its 68 landmarks (iBUG 300-W order).

The 68-point predictor was trained on iBUG 300-W, whose terms allow research use only.
"""

from dataclasses import dataclass
from functools import lru_cache

import dlib
import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.weights import DLIB_DETECTOR, DLIB_LANDMARKS, packaged

SMALLEST = 20  # pixels; in less the convolutional detector's filters do not fit


@dataclass(frozen=True)
class Face:
    """A face found in a picture.

    Attributes
    ----------
    landmarks : ndarray, shape (68, 2)
        x (to the right) and y (down), pixels of the picture; iBUG 300-W order.
    picture : ndarray of uint8, shape (rows, columns, 3)
        The whole picture, RGB: each network cuts the face out in its own way
        (`baselines.face.recognition.crops`).
    box : (left, top, right, bottom)
        Of the detector, pixels of the picture; it may stand out of it.
    confidence : float
        The detector's score; above 0.
    count : int
        How many faces the detector saw; this is the largest.
    """

    landmarks: NDArray[np.float64]
    picture: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    confidence: float
    count: int


def find_face(picture: NDArray[np.uint8], upsample: int = 1, thorough: bool = False) -> Face | None:
    """Find the largest face.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns, 3)
        RGB.
    upsample : int
        How often the picture is doubled first; each doubling halves the smallest face that is found
        (80 pixels without).
    thorough : bool
        Whether dlib's convolutional detector looks again where the HOG detector sees nothing; it finds faces
        between fringe and beard, and takes a second for 480 x 480 pixels.

    Returns
    -------
    Face or None
        None where the detector sees no face or the landmarks are not those of a face: the predictor
        returns 68 points for any box, so they are checked (`plausible`).

    Examples
    --------
    >>> find_face(np.zeros((200, 200, 3), np.uint8)) is None
    True
    """
    return detect_face(picture, upsample, thorough)[0]


def detect_face(
    picture: NDArray[np.uint8], upsample: int = 1, thorough: bool = False
) -> tuple[Face | None, bool]:
    """Find the largest face as `find_face` does, and say whether the detector fired at all.

    Examples
    --------
    >>> detect_face(np.zeros((200, 200, 3), np.uint8))
    (None, False)
    """
    boxes, confidences = hog_boxes(picture, upsample)
    if not boxes and thorough:
        boxes, confidences = convolutional_boxes(picture)
    if not boxes:
        return None, False
    best = max(range(len(boxes)), key=lambda i: boxes[i].area())
    found = boxes[best]
    box = (found.left(), found.top(), found.right(), found.bottom())
    landmarks = landmarks_in(picture, box)
    if not plausible(landmarks, picture.shape[0], picture.shape[1]):
        return None, True
    return Face(landmarks, picture, box, float(confidences[best]), len(boxes)), True


def landmarks_in(picture: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """Return where the 68 points of a face are if a box holds one; of any box, whatever is in it.

    Parameters
    ----------
    picture : ndarray of uint8, shape (rows, columns, 3)
        RGB.
    box : (left, top, right, bottom)
        Pixels, as the detector draws it about a face.

    Returns
    -------
    ndarray, shape (68, 2)
        Whole pixels, iBUG 300-W order.

    Examples
    --------
    >>> landmarks_in(np.zeros((200, 200, 3), np.uint8), (50, 50, 150, 150)).shape
    (68, 2)
    """
    shape = _predictor()(picture, dlib.rectangle(*box))
    return np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float64)


def hog_boxes(picture: NDArray[np.uint8], upsample: int = 1) -> tuple[list["dlib.rectangle"], list[float]]:
    """Return where dlib's HOG detector fires, and how surely."""
    boxes, confidences, _ = _detector().run(picture, upsample, 0.0)
    return list(boxes), list(confidences)


def convolutional_boxes(picture: NDArray[np.uint8]) -> tuple[list["dlib.rectangle"], list[float]]:
    """Return where dlib's convolutional detector fires, and how surely; nowhere in a very small picture."""
    if min(picture.shape[:2]) < SMALLEST:
        return [], []
    found = _convolutional_detector()(picture, 0)
    return [one.rect for one in found], [one.confidence for one in found]


def plausible(landmarks: NDArray[np.float64], rows: int, columns: int) -> bool:
    """Say whether 68 points can be a face seen from the front.

    Brows above eyes above nose tip above mouth above chin; left before right; eyes apart by a quarter to
    four fifths of the jaw's width; eyes, nose and mouth within the picture.

    Parameters
    ----------
    landmarks : ndarray, shape (68, 2)
        Pixels.
    rows, columns : int
        Size of the picture.

    Examples
    --------
    >>> plausible(np.zeros((68, 2)), 100, 100)
    False
    """
    inner = landmarks[17:]
    inside = (inner >= 0).all() and (inner[:, 0] < columns).all() and (inner[:, 1] < rows).all()
    left_eye, right_eye = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    across = right_eye - left_eye
    distance, jaw = np.hypot(*across), np.hypot(*(landmarks[16] - landmarks[0]))
    if not inside or distance < 1 or jaw < 1 or across[0] <= 0:
        return False
    # Along the face's own axis, so that a tilted head is judged like an upright one.
    down = np.array([-across[1], across[0]]) / distance
    parts = [landmarks[17:27], landmarks[36:48], landmarks[30:36], landmarks[48:68], landmarks[7:10]]
    heights = [float((part @ down).mean()) for part in parts]
    return bool(np.all(np.diff(heights) > 0) and 0.25 < distance / jaw < 0.8)


@lru_cache(maxsize=1)
def _detector() -> "dlib.fhog_object_detector":
    return dlib.get_frontal_face_detector()


@lru_cache(maxsize=1)
def _convolutional_detector() -> "dlib.cnn_face_detection_model_v1":
    return dlib.cnn_face_detection_model_v1(str(packaged(DLIB_DETECTOR)))


@lru_cache(maxsize=1)
def _predictor() -> "dlib.shape_predictor":
    return dlib.shape_predictor(str(packaged(DLIB_LANDMARKS)))
