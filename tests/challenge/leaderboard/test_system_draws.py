"""A randomised system is rated by its worst draw, unless that one is the worst by luck."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.challenge.edition.defaced import Defaced
from mriprivacy.challenge.entry.entry import Entry, EntryError, may_be_ranked
from mriprivacy.challenge.entry.entry_file import read_entry, write_entry
from mriprivacy.challenge.leaderboard.best_known import best_known, marks
from mriprivacy.challenge.leaderboard.comparable import comparable
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard, sections
from mriprivacy.challenge.leaderboard.pages.site import pages
from mriprivacy.challenge.leaderboard.system_draws import shown_draw
from mriprivacy.challenge.leaderboard.verdict import why_not_ranked
from mriprivacy.scoring import Signature, draw_systems
from mriprivacy.scoring.strongest import strongest
from tests.helpers.board_entries import HASH, estimate, made_up

EXPOSURE = "people_found_any"


def named(system: str, value: float, drawn: np.ndarray, draw_of: str = "", number: int = 0) -> Entry:
    """Make an entry of a defacing system of which a share of people is linked."""
    made = made_up(number)
    results = tuple(
        replace(
            one,
            figures={**one.figures, EXPOSURE: estimate(value, 0.1)},
            signature=str(replace(Signature.parse(one.signature), system=f"team/{system}")),
        )
        for one in made.results
    )
    shares = tuple(np.clip(drawn, 0, 1).round(4).tolist())
    return replace(
        made,
        system=system,
        results=results,
        exposure=EXPOSURE,
        exposure_draws=shares,
        draw_of=draw_of,
        submission_sha256=hashlib.sha256(system.encode()).hexdigest(),
    )


def drawn(value: float, spread: float, seed: int) -> np.ndarray:
    common = np.random.default_rng(0).normal(size=1000)
    return value + 0.05 * common + spread * np.random.default_rng(seed).normal(size=1000)


def system_and(*draws: tuple[float, float]) -> list[Entry]:
    """Make a system of which .30 are linked, and further draws, each with its value and spread to it."""
    further = [
        named(f"noise-draw{n}", value, drawn(value, spread, n), "noise")
        for n, (value, spread) in enumerate(draws, start=2)
    ]
    return [named("noise", 0.3, drawn(0.3, 0, 1)), *further]


def attack_on(scans: Entry, value: float) -> Entry:
    """Make an attack on the scans of a system."""
    sent = made_up(3, "attack")
    moved = replace(Signature.parse(sent.results[0].signature), edition=f"synth-of/1@{HASH[:8]}")
    results = tuple(
        replace(one, figures={**one.figures, EXPOSURE: estimate(value, 0.1)}, signature=str(moved))
        for one in sent.results
    )
    of = Defaced(scans.edition, HASH, scans.team, scans.system, scans.submission_sha256)
    shares = tuple(drawn(value, 0.05, 9).clip(0, 1).round(4).tolist())
    return replace(
        sent,
        edition="synth-of/1",
        defaced=of,
        results=results,
        exposure=EXPOSURE,
        exposure_draws=shares,
    )


def linked(entry: Entry) -> float:
    return entry.strongest().figures[EXPOSURE].value


def lines(entries: Sequence[Entry]) -> str:
    return "\n".join(line for own in best_known(entries).notes.values() for line in own)


def test_a_worse_draw_rates_its_system() -> None:
    entries = system_and((0.32, 0.05), (0.7, 0.05))
    first, *further = best_known(entries).entries
    assert (linked(first), shown_draw(first), marks(first)) == (0.7, "noise-draw3", "‡")
    assert (first.system, first.submission_sha256) == ("noise", entries[0].submission_sha256)
    assert (first.draws, first.exposure_draws) == (entries[2].draws, entries[2].exposure_draws)
    assert tuple(further) == tuple(entries[1:])
    assert "‡ team/noise is rated by its draw noise-draw3: people linked 0.70" in lines(entries)
    assert "was 0.30 by" in lines(entries)
    spread = "people linked 0.30 to 0.70, mean 0.44, standard deviation 0.23"
    assert f"team/noise, 3 draws: {spread}" in lines(entries)
    assert [marks(one) for one in entries] == ["", "", ""]


def test_a_draw_that_is_no_worse_or_by_luck_changes_nothing() -> None:
    for draws in (((0.1, 0.05),), ((0.4, 0.5),), ((0.3, 0.0), (0.3, 0.0))):
        entries = system_and(*draws)
        assert best_known(entries).entries == tuple(entries)
        assert "team/noise keeps its rating: people linked 0.30" in lines(entries)
        assert f"{len(entries)} draws: people linked" in lines(entries)


def test_holm_is_for_all_draws_and_attacks_together() -> None:
    just = (0.42, 0.05)  # p = .026
    alone = system_and(just)
    assert linked(best_known(alone).entries[0]) == 0.42
    two = system_and(just, (0.3, 0.05))
    assert linked(best_known(two).entries[0]) == 0.3
    with_attack = [*alone, attack_on(alone[0], 0.3)]
    assert linked(best_known(with_attack).entries[0]) == 0.3


@pytest.mark.parametrize(("value", "mark"), [(0.9, "†‡"), (0.6, "‡")])
def test_an_attack_on_the_scans_of_a_draw_counts_for_its_system(value: float, mark: str) -> None:
    entries = system_and((0.7, 0.05))
    entries.append(attack_on(entries[1], value))
    first, further, _ = best_known(entries).entries
    assert (linked(first), marks(first)) == (max(value, 0.7), mark)
    assert further == entries[1]
    assert ("scans of its draw noise-draw2" in lines(entries)) == (mark == "†‡")


def test_further_draws_are_on_the_board_and_not_ranked() -> None:
    others = [named(f"other{n}", 0.5, drawn(0.5, 0.05, 20 + n), number=n) for n in range(1, 4)]
    entries = [*system_and((0.9, 0.05)), *others]
    assert comparable(entries) == (tuple(entries), ())
    (section,) = sections(entries)
    places = {place.entry.system: place for place in section.boards["defacing"].places}
    assert (places["noise"].rank, places["noise-draw2"].rank) == (4, None)
    (alone,) = sections([entries[0], *others])
    assert alone.boards["defacing"].places[0].entry.system == "noise"
    assert len(section.boards["defacing"].p_holm) == len(alone.boards["defacing"].p_holm)
    text = leaderboard(entries)
    assert text == leaderboard(entries[::-1])
    assert "/informed ‡" in text
    assert "is rated by its draw noise-draw2" in text
    named_in = [name for name, page in pages(entries) if "is rated by its draw noise-draw2" in page]
    assert {Path(name).name for name in named_in} >= {"index.html"}
    assert "draw of noise" in why_not_ranked(entries[1])


def test_a_draw_without_its_first_is_named_and_not_ranked() -> None:
    _, draw = system_and((0.7, 0.05))
    other = named("other", 0.5, drawn(0.5, 0, 1))
    expected = "team/noise-draw2 is a draw of team/noise, of which there is no entry here: it is not ranked"
    for entries in ([draw], [draw, other], [draw, replace(made_up(0), team="red", system="noise")]):
        assert expected in lines(entries)
        assert best_known(entries).entries == tuple(entries)
        assert not may_be_ranked(draw)
    assert expected in leaderboard([draw])
    elsewhere = replace(named("noise", 0.3, drawn(0.3, 0, 1)), edition_hash="0" * 64)
    assert expected in lines([draw, elsewhere])


def test_a_draw_of_a_draw_is_named_and_counts_for_none() -> None:
    first, draw = system_and((0.31, 0.05))
    chained = named("noise-draw3", 0.9, drawn(0.9, 0.05, 5), "noise-draw2")
    assert linked(best_known([first, draw, chained]).entries[0]) == 0.3
    assert "which is a draw of noise itself: name noise in draw_of" in lines([first, draw, chained])


def test_a_system_is_not_ranked_if_one_of_its_draws_fails_the_gate() -> None:
    first, draw = system_and((0.1, 0.05))
    assert draw.gate is not None
    failing = replace(draw, gate=replace(draw.gate, passed=draw.gate.scans - 1))
    stands = best_known([first, failing]).entries[0]
    assert not may_be_ranked(stands)
    assert why_not_ranked(stands) == why_not_ranked(replace(failing, draw_of=""))
    assert "is not ranked, as its draw noise-draw2" in lines([first, failing])
    assert best_known([first, failing]).entries[1] == failing


def test_no_draw_saves_a_system_that_fails_the_gate() -> None:
    first, draw = system_and((0.9, 0.05))
    assert first.gate is not None
    failing = replace(first, gate=replace(first.gate, passed=0))
    assert best_known([failing, draw]).entries == (failing, draw)


def test_a_draw_that_another_kit_evaluated_rates_nothing_and_is_named() -> None:
    first, draw = system_and((0.9, 0.05))
    for odd, why in (
        (replace(draw, exposure_draws=draw.exposure_draws[1:]), "draws of the two entries differ"),
        (replace(draw, exposure="partial_auc"), "exposure of the two entries differ"),
    ):
        assert best_known([first, odd]).entries[0] == first
        assert "team/noise-draw2 does not count for team/noise" in lines([first, odd])
        assert why in lines([first, odd])


def test_entries_name_the_first_draw_and_older_ones_are_read(tmp_path: Path) -> None:
    first, draw = system_and((0.7, 0.05))
    path = write_entry(tmp_path, first)
    assert '"draw_of"' not in path.read_text()
    assert read_entry(path).draw_of == ""
    path = write_entry(tmp_path, draw)
    assert read_entry(path).draw_of == "noise"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"draw_of": "noise-draw2"}, "expected the name of another system"),
        ({"draw_of": "Noise-Draw2"}, "expected the name of another system"),
        ({"draw_of": "../x"}, "draw_of is '../x'; expected 1-40 letters"),
        ({"draw_of": "noise", "track": "attack"}, "expected none but in the track defacing"),
    ],
)
def test_an_entry_with_a_wrong_first_draw_is_refused(
    change: dict[str, str], why: str, tmp_path: Path
) -> None:
    _, draw = system_and((0.7, 0.05))
    path = write_entry(tmp_path, replace(draw, **change))
    with pytest.raises(EntryError, match="draw_of") as refused:
        read_entry(path)
    assert any(why in line for line in refused.value.problems)


def rerated_share(value: np.ndarray, replicates: np.ndarray) -> tuple[float, float]:
    """Return the share of systems that are rated anew, and the share that the largest figure would rate."""
    found = []
    for own, shares in zip(value, replicates, strict=True):
        entries = [
            named("noise" if not n else f"noise-draw{n + 1}", float(v), d, "noise" if n else "")
            for n, (v, d) in enumerate(zip(own, shares, strict=True))
        ]
        found.append(linked(best_known(entries).entries[0]) != entries[0].strongest().figures[EXPOSURE].value)
    return float(np.mean(found)), float(np.mean(value.max(axis=1) > value[:, 0]))


def equal_draws() -> tuple[np.ndarray, np.ndarray]:
    """Four draws of each of 300 systems; a share of 24 people is linked, in every draw others by chance."""
    rng = np.random.default_rng(2)
    own = rng.beta(2, 4, (300, 1, 24))  # how easily each person is found
    linked_people = rng.uniform(size=(300, 4, 24)) < own
    chosen = rng.integers(24, size=(200, 24))
    return linked_people.mean(axis=2), linked_people[:, :, chosen].mean(axis=3)


def guessed_draws() -> tuple[np.ndarray, np.ndarray]:
    """Four draws, four guessing attackers of both signs, 20 people; attackers are chosen in every draw."""
    people = np.array([(i, j) for i in range(20) for j in range(20)])
    mated = people[:, 0] == people[:, 1]
    rng = np.random.default_rng(3)
    value, replicates = np.zeros((60, 4)), np.zeros((60, 4, 100))
    for system, draw in np.ndindex(60, 4):
        scores = list(rng.normal(size=(4, len(mated))))
        both = [*scores, *(-one for one in scores)]
        found = strongest(both, mated, people[:, 0], people[:, 1], "partial_auc", 100, 5)
        one = draw_systems({"": found.scores}, mated, people[:, 0], people[:, 1], 2, 5)
        value[system, draw] = one.values["partial_auc"][0]
        replicates[system, draw] = found.replicates["partial_auc"]
    return value, replicates


@pytest.mark.long
@pytest.mark.parametrize("made", [equal_draws, pytest.param(guessed_draws, marks=pytest.mark.slow)])
def test_equal_draws_do_not_rate_a_system_anew(
    made: Callable[[], tuple[np.ndarray, np.ndarray]],
) -> None:
    share, largest = rerated_share(*made())
    assert share <= 0.05
    assert largest > 0.6
