"""The script that prints the board of 2026.1 beside today's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from docs.experiments.two_boards import best_attacker, main, markdown, old_board, steps
from mriprivacy.challenge.entry.entry import CHOSEN, Entry
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.standings import board
from tests.helpers.board_entries import estimate, made_up

ENTRIES = Path(__file__).parents[2] / "entries"


def system(name: str, auc: float, spread: float, utility: float, seed: int) -> Entry:
    entry = made_up(seed)
    first, *others = entry.results
    first = replace(first, figures={**first.figures, "auc": estimate(auc, 2 * spread)})
    draws = auc + spread * np.random.default_rng(seed).normal(size=1000)
    return replace(
        entry,
        system=name,
        results=(first, *(replace(one, rates=False) for one in others)),
        draws=tuple(draws.tolist()),
        utility={"utility": estimate(utility, 0.01)},
    )


def test_the_old_tiers_hang_on_who_else_is_there_and_the_new_order_does_not() -> None:
    """A .55, B .60, C .65 in tiers 1, 2, 3; a noisy X at .54 makes one tier of four, and C stands first."""
    three = [system(n, 0.55 + i / 20, 0.004, 0.8 + i / 20, i) for i, n in enumerate("ABC")]
    four = [*three, system("X", 0.54, 0.2, 0.7, 9)]
    assert [(one.entry.system, one.tier) for one in old_board(three)] == [("A", 1), ("B", 2), ("C", 3)]
    assert [(one.entry.system, one.tier) for one in old_board(four)] == [(n, 1) for n in "CBAX"]
    assert [place.entry.system for place in board(four).ranked] == list("XABC")
    text = markdown(four)
    assert (
        "C, from 1 to 4. Down 3: in its tier of 4 the more useful stood first, and its utility is 0.900."
        in text
    )
    assert "Of 6 pairs of systems the old tiers part 0. Tests of all pairs part 3," in text


def test_each_change_of_the_rule_is_told_apart() -> None:
    """The best attacker of one system is best by luck; the other system exposes a minority."""
    lucky, quiet = system("lucky", 0.7, 0.01, 0.9, 1), system("quiet", 0.6, 0.01, 0.9, 2)
    chosen = replace(lucky.results[0], trial_list=CHOSEN)
    figures = {**chosen.figures, "auc": estimate(0.55, 0.05)}
    lucky = replace(lucky, results=(*lucky.results, replace(chosen, figures=figures)))
    both = [lucky, quiet]
    assert best_attacker(lucky).figures["auc"].value == 0.7
    assert steps(old_board(both), board(both)) == {lucky.path: [2, 2, 1, 1], quiet.path: [1, 1, 2, 2]}
    assert "Up 1: the attacker is chosen on other people: AUC 0.70 becomes 0.55." in markdown(both)


def test_the_committed_entries(capsys: pytest.CaptureFixture[str]) -> None:
    entries = [one for one in read_entries(ENTRIES) if one.track == "defacing"]
    text = markdown(entries)
    found = steps(old_board(entries), board(entries))
    assert len(found) == len(board(entries).ranked) == text.count("\n* reference/")
    for column in zip(*found.values(), strict=True):
        assert sorted(column) == list(range(1, len(found) + 1))
    main(ENTRIES)
    assert capsys.readouterr().out == text + "\n"


def test_an_edition_of_which_no_system_may_be_ranked() -> None:
    failed = replace(made_up(0), games=("its scans cannot be read",))
    assert "Ranked by neither rule: " in markdown([failed])
