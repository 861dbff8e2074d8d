"""Entries that were made otherwise than most do not cost the others their board."""

from dataclasses import replace

import pytest

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.leaderboard.comparable import comparable
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from mriprivacy.scoring import ScoringError
from tests.helpers.board_entries import made_up


def made_by(entry: Entry, old: str, new: str) -> Entry:
    """The same entry with another part in every signature."""
    results = (replace(one, signature=one.signature.replace(old, new)) for one in entry.results)
    return replace(entry, results=tuple(results))


def with_code(entry: Entry, code: str) -> Entry:
    """The same entry, made by code of another digest."""
    return made_by(entry, "v:0.1.0", f"v:0.1.0+code:{code}")


def test_entries_that_were_made_alike_all_stay() -> None:
    entries = [made_up(i, track) for track in ("defacing", "attack", "attributes") for i in range(3)]
    assert comparable(entries) == (tuple(entries), ())
    assert comparable([]) == ((), ())


def test_most_decide_track_by_track() -> None:
    entries = [made_up(i, track) for track in ("defacing", "attack") for i in range(3)]
    odd = made_by(made_up(3), "v:0.1.0", "v:0.0.9")
    later = made_by(made_up(4, "attack"), "seed:0", "seed:1")
    kept, (first, second) = comparable([odd, *entries, later])
    assert kept == tuple(entries)
    assert "version is '0.0.9' in the signature; expected '0.1.0', as in 3 others" in first
    assert first.endswith(odd.path)
    assert "seed is 1 in the signature; expected 0, as in 3 others" in second
    assert second.endswith(later.path)
    leaderboard(kept)


@pytest.mark.parametrize("track", ["defacing", "attack", "attributes"])
def test_other_code_is_left_out_in_one_line_with_a_count(track: str) -> None:
    entries = [with_code(made_up(i, track), "9f2c41d7") for i in range(4)]
    others = [with_code(made_up(4, track), "0a0a0a0a"), made_up(5, track), made_up(6, track)]
    kept, (line,) = comparable([*others, *entries])
    assert kept == tuple(entries)
    assert line == (
        f"3 of synth/1, track {track}: code is '0a0a0a0a' or none (older than the code digest) in the "
        "signature; expected '9f2c41d7', as in 4 others; evaluate the submissions again with the kit of the "
        "others: " + ", ".join(entry.path for entry in others)
    )
    leaderboard(kept)


def test_a_board_refuses_what_other_code_made() -> None:
    entries = [with_code(made_up(0), "9f2c41d7"), with_code(made_up(1), "0a0a0a0a")]
    with pytest.raises(ScoringError, match="not comparable: code differs: '9f2c41d7', '0a0a0a0a'"):
        leaderboard(entries)


def test_entries_older_than_the_code_digest_are_ranked_among_themselves() -> None:
    entries = [made_up(i) for i in range(3)]
    assert "+code:" not in entries[0].results[0].signature
    assert comparable(entries)[0] == tuple(entries)


def test_of_two_kinds_equally_many_the_later_version_stays_in_any_order() -> None:
    old, new = made_up(0), made_by(made_up(1), "v:0.1.0", "v:0.2.0")
    assert comparable([old, new])[0] == comparable([new, old])[0] == (new,)


def test_draws_are_as_many_as_of_most_and_who_is_not_ranked_needs_none() -> None:
    entries = [made_up(0), made_up(1)]
    none, few = replace(made_up(2), draws=()), replace(made_up(3), draws=(0.5, 0.6))
    unranked = replace(made_up(8), draws=())  # it fails the gate
    kept, (first, second) = comparable([*entries, none, few, unranked])
    assert kept == (*entries, unranked)
    assert "draws are 0; expected 1000, as in 2 others" in first
    assert none.path in first
    assert "draws are 2; expected 1000, as in 2 others" in second
    assert few.path in second
    leaderboard(kept)


def test_without_any_draws_nobody_is_ranked() -> None:
    kept, (line,) = comparable([replace(made_up(0), draws=())])
    assert kept == ()
    assert "draws are 0; expected those of their edition" in line
