"""An attacker is printed and parsed without loss, whatever a file calls it."""

from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.challenge.entry.attacker import Attacker

WORDS = st.from_regex(r"[A-Za-z0-9_.: -]+", fullmatch=True)


@given(st.text(alphabet="ab()+/ ", min_size=1), st.sampled_from(["informed", "oracle"]))
def test_any_name_prints_as_it_was(name: str, level: str) -> None:
    assert str(Attacker.parse(f"{name}/{level}")) == f"{name}/{level}"


@given(WORDS, WORDS, st.one_of(st.just(""), WORDS), st.one_of(st.just(""), WORDS))
def test_an_attacker_is_parsed_as_it_was_made(attack: str, level: str, network: str, target: str) -> None:
    made = Attacker(attack, level, network, target)
    assert Attacker.parse(str(made)) == made


def test_a_name_says_what_an_attacker_predicts() -> None:
    assert Attacker.parse("deepface(Dlib)+age/informed").predicts == "age"
    assert Attacker.parse("sex/submitted").predicts == "sex"
