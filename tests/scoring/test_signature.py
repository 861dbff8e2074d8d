from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.scoring import Estimate, ScoringError, Signature, refuse_unlike

ONE = Signature(
    "synth/2026.1@3f9c1a2b",
    "defacing/eval",
    "deepface(Dlib)+bald/informed",
    "subject-bootstrap,1000",
    7,
    "0.1.0",
)
LINE = (
    "EER 32.0 [27.1, 36.8] | ed:synth/2026.1@3f9c1a2b | tr:defacing/eval | att:deepface(Dlib)+bald/informed"
    " | interp:linear | ci:subject-bootstrap,1000 | seed:7 | v:0.1.0"
)


def test_the_line_of_the_design() -> None:
    assert ONE.quote("EER", Estimate(0.32, 0.271, 0.368, 49)) == LINE
    assert Signature.parse(LINE) == ONE
    assert Signature.parse(str(ONE)) == ONE


def test_the_code_digest_follows_the_version() -> None:
    one = replace(ONE, version="0.2.0", code="9f2c41d7")
    assert str(one).endswith(" | v:0.2.0+code:9f2c41d7")
    assert Signature.parse(str(one)) == one
    assert Signature.parse(str(ONE)).code == ""


def test_a_number_older_than_the_code_digest_is_called_so() -> None:
    older = r"code differs: 'ab', none \(older than the code digest\)"
    with pytest.raises(ScoringError, match=older):
        refuse_unlike([replace(ONE, code="ab"), ONE])


plain = st.text(
    st.characters(codec="ascii", exclude_characters="|", exclude_categories=["C"]), min_size=1
).filter(lambda x: x == x.strip())


@given(plain, plain, plain, st.integers(), st.one_of(st.just(""), plain))
def test_what_is_printed_is_read_back(
    edition: str, attack: str, version: str, seed: int, system: str
) -> None:
    one = Signature(edition, "attack/dev", attack, "none", seed, version, "hull", system)
    assert Signature.parse(str(one)) == one


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"edition": "synth/2026.2@3f9c1a2b"}, "edition"),
        ({"track": "attack/eval"}, "track"),
        ({"attack": "geo+raw/ignorant"}, "attack"),
        ({"interval": "subject-bootstrap,100"}, "interval"),
        ({"seed": 8}, "seed"),
        ({"version": "0.2.0"}, "version"),
        ({"code": "9f2c41d7"}, "code"),
        ({"interpolation": "hull"}, "interpolation"),
    ],
)
def test_unlike_numbers_are_not_compared(change: dict, word: str) -> None:
    refuse_unlike([ONE, replace(ONE, system="blur"), replace(ONE, system="identity")])
    with pytest.raises(ScoringError, match=f"{word} differs"):
        refuse_unlike([ONE, replace(ONE, **change)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ed, tr, att, interp, ci, seed, v missing"),
        (str(ONE).replace("seed:7", "seed:x"), "seed 'x'; expected an integer"),
        (str(ONE).replace("seed:7", "seed:" + "7" * 5000), "expected an integer of at most 100 digits"),
        (str(ONE).replace("seed:7", "seed:٣"), "seed '٣'; expected an integer"),
        (str(ONE) + " | v:2", "v given twice"),
        (str(ONE) + " | what:2", "unknown part 'what:2'"),
    ],
)
def test_broken_signatures_are_named(text: str, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        Signature.parse(text)


def test_values_that_would_break_the_line_are_refused() -> None:
    for value in ("", "a|b", "a\nb", " a"):
        with pytest.raises(ScoringError, match="edition"):
            replace(ONE, edition=value)
    with pytest.raises(ScoringError, match="seed"):
        replace(ONE, seed="7")  # type: ignore[arg-type]
