"""The verdict on a system: at most fifteen lines of 100 columns, whatever was measured."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Entry, Result
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.standings import board
from mriprivacy.challenge.leaderboard.verdict import LINES, WIDTH, block, of_entry
from mriprivacy.scoring import Estimate
from tests.helpers.board_entries import estimate, figures, made_up
from tests.helpers.hostile_text import WORST

COMMITTED = read_entries(Path(__file__).parents[3] / "entries")
FILES = {"entry": "entries/a.json", "report": "reports/a/report.html"}
NAN = float("nan")
ORACLE = Result(
    Attacker("attributes", "oracle"), "all", figures(0.99), made_up(0).results[0].counts, "", rates=False
)


def lines(entry: Entry, ranked: bool = False) -> list[str]:
    own = [one for one in COMMITTED if one.track == entry.track] if entry in COMMITTED else [entry]
    text = block(
        of_entry(entry, board(own) if ranked and entry.track != "attributes" else None), FILES
    ).text()
    return text.splitlines()


def line(entry: Entry, what: str, ranked: bool = False) -> str:
    (found,) = (one for one in lines(entry, ranked) if one.startswith(what))
    return found


def bare(entry: Entry, *names: str) -> Entry:
    """Return an entry without some figures of its attackers."""
    kept = [
        replace(one, figures={name: e for name, e in one.figures.items() if name not in names})
        for one in entry.results
    ]
    return replace(entry, results=tuple(kept))


DEFACER = made_up(0)
NO_FACE = replace(DEFACER, results=tuple(replace(one, rates=False) for one in DEFACER.results))
MANY = tuple(
    f"{attack}{n}: not trained to predict {attribute}: cause {'x' * cause} {'and so on ' * 20}"
    for n in range(9)
    for attack in ("geo", "deepface")
    for attribute in ("sex", "age_group")
    for cause in range(7)
)
GAMES = ("not defaced: 24 of 24 scans are the originals", "faces of other people: in 2 of 24 scans")
STRANGE = {
    "many notes": replace(DEFACER, warnings=MANY, games=GAMES),
    "gate failed": made_up(8),
    "no gate": replace(DEFACER, gate=None, utility={}),
    "no face in any scan": NO_FACE,
    "nothing measured": replace(DEFACER, results=(), gate=None, utility={}, warnings=()),
    "attributes alone": replace(DEFACER, results=DEFACER.results[-3:]),
    "no exposure figure": replace(bare(DEFACER, "partial_auc"), exposure="partial_auc"),
    "no interval": replace(
        DEFACER, utility={"utility": Estimate(0.9, NAN, NAN, 2, "4 people, the list has 2")}
    ),
    "nothing defined": replace(DEFACER, utility={"utility": Estimate(NAN, NAN, NAN, 0)}),
    "long names": replace(
        DEFACER, team="t" * 40, system="s" * 40, edition=f"{'e' * 36}/{'1' * 20}", results=(replace(
            DEFACER.results[0], attacker=Attacker("a" * 90, "informed", "Dlib", "bald")),)
    ),
    "hostile": replace(DEFACER, games=(WORST,), warnings=(WORST, WORST)),
    "attack": made_up(1, "attack"),
    "attributes": made_up(2, "attributes"),
    "no attribute": replace(made_up(2, "attributes"), results=()),
}  # fmt: skip


@pytest.mark.parametrize("entry", COMMITTED, ids=lambda one: one.system)
def test_a_committed_entry_has_a_verdict(entry: Entry) -> None:
    shown = lines(entry, ranked=True)
    assert len(shown) <= LINES == 15
    assert max(map(len, shown)) <= WIDTH == 100
    assert shown[0] == f"reference/{entry.system}, track {entry.track}, edition synth-demo/2026.2"
    assert shown[-2:] == ["entry: entries/a.json", "report: reports/a/report.html"]
    assert any(one.startswith("notes: ") for one in shown)


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_entry_has_a_verdict(name: str) -> None:
    shown = lines(STRANGE[name])
    assert len(shown) <= LINES
    assert max(map(len, shown)) <= WIDTH
    assert all(one.isprintable() for one in shown)
    assert any(one.startswith("rank ") for one in shown)
    data = json.loads(block(of_entry(STRANGE[name]), FILES).json())
    assert sum(one["count"] for one in data["notes"]) == len(STRANGE[name].warnings)
    assert data["files"] == FILES


def test_a_defacer_is_judged_by_the_criterion_and_its_attacker() -> None:
    (blur,) = (one for one in COMMITTED if one.system == "blur")
    best = blur.strongest()
    one = best.figures["partial_auc"]
    value = f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
    assert f" {value} " in line(blur, "people linked")
    assert "mean over FMR 0 to 10 %; a guess has 0.05; lower protects better" in line(blur, "people linked")
    assert line(blur, "by attacker").split()[2] == best.level
    assert best.name in line(blur, "by attacker")
    assert re.search(r"; (most chosen|strongest) of \d+$", line(blur, "by attacker"))  # not cut
    assert f" {blur.utility['utility'].value:.2f} [" in line(blur, "utility")
    assert " passed " in line(blur, "brain gate")
    assert "24 of 24 scans" in line(blur, "brain gate")
    assert "none found" in line(blur, "games")


def test_the_rank_or_why_there_is_none() -> None:
    ranks = {one.system: line(one, "rank", ranked=True) for one in COMMITTED if one.track == "defacing"}
    assert " of 4 " in ranks["blur"]
    assert "ranks that the data leave open" in ranks["blur"]
    assert "not ranked" in ranks["identity"]
    assert "not defaced: 24 of 24 scans" in ranks["identity"]
    assert "no attacker counts" in line(NO_FACE, "rank", ranked=True)
    assert "brain gate failed on 1/48" in line(made_up(8), "rank")
    assert GAMES[0] in line(STRANGE["many notes"], "rank")
    assert "not yet" in line(DEFACER, "rank")
    assert "no other system" in line(DEFACER, "rank", ranked=True)
    assert "made otherwise" in of_entry(DEFACER, board([made_up(1)])).lines[-1].meaning


def test_no_face_at_all_is_no_privacy() -> None:
    assert "this does not show privacy" in line(NO_FACE, "people linked" if NO_FACE.exposure else "AUC")
    assert "does not count" in line(NO_FACE, "by attacker")
    nothing = STRANGE["nothing measured"]
    assert "this does not show privacy" in line(nothing, "AUC")
    assert "not measured" in line(nothing, "utility")
    assert "not applied" in line(nothing, "brain gate")


def test_true_attributes_are_no_attacker() -> None:
    """Their AUC of 0.99 is a fact about the people, in words, and never the criterion."""
    known = replace(DEFACER, results=(*DEFACER.results, ORACLE))
    with_oracle = [one for one in lines(known) if "0.99" in one]
    assert with_oracle == [line(known, "identity")]
    assert "true demographics alone: AUC 0.99" in with_oracle[0]
    assert "oracle" not in "".join(lines(known))


def test_identity_beyond_demographics_where_there_are_doppelgangers() -> None:
    best = DEFACER.results[0]
    extra = {"identity": Estimate(-0.02, -0.1, 0.06, 24), "auc_doppelganger": estimate(0.8, 0.1)}
    entry = replace(DEFACER, results=(replace(best, figures={**best.figures, **extra}), ORACLE))
    assert "-0.02 [-0.10, 0.06]" in line(entry, "identity")
    assert "AUC minus AUC on doppelgangers; 0: demographics alone link" in line(entry, "identity")


def test_games_are_counted_and_the_first_is_named() -> None:
    shown = line(STRANGE["many notes"], "games")
    assert "2 found" in shown
    assert shown.endswith(f"{GAMES[0]} (and 1 more)")


def test_many_notes_are_a_heading_and_the_first_causes() -> None:
    shown = lines(STRANGE["many notes"])
    (head,) = (i for i, one in enumerate(shown) if one.startswith("notes: "))
    assert shown[head] == f"notes: {len(MANY)}, of 7 causes; the first 3 in short, verbose=true prints all"
    assert [one[:30] for one in shown[head + 1 : -2]] == [" 36 x not trained to predict a"] * 3
    assert shown[head + 1].endswith("...")


def test_what_an_interval_needs_is_said() -> None:
    assert "0.90 [n/a]" in line(STRANGE["no interval"], "utility")
    assert "needs 4 people" in "".join(one.meaning for one in of_entry(STRANGE["no interval"]).lines)


def test_attributes_are_a_line_each() -> None:
    (entry,) = (one for one in COMMITTED if one.track == "attributes")
    for attribute in ("sex", "age_group", "ethnicity"):
        assert "accuracy; " in line(entry, attribute)
    assert "the track attributes has no ranks" in line(entry, "rank")


def test_machines_get_every_digit() -> None:
    (blur,) = (one for one in COMMITTED if one.system == "blur")
    data = json.loads(block(of_entry(blur), FILES).json())
    assert data["measured"]["partial_auc"]["value"] == blur.strongest().figures["partial_auc"].value
    assert data["attacker"] == str(blur.strongest().attacker)
    assert data["gate"]["passed"] == 24
    assert data["system"] == "blur"
