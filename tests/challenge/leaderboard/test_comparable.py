"""Entries that were made otherwise than most do not cost the others their board."""

from dataclasses import replace

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.leaderboard.comparable import comparable
from mriprivacy.challenge.leaderboard.markdown import leaderboard
from tests.helpers.board_entries import made_up


def made_by(entry: Entry, old: str, new: str) -> Entry:
    """The same entry with another part in every signature."""
    results = (replace(one, signature=one.signature.replace(old, new)) for one in entry.results)
    return replace(entry, results=tuple(results))


def test_entries_that_were_made_alike_all_stay() -> None:
    entries = [made_up(i, track) for track in ("defacing", "attack", "attributes") for i in range(3)]
    assert comparable(entries) == (tuple(entries), {})
    assert comparable([]) == ((), {})


def test_most_decide_track_by_track() -> None:
    entries = [made_up(i, track) for track in ("defacing", "attack") for i in range(3)]
    odd = made_by(made_up(3), "v:0.1.0", "v:0.0.9")
    later = made_by(made_up(4, "attack"), "seed:0", "seed:1")
    kept, problems = comparable([odd, *entries, later])
    assert kept == tuple(entries)
    assert list(problems) == [odd.path, later.path]
    assert "version is '0.0.9' in the signature; expected '0.1.0', as 3 others" in problems[odd.path]
    assert "seed is 1 in the signature; expected 0, as 3 others" in problems[later.path]
    leaderboard(kept)


def test_of_two_kinds_equally_many_the_later_version_stays_in_any_order() -> None:
    old, new = made_up(0), made_by(made_up(1), "v:0.1.0", "v:0.2.0")
    assert comparable([old, new])[0] == comparable([new, old])[0] == (new,)


def test_draws_are_as_many_as_of_most_and_who_is_not_ranked_needs_none() -> None:
    entries = [made_up(0), made_up(1)]
    none, few = replace(made_up(2), draws=()), replace(made_up(3), draws=(0.5, 0.6))
    unranked = replace(made_up(8), draws=())  # it fails the gate
    kept, problems = comparable([*entries, none, few, unranked])
    assert kept == (*entries, unranked)
    assert "draws are 0; expected 1000, as 2 others" in problems[none.path]
    assert "draws are 2; expected 1000, as 2 others" in problems[few.path]
    leaderboard(kept)


def test_without_any_draws_nobody_is_ranked() -> None:
    kept, problems = comparable([replace(made_up(0), draws=())])
    assert kept == ()
    assert "draws are 0; expected those of its edition" in next(iter(problems.values()))
