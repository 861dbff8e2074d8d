"""The embedding of a face network (paper, section IV.A.2), and what networks take a face for."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, Network, find_network
from mriprivacy.baselines.face.recognition.crops import deepface_crop
from mriprivacy.baselines.face.recognition.deepface_library import deepface, one_thread, weights_folder
from mriprivacy.baselines.face.weights import WeightsError, file_sha256, packaged

if TYPE_CHECKING:  # tables are scored where there is no dlib
    from mriprivacy.baselines.face.landmarks import Face

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

# Networks with which deepface guesses age, sex and race (the paper's Table II), and their files.
DEMOGRAPHY_FILES = {
    "Age": "age_model_weights.onnx",
    "Gender": "gender_model_weights.onnx",
    "Race": "race_model_single_batch.onnx",
}
_DEMOGRAPHY_SIZE = (224, 224)


def weights_path(name: str) -> Path:
    """Return where the weights of a network are, or would be downloaded to by deepface.

    Parameters
    ----------
    name : str
        A key of `networks.NETWORKS` or `DEMOGRAPHY_FILES`.

    Raises
    ------
    WeightsError
        If there is no such network, or the package that carries it is missing or has another file.
    """
    if name in DEMOGRAPHY_FILES:
        return weights_folder() / DEMOGRAPHY_FILES[name]
    weights = find_network(name).weights
    return packaged(weights) if weights.package else weights_folder() / weights.file


def load_network(name: str) -> Path:
    """Make a network ready.

    Parameters
    ----------
    name : str
        A key of `networks.NETWORKS` or `DEMOGRAPHY_FILES`.

    Returns
    -------
    Path
        The weight file in use.

    Raises
    ------
    WeightsError
        If the network is unknown, or its weights are neither there nor to be downloaded, or are others than
        expected. There is no fallback to another network: a score belongs to the network that made it.

    Examples
    --------
    >>> load_network("Dlib").name
    'dlib_face_recognition_resnet_model_v1.dat'
    """
    path = weights_path(name)
    if name not in DEMOGRAPHY_FILES and find_network(name).library != "deepface":
        _opened(name, path)
        return path
    task = "facial_attribute" if name in DEMOGRAPHY_FILES else "facial_recognition"
    try:
        with one_thread():
            deepface().build_model(task=task, model_name=name)
    except Exception as error:  # deepface lets through whatever requests, gdown and onnxruntime raise
        if path.is_file():
            raise WeightsError(
                f"{name}: {path} cannot be loaded ({error}); replace it with the file deepface publishes"
            ) from error
        other = "another attack" if name in DEMOGRAPHY_FILES else f"attack.model={DEFAULT_NETWORKS[0]}"
        raise WeightsError(
            f"{name}: the weights are not on this machine and could not be downloaded; put {path.name} "
            f"(published with deepface) into {path.parent}, or use {other}"
        ) from error
    return path


@cache
def weights_sha256(name: str) -> str:
    """Return the sha256 of the weight file a network was loaded from, in hexadecimal."""
    return file_sha256(load_network(name))


def embed(faces: Sequence["Face"], name: str = DEFAULT_NETWORKS[0]) -> Floats:
    """Embed faces.

    Parameters
    ----------
    faces : sequence of Face
        In their pictures; the network's own crop is cut out of each.
    name : str
        A key of `networks.NETWORKS`.

    Returns
    -------
    ndarray, shape (len(faces), d)
        One row a face, of length 1 where the network's distance is the cosine; compare rows by Euclidean
        distance.

    Raises
    ------
    WeightsError
        See `load_network`.
    """
    network = find_network(name)
    vectors = [embed_crop(network.crop(face, network.size), network) for face in faces]
    rows = np.reshape(np.array(vectors), (len(faces), network.dimensions))
    return unit(rows) if network.distance == "cosine" else rows


def embed_crop(crop: Pixels, network: Network) -> Floats:
    """Return what a network computes of one crop.

    Parameters
    ----------
    crop : ndarray of uint8, shape (rows, columns, 3)
        RGB, of the network's size.
    network : Network
        Its weights must be there.

    Returns
    -------
    ndarray, shape (d,)
        As the network's library returns it.

    Raises
    ------
    WeightsError
        See `load_network`; or if the file holds a network with another number of outputs.
    """
    path = load_network(network.name)
    ordered = np.ascontiguousarray(crop[..., ::-1]) if network.channels == "BGR" else crop
    if network.library == "deepface":  # its own detector is skipped: the face is found and cut already
        (found,) = deepface().represent(
            ordered, model_name=network.name, detector_backend="skip", normalization=network.normalization
        )
        vector = np.asarray(found["embedding"], dtype=np.float64)
    else:
        vector = np.asarray(_opened(network.name, path)(ordered), dtype=np.float64).ravel()
    if vector.shape != (network.dimensions,):
        raise WeightsError(
            f"{network.name}: {path} is another network: it gives {vector.size} numbers a face; "
            f"expected {network.dimensions}; replace it with the file deepface publishes"
        )
    return vector


def unit(vectors: Floats) -> Floats:
    """Bring vectors to length 1; a vector of zeros stays.

    Examples
    --------
    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Floats = vectors / np.where(lengths > 0, lengths, 1.0)
    return result


@cache
def _opened(name: str, path: Path) -> Callable[[Pixels], Any]:
    """Open a network that a package carries, once a process."""
    try:
        if find_network(name).library == "dlib":
            import dlib

            of_dlib: Callable[[Pixels], Any] = dlib.face_recognition_model_v1(
                str(path)
            ).compute_face_descriptor
            return of_dlib
        import cv2

        cv2.setNumThreads(1)  # faces are what is done in parallel
        of_opencv: Callable[[Pixels], Any] = cv2.FaceRecognizerSF.create(str(path), "").feature
    except Exception as error:  # dlib raises RuntimeError, OpenCV its own
        raise WeightsError(f"{name}: {path} cannot be loaded ({error})") from error
    return of_opencv


def guess_demographics(faces: Sequence["Face"]) -> Floats:
    """Predict age, sex and race of faces with deepface's own networks.

    Parameters
    ----------
    faces : sequence of Face
        In their pictures.

    Returns
    -------
    ndarray, shape (len(faces), 9)
        Age in centuries, probabilities of woman and man, and of six races in the order of
        `deepface.models.demography.DemographyUtils.RACE_LABELS`.

    Raises
    ------
    WeightsError
        See `load_network`; all three networks of `DEMOGRAPHY_FILES` are needed.
    """
    for name in DEMOGRAPHY_FILES:
        load_network(name)
    rows = []
    for face in faces:
        (guess,) = deepface().analyze(
            np.ascontiguousarray(deepface_crop(face, _DEMOGRAPHY_SIZE)[..., ::-1]),
            actions=["age", "gender", "race"],
            detector_backend="skip",
            silent=True,
        )
        rows.append([guess["age"], *guess["gender"].values(), *guess["race"].values()])
    return np.array(rows, dtype=np.float64) / 100  # deepface's probabilities are in per cent
