"""How an edition is evaluated: fixed when it is built, the same for everybody."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from baselines.render import ANGLES
from challenge.edition import EditionError

# Members that editions of the first kit do not have; those editions, and their hashes, stay as they are.
LATER = ("views", "lights", "brain_engine")


@dataclass
class Protocol:
    """The evaluation of an edition.

    Attributes
    ----------
    attacks : list of str
        Names of `baselines.attacks.ATTACKS`, each run on every photo condition.
    model : str
        Face network of `deepface`.
    spacing_mm : float
        Voxels of the reconstruction, mm.
    size : int
        Edge of the renders, pixels.
    views, lights : list of [yaw, pitch], list of str
        Under which heads are drawn (`challenge.features.Camera`).
    bootstrap : int
        Draws of subjects behind every interval.
    bootstrap_seed : int
        Seed of the draws.
    in_brain_change : float
        Largest share of the brain that a defacer may change (gate).
    reanalysed : int
        Scans of `eval`, in the order of their ids, whose brain is analysed again for utility; -1 for all.
    brain_engine : str
        Who draws the brain masks of that analysis (`baselines.brain_engine.ENGINES`).
    """

    attacks: list[str] = field(default_factory=lambda: ["geo", "deepface", "volume"])
    model: str = "Dlib"
    spacing_mm: float = 1.0
    size: int = 400
    views: list[Any] = field(default_factory=lambda: [list(angle) for angle in ANGLES])
    lights: list[str] = field(default_factory=lambda: ["above"])
    bootstrap: int = 1000
    bootstrap_seed: int = 0
    in_brain_change: float = 0.05
    reanalysed: int = -1
    brain_engine: str = "builtin"


def written(protocol: Protocol) -> dict[str, Any]:
    """Return what `edition.json` says of a protocol; what came later only where it is not the standard.

    Examples
    --------
    >>> "views" in written(Protocol()), written(Protocol(lights=["left"]))["lights"]
    (False, ['left'])
    """
    standard = Protocol()
    usual = {name for name in LATER if getattr(protocol, name) == getattr(standard, name)}
    return {name: value for name, value in asdict(protocol).items() if name not in usual}


def read_protocol(description: Mapping[str, Any]) -> Protocol:
    """Return the protocol of an edition from its `edition.json`.

    Raises
    ------
    EditionError
        If a field is unknown or of the wrong type: the edition was made by another version of the kit.

    Examples
    --------
    >>> read_protocol({"protocol": {"model": "VGG-Face"}}).model
    'VGG-Face'
    """
    try:
        given = OmegaConf.create(dict(description.get("protocol", {})), flags={"allow_objects": False})
        protocol = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Protocol), given))
    except OmegaConfBaseException as error:
        raise EditionError(f"edition.json: protocol: {str(error).splitlines()[0]}") from error
    assert isinstance(protocol, Protocol)
    return protocol
