"""How an edition is evaluated: fixed when it is built, the same for everybody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, NETWORKS, on_networks, why_left_out
from mriprivacy.baselines.face.views import ANGLES, LIGHTS, ViewError, make_views
from mriprivacy.challenge.edition.public import EditionError
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.settings import same_setting, setting, setting_problems


@dataclass
class Rendering:
    """How scans become pictures: each view is drawn in each light."""

    # Finer voxels than 0.3 mm are finer than any head scan and fill the memory; over 5 mm no nose is left.
    spacing_mm: float = setting(1.0, "voxels of the reconstruction", at_least=0.3, at_most=5, unit="mm")
    # Below 64 pixels a face is too small for any detector; far above 2000 the memory is not enough.
    size: int = setting(400, "edge of the renders", at_least=64, at_most=2000, unit="pixels")
    views: list[Any] = setting([list(angle) for angle in ANGLES], "yaw and pitch of the camera, degrees")
    lights: list[str] = setting(
        ["above"],
        f"positions of the lamp, some of {', '.join(LIGHTS)}; each view is drawn in each light",
    )


def camera_problems(camera: Rendering, group: str) -> list[str]:
    """Say all that is wrong with a camera, one line each.

    Parameters
    ----------
    camera : Rendering
        Of a command, or of a protocol.
    group : str
        Under which name people set it, such as `attack`.

    Examples
    --------
    >>> camera_problems(Rendering(), "attack")
    []
    >>> camera_problems(Rendering(spacing_mm=0, size=9), "attack")  # doctest: +NORMALIZE_WHITESPACE
    ['attack.spacing_mm is 0; expected 0.3 to 5 mm', 'attack.size is 9; expected 64 to 2000 pixels']
    """
    problems = setting_problems(camera, f"{group}.")
    try:
        make_views(camera.views, camera.lights)
    except ViewError as error:
        problems.append(f"{group}: {error}")
    return problems


@dataclass
class Protocol:
    """The evaluation of an edition, fixed with it; written into edition.json in this order."""

    attacks: list[str] = setting(
        ["geo", "deepface", "volume"], "attacks, or module:Class; each on every photo condition"
    )
    networks: list[str] = setting(
        list(DEFAULT_NETWORKS),
        "face networks; deepface is one attacker with each",
        choices=tuple(NETWORKS),
        note=why_left_out,
    )
    spacing_mm: float = same_setting(Rendering, "spacing_mm")
    size: int = same_setting(Rendering, "size")
    views: list[Any] = same_setting(Rendering, "views")
    lights: list[str] = same_setting(Rendering, "lights")
    # With 100 draws the ends of a 95 % interval are two or three draws from the extremes.
    bootstrap: int = setting(
        1000, "bootstrap draws of subjects for each interval", at_least=100, at_most=100_000, unit="draws"
    )
    bootstrap_seed: int = setting(0, "seed of these draws; every signature names it", at_least=0)
    alike_years: float = setting(
        5.0,
        "largest difference in age of two people of the matched list; where not known, the age group decides",
        at_least=0,
        at_most=120,
        unit="years",
    )
    in_brain_change: float = setting(
        0.05, "largest share of the brain that a defacer may change (gate)", at_least=0, at_most=1
    )
    reanalysed: int = setting(
        -1,
        "scans of eval, in the order of their ids, whose brain is analysed again for utility; -1: all",
        at_least=-1,
    )
    # `baselines.brain.engines.ENGINES`, which takes the libraries of images; a test compares.
    brain_engine: str = setting(
        "builtin", "brain masks for utility; deepbet is an extra (torch)", choices=("builtin", "deepbet")
    )


def attacks_of(protocol: Protocol) -> tuple[str, ...]:
    """Return the attacks of a protocol as each is made, with its networks.

    Examples
    --------
    >>> attacks_of(Protocol(attacks=["deepface", "geo"]))
    ('deepface(Dlib)', 'deepface(SFace)', 'geo')
    """
    return on_networks(protocol.attacks, protocol.networks)


def protocol_problems(protocol: Protocol) -> list[str]:
    """Say all that is wrong with a protocol, one line each: it is frozen with its edition.

    Examples
    --------
    >>> protocol_problems(Protocol())
    []
    >>> protocol_problems(Protocol(attacks=["geo"], bootstrap=0))
    ['protocol.bootstrap is 0; expected 100 to 100000 draws']
    """
    # It takes the libraries of images, which are not there where tables are scored.
    from mriprivacy.baselines.attacks.registry import ATTACKS

    attacks, problems = list(protocol.attacks), setting_problems(protocol, "protocol.")
    if odd := [attack for attack in attacks if not isinstance(attack, str)]:
        return [*problems, f"protocol.attacks has {odd[0]}; expected names of attacks"]
    if not attacks or len(set(attacks)) < len(attacks):
        problems.append(f"protocol.attacks is {_listed(attacks)}; expected one attack or more, each once")
    problems += [
        f"protocol.attacks: {attack!r} is unknown; expected some of {', '.join(ATTACKS)} or module:Class"
        for attack in attacks
        if attack not in ATTACKS and not re.fullmatch(r"\w+(\.\w+)*:\w+", attack)
    ]
    # The limits of the camera were checked with the others.
    return problems + camera_problems(Rendering(views=protocol.views, lights=protocol.lights), "protocol")


def _listed(names: list[str]) -> str:
    return f"[{', '.join(names)}]"


def current_fields(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return the protocol in an `edition.json` by the names of today: editions once named one network.

    Examples
    --------
    >>> current_fields({"protocol": {"attacks": ["geo"], "model": "Dlib"}})
    {'attacks': ['geo'], 'networks': ['Dlib']}
    """
    given = dict(description.get("protocol", {}))
    if isinstance(given.get("model"), str) and "networks" not in given:
        given["networks"] = [given.pop("model")]
    return given


def read_protocol(description: Mapping[str, Any]) -> Protocol:
    """Return the protocol of an edition from its `edition.json`.

    Raises
    ------
    EditionError
        If a field is unknown or of the wrong type (the edition was made by another version of the kit), or
        is nothing by which anybody can be evaluated.

    Examples
    --------
    >>> read_protocol({"protocol": {"networks": ["VGG-Face"]}}).networks
    ['VGG-Face']
    """
    # Tables are scored where there is no omegaconf (challenge/export/scorer.py).
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    for name, value in description.get("protocol", {}).items():
        # The first would be replaced by what this machine holds, such as its environment; the second by the
        # default of this kit.
        if "${" in str(value) or "???" in str(value):
            raise EditionError(f"edition.json: protocol.{shown(name)[1:-1]} is {shown(str(value))}, no value")
    try:
        given = OmegaConf.create(current_fields(description), flags={"allow_objects": False})
        protocol = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Protocol), given))
    except OmegaConfBaseException as error:
        what = shown(str(error).splitlines()[0], longest=200)[1:-1]  # it may quote what a terminal obeys
        raise EditionError(f"edition.json: protocol: {what}") from error
    assert isinstance(protocol, Protocol)
    if problems := protocol_problems(protocol):
        raise EditionError(*(f"edition.json: {problem}" for problem in problems))
    return protocol
