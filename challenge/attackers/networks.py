"""The face networks of an attack: a figure or a submission without them cannot be made again."""

from collections.abc import Mapping
from dataclasses import replace

from mriprivacy.baselines.attacks.face_network import DEFAULT_MODEL, DEMOGRAPHY_FILES, weights_sha256
from mriprivacy.challenge.entry.attacker import Attacker

FUSION = "fusion"
# Attacks that see faces, or photographs, with the network that `model` chooses.
CHOSEN = ("deepface", "volume")


def networks_of(attack: str, model: str) -> dict[str, str]:
    """Return the networks of an attack, and the sha256 of their weight files, which must be there.

    Parameters
    ----------
    attack : str
        As in `baselines.attacks.registry.make_attack`; those of an attack of your own are not known.
    model : str
        The network chosen.

    Examples
    --------
    >>> networks_of("geo", "Dlib"), list(networks_of("volume", "Dlib"))
    ({}, ['Dlib'])
    """
    names = (model,) if attack in CHOSEN else tuple(DEMOGRAPHY_FILES) if attack == "demographics" else ()
    return {name: weights_sha256(name) for name in names}


def described(networks: Mapping[str, str]) -> str:
    """Format networks and the beginning of their weights' sha256.

    Examples
    --------
    >>> described({"Dlib": "2316b25ae80acf4ad9b620b00071c423250112ad"})
    'Dlib, weights 2316b25ae80a'
    """
    return "; ".join(f"{name}, weights {digest[:12]}" for name, digest in networks.items())


def declared(networks: Mapping[str, str]) -> str:
    """Format the same as `submission.json` declares it and as signatures have it.

    Examples
    --------
    >>> declared({"Dlib": "2316b25ae80acf4ad9b620b00071c423250112ad"})
    'Dlib@2316b25a'
    """
    return ",".join(f"{name}@{digest[:8]}" for name, digest in networks.items())


def system_name(attack: str, model: str, what: str) -> str:
    """Name the system that an attack makes; a network other than the default one is part of the name.

    Parameters
    ----------
    attack, model : str
        As in `networks_of`.
    what : str
        What it is used for, such as `raw_informed`.

    Examples
    --------
    >>> system_name("deepface", "Dlib", "raw"), system_name("deepface", "VGG-Face", "raw")
    ('deepface_raw', 'deepface_VGG-Face_raw')
    >>> system_name("geo", "VGG-Face", "bald"), system_name("mine:Attack", "Dlib", "raw")
    ('geo_bald', 'Attack_raw')
    """
    chosen = f"_{model}" if attack in CHOSEN and model != DEFAULT_MODEL else ""
    return f"{attack.rpartition(':')[2]}{chosen}_{what}"


def signed(attacker: Attacker, attacks: tuple[str, ...], model: str) -> Attacker:
    """Return an attacker with the networks of a protocol and their weights, for its signature.

    Parameters
    ----------
    attacker : Attacker
        Of the protocol, with a target or the fusion; any other is returned as it is.
    attacks : tuple of str
        The protocol's, which `fusion` fuses.
    model : str
        The protocol's; its weights must be there where an attacker uses it.

    Examples
    --------
    >>> str(signed(Attacker.parse("geo+raw/ignorant"), ("geo",), "Dlib"))
    'geo+raw/ignorant'
    >>> str(signed(Attacker("fusion", "informed"), ("geo", "volume"), "Dlib")).partition("@")[0]
    'fusion(geo,volume(Dlib'
    """

    def network(attack: str) -> str:
        return f"{model}@{weights_sha256(model)[:8]}" if attack in CHOSEN else ""

    if attacker.attack == FUSION:
        fused = ",".join(Attacker(attack, "", network(attack)).name for attack in attacks)
        return replace(attacker, network=fused)
    return replace(attacker, network=network(attacker.attack)) if attacker.target else attacker


def attacker_of(attack: str, target: str, level: str, model: str) -> Attacker:
    """Return the attacker that an attack makes; of the attacks, `deepface` alone is named with its network.

    Examples
    --------
    >>> str(attacker_of("deepface", "raw", "adapted", "Dlib"))
    'deepface(Dlib)+raw/adapted'
    """
    return Attacker(attack, level, model if attack == "deepface" else "", target)
