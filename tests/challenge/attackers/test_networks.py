"""Names and signatures tell networks apart."""

import pytest

from mriprivacy.baselines.attacks.face_network import DEMOGRAPHY_FILES, WEIGHT_FILES
from mriprivacy.challenge.attackers.networks import declared, described, networks_of, signed, system_name
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
    names = {system_name("deepface", model, "bald_informed") for model in WEIGHT_FILES}
    assert len(names) == len(WEIGHT_FILES)
    assert "deepface_bald_informed" in names
    about = {"edition": "synth/1", "track": "attack", "team": "reference", "description": "x"}
    about |= {"contact": "a@example.org", "licence": "MIT"}
    for model in WEIGHT_FILES:
        for attack in ("deepface", "volume"):
            system = system_name(attack, model, "bald_informed")
            said = described(networks_of(attack, model))
            told = declared(networks_of(attack, model))
            assert check_fields({**about, "system": system, "description": said, "networks": told}) == []


def test_every_attack_tells_the_networks_it_asks() -> None:
    assert networks_of("geo", "VGG-Face") == {}
    assert set(networks_of("volume", "VGG-Face")) == {"VGG-Face"}
    assert set(networks_of("demographics", "VGG-Face")) == set(DEMOGRAPHY_FILES)


def test_signatures_of_two_networks_differ_wherever_a_network_is_asked() -> None:
    protocol = ("geo", "deepface", "volume", "mine.attacks:Ears")
    for attacker in (
        "deepface({})+bald/informed",
        "volume+raw/informed",
        "fusion/informed",
        "deepface({})+sex/x",
    ):
        one, other = (
            str(signed(Attacker.parse(attacker.format(model)), protocol, model))
            for model in ("Dlib", "VGG-Face")
        )
        assert "Dlib@44444444" in one
        assert "VGG-Face@88888888" in other
        Signature("synth/1@0", "defacing/eval", one, "subject-bootstrap,100", 0, "0.1.0")
    for attacker in ("geo+raw/ignorant", "mine.attacks:Ears+raw/adapted", "attributes/oracle"):
        assert str(signed(Attacker.parse(attacker), protocol, "Dlib")) == attacker
    assert str(signed(Attacker("fusion", "informed"), protocol, "Dlib")) == (
        "fusion(geo,deepface(Dlib@44444444),volume(Dlib@44444444),mine.attacks:Ears)/informed"
    )
