"""The attacks: an image becomes features, features are compared.

An attack is any class with a name and a method `embed` (docs/how-to/own_attack.md).
"""

import importlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from mriprivacy.baselines.attacks.brain import brain_features
from mriprivacy.baselines.attacks.face_network import (
    DEMOGRAPHY_FILES,
    embed,
    guess_demographics,
    unit,
    weights_sha256,
)
from mriprivacy.baselines.attacks.geo import geo_features
from mriprivacy.baselines.attacks.networks import (
    AFTER_UNDOING,
    DEFAULT_NETWORKS,
    NETWORKS,
    find_network,
    split_name,
)
from mriprivacy.baselines.attacks.outline import outline_features
from mriprivacy.baselines.attacks.own_code import called, fault, line_of
from mriprivacy.baselines.attacks.undone import undone_features
from mriprivacy.baselines.face.appearance import Look
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.scoring.errors import SetupError

Floats = NDArray[np.float64]


class AttackError(SetupError):
    """An attack that does not exist, or is none."""


class Attack(Protocol):
    """What a linkage function looks at.

    Attributes
    ----------
    comparable : bool
        Whether features of scans and of photographs mean the same, so that they can be compared as they
        are; if not, only the informed attacker can compare them.
    settings : str
        What features depend on besides the image and the code, such as the sha256 of weights.
    """

    comparable: bool

    @property
    def settings(self) -> str:
        """Return what features depend on besides the image and the code."""

    def embed(self, look: Look) -> Floats | None:
        """Return the features of an image, shape (d,), or None where there is nothing to take them from."""


class Geo:
    """Distances, angles and ratios of 68 landmarks (paper, section IV.A.1); the mean over views."""

    comparable = True
    settings = ""

    def embed(self, look: Look) -> Floats | None:
        """Return features, shape (38,)."""
        if not look.faces:
            return None
        result: Floats | None = np.mean([geo_features(face.landmarks) for face in look.faces], axis=0)
        return result


class Deepface:
    """The embedding of a face network (paper, section IV.A.2); the mean over views."""

    comparable = True

    def __init__(self, network: str = DEFAULT_NETWORKS[0]) -> None:
        self.network = find_network(network).name

    @property
    def settings(self) -> str:
        """Return the network and the sha256 of its weights, which must be there."""
        return f"{self.network} {weights_sha256(self.network)}"

    def embed(self, look: Look) -> Floats | None:
        """Return the embedding, shape (d,); of length 1 where the network's distance is the cosine."""
        found = _embedded(look, self.network)
        return None if found is None else found.copy()  # what is remembered stays as it is


@lru_cache(maxsize=len(NETWORKS))  # `volume` needs the same of a photograph
def _embedded(look: Look, name: str) -> Floats | None:
    if not look.faces:
        return None
    mean: Floats = embed(look.faces, name).mean(axis=0)
    return unit(mean) if find_network(name).distance == "cosine" else mean


class Volume:
    """The outline of whatever is left of a head, against all features of a photograph: beyond the face."""

    comparable = False

    def __init__(self, networks: Sequence[str] = DEFAULT_NETWORKS[:1]) -> None:
        self._networks = [Deepface(network) for network in networks]

    @property
    def settings(self) -> str:
        """Return the networks with which photographs are seen, and the sha256 of their weights."""
        return " ".join(attack.settings for attack in self._networks)

    def embed(self, look: Look) -> Floats | None:
        """Return the outline of a scan, shape (66,), or landmarks and embeddings of a photograph."""
        if look.kind == "scan":
            found = _outline(look.scan)
            return None if found is None else found.copy()
        if not look.faces:
            return None
        seen = [Geo().embed(look), *(network.embed(look) for network in self._networks)]
        return np.concatenate([vector for vector in seen if vector is not None])


@lru_cache(maxsize=1)  # the same with faces and, where none of them can be one, without
def _outline(scan: Callable[[], Scan]) -> Floats | None:
    return outline_features(scan())


class Brain:
    """The brain itself, of a scan; a photograph has none (the paper's future work)."""

    comparable = True
    settings = ""

    def embed(self, look: Look) -> Floats | None:
        """Return the borders of tissue in the brain of a scan, shape (6361,)."""
        found = _borders(look.scan) if look.kind == "scan" else None
        return None if found is None else found.copy()


@lru_cache(maxsize=1)  # as `_outline`
def _borders(scan: Callable[[], Scan]) -> Floats | None:
    return brain_features(scan())


class Undone:
    """`deepface` on a scan in which something that defacers do is undone (`baselines.face.undo`)."""

    comparable = True

    def __init__(self, undoing: str, network: str = DEFAULT_NETWORKS[0]) -> None:
        self._undoing, self._photos = undoing, Deepface(network)

    @property
    def settings(self) -> str:
        """Return the network and the sha256 of its weights, which must be there."""
        return self._photos.settings

    def embed(self, look: Look) -> Floats | None:
        """Return the embedding, shape (d,); a photograph is taken as it is."""
        if look.kind == "scan":
            return undone_features(look.scan, self._undoing, self._photos.network)
        return self._photos.embed(look)


class Demographics:
    """What deepface's own networks take a face for (paper, section V.D); the mean over views."""

    comparable = True

    @property
    def settings(self) -> str:
        """Return the sha256 of the weights of all three networks, which must be there."""
        return " ".join(weights_sha256(model) for model in DEMOGRAPHY_FILES)

    def embed(self, look: Look) -> Floats | None:
        """Return age, sexes and races, shape (9,), each from 0 to 1."""
        return guess_demographics(look.faces).mean(axis=0) if look.faces else None


ATTACKS = ("geo", "deepface", "volume", *AFTER_UNDOING, "brain", "demographics")
BETWEEN_SCANS = ("brain",)  # these see nothing in a photograph


def make_attack(name: str) -> Attack:
    """Return an attack by name.

    Parameters
    ----------
    name : str
        One of `ATTACKS`, those that use face networks with their names (`networks.on_networks`; `Dlib` where
        none is named), or `module:Class` for one of your own, a module that Python can import.

    Raises
    ------
    AttackError
        If there is no such attack, or one of your own cannot be made; the line names your file and line.
    WeightsError
        If there is no such network.

    Examples
    --------
    >>> make_attack("geo").comparable
    True
    >>> make_attack("horoscope")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    mriprivacy.baselines.attacks.registry.AttackError: unknown attack 'horoscope': expected one of geo, ...
    """
    if name == "geo":
        return Geo()
    if name == "brain":
        return Brain()
    attack, networks = split_name(name)
    networks = networks or DEFAULT_NETWORKS[:1]
    if attack == "deepface" and len(networks) == 1:
        return Deepface(*networks)
    if attack == "volume":
        return Volume(networks)
    if attack in AFTER_UNDOING and len(networks) == 1:
        return Undone(attack, *networks)
    if name == "demographics":
        return Demographics()
    module, _, wanted = name.partition(":")
    if not wanted:
        raise AttackError(f"unknown attack {name!r}: expected one of {', '.join(ATTACKS)} or module:Class")
    return _own_attack(name, module, wanted)


def _own_attack(name: str, module: str, wanted: str) -> Attack:
    """Make an attack that is not of the kit; what is wrong in it is one line that names its file and line."""
    failed = (name, AttackError, "cannot be made")
    loaded = called(*failed, importlib.import_module, module)
    if not hasattr(loaded, wanted):
        raise AttackError(
            fault(name, str(getattr(loaded, "__file__", "")), f"cannot be made (there is no {wanted} in it)")
        )
    made: Attack = called(*failed, getattr(loaded, wanted))
    needed = ("embed", "comparable", "settings")
    if lacking := [part for part in needed if not called(*failed, hasattr, made, part)]:
        what = f"has no {' and no '.join(lacking)}; see docs/how-to/own_attack.md"
        raise AttackError(fault(name, line_of(type(made)), what))
    return made


def similarity(probes: NDArray[np.float64], references: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare every probe with every reference: the linkage function of the paper (section III).

    Parameters
    ----------
    probes : ndarray, shape (n, d)
        Features of scans.
    references : ndarray, shape (m, d)
        Features of photographs, by the same attack.

    Returns
    -------
    ndarray, shape (n, m)
        Minus the Euclidean distance: higher means more likely the same person; never above 0.

    Examples
    --------
    >>> similarity(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[-5., -0.]])
    """
    result: NDArray[np.float64] = -cdist(probes, references)
    return result
