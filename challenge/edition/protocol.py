"""How an edition is evaluated: fixed when it is built, the same for everybody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mriprivacy.baselines.attacks.face_network import WEIGHT_FILES, choices
from mriprivacy.baselines.face.views import ANGLES, ViewError, make_views
from mriprivacy.challenge.edition.public import EditionError

# Finer voxels than 0.3 mm are finer than any head scan and fill the memory; over 5 mm no nose is left.
SPACING_MM = (0.3, 5.0)
# Below 64 pixels a face is too small for any detector; far above 2000 the memory is not enough.
PIXELS = (64, 2000)
MIN_BOOTSTRAP = 100  # the ends of a 95 % interval are then two or three draws from the extremes


@dataclass
class Camera:
    """How scans become pictures.

    Attributes
    ----------
    spacing_mm : float
        Voxels of the reconstruction, mm, within `SPACING_MM`.
    size : int
        Edge of the pictures, pixels, within `PIXELS`.
    views : list of [yaw, pitch]
        Where the camera stands, degrees.
    lights : list of str
        Where the lamp stands, names of `baselines.face.views.LIGHTS`; each view is drawn in each light.
    """

    spacing_mm: float = 1.0
    size: int = 400
    views: list[Any] = field(default_factory=lambda: [list(angle) for angle in ANGLES])
    lights: list[str] = field(default_factory=lambda: ["above"])


def camera_problems(camera: Camera, group: str) -> list[str]:
    """Say all that is wrong with a camera, one line each.

    Parameters
    ----------
    camera : Camera
        Of a command, or of a protocol.
    group : str
        Under which name people set it, such as `attack`.

    Examples
    --------
    >>> camera_problems(Camera(), "attack")
    []
    >>> camera_problems(Camera(spacing_mm=0, size=9), "attack")  # doctest: +NORMALIZE_WHITESPACE
    ['attack.spacing_mm is 0; expected 0.3 to 5 mm', 'attack.size is 9; expected 64 to 2000 pixels']
    """
    problems = []
    for name, value, (low, high), unit in (
        ("spacing_mm", camera.spacing_mm, SPACING_MM, "mm"),
        ("size", camera.size, PIXELS, "pixels"),
    ):
        if not low <= value <= high:  # NaN is not, either
            problems.append(f"{group}.{name} is {value:g}; expected {low:g} to {high:g} {unit}")
    try:
        make_views(camera.views, camera.lights)
    except ViewError as error:
        problems.append(f"{group}: {error}")
    return problems


@dataclass
class Protocol:
    """The evaluation of an edition.

    Attributes
    ----------
    attacks : list of str
        Names of `baselines.attacks.registry.ATTACKS` or `module:Class`, each run on every photo condition.
    model : str
        Face network of `deepface`.
    spacing_mm : float
        Voxels of the reconstruction, mm.
    size : int
        Edge of the renders, pixels.
    views, lights : list of [yaw, pitch], list of str
        Under which heads are drawn (`challenge.edition.protocol.Camera`).
    bootstrap : int
        Draws of subjects behind every interval.
    bootstrap_seed : int
        Seed of the draws.
    in_brain_change : float
        Largest share of the brain that a defacer may change (gate).
    reanalysed : int
        Scans of `eval`, in the order of their ids, whose brain is analysed again for utility; -1 for all.
    brain_engine : str
        Who draws the brain masks of that analysis (`baselines.brain.engines.ENGINES`).
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


def protocol_problems(protocol: Protocol) -> list[str]:
    """Say all that is wrong with a protocol, one line each: it is frozen with its edition.

    Examples
    --------
    >>> protocol_problems(Protocol())
    []
    >>> protocol_problems(Protocol(attacks=["geo"], bootstrap=0))
    ['protocol.bootstrap is 0; expected 100 draws or more']
    """
    # They take the libraries of images, which are not there where tables are scored.
    from mriprivacy.baselines.attacks.registry import ATTACKS
    from mriprivacy.baselines.brain.engines import ENGINES

    attacks, problems = list(protocol.attacks), []
    if not attacks or len(set(attacks)) < len(attacks):
        problems.append(f"protocol.attacks is {_listed(attacks)}; expected one attack or more, each once")
    problems += [
        f"protocol.attacks: {attack!r} is unknown; expected some of {', '.join(ATTACKS)} or module:Class"
        for attack in attacks
        if attack not in ATTACKS and not re.fullmatch(r"\w+(\.\w+)*:\w+", attack)
    ]
    if protocol.model not in WEIGHT_FILES:
        problems.append(f"protocol.model is {protocol.model!r}; expected one of {choices(protocol.model)}")
    camera = Camera(protocol.spacing_mm, protocol.size, protocol.views, protocol.lights)
    problems += camera_problems(camera, "protocol")
    if protocol.bootstrap < MIN_BOOTSTRAP:
        problems.append(f"protocol.bootstrap is {protocol.bootstrap}; expected {MIN_BOOTSTRAP} draws or more")
    if protocol.bootstrap_seed < 0:
        problems.append(f"protocol.bootstrap_seed is {protocol.bootstrap_seed}; expected 0 or more")
    if not 0 <= protocol.in_brain_change <= 1:
        problems.append(f"protocol.in_brain_change is {protocol.in_brain_change}; expected a share, 0 to 1")
    if protocol.reanalysed < -1:
        problems.append(f"protocol.reanalysed is {protocol.reanalysed}; expected -1 (all scans), 0 or more")
    if protocol.brain_engine not in ENGINES:
        problems.append(
            f"protocol.brain_engine is {protocol.brain_engine!r}; expected {' or '.join(ENGINES)}"
        )
    return problems


def _listed(names: list[str]) -> str:
    return f"[{', '.join(names)}]"


def read_protocol(description: Mapping[str, Any]) -> Protocol:
    """Return the protocol of an edition from its `edition.json`.

    Raises
    ------
    EditionError
        If a field is unknown or of the wrong type (the edition was made by another version of the kit), or
        is nothing by which anybody can be evaluated.

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
    if problems := protocol_problems(protocol):
        raise EditionError(*(f"edition.json: {problem}" for problem in problems))
    return protocol
