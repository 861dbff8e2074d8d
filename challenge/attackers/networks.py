"""Which face networks an attack asks: a figure or a submission that does not say so could be anybody's."""

from collections.abc import Mapping

from mriprivacy.baselines.attacks.face_network import DEFAULT_MODEL, DEMOGRAPHY_FILES, weights_sha256

# Attacks that see faces, or photographs, with the network that `model` chooses.
CHOSEN = ("deepface", "volume")


def networks_of(attack: str, model: str) -> dict[str, str]:
    """Return the networks of an attack, and the sha256 of their weight files, which must be there.

    Parameters
    ----------
    attack : str
        As in `baselines.attacks.registry.make_attack`; of an attack of your own nothing is known.
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
    """Say networks and the beginning of their weights' sha256.

    Examples
    --------
    >>> described({"Dlib": "2316b25ae80acf4ad9b620b00071c423250112ad"})
    'Dlib, weights 2316b25ae80a'
    """
    return "; ".join(f"{name}, weights {digest[:12]}" for name, digest in networks.items())


def declared(networks: Mapping[str, str]) -> str:
    """Say the same as `submission.json` declares it and as signatures have it.

    Examples
    --------
    >>> declared({"Dlib": "2316b25ae80acf4ad9b620b00071c423250112ad"})
    'Dlib@2316b25a'
    """
    return ",".join(f"{name}@{digest[:8]}" for name, digest in networks.items())


def system_name(attack: str, model: str, what: str) -> str:
    """Name the system that an attack makes: networks other than the default one are told.

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


def signed(attacker: str, attacks: tuple[str, ...], model: str) -> str:
    """Put the networks of a protocol into the name of an attacker, for its signature.

    Parameters
    ----------
    attacker : str
        `name/level` of `challenge.attackers.levels.Attacker`, or attack, attribute and level.
    attacks : tuple of str
        The protocol's, which `fusion` fuses.
    model : str
        The protocol's; its weights must be there where an attacker uses it.

    Examples
    --------
    >>> signed("geo+raw/ignorant", ("geo",), "Dlib")
    'geo+raw/ignorant'
    >>> signed("fusion/informed", ("geo", "volume"), "Dlib").partition("@")[0]
    'fusion(geo,volume(Dlib'
    """

    def told(attack: str) -> str:
        network = f"({model}@{weights_sha256(model)[:8]})" if attack in CHOSEN else ""
        return f"{attack}{network}"

    name, plus, rest = attacker.partition("+")
    if plus:
        return f"{told(name.partition('(')[0])}{plus}{rest}"
    fusion, slash, level = attacker.partition("/")
    return f"fusion({','.join(map(told, attacks))}){slash}{level}" if fusion == "fusion" else attacker
