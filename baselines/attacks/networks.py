"""The face networks: of each its crop, its input, its distance and its weights.

A network is one entry of `NETWORKS`. Nothing is loaded here; `baselines.attacks.face_network` runs them.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.face.recognition.crops import deepface_crop, dlib_crop, five_point_crop
from mriprivacy.baselines.face.weights import DLIB_NETWORK, SFACE, Weights, WeightsError

if TYPE_CHECKING:
    from mriprivacy.baselines.face.landmarks import Face


@dataclass(frozen=True)
class Network:
    """A face network.

    Attributes
    ----------
    name : str
        As settings, attackers and signatures name it.
    library : str
        What runs it: dlib, OpenCV (`cv2.FaceRecognizerSF`) or deepface (on onnxruntime).
    crop : callable
        Cuts the face out of its picture and aligns it, to RGB pixels of `size`.
    size : (int, int)
        Rows and columns of its input, pixels.
    channels : str
        The order of colours in which `library` takes a crop.
    normalization : str
        Of pixel values. `inside`: the library does it. `base`, a name of deepface's: divided by 255.
    distance : str
        Between two embeddings. Those of a `cosine` network are brought to length 1, where Euclidean distance
        puts pairs in the same order as the cosine does.
    dimensions : int
        Length of an embedding.
    weights : Weights
        The file.
    """

    name: str
    library: Literal["dlib", "opencv", "deepface"]
    crop: Callable[["Face", tuple[int, int]], NDArray[np.uint8]]
    size: tuple[int, int]
    channels: Literal["RGB", "BGR"]
    normalization: str
    distance: Literal["euclidean", "cosine"]
    dimensions: int
    weights: Weights


def _of_deepface(
    name: str,
    file: str,
    size: tuple[int, int],
    dimensions: int,
    licence: str,
    distance: Literal["euclidean", "cosine"] = "cosine",
) -> Network:
    """Describe a network of deepface, with deepface's own alignment, normalization and distance."""
    weights = Weights(file, licence)
    return Network(name, "deepface", deepface_crop, size, "BGR", "base", distance, dimensions, weights)


NETWORKS = {
    network.name: network
    for network in (
        Network("Dlib", "dlib", dlib_crop, (150, 150), "RGB", "inside", "euclidean", 128, DLIB_NETWORK),
        Network("SFace", "opencv", five_point_crop, (112, 112), "BGR", "inside", "cosine", 128, SFACE),
        # The paper's, with the paper's distance.
        _of_deepface(
            "VGG-Face", "vgg_face_weights.onnx", (224, 224), 4096, "CC BY-NC 4.0", distance="euclidean"
        ),
        _of_deepface("Facenet", "facenet_weights.onnx", (160, 160), 128, "MIT"),
        _of_deepface("Facenet512", "facenet512_weights.onnx", (160, 160), 512, "MIT"),
        _of_deepface("OpenFace", "openface_weights.onnx", (96, 96), 128, "see deepface"),
        _of_deepface(
            "DeepFace", "VGGFace2_DeepFace_weights_val-0.9034.onnx", (152, 152), 4096, "see deepface"
        ),
        _of_deepface("DeepID", "deepid_weights.onnx", (55, 47), 160, "see deepface"),
        _of_deepface("ArcFace", "arcface_weights.onnx", (112, 112), 512, "MIT"),
        _of_deepface("GhostFaceNet", "ghostfacenet_v1.onnx", (112, 112), 512, "MIT"),
    )
}
DEFAULT_NETWORKS = ("Dlib", "SFace")  # their weights come with packages
# What deepface has besides, and what it takes: these weights deepface hands to another library.
LEFT_OUT = {"Buffalo_L": "the package insightface, which does not come with this kit"}


def find_network(name: str) -> Network:
    """Return a network by name.

    Raises
    ------
    WeightsError
        If there is none of this name.

    Examples
    --------
    >>> find_network("SFace").size
    (112, 112)
    """
    if name not in NETWORKS:
        known = ", ".join(NETWORKS)
        raise WeightsError(f"unknown face network {name!r}: choose one of {known}{why_left_out([name])}")
    return NETWORKS[name]


def why_left_out(names: Sequence[str]) -> str:
    """Say why networks that deepface has are not among those here; nothing of any other.

    Examples
    --------
    >>> why_left_out(["Buffalo_L", "Dlib"])
    ' (Buffalo_L of deepface takes the package insightface, which does not come with this kit)'
    """
    return "".join(f" ({name} of deepface takes {LEFT_OUT[name]})" for name in names if str(name) in LEFT_OUT)


# Attacks on surfaces after an undoing, the keys of `baselines.face.undo.UNDOINGS`.
AFTER_UNDOING = ("smoothed", "lowered")
# Attacks of which there is one for each network; `volume` sees photographs with all of them at once.
ONE_A_NETWORK = ("deepface", *AFTER_UNDOING)
ON_NETWORKS = (*ONE_A_NETWORK, "volume")


def on_networks(attacks: Iterable[str], networks: Sequence[str]) -> tuple[str, ...]:
    """Return the attacks as each is made: `volume` with all networks, others once for each.

    Parameters
    ----------
    attacks : iterable of str
        Names of `baselines.attacks.registry.ATTACKS`, or `module:Class`.
    networks : sequence of str
        Keys of `NETWORKS`.

    Returns
    -------
    tuple of str
        Names for `baselines.attacks.registry.make_attack`; `split_name` parses them.

    Examples
    --------
    >>> on_networks(["geo", "deepface", "volume"], ["Dlib", "SFace"])
    ('geo', 'deepface(Dlib)', 'deepface(SFace)', 'volume(Dlib,SFace)')
    """
    of_photos = ",".join(networks)
    named = {"volume": [f"volume({of_photos})"]} | {
        attack: [f"{attack}({one})" for one in networks] for attack in ONE_A_NETWORK
    }
    return tuple(name for attack in attacks for name in named.get(attack, [attack]))


def split_name(name: str) -> tuple[str, tuple[str, ...]]:
    """Split the name of an attack into attack and networks, of which there may be none.

    Examples
    --------
    >>> split_name("volume(Dlib,SFace)"), split_name("geo")
    (('volume', ('Dlib', 'SFace')), ('geo', ()))
    """
    found = re.fullmatch(r"(\w+)\(([^()]+)\)", name)
    return (found[1], tuple(found[2].split(","))) if found else (name, ())
