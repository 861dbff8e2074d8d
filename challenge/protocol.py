"""How an edition is evaluated: fixed when it is built, the same for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from baselines.views import ANGLES
from challenge.edition import EditionError


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
    # Tables are scored where there is no omegaconf (challenge/export/scorer.py).
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        given = OmegaConf.create(dict(description.get("protocol", {})), flags={"allow_objects": False})
        protocol = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Protocol), given))
    except OmegaConfBaseException as error:
        raise EditionError(f"edition.json: protocol: {str(error).splitlines()[0]}") from error
    assert isinstance(protocol, Protocol)
    return protocol
