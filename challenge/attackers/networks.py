"""The face networks of an attack: a figure or a submission without them cannot be made again."""

from collections.abc import Mapping
from dataclasses import replace

from mriprivacy.baselines.attacks.face_network import DEMOGRAPHY_FILES, weights_sha256
from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, ONE_A_NETWORK, split_name
from mriprivacy.challenge.entry.attacker import Attacker

FUSION = "fusion"


def networks_of(attack: str) -> dict[str, str]:
    """Return the networks of an attack, and the sha256 of their weight files, which must be there.

    Parameters
    ----------
    attack : str
        As in `baselines.attacks.registry.make_attack`; those of an attack of your own are not known.

    Examples
    --------
    >>> networks_of("geo"), list(networks_of("volume(Dlib,SFace)"))
    ({}, ['Dlib', 'SFace'])
    """
    names = tuple(DEMOGRAPHY_FILES) if attack == "demographics" else split_name(attack)[1]
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


def system_name(attack: str, what: str) -> str:
    """Name the system that an attack makes; a network other than the first default is part of the name.

    Parameters
    ----------
    attack : str
        As in `networks_of`.
    what : str
        What it is used for, such as `raw_informed`.

    Examples
    --------
    >>> system_name("deepface(Dlib)", "raw"), system_name("deepface(VGG-Face)", "raw")
    ('deepface_raw', 'deepface_VGG-Face_raw')
    >>> system_name("geo", "bald"), system_name("mine:Attack", "raw")
    ('geo_bald', 'Attack_raw')
    """
    name, networks = split_name(attack)
    chosen = "" if networks == DEFAULT_NETWORKS[:1] else "".join(f"_{network}" for network in networks)
    return f"{name.rpartition(':')[2]}{chosen}_{what}"


def signed(attacker: Attacker, attacks: tuple[str, ...]) -> Attacker:
    """Return an attacker with its networks and the sha256 of their weights, for its signature.

    Parameters
    ----------
    attacker : Attacker
        Of the protocol, with a target or the fusion; any other is returned as it is.
    attacks : tuple of str
        The protocol's, with their networks (`challenge.edition.protocol.attacks_of`), which `fusion` fuses.
        Weights of the networks that the attacker uses must be there.

    Examples
    --------
    >>> str(signed(Attacker.parse("geo+raw/ignorant"), ("geo",)))
    'geo+raw/ignorant'
    >>> str(signed(Attacker("fusion", "informed"), ("geo", "volume(Dlib)"))).partition("@")[0]
    'fusion(geo,volume(Dlib'
    """
    if attacker.attack == FUSION:
        parts = (Attacker(split_name(attack)[0], "", declared(networks_of(attack))) for attack in attacks)
        return replace(attacker, network=",".join(part.name for part in parts))
    own = [attack for attack in attacks if attacker.target and _is_of(attacker, attack)]
    return replace(attacker, network=declared(networks_of(own[0]))) if own else attacker


def _is_of(attacker: Attacker, attack: str) -> bool:
    name, networks = split_name(attack)
    return attacker.attack == name and (not attacker.network or attacker.network == ",".join(networks))


def attacker_of(attack: str, target: str, level: str) -> Attacker:
    """Return the attacker that an attack makes; named with its network where there is one for each.

    Examples
    --------
    >>> str(attacker_of("deepface(SFace)", "raw", "adapted"))
    'deepface(SFace)+raw/adapted'
    >>> str(attacker_of("volume(Dlib,SFace)", "raw", "informed"))
    'volume+raw/informed'
    """
    name, networks = split_name(attack)
    return Attacker(name, level, ",".join(networks) if name in ONE_A_NETWORK else "", target)
