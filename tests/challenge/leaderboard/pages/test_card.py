"""The card of a system: everything in it is from the entry, and what the entry lacks is said."""

from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.pages.card import card, limits
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from mriprivacy.challenge.leaderboard.pages.site import pages
from mriprivacy.challenge.leaderboard.standings import board
from tests.helpers.board_entries import made_up
from tests.helpers.hostile_text import WORST

COMMITTED = Path(__file__).parents[4] / "entries"
HEADINGS = ["What it is", "What it is for", "How to run it", "What was measured", "What it does not show"]


def headings(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [tokens[i + 1].content for i, one in enumerate(tokens) if one.type == "heading_open"]


@pytest.mark.parametrize("track", ["defacing", "attack", "attributes"])
def test_a_card_has_its_parts_whatever_the_texts_hold(track: str) -> None:
    for entry in (
        made_up(1, track),
        made_up(1, track, description=WORST),
        made_up(1, track, synthetic=False),
    ):
        assert headings(card(entry))[1:] == [*HEADINGS, "Signatures"]


def test_figures_are_those_of_the_verdict_and_digests_of_the_entry() -> None:
    entries = [made_up(number) for number in range(4)]
    text = card(entries[0], board(entries))
    assert entries[0].submission_sha256 in text
    assert entries[0].edition_hash[:16] in text
    assert entries[0].strongest().signature in text
    assert "| rank | " in text


def test_what_is_missing_is_said_and_what_is_there_is_linked() -> None:
    plain, known = made_up(1), replace(made_up(1), doi="10.1000/x", orcids="0000-0002-1694-233X")
    assert "no DOI given" in card(plain)
    assert "https://doi.org/10.1000/x" in card(known)
    assert "0000-0002-1694-233X" in card(known)
    assert "does not state it" in card(plain)
    assert "mriprivacy deface defacer=blur" in card(replace(plain, team="reference", system="blur"))


def test_limits_name_games_and_what_is_not_ranked() -> None:
    played = replace(made_up(1), games=("one voxel is changed in each scan",))
    assert any("one voxel" in line for line in limits(played))
    assert any("not ranked" in line for line in limits(played))
    assert not any("not ranked" in line for line in limits(made_up(1)))
    assert any("synthetic" in line for line in limits(made_up(1)))
    assert not any("synthetic" in line for line in limits(made_up(1, synthetic=False)))


@pytest.mark.long
def test_rank_writes_a_card_beside_every_page() -> None:
    entries = read_entries(COMMITTED)
    names = [name for name, _ in pages(entries)]
    assert sum(name.endswith(".card.md") for name in names) == len(entries)
    site = dict(pages(entries))
    for name in names:
        if name.endswith(".card.md"):
            page = name.replace(".card.md", ".html")
            assert f'href="{name.rpartition("/")[2]}"' in site[page]


def test_dois_and_orcids_are_linked_on_the_pages_of_system_and_edition() -> None:
    known = replace(
        made_up(1),
        doi="10.1000/x",
        orcids="0000-0002-1694-233X,0000-0002-1825-0097",
        edition_doi="10.5281/z.1",
    )
    site = dict(pages([known, made_up(2)]))
    system = next(text for name, text in site.items() if name.endswith("001.html"))
    edition = next(text for name, text in site.items() if name.endswith("/index.html"))
    assert 'href="https://doi.org/10.1000/x"' in system
    assert system.count('href="https://orcid.org/') == 2
    assert 'href="https://doi.org/10.5281/z.1"' in system
    assert 'href="https://doi.org/10.5281/z.1"' in edition
    assert "https://doi.org/10.5281/z.1" in leaderboard([known, made_up(2)])
    assert "doi.org" not in leaderboard([made_up(2)])
