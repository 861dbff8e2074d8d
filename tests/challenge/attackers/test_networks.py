"""Names and signatures tell networks apart."""

import pytest

from mriprivacy.baselines.attacks.face_network import DEMOGRAPHY_FILES
from mriprivacy.baselines.attacks.networks import NETWORKS, on_networks
from mriprivacy.baselines.attacks.registry import ATTACKS as REGISTERED
from mriprivacy.challenge.attackers.networks import (
    attacker_of,
    declared,
    described,
    networks_of,
    signed,
    system_name,
)
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.intake.description import check_fields
from mriprivacy.scoring import Signature


@pytest.fixture(autouse=True)
def weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights of every network, as if they were here."""
    monkeypatch.setattr(
        "mriprivacy.challenge.attackers.networks.weights_sha256", lambda model: f"{len(model):x}" * 64
    )


def test_no_two_networks_make_one_system() -> None:
    """Entries are kept by team and system: of two of one name only the later one would be left."""
    names = {system_name(f"deepface({network})", "bald_informed") for network in NETWORKS}
    assert len(names) == len(NETWORKS)
    assert "deepface_bald_informed" in names
    about = {"edition": "synth/1", "track": "attack", "team": "reference", "description": "x"}
    about |= {"contact": "a@example.org", "licence": "MIT"}
    for network in NETWORKS:
        for attack in on_networks(["deepface", "volume"], [network]):
            system = system_name(attack, "bald_informed")
            said = described(networks_of(attack))
            told = declared(networks_of(attack))
            assert check_fields({**about, "system": system, "description": said, "networks": told}) == []


def test_every_attack_tells_the_networks_it_asks() -> None:
    assert networks_of("geo") == {}
    assert set(networks_of("volume(VGG-Face,SFace)")) == {"VGG-Face", "SFace"}
    assert set(networks_of("demographics")) == set(DEMOGRAPHY_FILES)


ATTACKS = ("geo", "deepface", "volume", "mine.attacks:Ears")


def test_signatures_of_two_networks_differ_wherever_a_network_is_asked() -> None:
    for attacker in (
        "deepface({})+bald/informed",
        "volume+raw/informed",
        "fusion/informed",
        "deepface({})+sex/x",
    ):
        one, other = (
            str(signed(Attacker.parse(attacker.format(network)), on_networks(ATTACKS, [network])))
            for network in ("Dlib", "VGG-Face")
        )
        assert "Dlib@44444444" in one
        assert "VGG-Face@88888888" in other
        Signature("synth/1@0", "defacing/eval", one, "subject-bootstrap,100", 0, "0.1.0")
    for attacker in ("geo+raw/ignorant", "mine.attacks:Ears+raw/adapted", "attributes/oracle"):
        assert str(signed(Attacker.parse(attacker), on_networks(ATTACKS, ["Dlib"]))) == attacker


def test_no_two_attackers_of_a_protocol_have_one_name() -> None:
    made = on_networks(REGISTERED, ["Dlib", "SFace"])
    names = [str(attacker_of(attack, "raw", "adapted")) for attack in made]
    assert len(set(names)) == len(names) > len(REGISTERED)
    # As it is signed, each keeps the networks of its own.
    for attack, name in zip(made, names, strict=True):
        expected = set(networks_of(attack)) if "(" in attack else set()
        signature = str(signed(Attacker.parse(name), made))
        assert {network for network in ("Dlib", "SFace") if network in signature} == expected


def test_with_two_networks_each_attacker_is_signed_with_its_own() -> None:
    both = on_networks(ATTACKS, ["Dlib", "SFace"])
    expected = {
        "deepface(Dlib)+raw/adapted": "deepface(Dlib@44444444)+raw/adapted",
        "deepface(SFace)+raw/adapted": "deepface(SFace@55555555)+raw/adapted",
        "volume+raw/informed": "volume(Dlib@44444444,SFace@55555555)+raw/informed",
        "fusion/informed": "fusion(geo,deepface(Dlib@44444444),deepface(SFace@55555555),"
        "volume(Dlib@44444444,SFace@55555555),mine.attacks:Ears)/informed",
    }
    assert {name: str(signed(Attacker.parse(name), both)) for name in expected} == expected
