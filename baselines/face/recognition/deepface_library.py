"""The deepface library, as the kit runs it: on onnxruntime, on one thread, without its own detectors."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mriprivacy.baselines.face.landmarks import Face


def weights_folder() -> Path:
    """Return where deepface keeps weights: `DEEPFACE_HOME/.deepface/weights`, the home folder by default."""
    return Path(os.environ.get("DEEPFACE_HOME", Path.home())) / ".deepface" / "weights"


@lru_cache(maxsize=1)
def deepface() -> ModuleType:
    """Import deepface, with onnxruntime as its engine: which engine runs a network changes its numbers."""
    os.environ["DEEPFACE_BACKEND_ENGINE"] = "onnx"
    os.environ.setdefault("DEEPFACE_LOG_LEVEL", "40")
    with warnings.catch_warnings():  # importing it silences all warnings of the process, ours too
        import cv2
        from deepface import DeepFace

    cv2.setNumThreads(1)
    module: ModuleType = DeepFace
    return module


@contextmanager
def one_thread() -> Iterator[None]:
    """Let networks that onnxruntime opens meanwhile keep to one thread: faces are what is done in parallel.

    There is no other way: it reads no variable for this, and deepface makes the options itself.
    """
    import onnxruntime

    class OneThread(onnxruntime.SessionOptions):
        def __init__(self) -> None:
            super().__init__()
            self.intra_op_num_threads = self.inter_op_num_threads = 1

    with mock.patch.object(onnxruntime, "SessionOptions", OneThread):
        yield


def aligned_face(face: "Face") -> NDArray[np.uint8]:
    """Return the box of a face, turned until the eyes are level, as deepface's detectors return it.

    Parameters
    ----------
    face : Face
        In its picture.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        RGB; black beside the picture.
    """
    deepface()
    from deepface.models.Detector import FacialAreaRegion
    from deepface.modules.detection import extract_face

    rows, columns = (edge // 2 for edge in face.picture.shape[:2])
    padded = np.pad(face.picture, ((rows, rows), (columns, columns), (0, 0)))  # as deepface pads
    left, top, right, bottom = face.box
    eyes = (tuple(map(int, face.landmarks[part].mean(axis=0))) for part in (slice(42, 48), slice(36, 42)))
    left_eye, right_eye = ((x + columns, y + rows) for x, y in eyes)  # left and right of the person
    area = FacialAreaRegion(
        x=left + columns, y=top + rows, w=right - left, h=bottom - top, left_eye=left_eye, right_eye=right_eye
    )
    cut: NDArray[np.uint8] = extract_face(area, padded, True, 0, columns, rows, "dlib").img
    return cut
