"""Notes by cause: many notes, few lines, and none lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.challenge.leaderboard.notes import by_cause

ATTACKERS = [
    f"{attack}+{photo}" for attack in ("geo", "deepface(Dlib)", "own.Attack") for photo in ("raw", "bald")
]
UNTRAINED = "not trained to predict"
# As the kit writes them (challenge/attackers, challenge/evaluation): many for one cause.
REPEATED = [
    [f"{one}: not trained to link: {n} scans of dev have a face" for n, one in enumerate(ATTACKERS)],
    [
        f"{one}: {UNTRAINED} {attribute}: people by value are none; expected two values with 2{source}"
        for one in ("geo", "deepface(SFace)")
        for attribute in ("sex", "age_group", "ethnicity")
        for source in ("", " (undefaced)", " (photo)")
    ],
    [
        f"geo: not trained to predict {attribute}: people by value are {values}; expected two values with 2"
        for attribute, values in {"sex": "F: 3, M: 1", "ethnicity": "asian: 1"}.items()
    ],
    [f"linkability from {n} mated trials; below 30 read its interval, not its value" for n in (6, 12, 24)],
    [f"{one}/informed: links with the sign reversed: AUC 0.{n}" for n, one in enumerate(ATTACKERS, start=31)],
]
TEXTS = [
    "not trained to link: 0-5 scans of dev have a face",
    "not trained to predict attributes: people by value are none; expected two values with 2",
    "not trained to predict attributes: people by value are too few; expected two values with 2",
    "linkability from 6-24 mated trials; below 30 read its interval, not its value",
    "links with the sign reversed: AUC 0.31-0.36",
]


@pytest.mark.parametrize(("notes", "text"), list(zip(REPEATED, TEXTS, strict=True)))
def test_a_cause_that_is_repeated_is_one_line(notes: list[str], text: str) -> None:
    (cause,) = by_cause(notes)
    assert cause.text == text
    assert cause.notes == tuple(notes)


def test_causes_that_differ_stay_apart_and_in_order() -> None:
    single = ["brain gate: no brain (a)", "utility: no brain (b)", "references: no face in 1 of 2 (c)"]
    every = [single[0], *REPEATED[0], single[1], *REPEATED[3], single[2]]
    found = by_cause(every)
    assert [one.text for one in found] == [single[0], TEXTS[0], single[1], TEXTS[3], single[2]]
    assert [one.count for one in found] == [1, len(ATTACKERS), 1, 3, 1]


def test_one_note_is_shown_whole() -> None:
    assert by_cause([REPEATED[1][1]])[0].text == REPEATED[1][1]


@given(st.lists(st.text() | st.from_regex(r"[a-z]{1,3}: [0-9.,]{1,9} \(x\)", fullmatch=True), max_size=6))
def test_every_note_is_in_one_group_whatever_it_says(notes: list[str]) -> None:
    found = by_cause(notes)
    assert sum(one.count for one in found) == len(notes)
    assert not any(re.search(r"[\n\r\x1b]", one.text) for one in found)
