"""Deepface: the embedding of a face network, through the deepface library (paper, section IV.A.2)."""

import hashlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.weights import WeightsError, dlib_weights

DEFAULT_MODEL = "Dlib"  # its weights come with a package; the paper used VGG-Face

# Model -> the file deepface reads from its weights folder when it runs on onnxruntime.
WEIGHT_FILES = {
    "Dlib": "dlib_face_recognition_resnet_model_v1.dat",
    "VGG-Face": "vgg_face_weights.onnx",
    "Facenet": "facenet_weights.onnx",
    "Facenet512": "facenet512_weights.onnx",
    "OpenFace": "openface_weights.onnx",
    "DeepFace": "VGGFace2_DeepFace_weights_val-0.9034.onnx",
    "DeepID": "deepid_weights.onnx",
    "ArcFace": "arcface_weights.onnx",
    "SFace": "face_recognition_sface_2021dec.onnx",
    "GhostFaceNet": "ghostfacenet_v1.onnx",
}

# The same of the networks with which deepface guesses age, sex and race (the paper's Table II).
DEMOGRAPHY_FILES = {
    "Age": "age_model_weights.onnx",
    "Gender": "gender_model_weights.onnx",
    "Race": "race_model_single_batch.onnx",
}

# What deepface has besides, and what it takes: these weights deepface hands to another library.
LEFT_OUT = {"Buffalo_L": "the package insightface, which does not come with this kit"}


def choices(model: str) -> str:
    """Return the networks there are, for a message, and why one that deepface has is not among them.

    Examples
    --------
    >>> choices("Buffalo_L").partition(" (")[2]
    'Buffalo_L of deepface takes the package insightface, which does not come with this kit)'
    """
    why = f" ({model} of deepface takes {LEFT_OUT[model]})" if model in LEFT_OUT else ""
    return ", ".join(WEIGHT_FILES) + why


def weights_folder() -> Path:
    """Return where deepface keeps weights: `DEEPFACE_HOME/.deepface/weights`, the home folder by default."""
    return Path(os.environ.get("DEEPFACE_HOME", Path.home())) / ".deepface" / "weights"


def load_model(model: str) -> Path:
    """Make a network ready.

    Parameters
    ----------
    model : str
        A key of `WEIGHT_FILES` or `DEMOGRAPHY_FILES`.

    Returns
    -------
    Path
        The weight file in use.

    Raises
    ------
    WeightsError
        If the model is unknown, or its weights are neither there nor to be downloaded. There is no
        fallback to another model: a score belongs to the network that made it.

    Examples
    --------
    >>> load_model("Dlib").name
    'dlib_face_recognition_resnet_model_v1.dat'
    """
    files = WEIGHT_FILES | DEMOGRAPHY_FILES
    if model not in files:
        raise WeightsError(f"unknown face network {model!r}: choose one of {choices(model)}")
    task = "facial_attribute" if model in DEMOGRAPHY_FILES else "facial_recognition"
    path = weights_folder() / files[model]
    if model == "Dlib" and not path.is_file():
        _copy(dlib_weights(path.name), path)
    try:
        with _one_thread():
            _deepface().build_model(task=task, model_name=model)
    except Exception as error:  # deepface lets through whatever requests, gdown, onnxruntime and dlib raise
        if path.is_file():
            raise WeightsError(
                f"{model}: {path} cannot be loaded ({error}); replace it with the file deepface publishes"
            ) from error
        other = "another attack" if model in DEMOGRAPHY_FILES else f"attack.model={DEFAULT_MODEL}"
        raise WeightsError(
            f"{model}: the weights are not on this machine and could not be downloaded; put {path.name} "
            f"(published with deepface) into {path.parent}, or use {other}"
        ) from error
    return path


@lru_cache(maxsize=4)
def weights_sha256(model: str) -> str:
    """Return the sha256 of the weight file a model was loaded from, in hexadecimal."""
    with load_model(model).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def embed(chips: Sequence[NDArray[np.uint8]], model: str = DEFAULT_MODEL) -> NDArray[np.float64]:
    """Embed aligned faces.

    Parameters
    ----------
    chips : sequence of ndarray of uint8, shape (rows, columns, 3)
        RGB, as `baselines.face.landmarks.find_face` cuts them.
    model : str
        A key of `WEIGHT_FILES`.

    Returns
    -------
    ndarray, shape (len(chips), d)
        One row a face; compare rows by Euclidean distance (d is 128 for Dlib, 4096 for VGG-Face).

    Raises
    ------
    WeightsError
        See `load_model`.
    """
    load_model(model)
    rows = []
    for chip in chips:
        # deepface takes BGR; the face is found, turned and cut already, so its own detector is skipped.
        faces = _deepface().represent(
            np.ascontiguousarray(chip[..., ::-1]), model_name=model, detector_backend="skip"
        )
        rows.append(np.asarray(faces[0]["embedding"], dtype=np.float64))
    return np.array(rows)


def guess_demographics(chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """Predict age, sex and race of aligned faces with deepface's own networks.

    Parameters
    ----------
    chips : sequence of ndarray of uint8, shape (rows, columns, 3)
        RGB, as `baselines.face.landmarks.find_face` cuts them.

    Returns
    -------
    ndarray, shape (len(chips), 9)
        Age in centuries, probabilities of woman and man, and of six races in the order of
        `deepface.models.demography.DemographyUtils.RACE_LABELS`.

    Raises
    ------
    WeightsError
        See `load_model`; all three networks of `DEMOGRAPHY_FILES` are needed.
    """
    for model in DEMOGRAPHY_FILES:
        load_model(model)
    rows = []
    for chip in chips:
        (guess,) = _deepface().analyze(
            np.ascontiguousarray(chip[..., ::-1]),
            actions=["age", "gender", "race"],
            detector_backend="skip",
            silent=True,
        )
        rows.append([guess["age"], *guess["gender"].values(), *guess["race"].values()])
    return np.array(rows, dtype=np.float64) / 100  # deepface's probabilities are in per cent


@contextmanager
def _one_thread() -> Iterator[None]:
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


@lru_cache(maxsize=1)
def _deepface() -> ModuleType:
    # Which engine runs a network changes its numbers, so it does not depend on what else is installed.
    os.environ["DEEPFACE_BACKEND_ENGINE"] = "onnx"
    os.environ.setdefault("DEEPFACE_LOG_LEVEL", "40")
    with warnings.catch_warnings():  # importing it silences all warnings of the process, ours too
        import cv2
        from deepface import DeepFace

    cv2.setNumThreads(1)
    module: ModuleType = DeepFace
    return module


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        part = Path(folder) / target.name
        shutil.copyfile(source, part)
        part.replace(target)
