"""The protocol of an edition, of this kit and of earlier ones."""

import pytest

from mriprivacy.challenge.edition.protocol import Protocol, attacks_of, read_protocol
from mriprivacy.challenge.edition.public import EditionError
from mriprivacy.challenge.export.scorer import _protocol
from mriprivacy.challenge.release.versions import changes, inherited_protocol

# As editions had it that named one network.
OLD = {"attacks": ["geo", "deepface", "volume"], "model": "VGG-Face", "bootstrap": 300}


def test_the_standard_protocol_has_two_networks_each_an_attack_of_its_own() -> None:
    assert attacks_of(Protocol()) == ("geo", "deepface(Dlib)", "deepface(SFace)", "volume(Dlib,SFace)")


def test_an_edition_of_one_network_stays_readable() -> None:
    protocol = read_protocol({"protocol": OLD})
    assert protocol == Protocol(attacks=OLD["attacks"], networks=["VGG-Face"], bootstrap=300)
    assert attacks_of(protocol) == ("geo", "deepface(VGG-Face)", "volume(VGG-Face)")
    assert _protocol({"protocol": OLD}) == protocol  # where platforms score
    assert inherited_protocol(Protocol(), {"protocol": OLD}, []).networks == ["VGG-Face"]
    assert changes({"protocol": OLD}, {"protocol": {**OLD, "model": "Dlib"}}) == (
        'protocol.networks: ["VGG-Face"], now ["Dlib"]',
    )


def test_a_protocol_with_both_names_is_refused() -> None:
    with pytest.raises(EditionError, match="model"):
        read_protocol({"protocol": {**OLD, "networks": ["Dlib"]}})


@pytest.mark.parametrize("networks", [[], ["Dlib", "Dlib"], ["FaceNetwork9000"], ["Dlib", "Buffalo_L"]])
def test_networks_that_are_none_are_refused_in_one_line(networks: list[str]) -> None:
    with pytest.raises(EditionError) as error:
        read_protocol({"protocol": {"networks": networks}})
    (problem,) = error.value.problems
    listed, expected = ", ".join(networks), "expected one or more of Dlib, SFace"
    assert problem.startswith(f"edition.json: protocol.networks is [{listed}]; {expected}")
    assert ("takes the package insightface" in problem) == ("Buffalo_L" in networks)


@pytest.mark.parametrize("name", ["\ud7fc", "\x1b[2J", "evil\nline"])
def test_an_unknown_field_is_shown_as_it_can_be(name: str) -> None:
    with pytest.raises(EditionError) as refused:
        read_protocol({"protocol": {**OLD, name: None}})
    (line,) = refused.value.problems
    assert line.isascii()
    assert line.isprintable()
