"""How a face is cut out of a picture for a network: each was trained on crops of its own kind.

Libraries of images are imported where they are used: the registry of networks names these functions, and it
is read where tables are scored, on machines that have no such library.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mriprivacy.baselines.face.landmarks import Face

Pixels = NDArray[np.uint8]
Size = tuple[int, int]  # rows, columns

CHIP_PADDING = 0.25  # of the face's size on each side, as dlib's network was trained

# Where OpenCV's SFace was trained to find five points, in a crop of 112 x 112 pixels: eyes, nose tip, corners
# of the mouth, each from left to right in the picture (`alignCrop` of cv2.FaceRecognizerSF).
FIVE_POINTS = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


def dlib_crop(face: "Face", size: Size) -> Pixels:
    """Cut a face as dlib does: upright, with a margin of a quarter.

    Parameters
    ----------
    face : Face
        In its picture.
    size : (int, int)
        Rows and columns of the crop, as many of both.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB.
    """
    import dlib

    points = [dlib.point(int(x), int(y)) for x, y in face.landmarks]
    shape = dlib.full_object_detection(dlib.rectangle(*face.box), points)
    chip: Pixels = dlib.get_face_chip(face.picture, shape, size=size[0], padding=CHIP_PADDING)
    return chip


def five_point_crop(face: "Face", size: Size) -> Pixels:
    """Cut a face as OpenCV does for SFace: the similarity that brings five points nearest to `FIVE_POINTS`.

    Parameters
    ----------
    face : Face
        In its picture.
    size : (int, int)
        Rows and columns of the crop; `FIVE_POINTS` holds for 112 x 112.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB; black beside the picture.
    """
    import cv2
    from skimage.transform import estimate_transform

    bring = estimate_transform("similarity", five_points(face.landmarks), FIVE_POINTS)
    matrix = np.asarray(bring.params, dtype=np.float64)[:2]
    crop: Pixels = cv2.warpAffine(face.picture, matrix, size[::-1], flags=cv2.INTER_LINEAR)
    return crop


def five_points(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the eyes' middles, the nose tip and the corners of the mouth, each from left to right.

    Parameters
    ----------
    landmarks : ndarray, shape (68, 2)
        Pixels, iBUG 300-W order.

    Returns
    -------
    ndarray, shape (5, 2)
        Pixels.

    Examples
    --------
    >>> five_points(np.arange(136.0).reshape(68, 2))[:, 0]
    array([ 77.,  89.,  60.,  96., 108.])
    """
    eyes = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    return np.array([*eyes, landmarks[30], landmarks[48], landmarks[54]])


def deepface_crop(face: "Face", size: Size) -> Pixels:
    """Cut a face as deepface does: the detector's box, turned until the eyes are level, black to the size.

    Parameters
    ----------
    face : Face
        In its picture. The eyes are the middles of their landmarks.
    size : (int, int)
        Rows and columns of the crop.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB.
    """
    import cv2

    from mriprivacy.baselines.face.recognition.deepface_library import aligned_face

    crop = aligned_face(face)
    factor = min(wanted / is_ for wanted, is_ in zip(size, crop.shape[:2], strict=True))
    resized = cv2.resize(crop, (int(crop.shape[1] * factor), int(crop.shape[0] * factor)))
    rows, columns = (wanted - is_ for wanted, is_ in zip(size, resized.shape[:2], strict=True))
    margins = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0))
    return np.pad(resized, margins)
